"""Starts the command line, importing no more than the verb needs."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tracker import __version__


def run(args: Sequence[str]) -> int:
    """Run the command that the arguments name; its exit status."""
    if list(args) in (["--version"], ["-V"]):
        sys.stdout.write(f"tracker {__version__}\n")
        return 0
    from tracker.cli.bets.quick import quick_add
    from tracker.cli.screen import make_printable

    make_printable(sys.stdout, sys.stderr)

    status = quick_add(args)
    if status is None:
        from tracker.cli import app

        status = app.run(args)
    return status


def main() -> None:
    """Run the command of this process, and end with its exit status."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
