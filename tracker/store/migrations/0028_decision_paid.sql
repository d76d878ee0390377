-- The part of its price that a parlay pays on average when it wins: below 1 where a leg may push and
-- take its own price with it.
ALTER TABLE decision ADD COLUMN paid REAL NOT NULL DEFAULT 1;
