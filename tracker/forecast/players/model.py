"""The distribution of a player's final box line: first his minutes, then his rates, then counts.

A `Scene` holds what all players of a state share. A `PlayerOutlook` is one player's forecast; it
computes his minutes, and each of his figures, when they are first used.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tracker.domain import Lazy
from tracker.domain.chance import NotInBox, PlayerOut, Unpriceable
from tracker.domain.game import LAST_TWO_MINUTES, FreeThrows, Phase, PlayerLine, Side
from tracker.domain.market import CATEGORY_REACHED
from tracker.domain.player import Stat, box_lines, figure, player_key, points_lacking, rules_out
from tracker.forecast.game.endgame import PlayedOn
from tracker.forecast.game.flow import MADE, TAKEN_BACK
from tracker.forecast.game.lattice import Lattice, Pmf
from tracker.forecast.players import GAME_MINUTES, Neighbours
from tracker.forecast.players.lineup import (
    EARLY,
    KINDS,
    NOTHING_ALLOWED,
    Bulk,
    Gaps,
    early_gaps,
    gaps,
    usual_gaps,
)
from tracker.forecast.players.priors import LEAST_RATE, base_features
from tracker.forecast.players.remainder import (
    BASIC,
    LARGEST_OWN,
    LONG_SPELL,
    REGULAR,
    STAR,
    UNSEEN,
    Remainder,
    Shares,
    Standing,
    added_by_each,
    leaving,
    log_odds,
    means_of,
    overtime_share,
    own_features,
    ramp,
    rate_features,
    share_chances,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tracker.domain.game import GameState
    from tracker.domain.league import League
    from tracker.domain.player import Player
    from tracker.forecast.players.priors import PlayerPriors

    Floats = NDArray[np.float64]

STARTERS = 5
"""The players of a team who start."""

FAR = 15
"""Points: a margin at the end of regulation from which a game counts as a blowout."""

LEAST_TEAM = 0.3
"""Points: the least that a team is expected to add while time is left, so that its log exists."""

FIRST_QUARTER = 0.25
"""The part of a game in which the figures of each fitted moment need a player's standing at that
moment's clock."""

RARE_OVERTIME = 0.08
"""A chance of overtime below this adds its expected minutes instead of classes of its own."""

_NAMES = tuple(x.value for x in BASIC)

OVERTIME_PACE = 0.9
"""Figures a minute of an overtime over those of the last five minutes of regulation: of the players
of 224 NBA overtimes points .86 ± .05, rebounds .90 ± .05 and assists .94 ± .07."""

JUST_SEEN = 0.75
"""Minutes: who was on the court so shortly before a period's end was probably on it at the end."""

LEAST_CLASS = 1e-4
"""The chance below which a class of minutes is left out."""

_ENDED = re.compile(r"eject|disqualif|did not return|will not return|not returning|ruled out|inj|"
                    r"\bout\b|suspen|inactive|inelig|dnd|dnp", re.IGNORECASE)  # fmt: skip
"""Words in a feed's note that say that a player's game is over."""


@dataclass(frozen=True, eq=False)
class Scene:
    """What all players of a state share: the figures of the moment, and the game's outlook.

    `minute_shares`, `shares`, `rates` and `powers` are interpolated from `players.Moments`.
    `minutes_left` are those of regulation, or of the overtime in play. `played` is the part of
    regulation played, above 1 in overtime; `live` is whether the clock may run. `reckoned` is
    `played`, but at least the first live moment that was fitted. `clocks` are the clocks of the
    moments in `minute_shares`, if each needs a player's standing at its own clock; else they are
    empty. `level` is the chance of an overtime to come, `blowout` that of a margin of FAR or more,
    `margin` the expected margin and `lead` the present one, both / 10 and + for home. `to_come` are
    the expected points to come of (home, away), `usual_points` those of an average team.
    """

    minute_shares: Shares
    shares: Floats
    rates: Floats
    powers: Floats
    minutes_left: float
    played: float
    reckoned: float
    clocks: tuple[float, ...]
    live: bool
    level: float
    blowout: float
    margin: float
    lead: float
    to_come: tuple[float, float]
    usual_points: float
    lines: Mapping[tuple[Side, str], PlayerLine]
    """Box lines by `player_key`; a name that a side has twice is left out."""
    seen: LineUp
    """The starters and the players seen so far; before tip-off all who may play."""
    able: LineUp | None
    """All who may play, in the first minutes of a game; None later."""
    throws: FreeThrows | None
    """Free throws to come of a known player; None while the box is not as new as the score."""
    pace: float
    """By how much figures a minute differ from those in the same minutes of regulation."""
    overtime: Scene | None
    """By what the rates of an overtime to come are told in the last two minutes; None before.

    The last minutes' own are of hurry, fouls and intended misses, and at the end there are none.
    """


