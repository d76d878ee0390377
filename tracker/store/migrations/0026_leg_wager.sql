-- Whether a bet repeats another is asked of every bet whose game becomes known: by this the bets on
-- one wager are found without reading all bets on the game.
CREATE INDEX leg_wager ON leg (game_id, market, points);
