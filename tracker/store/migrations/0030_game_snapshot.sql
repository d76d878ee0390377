-- A game at one poll with its forecast, once for all bets on it: each bet's snapshot repeated it,
-- four fifths of its size. Where snapshots of one poll of a game differed, each kind is kept.
CREATE TABLE game_snapshot (
  id INTEGER PRIMARY KEY,
  game TEXT NOT NULL REFERENCES game (id),
  poll INTEGER NOT NULL REFERENCES poll (id),
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
  model_version TEXT NOT NULL,
  feature_version TEXT NOT NULL,
  prior_margin REAL,
  prior_total REAL,
  prior_by TEXT
) STRICT;

CREATE TABLE snapshot_as_it_becomes (
  game_snapshot INTEGER NOT NULL REFERENCES game_snapshot (id),
  bet INTEGER NOT NULL REFERENCES bet (number),
  leg INTEGER NOT NULL,
  win REAL,
  push REAL,
  lose REAL,
  calibration_id TEXT NOT NULL,
  part_win REAL,
  part_push REAL,
  part_lose REAL,
  no_chance TEXT,
  raw_win REAL,
  raw_push REAL,
  raw_lose REAL,
  own REAL,
  own_mu REAL,
  own_sigma REAL,
  PRIMARY KEY (game_snapshot, bet, leg),
  CHECK ((win IS NULL) = (no_chance IS NOT NULL)),
  -- With IN, each row would make a table of the list.
  CHECK (no_chance = 'out' OR no_chance = 'little_known' OR no_chance = 'not_in_box')
) STRICT, WITHOUT ROWID;

-- A poll may tell of several games: the snapshot's is that of its leg, and the poll's first where
-- the bet has been given another game since.
CREATE INDEX game_poll_game ON game_poll (poll, game);
CREATE TEMP VIEW snapshot_of_game AS
SELECT coalesce(
  (SELECT game_poll.game FROM leg
    JOIN game_poll ON (game_poll.poll, game_poll.game) = (snapshot.poll, leg.game_id)
    WHERE (leg.bet, leg.number) = (snapshot.bet, snapshot.leg)),
  (SELECT min(game) FROM game_poll WHERE poll = snapshot.poll),
  (SELECT game_id FROM bet WHERE number = snapshot.bet)
) AS game, * FROM main.snapshot;

INSERT INTO game_snapshot (
  game, poll, at, period, clock, game_clock, home, away, mu_home, mu_away, mu_margin, mu_total,
  sigma_home, sigma_away, sigma_margin, sigma_total, model_version, feature_version,
  prior_margin, prior_total, prior_by
)
SELECT DISTINCT game, poll, at, period, clock, game_clock, home, away, mu_home, mu_away, mu_margin,
  mu_total, sigma_home, sigma_away, sigma_margin, sigma_total, model_version, feature_version,
  prior_margin, prior_total, prior_by
FROM snapshot_of_game;

CREATE INDEX game_snapshot_poll ON game_snapshot (game, poll);

INSERT INTO snapshot_as_it_becomes
SELECT whole.id, x.bet, x.leg, x.win, x.push, x.lose, x.calibration_id, x.part_win, x.part_push,
  x.part_lose, x.no_chance, x.raw_win, x.raw_push, x.raw_lose, x.own, x.own_mu, x.own_sigma
FROM snapshot_of_game AS x CROSS JOIN game_snapshot AS whole
  ON (whole.game, whole.poll) = (x.game, x.poll) AND (
    whole.at, whole.period, whole.clock, whole.game_clock, whole.home, whole.away,
    whole.mu_home, whole.mu_away, whole.mu_margin, whole.mu_total,
    whole.sigma_home, whole.sigma_away, whole.sigma_margin, whole.sigma_total,
    whole.model_version, whole.feature_version,
    whole.prior_margin, whole.prior_total, whole.prior_by
  ) IS (
    x.at, x.period, x.clock, x.game_clock, x.home, x.away,
    x.mu_home, x.mu_away, x.mu_margin, x.mu_total,
    x.sigma_home, x.sigma_away, x.sigma_margin, x.sigma_total,
    x.model_version, x.feature_version, x.prior_margin, x.prior_total, x.prior_by
  );

DROP VIEW snapshot_of_game;
DROP TABLE game_poll;
DROP TABLE snapshot;
ALTER TABLE snapshot_as_it_becomes RENAME TO snapshot;

CREATE TRIGGER game_snapshot_kept BEFORE UPDATE ON game_snapshot
BEGIN SELECT RAISE(ABORT, 'snapshots are append-only'); END;
CREATE TRIGGER game_snapshot_stays BEFORE DELETE ON game_snapshot
BEGIN SELECT RAISE(ABORT, 'snapshots are append-only'); END;
CREATE TRIGGER game_snapshot_once BEFORE INSERT ON game_snapshot
WHEN EXISTS (SELECT 1 FROM game_snapshot WHERE id = NEW.id)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER snapshot_kept BEFORE UPDATE ON snapshot
BEGIN SELECT RAISE(ABORT, 'snapshots are append-only'); END;
CREATE TRIGGER snapshot_stays BEFORE DELETE ON snapshot
BEGIN SELECT RAISE(ABORT, 'snapshots are append-only'); END;
CREATE TRIGGER snapshot_once BEFORE INSERT ON snapshot
WHEN EXISTS (
  SELECT 1 FROM snapshot
  WHERE (game_snapshot, bet, leg) = (NEW.game_snapshot, NEW.bet, NEW.leg)
)
BEGIN SELECT RAISE(IGNORE); END;
