"""The text of alerts and notices: pure functions from a decision to a message on a lock screen.

The first line says the news, with the game clock. The second line gives the score, what the bet
needs and is worth, the age of the data, and the bet's number. A message states facts and chances
and never advises.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta, tzinfo
from typing import assert_never

from tracker.domain.alert import PLAIN, Alert, MessageStyle
from tracker.domain.bet import ASK_BOOK, Parlay, Result
from tracker.domain.catalog import as_typed
from tracker.domain.market import DoubleDouble, PlayerTotal, Span, line_text
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
    SwingRule,
    parse_rule,
    topic_of,
)
from tracker.domain.poll import Trouble
from tracker.domain.tracking import GameTracking, Tracked
from tracker.domain.value import fair_value, returns_of
from tracker.wording.figures import (
    RESULT_MARKS,
    change_text,
    counted,
    deciding,
    money_for,
    needs,
    percent,
    percent_change,
    player_standing,
    progress,
    ranged,
    resting,
    score_text,
    short,
    short_market,
    span_text,
    standing,
)

_FRESH_SECONDS = 1
"""In seconds: data younger than this are shown as `just in`, without an age."""


_FIRST_READ_WITHIN = timedelta(minutes=5)
"""How soon after it is added a bet on a game in play has been read by two polls."""

_ALIKE_S = 60.0
"""Seconds by which the times that games were away may differ and count as the same."""

_NAMED = 4
"""The most games that a message about several games names."""


_SIGNS = {
    Fact.START: "▶",
    Fact.QUARTER: "◆",
    Fact.HALFTIME: "◆",
    Fact.HIT: "✔",
    Fact.DEAD: "✘",
    Fact.OUT: "⚠",
    Fact.REVIEW: "❔",
    Fact.FEED_DOWN: "⚠",
    Fact.FEED_BACK: "✓",
    Fact.REGRADED: "↻",
}


def compose(
    alert: Alert, tracked: Tracked, tracking: GameTracking, wording: MessageStyle = PLAIN
) -> str:
    """Word the message of an alert, given its bet and game after the change that fired it.

    The message is the person's own template where there is one for the topic, else plain text of
    one line or a few. It is empty for a decision that sends no message.
    """
    if not alert.notifies:
        return ""
    template = wording.templates.get(topic_of(alert.rule))
    if template is not None:
        return _filled(template, alert, tracked, tracking, wording)
    rule = parse_rule(alert.rule)
    match rule:
        case LevelRule() | SwingRule():
            return _chance(rule, alert, tracked, tracking, wording)
        case EventRule():
            return _event(rule.event, alert, tracked, tracking, wording)
        case EdgeRule() | MoveRule():
            first = f"◈ {short(tracked.bet)}: {alert.detail}"
            return f"{first}\n{_second(alert, tracked, tracking, wording)}"
        case _:
            assert_never(rule)


def _filled(
    template: str, alert: Alert, tracked: Tracked, tracking: GameTracking, wording: MessageStyle
) -> str:
    """Fill a person's own template; unknown values are left empty."""
    rule, bet, done = parse_rule(alert.rule), tracked.bet, tracked.in_force
    mark, p, was = moved(alert, falling=_falls(rule))
    if isinstance(rule, EventRule):
        mark = _SIGNS.get(rule.event, "" if done is None else RESULT_MARKS[done.result])
    money = "" if done is None else money_for(bet, done.result, done.payout_cents).strip()
    return template.format(
        mark=mark,
        p="" if alert.p is None else p,
        was=was,
        bet=short(bet),
        id=str(bet.id),
        pick=bet.pick,
        stands=stands(tracked, tracking),
        need=_needed(tracked, tracking),
        score=score(alert, tracked, tracking),
        game=tracking.game.name,
        clock=alert.game_clock,
        time=f"{alert.at.astimezone(wording.zone):%H:%M}",
        age=_age(alert, tracking, wording),
        fair=fair(tracked),
        odds=odds_text(bet.odds, wording.odds_format),
        rule=alert.rule,
        result="" if done is None else done.result.value.upper(),
        money=money,
        course="" if tracked.peak is None else ranged(tracked.peak, tracked.low),
        detail=alert.detail,
    )


