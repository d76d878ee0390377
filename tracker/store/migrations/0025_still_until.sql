-- Until when it is in order that a live game does not change: a time-out, say, stands longer than a
-- possession. A restart goes on judging where it was.
ALTER TABLE game ADD COLUMN still_until TEXT;
