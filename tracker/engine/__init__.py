"""The engine: the pure core that turns a poll of a game into changes, alerts and settlements."""
