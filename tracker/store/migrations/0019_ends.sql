-- How fast a team played its last games: possessions of a side in a game's regulation; NULL where no
-- box told.
ALTER TABLE form ADD COLUMN pace REAL;

-- What was believed on a morning of the end that a road team attacks first: the chance of the
-- minority's kind, and from how many road games of the season.
CREATE TABLE road_ends (
  league TEXT NOT NULL,
  team TEXT NOT NULL,
  day TEXT NOT NULL,
  chance REAL NOT NULL,
  games INTEGER NOT NULL,
  version TEXT NOT NULL,
  PRIMARY KEY (league, team, day)
) STRICT, WITHOUT ROWID;