@dataclass(frozen=True, eq=False)
class LineUp:
    """What each known player of a line-up brings, and the sum of each side."""

    brings: Mapping[tuple[Side, str], Bulk]
    together: Mapping[Side, Bulk]

    def beside(self, who: tuple[Side, str]) -> Bulk:
        """What a player's team-mates bring together."""
        return self.together[who[0]].plus(self.brings.get(who, Bulk()), -1.0)


def _line_up(
    players: PlayerPriors,
    lines: Mapping[tuple[Side, str], PlayerLine],
    counts: Callable[[PlayerLine], bool],
) -> LineUp:
    """The line-up of the known players in the box who count."""
    brings = {
        who: mate.brings
        for who, mate in players.mates.items()
        if (line := lines.get(who)) is not None and counts(line)
    }
    together = dict.fromkeys(Side, Bulk())
    for (side, _), bulk in brings.items():
        together[side] = together[side].plus(bulk)
    return LineUp(brings, together)


def scene(state: GameState, final: Lattice, average_total: float, players: PlayerPriors) -> Scene:
    """The scene of a state, with figures interpolated between the fitted moments.

    `final` is the lattice of the final score. `average_total` are the points of both teams in the
    league's average game.
    """
    rules = state.game.rules
    whole = float(rules.regulation_seconds)
    overtime = state.overtime > 0
    end = final.level if isinstance(final, PlayedOn) else final
    lines = box_lines(state)
    live = state.phase in (Phase.LIVE, Phase.SUSPENDED) or (state.period > 0 and state.clock > 0)
    left = state.seconds_left
    at = 1 - min(left, whole) / whole
    if state.drawn:
        end = Lattice.certain(state.score.home, state.score.away)
        lines = _as_it_ended(lines, (whole + state.overtime * rules.overtime_seconds) / 60)
        live = any(x.on_court for x in lines.values())
    # At the tip the state shows who starts, and nothing else that was unknown before it.
    running = live and at > 0
    moments = players.figures.live if running else players.figures.breaks
    near = Neighbours.of(moments, at, running=running)
    # Later on figures change slowly along the clock: within half a minute of expected minutes.
    apart = running and not overtime and (at < FIRST_QUARTER or not near.weight)
    played = at
    if overtime:
        played = 1 + (state.overtime * rules.overtime_seconds - left) / whole
    margins = end.margin
    blowout = margins.less_than(1 - FAR) + 1 - margins.less_than(FAR)
    level = margins.split(0)[1]
    throws = _throws(state)
    to_come = [end.home.mean - state.score.home, end.away.mean - state.score.away]
    if throws is not None:
        # They come to their shooter, whatever the team brings in play.
        to_come[throws.side is Side.AWAY] -= MADE * throws.left * given(throws)
    begun = at > 0
    seen = _line_up(players, lines, _has_played if begun else _may_play)
    early = begun and at * GAME_MINUTES < EARLY[1]
    found = Scene(
        minute_shares=near.minute_shares,
        shares=near.mixed(moments.shares),
        rates=near.mixed(moments.rates),
        powers=near.mixed(moments.powers),
        minutes_left=left / 60,
        played=played,
        reckoned=max(played, float(moments.at[0])) if running else played,
        clocks=near.clocks if apart else (),
        live=live,
        level=level,
        blowout=blowout,
        margin=margins.mean / 10,
        lead=state.score.margin / 10,
        to_come=(to_come[0], to_come[1]),
        usual_points=near.usual * average_total / 2,
        lines=lines,
        seen=seen,
        able=_line_up(players, lines, _may_play) if early else None,
        throws=throws,
        pace=OVERTIME_PACE if overtime else 1.0,
        overtime=None,
    )
    if left < LAST_TWO_MINUTES and isinstance(final, PlayedOn) and level > LEAST_CLASS:
        return replace(found, overtime=_start(found, final, rules, average_total, players))
    return found


