"""Use cases, each written once, for terminal, chat, page and daemon alike."""
