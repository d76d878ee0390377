"""What the bot answers: pure functions from what is known to what a person reads in the chat.

The first line is the head. Facts and chances only, never advice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from tracker.domain.bet import Result, Status
from tracker.domain.money import money_text
from tracker.domain.parlay import Parlay
from tracker.domain.plural import plural
from tracker.domain.policy import Snooze
from tracker.domain.record import Ended, Tally, tally
from tracker.language.snoozes import subject
from tracker.store.views import BetView
from tracker.wording.cards import Card
from tracker.wording.figures import percent, short_market, signed_money

COMMANDS = (
    ("status", "every game with your bets, right now"),
    ("bets", "the bets that are open"),
    ("add", "register a bet: /add DEN -4.5 -110 $20"),
    ("why", "why a bet's chance moved: /why 12"),
    ("chart", "how it went, as a picture: /chart 12"),
    ("snooze", "silence: /snooze 12 2h, /snooze 30m, /snooze off"),
    ("settled", "your last results"),
    ("profit", "what they came to"),
    ("help", "this list"),
)
"""Every command and what it does, in the order in which they are offered."""

CARE = "If betting stops being fun: 1-800-GAMBLER, elsewhere gamblingtherapy.org."

MOST_LINES = 15
"""Most bets that an answer tells one by one."""

_RESULTS = {Result.WON: "✅", Result.LOST: "❌", Result.PUSH: "↔", Result.VOID: "⊘"}
_OPEN = (Status.SCHEDULED, Status.LIVE)
_LEAST_SHARE = 0.0005
_PERIODS = (("Today", 1), ("7 days", 7), ("30 days", 30))


@dataclass(frozen=True, slots=True)
class Sight:
    """From where things are looked at: the time, and the person's zone."""

    now: datetime
    zone: tzinfo

    def clock(self, at: datetime) -> str:
        """A time of day, with the weekday when it is another day's."""
        local, here = at.astimezone(self.zone), self.now.astimezone(self.zone)
        return f"{local:%H:%M}" if local.date() == here.date() else f"{local:%a %H:%M}"

    @property
    def today(self) -> date:
        """The person's own date."""
        return self.now.astimezone(self.zone).date()


def help_text() -> str:
    """Every command, and where to find help of another kind."""
    lines = [f"/{name} · {what}" for name, what in COMMANDS]
    return "\n".join(("What you can ask", *lines, CARE))


def status_text(cards: Sequence[Card], bets: Sequence[BetView]) -> str:
    """Every game that is followed, each bet on it in one line."""
    waiting = sum(x.status in _OPEN for x in bets)
    if not cards:
        count = plural(waiting, "open bet")
        return f"No game is being watched yet · {count}\n/bets lists them.{decide_text(bets)}"
    return "\n\n".join(_brief(x) for x in cards) + decide_text(bets)


def decide_text(bets: Sequence[BetView]) -> str:
    """A line with the bets whose result the person must decide; empty where there is none."""
    waiting = [f"#{x.number}" for x in bets if x.status is Status.NEEDS_REVIEW]
    return f"\n❔ Needs your decision: {', '.join(waiting)}" if waiting else ""


def _brief(card: Card) -> str:
    lines = [card.head]
    if card.warning:
        lines.append(card.warning)
    for row in card.rows:
        parts = (f"{row.mark} {row.label}", row.figure, row.stand)
        lines.append("  ".join(x for x in parts if x))
    lines += [x for x in (card.rest, card.quiet, card.foot) if x]
    return "\n".join(lines)


def bets_text(bets: Sequence[BetView], sight: Sight) -> str:
    """The bets that are open, the next to begin first."""
    found = [x for x in bets if x.status in _OPEN or x.status is Status.NEEDS_REVIEW]
    if not found:
        return "No open bets\n/add DEN -4.5 -110 $20 registers one."
    found.sort(key=lambda x: (x.game is None, sight.now if x.game is None else x.game.start))
    lines = [_bet_line(x, sight) for x in found[:MOST_LINES]]
    if len(found) > MOST_LINES:
        lines.append(f"… and {len(found) - MOST_LINES} more: tracker bets")
    return "\n".join((plural(len(found), "open bet"), *lines))


def _bet_line(x: BetView, sight: Sight) -> str:
    parts = [f"#{x.number} {bet_name(x)}"]
    if x.status is Status.NEEDS_REVIEW:
        parts.append(f"needs review: tracker show {x.number}")
    elif x.chance is not None:
        parts.append(percent(x.chance.win))
    elif x.no_chance is not None:
        parts.append(x.no_chance.text)
    if x.game is None:
        parts.append("waits for its game")
    else:
        live = x.status is Status.LIVE and x.state is not None
        when = x.state.game_clock if live and x.state is not None else sight.clock(x.game.start)
        parts.append(f"{x.game.name} {when}")
    if x.stake_cents is not None:
        win = "" if x.odds is None else f" at {x.odds.text}"
        parts.append(f"{money_text(x.stake_cents)}{win}")
    return " · ".join(parts)


def bet_name(x: BetView) -> str:
    """A bet as it is called in a message."""
    if x.market is None or x.game is None:
        return x.pick
    if isinstance(x.market, Parlay):
        return f"Parlay ({len(x.market.legs)})"
    return short_market(x.market, x.game).replace(f"{x.game.name} ", "")


