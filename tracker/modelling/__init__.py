"""Offline work: recorded games to parameters, and parameters to a model card."""
