"""Use cases, each written once, for the terminal, the chat, the page and the daemon alike."""