def settled_text(bets: Sequence[BetView]) -> str:
    """The last results, the newest first."""
    found = [x for x in bets if x.result is not None and x.game is not None]
    if not found:
        return "Nothing has been settled yet"
    found.sort(key=lambda x: (x.game.start if x.game else x.added_at, x.number), reverse=True)
    lines = [_result_line(x) for x in found[:MOST_LINES]]
    more = len(found) - MOST_LINES
    tail = [f"… and {more} before these: tracker bets --all"] if more > 0 else []
    return "\n".join((f"Last {len(lines)} of {len(found)} results", *lines, *tail))


def _result_line(x: BetView) -> str:
    assert x.result is not None  # noqa: S101 - only such bets are told
    assert x.game is not None  # noqa: S101 - what ended had a game
    money = ""
    if x.stake_cents is not None and x.payout_cents is not None:
        money = f" {signed_money(x.payout_cents - (x.own_cents or 0))}"
        if x.result in (Result.PUSH, Result.VOID):
            money = f" {money_text(x.payout_cents)} back"
    unsure = " · provisional" if x.status is Status.PROVISIONAL else ""
    name = f"#{x.number} {bet_name(x)}"
    day = f"{x.game.name} {x.game.slate:%d %b}"
    return f"{_RESULTS[x.result]} {name} {x.result.value.upper()}{money} · {day}{unsure}"


def profit_text(bets: Sequence[BetView], sight: Sight) -> str:
    """What settled bets came to: today, lately, in all; and what is still at stake."""
    ended = [
        Ended(x.result, x.game.slate, x.own_cents, x.payout_cents)
        for x in bets
        if x.result is not None and x.game is not None
    ]
    open_stakes = [x.stake_cents for x in bets if x.status in _OPEN and x.stake_cents is not None]
    count = plural(len(open_stakes), "open bet")
    sum_at_stake = f"{money_text(sum(open_stakes))} on {count}" if open_stakes else "nothing"
    at_stake = f"At stake now: {sum_at_stake}"
    if not ended:
        return f"Nothing has been settled yet\n{at_stake}{decide_text(bets)}"
    whole = tally(ended)
    lines = [
        _tally_line(name, tally(x for x in ended if x.day > sight.today - timedelta(days=days)))
        for name, days in _PERIODS
    ]
    return "\n".join((_tally_line("In all", whole), *lines, at_stake)) + decide_text(bets)


def _tally_line(name: str, x: Tally) -> str:
    if not x.bets:
        return f"{name}: nothing settled"
    record = f"{x.won}-{x.lost}" + (f"-{x.pushed}" if x.pushed else "")
    roi = "" if x.roi is None else f", {x.roi:+.1%} of {money_text(x.staked)}".replace("%", " %")
    return f"{name}: {signed_money(x.profit)} · {record}{roi}"


def snoozes_text(snoozes: Sequence[Snooze], games: Mapping[str, str], sight: Sight) -> str:
    """What is silenced, and until when."""
    if not snoozes:
        return "Nothing is snoozed\n/snooze 12 2h · /snooze 30m · /snooze LAL@DEN until 23:00"
    lines = [f"{subject(x, games)} until {sight.clock(x.until)}" for x in snoozes]
    return "\n".join(("Silent", *lines, "/snooze off ends it."))


def silent_text(snooze: Snooze, games: Mapping[str, str], sight: Sight) -> str:
    """That something is silent from here on."""
    return f"Silent about {subject(snooze, games)} until {sight.clock(snooze.until)}"


def added_text(said: str, sight: Sight) -> str:
    """What `tracker add --json` said, in words."""
    x: dict[str, Any] = json.loads(said)
    word = "is registered" if x["created"] else "was registered already"
    lines = [f"Bet #{x['id']} {word}: {x['pick']}"]
    game = x["game"]
    if game is not None:
        start = datetime.fromisoformat(game["start"])
        lines.append(f"{game['away']} @ {game['home']} · {sight.clock(start)}")
    elif x["waiting"]:
        lines.append(str(x["waiting"]))
    money = []
    if x["odds"] is not None:
        money.append(str(x["odds"]))
    if x["stake_cents"] is not None:
        won = "" if x["to_win_cents"] is None else f" to win {money_text(x['to_win_cents'])}"
        money.append(f"stake {money_text(x['stake_cents'])}{won}")
    if x["break_even"] is not None:
        money.append(f"breaks even at {x['break_even']:.1%}".replace("%", " %"))
    lines += [" · ".join(money)] if money else []
    lines.append("Told at: " + (" · ".join(x["rules"]) or "nothing"))
    return "\n".join(lines)


def why_text(said: str) -> str:
    """What `tracker why --json` said, in words: the causes, the largest first."""
    x: dict[str, Any] = json.loads(said)
    first, last = x["from"], x["to"]
    head = f"#{x['id']} {x['pick']}: {percent(first['win'])} → {percent(last['win'])}"
    lines = [head, f"{first['game_clock']} → {last['game_clock']}"]
    causes = sorted(x["causes"], key=lambda c: -abs(c["change"]))
    lines += [
        f"{'▲' if one['change'] > 0 else '▼'} {abs(one['change']) * 100:.1f} · {one['cause']}"
        for one in causes
        if abs(one["change"]) >= _LEAST_SHARE
    ]
    return "\n".join(lines)
