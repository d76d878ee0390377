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
-- One reading of all snapshots: to look for those of each bet would read them all for each bet.
WITH open_range AS MATERIALIZED (
  SELECT bet, max(win) AS peak, min(win) AS low FROM snapshot
  WHERE max(win, push, lose) < 1 GROUP BY bet
)
INSERT INTO latest_anew
SELECT bet, at, win, push, lose,
  iif(latest.peak > 0 AND latest.peak < 1, latest.peak, open_range.peak),
  iif(latest.low > 0 AND latest.low < 1, latest.low, open_range.low)
FROM latest LEFT JOIN open_range USING (bet);
DROP TABLE latest;
ALTER TABLE latest_anew RENAME TO latest;
