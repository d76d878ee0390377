"""Values to columns and back, so that what is read equals what was written."""
