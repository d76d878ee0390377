-- How far a bet's chance has ranged while it was open: a result is no chance, so that 0 and 1 bound
-- nothing. NULL of a bet that was certain from the first.
CREATE TABLE latest_anew (
  bet INTEGER PRIMARY KEY REFERENCES bet (number),
  at TEXT NOT NULL,
  win REAL NOT NULL,
  push REAL NOT NULL,
  lose REAL NOT NULL,
  peak REAL,
  low REAL
) STRICT;
INSERT INTO latest_anew
SELECT bet, at, win, push, lose,
  CASE WHEN peak > 0 AND peak < 1 THEN peak ELSE (
    SELECT max(s.win) FROM snapshot s
    WHERE s.bet = latest.bet AND max(s.win, s.push, s.lose) < 1
  ) END,
  CASE WHEN low > 0 AND low < 1 THEN low ELSE (
    SELECT min(s.win) FROM snapshot s
    WHERE s.bet = latest.bet AND max(s.win, s.push, s.lose) < 1
  ) END
FROM latest;
DROP TABLE latest;
ALTER TABLE latest_anew RENAME TO latest;
