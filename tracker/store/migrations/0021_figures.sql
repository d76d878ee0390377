-- The figure that decides a bet, where the final score does not tell it: a player's, or a quarter's.
-- `own` is what counts so far, the others the mean and the standard deviation of what it ends with.
ALTER TABLE snapshot ADD COLUMN own REAL;
ALTER TABLE snapshot ADD COLUMN own_mu REAL;
ALTER TABLE snapshot ADD COLUMN own_sigma REAL;
