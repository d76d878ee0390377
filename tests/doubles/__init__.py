"""Test doubles of the world outside, real enough to talk to."""
