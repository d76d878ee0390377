"""What a poll changes: is it newer, what is each bet worth now, what is to be said."""
