"""The words that a person reads: bets, money, times, alerts and cards, as pure functions."""
