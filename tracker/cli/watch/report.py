"""`tracker report`: the record of a week, a month or a season."""

from __future__ import annotations

import asyncio
import json
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli.declare import AsJson, declare
from tracker.cli.screen import say, say_json
from tracker.cli.session import Scope, scope_of, session
from tracker.domain.errors import Impossible, Misused
from tracker.domain.league import slate_date

if TYPE_CHECKING:
    from tracker.app.report import Report, Span


class Form(StrEnum):
    """How a report is written."""

    MD = "md"
    HTML = "html"
    JSON = "json"


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make the verb known."""
    declare(app, name, report, panel)


def report(
    context: typer.Context,
    *,
    week: Annotated[bool, typer.Option("--week", help="The last seven days.")] = False,
    month: Annotated[bool, typer.Option("--month", help="This month.")] = False,
    season: Annotated[bool, typer.Option("--season", help="This season.")] = False,
    until: Annotated[
        str | None, typer.Option("--until", metavar="DATE", help="The last day; else today.")
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="How it is written.")] = Form.MD,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write it to a file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what your bets, the chances that you were told and your alerts were worth.

    Money by market, league, book and tag; whether 80 % was 80 %; and of each rule's alerts how
    many came true, beside what they promised.
    """
    from tracker.app.report import Span, markdown, page, report_json

    if week + month + season > 1:
        raise Misused("--week, --month and --season exclude each other: give one of them")
    span = Span.SEASON if season else Span.MONTH if month else Span.WEEK
    found = asyncio.run(_report(scope_of(context), span, _day(until)))
    if (as_json or form is Form.JSON) and out is None:
        say_json(report_json(found))
        return
    whole = json.dumps(report_json(found), indent=2) + "\n"
    text = (
        whole if as_json or form is Form.JSON else {Form.HTML: page, Form.MD: markdown}[form](found)
    )
    if out is None:
        say(text.rstrip("\n"))
        return
    if not out.parent.is_dir():
        raise Impossible(f"there is no folder {out.parent}: make it first")
    out.write_text(text, "utf-8")
    say(f"Wrote {out}.")


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise Misused(f"--until {text!r} is no date: write it like 2026-11-20") from None


async def _report(scope: Scope, span: Span, until: date | None) -> Report:
    from tracker.app.report import report as of
    from tracker.store import StoreMissing

    try:
        async with session(scope) as at:
            return await of(at.store, span, until or slate_date(at.now))
    except StoreMissing:
        raise Impossible("there is nothing to report yet: add a bet with `tracker add`") from None
