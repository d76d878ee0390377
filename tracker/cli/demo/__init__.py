"""`tracker demo`: the whole program at work on recorded games, with nothing set up."""

from tracker.cli.demo.show import main

__all__ = ["main"]
