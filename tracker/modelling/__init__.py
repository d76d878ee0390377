"""Offline modelling: fits models on recorded games, judges them, and back-tests strategies."""
