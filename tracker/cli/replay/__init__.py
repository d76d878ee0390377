"""The verbs of recorded games."""
