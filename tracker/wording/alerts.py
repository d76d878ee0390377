"""The text of alerts and notices: pure functions from a decision to a message on a lock screen.

The first line says the news, with the game clock. The second line gives the score, what the bet
needs and is worth, the age of the data, and the bet's number. A message states facts and chances
and never advises.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import assert_never

from tracker.domain.alert import PLAIN, Alert, MessageStyle, Reason
from tracker.domain.bet import ASK_BOOK, Bet, Parlay, Result
from tracker.domain.catalog import as_typed
from tracker.domain.game import GameState
from tracker.domain.market import DoubleDouble, PlayerMarket, PlayerTotal, Span, line_text
from tracker.domain.money import money_text, odds_text, plural, stake_text
from tracker.domain.player import box_line, figure
from tracker.domain.policy import (
    CHANCE,
    SWING,
    Comparison,
    EdgeRule,
    EventRule,
    Fact,
    LevelRule,
    MoveRule,
    Rule,
    SwingRule,
    parse_rule,
    topic_of,
)
from tracker.domain.poll import STOOD_STILL, Trouble
from tracker.domain.tracking import GameTracking, Tracked
from tracker.domain.value import fair_value, returns_of
from tracker.wording import (
    counted,
    needs,
    player_standing,
    plays_no_more,
    progress,
    resting,
    short,
    short_market,
    standing,
)
from tracker.wording.figures import (
    RESULT_MARKS,
    change_text,
    deciding,
    money_for,
    percent,
    percent_change,
    ranged,
    score_text,
    span_text,
)

_FRESH_SECONDS = 1
"""In seconds: data younger than this are shown as `just in`, without an age."""

_ALIKE_S = 60.0
"""Seconds by which the times that games were away may differ and count as the same."""

_NAMED = 4
"""The most games that a message about several games names."""

_SIGNS = {
    Fact.START: "▶", Fact.QUARTER: "◆", Fact.HALFTIME: "◆", Fact.HIT: "✔", Fact.DEAD: "✘",
    Fact.OUT: "⚠", Fact.REVIEW: "❔", Fact.FEED_DOWN: "⚠", Fact.FEED_BACK: "✓", Fact.REGRADED: "↻",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _News:
    """What a message tells: an alert, with its bet and game after the change that fired it.

    Its properties are the facts of the message in words, each empty where it is not known.
    """

    alert: Alert
    tracked: Tracked
    tracking: GameTracking
    style: MessageStyle
    closing: str

    @property
    def bet(self) -> Bet:
        return self.tracked.bet

    @property
    def name(self) -> str:
        """The bet in a few words: `DEN -4.5`."""
        return short(self.bet)

    @property
    def number(self) -> str:
        """The bet's number: `bet #7`."""
        return f"bet #{self.bet.id}"

    @property
    def rule(self) -> Rule:
        return parse_rule(self.alert.rule)

    @property
    def state(self) -> GameState | None:
        return self.tracking.state

    @property
    def moved_elsewhere(self) -> bool:
        """Whether a chance of a parlay over several games was moved by none that this poll is of.

        Another game moved it, and this one's clock and score would be taken for the reason.
        """
        place, games = self.alert.leg, len(self.tracked.groups)
        here = place is not None and self.bet.legs[place].game.id == self.tracking.game.id
        return self._of_chance and games > 1 and not (here and self._leg_moved)

    @property
    def other_news(self) -> bool:
        """Whether it is not just what its topic says: taken back, of one leg, or a question."""
        leg, asks = self.alert.leg is not None, self.tracked.asks is not None
        back = any(set(x).isdisjoint(self.tracked.out) for x in self.legs_named.values())
        other: dict[str, bool] = {Fact.HIT: leg, Fact.OUT: back, Fact.SETTLED: asks}
        return self.alert.reason is Reason.TAKEN_BACK or other.get(self.alert.rule, False)

    @property
    def legs_named(self) -> dict[str, list[int]]:
        """The legs on each player whom the alert names as out or back."""
        legs = [(i, x.market) for i, x in enumerate(self.bet.legs)]
        players = [(i, x.player.name) for i, x in legs if isinstance(x, PlayerMarket)]
        names = self.alert.detail.split("; ")
        return {name: [i for i, other in players if other == name] for name in names}

    @property
    def _of_chance(self) -> bool:
        return topic_of(self.alert.rule) in (CHANCE, SWING)

    @property
    def stands(self) -> str:
        """Where the bet stands: `leads by 7`, `2 alive, 1 hit`."""
        if self.tracked.legs:
            return progress(self.tracked.legs)
        return "" if self.state is None else standing(self.bet.market, self.state)

    @property
    def needed(self) -> str:
        """What the bet needs: `needs to win by 5`."""
        return "" if self.state is None else needs(self.bet.market, self.state)

    @property
    def rests(self) -> str:
        """That the player of an open bet sits longer than is usual, or why one plays no more."""
        chance = self.tracked.chance
        if self.state is None or chance is None:
            return ""
        return (plays_no_more if chance.decided else resting)(self.bet.market, self.state)

    @property
    def scored(self) -> bool:
        """Whether the game has a score: as far as is known it has begun, and it is not off."""
        return self.state is not None and self.state.phase.rank > 0

    @property
    def score(self) -> str:
        """The score, and the points in the bet's span where it is on a part of the game.

        Where there is none, the game's name stands for it.
        """
        market, state = self.bet.market, self.state
        if state is None or not self.scored:
            return self.tracking.game.name
        whole = score_text(self.tracking.game, self.alert.score)
        if isinstance(market, Parlay) or market.span is Span.GAME:
            return whole
        part = counted(market, state)
        return whole if part is None else f"{whole} ({market.span.value} {part.away} – {part.home})"

    @property
    def fair(self) -> str:
        """The fair cash-out value, the stake included; empty for a decided bet."""
        bet, chance = self.bet, self.tracked.chance
        if chance is None or chance.decided or bet.stake_cents is None or bet.odds is None:
            return ""
        if self.tracked.dropped or self.tracked.may_drop:
            # The book's price without the dropped leg is not known.
            return ""
        worth = fair_value(chance, returns_of(bet.stake_cents, bet.odds, free=bet.free))
        return f"fair cash-out {money_text(worth)}"

    @property
    def age(self) -> str:
        """The age of the data behind the message, including a delay that the person set."""
        if self.tracking.seen_at is None:
            return ""
        delay = self.style.delay
        seconds = (self.alert.at - self.tracking.seen_at).total_seconds()
        delayed = f"delayed {span_text(delay)}" if delay else ""
        if self.tracking.stale:
            age = "data stale"
        elif seconds < _FRESH_SECONDS:
            age = f"data {delayed or 'just in'}"
            delayed = ""
        else:
            age = f"data {span_text(seconds + delay)} old"
        return f"{age}, {delayed}" if delayed else age

    @property
    def course(self) -> str:
        """The range of the bet's chance while it was open."""
        tracked = self.tracked
        return "" if tracked.peak is None else ranged(tracked.peak, tracked.low)

    @property
    def leg(self) -> str:
        """The leg that explains a parlay's chance: the one that moved it most, else the weakest.

        `leg 1 PHI ML at 26 %` is the least likely open leg where none moved a parlay over several
        games. It is empty where no leg has a chance, and for an event.
        """
        if self._leg_moved or not self.moved_elsewhere:
            return self._leg_moved if self._of_chance else ""
        legs = [(x.chance.win, x.leg) for x in self.tracked.legs if x.alive and x.chance]
        if not legs:
            return ""
        p, place = min(legs)
        leg = self.bet.legs[place]
        return f"leg {place + 1} {short_market(leg.market, leg.game)} at {percent(p)}"

    @property
    def _leg_moved(self) -> str:
        """The leg that moved a parlay: `leg 2 DEN -4.5 up to 71 %`."""
        place, was = self.alert.leg, self.alert.leg_was
        if place is None or was is None:
            return ""
        leg, chance = self.bet.legs[place], self.tracked.legs[place].chance
        if chance is None:
            return ""
        way, what = "up" if chance.win > was else "down", short_market(leg.market, leg.game)
        return f"leg {place + 1} {what} {way} to {percent(chance.win)}"

    def leg_ended(self, place: int, end: str) -> str:
        """A parlay's leg with its end: `leg 2 of 3 lost, MIL ML`."""
        legs = self.bet.legs
        what = short_market(legs[place].market, legs[place].game)
        return f"leg {place + 1} of {len(legs)} {end}, {what}"

    @property
    def moved(self) -> tuple[str, str, str]:
        """The arrow of the alert's chance, the chance, and the chance before (empty if unknown).

        Where the chance before is the same or not known, the arrow points as the rule does.
        """
        alert, rule = self.alert, self.rule
        level = rule if isinstance(rule, LevelRule) else None
        falling = level is not None and level.comparison is Comparison.AT_MOST
        p = alert.p if alert.p is not None else 0.0
        shown, was = percent(p), None
        if alert.was is not None:
            shown, was = percent_change(p, alert.was, None if level is None else level.level)
            falling = alert.was > p or (alert.was == p and falling)
        return "▼" if falling else "▲", shown, was or ""

    @property
    def second(self) -> str:
        """The second line of the message: what lies behind the first."""
        return _spaced(
            "" if self.moved_elsewhere else self.score,
            progress(self.tracked.legs) if self.leg else "",
            self.needed,
            self.rests,
            self.fair,
            self.age,
            self.number,
        )