def _start(
    now: Scene, final: PlayedOn, rules: League, average_total: float, players: PlayerPriors
) -> Scene:
    """A scene with the rates of an overtime's start: those of as long before regulation's end."""
    length = rules.overtime_seconds
    at = 1 - length / rules.regulation_seconds
    near = Neighbours.of(players.figures.live, at, running=True)
    points, share = final.overtimes.points, length / 60 / OVERTIME_MINUTES
    return replace(
        now,
        rates=near.mixed(near.moments.rates),
        powers=near.mixed(near.moments.powers),
        blowout=0.0,
        lead=0.0,
        to_come=(points.home.mean * share, points.away.mean * share),
        usual_points=near.usual * average_total / 2,
        pace=OVERTIME_PACE,
    )


def _as_it_ended(
    lines: Mapping[tuple[Side, str], PlayerLine], minute: float
) -> dict[tuple[Side, str], PlayerLine]:
    """The box of a break before an overtime: those who just were on the court count as on it."""
    return {
        who: replace(x, on_court=True) if x.seen and minute - x.seen < JUST_SEEN else x
        for who, x in lines.items()
    }


def _throws(state: GameState) -> FreeThrows | None:
    """The free throws to come of a player in the box, if its points of his side are the score's."""
    throws = state.throws
    if throws is None or all(
        (x.side, x.id) != (throws.side, throws.shooter) for x in state.players
    ):
        return None
    return None if points_lacking(state, throws.side) else throws


def given(throws: FreeThrows) -> float:
    """The chance that free throws to come are shot: a foul under review may be taken back."""
    return 1 - TAKEN_BACK if throws.reviewed else 1.0


def _has_played(line: PlayerLine) -> bool:
    return line.starter or line.minutes > 0


def _may_play(line: PlayerLine) -> bool:
    """Whether no word of the box says that a team-mate does not play tonight."""
    return line.note is None or _ENDED.search(line.note) is None


