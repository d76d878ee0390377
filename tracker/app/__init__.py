"""Use cases, each written once for the terminal, the chat, the web pages and the daemon."""
