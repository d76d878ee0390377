"""Promises of the unknown: it is shown as unknown, and nothing untrue is said at a tip-off."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from tests.engine.build import after, decide
from tests.engine.finals import boxes, final_of, game_of
from tracker.daemon.forecaster import Forecaster
from tracker.domain.alert import Alert, Decision
from tracker.domain.bet import Bet, Leg, Parlay, Result, Wager
from tracker.domain.chance import Chance, NoChance
from tracker.domain.events import tell_nobody
from tracker.domain.game import FreeThrows, GameState, Phase, PlayerLine, Score, Side
from tracker.domain.market import Direction, Moneyline, PlayerTotal, Spread, Total
from tracker.domain.money import parse_odds
from tracker.domain.player import Player, PlayerGame, Stat, player_key
from tracker.domain.policy import Fact, parse_rule
from tracker.domain.prior import Lines, PregameLines
from tracker.domain.tracking import Change, GameTracking, Tracked
from tracker.wording.alerts import compose

FINAL = final_of(boxes()[0])
GAME = replace(game_of(boxes()[0]), start=after(0))
PLAYED = [x for x in FINAL.players if x.played and x.minutes > 12]
RULES = tuple(
    parse_rule(x) for x in ("p >= 0.80", "p <= 0.30", "swing 0.15 in 5m", "hit", "dead", "out")
)


def lines(*, begun: bool, out: frozenset[str] = frozenset()) -> tuple[PlayerLine, ...]:
    """The box at tip-off, without figures; where `begun`, the starters are on the court."""
    return tuple(
        PlayerLine(
            x.id, x.name, x.side, tuple((k, 0) for k, _ in x.stats) if begun else (),
            starter=x.starter, played=begun and x.starter and x.name not in out,
            on_court=begun and x.starter and x.name not in out,
            note="INACTIVE_INJURY" if x.name in out else None, out=x.name in out,
        )
        for x in FINAL.players
    )  # fmt: skip


def soon(out: frozenset[str] = frozenset()) -> GameState:
    """The box of a minute before tip-off."""
    box = lines(begun=False, out=out)
    return GameState(GAME, Phase.SCHEDULED, 0, 720.0, Score(0, 0), periods=(), players=box)


NOTHING = Score(0, 0)


def begun(clock: float, score: Score = NOTHING, players: tuple[PlayerLine, ...] = ()) -> GameState:
    """A state in the first quarter."""
    return GameState(GAME, Phase.LIVE, 1, clock, score, periods=(score,), players=players)


def bet(
    number: int,
    market: Wager,
    odds: str | None = "-110",
) -> Bet:
    """A bet from before tip-off."""
    price = None if odds is None else parse_odds(odds)
    return Bet(number, "x", market, GAME, RULES, after(-3600), odds=price, stake_cents=2000)


@dataclass
class Night:
    """A game that is followed with the real forecast."""

    tracking: GameTracking
    forecaster: Forecaster = field(default_factory=lambda: Forecaster(lambda _: None, tell_nobody))
    alerts: list[Alert] = field(default_factory=list)
    last: Change | None = None

    @staticmethod
    def of(*bets: Bet) -> Night:
        """A night with new bets on players of whom ten games are known."""
        night = Night(GameTracking(GAME, tuple(Tracked.fresh(x) for x in bets)))
        quote = PregameLines(Lines(home_spread=-3.5, total=226.5), "a book", after(-60))
        night.forecaster.pricing.learn({GAME.id: quote})
        night.forecaster.pricing.players.recent = {
            ("nba", player_key(x.name)): tuple(_game(x, n) for n in range(1, 11)) for x in PLAYED
        }
        return night

    def poll(self, state: GameState, seconds: float) -> list[Alert]:
        """Take a poll; return the alerts that fired."""
        outlook = self.forecaster.outlook(self.tracking, state)
        self.last = decide(self.tracking, state, outlook, after(seconds))
        self.tracking = self.last.tracking
        fired = [x for x in self.last.alerts if x.decision is Decision.FIRED]
        self.alerts += fired
        return fired

    def tracked(self, number: int = 1) -> Tracked:
        """A bet as it stands."""
        return next(x for x in self.tracking.tracked if x.bet.number == number)

    def says(self, alert: Alert) -> str:
        """The message of an alert."""
        return compose(alert, self.tracked(alert.bet), self.tracking)


def _game(x: PlayerLine, days: int) -> PlayerGame:
    stats = tuple((Stat(k), v) for k, v in x.stats)
    start = after(-86_400.0 * days)
    return PlayerGame(x.name, GAME.code(x.side), f"g{days}", start, x.minutes, x.starter, stats, 0)


def player(x: PlayerLine) -> Player:
    """The player of a box's entry."""
    return Player(x.name, x.side)


