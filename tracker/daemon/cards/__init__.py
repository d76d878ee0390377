"""Live cards: what each is to show, and the loop that keeps it so."""
