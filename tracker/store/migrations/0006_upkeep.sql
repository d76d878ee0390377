-- What the program does for itself at set times: a row is the lock, the log and the catch-up of one
-- chore at one time. A chore that was due while nothing ran is `missed` where a later one makes up
-- for it.
CREATE TABLE chore (
  name TEXT NOT NULL,
  due TEXT NOT NULL,
  attempt INTEGER NOT NULL CHECK (attempt >= 0),
  began_at TEXT NOT NULL,
  ended_at TEXT,
  outcome TEXT CHECK (outcome IN ('done', 'failed', 'missed')),
  detail TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (name, due),
  CHECK ((ended_at IS NULL) = (outcome IS NULL))
) STRICT, WITHOUT ROWID;

-- Back-ups that were made, and when one was last restored for a trial.
CREATE TABLE backup (
  at TEXT PRIMARY KEY,
  path TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  rows INTEGER NOT NULL,
  checked_at TEXT NOT NULL,
  drilled_at TEXT,
  outcome TEXT NOT NULL
) STRICT, WITHOUT ROWID;