def _joined(*facts: str) -> str:
    return ", ".join(x for x in facts if x)


def _spaced(*facts: str) -> str:
    return " · ".join(x for x in facts if x)


def compose(
    alert: Alert,
    tracked: Tracked,
    tracking: GameTracking,
    wording: MessageStyle = PLAIN,
    closing: str = "",
) -> str:
    """Word the message of an alert, given its bet and game after the change that fired it.

    The message is the person's own template where there is one for the topic that says something,
    else plain text of one line or a few. It is empty for a decision that sends no message.
    `closing` is the line of a result that gives the bet's closing line value.
    """
    if not alert.notifies:
        return ""
    x = _News(alert, tracked, tracking, wording, closing)
    template = wording.templates.get(topic_of(alert.rule))
    if template is not None and not x.other_news and (text := _filled(template, x)).strip():
        return text
    match rule := x.rule:
        case LevelRule() | SwingRule():
            return _chance(rule, x)
        case EventRule():
            return _event(rule.event, x)
        case EdgeRule() | MoveRule():
            return f"◈ {x.name}: {alert.detail}\n{x.second}"
        case _:
            assert_never(rule)


def _filled(template: str, x: _News) -> str:
    """Fill a person's own template; unknown values are left empty."""
    alert, bet, rule, done = x.alert, x.bet, x.rule, x.tracked.in_force
    mark, p, was = x.moved
    if isinstance(rule, EventRule):
        mark = _SIGNS.get(rule.event, "" if done is None else RESULT_MARKS[done.result])
    money = "" if done is None else money_for(bet, done.result, done.payout_cents).strip()
    return template.format(
        mark=mark,
        p="" if alert.p is None else p,
        was=was,
        bet=x.name,
        id=str(bet.id),
        pick=bet.pick,
        stands=x.stands,
        need=x.needed,
        score=x.score,
        game=x.tracking.game.name,
        clock=alert.game_clock,
        time=f"{alert.at.astimezone(x.style.zone):%H:%M}",
        age=x.age,
        fair=x.fair,
        odds=odds_text(bet.odds, x.style.odds_format),
        rule=alert.rule,
        result="" if done is None else done.result.value.upper(),
        money=money,
        course=x.course,
        detail=alert.detail,
    )


