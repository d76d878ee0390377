"""The bot's answers: pure functions from what is known to the text that a person reads.

The first line of an answer is its head. Answers give facts and chances, never advice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from tracker.app.bets import Decided, Edited, Registered, already, understood
from tracker.app.choose_game import Choice
from tracker.app.explain import Explained
from tracker.app.market.value import HeldBet
from tracker.app.report import left_out
from tracker.domain.bet import Parlay, Status
from tracker.domain.draft import Draft
from tracker.domain.game import Game, GameState
from tracker.domain.league import slate_today
from tracker.domain.money import Odds, money_text, odds_text, plural, stake_text
from tracker.domain.policy import Rule, Snooze, subject
from tracker.engine.record import Tally
from tracker.store.views import BetView
from tracker.wording import short_market
from tracker.wording.cards import Card
from tracker.wording.closes import fair_at, fee_text, named_hedges, price_facts, share_text
from tracker.wording.figures import (
    RESULT_MARKS,
    change_text,
    clock_text,
    deciding,
    hit_text,
    money_for,
    needing,
    percent,
    points_moved,
    record_text,
    score_text,
    signed_money,
    span_text,
    tenths,
    to_decide,
)

COMMANDS = (
    ("status", "every game with your bets, right now"),
    ("bets", "the bets that are open"),
    ("add", "register a bet: /add DEN -4.5 -110 $20"),
    ("why", "why a bet's chance moved: /why 12"),
    ("chart", "how it went, as a picture: /chart 12"),
    ("edit", "mend a bet: /edit 12 stake $25, odds, book, pick, game, placed"),
    ("withdraw", "stop following a bet: /withdraw 12"),
    ("settle", "decide a result: /settle 12 won, and why"),
    ("void", "return a stake: /void 12, and why"),
    ("regrade", "take such a result back: /regrade 12"),
    ("review", "the bets that need you"),
    ("rules", "what is said of a bet: /rules 12, /rules 12 p >= 0.80, settled, /rules 12 default"),
    ("cashout", "an offer beside what a bet is worth: /cashout 12 $29.90"),
    ("hedge", "a second bet on the other side: /hedge 12 +150"),
    ("snooze", "silence (also /mute): /snooze 12 2h, /snooze 30m, /snooze off"),
    ("settled", "your last results"),
    ("profit", "what they came to"),
    ("help", "this list"),
)
"""Every command and what it does, in the order in which the help lists them."""

CARE = "If betting stops being fun: 1-800-GAMBLER, elsewhere gamblingtherapy.org."

MOST_LINES = 15
"""Most bets that an answer lists one by one."""

_OPEN = (Status.SCHEDULED, Status.LIVE)
_OLD_S = 30
"""Age in seconds above which an answer says how old a chance is."""

PROFIT_DAYS = {"In all": None, "Today": 1, "7 days": 7, "30 days": 30}
"""Over how many days, with today, profit is given; None for all."""


@dataclass(frozen=True, slots=True)
class LocalTime:
    """The present moment, the person's zone, which times are shown in, and the form of odds."""

    now: datetime
    zone: tzinfo
    odds_format: str = ""

    def odds(self, price: Odds | None) -> str:
        """A price in the person's form; empty when not known."""
        return odds_text(price, self.odds_format)

    def clock(self, at: datetime) -> str:
        """A time of day, with the weekday when it is on another day."""
        return clock_text(at, self.now, self.zone)

    @property
    def slate(self) -> date:
        """The leagues' date of the games that the person means by `today`."""
        return slate_today(self.now.astimezone(self.zone))


def help_text() -> str:
    """Every command, and where to find help with gambling."""
    lines = [f"/{name} · {what}" for name, what in COMMANDS]
    plain = (
        "A line without a slash, such as DEN -4.5 -110 $20, is shown as the bet that it would be."
    )
    return "\n".join(("What you can ask", *lines, plain, CARE))


def rules_text(head: str, rules: Sequence[Rule]) -> str:
    """The rules of a bet, or the usual ones, below a line that says of what they are."""
    return f"{head}\n{' · '.join(x.text for x in rules) or 'no rules: nothing is said of it'}"


