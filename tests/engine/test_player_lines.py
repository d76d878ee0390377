"""Promises of player lines: only the final box settles them, and they wait for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.engine.build import BOX, decide, summed
from tests.engine.finals import Slate, boxes, ended, final_of, game_of, without_players
from tracker.domain.bet import Bet, Leg, Parlay, Result, Status
from tracker.domain.catalog.books import HouseRules
from tracker.domain.game import GameState, Phase, PlayerLine, Score, Side
from tracker.domain.market import Direction, DoubleDouble, PlayerMarket, PlayerTotal
from tracker.domain.money import parse_odds
from tracker.domain.player import Player, Stat, box_line
from tracker.domain.policy import parse_rule
from tracker.domain.poll import check_times
from tracker.domain.tracking import Tracked
from tracker.engine.decide.advance import moved
from tracker.engine.settle.grading import NotYet, Unsettleable, judge
from tracker.feeds.polling.cadence import next_wait

FINAL = final_of(boxes()[0])
GAME = game_of(boxes()[0])
END = ended(GAME)
STAR = max(FINAL.players, key=lambda x: dict(x.stats)["pts"])
PLAYER = Player(STAR.name, STAR.side)
RULES = HouseRules()


def over(stat: Stat, points: float) -> PlayerTotal:
    """An over on a statistic of the star."""
    return PlayerTotal(PLAYER, stat, Direction.OVER, points)


def with_line(state: GameState, line: PlayerLine) -> GameState:
    """The box with other figures of the star; a team-mate makes up for his points."""
    old = next(x for x in state.players if x.name == line.name)
    gap = dict(old.stats)["pts"] - dict(line.stats)["pts"]
    mate = next(x for x in state.players if x.side is line.side and x.name != line.name)
    points = tuple((k, v + gap if k == "pts" else v) for k, v in mate.stats)
    changed = {line.name: line, mate.name: replace(mate, stats=points)}
    return replace(state, players=tuple(changed.get(x.name, x) for x in state.players))


def a_slate(market: PlayerMarket) -> Slate:
    """A slate with one bet on the star."""
    rules = (parse_rule("settled"),)
    bet = Bet(
        1, "a line", market, GAME, rules, GAME.start, odds=parse_odds("-110"), stake_cents=1100
    )
    return Slate.of([GAME], [bet])


def test_a_line_waits_for_a_box_with_players() -> None:
    """A final score without players settles nothing, whatever they had; the box with them does."""
    slate = a_slate(over(Stat.PTS, dict(STAR.stats)["pts"] - 0.5))
    fewer = tuple((k, v - 1 if k == "pts" else v) for k, v in STAR.stats)
    score = Score(FINAL.score.home - 1, FINAL.score.away - 1)
    short = with_line(FINAL, replace(STAR, stats=fewer))
    slate.poll(replace(short, phase=Phase.LIVE, clock=9, periods=None, score=score), END)
    for minute in range(4):
        slate.poll(without_players(FINAL), END + timedelta(minutes=minute))
    assert slate.tracked()[1].status(FINAL) is Status.LIVE
    for minute in (4, 5):
        slate.poll(FINAL, END + timedelta(minutes=minute))
    done = slate.tracked()[1].settlement
    assert done is not None
    assert (done.result, done.payout_cents) == (Result.WON, 2100)
    assert done.reason == f"{STAR.name} {dict(STAR.stats)['pts']} pts (Final)"
    assert "default rules" in done.evidence
    assert f"{dict(STAR.stats)['reb']} reb" in done.evidence


def test_a_parlay_on_two_players_moves_with_either() -> None:
    """One player's new figures are news of the bet, and a third player's are none."""
    mates = [x for x in FINAL.players if x.name != STAR.name][:2]
    legs = [PlayerTotal(Player(x.name, x.side), Stat.PTS, Direction.OVER, 9.5) for x in mates]
    slip = Parlay((Leg(GAME, over(Stat.PTS, 9.5)), Leg(GAME, legs[0])))
    tracked = Tracked.fresh(Bet(1, "a slip", slip, GAME, (), GAME.start))

    def after(name: str) -> GameState:
        lines = [replace(x, fouls=x.fouls + (x.name == name)) for x in FINAL.players]
        return replace(FINAL, players=tuple(lines))

    names = (STAR.name, mates[0].name, mates[1].name)
    assert [moved(tracked, FINAL, after(x)) for x in names] == [True, True, False]


def test_a_box_alone_ends_an_outage_of_a_game_that_stands_still() -> None:
    """A board that stands still is without data for 15 min, until the box has new figures."""
    rules = tuple(map(parse_rule, ("feed_down", "feed_back")))
    slate = Slate.of([GAME], [Bet(1, "a line", over(Stat.PTS, 40.5), GAME, rules, GAME.start)])
    live = replace(FINAL, phase=Phase.LIVE, clock=300.0, periods=None)
    for second in range(0, 980, 20):
        fouls = STAR.fouls + (second >= 960)
        box = [replace(x, fouls=fouls) if x == STAR else x for x in live.players]
        slate.poll(replace(live, players=tuple(box)), END + timedelta(seconds=second))
    assert [((x.at - END).seconds, x.rule, x.detail) for x in slate.alerts] == [
        (900, "feed_down", "stood_still"),
        (960, "feed_back", "away for 16 min 0 s"),
    ]


def test_a_box_that_never_comes_is_for_a_person() -> None:
    """Without a box the bet goes to a person at the last check; polls pause until then."""
    slate = a_slate(over(Stat.PTS, 20.5))
    board = without_players(FINAL)
    for minute in (0, 1):
        slate.poll(board, END + timedelta(minutes=minute))
    assert not slate.trackings[GAME.id].standing.settled
    slate.poll(board, END + timedelta(minutes=25))
    assert slate.trackings[GAME.id].standing.settled
    for at in check_times(END):
        slate.poll(board, at + timedelta(minutes=1))
    one = slate.tracked()[1]
    assert one.review == "no box score with the players has been read"
    assert slate.trackings[GAME.id].settled


def test_a_box_that_comes_with_a_later_look_settles_it() -> None:
    """A box that comes at a later check settles the bet at its second poll."""
    slate = a_slate(over(Stat.PTS, 1.5))
    for minute in (0, 1):
        slate.poll(without_players(FINAL), END + timedelta(minutes=minute))
    first, _ = check_times(END)
    slate.poll(FINAL, first + timedelta(minutes=1))
    assert slate.tracked()[1].settlement is None
    slate.poll(FINAL, first + timedelta(minutes=2))
    one = slate.tracked()[1]
    assert one.settlement is not None
    assert one.official


def test_a_corrected_box_makes_a_revision() -> None:
    """A corrected figure changes the result once two polls agree on it."""
    points = dict(STAR.stats)["pts"]
    slate = a_slate(over(Stat.PTS, points - 0.5))
    for minute in (0, 1):
        slate.poll(FINAL, END + timedelta(minutes=minute))
    less = tuple((x, y - 1 if x == "pts" else y) for x, y in STAR.stats)
    corrected = with_line(FINAL, replace(STAR, stats=less))
    slate.poll(corrected, END + timedelta(minutes=3))
    first = slate.tracked()[1].settlement
    assert first is not None
    assert first.result is Result.WON
    slate.poll(corrected, END + timedelta(minutes=4))
    second = slate.tracked()[1].settlement
    assert second is not None
    assert (second.revision, second.result, second.payout_cents) == (2, Result.LOST, 0)


def test_a_bet_that_is_added_after_the_checks_waits_no_day_for_a_box_that_changed() -> None:
    """The next poll, a minute later, confirms the box; then the next is far off again."""
    slate = a_slate(over(Stat.PTS, 1.5))
    first, last = check_times(END)
    for at in (END, END + timedelta(minutes=1), first, last, last + timedelta(minutes=1)):
        slate.poll(FINAL, at)
    tracking = slate.trackings[GAME.id]
    assert tracking.settled
    late = replace(tracking.tracked[0].bet, number=2)
    wanted = (*tracking.tracked, Tracked.fresh(late))
    slate.trackings[GAME.id] = tracking.with_bets(wanted)
    rebounds = tuple((k, v + (k == "reb")) for k, v in STAR.stats)
    rewritten, hour = with_line(FINAL, replace(STAR, stats=rebounds)), last + timedelta(hours=1)
    slate.poll(rewritten, hour)
    wait = next_wait(slate.trackings[GAME.id].standing, hour)
    assert wait == 60
    slate.poll(rewritten, hour + timedelta(seconds=wait))
    done = slate.tracked()[2].settlement
    assert done is not None
    assert done.result is Result.WON
    assert slate.trackings[GAME.id].settled


def test_who_did_not_play_is_void() -> None:
    """A player who did not play is void, by the box's mark or his minutes."""
    idle = tuple((x, 0) for x, _ in STAR.stats)
    absent = replace(STAR, played=False, minutes=0.0, stats=idle)
    told = judge(over(Stat.PTS, 0.5), with_line(FINAL, absent), RULES)
    assert told.result is Result.VOID
    assert told.reason == f"{STAR.name} did not play: void, stake returned"
    entered = replace(STAR, played=False, minutes=0.2, stats=idle)
    assert judge(over(Stat.PTS, 0.5), with_line(FINAL, entered), RULES).result is Result.LOST


