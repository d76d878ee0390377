"""The record of a week, a month or a season: money, calibration and alerts, in three formats."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from tracker.app.views import part, plain
from tracker.domain.league import season_name
from tracker.domain.money import money_text, plural
from tracker.engine.record import NOTHING, Grouping, Prediction, Reliability, Tally, reliability
from tracker.store import Store
from tracker.store.outcomes import JudgedRule
from tracker.wording.closes import share_text
from tracker.wording.figures import in_percent, percent, record_text, signed_money

COHORTS = (Grouping.MARKET, Grouping.LEAGUE, Grouping.BOOK, Grouping.TAG)
"""What the record is broken down by."""


class ReportSpan(StrEnum):
    """The span of a report, which ends today."""

    WEEK = "week"
    MONTH = "month"
    SEASON = "season"


@dataclass(frozen=True, slots=True)
class Report:
    """A record from one of the leagues' dates to another, both included.

    `reliable` compares the first chance of each bet with its result; None before the first result.
    `closing_value` is what a unit staked was worth at the close, over `valued` bets.
    """

    span: ReportSpan
    since: date
    until: date
    whole: Tally
    cohorts: Mapping[Grouping, Mapping[str, Tally]]
    reliable: Reliability | None
    rules: tuple[JudgedRule, ...]
    closing_value: float | None = None
    valued: int = 0


def first_day(span: ReportSpan, today: date) -> date:
    """The first day of a span that ends today; a season is the NBA's."""
    match span:
        case ReportSpan.WEEK:
            return today - timedelta(days=6)
        case ReportSpan.MONTH:
            return today.replace(day=1)
        case ReportSpan.SEASON:
            day, name = today, season_name("nba", today)
            while season_name("nba", day - timedelta(days=1)) == name:
                day -= timedelta(days=1)
            return day


async def report(store: Store, span: ReportSpan, today: date) -> Report:
    """The record of a span that ends today."""
    since, outcomes = first_day(span, today), store.outcomes
    value, valued = await store.monitoring.closing_value(since, today)
    tallies = await outcomes.grouped((Grouping.ALL, *COHORTS), since, today)
    return Report(
        span,
        since,
        today,
        tallies[Grouping.ALL].get("all", NOTHING),
        {x: tallies[x] for x in COHORTS},
        reliability(await outcomes.first_predictions(since, today)),
        await outcomes.judged_rules(since, today),
        value,
        valued,
    )


# ------------------------------------------------------------------------------------------- forms


def tally_json(x: Tally) -> dict[str, object]:
    """A record of bets and money, as every contract has it; shares are 0 to 1."""
    return {
        **part(x, "bets", "won", "lost"),
        "push": x.pushed,
        "void": x.voided,
        "counted": x.counted,
        "staked_cents": x.staked,
        "profit_cents": x.profit,
        **part(x, "roi", "roi_se", "hit_rate"),
        "break_even": x.asked,
    }


def reliability_json(found: Reliability | None) -> dict[str, object]:
    """Chances against results, as every contract has it."""
    if found is None:
        return {"bets": 0, "brier": None, "log_loss": None, "bins": []}
    bins = [plain(x) | {"fits": x.fits} for x in found.bins]
    return {**part(found, "bets", "brier", "log_loss"), "bins": bins}


def calibration_json(
    predictions: Sequence[Prediction], first: Sequence[Prediction]
) -> dict[str, object]:
    """Shown chances against results, and raw chances against results: `calibration --json`.

    `first` are the first chances of the bets, which the page draws. `calibrated` is the number of
    bets with a chance that a calibration has moved.
    """
    moved = len({x.bet for x in predictions if x.raw is not None})
    return _calibration_json(predictions) | {"calibrated": moved, "first": _calibration_json(first)}


def _calibration_json(predictions: Sequence[Prediction]) -> dict[str, object]:
    calibrated, raw = reliability(predictions), reliability(raw_of(predictions))
    return reliability_json(calibrated) | {
        "ece": None if calibrated is None else calibrated.ece,
        "raw": reliability_json(raw) | {"ece": None if raw is None else raw.ece},
    }


def raw_of(predictions: Iterable[Prediction]) -> list[Prediction]:
    """The chances as the forecast had them, before calibration."""
    return [x if x.raw is None else replace(x, p=x.raw) for x in predictions]


def raw_reliability(predictions: Sequence[Prediction]) -> Reliability | None:
    """How the chances before calibration came true; None where none was calibrated."""
    changed = any(x.raw is not None for x in predictions)
    return reliability(raw_of(predictions)) if changed else None


def report_json(x: Report) -> dict[str, object]:
    """The report as JSON: docs/schema/report.json."""
    return {
        **part(x, "span", "since", "until"),
        "record": tally_json(x.whole),
        "by": {
            by.value: {key: tally_json(one) for key, one in groups.items()}
            for by, groups in x.cohorts.items()
        },
        "clv": {"bets": x.valued, "mean_ev": x.closing_value},
        "calibration": None if x.reliable is None else reliability_json(x.reliable),
        "alerts": [
            {
                **part(r, "rule", "alerts", "promised", "held", "decided"),
                "minutes_early": r.early,
                "repeats": r.repeats,
            }
            for r in x.rules
        ],
    }