def _chance(rule: LevelRule | SwingRule, x: _News) -> str:
    mark, shown, was = x.moved
    span = ""
    if isinstance(rule, SwingRule) and was:
        way = "down" if mark == "▼" else "up"
        span = f"{way} from {was} in {span_text(rule.seconds)}"
    clock = "" if x.moved_elsewhere else x.alert.game_clock
    facts = _joined(span, x.leg or x.stands, clock)
    before = f" (was {was})" if was and not span else ""
    # Behind the chance of a leg it would be read as the leg's.
    first, last = (before, "") if x.leg else ("", before)
    return f"{mark} {shown}{first} {x.name}: {facts}{last}\n{x.second}"


def _event(event: Fact, x: _News) -> str:
    clock = x.alert.game_clock
    chance = "" if x.alert.p is None else f"{percent(x.alert.p)} "
    match event:
        case Fact.START:
            return f"▶ {chance}{x.name}: tip-off, {clock}\n{x.second}"
        case Fact.QUARTER:
            return f"◆ {chance}{x.name}: {_joined(x.stands, clock)}\n{x.second}"
        case Fact.HALFTIME:
            # Halftime is when a person decides on a bet on the second half.
            home = as_typed(x.tracking.game.league, x.tracking.game.home)
            ask = f'tracker check "{home} 2H -1.5 -110" says what a bet is worth now'
            return f"◆ {chance}{x.name}: {_joined(x.stands, clock)}\n{x.second}\n{ask}"
        case Fact.HIT | Fact.DEAD:
            return f"{_decided(event, x)}\n{x.second}"
        case Fact.OUT:
            return _out(x)
        case Fact.REVIEW:
            return _review(x)
        case Fact.FEED_DOWN:
            return _feed_down(x)
        case Fact.FEED_BACK:
            return _feed_back(x)
        case Fact.SETTLED | Fact.REGRADED:
            return _settled(event, x)
        case _:
            assert_never(event)


