"""The model of games: data, fit, evaluation, card."""
