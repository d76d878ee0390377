-- The topic of a group that alerts and cards go to, where it was paired from one.
ALTER TABLE paired ADD COLUMN topic INTEGER;
