"""Tonight's games with their bets for the web page, in the same words as the chat's live cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from tracker.app.health import AtWork, read_since
from tracker.domain.bet import Parlay, Wager
from tracker.domain.market import PlayerMarket, PlayerTotal
from tracker.domain.player import Stat
from tracker.domain.policy import Rule, Snooze
from tracker.domain.tracking import GameTracking, RulePhase, Tracked
from tracker.engine.rules.state_machine import HOLD_POLLS
from tracker.store import Store
from tracker.store.views import BetView, unread
from tracker.wording.cards import BEHIND, MOST_BETS, Card, Row, as_shown, bet_silence, card, silence
from tracker.wording.figures import percent


@dataclass(frozen=True, slots=True)
class PlayerLink:
    """A player whom a bet is about, with the figure of the bet, and its line where it has one."""

    name: str
    stat: str
    line: float | None


def players_of(wager: Wager | None) -> tuple[PlayerLink, ...]:
    """The players whom a bet is about, each figure once."""
    markets = [x.market for x in wager.legs] if isinstance(wager, Parlay) else [wager]
    found = [
        PlayerLink(x.player.name, x.stat.value, x.points) if isinstance(x, PlayerTotal)
        else PlayerLink(x.player.name, Stat.PTS.value, None)
        for x in markets if isinstance(x, PlayerMarket)
    ]  # fmt: skip
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class BetOnCard:
    """A bet as a row of its game's card; `about` are its players.

    `rules` names the rules that are pending or have just fired, and says until when the bet is
    snoozed. `peak` and `low` are its highest and lowest chance so far. `shape` says what its own
    page has: where this changes, that page must be loaded again.
    """

    number: int
    row: Row
    rules: str = ""
    about: tuple[PlayerLink, ...] = ()
    peak: str = ""
    low: str = ""
    shape: str = ""

    def texts(self) -> dict[str, str]:
        """Every text of the bet that changes, by its key on a page."""
        key = f"b{self.number}"
        found = _texts(key, self.row) | {
            f"{key}.rules": self.rules,
            f"{key}.peak": self.peak,
            f"{key}.low": self.low,
            f"{key}.shape": self.shape,
        }
        for place, leg in enumerate(self.row.legs):
            found |= _texts(f"{key}.{place}", leg)
        return found


@dataclass(frozen=True, slots=True)
class GameOnPage:
    """A followed game: its card, and the bet of each of the card's rows."""

    game: str
    name: str
    card: Card
    bets: tuple[BetOnCard, ...]

    def parts(self) -> tuple[tuple[BetOnCard, ...], tuple[BetOnCard, ...]]:
        """The bets that are shown one by one, as on the chat's card, and those that are folded."""
        by_weight = sorted(self.bets, key=lambda x: -x.row.weight)
        folded = {x.number for x in by_weight[MOST_BETS:]}
        shown = tuple(x for x in self.bets if x.number not in folded)
        return shown, tuple(x for x in self.bets if x.number in folded)

    def texts(self) -> dict[str, str]:
        """Every text that changes while the game is played, by its key on the page."""
        game = f"g{self.game}"
        found = {
            f"{game}.head": self.card.head,
            f"{game}.warning": self.card.warning,
            f"{game}.foot": self.card.foot,
            f"{game}.verdict": self.card.verdict,
            f"{game}.quiet": self.card.quiet,
        }
        for one in self.bets:
            found |= one.texts()
        return found


async def trouble(store: Store, at: AtWork, zone: tzinfo) -> str:
    """The warning on a page while no daemon runs, with the time of the last poll; else empty."""
    if at.daemon is not None:
        return ""
    last = await store.monitoring.last_answer()
    since = "" if last is None else f" since {last.astimezone(zone):%a %d %b %H:%M}"
    return f"The daemon is not running: nothing was read{since}."


def rules_at_work(tracked: Tracked) -> dict[str, RulePhase]:
    """The rules of a bet that are pending or have just fired, in words, each with its phase."""
    found: dict[str, RulePhase] = {}
    for one in tracked.rules:
        if one.phase is RulePhase.PENDING:
            found[f"{one.rule} pending {one.streak}/{HOLD_POLLS}"] = one.phase
        elif one.phase is RulePhase.FIRING:
            found[f"{one.rule} fired"] = one.phase
    return found


