"""What the market says of games that have not begun."""
