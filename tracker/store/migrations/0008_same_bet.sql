-- Free bets; what finds the bet that a new one may be; and the other words in which a bet was given.
ALTER TABLE bet ADD COLUMN free INTEGER NOT NULL DEFAULT 0;
ALTER TABLE bet ADD COLUMN sense TEXT;
CREATE INDEX bet_sense ON bet (sense) WHERE sense IS NOT NULL;

CREATE TABLE other_words (
  identity TEXT PRIMARY KEY,
  bet INTEGER NOT NULL REFERENCES bet (number)
) STRICT, WITHOUT ROWID;
