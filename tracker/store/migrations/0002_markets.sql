-- Bets of every market and of several legs, over one game or several; what players did; who plays
-- for whom; what a person changed by hand.

-- A bet is built anew for its columns of one market move to its legs. `game_id` is that of the leg
-- that tips off first, `market` is `parlay` for more than one leg.
CREATE TABLE bet_as_it_becomes (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  identity TEXT NOT NULL UNIQUE,
  name TEXT UNIQUE,
  pick TEXT NOT NULL,
  game_text TEXT,
  meaning TEXT NOT NULL,
  odds TEXT,
  odds_decimal TEXT,
  stake_cents INTEGER,
  tags TEXT NOT NULL,
  book TEXT,
  rules TEXT,
  lines TEXT NOT NULL,
  from_file INTEGER NOT NULL,
  added_at TEXT NOT NULL,
  rules_at TEXT,
  withdrawn_at TEXT,
  bound_at TEXT,
  game_id TEXT REFERENCES game (id),
  market TEXT,
  market_text TEXT,
  CHECK ((odds IS NULL) = (odds_decimal IS NULL)),
  CHECK ((game_id IS NULL) = (market IS NULL))
) STRICT;
INSERT INTO bet_as_it_becomes
SELECT number, identity, name, pick, game_text, meaning, odds, odds_decimal, stake_cents, tags,
  book, rules, lines, from_file, added_at, rules_at, withdrawn_at, bound_at, game_id, market,
  market_text
FROM bet;

-- What a bet is about, by the order of the slip: one leg, or those of a parlay. Each market fills
-- the columns that it has. `odds` are a leg's own, where the slip shows them.
CREATE TABLE leg (
  bet INTEGER NOT NULL REFERENCES bet (number),
  number INTEGER NOT NULL CHECK (number >= 0),
  game_id TEXT NOT NULL REFERENCES game (id),
  market TEXT NOT NULL,
  span TEXT NOT NULL,
  side TEXT CHECK (side IN ('home', 'away')),
  direction TEXT CHECK (direction IN ('over', 'under')),
  points REAL,
  parity TEXT CHECK (parity IN ('odd', 'even')),
  player TEXT,
  stat TEXT,
  happens INTEGER CHECK (happens IN (0, 1)),
  categories INTEGER,
  odds TEXT,
  odds_decimal TEXT,
  PRIMARY KEY (bet, number),
  CHECK ((odds IS NULL) = (odds_decimal IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX leg_game ON leg (game_id, bet);
INSERT INTO leg (bet, number, game_id, market, span, side, direction, points)
SELECT number, 0, game_id, market, span, side, direction, points FROM bet
WHERE game_id IS NOT NULL;

DROP TABLE bet;
ALTER TABLE bet_as_it_becomes RENAME TO bet;
CREATE INDEX bet_game ON bet (game_id);

-- Two games of a parlay may be told of by one poll: `leg` is the first leg on the game that gave
-- the row, 0 for a single bet. `part_` is the chance of all legs on that game together.
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
  win REAL NOT NULL,
  push REAL NOT NULL,
  lose REAL NOT NULL,
  model_version TEXT NOT NULL,
  feature_version TEXT NOT NULL,
  calibration_id TEXT NOT NULL,
  part_win REAL,
  part_push REAL,
  part_lose REAL,
  PRIMARY KEY (poll, bet, leg)
) STRICT, WITHOUT ROWID;
INSERT INTO snapshot_as_it_becomes
SELECT poll, bet, 0, at, period, clock, game_clock, home, away, mu_home, mu_away, mu_margin,
  mu_total, sigma_home, sigma_away, sigma_margin, sigma_total, win, push, lose, model_version,
  feature_version, calibration_id, NULL, NULL, NULL
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

ALTER TABLE alert ADD COLUMN leg INTEGER NOT NULL DEFAULT 0;
DROP INDEX alert_held;
CREATE UNIQUE INDEX alert_held ON alert (bet, rule, poll, leg) WHERE decision = 'held';

-- What a result rests on (figures of the box and the rule that was applied), and whether a person
-- decided it.
ALTER TABLE settlement ADD COLUMN by_hand INTEGER NOT NULL DEFAULT 0;
ALTER TABLE settlement ADD COLUMN evidence TEXT NOT NULL DEFAULT '';

-- Where each leg of a parlay stands, and the legs on one game together; what else is remembered of
-- a bet: how often it changed, and the last revision that was announced.
CREATE TABLE leg_standing (
  bet INTEGER NOT NULL REFERENCES bet (number),
  leg INTEGER NOT NULL,
  win REAL,
  push REAL,
  lose REAL,
  result TEXT CHECK (result IN ('won', 'lost', 'push', 'void')),
  official INTEGER NOT NULL,
  reason TEXT NOT NULL,
  evidence TEXT NOT NULL,
  unclear TEXT NOT NULL,
  PRIMARY KEY (bet, leg)
) STRICT, WITHOUT ROWID;
CREATE TABLE leg_group (
  bet INTEGER NOT NULL REFERENCES bet (number),
  game TEXT NOT NULL REFERENCES game (id),
  win REAL,
  push REAL,
  lose REAL,
  PRIMARY KEY (bet, game)
) STRICT, WITHOUT ROWID;
CREATE TABLE standing (
  bet INTEGER PRIMARY KEY REFERENCES bet (number),
  turn INTEGER NOT NULL,
  told INTEGER NOT NULL
) STRICT;
INSERT INTO standing SELECT bet, 0, max(revision) FROM settlement GROUP BY bet;

-- What each player did in each finished game that was seen, as the last box of it said.
CREATE TABLE player_game (
  league TEXT NOT NULL,
  player TEXT NOT NULL,
  start_at TEXT NOT NULL,
  game_id TEXT NOT NULL,
  team TEXT NOT NULL,
  name TEXT NOT NULL,
  minutes REAL NOT NULL,
  starter INTEGER NOT NULL,
  stats TEXT NOT NULL,
  margin INTEGER NOT NULL,
  PRIMARY KEY (league, game_id, team, player)
) STRICT, WITHOUT ROWID;
CREATE INDEX player_game_recent ON player_game (league, player, start_at);

-- Who was last seen to play for whom, by the name that a box gives him.
CREATE TABLE roster (
  league TEXT NOT NULL,
  team TEXT NOT NULL,
  player TEXT NOT NULL,
  name TEXT NOT NULL,
  seen_at TEXT NOT NULL,
  PRIMARY KEY (league, team, player)
) STRICT, WITHOUT ROWID;

-- What a person changed of a bet after it was added, and by which way: `cli`, `file`, `chat`.
CREATE TABLE audit (
  id INTEGER PRIMARY KEY,
  bet INTEGER NOT NULL REFERENCES bet (number),
  at TEXT NOT NULL,
  who TEXT NOT NULL,
  what TEXT NOT NULL,
  before TEXT,
  after TEXT
) STRICT;
CREATE INDEX audit_bet ON audit (bet);
CREATE TRIGGER audit_kept BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'audits are append-only'); END;
CREATE TRIGGER audit_stays BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'audits are append-only'); END;
CREATE TRIGGER audit_once BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)
BEGIN SELECT RAISE(IGNORE); END;