def _out(x: _News) -> str:
    """Say which players are out, or no longer out, and what that does to the bet."""
    bet, lines = x.bet, []
    parlay = isinstance(bet.market, Parlay)
    for name, mine in x.legs_named.items():
        out = any(i in x.tracked.out for i in mine)
        which = _legs(mine) if parlay else x.name
        rest = f"{which} will be void" if out else f"{which} count{'s' * (len(mine) == 1)} again"
        lines.append(f"⚠ {name} is out: {rest}" if out else f"✓ {name} is no longer out: {rest}")
    stake = "" if bet.stake_cents is None else stake_text(bet.stake_cents, free=bet.free)
    whole = x.name if parlay else ""
    return "\n".join((*lines, _spaced(x.score, x.alert.game_clock, whole, stake, x.number)))


def _legs(places: Sequence[int]) -> str:
    names = " and ".join(str(x + 1) for x in places)
    return f"leg{'s' * (len(places) > 1)} {names}"


def _review(x: _News) -> str:
    """Say that a person must decide the result, why and by which command, or need not any more."""
    number, where = x.bet.id, _spaced(x.score, x.alert.game_clock)
    if not x.alert.detail:
        return f"↻ #{number} needs no decision: {x.name}, the game goes on\n{where}"
    return (
        f"❔ #{number} needs your decision: {x.name}, {x.alert.detail}\n"
        f"{where} · tracker {deciding(number, payout=False)}"
    )