@dataclass(frozen=True, eq=False)
class PlayerOutlook:
    """The distribution of one player's final box line. `over`: his line can no longer change."""

    line: PlayerLine
    over: bool
    scene: Scene
    priors: PlayerPriors
    side: Side
    regulation: float

    def pmf(self, stat: Stat) -> Pmf:
        """The distribution of his final figure. Raises Unpriceable."""
        found = self._pmfs.get(stat)
        if found is None:
            self.ask(stat.parts)
            has = self.has(stat)
            chances = (
                np.ones(1) if self.over else self.with_throws(stat, self.remainder.added(stat))
            )
            found = self._pmfs[stat] = Pmf(has, chances)
        return found

    def ask(self, stats: Sequence[Stat]) -> None:
        """Raise LittleKnown where nothing is known of these figures of his, and they may change."""
        if not self.over:
            self.priors.ask(self.side, self.key, stats)

    def tens(self, stats: Sequence[Stat]) -> Floats:
        """P(ten or more in n of these figures | class of minutes). Raises Unpriceable."""
        counts = np.zeros((self.remainder.chances.size, len(stats) + 1))
        counts[:, 0] = 1.0
        for stat in stats:
            need = max(CATEGORY_REACHED - self.has(stat), 0)
            hit = self.by_class(stat)[:, need:].sum(axis=1)[:, None]
            moved = counts * (1 - hit)
            moved[:, 1:] += counts[:, :-1] * hit
            counts = moved
        return counts

    def by_class(self, stat: Stat) -> Floats:
        """P(he adds n to a figure | class of minutes), one row a class."""
        return self.with_throws(stat, self.remainder.by_class(stat))

    def with_throws(self, stat: Stat, chances: Floats) -> Floats:
        """Chances of what he adds, the last axis, with the free throws that he is to shoot."""
        throws = self.scene.throws
        if throws is None or throws.shooter != self.line.id or Stat.PTS not in stat.parts:
            return chances
        nothing = np.zeros((*chances.shape[:-1], throws.left))
        off = np.append(chances, nothing, axis=-1)
        found = off
        for _ in range(throws.left):
            found = (1 - MADE) * found + MADE * np.roll(found, 1, axis=-1)
        return (1 - given(throws)) * off + given(throws) * found

    def has(self, stat: Stat) -> int:
        """His figure so far. Raises Unpriceable if the box does not give it."""
        if not self.line.stats and not self.line.played:
            return 0
        has = figure(self.line, stat)
        if has is None:
            raise Unpriceable(f"the box score does not give {stat.value} of {self.line.name}")
        return has

    @Lazy
    def _pmfs(self) -> dict[Stat, Pmf]:
        return {}

    @Lazy
    def standing(self) -> Standing[float]:
        """His inputs of the model at this moment. Raises LittleKnown."""
        return self.standing_at(self.scene.reckoned)

    def standing_at(self, clock: float) -> Standing[float]:
        """His inputs of the model at a clock near this moment. Raises LittleKnown.

        A player on the court is taken to stay on it until that clock, or to have played the same
        share of the time up to it. Early in a game everybody's minutes follow from the clock, so
        that figures fitted at another minute would take a minute on the court for news.
        """
        line, scene, limit = self.line, self.scene, self.priors.figures.fouls
        prior = self.priors.of(self.side, self.key)
        # Before the tip a box may list no starters yet, or only some.
        starters = sum(x.starter for x in scene.lines.values() if x.side is self.side)
        told = scene.played > 0 or starters >= STARTERS
        known = line.starter if told else None
        usual = prior.minutes(known) / self.regulation
        starter = prior.starts if known is None else float(known)
        stretch = GAME_MINUTES / self.regulation
        minutes = line.minutes * stretch
        if line.on_court and clock > scene.played:
            minutes += (clock - scene.played) * GAME_MINUTES
        elif clock < scene.played:
            minutes *= clock / scene.played
        now = scene.played * GAME_MINUTES
        since = 0.0 if line.seen is None else max(now - line.seen * stretch, 0.0)
        missing = self.gaps
        sign = 1.0 if self.side is Side.HOME else -1.0
        return Standing(
            usual=log_odds(usual),
            starter=starter,
            ahead_of_plan=(minutes - usual * GAME_MINUTES * clock) / 10,
            not_yet=float(minutes == 0),
            fouls=line.fouls / 3,
            near_limit=float(line.fouls >= limit - 2),
            at_limit=float(line.fouls >= limit - 1),
            played=min(minutes, LONG_SPELL) / LONG_SPELL,
            blowout=scene.blowout,
            lead=sign * scene.lead,
            margin=sign * scene.margin,
            on=float(line.on_court and scene.live),
            min_gap=missing.minutes,
            use_gap=missing.figures[0],
            unseen=ramp(since, UNSEEN) * ramp(usual * GAME_MINUTES, REGULAR),
            star=ramp(usual * GAME_MINUTES, STAR),
        )

    @Lazy
    def gaps(self) -> Gaps:
        """How much less his team-mates bring tonight than usual."""
        scene, who = self.scene, (self.side, self.key)
        minute = scene.played * GAME_MINUTES
        usual = usual_gaps(minute)
        mate = self.priors.mates.get(who)
        if mate is None or mate.usual is None:
            return usual
        seen = gaps(mate.usual, scene.seen.beside(who)) or usual
        if scene.able is None:
            return seen
        able = gaps(mate.usual, scene.able.beside(who)) or usual_gaps(0.0)
        return early_gaps(able, seen, minute)

    @property
    def key(self) -> str:
        """The key of his name in priors."""
        return player_key(self.line.name)

    @Lazy
    def remainder(self) -> Remainder:
        """The distribution of what he adds from here on."""
        return remainders([self])[0]

    @Lazy
    def rates(self) -> Floats:
        """Expected figures for each minute still to come, in the order of BASIC."""
        rates: Floats = rates_of([self])[0]
        return rates


