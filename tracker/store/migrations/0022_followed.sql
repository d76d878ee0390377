-- Which bets are still followed is asked whenever anything was written: by this it is told without
-- reading the bets themselves.
CREATE INDEX bet_followed ON bet (market, number) WHERE withdrawn_at IS NULL;
