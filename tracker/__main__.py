"""Starts the command line, importing no more than the verb needs."""

from __future__ import annotations

import sys

from tracker import __version__


def main() -> None:
    """Run the command that the arguments name, and end with its exit status."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        sys.stdout.write(f"tracker {__version__}\n")
        return
    from tracker.cli.quick import quick_add

    status = quick_add(sys.argv[1:])
    if status is None:
        from tracker.cli.app import run

        status = run(sys.argv[1:])
    sys.exit(status)


if __name__ == "__main__":
    main()
