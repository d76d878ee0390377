-- What is known of games before their tip-off: the last lines that a source told of each, and
-- results of games that were never on a slate here.
CREATE TABLE quote (
  game TEXT PRIMARY KEY REFERENCES game (id),
  at TEXT NOT NULL,
  by TEXT NOT NULL,
  home_spread REAL,
  total REAL,
  home_ml REAL,
  away_ml REAL
) STRICT, WITHOUT ROWID;

CREATE TABLE finished (
  league TEXT NOT NULL,
  day TEXT NOT NULL,
  home TEXT NOT NULL,
  away TEXT NOT NULL,
  home_points INTEGER NOT NULL,
  away_points INTEGER NOT NULL,
  PRIMARY KEY (league, day, home, away)
) STRICT, WITHOUT ROWID;
