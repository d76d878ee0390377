"""The page and the API: a process of its own over the same database, thin over the use cases."""
