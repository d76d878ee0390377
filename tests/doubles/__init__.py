"""Stand-ins for the world outside, real enough to be talked to."""
