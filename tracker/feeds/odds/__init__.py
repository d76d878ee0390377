"""What the market says of games: one folder a provider, each with a pure `parse`."""
