-- A day's figures of how the program fares, by name; `count` is how many things a figure is of.
CREATE TABLE figure (
  day TEXT NOT NULL,
  league TEXT NOT NULL,
  name TEXT NOT NULL,
  value REAL NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (day, league, name)
) STRICT, WITHOUT ROWID;

-- How a monitor stands from a time on: a row only where that has changed. `told` is whether a
-- message about it was queued.
CREATE TABLE monitor (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  league TEXT NOT NULL,
  at TEXT NOT NULL,
  value REAL NOT NULL,
  level REAL NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('well', 'drifting', 'unknown')),
  advice TEXT NOT NULL,
  told INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX monitor_name ON monitor (name, league, id);
CREATE INDEX monitor_untold ON monitor (id) WHERE NOT told;