def over(x: PlayerLine, stat: Stat = Stat.PTS, points: float | None = None) -> PlayerTotal:
    """An over that he just reached in the real game, unless `points` is given."""
    return PlayerTotal(
        player(x), stat, Direction.OVER, points or max(dict(x.stats)[stat.value] - 0.5, 0.5)
    )


def test_nineteen_player_bets_a_minute_before_the_tip_say_nothing_untrue() -> None:
    """Two players who are out are announced at once, and nobody else at tip-off."""
    stats = (Stat.PTS, Stat.REB, Stat.AST)
    star, stranger = PLAYED[0], PLAYED[-1]
    out = frozenset({PLAYED[1].name, PLAYED[2].name})
    backed = [over(PLAYED[n % (len(PLAYED) - 1)], stats[n % 3]) for n in range(18)]
    bets = [bet(n, x) for n, x in enumerate(dict.fromkeys(backed), 1)]
    bets.append(bet(19, over(stranger, points=28.5), odds=None))
    night = Night.of(*bets)
    who = {
        k: v
        for k, v in night.forecaster.pricing.players.recent.items()
        if k[1] != player_key(stranger.name)
    }
    night.forecaster.pricing.players.recent = who
    first = night.poll(soon(out), -60)
    gone = {x.bet.number for x in night.tracking.tracked if x.bet.market.player.name in out}  # type: ignore[union-attr]
    assert {(x.bet, x.rule) for x in first} == {(n, "out") for n in gone}
    assert gone
    night.poll(soon(out), -30)
    for second, clock in ((5, 719.0), (15, 703.0), (25, 690.0)):
        night.poll(begun(clock, Score(2, 0)), second)
    night.poll(begun(680, Score(2, 3), lines(begun=True, out=out)), 40)
    night.poll(begun(660, Score(4, 3), lines(begun=True, out=out)), 55)
    assert night.alerts == first
    for one in night.tracking.tracked:
        has_one = one.bet.number not in gone and one.bet.number != 19
        assert (one.chance is not None) == has_one
    assert night.tracked(19).no_chance is NoChance.LITTLE_KNOWN
    assert star.name not in out


def test_a_box_from_before_the_tip_leaves_the_chance_of_before() -> None:
    """In play without players the chance stays, and no snapshot is made."""
    night = Night.of(bet(1, over(PLAYED[0])))
    night.poll(soon(), -60)
    before = night.tracked().chance
    assert before is not None
    night.poll(begun(719, Score(2, 0)), 5)
    assert night.tracked().chance == before
    assert night.last is not None
    assert night.last.snapshots == ()
    night.poll(begun(700, Score(2, 0), lines(begun=True)), 20)
    assert night.last.snapshots != ()


def test_a_star_who_is_not_in_the_line_up_moves_a_chance_and_fires_nothing() -> None:
    """That he sits at the tip is learnt from the first box, and is no turn of the game."""
    star = max((x for x in PLAYED if x.starter), key=lambda x: dict(x.stats)["pts"])
    night = Night.of(bet(1, over(star)))
    night.poll(soon(), -60)
    for second, clock in ((5, 719.0), (15, 703.0)):
        night.poll(begun(clock, Score(2, 0)), second)
    before = night.tracked().chance
    sits = tuple(
        replace(x, starter=False, played=False, on_court=False) if x.name == star.name else x
        for x in lines(begun=True)
    )
    for second, clock in ((40, 680.0), (55, 660.0), (70, 650.0)):
        night.poll(begun(clock, Score(2, 3), sits), second)
    now = night.tracked().chance
    assert before is not None
    assert now is not None
    assert before.win > 0.5
    assert now.win < 0.3
    assert night.alerts == []


def test_who_is_out_is_said_at_once_and_unsaid() -> None:
    """A player who is out is announced once, with the effect on the bet; so is his return."""
    who = PLAYED[0]
    slip = Parlay((Leg(GAME, Moneyline(Side.HOME)), Leg(GAME, over(who))))
    night = Night.of(bet(1, over(who)), bet(2, slip, "+260"))
    night.poll(soon(), -600)
    alone = night.tracked(2).chance
    first = night.poll(soon(frozenset({who.name})), -300)
    said = [night.says(x).splitlines()[0] for x in first]
    surname = player(who).name
    assert said[0].startswith(f"⚠ {surname} is out: ")
    assert said[0].endswith(" will be void")
    assert said[1] == f"⚠ {surname} is out: leg 2 will be void"
    assert night.tracked(1).chance is None
    assert night.tracked(1).no_chance is NoChance.OUT
    left = night.tracked(2).chance
    assert left is not None
    assert alone is not None
    assert left.win > alone.win
    assert night.tracked(2).out == (1,)
    assert night.poll(soon(frozenset({who.name})), -200) == []
    back = night.poll(soon(), -100)
    assert [x.rule for x in back] == ["out", "out"]
    assert (
        night.says(back[1]).splitlines()[0] == f"✓ {surname} is no longer out: leg 2 counts again"
    )
    assert night.tracked(2).chance == alone