def test_a_house_may_ask_for_more_than_an_appearance() -> None:
    """A house may void a player who did not start or played too few minutes."""
    bench = with_line(FINAL, replace(STAR, starter=False, minutes=4.0))
    market = over(Stat.PTS, 0.5)
    assert judge(market, bench, HouseRules(must_start=True)).reason.endswith(
        "did not start: void, stake returned"
    )
    assert judge(market, bench, HouseRules(player_minutes=5)).result is Result.VOID
    assert judge(market, bench, HouseRules(player_minutes=4)).result is Result.WON


@pytest.mark.parametrize("stat", [Stat.REB, Stat.PRA, Stat.RA])
def test_a_figure_that_is_missing_is_never_guessed(stat: Stat) -> None:
    """A missing statistic settles neither its own line nor a sum with it."""
    gaps = tuple((x, y) for x, y in STAR.stats if x != "reb")
    short = with_line(FINAL, replace(STAR, stats=gaps))
    with pytest.raises(Unsettleable, match="lacks the"):
        judge(over(stat, 5.5), short, RULES)
    assert judge(over(Stat.PA, 0.5), short, RULES).result is Result.WON


def test_a_double_double_that_is_there_needs_no_more_figures() -> None:
    """Two tens win it although a figure is missing; without two tens it is unsettleable."""
    made = (("pts", 30), ("reb", 11), ("ast", 3))
    state = with_line(FINAL, replace(STAR, stats=made))
    assert judge(DoubleDouble(PLAYER), state, RULES).result is Result.WON
    with pytest.raises(Unsettleable, match="lacks a figure"):
        judge(DoubleDouble(PLAYER, categories=3), state, RULES)


