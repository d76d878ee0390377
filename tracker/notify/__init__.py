"""The way out: the words of an alert, the channels for it, and the loop that sees it there."""