@dataclass(frozen=True, slots=True)
class Evening:
    """All that tonight's page shows. `waiting` are open bets that are on no card.

    `trouble` says what is wrong where the numbers may be old.
    """

    games: tuple[GameOnPage, ...] = ()
    waiting: tuple[BetView, ...] = ()
    trouble: str = ""

    @property
    def shape(self) -> str:
        """The games and bets on the page: where this changes, the page must be loaded again."""
        cards = [f"{x.game}:{','.join(str(y.number) for y in x.bets)}" for x in self.games]
        return ";".join([*cards, ",".join(str(x.number) for x in self.waiting)])

    def row_of(self, number: int) -> BetOnCard | None:
        """A bet on its card; None where it is on none."""
        return next((x for game in self.games for x in game.bets if x.number == number), None)

    def texts(self) -> dict[str, str]:
        """Every text of the page that changes, by its key on the page."""
        found = {"trouble": self.trouble, "shape": self.shape}
        for one in self.games:
            found |= one.texts()
        return found


async def evening(
    store: Store, rules: tuple[Rule, ...], at: AtWork, zone: tzinfo, delay: float
) -> Evening:
    """Tonight as it stands: every followed game, open ones first, then by tip-off.

    `rules` are the default rules of bets, `delay` is by how many seconds all is shown late. What
    goes on and was not read lately is shown as stale.
    """
    now, since = at.now, read_since(at.daemon, at.now)
    snoozes = await store.alerting.snoozes(now)
    found = []
    for known in await store.trackings(rules):
        tracking = replace(known, stale=known.stale or unread(known, since))
        tracking = as_shown(tracking, delay)
        readings = await store.cards.chances(tracking.game.id, now - 2 * BEHIND)
        game = game_tonight(tracking, _earlier(readings, now), snoozes, now, zone)
        found.append(((game.card.closed, tracking.game.start, game.name), game))
    games = tuple(game for _, game in sorted(found, key=lambda x: x[0]))
    shown = {x.number for game in games for x in game.bets}
    waiting = tuple(
        x for x in await store.open_bets(rules) if x.result is None and x.number not in shown
    )
    return Evening(games, waiting, await trouble(store, at, zone))


def _texts(key: str, row: Row) -> dict[str, str]:
    return {
        f"{key}.mark": row.mark,
        f"{key}.p": row.figure,
        f"{key}.stand": row.stand,
        f"{key}.need": row.under,
    }


def game_tonight(
    tracking: GameTracking,
    earlier: Mapping[int, float],
    snoozes: Sequence[Snooze],
    now: datetime,
    zone: tzinfo,
) -> GameOnPage:
    """What the screen of the night shows of one game and its bets."""
    quiet = silence(tracking.game.id, snoozes, now, zone)
    made = card(tracking, earlier, now, zone, quiet=quiet, most=len(tracking.tracked))
    bets = [
        BetOnCard(
            found.bet.number,
            row,
            ", ".join(
                x
                for x in (*rules_at_work(found), bet_silence(found.bet.number, snoozes, now, zone))
                if x
            ),
            players_of(found.bet.market),
            extreme_text(found.peak, hoped=_hoped(found)),
            extreme_text(found.low, hoped=_hoped(found)),
            _shape(found),
        )
        for found, row in zip(tracking.tracked, made.rows, strict=True)
    ]
    return GameOnPage(tracking.game.id, tracking.game.name, made, tuple(bets))


def extreme_text(p: float | None, *, hoped: bool) -> str:
    """A bet's highest or lowest chance; a dash where it had none, unless one is `hoped` for yet."""
    return percent(p) if p is not None else "" if hoped else "–"


def _hoped(one: Tracked) -> bool:
    return one.settlement is None and one.no_chance is None


def _shape(one: Tracked) -> str:
    """What a bet's own page has beside figures: its chance or none, its result, and its forms."""
    if one.review is not None:
        return "review"
    if one.settlement is None:
        return "open" if one.peak is None else "seen"
    state = "official" if one.official else "provisional"
    return f"{one.settlement.result.value} {one.settlement.revision} {state}"


def _earlier(readings: Sequence[tuple[int, datetime, float]], now: datetime) -> dict[int, float]:
    """Each bet's chance some minutes ago, where it was known then."""
    since = now - BEHIND
    return {bet: win for bet, at, win in sorted(readings, key=lambda x: x[1]) if at <= since}
