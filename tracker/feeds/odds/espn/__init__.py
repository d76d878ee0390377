"""ESPN's scoreboard: one book's lines of each game that has not begun, without a key."""
