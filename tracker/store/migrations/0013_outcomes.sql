-- What a bet came to, as records and reports count it: the last revision of its result beside what
-- the bet was. `day` is the league's date of its game, for a bet that was brought from elsewhere
-- that on which it was placed. `official` is whether nothing will change it any more.
CREATE TABLE outcome (
  bet INTEGER PRIMARY KEY REFERENCES bet (number),
  revision INTEGER NOT NULL,
  at TEXT NOT NULL,
  official INTEGER NOT NULL,
  day TEXT NOT NULL,
  league TEXT,
  market TEXT,
  player TEXT,
  book TEXT,
  tags TEXT NOT NULL,
  result TEXT NOT NULL CHECK (result IN ('won', 'lost', 'push', 'void')),
  stake_cents INTEGER,
  payout_cents INTEGER,
  break_even REAL
) STRICT;
CREATE INDEX outcome_day ON outcome (day);
CREATE INDEX outcome_at ON outcome (at);
CREATE INDEX outcome_open ON outcome (bet) WHERE NOT official;

-- A status counts all decisions: by this they are counted without reading them.
CREATE INDEX alert_decision ON alert (decision, reason) WHERE bet IS NOT NULL;
