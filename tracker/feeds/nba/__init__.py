"""The NBA's and the WNBA's own feeds, which share one format."""
