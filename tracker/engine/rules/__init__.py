"""Alert rules: one reading in, the next state and a decision with its reason out."""
