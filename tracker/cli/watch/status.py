"""`tracker status` and `watch`: shows the followed bets, once or again as they change."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.util import find_spec
from typing import Annotated

import typer

from tracker.app.health import read_since
from tracker.app.views import status_json
from tracker.cli import Scope, Session, run_async, scope_of, session
from tracker.cli.app import AsJson
from tracker.cli.screen import (
    chance_text,
    needs_decision,
    note,
    paint,
    say,
    say_json,
    shown_as,
    status_text,
    table,
    when,
)
from tracker.cli.watch.alerts import NOT_WATCHED, alerts_line, night_began, until_next_poll
from tracker.clock import SystemClock, wait_for_event
from tracker.domain import Misused
from tracker.domain.alert import DeliveryState
from tracker.domain.chance import NoChance
from tracker.domain.money import plural, several
from tracker.domain.poll import still_since
from tracker.domain.tracking import GameTracking, RulePhase, Tracked
from tracker.store import StoreMissing
from tracker.store.views import BetView, GameView, ShowView, SourceStatusView, StatusView
from tracker.wording import needs, progress, standing
from tracker.wording.figures import rough_span, span_text, whole_points

_SPAN = timedelta(minutes=5)
"""The time over which the movement of a chance is shown."""

_MOST_HISTORIES = 60
"""The most bets whose histories are read; with more bets the movement column stays empty."""

_NO_STATUS = "Nothing is followed yet: add a bet, such as `tracker add 'DEN -4.5 -110 $20'`."

_WELL = "ok"

_RECENT = timedelta(minutes=30)
"""A source that was not asked for this long is not listed."""


async def status(context: typer.Context, as_json: AsJson = False) -> None:
    """Show every followed bet with its chance, what it needs, and how old the data are.

    The figures are those that the daemon wrote down last, and ages follow its clock.
    """
    await show(scope_of(context), as_json)


async def show(scope: Scope, as_json: bool = False) -> None:
    """Read the database and print the status."""
    try:
        async with session(scope) as at:
            whole = await at.store.status_view(at.settings.default_rules)
            whole = whole.aged(read_since(at.daemon, at.now))
            if as_json:
                say_json(status_json(whole, at.now, at.daemon))
                return
            trackings = await at.store.trackings(at.settings.default_rules)
            began = night_began(at.now, at.settings.zone)
            tonight = await at.store.alerting.decisions_since(began)
            histories = await _histories(at, whole.bets)
            reviews = await at.bets.reviews()
            picture = _Picture(whole, trackings, histories, tonight, reviews, at, at.now)
    except StoreMissing:
        empty = StatusView(None, (), (), 0, (), {}, {}, schema=0, size_bytes=0)
        nothing = status_json(empty, SystemClock().now(), None)
        say_json(nothing) if as_json else say(_NO_STATUS)
        return
    _tell(picture)


async def _histories(at: Session, bets: Sequence[BetView]) -> dict[int, ShowView]:
    found = {}
    for bet in bets if len(bets) <= _MOST_HISTORIES else ():
        view = await at.store.show_view(bet.number, at.settings.default_rules)
        if view is not None:
            found[bet.number] = view
    return found


@dataclass(frozen=True, slots=True)
class _Picture:
    """All that the status shows."""

    whole: StatusView
    trackings: Sequence[GameTracking]
    histories: dict[int, ShowView]
    decisions: dict[tuple[str, str], int]
    reviews: Sequence[BetView]
    at: Session
    now: datetime


def _tell(x: _Picture) -> None:
    tracked = {t.bet.number: (tracking, t) for tracking in x.trackings for t in tracking.tracked}
    for game in sorted(x.whole.games, key=lambda g: (g.game.start, g.game.id)):
        # A parlay stands under each of its games, as on their cards.
        bets = [b for b in x.whole.bets if any(g.id == game.game.id for g in b.games)]
        say(_game_line(game, x))
        rows = [_row(bet, tracked, x) for bet in bets]
        if rows:
            table(("ID", "Bet", "Now", "Need", "p(hit)", "5 min", "State"), rows, right=(4, 5))
        say()
    if decide := needs_decision(x.reviews):
        say(paint(decide, "yellow"))
    if x.whole.unbound:
        count = x.whole.unbound
        say(
            f"{plural(count, 'bet')} {several(count, 'waits')} for a game to be known: "
            "`tracker bets` lists them."
        )
    for mistake in x.whole.bets_file:
        say(f"{paint('⚠', 'yellow')} {mistake}")
    if not x.whole.games and not x.whole.unbound:
        say(_NO_STATUS if not x.whole.bets else "No bet is being followed.")
    wait = until_next_poll(x.trackings, x.now) if x.at.daemon is not None else None
    if line := alerts_line(x.decisions, wait):
        say(line)
    _tell_messages(x.whole)
    if x.at.daemon is not None and (feeds := feeds_line(x.whole.sources, x.now)):
        say(feeds)
    since = read_since(x.at.daemon, x.now)
    if x.at.daemon is not None and (silent := x.whole.unread(since)):
        names = ", ".join(g.game.name for g in silent)
        say(paint(f"Nothing new is written of {names}: `tracker doctor` says why.", "yellow"))
    say(_daemon_line(x))


def _game_line(view: GameView, x: _Picture) -> str:
    game, state, delay = view.game, view.state, x.at.settings.alerts.delay

    def since(at: datetime) -> str:
        return span_text((x.now - at).total_seconds() + delay)

    if state is None or state.period == 0:
        line = f"{paint(f'{game.away} @ {game.home}{game.of_women}', 'bold')}   "
        start = when(game.start, x.now, x.at.settings.zone)
        if state is not None and state.phase.off:
            return f"{line}{state.game_clock} · was to begin {start}"
        left = (game.start - x.now).total_seconds()
        if left > 0:
            return f"{line}{start} (in {rough_span(left)})"
        line, read = f"{line}{start} (to begin)", view.seen_at
        if read is None or read >= read_since(x.at.daemon, x.now):
            return line
        # It may be in play by now, which nobody would have seen.
        return f"{line}   {paint(f'last read {since(read)} ago', 'yellow')}"
    score = f"{game.away} {state.score.away} @ {game.home} {state.score.home}{game.of_women}"
    age = ""
    if view.seen_at is not None and state.phase.in_play:
        source = source_of(game.league, x.whole.sources)
        by = f" ({source})" if source else ""
        behind = f", delayed {span_text(delay)}" if delay else ""
        age = f"data {since(view.seen_at)} old{by}{behind}"
    still = still_since(state, view.changed_at, view.seen_at)
    if view.lost and still is None:
        age = paint(f"feed lost, {age}", "yellow")
    elif (read := view.seen_at) is not None and read < read_since(x.at.daemon, x.now):
        age = paint(f"stale, last read {since(read)} ago", "yellow") if age else ""
    elif view.stale and view.changed_at is not None:
        # The source answers, but with the same state: the age of its answer would mislead.
        age = paint(f"stale, nothing has changed for {since(view.changed_at)}", "yellow")
    return f"{paint(score, 'bold')}   {paint(state.game_clock, 'cyan')}   {age}".rstrip()


def _row(
    bet: BetView, tracked: dict[int, tuple[GameTracking, Tracked]], x: _Picture
) -> tuple[str, ...]:
    now = need = ""
    state = bet.state
    if bet.market is not None and state is not None and bet.result is None:
        started = state.phase.in_play
        now = standing(bet.market, state).removesuffix(" now") if started else ""
        need = needs(bet.market, state).removeprefix("needs ").removeprefix("has ")
    if bet.no_chance is NoChance.OUT:
        now, need = "", "" if bet.result is not None else "will be void"
    entry = tracked.get(bet.number)
    if entry is not None and bet.result is None:
        now = progress(entry[1].legs) or now
    rule = status_text(bet, short=True)
    if entry is not None and bet.result is None and bet.review is None:
        told = rule if bet.no_chance is None else bet.no_chance.text
        rule = _rules_text(entry[1]) or ("watching" if bet.chance is not None else told)
    return (
        str(bet.id),
        shown_as(bet),
        now,
        need,
        chance_text(bet, short=True),
        _moved(bet, x),
        rule,
    )


def _rules_text(tracked: Tracked) -> str:
    """The rules of a bet that are pending or have fired, in words."""
    from tracker.app.tonight import rules_at_work

    colours = {RulePhase.PENDING: "yellow", RulePhase.FIRING: "cyan"}
    return ", ".join(paint(x, colours[phase]) for x, phase in rules_at_work(tracked).items())


def _moved(bet: BetView, x: _Picture) -> str:
    """The movement of the chance over the last five minutes, in points: `▲ 9`."""
    view = x.histories.get(bet.number)
    if view is None or bet.chance is None or bet.chance_at is None or bet.result is not None:
        return ""
    since = bet.chance_at - _SPAN
    earlier = [one.snapshot for one in view.priced.snapshots if one.snapshot.game.at <= since]
    if not earlier:
        return ""
    points = whole_points(bet.chance.win, earlier[-1].known.win)
    if points == 0:
        return "="
    return paint(f"▲ {points}", "green") if points > 0 else paint(f"▼ {-points}", "red")


def _tell_messages(whole: StatusView) -> None:
    """Print how many messages were not sent, by channel and state."""
    waiting = {
        key: count for key, count in whole.deliveries.items() if key[1] != DeliveryState.SENT
    }
    for (channel, state), count in sorted(waiting.items()):
        say(paint(f"Messages {state} on {channel}: {count}", "yellow"))


def _daemon_line(x: _Picture) -> str:
    daemon = x.at.daemon
    if daemon is None:
        return paint(NOT_WATCHED, "yellow")
    speed = daemon.clock_speed
    fast = f" that runs {speed:g} times as fast" if speed not in (None, 1) else " of its own"
    clock = f", on a clock{fast}" if speed is not None else ""
    at = x.now.astimezone(x.at.settings.zone)
    where = "elsewhere, perhaps in a container" if daemon.pid is None else f"process {daemon.pid}"
    return paint(f"{at:%H:%M:%S %Z} · the daemon runs ({where}{clock})", "dim")


# ---------------------------------------------------------------------- how sources of games stand


def source_of(league: str, sources: Sequence[SourceStatusView]) -> str:
    """The source of a league that answered last; empty before any has."""
    parts = [
        (x.last_ok_at, x.source)
        for x in sources
        if x.last_ok_at is not None and x.source.rpartition(" ")[2] == league
    ]
    return max(parts)[1].partition(" ")[0] if parts else ""


def feeds_line(sources: Sequence[SourceStatusView], now: datetime) -> str | None:
    """A line on the sources that were asked lately: `Feeds: nba ok 4 s ago · espn nba blocked`.

    None when none was asked.
    """
    parts = [_part(x, now) for x in sources if now - x.last_try_at <= _RECENT]
    return f"Feeds: {' · '.join(parts)}" if parts else None


def _part(status: SourceStatusView, now: datetime) -> str:
    ago = "" if status.last_ok_at is None else span_text((now - status.last_ok_at).total_seconds())
    if status.word == _WELL:
        return f"{status.source} {_WELL} {ago} ago"
    word = status.word.replace("_", " ")
    since = f", last answer {ago} ago" if ago else ", no answer yet"
    return paint(f"{status.source} {word}{since}", "yellow")


# ----------------------------------------------------------- again and again, or a screen to act in

_LEAST_S = 0.5
_USUAL_S = 2.0
_ROWS = 24

_ALTERNATE, _BACK = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
"""Codes that switch to the terminal's alternate screen without a cursor, and back again."""

