"""Asking a host: politely, within limits of time, size and budget, and honestly."""
