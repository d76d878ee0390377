"""The documents of cdn.nba.com, rebuilt from recordings key by key: one file a document."""