def remainders(listed: Sequence[PlayerOutlook]) -> list[Remainder]:
    """The remainders of several players of one scene, computed together."""
    scene, figures = listed[0].scene, listed[0].priors.figures
    standings = [x.standing for x in listed]
    at_each = [[x.standing_at(c) for x in listed] for c in scene.clocks] or [standings]
    chances = share_chances(at_each, scene.minute_shares)
    usual = np.array([[x.usual] for x in standings])
    starter = np.array([[x.starter] for x in standings])
    more = overtime_share(figures.overtime, usual, starter, scene.shares) * OVERTIME_MINUTES
    gone = [x.line.perhaps_ejected for x in listed]
    minutes = np.broadcast_to(scene.shares * scene.minutes_left, more.shape)
    (_, more), (chances, minutes) = leaving(chances, more, gone), leaving(chances, minutes, gone)
    rates, later = rates_of(listed).T, scene.overtime
    spells = [(rates, scene.powers, minutes + scene.level * more)]
    if later is not None or scene.level >= RARE_OVERTIME:
        chances = np.hstack([chances * (1 - scene.level), chances * scene.level])
        spells = [(rates, scene.powers, np.hstack([minutes, minutes + more]))]
    if later is not None:
        anew = rates_of([replace(x, scene=later) for x in listed]).T
        spells = [
            (rates, scene.powers, np.hstack([minutes, minutes])),
            (anew, later.powers, np.hstack([np.zeros_like(more), more])),
        ]
    used = chances > LEAST_CLASS
    chances = np.where(used, chances, 0.0)
    chances /= chances.sum(axis=1, keepdims=True)
    means = np.sum([means_of(x, powers, chances, spell) for x, powers, spell in spells], axis=0)
    if used.all():
        # As nearly always: a mask would copy every row.
        return [Remainder(x, means[:, n], figures.habits) for n, x in enumerate(chances)]
    return [
        Remainder(chances[n, some], means[:, n, some], figures.habits)
        for n, some in enumerate(used)
    ]


def rates_of(listed: Sequence[PlayerOutlook]) -> Floats:
    """`rates` of several players of one scene, a row each."""
    scene, figures, stretch = listed[0].scene, listed[0].priors.figures, listed[0].regulation
    standings = [x.standing for x in listed]
    before = np.array([x.priors.of(x.side, x.key).rates for x in listed])
    stats = [dict(x.line.stats) for x in listed]
    has = np.array([[x.get(name, 0) for name in _NAMES] for x in stats], dtype=np.float64)
    minutes = np.array([[x.line.minutes] for x in listed])
    memory = figures.memories * (stretch / GAME_MINUTES)
    rates: Floats = (before * memory + has) / (memory + minutes)
    bases = np.array([base_features(x.usual, x.starter) for x in standings])
    league = np.maximum(bases @ figures.bases.T, LEAST_RATE)
    own = np.log(np.maximum(rates, LEAST_RATE) / league)
    own = np.minimum(np.maximum(own, -LARGEST_OWN), LARGEST_OWN)
    ratios = [
        math.log(max(points, LEAST_TEAM) / max(scene.usual_points, LEAST_TEAM))
        for points in scene.to_come
    ]
    shared = np.array([
        rate_features(x, ratios[0 if seen.side is Side.HOME else 1])
        for x, seen in zip(standings, listed, strict=True)
    ])  # fmt: skip
    logs = shared @ scene.rates[:, : shared.shape[1]].T
    missing, opponent = np.zeros_like(rates), np.zeros_like(rates)
    missing[:, 1 : len(KINDS)] = [x.gaps.figures[1:] for x in listed]
    opponent[:, : len(KINDS)] = [x.priors.allowed.get(x.side, NOTHING_ALLOWED) for x in listed]
    beside = own_features(own, scene.blowout, has - before * minutes, missing, opponent)
    for column, feature in enumerate(beside, shared.shape[1]):
        logs += scene.rates[:, column] * feature
    rates *= np.exp(logs) * scene.pace
    return rates