def _falls(rule: object) -> bool:
    return isinstance(rule, LevelRule) and rule.comparison is Comparison.AT_MOST


def _chance(
    rule: LevelRule | SwingRule,
    alert: Alert,
    tracked: Tracked,
    tracking: GameTracking,
    wording: MessageStyle,
) -> str:
    mark, shown, was = moved(alert, falling=_falls(rule))
    span = ""
    if isinstance(rule, SwingRule) and was:
        way = "down" if mark == "▼" else "up"
        span = f"{way} from {was} in {span_text(rule.seconds)}"
    where = _leg_told(alert, tracked) or stands(tracked, tracking)
    facts = _joined(span, where, "" if _moved_elsewhere(alert, tracked) else alert.game_clock)
    before = f" (was {was})" if was and not span else ""
    first = f"{mark} {shown} {short(tracked.bet)}: {facts}{before}"
    return f"{first}\n{_second(alert, tracked, tracking, wording)}"


def _moved_elsewhere(alert: Alert, tracked: Tracked) -> bool:
    """Whether a chance of a parlay over several games was moved by none that this poll is of.

    Another game moved it, and this one's clock and score would be taken for the reason.
    """
    chance = topic_of(alert.rule) in (CHANCE, SWING)
    return chance and len(tracked.groups) > 1 and not _leg_moved(alert, tracked)


def _joined(*facts: str) -> str:
    return ", ".join(x for x in facts if x)


def _second(alert: Alert, tracked: Tracked, tracking: GameTracking, wording: MessageStyle) -> str:
    facts = (
        "" if _moved_elsewhere(alert, tracked) else score(alert, tracked, tracking),
        progress(tracked.legs) if _leg_told(alert, tracked) else "",
        _needed(tracked, tracking),
        _rests(tracked, tracking),
        fair(tracked),
        _age(alert, tracking, wording),
        f"bet #{tracked.bet.id}",
    )
    return " · ".join(x for x in facts if x)


def _event(
    event: Fact, alert: Alert, tracked: Tracked, tracking: GameTracking, wording: MessageStyle
) -> str:
    name = short(tracked.bet)
    chance = "" if alert.p is None else f"{percent(alert.p)} "
    facts = _joined(stands(tracked, tracking), alert.game_clock)
    second = _second(alert, tracked, tracking, wording)
    match event:
        case Fact.START:
            return f"▶ {chance}{name}: tip-off, {alert.game_clock}\n{second}"
        case Fact.QUARTER:
            return f"◆ {chance}{name}: {facts}\n{second}"
        case Fact.HALFTIME:
            # Halftime is when a person decides on a bet on the second half.
            home = as_typed(tracking.game.league, tracking.game.home)
            ask = f'tracker check "{home} 2H -1.5 -110" says what a bet is worth now'
            return f"◆ {chance}{name}: {facts}\n{second}\n{ask}"
        case Fact.HIT | Fact.DEAD:
            return f"{_decided(event, alert, tracked, facts)}\n{second}"
        case Fact.OUT:
            return _out(alert, tracked, tracking)
        case Fact.REVIEW:
            return _review(alert, tracked, tracking)
        case Fact.FEED_DOWN:
            return _feed_down(alert, tracked, tracking)
        case Fact.FEED_BACK:
            return _feed_back(alert, tracked, tracking)
        case Fact.SETTLED | Fact.REGRADED:
            return _settled(event, alert, tracked, tracking)
        case _:
            assert_never(event)


def _out(alert: Alert, tracked: Tracked, tracking: GameTracking) -> str:
    """Say which players are out, or no longer out, and what that does to the bet."""
    bet = tracked.bet
    legs = {
        i: leg.market.player.name
        for i, leg in enumerate(bet.legs)
        if isinstance(leg.market, PlayerTotal | DoubleDouble)
    }
    lines = []
    for name in alert.detail.split("; "):
        mine = [i for i, other in legs.items() if other == name]
        out = any(i in tracked.out for i in mine)
        which = _legs(mine) if isinstance(bet.market, Parlay) else short(bet)
        rest = f"{which} will be void" if out else f"{which} count{'s' * (len(mine) == 1)} again"
        lines.append(f"⚠ {name} is out: {rest}" if out else f"✓ {name} is no longer out: {rest}")
    state = tracking.state
    begun = state is not None and state.period > 0
    where = score(alert, tracked, tracking) if begun else tracking.game.name
    stake = "" if bet.stake_cents is None else stake_text(bet.stake_cents, free=bet.free)
    whole = short(bet) if isinstance(bet.market, Parlay) else ""
    facts = (where, alert.game_clock, whole, stake, f"bet #{bet.id}")
    return "\n".join((*lines, " · ".join(x for x in facts if x)))


