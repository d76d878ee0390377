"""The data and the acts of the screen of `tracker watch`: reads the database as it changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from rich.text import Text

from tracker.app.bets import check, unregistered
from tracker.app.health import AtWork, at_work
from tracker.app.tonight import GameOnPage, evening
from tracker.cli import Scope, Session, session
from tracker.cli.bets import draft_for, silent_chooser
from tracker.cli.bets.add import understood
from tracker.cli.charts import explained, why_lines
from tracker.cli.screen import needs_decision, shown_as, status_text, when
from tracker.cli.watch.alerts import NOT_WATCHED, alerts_line, night_began, until_next_poll
from tracker.clock import Clock, wait_for_event
from tracker.domain import TrackerError
from tracker.domain.policy import Snooze, SnoozeScope, parse_until
from tracker.host import os_trouble
from tracker.intake import Beside
from tracker.store.views import BetView, ShowView
from tracker.wording.cards import Row

_RETRY_S = 2.0
"""Seconds before a database that cannot be read is tried again."""

_LOOKED_THROUGH, _MOST_ENDED = 40, 12
"""The number of newest bets among which settled ones are looked for, and the most shown."""

_AGES_S = 5.0
"""Seconds after which everything is read again without a write, since the ages shown grow."""

_LIGHTS = {
    "🟢": ("●", "green"), "🟡": ("●", "yellow"), "🔴": ("●", "red"), "⚪": ("○", "dim"),
    "✅": ("✔", "green bold"), "❌": ("✘", "red bold"), "↔": ("↔", "yellow"),
    "⊘": ("⊘", "yellow"), "❔": ("?", "yellow bold"),
}  # fmt: skip
"""Signs of one column and their styles for a card's emoji, whose width differs by terminal."""


# ----------------------------------------------------------------------------------- what is shown


@dataclass(frozen=True, slots=True)
class TonightSeen:
    """All that the screen shows at one moment.

    `waiting` are open bets on no game's card, `ended` the latest settled bets, `line` is the status
    line, and `trouble` says why nothing is watched, else empty.
    """

    games: tuple[GameOnPage, ...]
    waiting: tuple[BetView, ...]
    ended: tuple[BetView, ...]
    line: str
    trouble: str


async def _look(at: Session) -> TonightSeen:
    """Read everything that the screen shows from the database."""
    rules, zone = at.settings.default_rules, at.settings.zone
    work, delay = AtWork(at.daemon, at.clock), at.settings.alerts.delay
    night = await evening(at.store, rules, work, zone, delay)
    last = await at.store.bets_before(None, _LOOKED_THROUGH, rules)
    ended = [x for x in last if x.result is not None and night.row_of(x.number) is None]
    wait = None
    if at.daemon is not None:
        wait = until_next_poll(await at.store.trackings(rules), at.now)
    decisions = await at.store.alerting.decisions_since(night_began(at.now, zone))
    said = [
        f"{at.now.astimezone(zone):%H:%M:%S %Z}",
        alerts_line(decisions, wait),
        needs_decision(await at.bets.reviews()),
    ]
    trouble = "" if at.daemon is not None else NOT_WATCHED
    line = " · ".join(x for x in said if x)
    return TonightSeen(night.games, night.waiting, tuple(ended[:_MOST_ENDED]), line, trouble)


@dataclass(slots=True)
class LiveReader:
    """Keeps the database open and reads it whenever the daemon has written; carries out acts.

    The clock is the machine's; `every` is the seconds between two checks of the version.
    """

    _scope: Scope
    _clock: Clock
    _every: float
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)
    _at: Session | None = None

    def refresh(self) -> None:
        """Read the database now instead of at the next check."""
        self._wanted.set()

    async def follow(self, take: Callable[[TonightSeen | str], Awaitable[None]]) -> None:
        """Call `take` after each change, until cancelled.

        It gets what was read, or a sentence when the database cannot be read.
        """
        while True:
            try:
                async with session(self._scope) as self._at:
                    await self._follow(take)
            except (TrackerError, OSError) as why:
                self._at = None
                await take(str(why) if isinstance(why, TrackerError) else os_trouble(why))
                await self._pause(_RETRY_S)

    async def _follow(self, take: Callable[[TonightSeen | str], Awaitable[None]]) -> None:
        version, read_at = -1, 0.0
        while True:
            at = await self._fresh()
            newest, now = await at.store.data_version(), self._clock.monotonic()
            if newest != version or now - read_at >= _AGES_S or self._wanted.is_set():
                version, read_at = newest, now
                self._wanted.clear()
                await take(await _look(at))
            await self._pause(self._every)

    async def _pause(self, seconds: float) -> None:
        await wait_for_event(self._clock, self._wanted, seconds)

    async def _fresh(self) -> Session:
        """The open database, with the daemon that runs now."""
        at = self._at
        if at is None:
            raise RuntimeError("the database is not open")
        found = await at_work(at.store, at.settings.store.lock, self._clock)
        return replace(at, clock=found.clock, daemon=found.daemon)

    async def history(self, number: int) -> tuple[ShowView, Session] | None:
        """A bet with its history; None when there is no such bet or the database is not open."""
        if self._at is None:
            return None
        at = await self._fresh()
        view = await at.store.show_view(number, at.settings.default_rules)
        return None if view is None else (view, at)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Session]:
        """Open the database for one change; the screen is updated after it."""
        async with session(self._scope, write=True) as at:
            yield at
        self.refresh()

    async def why(self, number: int) -> list[str]:
        """The lines that explain a bet's last notable change."""
        return why_lines(await explained(self._scope, str(number)))

    async def shown_back(self, line: str) -> list[str]:
        """Lines that show how a bet would be understood; saves no bet. Raises BadBet."""
        draft = await draft_for(self._scope, line, Beside())
        check(draft)
        async with session(self._scope, write=True) as at:
            chosen = await silent_chooser(at).choose(draft)
            return understood(unregistered(draft, chosen), at)

    async def add(self, line: str) -> str:
        """Register a bet; returns a sentence about the outcome."""
        draft = await draft_for(self._scope, line, Beside())
        async with self.writing() as at:
            done = await at.bets.add(draft, await silent_chooser(at).choose(draft), at.now)
        word = "Added" if done.added.created else "Already there:"
        return f"{word} #{done.added.number} {done.text}"

    async def snooze(self, about: SnoozeScope, target: str, text: str) -> str:
        """Snooze a bet or a game, or end that with `off`; returns a sentence about the outcome."""
        async with self.writing() as at:
            if text == "off":
                lifted = await at.store.alerting.lift_snooze(about, target, at.now)
                return "Speaking again." if lifted else "Nothing was silent."
            until = parse_until(text, at.now, at.settings.zone)
            kept = await at.store.alerting.snooze(Snooze(about, target, at.now, until))
            return f"Silent until {when(kept.until, at.now, at.settings.zone)}."

    async def withdraw(self, number: int) -> str:
        """Withdraw a bet; returns a sentence about the outcome."""
        async with self.writing() as at:
            done = await at.bets.withdraw(str(number), at.now)
        name = f"#{done.bet.id}"
        return f"{name} {'is withdrawn' if done.done else done.already}."