def work_out(asked: Iterable[tuple[PlayerOutlook, Stat]]) -> None:
    """Compute and keep the distributions of players' final figures, those of one scene together.

    Players without a chance are left out.
    """
    wanted: dict[tuple[PlayerOutlook, Stat], int] = {}
    for seen, stat in asked:
        if not seen.over and stat not in seen._pmfs:  # noqa: SLF001 - kept with the player
            try:
                seen.ask(stat.parts)
                wanted[seen, stat] = seen.has(stat)
            except Unpriceable:
                continue
    _work_out_remainders(dict.fromkeys(seen for seen, _ in wanted))
    known = {x: has for x, has in wanted.items() if "remainder" in x[0].__dict__}
    added = added_by_each([(seen.remainder, stat, has) for (seen, stat), has in known.items()])
    for (seen, stat), pmf in zip(known, added, strict=True):
        with_throws = seen.with_throws(stat, pmf.chances)
        more = with_throws is not pmf.chances
        seen._pmfs[stat] = Pmf(pmf.first, with_throws) if more else pmf  # noqa: SLF001 - likewise


def _work_out_remainders(listed: Iterable[PlayerOutlook]) -> None:
    """Compute and keep the remainders of all players who can have one and have none yet."""
    able = []
    for seen in listed:
        if "remainder" not in seen.__dict__:
            try:
                seen.standing  # noqa: B018 - of whom too little is known has none
            except Unpriceable:
                continue
            able.append(seen)
    if able:
        for seen, left in zip(able, remainders(able), strict=True):
            seen.__dict__["remainder"] = left


OVERTIME_MINUTES = 5.7
"""Expected minutes of all overtimes together once there is one: one in seven has a second."""


_NOTHING = tuple((x.value, 0) for x in Stat)


def _not_listed(player: Player, state: GameState) -> PlayerLine:
    """The empty line of a player whom no box lists before tip-off.

    Raises Unpriceable once the game has begun: then a box must list him, exactly once.
    """
    if state.phase is Phase.SCHEDULED:
        return PlayerLine(player.key, player.name, player.side, _NOTHING)
    own = [x for x in state.players if x.side is player.side]
    if not own:
        raise Unpriceable(
            f"there are no player figures of {state.game.name}, so {player.name} has no chance"
        )
    where = state.game.code(player.side)
    if state.phase.in_play and all(player_key(x.name) != player.key for x in own):
        raise NotInBox(f"{player.name} is not in the box score of {where}")
    raise Unpriceable(f"{player.name} is not in the box score of {where}, or twice")


def player_outlook(
    player: Player, state: GameState, scene: Scene, players: PlayerPriors
) -> PlayerOutlook:
    """The forecast of one player's line. Raises Unpriceable."""
    line = scene.lines.get((player.side, player.key)) or _not_listed(player, state)
    ended = line.note is not None and _ENDED.search(line.note) is not None
    out = line.out or (ended and rules_out(line.note))
    if out and not line.played:
        raise PlayerOut(f"{line.name} is listed as out ({line.note}): his lines are void")
    # A box in which nobody has played was read before the tip and cannot say who stayed out.
    final = state.phase is Phase.FINAL and any(x.played for x in state.players)
    if final and not (line.played or line.minutes > 0):
        raise PlayerOut(f"{line.name} did not play: his lines are void")
    done = line.fouls >= players.figures.fouls or (ended and line.played)
    return PlayerOutlook(
        line=line,
        over=state.phase is Phase.FINAL or done,
        scene=scene,
        priors=players,
        side=player.side,
        regulation=state.game.rules.regulation_seconds / 60,
    )
