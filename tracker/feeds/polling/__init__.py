"""Following a game: when to ask, what to ask for, and what was seen."""
