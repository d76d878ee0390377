"""The verbs that show: games, status, alerts, causes, records."""
