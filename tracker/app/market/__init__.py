"""Use cases of the market's side: what is quoted, what pays, what a bet is worth, back-tests."""
