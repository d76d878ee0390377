-- The topic of a group in which a chat was paired, where alerts and cards go; none for the chat itself.
ALTER TABLE paired ADD COLUMN thread INTEGER;
