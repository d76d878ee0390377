"""What ships of the world: teams, players and books, and the one place that reads their files."""