def test_a_name_that_is_not_in_the_box_is_never_guessed() -> None:
    """A name that the box lacks, or has twice, settles nothing."""
    with pytest.raises(Unsettleable, match="no one line of Nobody"):
        judge(replace(over(Stat.PTS, 1.5), player=Player("Nobody", STAR.side)), FINAL, RULES)
    other = replace(STAR, id="other", stats=tuple((x, 0) for x, _ in STAR.stats))
    twice = replace(FINAL, players=(*FINAL.players, other))
    assert box_line(twice, PLAYER) is None
    with pytest.raises(Unsettleable, match="no one line"):
        judge(over(Stat.PTS, 1.5), twice, RULES)
    with pytest.raises(NotYet):
        judge(over(Stat.PTS, 1.5), without_players(FINAL), RULES)


def test_a_player_listed_with_the_other_team_for_a_while_spoils_nothing_for_good() -> None:
    """A box that moved a man puts his new team's lines in doubt until the next right one."""
    slate = a_slate(over(Stat.PTS, dict(STAR.stats)["pts"] - 0.5))
    for minute in (0, 1):
        slate.poll(FINAL, END + timedelta(minutes=minute))
    mover = next(x for x in FINAL.players if x.side is not STAR.side and dict(x.stats)["pts"])
    lines = (replace(x, side=STAR.side) if x is mover else x for x in FINAL.players)
    wrong = replace(FINAL, players=tuple(lines))
    first, last = check_times(END)
    for minute in (1, 2):
        slate.poll(wrong, first + timedelta(minutes=minute))
    assert slate.tracked()[1].review is not None
    for minute in (1, 2):
        slate.poll(FINAL, last + timedelta(minutes=minute))
    one = slate.tracked()[1]
    assert (one.review, one.official) == (None, True)
    assert one.settlement is not None
    assert (one.settlement.result, one.settlement.revision) == (Result.WON, 1)


