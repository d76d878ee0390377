"""How a player's box may end, and what his lines are worth."""
