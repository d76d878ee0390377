"""Where games come from: asking the sources politely, and reading what they answer."""
