-- By which document the state of a game was told, and of what is held back by which, since when and
-- for how long at least: a restart goes on judging where it was.
ALTER TABLE game ADD COLUMN told_by TEXT;
ALTER TABLE game ADD COLUMN held_by TEXT;
ALTER TABLE game ADD COLUMN held_since TEXT;
ALTER TABLE game ADD COLUMN held_wait_s REAL NOT NULL DEFAULT 0;
