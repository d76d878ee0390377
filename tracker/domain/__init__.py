"""The words of the program: games, bets, chances, alerts and results as frozen values."""
