"""What changed, and what to say of it: the pure core that turns a game state into a change."""
