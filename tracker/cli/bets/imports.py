"""`tracker import`: bets from another tracker, a spreadsheet or a file, and archives of our own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli.declare import AsJson, declare
from tracker.cli.ending import FAILED, Ended
from tracker.cli.look import table
from tracker.cli.scope import Scope, scope_of
from tracker.cli.screen import complain, note, progress, say, say_json
from tracker.cli.session import session
from tracker.domain.errors import BadBet, Impossible, Misused
from tracker.domain.money import money_text
from tracker.domain.plural import plural
from tracker.engine.settle.by_hand import brought
from tracker.intake.bets_file import parse_bets
from tracker.intake.imports import ImportedBet, ImportedBets, read_slips
from tracker.store.bets import Registration

if TYPE_CHECKING:
    from tracker.cli.session import Session

_MOST_ROWS = 20
"""Rows of a dry run that are shown; the rest is counted."""


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make the verb known."""
    declare(app, name, bring_in, panel)


@dataclass(frozen=True, slots=True)
class _Done:
    """What came of an import: bets that were added, known already, and given their result."""

    added: int
    known: int
    settled: int
    mistakes: tuple[str, ...]


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
    book: Annotated[str | None, typer.Option(help="The book of bets whose row names none.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="A tag for all of them.")] = None,
    as_json: AsJson = False,
) -> None:
    """Bring in bets, with their results where the file has them, or restore an archive.

    Columns are known by the names that bet trackers use; --map says what another one means. The
    same file may be brought in again: a bet that is there already is left as it is. Bets of other
    sports are left out and counted. Exit status 1 when a row could not be read; the others count.
    """
    text = _text(file)
    scope = scope_of(context)
    if _archive(text):
        _restore(scope, file, text, dry_run=dry_run, as_json=as_json)
        return
    found = _read(scope, file, text, _mapping(columns or []))
    found = replace(found, slips=tuple(_with(x, book, tuple(tag or ())) for x in found.slips))
    if dry_run:
        _show(found, as_json)
        done = _Done(0, 0, 0, ())
    else:
        with progress("bringing in the bets"):
            done = asyncio.run(_keep(scope, found.slips, file.name))
        _tell(found, done, as_json)
    mistakes = (*found.mistakes, *done.mistakes)
    for mistake in mistakes:
        complain(mistake)
    if mistakes:
        raise Ended(FAILED)


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise Impossible(f"{file} is not UTF-8 text: save it as UTF-8 and try again") from None


def _archive(text: str) -> bool:
    from tracker.store.export.archive import is_archive

    return is_archive(text.partition("\n")[0])


def _restore(scope: Scope, file: Path, text: str, *, dry_run: bool, as_json: bool) -> None:
    lines = text.splitlines(keepends=True)
    if dry_run:
        count = len(lines) - 1
        say_json({"archive": True, "rows": count}) if as_json else say(
            f"{file} is an archive of {plural(count, 'row')}; "
            "it is restored into an empty database."
        )
        return

    async def work() -> int:
        async with session(scope, write=True) as at:
            return await at.store.restore(lines)

    with progress("restoring the archive"):
        count = asyncio.run(work())
    say_json({"archive": True, "rows": count}) if as_json else say(
        f"Restored {plural(count, 'row')}."
    )


def _mapping(given: Sequence[str]) -> Mapping[str, str]:
    found = {}
    for one in given:
        theirs, equals, ours = one.rpartition("=")
        if not equals or not theirs.strip() or not ours.strip():
            raise Misused(f"--map {one!r}: write it like --map 'Their column=pick'")
        found[theirs.strip()] = ours.strip()
    return found


def _read(scope: Scope, file: Path, text: str, given: Mapping[str, str]) -> ImportedBets:
    basics = scope.basics()
    unit = scope.settings().stake_unit_cents
    if file.suffix.casefold() == ".toml":
        read = parse_bets(text, str(file), unit)
        slips = (replace(x, from_file=False) for x in read.drafts)
        return ImportedBets(
            tuple(ImportedBet(n, x, None, None, "") for n, x in enumerate(slips, 1)),
            read.mistakes,
            {},
            {},
        )
    return read_slips(text, str(file), unit_cents=unit, zone=basics.zone, given=given)


def _with(slip: ImportedBet, book: str | None, tags: tuple[str, ...]) -> ImportedBet:
    draft = slip.draft
    return replace(slip, draft=replace(draft, book=draft.book or book, tags=(*draft.tags, *tags)))


async def _keep(scope: Scope, slips: Sequence[ImportedBet], source: str) -> _Done:
    async with session(scope, write=True) as at:
        wanted = [Registration(x.draft, who="import") for x in slips]
        registered = await at.store.register(wanted, at.basics.rules, at.now)
        known = {x.number: x for x in await at.store.bets_view(at.basics.rules)}
        settled = 0
        mistakes: list[str] = []
        for slip, added in zip(slips, registered, strict=True):
            if isinstance(added, BadBet):
                mistakes.append(f"{source}, line {slip.line}: {added}")
            elif slip.result is not None and known[added.number].result is None:
                await _settle(at, slip, added.number, source)
                settled += 1
        new = sum(not isinstance(x, BadBet) and x.created for x in registered)
        return _Done(new, len(registered) - new - len(mistakes), settled, tuple(mistakes))


async def _settle(at: Session, slip: ImportedBet, number: int, source: str) -> None:
    assert slip.result is not None  # noqa: S101 - asked by the caller
    why = f"{slip.said or slip.result.value} in {source}"
    result, paid = slip.result, slip.paid
    await at.store.by_hand.decide(
        number, lambda case: brought(case, result, paid, why, at.now), at.now, "import"
    )


def _show(found: ImportedBets, as_json: bool) -> None:
    if as_json:
        rows = [_slip_json(x) for x in found.slips]
        elsewhere = dict(found.elsewhere)
        say_json({"bets": rows, "mistakes": len(found.mistakes), "other_sports": elsewhere})
        return
    rows_shown = [
        (
            str(x.line),
            x.draft.pick.text,
            x.draft.odds.text if x.draft.odds else "",
            money_text(x.draft.stake_cents) if x.draft.stake_cents is not None else "",
            x.result.value if x.result else "open",
            money_text(x.paid) if x.paid is not None else "",
        )
        for x in found.slips[:_MOST_ROWS]
    ]
    if rows_shown:
        heads = ("Line", "Bet", "Odds", "Stake", "Result", "Paid")
        table(heads, rows_shown, right=(0, 2, 3, 5))
    if len(found.slips) > _MOST_ROWS:
        say(f"and {len(found.slips) - _MOST_ROWS} more")
    if found.columns:
        read = ", ".join(f"{theirs!r} as {ours}" for theirs, ours in found.columns.items())
        say(f"Columns: {read}")
    open_bets = sum(x.result is None for x in found.slips)
    say(
        f"{plural(len(found.slips), 'bet')} would be brought in: {open_bets} open, "
        f"{len(found.slips) - open_bets} with a result. Nothing was written."
    )
    _tell_elsewhere(found)


def _slip_json(x: ImportedBet) -> dict[str, object]:
    return {
        "line": x.line,
        "pick": x.draft.pick.text,
        "odds": x.draft.odds.text if x.draft.odds else None,
        "stake_cents": x.draft.stake_cents,
        "book": x.draft.book,
        "tags": list(x.draft.tags),
        "placed_at": x.draft.placed_at,
        "result": x.result.value if x.result else None,
        "payout_cents": x.paid,
    }


def _tell(found: ImportedBets, done: _Done, as_json: bool) -> None:
    if as_json:
        say_json(
            {
                "added": done.added,
                "known": done.known,
                "settled": done.settled,
                "mistakes": len(found.mistakes) + len(done.mistakes),
                "other_sports": dict(found.elsewhere),
            }
        )
        return
    known = f", {done.known} were there already" if done.known else ""
    say(f"Brought in {plural(done.added, 'bet')}, {done.settled} with their result{known}.")
    _tell_elsewhere(found)


def _tell_elsewhere(found: ImportedBets) -> None:
    if found.elsewhere:
        names = ", ".join(f"{n} {name}" for name, n in sorted(found.elsewhere.items()))
        note(f"Left out, for they are not about a league that is followed here: {names}")
