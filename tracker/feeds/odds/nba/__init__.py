"""The NBA's own list of several books' odds on today's games, without a key."""
