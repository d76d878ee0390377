"""The loops that run beside the games."""
