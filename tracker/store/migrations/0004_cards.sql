-- The live card of a game on a channel: one message, edited in place. It is `sending` before it
-- leaves and `shown` under the name that the channel gave the message; `unknown` when it may have
-- arrived and nobody knows under which. `doubtful` is whether an earlier one may stand above it.
CREATE TABLE card (
  id INTEGER PRIMARY KEY,
  channel TEXT NOT NULL,
  game TEXT NOT NULL REFERENCES game (id),
  state TEXT NOT NULL CHECK (state IN ('due', 'sending', 'shown', 'unknown', 'refused')),
  message TEXT,
  doubtful INTEGER NOT NULL DEFAULT 0,
  closed INTEGER NOT NULL DEFAULT 0,
  detail TEXT NOT NULL DEFAULT '',
  at TEXT NOT NULL,
  UNIQUE (channel, game),
  CHECK ((state = 'shown') = (message IS NOT NULL))
) STRICT;

-- Who may give commands from which chat. Alerts go to the chat that was paired last.
CREATE TABLE paired (
  id INTEGER PRIMARY KEY,
  chat INTEGER NOT NULL,
  user INTEGER NOT NULL,
  at TEXT NOT NULL,
  UNIQUE (chat, user)
) STRICT;

-- The code that waits to be sent by the person, by its digest alone, and how often it was missed.
CREATE TABLE pairing (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  digest TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  misses INTEGER NOT NULL DEFAULT 0
) STRICT;
