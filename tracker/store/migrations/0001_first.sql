-- Times are UTC text of one fixed width (2026-11-21T03:05:00.000000Z), so that they sort as text.
-- Money is integer cents. JSON columns hold what is only ever read back whole.

CREATE TABLE meta (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;

-- A game as scheduled; what its polls let us believe (state and what follows); what the slate says.
CREATE TABLE game (
  id TEXT PRIMARY KEY,
  league TEXT NOT NULL,
  home TEXT NOT NULL,
  away TEXT NOT NULL,
  start_at TEXT NOT NULL,
  day TEXT,
  slate TEXT NOT NULL,
  state TEXT,
  held TEXT,
  held_polls INTEGER NOT NULL DEFAULT 0,
  changed_at TEXT,
  seen_at TEXT,
  final_at TEXT,
  checks INTEGER NOT NULL DEFAULT 0,
  stale INTEGER NOT NULL DEFAULT 0,
  lost INTEGER NOT NULL DEFAULT 0,
  slate_state TEXT,
  slate_at TEXT
) STRICT;
CREATE INDEX game_slate ON game (slate);

-- A bet as written, and what it means once its game is known. `rules` is NULL for the defaults.
CREATE TABLE bet (
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
  market TEXT CHECK (market IN ('moneyline', 'spread', 'total', 'team_total')),
  market_text TEXT,
  span TEXT,
  side TEXT CHECK (side IN ('home', 'away')),
  direction TEXT CHECK (direction IN ('over', 'under')),
  points REAL,
  CHECK ((odds IS NULL) = (odds_decimal IS NULL)),
  CHECK ((game_id IS NULL) = (market IS NULL) AND (game_id IS NULL) = (span IS NULL))
) STRICT;
CREATE INDEX bet_game ON bet (game_id);

CREATE TABLE rule_state (
  bet INTEGER NOT NULL REFERENCES bet (number),
  rule TEXT NOT NULL,
  phase TEXT NOT NULL,
  episode INTEGER NOT NULL,
  streak INTEGER NOT NULL,
  reason TEXT,
  fired TEXT NOT NULL,
  swing_window TEXT NOT NULL,
  flipped INTEGER NOT NULL,
  PRIMARY KEY (bet, rule)
) STRICT, WITHOUT ROWID;

-- One answer of a feed. Bodies are dropped after a while, so `digest` is no foreign key.
CREATE TABLE poll (
  id INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  path TEXT NOT NULL,
  at TEXT NOT NULL,
  digest TEXT NOT NULL,
  trouble TEXT,
  why TEXT,
  UNIQUE (source, path, at, digest)
) STRICT;
CREATE INDEX poll_digest ON poll (digest, at);
CREATE INDEX poll_at ON poll (at);

CREATE TABLE body (
  digest TEXT PRIMARY KEY,
  size INTEGER NOT NULL,
  packed BLOB NOT NULL
) STRICT;

-- The polls that gave the bets on a game a snapshot: the way from a bet to its history.
CREATE TABLE game_poll (
  game TEXT NOT NULL REFERENCES game (id),
  poll INTEGER NOT NULL REFERENCES poll (id),
  PRIMARY KEY (game, poll)
) STRICT, WITHOUT ROWID;

-- In the order of writing: by bet, 200 bets would mean 200 pages to write for each poll.
CREATE TABLE snapshot (
  poll INTEGER NOT NULL REFERENCES poll (id),
  bet INTEGER NOT NULL REFERENCES bet (number),
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
  PRIMARY KEY (poll, bet)
) STRICT, WITHOUT ROWID;

-- Each bet's last snapshot, and how far its chance of winning has ranged.
CREATE TABLE latest (
  bet INTEGER PRIMARY KEY REFERENCES bet (number),
  at TEXT NOT NULL,
  win REAL NOT NULL,
  push REAL NOT NULL,
  lose REAL NOT NULL,
  peak REAL NOT NULL,
  low REAL NOT NULL
) STRICT;

CREATE TABLE alert (
  id INTEGER PRIMARY KEY,
  bet INTEGER NOT NULL REFERENCES bet (number),
  rule TEXT NOT NULL,
  episode INTEGER NOT NULL,
  at TEXT NOT NULL,
  decision TEXT NOT NULL CHECK (decision IN ('fired', 'held')),
  reason TEXT NOT NULL,
  game_clock TEXT NOT NULL,
  home INTEGER NOT NULL,
  away INTEGER NOT NULL,
  p REAL,
  was REAL,
  detail TEXT NOT NULL,
  text TEXT NOT NULL,
  expires_at TEXT,
  poll INTEGER NOT NULL REFERENCES poll (id)
) STRICT;
CREATE UNIQUE INDEX alert_fired ON alert (bet, rule, episode) WHERE decision = 'fired';
CREATE UNIQUE INDEX alert_held ON alert (bet, rule, poll) WHERE decision = 'held';

-- `repeat` is set once an attempt may have arrived. `told` is how far the digest of expired ones is.
CREATE TABLE delivery (
  alert INTEGER NOT NULL REFERENCES alert (id),
  channel TEXT NOT NULL,
  state TEXT NOT NULL
    CHECK (state IN ('due', 'sending', 'sent', 'unknown', 'refused', 'expired')),
  attempts INTEGER NOT NULL DEFAULT 0,
  due_at TEXT NOT NULL,
  expires_at TEXT,
  repeat INTEGER NOT NULL DEFAULT 0,
  told TEXT CHECK (told IN ('due', 'sending', 'unknown', 'sent')),
  detail TEXT NOT NULL DEFAULT '',
  updated_at TEXT NOT NULL,
  PRIMARY KEY (alert, channel),
  CHECK ((state = 'expired') = (told IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_due ON delivery (channel, due_at) WHERE state IN ('due', 'unknown');
CREATE INDEX delivery_untold ON delivery (channel) WHERE told <> 'sent';

CREATE TABLE settlement (
  bet INTEGER NOT NULL REFERENCES bet (number),
  revision INTEGER NOT NULL CHECK (revision >= 1),
  result TEXT NOT NULL CHECK (result IN ('won', 'lost', 'push', 'void')),
  payout_cents INTEGER,
  evidence_poll INTEGER REFERENCES poll (id),
  settled_at TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (bet, revision)
) STRICT, WITHOUT ROWID;

CREATE TABLE confirmation (
  bet INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  at TEXT NOT NULL,
  poll INTEGER REFERENCES poll (id),
  PRIMARY KEY (bet, revision),
  FOREIGN KEY (bet, revision) REFERENCES settlement (bet, revision)
) STRICT, WITHOUT ROWID;

CREATE TABLE review (
  bet INTEGER NOT NULL REFERENCES bet (number),
  at TEXT NOT NULL,
  why TEXT NOT NULL,
  poll INTEGER REFERENCES poll (id),
  PRIMARY KEY (bet, at)
) STRICT, WITHOUT ROWID;

CREATE TABLE pulse (
  source TEXT PRIMARY KEY,
  last_ok_at TEXT,
  last_try_at TEXT NOT NULL,
  word TEXT NOT NULL
) STRICT;

CREATE TABLE daemon (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  pid INTEGER NOT NULL,
  started_at TEXT NOT NULL,
  version TEXT NOT NULL,
  clock_start TEXT,
  clock_speed REAL,
  clock_anchor TEXT
) STRICT;

-- History is only ever added to. A row that is there already also outlives INSERT OR REPLACE,
-- which would otherwise delete it without a word.

CREATE TRIGGER poll_kept BEFORE UPDATE ON poll
BEGIN SELECT RAISE(ABORT, 'polls are append-only'); END;
CREATE TRIGGER poll_stays BEFORE DELETE ON poll
BEGIN SELECT RAISE(ABORT, 'polls are append-only'); END;
CREATE TRIGGER poll_once BEFORE INSERT ON poll
WHEN EXISTS (
  SELECT 1 FROM poll WHERE id = NEW.id
    OR (source, path, at, digest) = (NEW.source, NEW.path, NEW.at, NEW.digest)
)
BEGIN SELECT RAISE(IGNORE); END;

CREATE TRIGGER body_kept BEFORE UPDATE ON body
BEGIN SELECT RAISE(ABORT, 'bodies are never changed'); END;

CREATE TRIGGER snapshot_kept BEFORE UPDATE ON snapshot
BEGIN SELECT RAISE(ABORT, 'snapshots are append-only'); END;
CREATE TRIGGER snapshot_stays BEFORE DELETE ON snapshot
BEGIN SELECT RAISE(ABORT, 'snapshots are append-only'); END;
CREATE TRIGGER snapshot_once BEFORE INSERT ON snapshot
WHEN EXISTS (SELECT 1 FROM snapshot WHERE (poll, bet) = (NEW.poll, NEW.bet))
BEGIN SELECT RAISE(IGNORE); END;

CREATE TRIGGER alert_kept BEFORE UPDATE ON alert
BEGIN SELECT RAISE(ABORT, 'alerts are append-only'); END;
CREATE TRIGGER alert_stays BEFORE DELETE ON alert
BEGIN SELECT RAISE(ABORT, 'alerts are append-only'); END;
CREATE TRIGGER alert_once BEFORE INSERT ON alert
WHEN EXISTS (
  SELECT 1 FROM alert WHERE id = NEW.id
    OR (decision = 'fired' AND NEW.decision = 'fired'
        AND (bet, rule, episode) = (NEW.bet, NEW.rule, NEW.episode))
)
BEGIN SELECT RAISE(IGNORE); END;

CREATE TRIGGER settlement_kept BEFORE UPDATE ON settlement
BEGIN SELECT RAISE(ABORT, 'settlements are append-only'); END;
CREATE TRIGGER settlement_stays BEFORE DELETE ON settlement
BEGIN SELECT RAISE(ABORT, 'settlements are append-only'); END;
CREATE TRIGGER settlement_once BEFORE INSERT ON settlement
WHEN EXISTS (SELECT 1 FROM settlement WHERE (bet, revision) = (NEW.bet, NEW.revision))
BEGIN SELECT RAISE(IGNORE); END;

CREATE TRIGGER confirmation_kept BEFORE UPDATE ON confirmation
BEGIN SELECT RAISE(ABORT, 'confirmations are append-only'); END;
CREATE TRIGGER confirmation_stays BEFORE DELETE ON confirmation
BEGIN SELECT RAISE(ABORT, 'confirmations are append-only'); END;
CREATE TRIGGER confirmation_once BEFORE INSERT ON confirmation
WHEN EXISTS (SELECT 1 FROM confirmation WHERE (bet, revision) = (NEW.bet, NEW.revision))
BEGIN SELECT RAISE(IGNORE); END;

CREATE TRIGGER review_kept BEFORE UPDATE ON review
BEGIN SELECT RAISE(ABORT, 'reviews are append-only'); END;
CREATE TRIGGER review_stays BEFORE DELETE ON review
BEGIN SELECT RAISE(ABORT, 'reviews are append-only'); END;
CREATE TRIGGER review_once BEFORE INSERT ON review
WHEN EXISTS (SELECT 1 FROM review WHERE (bet, at) = (NEW.bet, NEW.at))
BEGIN SELECT RAISE(IGNORE); END;
