"""Recorded games for a model of one's own."""
