-- By how many seconds the wall clock was set since an alert was decided: with them its age is true.
ALTER TABLE delivery ADD COLUMN clock_step REAL NOT NULL DEFAULT 0;