@pytest.mark.parametrize("in_score", [False, True])
def test_a_final_box_that_had_a_player_too_high_is_believed_once_it_is_right(
    *, in_score: bool
) -> None:
    """Figures of a final box that do not add up to the score keep no right ones in doubt."""
    made = dict(STAR.stats)["pts"]
    slate = a_slate(over(Stat.PTS, made + 0.5))
    slate.poll(replace(FINAL, phase=Phase.LIVE, clock=2.0), END)
    high = replace(STAR, stats=tuple((k, v + 10 * (k == "pts")) for k, v in STAR.stats))
    wrong = replace(FINAL, players=tuple(high if x is STAR else x for x in FINAL.players))
    if in_score:
        assert FINAL.periods is not None
        more = [Score(0, 0)] * 3 + [Score(10, 0) if STAR.side is Side.HOME else Score(0, 10)]
        periods = tuple(
            Score(x.home + y.home, x.away + y.away)
            for x, y in zip(FINAL.periods, more, strict=True)
        )
        wrong = replace(wrong, score=summed(periods), periods=periods)
    for minute in (1, 2):
        slate.poll(wrong, END + timedelta(minutes=minute))
    for minute in range(3, 9):
        slate.poll(FINAL, END + timedelta(minutes=minute))
    one = slate.tracked()[1]
    assert (one.review, one.settlement and one.settlement.result) == (None, Result.LOST)
    few = replace(STAR, stats=tuple((k, v - 10 * (k == "pts")) for k, v in STAR.stats))
    slate.poll(with_line(FINAL, few), END + timedelta(minutes=9))
    state = slate.trackings[GAME.id].state
    line = None if state is None else box_line(state, PLAYER)
    assert line is not None
    assert line.doubt == f"has {made - 10} pts in the final box, and was seen with {made}"


def test_a_final_box_that_had_too_many_assists_is_believed_once_it_is_corrected() -> None:
    """A later final box corrects what no score bears out; not to fewer than were seen in play."""
    made = dict(STAR.stats)["ast"]
    high = replace(STAR, stats=tuple((k, v + 5 * (k == "ast")) for k, v in STAR.stats))
    for first, review in ((Phase.FINAL, False), (Phase.LIVE, True)):
        slate = a_slate(over(Stat.AST, made + 0.5))
        wrong = replace(with_line(FINAL, high), phase=first)
        for minute, box in enumerate((wrong, wrong, FINAL, FINAL, FINAL)):
            slate.poll(box, END + timedelta(minutes=minute))
        for minute in (1, 2):
            slate.poll(FINAL, check_times(END)[0] + timedelta(minutes=minute))
        one = slate.tracked()[1]
        assert (one.review is not None) is review
        assert [x.rule for x in slate.alerts] == (["review"] if review else ["settled", "regraded"])
        assert review or (one.settlement and one.settlement.result) is Result.LOST


