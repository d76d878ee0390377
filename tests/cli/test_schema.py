"""Promises to other programs: every answer in JSON holds to its schema in docs/schema."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli
from tracker.store import Store, exporting

FOLDER = Path(__file__).parents[2] / "docs" / "schema"
ANSWERS = {
    "bets": ("bets",),
    "show": ("show", "1"),
    "status": ("status",),
    "alerts": ("alerts", "--explain"),
    "performance": ("performance",),
    "profit": ("profit",),
    "calibration": ("calibration",),
    "report": ("report", "--season", "--until", "2026-01-31"),
    "backups": ("backup", "--list"),
    "doctor": ("doctor", "--offline"),
    "why": ("why", "1"),
    "rules": ("rules", "1"),
    "clv": ("clv",),
    "refresh": ("refresh", "--only", "form"),
    "monitors": ("monitors",),
    "added": ("add", "PHI over 99.5 -110 $20"),
    "settled": ("void", "2", "--reason", "the book voided it"),
    "chores": ("chores",),
    "models": ("model", "list", "--kind", "all"),
    "trials": ("model", "trial", "show", "--all"),
    "calibrate": ("model", "calibrate"),
}
OTHERS = {"candidates", "player", "tables"}
"""Schemas that tests of their own hold answers against."""
TYPES: dict[str, Any] = {
    "object": dict, "array": list, "string": str, "number": (int, float), "integer": int,
    "boolean": bool, "null": type(None),
}  # fmt: skip
KNOWN = {
    "$schema", "title", "description", "type", "properties", "required", "additionalProperties",
    "items", "pattern",
}  # fmt: skip


def faults(schema: dict[str, Any], value: Any, where: str = "") -> list[str]:
    """Where a value does not hold to a schema; of the words of JSON Schema those that we use."""
    assert set(schema) <= KNOWN, f"{where}: a word that is not checked"
    wanted = schema.get("type", [*TYPES])
    names = [wanted] if isinstance(wanted, str) else wanted
    fits = [x for x in names if isinstance(value, TYPES[x])]
    if not fits or (isinstance(value, bool) and "boolean" not in names):
        return [f"{where}: {value!r} is no {names}"]
    found = []
    if isinstance(value, dict):
        known, rest = schema.get("properties", {}), schema.get("additionalProperties", True)
        found += [f"{where}.{x} is missing" for x in schema.get("required", ()) if x not in value]
        for key, one in value.items():
            if key in known:
                found += faults(known[key], one, f"{where}.{key}")
            elif rest is False:
                found.append(f"{where}.{key} is not in the schema")
            elif isinstance(rest, dict):
                found += faults(rest, one, f"{where}.{key}")
    if isinstance(value, list):
        for n, one in enumerate(value):
            found += faults(schema.get("items", {}), one, f"{where}[{n}]")
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        found.append(f"{where}: {value!r} does not fit {schema['pattern']}")
    return found


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_holds_to_its_schema(name: str, cli: Cli, night: Path) -> None:
    """Of a night that was played, with a back-up."""
    assert night.is_file()
    cli("backup", "--full")
    asyncio.run(_a_chore(night))
    schema = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    assert faults(schema, cli(*ANSWERS[name], "--json").json, name) == []


async def _a_chore(database: Path) -> None:
    at = datetime(2026, 1, 30, 11, 30, tzinfo=UTC)
    async with await Store.open(database, now=at) as store:
        await store.upkeep.begin("refresh", at, at)
        await store.upkeep.missed("backup", [at], at, "nothing ran")


@pytest.mark.usefixtures("night")
def test_every_record_that_is_kept_holds_to_its_schema(cli: Cli) -> None:
    """Row by row of each table that can be had; none is left out."""
    schema = json.loads((FOLDER / "tables.json").read_text("utf-8"))
    kept = {x: cli("export", x, "--format", "json").json for x in exporting.TABLES}
    assert faults(schema, kept, "tables") == []
    assert kept["snapshots"]


def test_every_schema_is_of_an_answer() -> None:
    """None stands there unchecked, and each says what it is of."""
    assert {x.stem for x in FOLDER.glob("*.json")} == set(ANSWERS) | OTHERS
    for path in FOLDER.glob("*.json"):
        assert json.loads(path.read_text("utf-8"))["description"]


def test_what_does_not_hold_is_found() -> None:
    """A missing key, another type, a key too many, a time without a zone."""
    schema = json.loads((FOLDER / "bets.json").read_text("utf-8"))
    good = dict.fromkeys(schema["items"]["required"])
    assert any("is missing" in x for x in faults(schema, [{}]))
    assert any("is no" in x for x in faults(schema, [good]))
    assert any("not in the schema" in x for x in faults(schema, [good | {"extra": 1}]))
    assert faults({"type": "string", "pattern": "Z$"}, "2026-01-01T00:00:00") != []


def test_a_report_is_told_in_three_forms(cli: Cli, night: Path, tmp_path: Path) -> None:
    """The same record in each; a name out of the bets is text in the page."""
    assert night.is_file()
    assert cli("edit", "1", "--book", "<b>Book</b>").status == 0
    at = ("--until", "2026-01-31")
    told = cli("report", *at, "--json").json
    assert (told["record"]["won"], told["record"]["lost"]) == (3, 1)
    assert "## By market" in cli("report", *at).out
    page = tmp_path / "r.html"
    assert cli("report", *at, "--format", "html", "--out", page).status == 0
    text = page.read_text("utf-8")
    assert "&lt;b&gt;Book" in text
    assert "<b>Book" not in text
    assert "give one of them" in cli("report", "--week", "--month").sentence
    assert "is no date" in cli("report", "--until", "yesterday").sentence
