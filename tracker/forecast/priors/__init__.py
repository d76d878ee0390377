"""What was believed before tip-off, and a live market as a second opinion."""
