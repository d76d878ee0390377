"""How bets end: grading, payouts, settlement, and decisions by hand."""