def status_text(cards: Sequence[Card], bets: Sequence[BetView], review: Sequence[BetView]) -> str:
    """Every followed game, with each bet on it in one line; `review` are the bets to decide."""
    waiting = sum(x.status in _OPEN for x in bets)
    if not cards:
        count = plural(waiting, "open bet")
        return f"No game is being watched now · {count}\n/bets lists them.{decide_text(review)}"
    return "\n\n".join(_brief(x) for x in cards) + decide_text(review)


def decide_text(review: Sequence[BetView]) -> str:
    """A line with the bets whose result or payout a person must decide; empty without any."""
    return f"\n❔ {to_decide([x.id for x in review])}" if review else ""


def _brief(card: Card) -> str:
    lines = [card.head]
    if card.warning:
        lines.append(card.warning)
    for row in card.rows:
        parts = (f"{row.mark} {row.label}", row.figure, row.stand)
        lines.append("  ".join(x for x in parts if x))
    lines += [x for x in (card.rest, card.quiet, card.foot) if x]
    return "\n".join(lines)


def bets_text(bets: Sequence[BetView], local: LocalTime) -> str:
    """The open bets, the next to begin first."""
    still = sum(x.status in _OPEN for x in bets)
    found = [x for x in bets if x.status in _OPEN or x.review is not None]
    if not found:
        return "No open bets\n/add DEN -4.5 -110 $20 registers one."
    asked = len(found) - still
    head = plural(still, "open bet") + (f" · {needing(asked)}" if asked else "")
    found.sort(key=lambda x: (x.game is None, local.now if x.game is None else x.game.start))
    lines = [_bet_line(x, local) for x in found[:MOST_LINES]]
    if len(found) > MOST_LINES:
        lines.append(f"… and {len(found) - MOST_LINES} more: tracker bets")
    return "\n".join((head, *lines))


def _bet_line(x: BetView, local: LocalTime) -> str:
    parts = [f"#{x.id} {bet_name(x)}"]
    if x.review is not None:
        parts.append("needs you: /review")
    elif x.chance is not None:
        parts.append(hit_text(x.chance))
    elif x.no_chance is not None:
        parts.append(x.no_chance.text)
    if x.game is None:
        parts += [] if x.review is not None else ["waits for its game"]
    else:
        live = x.status is Status.LIVE and x.state is not None
        when = x.state.game_clock if live and x.state is not None else local.clock(x.game.start)
        # One game's clock says nothing of a parlay over several.
        parts.append(x.place if live and len(x.games) > 1 else f"{x.place} {when}")
    stake = (
        ""
        if x.draft.stake_cents is None
        else f"{'free bet ' * x.draft.free}{money_text(x.draft.stake_cents)}"
    )
    price = "" if x.draft.odds is None else f"at {local.odds(x.draft.odds)}"
    if money := f"{stake} {price}".strip():
        parts.append(money)
    return " · ".join(parts)


def bet_name(x: BetView) -> str:
    """A bet's short name in a message."""
    if x.market is None or x.game is None:
        return x.called
    if isinstance(x.market, Parlay):
        return f"Parlay ({len(x.market.legs)})"
    return short_market(x.market, x.game).replace(f"{x.game.name} ", "")


def settled_text(bets: Sequence[BetView], count: int) -> str:
    """The last results, the newest first, of `count` in all."""
    if not bets:
        return "Nothing has been settled yet"
    more = count - len(bets)
    tail = [f"… and {more} before these: tracker bets --all"] if more > 0 else []
    head = f"Last {len(bets)} of {plural(count, 'result')}"
    return "\n".join((head, *map(_result_line, bets), *tail))


def _result_line(x: BetView) -> str:
    assert x.result is not None  # noqa: S101 - only settled bets are listed
    money = money_for(x, x.result, x.payout_cents)
    unsure = " · provisional" if x.status is Status.PROVISIONAL else ""
    name = f"#{x.id} {bet_name(x)}"
    # A parlay belongs to the evening of its last game.
    day = "" if x.game is None else f" · {x.place} {x.games[-1].slate:%d %b}"
    return f"{RESULT_MARKS[x.result]} {name} {x.result.value.upper()}{money}{day}{unsure}"


