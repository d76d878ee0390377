"""Starts the command line, importing no more than the verb needs."""

from __future__ import annotations

import os
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


def open_streams() -> None:
    """Open the standard streams that the caller has closed, so that no file of ours is one.

    A new file takes the lowest number that is free, which is that of the closed stream.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8"))


def main() -> None:
    """Run the command of this process, and end with its exit status."""
    try:
        open_streams()
        status = run(sys.argv[1:])
    except KeyboardInterrupt:  # while what answers for Ctrl-C was itself still being imported
        sys.stderr.write("error: stopped; nothing more was done\n")
        status = 130
    sys.exit(status)


if __name__ == "__main__":
    main()
