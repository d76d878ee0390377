-- What is told of a road team's ends: both teams' points of each half of regulation, and whether a
-- game is played on a neutral court.
ALTER TABLE finished ADD COLUMN first_half INTEGER;
ALTER TABLE finished ADD COLUMN second_half INTEGER;
ALTER TABLE game ADD COLUMN neutral INTEGER NOT NULL DEFAULT 0;
