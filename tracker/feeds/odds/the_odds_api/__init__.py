"""The Odds API: many books' prices, paid by the request."""