def _decided(event: Fact, x: _News) -> str:
    """Say that a bet or leg is certain before its game is over, or that it is open again."""
    alert, tracked = x.alert, x.tracked
    facts = _joined(x.stands, alert.game_clock)
    word = event.value.upper()
    if alert.detail and alert.leg is None:
        done = tracked.settlement
        if done is not None and done.taken_back and done.result is not Result.LOST:
            word = done.result.value.upper()
        return f"↻ {x.name} is open again, not {word}: {alert.detail}, {facts}"
    dead = next((y.leg for y in tracked.legs if y.lost), None)
    place, why, gone = alert.leg if event is Fact.HIT else dead, "", None
    if place is not None:
        stands = tracked.legs[place]
        gone = stands.result if stands.dropped else None
        end = "won" if gone is None else f"drops out ({gone.value})"
        end = "is open again" if alert.detail else "lost" if stands.lost else end
        why = f"{x.leg_ended(place, end)} · {facts}"
        if event is Fact.HIT:
            mark = "↻" if alert.detail else "✔" if gone is None else RESULT_MARKS[gone]
            return f"{mark} {x.name}: {why}"
    mark, end = ("✔", "lose") if event is Fact.HIT else ("✘", "win")
    return f"{mark} {x.name} {word}: {why or f'can no longer {end}, {facts}'}"


def _feed_down(x: _News) -> str:
    alert, silent = x.alert, ""
    seen = x.tracking.changed_at if alert.detail == STOOD_STILL else x.tracking.seen_at
    if seen is not None:
        silent = f" for {span_text((alert.at - seen).total_seconds())}"
    why = f" · {outage_words(alert.detail)}" if alert.detail else ""
    lacking = "no forecast" if alert.detail == Trouble.UNPRICED else "no data"
    last = f"last seen at {alert.game_clock}\n{x.score} then"
    last = last if x.scored else f"since before the tip\n{x.score}"
    return f"⚠ {x.name}: {lacking}{silent}, {last} · alerts on its chance wait · {x.number}{why}"


def _feed_back(x: _News) -> str:
    alert, state = x.alert, x.state
    away = f", {alert.detail}" if alert.detail else ""
    clock = alert.game_clock if state is None else state.game_clock
    where = score_text(x.tracking.game, state.score) if state and x.scored else x.score
    return (
        f"✓ {x.name}: data are back{away}: {_joined(x.stands, clock)}\n"
        f"{where} · alerts on its chance go on · {x.number}"
    )


def _settled(event: Fact, x: _News) -> str:
    alert, bet, done = x.alert, x.bet, x.tracked.settlement
    if done is None:
        return f"#{bet.id} has a result · {x.name}"
    money = money_for(bet, done.result, done.payout_cents)
    off = x.state is not None and x.state.phase.off
    if isinstance(bet.market, Parlay):
        # It is told by its legs, whichever of its games the last news is from.
        off = off and len(bet.games) == 1 and done.result is Result.VOID
    # A game that is off has no score, and the range of its bets' chances means nothing.
    called_off = f"{x.tracking.game.name} {alert.game_clock.lower()} · {x.name}"
    facts = called_off if off else _spaced(_how_it_ended(x), x.course)
    result = done.result.value.upper()
    if event is Fact.REGRADED:
        known = alert.detail.casefold() in set(Result)
        step = f"{alert.detail.upper()} → {result}" if known else f"now {result}"
        return (
            f"↻ #{bet.id} corrected: {step}{money} · {facts}\n"
            f"The box score was corrected: revision {done.revision} of the result"
        )
    first = f"{RESULT_MARKS[done.result]} #{bet.id} {result}{money} · {facts}"
    first += f"\n{x.closing}" if x.closing else ""
    if done.asks_payout:
        return f"{first}\nW{ASK_BOOK[1:]} tracker {deciding(bet.id, payout=True)}"
    if off or done.by_hand or x.tracked.official:
        return first
    return f"{first}\nProvisional until the box score has been read again"


def _how_it_ended(x: _News) -> str:
    """What decided a bet, and the bet: `LAL 105 – 114 DEN · DEN -4.5`, `Jokić 27 pts (o25.5)`.

    Legs decide a parlay: `2 hit, 1 dropped · Parlay (3)`, `leg 2 of 3 lost, MIL ML · Parlay (3)`.
    """
    state, end = x.state, x.score
    match x.bet.market:
        case Parlay():
            lost = next((y.leg for y in x.tracked.legs if y.lost), None)
            end = progress(x.tracked.legs) if lost is None else x.leg_ended(lost, "lost")
        case PlayerTotal() as market if state is not None:
            line = box_line(state, market.player)
            made = None if line is None else figure(line, market.stat)
            side = f"{market.direction.value[0]}{line_text(market.points)}"
            done = x.tracked.in_force
            void = done is not None and done.result is Result.VOID
            if void and (line is None or not line.played):
                return f"{market.player.surname} did not play ({side} {market.stat.value})"
            if made is not None:
                return f"{market.player.surname} {made} {market.stat.value} ({side})"
        case DoubleDouble() as market if state is not None:
            end = player_standing(market, state).removesuffix(" now") or end
    return _spaced(end, x.name)


