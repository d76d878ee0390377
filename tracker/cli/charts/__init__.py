"""Charts of a bet, on the terminal and as pictures."""
