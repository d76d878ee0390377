"""The one connection, its lock, its schema and its copies."""