def profit_text(
    tallies: Mapping[str, Tally], bets: Sequence[BetView], review: Sequence[BetView]
) -> str:
    """What settled bets came to, by the names of `PROFIT_DAYS`; and what is still at stake.

    `bets` are those that are open, `review` those that a person must decide.
    """
    stakes = [x.own_cents for x in bets if x.status in _OPEN]
    known = [x for x in stakes if x is not None]
    sum_at_stake = f"{money_text(sum(known))} on {plural(len(stakes), 'open bet')}"
    if len(known) < len(stakes):
        sum_at_stake += f", {len(stakes) - len(known)} without a stake"
    lines = [_tally_line(name, x) for name, x in tallies.items()]
    if not any(x.bets for x in tallies.values()):
        lines = ["Nothing has been settled yet"]
    # The first is of all bets.
    lines += [x for x in map(left_out, [*tallies.values()][:1]) if x]
    return "\n".join(
        (*lines, f"At stake now: {sum_at_stake if stakes else 'nothing'}")
    ) + decide_text(review)


def _tally_line(name: str, x: Tally) -> str:
    if not x.bets:
        return f"{name}: nothing settled"
    record = record_text(x.won, x.lost, x.pushed)
    roi = "" if x.roi is None else f", {share_text(x.roi)} of {money_text(x.staked)}"
    money = f"{signed_money(x.profit)} · " if x.counted else ""
    return f"{name}: {money}{record}{roi}"


def snoozes_text(snoozes: Sequence[Snooze], games: Mapping[str, str], local: LocalTime) -> str:
    """What is snoozed, and until when."""
    if not snoozes:
        return "Nothing is snoozed\n/snooze 12 2h · /snooze 30m · /snooze LAL@DEN until 23:00"
    lines = [f"{subject(x, games)} until {local.clock(x.until)}" for x in snoozes]
    return "\n".join(("Silent", *lines, "/snooze off ends it."))


def silent_text(snooze: Snooze, games: Mapping[str, str], local: LocalTime) -> str:
    """That something is snoozed from now on."""
    return f"Silent about {subject(snooze, games)} until {local.clock(snooze.until)}"


def added_text(x: Registered, chosen: Choice, local: LocalTime) -> str:
    """A bet that was registered, as it was understood, with its money and rules.

    `chosen` has its games with their last known states.
    """
    added = x.added
    fresh = added.created or added.revived
    word = "is registered" if fresh else "is changed" if added.changed else "was registered already"
    lines = [f"Bet #{x.id} {word}: {x.text}", *_games(x.games, chosen.states, local)]
    if x.waiting:
        lines.append(x.waiting)
    lines += [f"Already: {words}" for words in x.already.words]
    lines += _money(x.draft, local)
    lines.append("Told at: " + (" · ".join(rule.text for rule in x.rules) or "nothing"))
    return "\n".join(lines)


def would_be_text(draft: Draft, chosen: Choice, local: LocalTime) -> str:
    """The bet that a line describes; nothing has been registered."""
    lines = [
        f"This would be: {understood(draft, chosen)}",
        *_games(chosen.games, chosen.states, local),
    ]
    if chosen.waiting:
        lines.append(chosen.waiting)
    lines += [f"Already: {words}" for words in already(draft, chosen).words]
    return "\n".join((*lines, *_money(draft, local), "Nothing is registered yet."))


def _games(games: Sequence[Game], states: Sequence[GameState], local: LocalTime) -> list[str]:
    """Each game with its score and clock in play, else with its tip-off."""
    playing = {x.game.id: x for x in states if x.phase.in_play}
    return [
        f"{score_text(x, playing[x.id].score)} · {playing[x.id].game_clock}"
        if x.id in playing
        else f"{x.full} · {local.clock(x.start)}"
        for x in dict.fromkeys(games)
    ]


def _money(draft: Draft, local: LocalTime) -> list[str]:
    """Price, stake and possible win in one line; nothing where neither is known."""
    facts = price_facts(draft, local.odds_format)
    return [" · ".join(facts)] if facts else []


def edited_text(x: Edited, zone: tzinfo) -> str:
    """What was changed about a bet, with times in `zone`."""
    name = f"#{x.bet.id} {bet_name(x.bet)}"
    if not x.changes:
        return f"{name}: it was so already"
    lines = (change_text(y.what, y.before, y.after, zone) for y in x.changes)
    return "\n".join((f"{name} is changed", *lines))


