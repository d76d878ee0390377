"""Several sources of one game: which to believe, and when they disagree."""
