"""A bettor's text: words in, a draft of a bet out."""