_Table = tuple[str, Sequence[str], Sequence[Sequence[str]]]
"""The title, the heads and the rows of a table."""


def summary(x: Report) -> str:
    """The record in a line or two, for a message."""
    w = x.whole
    if not w.bets:
        return f"No bet ended this {x.span}"
    won = record_text(w.won, w.lost, w.pushed)
    money = f", {signed_money(w.profit)} on {money_text(w.staked)}" if w.counted else ""
    roi = "" if w.roi is None else f" ({share_text(w.roi)})"
    lines = [f"Your {x.span}: {won}{money}{roi}"]
    if lacking := left_out(w):
        lines.append(lacking)
    if x.reliable is not None:
        lines.append(
            f"Brier of what was said first: {x.reliable.brier:.3f} "
            f"over {plural(x.reliable.bets, 'bet')}"
        )
    if x.closing_value is not None:
        value = share_text(x.closing_value)
        over = plural(x.valued, "bet")
        lines.append(f"By the closing line a bet was worth {value}, over {over}")
    return "\n".join(lines)


def markdown(x: Report) -> str:
    """The report in Markdown."""
    lines = [f"# {_title(x)}", "", summary(x).replace("\n", "\n\n"), ""]
    for title, heads, rows in _tables(x):
        lines += [f"## {title}", "", *markdown_table(heads, rows)]
    return "\n".join(lines)


def markdown_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table in Markdown, and an empty one."""
    cells = [" | ".join(cell.replace("|", "/") for cell in row) for row in (heads, *rows)]
    first, *others = (f"| {row} |" for row in cells)
    return [first, f"|{' --- |' * len(heads)}", *others, ""]


def page(x: Report) -> str:
    """The report as one self-contained HTML page."""
    parts = [
        "<!doctype html><html lang='en'><meta charset='utf-8'>",
        f"<title>{html.escape(_title(x))}</title><style>",
        "body{font:16px/1.5 system-ui,sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem}",
        "table{border-collapse:collapse;margin:1rem 0}td,th{padding:.2rem .6rem;text-align:left;",
        "border-bottom:1px solid #8886}:root{color-scheme:light dark}</style>",
        f"<h1>{html.escape(_title(x))}</h1>",
        *(f"<p>{html.escape(line)}</p>" for line in summary(x).splitlines()),
    ]
    for title, heads, rows in _tables(x):
        parts += [f"<h2>{html.escape(title)}</h2><table><tr>"]
        parts += [f"<th>{html.escape(head)}</th>" for head in heads]
        for row in rows:
            cells = "".join(f"<td>{html.escape(cell)}</td>" for cell in row)
            parts.append(f"</tr><tr>{cells}")
        parts.append("</tr></table>")
    return "".join(parts) + "</html>\n"


def _title(x: Report) -> str:
    return f"Record of the {x.span}, {x.since} to {x.until}"


def _tables(x: Report) -> Iterator[_Table]:
    for by, groups in x.cohorts.items():
        if groups:
            rows = [tally_row(key, one) for key, one in groups.items()]
            yield f"By {by}", (by.value.capitalize(), *TALLY_HEADS), rows
    if x.reliable is not None:
        yield (
            "Was 80 % really 80 %?",
            ("Said", "Bets", "Mean", "Came", "Fits"),
            [
                (f"{in_percent(b.low, 0)} – {in_percent(b.high, 0)}", str(b.bets),
                 percent(b.said, 1), percent(b.came, 1), "yes" if b.fits else "no")
                for b in x.reliable.bins
            ],
        )  # fmt: skip
    if x.rules:
        yield (
            "What the alerts were worth",
            ("Rule", "Alerts", "Promised", "Held", "Minutes before the end", "Came again"),
            [
                (r.rule, str(r.alerts), _maybe(r.promised), _maybe(r.held),
                 "" if r.early is None else f"{r.early:.0f}", str(r.repeats))
                for r in x.rules
            ],
        )  # fmt: skip


def left_out(x: Tally) -> str:
    """That the sums of money lack some bets of a record; empty where they have all of them."""
    if not x.uncounted:
        return ""
    return f"In no sum of money: {plural(x.uncounted, 'bet')} of unknown stake or payout."


TALLY_HEADS = ("Bets", "Record", "Won", "Asked", "Staked", "Profit", "ROI")
"""The heads of `tally_row`, but for that of its name."""


def tally_row(name: str, x: Tally) -> tuple[str, ...]:
    """A record as a row of a table."""
    record = record_text(x.won, x.lost, x.pushed)
    money = (money_text(x.staked), signed_money(x.profit)) if x.counted else ("", "")
    roi = "" if x.roi is None else share_text(x.roi)
    return (name, str(x.bets), record, _maybe(x.hit_rate), _maybe(x.asked), *money, roi)


def _maybe(share: float | None) -> str:
    return "" if share is None else percent(share, 1)
