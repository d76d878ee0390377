"""`tracker demo`: the whole program at work on recorded games, with nothing set up."""