def the_end(out: frozenset[str]) -> GameState:
    """The final box, in which the league also marks as out whoever did not play."""
    box = tuple(
        replace(
            x, played=False, minutes=0.0, starter=False, stats=tuple((k, 0) for k, _ in x.stats),
            note="INACTIVE_INJURY", out=True,
        )
        if x.name in out
        else x
        for x in FINAL.players
    )  # fmt: skip
    return replace(FINAL, game=GAME, players=box)


def test_who_is_out_stays_out_when_the_game_ends() -> None:
    """A player who is out stays out while a box leaves him out and at the final."""
    who = PLAYED[0]
    gone = frozenset({who.name})
    slip = Parlay((Leg(GAME, Moneyline(Side.HOME)), Leg(GAME, over(who))))
    night = Night.of(bet(1, over(who)), bet(2, slip, "+260"))
    night.poll(soon(gone), -300)
    night.poll(begun(680, Score(2, 3), lines(begun=True, out=gone)), 40)
    without = tuple(x for x in lines(begun=True, out=gone) if x.name not in gone)
    night.poll(begun(660, Score(4, 3), without), 55)
    assert night.tracked(1).no_chance is NoChance.OUT
    assert night.tracked(2).out == (1,)
    night.poll(the_end(gone), 9000)
    assert [x.rule for x in night.alerts if x.bet == 1] == ["out"]
    assert night.tracked(1).chance is None
    night.poll(the_end(gone), 9060)
    assert [x.rule for x in night.alerts if x.rule == "out"] == ["out", "out"]
    done = night.tracked(1).settlement
    assert done is not None
    assert done.result is Result.VOID


def test_who_never_came_in_has_no_chance_at_the_final_and_is_not_said_to_be_out() -> None:
    """A bet on a player who never came in has no chance at the final, and no `out` fires."""
    who = PLAYED[0]
    night = Night.of(bet(1, over(who)))
    night.poll(soon(), -300)
    benched = replace(the_end(frozenset({who.name})), players=tuple(
        replace(x, out=False, note="DNP - Coach's Decision") if x.name == who.name else x
        for x in the_end(frozenset({who.name})).players
    ))  # fmt: skip
    night.poll(benched, 9000)
    assert night.tracked(1).chance is None
    assert night.alerts == []


def test_a_parlay_with_an_unknown_leg_has_no_chance_and_its_rules_stand_still() -> None:
    """A parlay with an unknown leg arms and fires no rule until the leg is known."""
    who = PLAYED[0]
    slip = Parlay((Leg(GAME, Moneyline(Side.HOME)), Leg(GAME, over(who, points=28.5))))
    night = Night.of(bet(1, slip, "+260"))
    known, night.forecaster.pricing.players.recent = night.forecaster.pricing.players.recent, {}
    night.poll(soon(), -600)
    assert night.tracked().no_chance is NoChance.LITTLE_KNOWN
    assert night.last is not None
    (shot,) = night.last.snapshots
    assert (shot.chance, shot.no_chance) == (None, NoChance.LITTLE_KNOWN)
    assert {x.reason for x in night.tracked().rules} == {None}
    night.forecaster.pricing.players.recent = known
    assert night.poll(soon(), -500) == []
    assert night.tracked().chance is not None
    (shot,) = night.last.snapshots
    assert shot.game.prior is not None
    assert "10 games" in shot.game.prior.by


def test_lines_that_become_known_move_a_chance_at_once_and_fire_nothing() -> None:
    """New lines move a chance at once and fire no rule, before tip-off and at 0-0."""
    night = Night.of(bet(1, Moneyline(Side.HOME), odds=None))
    pricing = night.forecaster.pricing
    known = pricing.known
    pricing.know({}, known.finished)
    night.poll(soon(), -600)
    before = night.tracked().chance
    favourite = PregameLines(Lines(home_spread=-13.5, total=226.5), "a book", after(-60))
    pricing.learn({GAME.id: favourite})
    assert night.poll(soon(), -300) == []
    after_lines = night.tracked().chance
    assert before is not None
    assert after_lines is not None
    assert after_lines.win > before.win + 0.15
    pricing.know(known.quotes, known.finished)
    for second, clock in ((10, 719.0), (20, 718.0), (30, 717.0)):
        assert night.poll(begun(clock), second) == []
    assert night.tracked().chance != after_lines


