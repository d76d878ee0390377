"""The model of players: data, fit, evaluation, card."""
