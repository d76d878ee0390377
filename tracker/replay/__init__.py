"""Recordings of real games, and a local server that plays them as the real feeds would."""
