"""Input files: bets files, exports of other bet trackers, and game states to be priced."""
