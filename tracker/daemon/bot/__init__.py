"""The chat bot: what it hears, what it does, what it answers."""