def _legs(places: Sequence[int]) -> str:
    names = " and ".join(str(x + 1) for x in places)
    return f"leg{'s' * (len(places) > 1)} {names}"


def _review(alert: Alert, tracked: Tracked, tracking: GameTracking) -> str:
    """Say that a person must decide the result, why and by which command, or need not any more."""
    bet = tracked.bet
    if not alert.detail:
        return (
            f"↻ #{bet.id} needs no decision: {short(bet)}, the game goes on\n"
            f"{score(alert, tracked, tracking)} · {alert.game_clock}"
        )
    return (
        f"❔ #{bet.id} needs your decision: {short(bet)}, {alert.detail}\n"
        f"{score(alert, tracked, tracking)} · {alert.game_clock} · "
        f"tracker {deciding(bet.id, payout=False)}"
    )


def _decided(event: Fact, alert: Alert, tracked: Tracked, facts: str) -> str:
    """Say that a bet or leg is certain before its game is over, or that it is open again."""
    name, word = short(tracked.bet), event.value.upper()
    if alert.detail:
        done = tracked.settlement
        if done is not None and done.taken_back and done.result is not Result.LOST:
            word = done.result.value.upper()
        return f"↻ {name} is open again, not {word}: {alert.detail}, {facts}"
    if alert.leg is not None and event is Fact.HIT:
        leg, count = tracked.bet.legs[alert.leg], len(tracked.bet.legs)
        what = short_market(leg.market, leg.game)
        gone = tracked.legs[alert.leg].result if tracked.legs[alert.leg].dropped else None
        mark = "✔" if gone is None else RESULT_MARKS[gone]
        end = "won" if gone is None else f"drops out ({gone.value})"
        return f"{mark} {name}: leg {alert.leg + 1} of {count} {end}, {what} · {facts}"
    mark, end = ("✔", "lose") if event is Fact.HIT else ("✘", "win")
    decided = tracked.chance is not None and tracked.chance.decided and tracked.peak is None
    if decided and alert.at - tracked.bet.added_at < _FIRST_READ_WITHIN:
        # It was never open here: its line had been passed when it was added.
        word = f"{word} already"
    return f"{mark} {name} {word}: can no longer {end}, {facts}"


def _feed_down(alert: Alert, tracked: Tracked, tracking: GameTracking) -> str:
    silent = ""
    if tracking.seen_at is not None:
        silent = f" for {span_text((alert.at - tracking.seen_at).total_seconds())}"
    why = f" · {outage_words(alert.detail)}" if alert.detail else ""
    lacking = "no forecast" if alert.detail == Trouble.UNPRICED else "no data"
    return (
        f"⚠ {short(tracked.bet)}: {lacking}{silent}, last seen at {alert.game_clock}\n"
        f"{score(alert, tracked, tracking)} then · alerts on its chance wait · "
        f"bet #{tracked.bet.id}{why}"
    )


def outage_words(trouble: str) -> str:
    """Why there are no data, in a person's words: without address, path or HTTP status."""
    match trouble:
        case Trouble.BLOCKED:
            return "the sources refuse us"
        case Trouble.RATE_LIMITED:
            return "the sources want to be asked less often"
        case Trouble.MALFORMED:
            return "what the sources send cannot be read"
        case Trouble.ABSENT | Trouble.NOT_PUBLISHED:
            return "the sources do not show it"
        case Trouble.UNPRICED:
            return "the sources answer, the forecast on this machine fails"
        case _:
            return "no source answers"


def no_data(games: Mapping[str, str]) -> str:
    """One message for all games that have lost their data: the trouble of each game by its name."""
    return "\n".join(_no_data(alike, why) for why, alike in _by_cause(games).items())


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


