"""Reading the person's files, and refusing secrets that others on the machine can read."""

from __future__ import annotations

import stat
from pathlib import Path

from tracker.settings.mistakes import ConfigError

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def read_text(path: Path) -> str:
    """The text of a file. FileNotFoundError when there is none; ConfigError when it is no text."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not text in UTF-8; save it as UTF-8") from None
    except OSError as why:
        raise ConfigError(
            f"{path}: cannot be read ({why.strerror}); check that it is a file of yours"
        ) from None


def refuse_shared(path: Path) -> None:
    """Raise ConfigError when anybody but the owner may open a file that holds secrets."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & _OTHERS:
        raise ConfigError(
            f"{path}: it holds secrets and others on this machine can open it "
            f"(mode {mode:04o}); run: chmod 600 {path}"
        )
