-- A bet may have no chance at a moment: `no_chance` says why. Each snapshot says which prior it
-- rests on, in points, and who tells that. `told` are the furthest chances that a rule has told.
CREATE TABLE snapshot_as_it_becomes (
  poll INTEGER NOT NULL REFERENCES poll (id),
  bet INTEGER NOT NULL REFERENCES bet (number),
  leg INTEGER NOT NULL,
  at TEXT NOT NULL,
  period INTEGER NOT NULL,
  clock REAL NOT NULL,
  game_clock TEXT NOT NULL,
  home INTEGER NOT NULL,
  away INTEGER NOT NULL,
  mu_home REAL NOT NULL,
  mu_away REAL NOT NULL,
  mu_margin REAL NOT NULL,
  mu_total REAL NOT NULL,
  sigma_home REAL NOT NULL,
  sigma_away REAL NOT NULL,
  sigma_margin REAL NOT NULL,
  sigma_total REAL NOT NULL,
  win REAL,
  push REAL,
  lose REAL,
  model_version TEXT NOT NULL,
  feature_version TEXT NOT NULL,
  calibration_id TEXT NOT NULL,
  part_win REAL,
  part_push REAL,
  part_lose REAL,
  no_chance TEXT CHECK (no_chance IN ('out', 'little_known', 'not_in_box')),
  prior_margin REAL,
  prior_total REAL,
  prior_by TEXT,
  PRIMARY KEY (poll, bet, leg),
  CHECK ((win IS NULL) = (no_chance IS NOT NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO snapshot_as_it_becomes
SELECT poll, bet, leg, at, period, clock, game_clock, home, away, mu_home, mu_away, mu_margin,
  mu_total, sigma_home, sigma_away, sigma_margin, sigma_total, win, push, lose, model_version,
  feature_version, calibration_id, part_win, part_push, part_lose, NULL, NULL, NULL, NULL
FROM snapshot;
DROP TABLE snapshot;
ALTER TABLE snapshot_as_it_becomes RENAME TO snapshot;
CREATE TRIGGER snapshot_kept BEFORE UPDATE ON snapshot
BEGIN SELECT RAISE(ABORT, 'snapshots are append-only'); END;
CREATE TRIGGER snapshot_stays BEFORE DELETE ON snapshot
BEGIN SELECT RAISE(ABORT, 'snapshots are append-only'); END;
CREATE TRIGGER snapshot_once BEFORE INSERT ON snapshot
WHEN EXISTS (SELECT 1 FROM snapshot WHERE (poll, bet, leg) = (NEW.poll, NEW.bet, NEW.leg))
BEGIN SELECT RAISE(IGNORE); END;

ALTER TABLE leg_standing ADD COLUMN no_chance TEXT;
ALTER TABLE standing ADD COLUMN no_chance TEXT;
ALTER TABLE rule_state ADD COLUMN told TEXT NOT NULL DEFAULT '[]';

-- A hit that has been told stands, and is not told again.
UPDATE rule_state SET phase = 'firing'
WHERE rule IN ('hit', 'dead') AND reason = 'happened' AND phase NOT IN ('done', 'firing');
