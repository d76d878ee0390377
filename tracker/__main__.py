"""Starts the command line, importing no more than the verb needs."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tracker import __version__


def run(args: Sequence[str]) -> int:
    """Run the command that the arguments name, and return its exit status."""
    if list(args) in (["--version"], ["-V"]):
        sys.stdout.write(f"tracker {__version__}\n")
        return 0
    from tracker.cli.screen import make_printable

    make_printable(sys.stdout, sys.stderr)

    if "add" in args:
        from tracker.cli import outcome
        from tracker.cli.bets.add import add_by, asked_for

        if asked_for(args):
            return outcome(lambda: add_by(args))
    from tracker.cli import app

    return app.run(args)


def main() -> None:
    """Run the command of this process, and end with its exit status."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