_TOP, _REST_OF_LINE, _REST = "\x1b[H", "\x1b[K", "\x1b[J"

_NO_SCREEN = (
    "The screen to act in needs Textual, which is not installed "
    '(pip install ".[screen]" in tracker\'s folder); this is the plain one.'
)


def watch(
    context: typer.Context,
    every: Annotated[
        float, typer.Option(metavar="SECONDS", help="How often to look; 0.5 at the least.")
    ] = _USUAL_S,
    plain: Annotated[
        bool, typer.Option("--plain", help="`tracker status` drawn in place, nothing to press.")
    ] = False,
) -> None:
    """Show tonight's bets live, and act: add, snooze, withdraw; the chart and why it moved.

    It only reads what the daemon writes down, so looking often costs the feeds nothing. --plain
    shows `tracker status` and keeps it fresh until you press Ctrl-C.
    """
    if not every >= _LEAST_S:
        raise Misused(f"--every {every:g} is too often: {_LEAST_S} seconds is the least")
    if not sys.stdout.isatty():
        raise Misused("there is no terminal to draw on: `tracker status` prints it once")
    if not plain and find_spec("textual") is not None:
        from tracker.cli.watch.interactive import WatchScreen

        run_async(WatchScreen(scope_of(context), SystemClock(), every).run_async())
        return
    if not plain:
        note(_NO_SCREEN)
    # Ctrl-C is the normal way to leave it, also before anything is drawn.
    with suppress(KeyboardInterrupt), _other_screen():
        run_async(_plain(scope_of(context), every, "" if plain else _NO_SCREEN))