def test_bets_of_the_third_quarter_have_the_chances_of_those_from_before_the_tip() -> None:
    """A bet added in the third quarter has the chance of one from before tip-off."""
    markets: tuple[Wager, ...] = (
        Moneyline(Side.HOME), Spread(Side.HOME, -3.5), Total(Direction.OVER, 226.5),
        over(PLAYED[0]), Moneyline(Side.AWAY),
    )  # fmt: skip
    early = Night.of(*(bet(n, x) for n, x in enumerate(markets, 1)))
    state = replace(
        begun(300, Score(60, 58), tuple(replace(x, minutes=x.minutes / 2) for x in FINAL.players)),
        period=3, periods=(Score(25, 25), Score(25, 25), Score(10, 8)),
    )  # fmt: skip
    early.poll(soon(), -60)
    early.poll(state, 5000)
    late = Night.of(*(replace(bet(n, x), added_at=after(5000)) for n, x in enumerate(markets, 1)))
    late.poll(state, 5010)
    for n in (1, 2, 3, 5):
        one, other = early.tracked(n).chance, late.tracked(n).chance
        assert one is not None
        assert other is not None
        assert other.win == pytest.approx(one.win, abs=0.01)


def test_a_push_never_passes_through_nought() -> None:
    """A line that is met exactly as time runs out fires neither `dead` nor a low level."""
    night = Night.of(bet(1, Spread(Side.HOME, -4.0)))
    night.poll(soon(), -60)
    score, quarters = Score(104, 100), (Score(26, 25),) * 4
    for second, clock in ((8000, 30.0), (8010, 8.0), (8020, 1.0), (8030, 0.3)):
        late = GameState(GAME, Phase.LIVE, 4, clock, score, periods=quarters)
        night.poll(late, second)
    over_ = GameState(GAME, Phase.FINAL, 4, 0, score, periods=quarters)
    for second in (8040, 8100, 8160):
        night.poll(over_, second)
    assert [x.rule for x in night.alerts if x.rule in ("p <= 0.30", "dead")] == []
    done = night.tracked().settlement
    assert done is not None
    assert done.result is Result.PUSH


def test_what_a_person_must_decide_is_pushed_with_the_words() -> None:
    """A review is sent with the command that decides it, whatever the bet's rules."""
    night = Night.of(replace(bet(1, over(PLAYED[0])), rules=()))
    night.poll(soon(), -60)
    late = GameState(GAME, Phase.LIVE, 4, 10.0, Score(104, 100), periods=(Score(26, 25),) * 4)
    night.poll(late, 8000)
    gone = 8000 + 5 * 3600
    (said,) = night.poll(late, gone)
    assert said.rule == Fact.REVIEW.value
    first, second = night.says(said).splitlines()
    assert first.startswith("❔ #1 needs your decision: ")
    assert second.endswith("tracker settle 1 won (or lost, push, void)")
    (back,) = [
        x for x in night.poll(replace(late, clock=5.0), gone + 60) if x.rule == Fact.REVIEW.value
    ]
    first, second = night.says(back).splitlines()
    assert first.startswith("↻ #1 needs no decision: ")
    assert first.endswith(", the game goes on")


def test_a_line_on_points_waits_for_the_box_that_lacks_the_last_ones() -> None:
    """Late in a game a player who makes his throws is not told to fall until the box has them."""
    who = PLAYED[0]
    night = Night.of(bet(1, over(who, points=dict(who.stats)["pts"] + 0.5)))

    def late(scored: int, left: int, box: int = 0) -> GameState:
        """With points and throws of his since the foul, and those that the box has."""
        held = tuple((k, v + box if k == "pts" else v) for k, v in who.stats)
        lines = tuple(
            replace(x, stats=held, on_court=True) if x is who else x for x in FINAL.players
        )
        home, away = (
            sum(dict(x.stats)["pts"] for x in FINAL.players if x.side is side)
            + (scored if who.side is side else 0)
            for side in (Side.HOME, Side.AWAY)
        )
        quarters = (*(Score(20, 20),) * 3, Score(home - 60, away - 60))
        return GameState(
            GAME, Phase.LIVE, 4, 200.0, Score(home, away), periods=quarters, players=lines,
            possession=who.side, throws=FreeThrows(who.side, left, who.id) if left else None,
        )  # fmt: skip

    night.poll(soon(), -60)
    seen = []
    for second, state in ((8000, late(0, 2)), (8010, late(1, 1)), (8020, late(2, 0))):
        night.poll(state, second)
        seen.append(night.tracked().chance)
    assert seen[0] is not None
    assert seen[0].win > 0.9
    assert seen == [seen[0]] * 3
    night.poll(late(2, 0, 2), 8030)
    assert night.tracked().chance == Chance(1.0, 0.0, 0.0)
