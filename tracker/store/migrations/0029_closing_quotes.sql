-- The last quote of each line before the tip-off, from which a close can be made again: a price that
-- did not change has no row of that time. NULL where an earlier release took the close.
ALTER TABLE closing ADD COLUMN quoted TEXT;
