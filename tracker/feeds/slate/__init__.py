"""Which games there are."""
