"""The verbs of the market's side: odds, credits, edges, what a bet is worth, and the close."""
