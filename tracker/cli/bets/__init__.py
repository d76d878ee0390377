"""The verbs of bets: add, import, edit, settle, rules and what they are worth."""
