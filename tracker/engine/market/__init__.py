"""The market's side: the close, what a bet was worth by it, and what quotes may cost."""
