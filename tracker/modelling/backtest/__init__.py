"""Rules and strategies over games that are over."""
