-- Why a result is official although its box could not be read again; empty where it was.

ALTER TABLE confirmation ADD COLUMN why TEXT NOT NULL DEFAULT '';
