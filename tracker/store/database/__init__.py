"""The one connection, its lock and schema, its copies, and values as columns."""
