-- What was looked up of each of a league's dates: games on the slate, of which so many are over with
-- a box, were called off, or lack something. A date is looked at again until nothing is missing.
CREATE TABLE slate_check (
  league TEXT NOT NULL,
  day TEXT NOT NULL,
  games INTEGER NOT NULL,
  finals INTEGER NOT NULL,
  called_off INTEGER NOT NULL,
  no_result INTEGER NOT NULL,
  no_box INTEGER NOT NULL,
  at TEXT NOT NULL,
  PRIMARY KEY (league, day)
) STRICT, WITHOUT ROWID;

-- What was believed of a team on the morning of a league's date, from results alone. Points.
CREATE TABLE form (
  league TEXT NOT NULL,
  team TEXT NOT NULL,
  day TEXT NOT NULL,
  games INTEGER NOT NULL,
  points_for REAL NOT NULL,
  points_against REAL NOT NULL,
  streak INTEGER NOT NULL,
  rest_days INTEGER NOT NULL,
  back_to_back INTEGER NOT NULL,
  strength REAL NOT NULL,
  tempo REAL NOT NULL,
  version TEXT NOT NULL,
  PRIMARY KEY (league, team, day)
) STRICT, WITHOUT ROWID;

-- What a source said of a player's health, when that changed. `available` ends an earlier word.
CREATE TABLE injury (
  league TEXT NOT NULL,
  player TEXT NOT NULL,
  at TEXT NOT NULL,
  team TEXT NOT NULL,
  name TEXT NOT NULL,
  status TEXT NOT NULL,
  detail TEXT NOT NULL,
  returns TEXT,
  source TEXT NOT NULL,
  PRIMARY KEY (league, player, at)
) STRICT, WITHOUT ROWID;
