-- The market's side. What was `quote` held the last lines that a source told of each game before
-- its tip-off, which is what forecasts start from; a quote is now one book's price at one time.
ALTER TABLE quote RENAME TO pregame_lines;

-- A row only where a price has changed, or can no longer be had (`open` 0). `points` is 0 where the
-- market has none. `told_at` is when the book last stood by it, where the source says so; an
-- exchange's price is the one after its fee.
CREATE TABLE quote (
  game TEXT NOT NULL REFERENCES game (id),
  book TEXT NOT NULL,
  market TEXT NOT NULL,
  span TEXT NOT NULL,
  about TEXT NOT NULL,
  points REAL NOT NULL,
  side TEXT NOT NULL CHECK (side IN ('home', 'away', 'over', 'under')),
  at TEXT NOT NULL,
  odds_decimal REAL NOT NULL CHECK (odds_decimal > 1),
  told_at TEXT,
  size REAL,
  open INTEGER NOT NULL CHECK (open IN (0, 1)),
  poll INTEGER NOT NULL REFERENCES poll (id),
  PRIMARY KEY (game, book, market, span, about, points, side, at)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER quote_kept BEFORE UPDATE ON quote
BEGIN SELECT RAISE(ABORT, 'quotes are append-only'); END;
CREATE TRIGGER quote_stays BEFORE DELETE ON quote
BEGIN SELECT RAISE(ABORT, 'quotes are append-only'); END;
CREATE TRIGGER quote_once BEFORE INSERT ON quote
WHEN EXISTS (
  SELECT 1 FROM quote WHERE (game, book, market, span, about, points, side, at)
    = (NEW.game, NEW.book, NEW.market, NEW.span, NEW.about, NEW.points, NEW.side, NEW.at)
)
BEGIN SELECT RAISE(IGNORE); END;

-- What the market said at the tip-off of a game. All is NULL in a revision that takes it back: the
-- game was called off, and its new date makes the next one.
CREATE TABLE closing (
  game TEXT NOT NULL REFERENCES game (id),
  revision INTEGER NOT NULL CHECK (revision >= 1),
  tip_at TEXT,
  home_spread REAL,
  total REAL,
  home_chance REAL,
  books INTEGER,
  age_s REAL,
  by TEXT,
  poll INTEGER REFERENCES poll (id),
  at TEXT NOT NULL,
  PRIMARY KEY (game, revision)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER closing_kept BEFORE UPDATE ON closing
BEGIN SELECT RAISE(ABORT, 'closings are append-only'); END;
CREATE TRIGGER closing_stays BEFORE DELETE ON closing
BEGIN SELECT RAISE(ABORT, 'closings are append-only'); END;
CREATE TRIGGER closing_once BEFORE INSERT ON closing
WHEN EXISTS (SELECT 1 FROM closing WHERE (game, revision) = (NEW.game, NEW.revision))
BEGIN SELECT RAISE(IGNORE); END;

-- What a bet was worth by the close: the chances of the very bet, and the profit of one unit that
-- they promise at the price that was paid. `points` are those of the line that closed.
CREATE TABLE clv (
  bet INTEGER NOT NULL REFERENCES bet (number),
  revision INTEGER NOT NULL CHECK (revision >= 1),
  win REAL,
  push REAL,
  lose REAL,
  ev REAL,
  points REAL,
  grade TEXT NOT NULL CHECK (grade IN ('quoted', 'converted', 'model', 'missing')),
  reason TEXT NOT NULL,
  closing_revision INTEGER,
  at TEXT NOT NULL,
  PRIMARY KEY (bet, revision),
  CHECK ((grade = 'missing') = (ev IS NULL))
) STRICT, WITHOUT ROWID;
CREATE TRIGGER clv_kept BEFORE UPDATE ON clv
BEGIN SELECT RAISE(ABORT, 'closing line values are append-only'); END;
CREATE TRIGGER clv_stays BEFORE DELETE ON clv
BEGIN SELECT RAISE(ABORT, 'closing line values are append-only'); END;
CREATE TRIGGER clv_once BEFORE INSERT ON clv
WHEN EXISTS (SELECT 1 FROM clv WHERE (bet, revision) = (NEW.bet, NEW.revision))
BEGIN SELECT RAISE(IGNORE); END;

-- What a bet was worth when it was made, by the model and by the best price that could be had.
-- `market_at_bet` is the exchange's chance of it, of a bet that was placed in play.
CREATE TABLE decision (
  bet INTEGER PRIMARY KEY REFERENCES bet (number),
  at TEXT NOT NULL,
  win REAL NOT NULL,
  push REAL NOT NULL,
  lose REAL NOT NULL,
  odds_decimal REAL,
  prior TEXT NOT NULL,
  best_book TEXT,
  best_odds REAL,
  market_at_bet REAL,
  CHECK ((best_book IS NULL) = (best_odds IS NULL))
) STRICT;
CREATE TRIGGER decision_kept BEFORE UPDATE ON decision
BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;
CREATE TRIGGER decision_stays BEFORE DELETE ON decision
BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;
CREATE TRIGGER decision_once BEFORE INSERT ON decision
WHEN EXISTS (SELECT 1 FROM decision WHERE bet = NEW.bet)
BEGIN SELECT RAISE(IGNORE); END;

-- What each answer of a paid source cost, what was meant to be bought, and what was not bought and
-- why. `path` is without the key.
CREATE TABLE credit (
  id INTEGER PRIMARY KEY,
  provider TEXT NOT NULL,
  at TEXT NOT NULL,
  purpose TEXT NOT NULL,
  planned INTEGER NOT NULL,
  cost INTEGER NOT NULL,
  used INTEGER,
  remaining INTEGER,
  path TEXT NOT NULL,
  refused TEXT
) STRICT;
CREATE INDEX credit_at ON credit (provider, at);
CREATE TRIGGER credit_kept BEFORE UPDATE ON credit
BEGIN SELECT RAISE(ABORT, 'credits are append-only'); END;
CREATE TRIGGER credit_stays BEFORE DELETE ON credit
BEGIN SELECT RAISE(ABORT, 'credits are append-only'); END;

-- Bodies that are kept beyond their time: those that closes rest on.
CREATE TABLE kept_body (
  digest TEXT PRIMARY KEY,
  why TEXT NOT NULL
) STRICT;

-- Every row that a list of edges showed, so that the list can be judged.
CREATE TABLE edge_seen (
  id INTEGER PRIMARY KEY,
  at TEXT NOT NULL,
  game TEXT NOT NULL REFERENCES game (id),
  market TEXT NOT NULL,
  span TEXT NOT NULL,
  about TEXT NOT NULL,
  points REAL,
  side TEXT NOT NULL,
  p REAL NOT NULL,
  odds_decimal REAL NOT NULL,
  book TEXT NOT NULL,
  edge REAL NOT NULL,
  prior TEXT NOT NULL,
  poll INTEGER REFERENCES poll (id)
) STRICT;
CREATE TRIGGER edge_seen_kept BEFORE UPDATE ON edge_seen
BEGIN SELECT RAISE(ABORT, 'edges that were shown are append-only'); END;
CREATE TRIGGER edge_seen_stays BEFORE DELETE ON edge_seen
BEGIN SELECT RAISE(ABORT, 'edges that were shown are append-only'); END;

-- How often a source told what could not be used, by what was wrong with it and by day.
CREATE TABLE odds_fault (
  source TEXT NOT NULL,
  day TEXT NOT NULL,
  what TEXT NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY (source, day, what)
) STRICT, WITHOUT ROWID;
