"""The HTML pages, a module for each subject, by the same use cases as the terminal."""