def _by_cause(games: Mapping[str, str]) -> dict[str, list[str]]:
    """The names of games by the words for their trouble."""
    found: dict[str, list[str]] = {}
    for game, trouble in games.items():
        found.setdefault(outage_words(trouble), []).append(game)
    return found


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


def _feed_back(alert: Alert, tracked: Tracked, tracking: GameTracking) -> str:
    away = f", {alert.detail}" if alert.detail else ""
    state = tracking.state
    clock = alert.game_clock if state is None else state.game_clock
    points = alert.score if state is None else state.score
    facts = _joined(stands(tracked, tracking), clock)
    return (
        f"✓ {short(tracked.bet)}: data are back{away}: {facts}\n"
        f"{score_text(tracking.game, points)} · alerts on its chance go on · bet #{tracked.bet.id}"
    )


def _settled(event: Fact, alert: Alert, tracked: Tracked, tracking: GameTracking) -> str:
    done, bet = tracked.settlement, tracked.bet
    if done is None:
        return f"#{bet.id} has a result · {short(bet)}"
    money = money_for(bet, done.result, done.payout_cents)
    # A parlay is told by its legs, whichever of its games the last news is from.
    off = (
        tracking.state is not None
        and tracking.state.phase.off
        and not isinstance(bet.market, Parlay)
    )
    # A game that is off has no score, and the range of its bets' chances means nothing.
    course = "" if off or tracked.peak is None else ranged(tracked.peak, tracked.low)
    ended = f"{tracking.game.name} {alert.game_clock.lower()} · {short(bet)}"
    ended = ended if off else _how_it_ended(alert, tracked, tracking)
    facts = " · ".join(x for x in (ended, course) if x)
    result = done.result.value.upper()
    if event is Fact.REGRADED:
        known = alert.detail.casefold() in set(Result)
        step = f"{alert.detail.upper()} → {result}" if known else f"now {result}"
        return (
            f"↻ #{bet.id} corrected: {step}{money} · {facts}\n"
            f"The box score was corrected: revision {done.revision} of the result"
        )
    first = f"{RESULT_MARKS[done.result]} #{bet.id} {result}{money} · {facts}"
    if done.asks_payout:
        return f"{first}\nW{ASK_BOOK[1:]} tracker {deciding(bet.id, payout=True)}"
    return (
        first
        if off or done.by_hand or tracked.official
        else f"{first}\nProvisional until the box score has been read again"
    )


def moved(alert: Alert, *, falling: bool) -> tuple[str, str, str]:
    """The arrow of an alert's chance, the chance, and the chance before (empty if not known).

    `falling` gives the arrow's direction when the chance before is the same or not known.
    """
    p = alert.p if alert.p is not None else 0.0
    shown, was = percent(p), None
    if alert.was is not None:
        rule = parse_rule(alert.rule)
        level = rule.level if isinstance(rule, LevelRule) else None
        shown, was = percent_change(p, alert.was, level)
        falling = alert.was > p or (alert.was == p and falling)
    return "▼" if falling else "▲", shown, was or ""


def stands(tracked: Tracked, tracking: GameTracking) -> str:
    """Where a bet stands: `leads by 7`, `2 alive, 1 hit`; empty without a game state."""
    if tracked.legs:
        return progress(tracked.legs)
    return "" if tracking.state is None else standing(tracked.bet.market, tracking.state)


def _leg_moved(alert: Alert, tracked: Tracked) -> str:
    """The leg that moved a parlay: `leg 2 DEN -4.5 up to 71 %`; empty when none is known."""
    if alert.leg is None or alert.leg_was is None:
        return ""
    leg, chance = tracked.bet.legs[alert.leg], tracked.legs[alert.leg].chance
    if chance is None:
        return ""
    way = "up" if chance.win > alert.leg_was else "down"
    name = short_market(leg.market, leg.game)
    return f"leg {alert.leg + 1} {name} {way} to {percent(chance.win)}"


