"""The joint distribution of a game's final score, from any moment of it."""
