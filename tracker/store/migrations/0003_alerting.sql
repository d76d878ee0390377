-- What the program says of itself goes the same way as an alert, so an alert need not have a bet.
-- `game` is the one whose poll it was. A held decision with deliveries is told in a digest later.
CREATE TABLE alert_as_it_becomes (
  id INTEGER PRIMARY KEY,
  bet INTEGER REFERENCES bet (number),
  leg INTEGER NOT NULL DEFAULT 0,
  game TEXT REFERENCES game (id),
  rule TEXT NOT NULL,
  episode INTEGER NOT NULL,
  at TEXT NOT NULL,
  decision TEXT NOT NULL CHECK (decision IN ('fired', 'held')),
  reason TEXT NOT NULL,
  level TEXT NOT NULL CHECK (level IN ('info', 'low', 'default', 'high', 'urgent')),
  game_clock TEXT NOT NULL,
  home INTEGER NOT NULL,
  away INTEGER NOT NULL,
  p REAL,
  was REAL,
  detail TEXT NOT NULL,
  text TEXT NOT NULL,
  expires_at TEXT,
  poll INTEGER REFERENCES poll (id),
  CHECK ((bet IS NULL) = (poll IS NULL))
) STRICT;
INSERT INTO alert_as_it_becomes
SELECT alert.id, alert.bet, leg, bet.game_id, rule, episode, at, decision, reason,
  iif(rule LIKE 'p %' OR rule LIKE 'swing %', 'high', 'default'),
  game_clock, home, away, p, was, detail, text, expires_at, poll
FROM alert JOIN bet ON bet.number = alert.bet;
DROP TABLE alert;
ALTER TABLE alert_as_it_becomes RENAME TO alert;
CREATE UNIQUE INDEX alert_fired ON alert (bet, rule, episode) WHERE decision = 'fired';
CREATE UNIQUE INDEX alert_held ON alert (bet, rule, poll, leg) WHERE decision = 'held';
CREATE UNIQUE INDEX alert_own ON alert (rule, episode) WHERE bet IS NULL;
CREATE INDEX alert_at ON alert (at);
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

-- Silence that a person asked for. `target` is a bet's number, a game's id, or empty for all.
CREATE TABLE snooze (
  id INTEGER PRIMARY KEY,
  scope TEXT NOT NULL CHECK (scope IN ('bet', 'game', 'all')),
  target TEXT NOT NULL,
  since TEXT NOT NULL,
  until TEXT NOT NULL,
  lifted_at TEXT
) STRICT;
CREATE INDEX snooze_open ON snooze (until) WHERE lifted_at IS NULL;
