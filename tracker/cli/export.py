"""`tracker export`: the tables as CSV or JSON, and one hash over them all."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from tracker.cli.declare import declare
from tracker.cli.ending import Misused
from tracker.cli.scope import Scope, scope_of
from tracker.cli.screen import note, progress, say
from tracker.cli.session import session


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make the verb known."""
    declare(app, name, export, panel)


def export(
    context: typer.Context,
    table: Annotated[
        str,
        typer.Argument(
            metavar="TABLE",
            help="bets, legs, snapshots, alerts, settlements, games, polls, reviews, audit, "
            "player_games or deliveries.",
        ),
    ] = "bets",
    form: Annotated[
        Literal["csv", "json"], typer.Option("--format", "-f", help="How to write it.")
    ] = "csv",
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Where to; else standard output."),
    ] = None,
    whole_hash: Annotated[
        bool, typer.Option("--hash", help="Print one SHA-256 over all tables instead.")
    ] = False,
) -> None:
    """Write a table of the database, row by row in a fixed order.

    The hash is the same for two runs that decided the same: it leaves out row numbers, and
    deliveries, which depend on how fast a channel answered.
    """
    from tracker.store.exporting import TABLES

    if table not in TABLES:
        raise Misused(f"there is no table {table!r}: choose one of {', '.join(TABLES)}")
    scope = scope_of(context)
    if whole_hash:
        say(asyncio.run(_hash(scope)))
        return
    rows = asyncio.run(_rows(scope, table))
    text = _csv(rows) if form == "csv" else _json(rows)
    if out is None or str(out) == "-":
        sys.stdout.write(text)
        return
    out.write_text(text, encoding="utf-8", newline="")
    note(f"Wrote {len(rows)} {table} to {out}.")


async def _hash(scope: Scope) -> str:
    async with session(scope) as at:
        with progress("reading the database"):
            return await at.store.export_hash()


async def _rows(scope: Scope, table: str) -> list[dict[str, Any]]:
    async with session(scope) as at:
        with progress("reading the database"):
            return await at.store.export(table)


def _csv(rows: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    if rows:
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return text.getvalue()


def _json(rows: list[dict[str, Any]]) -> str:
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    return f"[\n{lines}\n]\n" if rows else "[]\n"
