"""How a command ends: one sentence for whatever went wrong, and an exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from tracker.cli.screen import complain
from tracker.domain.errors import BadBet, BadRule, BadTime, TrackerError
from tracker.host import os_trouble

FAILED = 1
"""Exit status of a command that could not do what was asked."""

USAGE = 2
"""Exit status of a command that was asked in a way that it cannot understand."""

_INTERRUPTED = 130
"""What a shell reports of a program that was interrupted (128 + SIGINT)."""

_NOBODY_READS = 141
"""What a shell reports of a program that a closed pipe ended (128 + SIGPIPE)."""


class Ended(Exception):
    """The command is over with an exit status; everything has been said."""

    def __init__(self, status: int = FAILED) -> None:
        """`status` is what the process ends with."""
        super().__init__(status)
        self.status = status


def outcome(work: Callable[[], object]) -> int:
    """Do the work of a command; its exit status. No mistake of a person's shows a traceback."""
    try:
        status = work()
        sys.stdout.flush()
    except Ended as end:
        return end.status
    except TrackerError as wrong:
        complain(str(wrong))
        return status_of(wrong)
    except KeyboardInterrupt:
        complain("stopped; nothing more was done")
        return _INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has left; Python would complain again when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _NOBODY_READS
    except OSError as wrong:
        complain(os_trouble(wrong))
        return FAILED
    return status if isinstance(status, int) else 0


def status_of(wrong: TrackerError) -> int:
    """The exit status that goes with an error."""
    if isinstance(wrong, BadBet | BadRule | BadTime):
        return USAGE
    return int(getattr(wrong, "exit_status", FAILED))