def in_play(clock: float, change: Callable[[PlayerLine], PlayerLine] = lambda x: x) -> GameState:
    """The final box as of the last quarter, with its players changed."""
    lines = tuple(change(x) for x in FINAL.players)
    return replace(FINAL, phase=Phase.LIVE, period=4, clock=clock, players=lines)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda x: replace(x, minutes=0.0, stats=()), id="no figures"),
        pytest.param(lambda x: replace(x, side=x.side.other), id="sides exchanged"),
        pytest.param(
            lambda x: replace(x, stats=tuple((k, v + 9) for k, v in x.stats)), id="nine too many"
        ),
    ],
)
def test_a_box_whose_players_no_longer_fit_its_score_changes_no_line(
    wrong: Callable[[PlayerLine], PlayerLine],
) -> None:
    """The score of such a box counts, and the figures of the one before it stay."""
    tracking = a_slate(over(Stat.PTS, 0.5)).trackings[GAME.id]
    tracking = decide(tracking, in_play(100.0), None, END, BOX).tracking
    for n in (1, 2):
        at = END + timedelta(seconds=15 * n)
        tracking = decide(tracking, in_play(100.0 - 10 * n, wrong), None, at, BOX).tracking
        assert tracking.state is not None
        assert tracking.state.clock == 100.0 - 10 * n
        assert [x.stats for x in tracking.state.players] == [x.stats for x in FINAL.players]


def test_a_clock_that_is_put_back_at_a_whistle_hides_no_figures() -> None:
    """Seconds that the players lose with it leave their new figures in the box."""

    def state(clock: float, more: int, lost: float) -> GameState:
        def line(was: PlayerLine) -> PlayerLine:
            stats = tuple((k, v + more * (k == "reb")) for k, v in was.stats)
            return replace(was, minutes=max(0.9 * was.minutes - lost, 0.0), stats=stats)

        return in_play(clock, line)

    tracking = a_slate(over(Stat.PTS, 0.5)).trackings[GAME.id]
    tracking = decide(tracking, state(100.0, 0, 0.0), None, END, BOX).tracking
    back = state(101.5, 1, 0.025)
    for n in range(1, 4):
        at = END + timedelta(seconds=10 * n)
        tracking = decide(tracking, back, None, at, BOX).tracking
    assert tracking.state is not None
    assert tracking.state.clock == 101.5
    assert [x.stats for x in tracking.state.players] == [x.stats for x in back.players]


def test_two_players_of_one_name_stay_two_at_the_end() -> None:
    """A final box that lists a name twice settles no bet on it, as one in play does not."""
    slate = a_slate(over(Stat.PTS, dict(STAR.stats)["pts"] - 0.5))
    idle = replace(STAR, id="other", stats=tuple((x, 0) for x, _ in STAR.stats))
    twice = replace(FINAL, players=(*FINAL.players, idle))
    for minute in range(3):
        slate.poll(twice, END + timedelta(minutes=minute))
    one = slate.tracked()[1]
    assert (one.settlement, one.review) == (None, f"the box score has no one line of {STAR.name}")


def test_a_name_is_found_however_it_is_written() -> None:
    """Accents, dots, hyphens and Jr. make no difference to a name in the box."""
    state = with_line(FINAL, STAR)
    line = replace(STAR, name="Dāvis O'Neal-Bértans Jr.")
    state = replace(state, players=(line,))
    assert box_line(state, Player("davis oneal bertans", STAR.side)) == line
    assert box_line(state, Player("davis oneal bertans", STAR.side.other)) is None


def test_a_house_without_overtime_cannot_read_a_box_with_it() -> None:
    """A player line without overtime is unsettleable after overtime: the box has no split."""
    extra = next(final_of(x) for x in boxes() if len(x["periods"]) > 4)
    line = next(x for x in extra.players if x.played)
    market = PlayerTotal(Player(line.name, line.side), Stat.PTS, Direction.OVER, 0.5)
    with pytest.raises(Unsettleable, match="regulation from overtime"):
        judge(market, extra, HouseRules(overtime=False))
