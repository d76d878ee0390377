-- A team's last games are read whole: who played with whom.
CREATE INDEX player_game_team ON player_game (league, team, start_at);
