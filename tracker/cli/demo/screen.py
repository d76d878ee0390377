"""What the demo shows: the night as it goes, and in the end the results and their charts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tracker.app.course import Course, course_of
from tracker.cli.charts.plot import draw
from tracker.cli.demo.night import BETS, PAIRINGS
from tracker.cli.demo.verdict import Verdict
from tracker.cli.look import chance_text, shown_as
from tracker.domain.bet import Result
from tracker.domain.league import LEAGUE_ZONE
from tracker.domain.money import plural
from tracker.store.views import BetView, ShowView
from tracker.wording.closes import closed_line
from tracker.wording.figures import score_text, signed_money

_WIDE = 88
_LONGEST_BET = 23
"""Columns for a bet's name, so that its money has room on a terminal of 80."""

_STYLES = {
    Result.WON: "green",
    Result.LOST: "red",
    Result.PUSH: "yellow",
    Result.VOID: "yellow",
}


def introduce(console: Console, folder: Path) -> None:
    """Say what is about to be seen."""
    console.print(
        "Four recorded NBA games, hundreds of times as fast, from a local server that answers as "
        "the real feed does."
    )
    for pairing in PAIRINGS:
        console.print(f"  {pairing.game}: {pairing.story}")
    console.print("The daemon runs beside it, as `tracker run` would.")
    console.print(f"Its files: {folder}\n", soft_wrap=True)


def heading(now: datetime, alerts: int) -> Text:
    """The time of the night and what has arrived."""
    clock = now.astimezone(LEAGUE_ZONE).strftime("%H:%M:%S")
    return Text(f"\n{clock} in New York · {alerts} messages sent through Apprise", "bold")


def alert_line(message: str, now: datetime) -> Text:
    """A message as it arrived, with the time of the night."""
    clock = now.astimezone(LEAGUE_ZONE).strftime("%H:%M")
    return Text(f"{clock}  {message.splitlines()[0]}")


def table(bets: Sequence[BetView]) -> Table:
    """Every bet with its game, chance and result."""
    grid = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for head in ("ID", "Bet", "Score", "Clock", "p(hit)", "Result"):
        most = _LONGEST_BET if head == "Bet" else None
        right = head == "p(hit)"
        grid.add_column(head, no_wrap=True, justify="right" if right else "left", max_width=most)
    for bet in bets:
        grid.add_row(*_row(bet))
    return grid


def _row(bet: BetView) -> tuple[str | Text, ...]:
    state, game = bet.state, bet.game
    score = "" if state is None or game is None else score_text(game, state.score)
    clock = "" if state is None else state.game_clock
    return str(bet.number), shown_as(bet), score, clock, chance_text(bet), _result(bet)


def _result(bet: BetView) -> Text:
    if bet.result is None:
        return Text("")
    gained = 0
    if bet.payout_cents is not None and bet.stake_cents is not None:
        gained = bet.payout_cents - bet.stake_cents
    money = f" {signed_money(gained)}" if gained else ""
    return Text(f"{bet.result.value}{money}", _STYLES[bet.result])


def conclude(verdict: Verdict, pictures: Path, console: Console) -> None:
    """The charts, the results, and whether all was right."""
    for view in verdict.bets:
        if view.snapshots:
            # Its colours are in the text: rich counts them as letters unless it is told.
            console.print(Text.from_ansi("\n".join(_chart(view, min(console.width, _WIDE)))))
            console.print()
    console.print(table([view.bet for view in verdict.bets]))
    _tell_closes(verdict, console)
    drawn = _draw_pictures(verdict.bets, pictures)
    right = len(verdict.bets) - len(verdict.wrong)
    console.print(
        f"\n{right} of {BETS} bets settled as the real final boxes say, "
        f"{plural(verdict.alerts, 'message')} arrived, "
        f"{sum(len(v.snapshots) for v in verdict.bets)} snapshots kept, "
        f"daemon exit status {verdict.exit_status}."
    )
    if drawn:
        console.print(f"Pictures of a chart of each game: {pictures}")
    if not verdict.good:
        console.print("This is not as it should be. The daemon's log:", style="red")
        console.print(verdict.log[-4000:], markup=False)


def _tell_closes(verdict: Verdict, console: Console) -> None:
    """What each bet was worth by the closing line; the prices of the night are modelled."""
    told = [
        (view.bet, value)
        for view in verdict.bets
        if (value := verdict.values.get(view.bet.number)) is not None and view.bet.market
    ]
    if not told:
        return
    console.print("\nBy the closing line (the prices of this night are modelled):")
    grid = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for bet, value in told:
        line = value.reason if bet.market is None else closed_line(bet.market, bet.odds, value)
        grid.add_row(f"  #{bet.number}", Text(shown_as(bet)), Text(line))
    console.print(grid)


def _chart(view: ShowView, columns: int) -> list[str]:
    return draw(_course(view), columns, whole=False)


def _course(view: ShowView) -> Course:
    return course_of(view, _title(view.bet), _subtitle(view.bet), LEAGUE_ZONE)


def _title(bet: BetView) -> str:
    return f"#{bet.number}  {bet.market_text or bet.pick}"


def _subtitle(bet: BetView) -> str:
    if bet.state is None or bet.game is None:
        return ""
    return (
        f"{score_text(bet.game, bet.state.score)} · {bet.state.game_clock} · {_result(bet).plain}"
    )


def _draw_pictures(views: Sequence[ShowView], folder: Path) -> bool:
    """A PNG for the first bet of each game; whether it could be drawn (pictures are an extra)."""
    try:
        from tracker.cli.charts.picture import write_picture
    except ImportError:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    first = {view.bet.game.id: view for view in reversed(views) if view.bet.game is not None}
    for view in first.values():
        if view.snapshots:
            write_picture(_course(view), folder / f"bet-{view.bet.number}.png")
    return True
