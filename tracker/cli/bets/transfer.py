"""`tracker import` and `export`: reads bets of other programs, writes tables and archives."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

import typer

from tracker.app.bets import importing
from tracker.app.bets.importing import BroughtIn
from tracker.app.views import part, plain
from tracker.cli import FAILED, CommandEnded, Scope, guests, run_async, scope_of, session
from tracker.cli.app import AsJson
from tracker.cli.screen import asks, complain, note, progress, question, say, say_json, table
from tracker.clock import SystemClock
from tracker.domain import Impossible, Misused
from tracker.domain.draft import Draft
from tracker.domain.league import slate_date
from tracker.domain.money import money_text, plural, stake_in_table
from tracker.domain.pick import tags_of
from tracker.host import whole_file
from tracker.intake.bets_file import parse_bets
from tracker.intake.imports import ImportedBet, ImportedBets, Manner, UnsureDates, read_slips
from tracker.store import Store

T = TypeVar("T")

_MOST_ROWS = 20
"""The most rows that a dry run shows; the others are counted."""

ARCHIVE = "archive"
"""The word in place of a table's name that exports the whole database."""


def bring_in(  # noqa: PLR0917 - a command has an argument for each option
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="CSV, JSON, a bets file (TOML), or an archive of `tracker export`."
        ),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Only say what would be brought in.")
    ] = False,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--map", metavar="THEIRS=OURS", help="What a column means; may be given several times."
        ),
    ] = None,
    dates: Annotated[
        Literal["day-first", "month-first"] | None,
        typer.Option(help="How dates such as 05/11/2025 begin, where the file does not show it."),
    ] = None,
    book: Annotated[str | None, typer.Option(help="The book of bets whose row names none.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="A tag for all of them.")] = None,
    as_json: AsJson = False,
) -> None:
    """Bring in bets, with their results where the file has them, or restore an archive.

    Columns are known by the names that bet trackers use; --map says what another one means, and
    those that are not used are named. Each column is read in the one form that its values show. The
    same file may be brought in again: a bet that is there already is left as it is. Bets of other
    sports are left out and counted. A bet of the past without a result waits for you in `review`.
    Exit status 1 when a row could not be read; the others count.
    """
    from tracker.store.exporting import is_archive

    text = _text(file)
    scope = scope_of(context)
    if is_archive(text.partition("\n")[0]):
        _restore(scope, file, text, dry_run=dry_run, as_json=as_json)
        return
    order = None if dates is None else dates == "day-first"
    found = _read(scope, file, text, Manner(_mapping(columns or []), order))
    found = replace(found, slips=tuple(_with(x, book, tuple(tag or ())) for x in found.slips))
    if dry_run:
        fit, refused = importing.possible(found.slips, file.name, SystemClock().now())
        found = replace(found, slips=tuple(fit), mistakes=(*found.mistakes, *refused))
        _show(found, as_json)
        done = BroughtIn(0, 0, 0, 0, ())
    else:
        with progress("bringing in the bets"):
            done = run_async(_keep(scope, found.slips, file.name))
        _tell(found, done, as_json)
    mistakes = (*found.mistakes, *done.mistakes)
    for mistake in mistakes:
        complain(mistake)
    if mistakes:
        raise CommandEnded(FAILED)


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise Impossible(f"{file} is not UTF-8 text: save it as UTF-8 and try again") from None


def _restore(scope: Scope, file: Path, text: str, *, dry_run: bool, as_json: bool) -> None:
    """Restore an archive, or only say how many rows it has."""
    lines = text.splitlines(keepends=True)
    if dry_run:
        count = len(lines) - 1
        rows = plural(count, "row")
        told = f"{file} is an archive of {rows}; it is restored into an empty database."
    else:
        with progress("restoring the archive"):
            count = run_async(_restored(scope, lines))
        told = f"Restored {plural(count, 'row')}."
    if as_json:
        say_json({"archive": True, "rows": count})
    else:
        say(told)


async def _restored(scope: Scope, lines: Sequence[str]) -> int:
    async with session(scope, write=True) as at:
        return await at.store.exports.restore(lines)


def _mapping(given: Sequence[str]) -> Mapping[str, str]:
    found = {}
    for one in given:
        theirs, equals, ours = one.rpartition("=")
        if not equals or not theirs.strip() or not ours.strip():
            raise Misused(f"--map {one!r}: write it like --map 'Their column=pick'")
        found[theirs.strip()] = ours.strip()
    return found


def _read(scope: Scope, file: Path, text: str, manner: Manner) -> ImportedBets:
    settings = scope.settings()
    unit = settings.stake_unit_cents
    teams = run_async(guests(scope))
    if file.suffix.casefold() != ".toml":
        manner = replace(manner, guests=teams)
        return _asked_dates(file, text, unit, settings.zone, manner)
    read = parse_bets(text, str(file), unit, teams)
    slips = tuple(
        ImportedBet(n, replace(x, from_file=False), None, None, "", _day_of(x), listed=True)
        for n, x in enumerate(read.drafts, 1)
    )
    return ImportedBets(slips, read.mistakes, {}, {})


def _day_of(draft: Draft) -> date | None:
    if draft.matchup is not None and draft.matchup.day is not None:
        return draft.matchup.day
    return None if draft.placed_at is None else slate_date(draft.placed_at)


def _asked_dates(file: Path, text: str, unit: int, zone: ZoneInfo, manner: Manner) -> ImportedBets:
    """The bets of a file; where the order of day and month is unsure, a person is asked."""
    try:
        return read_slips(text, str(file), unit_cents=unit, zone=zone, manner=manner)
    except UnsureDates as why:
        if not asks():
            raise
        with question():
            day = typer.confirm(f"Is {why.example} a date that begins with the day?")
        manner = replace(manner, day_first=day)
        return read_slips(text, str(file), unit_cents=unit, zone=zone, manner=manner)


def _with(slip: ImportedBet, book: str | None, tags: tuple[str, ...]) -> ImportedBet:
    draft = slip.draft
    draft = replace(draft, book=draft.book or book, tags=tags_of(*draft.tags, *tags))
    return replace(slip, draft=draft)


async def _keep(scope: Scope, slips: Sequence[ImportedBet], source: str) -> BroughtIn:
    async with session(scope, write=True) as at:
        bets = replace(at.bets, who="import")
        return await importing.bring_in(bets, slips, source, at.now)


def _show(found: ImportedBets, as_json: bool) -> None:
    if as_json:
        bets = [_slip_json(x) for x in found.slips]
        say_json({"bets": bets, "mistakes": len(found.mistakes), **_beside_bets(found)})
        return
    rows = [
        (
            str(x.line),
            x.draft.pick.text,
            x.draft.odds.text if x.draft.odds else "",
            stake_in_table(x.draft.stake_cents, free=x.draft.free),
            x.result.value if x.result else "open",
            money_text(x.paid) if x.paid is not None else "",
        )
        for x in found.slips[:_MOST_ROWS]
    ]
    if rows:
        heads = ("Line", "Bet", "Odds", "Stake", "Result", "Paid")
        table(heads, rows, right=(0, 2, 3, 5))
    if len(found.slips) > _MOST_ROWS:
        say(f"and {len(found.slips) - _MOST_ROWS} more")
    if found.columns:
        read = ", ".join(f"{theirs!r} as {ours}" for theirs, ours in found.columns.items())
        say(f"Columns: {read}")
    open_bets = sum(x.result is None for x in found.slips)
    say(
        f"{plural(len(found.slips), 'bet')} read: {open_bets} open, "
        f"{len(found.slips) - open_bets} with a result. Nothing was written; a bet that is there "
        "already would stay as it is."
    )
    _tell_elsewhere(found)


def _slip_json(x: ImportedBet) -> dict[str, object]:
    return {
        "line": x.line,
        "pick": x.draft.pick.text,
        "odds": x.draft.odds.text if x.draft.odds else None,
        **part(x.draft, "stake_cents", "book", "tags", "placed_at"),
        "day": plain(x.day),
        "free": x.draft.free,
        "result": plain(x.result),
        "payout_cents": x.paid,
    }


def _tell(found: ImportedBets, done: BroughtIn, as_json: bool) -> None:
    if as_json:
        say_json(
            {
                "added": done.added,
                "known": done.known,
                "settled": done.settled,
                "needs_review": done.asked,
                "mistakes": len(found.mistakes) + len(done.mistakes),
                **_beside_bets(found),
            }
        )
        return
    known = f", {done.known} were there already" if done.known else ""
    say(f"Brought in {plural(done.added, 'bet')}, {done.settled} with their result{known}.")
    if done.asked:
        note(f"Dated in the past without a result: {done.asked}; decide in `tracker review`.")
    _tell_elsewhere(found)


def _beside_bets(found: ImportedBets) -> dict[str, object]:
    return {"other_sports": found.elsewhere, **part(found, "unused", "doubts")}


def _tell_elsewhere(found: ImportedBets) -> None:
    """Print what was left out of a file, and what in it looks doubtful."""
    if found.unused:
        note(f"Columns that are not used: {', '.join(map(repr, found.unused))}")
    for doubt in found.doubts:
        note(f"Look at {doubt}")
    if found.elsewhere:
        names = ", ".join(f"{n} {name}" for name, n in sorted(found.elsewhere.items()))
        note(f"Left out, for they are not about a league that is followed here: {names}")


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
        say(run_async(_of_store(scope, lambda store: store.exports.hash())))
        return
    if table == ARCHIVE:
        _export_archive(scope, out)
        return
    rows = run_async(_of_store(scope, lambda store: store.exports.rows(table)))
    text_of = _csv if form == "csv" else _json
    if form == "parquet":
        _parquet(rows, out)
    elif out is None:
        sys.stdout.write(text_of(rows))
        return
    else:
        with whole_file(out) as file:
            file.write_text(text_of(rows), encoding="utf-8", newline="")
    note(f"Wrote {len(rows)} {table} to {out}.")


def _export_archive(scope: Scope, out: Path | None) -> None:
    """Write the whole database as lines of text that `tracker import` restores."""
    if out is None:
        run_async(_of_store(scope, lambda store: store.exports.write(sys.stdout)))
        return
    with whole_file(out) as file, file.open("w", encoding="utf-8", newline="") as to:
        if file.is_file():
            file.chmod(0o600)
        count = run_async(_of_store(scope, lambda store: store.exports.write(to)))
    note(f"Wrote {plural(count, 'row')} to {out}; `tracker import {out}` restores them.")


async def _of_store(scope: Scope, read: Callable[[Store], Awaitable[T]]) -> T:
    """What `read` finds in the database, which may take a while."""
    async with session(scope) as at:
        with progress("reading the database"):
            return await read(at.store)


def _parquet(rows: list[dict[str, Any]], out: Path | None) -> None:
    """Write rows as a Parquet file. Raises Misused without a file, Impossible without pyarrow."""
    if out is None:
        raise Misused("Parquet is no text: name a file with --out FILE")
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise Impossible(
            'Parquet needs pyarrow, which is not installed: pip install ".[modelling]" '
            "in tracker's folder"
        ) from None
    with whole_file(out) as file:
        pq.write_table(pa.Table.from_pylist(rows), file)


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
