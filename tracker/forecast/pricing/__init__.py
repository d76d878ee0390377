"""Outlook to chance, for every market and for legs together."""