_OUTAGES = {
    Trouble.BLOCKED: "the sources refuse us",
    Trouble.RATE_LIMITED: "the sources want to be asked less often",
    Trouble.MALFORMED: "what the sources send cannot be read",
    Trouble.ABSENT: "the sources do not show it",
    Trouble.NOT_PUBLISHED: "the sources do not show it",
    Trouble.UNPRICED: "the sources answer, the forecast on this machine fails",
    STOOD_STILL: "the sources tell nothing new",
}


def outage_words(trouble: str) -> str:
    """Why there are no data, in a person's words: without address, path or HTTP status."""
    return _OUTAGES.get(trouble, "no source answers")


def no_data(games: Mapping[str, str]) -> str:
    """One message for all games that have lost their data: the trouble of each game by its name."""
    causes: dict[str, list[str]] = {}
    for game, trouble in games.items():
        causes.setdefault(outage_words(trouble), []).append(game)
    return "\n".join(_no_data(alike, why) for why, alike in causes.items())


def _no_data(games: Sequence[str], why: str) -> str:
    if why == outage_words(Trouble.UNPRICED):
        return (
            f"⚠ No forecast of {_listed(games)}: {why}.\n"
            "Alerts on chances wait until it works again; what is over is settled meanwhile."
        )
    return (
        f"⚠ No data on {_listed(games)}: {why}.\n"
        "Alerts on chances wait until they are back; nothing is settled meanwhile."
    )


def data_back(games: Mapping[str, tuple[str, float]]) -> str:
    """One message for games whose data are back: by its name, each game's trouble and seconds."""
    unpriced = {x: s for x, (trouble, s) in games.items() if trouble == Trouble.UNPRICED}
    away = {x: s for x, (_, s) in games.items() if x not in unpriced}
    lines = []
    if away:
        lines.append(f"✓ Data on {_listed(list(away))} are back, away for {_longest(away)}")
    if unpriced:
        lines.append(
            f"✓ {_listed(list(unpriced))}: the forecast works again, after {_longest(unpriced)}"
        )
    return "\n".join(lines)


def _longest(seconds: Mapping[str, float]) -> str:
    """How long the games were away; the longest where they differ by more than a poll or two."""
    longest = max(seconds.values())
    alike = longest - min(seconds.values()) <= _ALIKE_S
    return span_text(longest) if alike else f"up to {span_text(longest)}"


def rewritten(
    file: str,
    bet: str,
    changes: Iterable[tuple[str, str | None, str | None]],
    zone: tzinfo,
    *,
    undone: bool,
) -> str:
    """Say what the bets file changed of a bet that is settled or was edited by hand.

    `changes` holds for each figure its name, the old value and the new one; times are shown in
    `zone`. `undone` is whether the file took back an edit by hand.
    """
    words = " · ".join(change_text(*x, zone) for x in changes)
    keep = "\nThat takes back an edit: change its line in the file to keep it." if undone else ""
    return f"{file} changed {bet}: {words}{keep}"


def _listed(games: Sequence[str]) -> str:
    """List games: `LAL@DEN`, or `5 games (LAL@DEN, MIA@BOS, ...)`."""
    if len(games) == 1:
        return games[0]
    shown = ", ".join(games[:_NAMED]) + (", ..." if len(games) > _NAMED else "")
    return f"{plural(len(games), 'game')} ({shown})"
