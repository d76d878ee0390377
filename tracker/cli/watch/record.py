"""`tracker profit`, `performance`, `calibration` and `report`: the record of bets and chances."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.app.report import (
    TALLY_HEADS,
    ReportSpan,
    calibration_json,
    left_out,
    markdown,
    page,
    raw_reliability,
    report_json,
    tally_json,
    tally_row,
)
from tracker.app.report import report as of
from tracker.app.views import plain
from tracker.cli import Scope, Session, date_of, read_if_any, scope_of, session
from tracker.cli.app import AsJson
from tracker.cli.screen import needs_decision, note, say, say_json, table
from tracker.domain import Impossible, Misused
from tracker.domain.league import slate_today
from tracker.domain.money import plural
from tracker.domain.value import ClosingValue
from tracker.engine.record import NOTHING, Grouping, Prediction, Reliability, Tally, reliability
from tracker.host import whole_file
from tracker.store import StoreMissing
from tracker.store.views import BetView
from tracker.wording.figures import in_percent, percent

if TYPE_CHECKING:
    from tracker.app.market.clv import ClvReport


def _none(since: str | None, until: str | None, about: str = "") -> str:
    """Say that no bet counts, in the words of what was asked for."""
    if since is None and until is None:
        return f"No bet{about} has a result yet."
    days = f"since {since}" if until is None else f"until {until}"
    days = f"from {since} to {until}" if since is not None and until is not None else days
    return f"No bet{about} on a game {days} has a result."


Since = Annotated[
    str | None, typer.Option("--since", metavar="DATE", help="Only games from this day on.")
]
Until = Annotated[
    str | None, typer.Option("--until", metavar="DATE", help="Only games up to this day.")
]


async def profit(
    context: typer.Context, since: Since = None, until: Until = None, as_json: AsJson = False
) -> None:
    """Show what your settled bets brought, in all and by month.

    Pushes return their stake; void bets are counted among the bets alone.
    """
    scope, wanted = scope_of(context), (Grouping.ALL, Grouping.MONTH)
    whole, months = await _read(scope, *_days(since, until), wanted)
    total, months = whole.get("all"), dict(sorted(months.items()))
    if as_json:
        parts = {month: tally_json(x) for month, x in months.items()}
        say_json(tally_json(total or NOTHING) | {"months": parts})
        return
    # Bets in review count nowhere yet.
    if decide := needs_decision(await read_if_any(scope, lambda at: at.bets.reviews(), ())):
        note(decide)
    if total is None:
        say(_none(since, until))
        return
    rows = [tally_row(month, x) for month, x in months.items()]
    _table("Month", [*rows, tally_row("all", total)] if len(rows) > 1 else rows)
    if lacking := left_out(total):
        note(lacking)


async def performance(
    context: typer.Context,
    by: Annotated[Grouping, typer.Option(help="What to group by.")] = Grouping.MARKET,
    since: Since = None,
    until: Until = None,
    as_json: AsJson = False,
) -> None:
    """Show the record and the money by tag, market, player, book, league, month or model.

    `Asked` is the mean chance at which the bets break even by their price; `Won` is the share of
    the decided ones that were won. A bet with several tags counts under each.
    """
    scope, first, last = scope_of(context), *_days(since, until)
    read = await _read(scope, first, last, [*dict.fromkeys((by, Grouping.ALL))])
    groups, whole = read[0], read[-1].get("all", NOTHING)
    report = await _closes(scope, by, first, last)
    worth, valued = {x.key: x for x in report.groups}, by is not Grouping.MODEL
    if as_json:
        from tracker.app.market.clv import mean_of

        means = {k: plain(worth.get(k) or mean_of(k, ())) if valued else None for k in groups}
        say_json(
            {
                "by": by.value,
                "groups": {k: tally_json(x) | {"clv": means[k]} for k, x in groups.items()},
                "clv": plain(report.all) | {"coverage": report.coverage},
            }
        )
        return
    if not groups:
        say(_none(since, until, " on a player" if by is Grouping.PLAYER else ""))
        return
    _table(by.value.capitalize(), [tally_row(key, x) for key, x in groups.items()])
    if by is not Grouping.PLAYER and (lacking := left_out(whole)):
        note(lacking)
    if report.n:
        say(f"By the close {report.all.text}, {report.covered} of {report.n} bets covered")
        note("`tracker clv` says more, and why the others have no closing line value.")


async def _closes(scope: Scope, by: Grouping, first: date | None, last: date | None) -> ClvReport:
    """The closing line values of the bets in the record of these days.

    They are grouped by `by` where that grouping exists for them. By player only his bets count.
    """
    from tracker.app.market.clv import BY, clv_report

    async def read(at: Session) -> tuple[Sequence[BetView], Mapping[int, ClosingValue]]:
        values = await at.store.quotes.values()
        return await at.store.bets_view(at.settings.default_rules) if values else (), values

    views, values = await read_if_any(scope, read, ((), {}))
    bets = [
        x for x in views
        if x.result is not None and x.games
        and (first or date.min) <= x.games[-1].slate <= (last or date.max)
        and (by is not Grouping.PLAYER or BY["player"](x))
    ]  # fmt: skip
    return clv_report(bets, values, by.value if by.value in BY else None)


async def calibration(context: typer.Context, as_json: AsJson = False) -> None:
    """Compare the chances that you were given with the results: was 80 % really 80 %?

    In each range a bet counts once, with the first chance that it was given there. The last column
    but one is where the true share lies with 95 % confidence; bets on one game count as one there.
    """
    predictions, first = await read_if_any(scope_of(context), _predictions, ((), ()))
    if as_json:
        say_json(calibration_json(predictions, first))
        return
    found = reliability(predictions)
    if found is None:
        say(_none(None, None, " that had a chance"))
        return
    _tell_reliability(found)
    raw = raw_reliability(predictions)
    if raw is not None:
        say("\nThe raw chances of the same bets, as they were before a calibration:")
        _tell_reliability(raw)


async def _predictions(at: Session) -> tuple[list[Prediction], list[Prediction]]:
    """The chances of settled bets by game minute, and the first chance of each bet."""
    outcomes = at.store.outcomes
    return await outcomes.predictions(), await outcomes.first_predictions()


def _days(since: str | None, until: str | None) -> tuple[date | None, date | None]:
    first, last = date_of(since, "--since"), date_of(until, "--until")
    if first is not None and last is not None and last < first:
        raise Misused(f"--until {until} is before --since {since}: swap them")
    return first, last


async def _read(
    scope: Scope, first: date | None, last: date | None, by: Sequence[Grouping]
) -> list[Mapping[str, Tally]]:
    async def tallies(at: Session) -> list[Mapping[str, Tally]]:
        return [*(await at.store.outcomes.grouped(by, first, last)).values()]

    return await read_if_any(scope, tallies, [{} for _ in by])


def _table(head: str, rows: Sequence[Sequence[str]]) -> None:
    table((head, *TALLY_HEADS), rows, right=range(1, len(TALLY_HEADS) + 1))


def _tell_reliability(found: Reliability) -> None:
    rows = [
        (
            f"{in_percent(x.low, 0)} - {in_percent(x.high, 0)}",
            str(x.bets),
            percent(x.said, 1),
            percent(x.came, 1),
            f"{in_percent(x.least, 0)} - {in_percent(x.most, 0)}",
            "yes" if x.fits else "no",
        )
        for x in found.bins
    ]
    table(("p(hit)", "Bets", "Said", "Came", "95 % range", "Fits"), rows, right=(1, 2, 3, 4))
    say(f"{plural(found.bets, 'bet')} · Brier {found.brier:.4f} · log loss {found.log_loss:.4f} · "
        f"ECE {found.ece:.4f}")  # fmt: skip


# ---------------------------------------------------------------------------------- a whole report


class ReportForm(StrEnum):
    """The format of a report."""

    MD = "md"
    HTML = "html"
    JSON = "json"


async def report(
    context: typer.Context,
    *,
    week: Annotated[bool, typer.Option("--week", help="The last seven days.")] = False,
    month: Annotated[bool, typer.Option("--month", help="This month.")] = False,
    season: Annotated[bool, typer.Option("--season", help="This season.")] = False,
    until: Annotated[
        str | None, typer.Option("--until", metavar="DATE", help="The last day; else today.")
    ] = None,
    form: Annotated[
        ReportForm, typer.Option("--format", help="How it is written.")
    ] = ReportForm.MD,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write it to a file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Report on your bets, on the chances that you were given, and on your alerts.

    Money by market, league, book and tag; whether 80 % was 80 %; and of each rule's alerts how
    many came true, beside what they promised.
    """
    if week + month + season > 1:
        raise Misused("--week, --month and --season exclude each other: give one of them")
    span = ReportSpan.SEASON if season else ReportSpan.MONTH if month else ReportSpan.WEEK
    day = date_of(until, "--until")
    try:
        async with session(scope_of(context)) as at:
            day = day or slate_today(at.now.astimezone(at.settings.zone))
            found = await of(at.store, span, day)
    except StoreMissing:
        raise Impossible("there is nothing to report yet: add a bet with `tracker add`") from None
    if as_json or form is ReportForm.JSON:
        if out is None:
            say_json(report_json(found))
            return
        text = json.dumps(report_json(found), indent=2) + "\n"
    else:
        text = page(found) if form is ReportForm.HTML else markdown(found)
    if out is None:
        say(text.rstrip("\n"))
        return
    if not out.parent.is_dir():
        raise Impossible(f"there is no folder {out.parent}: make it first")
    with whole_file(out) as file:
        file.write_text(text, "utf-8")
    say(f"Wrote {out}.")
