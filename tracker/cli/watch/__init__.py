"""The verbs that show games, players, bets, alerts and the record."""
