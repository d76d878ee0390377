"""Keeps the collector of garbage from stopping the loop: what stays for good is not looked at."""

from __future__ import annotations

import gc


def settle() -> None:
    """Take all that has been loaded out of what the collector goes through.

    Modules, models and parameters are some 200,000 objects, and a full round through them stops the
    program for a tenth of a second, in the middle of a game. None of them is ever let go. What is
    garbage by then is kept, too: to look for it would take that tenth of a second at once.
    """
    gc.freeze()
