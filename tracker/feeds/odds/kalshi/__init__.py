"""Kalshi: an exchange whose market data need no key."""