def decided_text(x: Decided) -> str:
    """A result that a person has decided, or that was graded again."""
    done, name = x.settlement, f"#{x.bet.id} {bet_name(x.bet)}"
    if done.taken_back:
        return f"{name} is open again\n{done.reason}"
    paid = "" if done.payout_cents is None else f", pays {money_text(done.payout_cents)}"
    sure = x.bet.status is Status.OFFICIAL
    return (
        f"{RESULT_MARKS[done.result]} {name} {done.result.value.upper()}{paid}\n"
        f"{done.reason} · {'official' if sure else 'provisional'}"
    )


def reviews_text(bets: Sequence[BetView]) -> str:
    """The bets whose result a person must decide, each with the reason."""
    if not bets:
        return "No bet needs you"
    lines = [f"#{x.id} {bet_name(x)}: {x.review}" for x in bets[:MOST_LINES]]
    return "\n".join(
        (needing(len(bets)), *lines, f"/{deciding(bets[0].id, payout=bets[0].asks_payout)}")
    )


def in_chat(text: str) -> str:
    """A sentence of the terminal with the chat's commands in place of the terminal's."""
    return re.sub(r"`tracker (\w+)(?: (\S+))?( \w+)?((?: --\w+ \S+)*)`", _command, text)


def _command(said: re.Match[str]) -> str:
    verb, bet, options = said[1], said[2] or "", re.findall(r"--(\w+) (\S+)", said[4])
    match verb:
        case "bets" | "review":
            return f"/{verb}"
        case "edit":
            return ", ".join(f"/edit {bet} {name} {value}" for name, value in options)
        case "settle":
            return f"/settle {bet}{said[3]}{said[4]}"
        case "show":
            return f"/chart {bet}"
        case "void":
            return f"/void {bet}, and why,"
        case "regrade":
            return f"/regrade {bet}".rstrip()
        case _:
            return said[0]


def cashout_text(held: HeldBet, offer_cents: int, local: LocalTime) -> str:
    """A cash-out offer beside the bet's fair value by its last chance."""
    worth = held.offered(offer_cents)
    lines = [f"Offer {money_text(worth.offer)} · fair value {money_text(worth.fair)}"]
    if fee := fee_text(worth):
        lines.append(f"It {fee}")
    return "\n".join((_held_head(held, local), *lines, f"Fair at {fair_at(worth)}"))


def hedge_text(held: HeldBet, other: Odds, local: LocalTime) -> str:
    """What two possible stakes on the other side would do."""
    lines = [
        f"{name.capitalize()}: stake {stake} · wins {wins}, loses {loses}, on average {mean}"
        for name, stake, wins, loses, mean in named_hedges(held.hedges(other))
    ]
    head = _held_head(held, local)
    return "\n".join((head, f"At {local.odds(other)} on the other side", *lines))


def _held_head(held: HeldBet, local: LocalTime) -> str:
    old = f" ({span_text(held.age_s)} ago)" if held.age_s > _OLD_S else ""
    name = f"#{held.bet.id} {bet_name(held.bet)}"
    stake = stake_text(held.stake, free=held.bet.draft.free)
    return f"{name} · {local.odds(held.odds)} · {stake} · {percent(held.chance.win, 1)}{old}"


def why_text(x: Explained) -> str:
    """The causes of a change in a bet's chance, the largest first."""
    first, last = x.first, x.last
    name = f"#{x.view.bet.id} {bet_name(x.view.bet)}"
    head = f"{name}: {hit_text(first.known, 1)} → {hit_text(last.known, 1)}"
    # The two moments of a parlay over several games may be of different ones.
    ends = zip(x.games, (first, last), strict=True)
    moments = [
        f"{score_text(game, shot.game.score)}, {shot.game.game_clock}" for game, shot in ends
    ]
    lines = [head, " → ".join(moments)]
    points = tenths([share for _, share in x.causes], points_moved(first.known, last.known))
    causes = zip((cause for cause, _ in x.causes), points, strict=True)
    lines += [
        f"{'▲' if tenth > 0 else '▼'} {abs(tenth) / 10:.1f} · {cause}"
        for cause, tenth in sorted(causes, key=lambda c: -abs(c[1]))
        if tenth
    ]
    return "\n".join(lines)
