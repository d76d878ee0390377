"""The HTML pages, a module for each subject, over the same use cases as the terminal."""
