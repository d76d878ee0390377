"""The command line: arguments, output and exit status; every decision is made elsewhere."""
