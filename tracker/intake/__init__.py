"""Bets and states that come from outside as files: bets files, imports, states to be priced."""
