#!/usr/bin/env python
"""Write docs/schema anew from the shapes of the answers; tests hold that it was done."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tracker.app.contracts import CONTRACTS
from tracker.clock import SystemClock
from tracker.forecast import load_parameters
from tracker.settings import parse_settings
from tracker.web import build

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "schema"


def main() -> None:
    """All of them, and the API's own document."""
    for name, contract in CONTRACTS.items():
        write(name, contract.schema(name))
    app: Any = build(parse_settings("", Path("tracker.toml")), SystemClock(), load_parameters)
    write("openapi", app.app.openapi() | {"info": {"title": "tracker", "version": ""}})


def write(name: str, schema: dict[str, Any]) -> None:
    """One file, indented so that a change can be read."""
    text = json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
    (FOLDER / f"{name}.json").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
