-- Who may look at the page and ask the API. Only digests of what opens are kept.

CREATE TABLE web_key (
  name       TEXT PRIMARY KEY,
  digest     TEXT NOT NULL UNIQUE,
  scopes     TEXT NOT NULL,
  made_at    TEXT NOT NULL,
  revoked_at TEXT
) STRICT;

CREATE TABLE web_pass (
  digest     TEXT PRIMARY KEY,
  kind       TEXT NOT NULL CHECK (kind IN ('link', 'browser')),
  made_at    TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  ended_at   TEXT
) STRICT;
