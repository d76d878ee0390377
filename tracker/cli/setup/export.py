"""`tracker export`: the tables as CSV, JSON or Parquet, an archive of all, and one hash over it."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import sys
from pathlib import Path
from typing import Annotated, Any, Literal, TextIO

import typer

from tracker.cli.declare import declare
from tracker.cli.screen import note, progress, say
from tracker.cli.session import Scope, scope_of, session
from tracker.domain.errors import Impossible, Misused
from tracker.domain.money import plural

ARCHIVE = "archive"
"""Said in the place of a table: all that is remembered."""


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
            "player_games or deliveries; or archive, which is all of it.",
        ),
    ] = "bets",
    form: Annotated[
        Literal["csv", "json", "parquet"], typer.Option("--format", "-f", help="How to write it.")
    ] = "csv",
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Where to; else standard output."),
    ] = None,
    whole_hash: Annotated[
        bool, typer.Option("--hash", help="Print one SHA-256 over all tables instead.")
    ] = False,
) -> None:
    """Write a table of the database, row by row in a fixed order, or an archive of everything.

    `tracker import` restores an archive exactly. Parquet needs pyarrow and a file to write to. The
    hash is the same for two runs that decided the same: it leaves out row numbers, and
    deliveries, which depend on how fast a channel answered.
    """
    from tracker.store.exporting import TABLES

    if table not in (*TABLES, ARCHIVE):
        raise Misused(f"there is no table {table!r}: choose one of {', '.join((*TABLES, ARCHIVE))}")
    scope = scope_of(context)
    out = None if str(out) == "-" else out
    if whole_hash:
        say(asyncio.run(_hash(scope)))
        return
    if table == ARCHIVE:
        _archive(scope, out)
        return
    rows = asyncio.run(_rows(scope, table))
    if form == "parquet":
        _parquet(rows, out)
    elif out is None:
        sys.stdout.write(_csv(rows) if form == "csv" else _json(rows))
        return
    else:
        out.write_text(_csv(rows) if form == "csv" else _json(rows), encoding="utf-8", newline="")
    note(f"Wrote {len(rows)} {table} to {out}.")


def _archive(scope: Scope, out: Path | None) -> None:
    """Everything, as lines of text that `tracker import` reads."""
    if out is None:
        asyncio.run(_write_archive(scope, sys.stdout))
        return
    # Written beside it first: a file with the name is whole.
    partial = out.with_name(f"{out.name}.partial")
    with partial.open("w", encoding="utf-8", newline="") as to:
        partial.chmod(0o600)
        count = asyncio.run(_write_archive(scope, to))
    partial.replace(out)
    note(f"Wrote {plural(count, 'row')} to {out}; `tracker import {out.name}` restores them.")


async def _write_archive(scope: Scope, to: TextIO) -> int:
    async with session(scope) as at:
        with progress("reading the database"):
            return await at.store.write_archive(to)


def _parquet(rows: list[dict[str, Any]], out: Path | None) -> None:
    """Columns of one type each; lists and what else has no such type stay text."""
    if out is None:
        raise Misused("Parquet is no text: name a file with --out FILE")
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise Impossible(
            'Parquet needs pyarrow, which is not installed: pip install "ingame-tracker[modelling]"'
        ) from None
    pq.write_table(pa.Table.from_pylist(rows), out)


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
