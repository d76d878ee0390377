"""The daemon: joins feeds, forecast, engine, store and channels, and keeps them running."""