def _leg_told(alert: Alert, tracked: Tracked) -> str:
    """The leg that explains a parlay's chance: the one that moved it here, else the weakest one.

    `leg 1 PHI ML at 26 %` is the least likely open leg where another game moved the parlay. It is
    empty where no leg has a chance, and for an event.
    """
    if topic_of(alert.rule) not in (CHANCE, SWING):
        return ""
    if not _moved_elsewhere(alert, tracked):
        return _leg_moved(alert, tracked)
    open_legs = [(x.chance.win, x.leg) for x in tracked.legs if x.alive and x.chance is not None]
    if not open_legs:
        return ""
    p, place = min(open_legs)
    leg = tracked.bet.legs[place]
    return f"leg {place + 1} {short_market(leg.market, leg.game)} at {percent(p)}"


def _needed(tracked: Tracked, tracking: GameTracking) -> str:
    """What a bet needs: `needs to win by 5`; empty without a game state."""
    return "" if tracking.state is None else needs(tracked.bet.market, tracking.state)


def _rests(tracked: Tracked, tracking: GameTracking) -> str:
    """That the player of an open bet sits longer than is usual; else empty."""
    state, chance = tracking.state, tracked.chance
    if state is None or chance is None or chance.decided:
        return ""
    return resting(tracked.bet.market, state)


def score(alert: Alert, tracked: Tracked, tracking: GameTracking) -> str:
    """The score, and the points in the bet's span where it is on a part of the game.

    A game that is off has none: its name stands for it.
    """
    market, state = tracked.bet.market, tracking.state
    if state is not None and state.phase.off:
        return tracking.game.name
    whole = score_text(tracking.game, alert.score)
    if state is None or isinstance(market, Parlay) or market.span is Span.GAME:
        return whole
    part = counted(market, state)
    return whole if part is None else f"{whole} ({market.span.value} {part.away} – {part.home})"


def _how_it_ended(alert: Alert, tracked: Tracked, tracking: GameTracking) -> str:
    """What decided a bet, and the bet: `LAL 105 – 114 DEN · DEN -4.5`, `Jokić 27 pts (o25.5)`.

    Legs decide a parlay: `2 hit, 1 dropped · Parlay (3)`.
    """
    bet, state = tracked.bet, tracking.state
    match bet.market:
        case Parlay():
            rests = progress(tracked.legs)
        case PlayerTotal() as market if state is not None:
            line = box_line(state, market.player)
            made = None if line is None else figure(line, market.stat)
            side = f"{market.direction.value[0]}{line_text(market.points)}"
            done = tracked.in_force
            void = done is not None and done.result is Result.VOID
            if void and (line is None or not line.played):
                return f"{market.player.surname} did not play ({side} {market.stat.value})"
            if made is not None:
                return f"{market.player.surname} {made} {market.stat.value} ({side})"
            rests = score(alert, tracked, tracking)
        case DoubleDouble() as market if state is not None:
            figures = player_standing(market, state).removesuffix(" now")
            rests = figures or score(alert, tracked, tracking)
        case _:
            rests = score(alert, tracked, tracking)
    return " · ".join(x for x in (rests, short(bet)) if x)


def fair(tracked: Tracked) -> str:
    """The fair cash-out value, the stake included; empty for a decided bet or an unknown value."""
    bet, chance = tracked.bet, tracked.chance
    if chance is None or chance.decided or bet.stake_cents is None or bet.odds is None:
        return ""
    if tracked.dropped or tracked.may_drop:
        # The book's price without the dropped leg is not known.
        return ""
    worth = fair_value(chance, returns_of(bet.stake_cents, bet.odds, free=bet.free))
    return f"fair cash-out {money_text(worth)}"


def _age(alert: Alert, tracking: GameTracking, wording: MessageStyle) -> str:
    """The age of the data behind a message, including a delay that the person set."""
    if tracking.seen_at is None:
        return ""
    seconds = (alert.at - tracking.seen_at).total_seconds()
    delayed = f"delayed {span_text(wording.delay)}" if wording.delay else ""
    if tracking.stale:
        age = "data stale"
    elif seconds < _FRESH_SECONDS:
        age = f"data {delayed or 'just in'}"
        delayed = ""
    else:
        age = f"data {span_text(seconds + wording.delay)} old"
    return f"{age}, {delayed}" if delayed else age
