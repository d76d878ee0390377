"""ESPN's site API as a source of games."""
