-- A leg's chance at the poll before: which leg moved a parlay is told with the reading that confirms
-- it, and a restart may lie between the two.
ALTER TABLE leg_standing ADD COLUMN was_win REAL;
ALTER TABLE leg_standing ADD COLUMN was_push REAL;
ALTER TABLE leg_standing ADD COLUMN was_lose REAL;
