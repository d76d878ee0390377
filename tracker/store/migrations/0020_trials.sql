-- Where a calibration has moved a chance, the chance as the forecast had it.
ALTER TABLE snapshot ADD COLUMN raw_win REAL;
ALTER TABLE snapshot ADD COLUMN raw_push REAL;
ALTER TABLE snapshot ADD COLUMN raw_lose REAL;

-- Models on trial: the challenger forecasts the states that the champion forecasts, and nobody is
-- told. Of a league and kind one trial is open at a time. `fitted_until` is the later of the days
-- on which the two were fitted: games of that day and before tell nothing.
CREATE TABLE trial (
  id INTEGER PRIMARY KEY,
  league TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('games', 'players')),
  champion TEXT NOT NULL,
  champion_version TEXT NOT NULL,
  challenger TEXT NOT NULL,
  challenger_version TEXT NOT NULL,
  fitted_until TEXT,
  began_at TEXT NOT NULL,
  ended_at TEXT,
  outcome TEXT CHECK (outcome IN ('promoted', 'rejected', 'stopped')),
  CHECK ((ended_at IS NULL) = (outcome IS NULL))
) STRICT;
CREATE UNIQUE INDEX trial_open ON trial (league, kind) WHERE ended_at IS NULL;

-- What both said of a game at one of its moments, `subject` being empty or a player of it. `said` is
-- JSON; where the challenger could not forecast, `why` says so.
CREATE TABLE shadow (
  trial INTEGER NOT NULL REFERENCES trial (id),
  game TEXT NOT NULL REFERENCES game (id),
  moment TEXT NOT NULL,
  subject TEXT NOT NULL,
  at TEXT NOT NULL,
  said TEXT NOT NULL,
  why TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (trial, game, moment, subject)
) STRICT, WITHOUT ROWID;

-- What the challenger said of bets, once a game minute, beside the champion.
CREATE TABLE shadow_bet (
  trial INTEGER NOT NULL REFERENCES trial (id),
  bet INTEGER NOT NULL REFERENCES bet (number),
  game TEXT NOT NULL REFERENCES game (id),
  minutes_left INTEGER NOT NULL,
  at TEXT NOT NULL,
  champion REAL NOT NULL,
  win REAL NOT NULL,
  push REAL NOT NULL,
  lose REAL NOT NULL,
  PRIMARY KEY (trial, bet, game, minutes_left)
) STRICT, WITHOUT ROWID;

-- What the gate said of a trial, when it said something new.
CREATE TABLE trial_verdict (
  id INTEGER PRIMARY KEY,
  trial INTEGER NOT NULL REFERENCES trial (id),
  at TEXT NOT NULL,
  verdict TEXT NOT NULL CHECK (verdict IN ('promote', 'hold', 'reject')),
  clauses TEXT NOT NULL,
  told INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX trial_verdict_of ON trial_verdict (trial);