# -------------------------------------------------------------------------------------- the rows

_COLUMNS = 12, 11, 27
"""Widths of a bet's standing, chance and need in a row; its name gets the rest."""

_LEAST_NAME = 18
"""The fewest columns that a bet's name gets."""


@dataclass(frozen=True, slots=True)
class ScreenRow:
    """A row that can be chosen: a bet, a game, or a heading (`bet` is None for the latter two)."""

    name: str
    bet: int | None = None
    game: str = ""

    @property
    def key(self) -> str:
        """An id that stays the same between reads; a parlay has one row under each of its games."""
        return f"g{self.game}" if self.bet is None else f"b{self.bet} {self.game}"


def rows_of(seen: TonightSeen, columns: int) -> list[tuple[ScreenRow, Text]]:
    """A row for every game and every bet, none wider than `columns`."""
    found: list[tuple[ScreenRow, Text]] = []
    for game in seen.games:
        card = game.card
        head = Text(card.head.removeprefix("🏀 "), "bold")
        for text, style in ((card.warning, "yellow"), (card.quiet, "yellow"), (card.verdict, "")):
            if text:
                head.append(f"  {text}", style)
        if not card.warning:
            head.append(f"  {card.foot.partition(' · ')[0]}", "dim")
        found.append((ScreenRow(game.name, game=game.game), _cut(head, columns)))
        found += [
            (ScreenRow(x.row.label, x.number, game.game), _row(x.row, columns)) for x in game.bets
        ]
        if card.rest:
            rest = ScreenRow(card.rest, game=f"{game.game} rest")
            found.append((rest, Text(f"  {card.rest}", "dim")))
    found += _listed("Waiting for their games", seen.waiting, columns)
    return found + _listed("Last results", seen.ended, columns)


def _listed(head: str, bets: Sequence[BetView], columns: int) -> list[tuple[ScreenRow, Text]]:
    """Rows for bets that are on no game's card, under a heading; none without bets."""
    if not bets:
        return []
    found = [(ScreenRow(head, game=head), Text(head, "bold"))]
    for bet in bets:
        name = f"#{bet.id} {shown_as(bet)}"
        where = "" if bet.game is None else f"{bet.place} {bet.game.start:%d %b}"
        line = Text(f"  {_fit(name, max(_LEAST_NAME, columns - 44))}  {_fit(where, 15)}  ")
        line.append_text(Text.from_ansi(status_text(bet, short=True)))
        found.append((ScreenRow(name, bet.number), _cut(line, columns)))
    return found


def _row(row: Row, columns: int) -> Text:
    sign, style = _LIGHTS.get(row.mark, (row.mark, ""))
    stand, figure, _ = _COLUMNS
    wide = columns - 2 - sum(_COLUMNS) - 2 * len(_COLUMNS)
    line = Text().append(f"{sign} ", style)
    bold = style if "bold" in style else f"{style} bold"
    if wide < _LEAST_NAME:
        # The chance matters most, so on a narrow screen it comes before the texts that are cut.
        name = max(_LEAST_NAME, min(columns - figure - 4, 2 * _LEAST_NAME))
        line.append(f"{_fit(row.label, name)}  ").append(f"{_fit(row.figure, figure)}  ", bold)
        more = " · ".join(x for x in (row.stand, row.under) if x)
        return _cut(line.append(more, "dim"), columns)
    line.append(f"{_fit(row.label, wide)}  {_fit(row.stand, stand)}  ")
    line.append(f"{_fit(row.figure, figure)}  " if row.under else row.figure, bold)
    return _cut(line.append(row.under, "dim"), columns)


def _fit(text: str, wide: int) -> str:
    return f"{text:<{wide}}" if len(text) <= wide else f"{text[: wide - 1]}…"


def _cut(line: Text, columns: int) -> Text:
    line.truncate(columns, overflow="ellipsis")
    return line
