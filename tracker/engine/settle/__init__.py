"""How bets end: grading, payout, settlement, and grading once more."""