@contextmanager
def _other_screen() -> Iterator[None]:
    sys.stdout.write(_ALTERNATE)
    try:
        yield
    finally:
        sys.stdout.write(_BACK)
        sys.stdout.flush()


async def _plain(scope: Scope, every: float, head: str) -> None:
    """Draw the status every `every` seconds until SIGINT, SIGTERM or SIGHUP.

    It handles these signals itself: a shell starts background programs with SIGINT ignored, and a
    program that SIGTERM kills would leave the terminal on the alternate screen.
    """
    clock, stop, loop = SystemClock(), asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    while not stop.is_set():
        frame = TerminalFrame(sys.stdout.fileno())
        with redirect_stdout(frame):
            await show(scope)
        # A terminal that does not report its size gives 0 lines.
        rows = os.get_terminal_size(sys.stdout.fileno()).lines or _ROWS
        text = f"{head}\n{frame.getvalue()}" if head else frame.getvalue()
        sys.stdout.write(in_place(text, rows))
        sys.stdout.flush()
        await wait_for_event(clock, stop, every)


class TerminalFrame(io.StringIO):
    """Collects output that is coloured and wrapped as for a terminal, to be drawn at once."""

    def __init__(self, terminal: int) -> None:
        """`terminal` is the terminal's file descriptor."""
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        """True, so that the output is coloured and wrapped."""
        return True

    def fileno(self) -> int:
        """The terminal's file descriptor, by which its width is read."""
        return self._terminal


def in_place(text: str, rows: int) -> str:
    """A text with the codes that draw it over the last one, without flicker and scrolling.

    Lines beyond `rows` are replaced by a line that counts them.
    """
    lines = text.rstrip("\n").split("\n")
    if len(lines) > rows:
        hidden = len(lines) - rows + 1
        lines = [*lines[: rows - 1], f"… {hidden} more lines: make the window taller"]
    return _TOP + "\n".join(f"{x}{_REST_OF_LINE}" for x in lines) + _REST
