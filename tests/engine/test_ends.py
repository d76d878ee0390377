"""Promises of doubtful ends: what is certain settles, and a person decides the rest."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.engine.build import (
    BOARD,
    BOX,
    EVENTS,
    GAME,
    SCHEDULED,
    T0,
    a_book,
    after,
    bet,
    decide,
    final,
    live,
    look,
    market,
)
from tests.engine.finals import boxes, ended, final_of, game_of
from tracker.domain.alert import Decision, MessageStyle, Reason
from tracker.domain.bet import TO_BE_GRADED, Bet, Leg, Parlay, Result, Settlement, Status
from tracker.domain.catalog.books import HouseRules
from tracker.domain.game import GameState, Phase, Score, Side
from tracker.domain.market import Direction, Market, PlayerTotal
from tracker.domain.player import Player, Stat
from tracker.domain.policy import EventRule, Fact, Policy
from tracker.domain.poll import Trouble, Unreadable, check_times, contradiction
from tracker.domain.tracking import Change, GameTracking, Ordering, RuleState, Tracked
from tracker.engine.decide.advance import note
from tracker.engine.decide.facts import fact_alert
from tracker.engine.market.clv import Placed
from tracker.engine.rules.routing import route
from tracker.engine.settle.grading import judge
from tracker.wording.alerts import compose

HALF = ((28, 25), (32, 29))
AT_HALF = live(2, 0, *HALF, phase=Phase.BREAK)
THIRD = live(3, 326, *HALF, (15, 23))
HOURS = 3600.0


def followed(*picks: str) -> GameTracking:
    """A tracking of bets on a game whose last poll was in the third quarter."""
    tracking = a_book(*(bet(n, x, *EVENTS) for n, x in enumerate(picks, 1)))
    for state, seconds in ((AT_HALF, 0), (AT_HALF, 20), (THIRD, 900)):
        tracking = look(tracking, state, seconds).tracking
    return tracking


def failing(tracking: GameTracking, told: str, *hours: float) -> Change:
    """Take polls at these hours after tip-off that claim an end which is not believed."""
    change = Change(tracking)
    for hour in hours:
        why = Unreadable(Trouble.MALFORMED, "status is wrong", told)
        change = note(change.tracking, why, after(hour * HOURS))
    return change


def results(tracking: GameTracking) -> list[str]:
    """The result of each bet; `review` where a person must decide, `open` without one."""
    return [
        "review" if x.review else "open" if x.settlement is None else x.settlement.result.value
        for x in tracking.tracked
    ]


def test_a_half_is_settled_at_its_end_and_told_once() -> None:
    """Two polls settle a half at its end; a result already told as `hit` is not told again."""
    tracking = a_book(
        bet(1, "1H DEN ML", *EVENTS), bet(2, "1H LAL ML", "settled"), bet(3, "DEN ML")
    )
    tracking = look(tracking, live(2, 5, *HALF), 0).tracking
    first = look(tracking, AT_HALF, 10)
    assert not first.settlements
    second = look(first.tracking, AT_HALF, 25)
    assert results(second.tracking) == ["won", "lost", "open"]
    routed = route(second, Policy(), after(25)).alerts
    told = [(x.bet, x.rule) for x in routed if x.decision is Decision.FIRED]
    assert told == [(1, "hit"), (2, "settled")]
    assert not look(second.tracking, AT_HALF, 60).settlements
    assert second.tracking.tracked[0].status(AT_HALF) is Status.PROVISIONAL


def test_a_result_by_hand_outlives_the_end_of_its_half() -> None:
    """What a person gave for a bet on a half stays when two polls bring the half's end."""
    tracking = look(a_book(bet(1, "1H DEN ML")), live(2, 5, *HALF), 0).tracking
    given = Settlement(1, 1, Result.VOID, 2000, after(5), "by hand: a slip", by_hand=True)
    tracking = tracking.with_tracked(replace(tracking.tracked[0], settlement=given))
    for seconds in (10, 25, 60):
        tracking = look(tracking, AT_HALF, seconds).tracking
    assert tracking.tracked[0].settlement == given


def taken_back(tracking: GameTracking, result: Result) -> GameTracking:
    """The tracking of one bet whose result was taken back until the end of the game grades it."""
    (tracked,) = tracking.tracked
    back = Settlement(1, 2, result, None, after(950), TO_BE_GRADED)
    return tracking.with_tracked(replace(tracked, settlement=back, reported=2))


def test_a_result_that_was_taken_back_never_stands_in_for_the_one_that_is_lacking() -> None:
    """Without an end or a box it waits or goes to a person; a half at its end is settled again."""
    tracking = taken_back(followed("DEN ML"), Result.WON)
    silent = note(tracking, Unreadable(Trouble.DOWN, "no answer"), after(13 * HOURS))
    assert (results(silent.tracking), silent.settlements) == (["review"], ())

    line = PlayerTotal(Player("Nikola Jokić", Side.HOME), Stat.PTS, Direction.OVER, 25.5)
    tracking = GameTracking(GAME, (Tracked.fresh(replace(bet(1, "DEN ML"), market=line)),))
    change = look(taken_back(tracking, Result.WON), THIRD, 900)
    for seconds in (9000, 9060, 9120):
        change = look(change.tracking, final(*HALF, (30, 20), (30, 20)), seconds)
        assert not change.settlements

    tracking = taken_back(a_book(bet(1, "1H DEN ML")), Result.WON)
    for seconds in (0, 20):
        tracking = look(tracking, AT_HALF, seconds).tracking
    assert [x.in_force and x.in_force.revision for x in tracking.tracked] == [3]


def test_a_bet_that_is_open_again_has_no_result_in_a_message_and_is_not_void() -> None:
    """A person's own words and the closing line value leave out a result that was taken back."""
    tracking = taken_back(followed("DEN ML"), Result.VOID)
    (tracked,) = tracking.tracked
    fact = EventRule(Fact.QUARTER)
    _, alert = fact_alert(tracked, RuleState(1, fact.text), fact.event, THIRD, after(960))
    style = MessageStyle(templates={"quarter": "{bet}{result}{money}"})
    assert compose(alert, tracked, tracking, style) == "DEN ML"
    assert not Placed.of(tracked).void


def test_a_half_that_is_corrected_at_the_final_is_regraded() -> None:
    """The final state grades a settled half again."""
    tracking = a_book(bet(1, "1H DEN -6", "settled", "regraded"))
    for seconds in (0, 20):
        tracking = look(tracking, AT_HALF, seconds).tracking
    assert results(tracking) == ["push"]
    fixed = final((28, 25), (30, 29), (30, 20), (30, 20))
    for seconds in (9000, 9060):
        tracking = look(tracking, fixed, seconds).tracking
    assert results(tracking) == ["lost"]


def test_what_is_called_off_after_it_began_keeps_what_was_played() -> None:
    """In a cancelled game finished parts and passed lines stand; the rest is void."""
    tracking = followed(
        "1H DEN ML", "Q1 DEN -1.5", "DEN ML", "LAL@DEN over 140.5", "DEN under 70.5"
    )
    off = GameState(GAME, Phase.CANCELLED, 0, 720, Score(0, 0), periods=())
    for seconds in (1000, 1010, 1020, 1300, 1360):
        tracking = look(tracking, off, seconds).tracking
    assert results(tracking) == ["won", "won", "void", "won", "lost"]


def test_a_game_in_play_is_called_off_only_when_that_lasts() -> None:
    """A board that calls a game in play off for four minutes makes no bet void."""
    tracking = followed("DEN ML")
    off = GameState(GAME, Phase.POSTPONED, 0, 720, Score(0, 0), periods=())
    for seconds in range(1000, 1240, 10):
        tracking = look(tracking, off, seconds).tracking
    assert results(tracking) == ["open"]
    assert look(tracking, replace(THIRD, clock=300.0), 1240).ordering is Ordering.NEWER


def test_an_interrupted_period_without_a_clock_is_not_over() -> None:
    """A game that is stopped and then called off is cut short where it was last seen."""
    tracking = followed("Q3 over 49.5", "Q3 DEN ML", "DEN ML")
    stopped = replace(THIRD, phase=Phase.SUSPENDED, clock=720)
    off = GameState(GAME, Phase.CANCELLED, 0, 720, Score(0, 0), periods=())
    for seconds in (1000, 1010, 1020):
        tracking = look(tracking, stopped, seconds).tracking
    assert tracking.state is not None
    assert tracking.state.clock == THIRD.clock
    assert results(tracking) == ["open", "open", "open"]
    for seconds in (2000, 2010, 2020, 2300, 2360):
        tracking = look(tracking, off, seconds).tracking
    assert results(tracking) == ["void", "void", "void"]


@pytest.mark.parametrize(("left", "result"), [(299, Result.WON), (301, Result.VOID)])
def test_the_minutes_of_the_house_let_a_game_stand(left: float, result: Result) -> None:
    """A game stands after 43 of 48 minutes."""
    cut = live(4, left, (30, 20), (30, 20), (30, 20), (10, 5), phase=Phase.LIVE)
    state = replace(cut, phase=Phase.CANCELLED)
    assert judge(market("DEN ML"), state, HouseRules()).result is result


def test_nothing_is_taken_for_untold_before_this_run_has_asked_for_an_hour() -> None:
    """After a night asleep no failed poll asks, voids or confirms; runs of two hours still ask."""
    stopped, silent = replace(THIRD, phase=Phase.SUSPENDED), Unreadable(Trouble.DOWN, "no network")
    end, called_off = final(*HALF, (30, 20), (30, 20)), replace(THIRD, phase=Phase.CANCELLED)
    for state in (SCHEDULED, stopped, called_off, end):
        tracking = look(a_book(bet(1, "DEN ML", *EVENTS)), state, 9000).tracking
        tracking = look(tracking, state, 9060).tracking
        tracking = replace(tracking, listened_from=after(60 * HOURS))
        change = note(tracking, silent, after(60 * HOURS + 10))
        assert (change.reviews, change.settlements, change.confirmations) == ((), (), ())
    tracking = look(a_book(bet(1, "DEN ML")), stopped, 9000).tracking
    for evening in (24, 48):
        tracking = replace(tracking, listened_from=after(evening * HOURS))
        for minutes in range(0, 120, 20):
            tracking = look(tracking, stopped, evening * HOURS + 60 * minutes).tracking
    assert results(tracking) == ["review"]


def test_an_end_that_is_not_believed_goes_to_a_person_within_hours() -> None:
    """After two hours a person decides; a believable final still settles the bets later."""
    tracking = followed("1H DEN ML", "DEN ML", "LAL@DEN over 150.5", "LAL@DEN over 220.5")
    early = failing(tracking, "said to be final in Q3", 0.3, 1.0, 2.0).tracking
    assert results(early) == ["won", "open", "open", "open"]
    change = failing(early, "said to be final in Q3", 2.3)
    assert results(change.tracking) == ["won", "review", "won", "review"]
    assert [x.bet for x in change.reviews] == [2, 4]
    assert change.reviews[0].why == "said to be final in Q3; last seen at Q3 5:26, 77-75"
    assert not failing(change.tracking, "said to be final in Q3", 3.0).reviews
    end = final(*HALF, (28, 38), (25, 19))
    tracking = change.tracking
    for seconds in (4 * HOURS, 4 * HOURS + 60):
        tracking = look(tracking, end, seconds).tracking
    assert results(tracking) == ["won", "won", "won", "won"]


def test_a_game_that_is_interrupted_for_good_goes_to_a_person() -> None:
    """A game that stays suspended for three hours goes to a person."""
    tracking = followed("1H DEN ML", "DEN ML")
    still = replace(THIRD, phase=Phase.SUSPENDED)
    for hour in (0.3, 2.0):
        tracking = look(tracking, still, hour * HOURS).tracking
    assert results(tracking) == ["won", "open"]
    tracking = look(tracking, still, 3.5 * HOURS).tracking
    assert results(tracking) == ["won", "review"]
    assert tracking.tracked[1].review == (
        "interrupted and not resumed; last seen at Suspended, 77-75"
    )
    assert look(tracking, THIRD, 20 * HOURS).tracking.state == THIRD


SECOND_LEGS = ("Q1 DEN ML", "Q2 LAL ML", "DEN ML")


def test_parts_of_a_game_without_an_end_are_official_the_next_day() -> None:
    """A day after play stopped no result is provisional any more, that of a parlay included."""
    parts = [Parlay((Leg(GAME, market("1H DEN ML")), Leg(GAME, market(x)))) for x in SECOND_LEGS]
    slips = [Bet(n, "parlay", x, GAME, (), T0) for n, x in enumerate(parts, 2)]
    tracking = a_book(bet(1, "1H DEN ML"), *slips)
    for state, seconds in ((AT_HALF, 0), (AT_HALF, 20), (THIRD, 900)):
        tracking = look(tracking, state, seconds).tracking
    still = replace(THIRD, phase=Phase.SUSPENDED)
    for hour in (0.3, 3.5):
        tracking = look(tracking, still, hour * HOURS).tracking
    change = look(tracking, still, 24.5 * HOURS)
    assert results(change.tracking) == ["won", "won", "lost", "review"]
    assert [x.bet for x in change.confirmations] == [1, 2, 3]
    assert {x.why for x in change.confirmations} == {
        "by its age: interrupted and not resumed; last seen at Suspended, 77-75"
    }


PARLAY = Parlay((Leg(GAME, market("DEN ML")), Leg(GAME, market("over 190.5"))))


@pytest.mark.parametrize("wager", [market("DEN ML"), PARLAY], ids=["single", "parlay"])
@pytest.mark.parametrize("phase", [Phase.SUSPENDED, Phase.LIVE])
def test_a_game_that_goes_on_after_all_takes_its_question_back(
    wager: Market | Parlay, phase: Phase
) -> None:
    """A person who was asked about an interrupted game is told once that it goes on."""
    tracking = look(a_book(replace(bet(1, "DEN ML"), market=wager)), THIRD, 900).tracking
    still = replace(THIRD, phase=phase)
    told = []
    on = [replace(THIRD, clock=THIRD.clock - 10 * n) for n in range(1, 4)]
    for hour, state in zip((0.3, 2, 3.5, 4, 5, 5.01, 5.02), (still,) * 4 + tuple(on), strict=True):
        change = look(tracking, state, hour * HOURS)
        tracking = change.tracking
        told += [(x.reason, x.episode) for x in change.alerts if x.rule == "review"]
    assert [x for x, _ in told] == [Reason.HAPPENED, Reason.TAKEN_BACK]
    assert len({x for _, x in told}) == 2, "an alert of the same episode would be a repeat"
    assert results(tracking) == ["open"]
    assert not any(x.unclear for x in tracking.tracked[0].legs)
    for seconds in (0, 60):
        end = final(*HALF, (30, 30), (30, 20))
        tracking = look(tracking, end, 6 * HOURS + seconds).tracking
    assert results(tracking) == ["won"]


def test_a_game_of_which_nothing_is_heard_goes_to_a_person() -> None:
    """After twelve hours without readable polls a person decides, after a week polls end."""
    away = Unreadable(Trouble.DOWN, "no answer")
    tracking = followed("DEN ML")
    assert results(note(tracking, away, after(6 * HOURS)).tracking) == ["open"]
    asked = note(tracking, away, after(13 * HOURS)).tracking
    assert results(asked) == ["review"]
    days = [note(asked, away, after(x * 24 * HOURS)).tracking.settled for x in (6.9, 7.1)]
    assert days == [False, True]
    never = a_book(bet(1, "DEN ML"))
    assert results(note(never, away, after(11 * HOURS)).tracking) == ["open"]
    assert results(note(never, away, after(13 * HOURS)).tracking) == ["review"]
    told = Unreadable(Trouble.MALFORMED, "x", "nba tells 111-113, espn 113-111")
    ends = [results(note(never, told, after(x * HOURS)).tracking) for x in (1.9, 2.1)]
    assert ends == [["open"], ["review"]]


@pytest.mark.parametrize(
    "end",
    [
        final((25, 28), (29, 32), (38, 28), (19, 25)),
        final(*HALF, (5, 3), (5, 4)),
        replace(final(*HALF, (28, 38), (25, 19)), doubt="nba tells 111-113, espn 113-111"),
    ],
)
def test_a_final_that_contradicts_what_was_seen_is_not_believed(end: GameState) -> None:
    """A final that contradicts earlier polls or another document is left to a person."""
    tracking = followed("1H DEN ML", "DEN ML")
    for seconds in range(1000, 5000, 60):
        tracking = look(tracking, end, seconds).tracking
    assert tracking.state == THIRD
    assert results(tracking) == ["won", "open"]
    tracking = look(tracking, end, 3 * HOURS).tracking
    assert results(tracking) == ["won", "review"]
    good = final(*HALF, (28, 38), (25, 19))
    for later in (4 * HOURS, 4 * HOURS + 60):
        tracking = look(tracking, good, later).tracking
    assert results(tracking) == ["won", "won"]


def test_points_that_the_told_end_denies_decide_no_bet() -> None:
    """A line that was passed by a mistaken score only is left to a person, one passed by both not.

    So is one by the score of one document where the other one still tells fewer points in play.
    """
    picks = "LAL@DEN over 150.5", "LAL@DEN over 195.5", "DEN over 92.5", "Q3 LAL ML"
    seen = live(4, 40, *HALF, (28, 38), (12, 9))
    for told in (final(*HALF, (28, 28), (12, 9)), live(4, 40, *HALF, (28, 28), (12, 9))):
        tracking = look(a_book(*(bet(n, x) for n, x in enumerate(picks, 1))), seen, 8000).tracking
        tracking = look(tracking, told, 8000 + 3.5 * HOURS, BOX).tracking
        assert tracking.state == seen
        assert results(tracking) == ["won", "review", "won", "review"]


def test_a_final_box_that_exchanges_the_points_revises_nothing() -> None:
    """Its own players have the points that were believed; where it stays so, a person is asked."""
    box = boxes()[0]
    end, game = final_of(box), game_of(box)
    wrong = replace(
        end,
        score=Score(end.score.away, end.score.home),
        periods=tuple(Score(x.away, x.home) for x in end.periods or ()),
    )
    for last, review in ((end, False), (wrong, True)):
        over = replace(bet(1, "DEN ML"), game=game)
        tracking = GameTracking(game, (Tracked.fresh(over),))
        for minute in (0, 1):
            tracking = decide(tracking, end, None, ended(game) + timedelta(minutes=minute)).tracking
        first, noon = check_times(ended(game))
        for minute in range(0, 12, 2):
            late = first + timedelta(minutes=minute)
            tracking = decide(tracking, wrong, None, late, BOX).tracking
        for hours in (1, 2, 3):
            tracking = decide(tracking, last, None, noon + timedelta(hours=hours), BOX).tracking
        (one,) = tracking.tracked
        assert (one.settlement and one.settlement.revision) == 1
        assert one.review == (
            f"the box says {wrong.score.text}, its players {end.score.text}" if review else None
        )


@pytest.mark.parametrize(
    ("clock", "told", "phase"),
    [(20, (35, 19), Phase.LIVE), *((0, x, Phase.BREAK) for x in ((35, 19), (15, 19), (29, 25)))],
    ids=["in play", "at the buzzer", "too few at the buzzer", "level at the buzzer"],
)
def test_points_that_were_a_mistake_keep_no_final_in_doubt(
    clock: float, told: tuple[int, int], phase: Phase
) -> None:
    """Ten points too many in the last poll of play: the final counts once it has lasted.

    So it does where the last period was seen to its end, with ten too many or too few, or level.
    """
    points = (*HALF, (28, 38), (25, 19))
    tracking = followed("DEN ML")
    wrong = live(4, clock, *points[:-1], told, phase=phase)
    tracking = look(tracking, wrong, 5000).tracking
    assert tracking.state == wrong
    for seconds in range(5060, 5360, 60):
        tracking = look(tracking, final(*points), seconds).tracking
        assert results(tracking) == ["open"]
    for seconds in (5360, 5420):
        tracking = look(tracking, final(*points), seconds).tracking
    assert results(tracking) == ["won"]


def test_finals_that_differ_from_poll_to_poll_confirm_no_mistake() -> None:
    """Only the same final, told for as long as it takes, takes back points that were seen."""
    points = (*HALF, (28, 38), (25, 19))
    tracking = look(followed("DEN ML"), live(4, 20, *points[:-1], (35, 19)), 5000).tracking
    for n, seconds in enumerate(range(5060, 6060, 60)):
        end = final(*points[:-1], (25 + n % 2, 19))
        tracking = look(tracking, end, seconds).tracking
    assert results(tracking) == ["open"]


def test_a_period_that_was_over_in_a_break_is_compared_with_the_final() -> None:
    """A final that tells another second quarter than was seen at the half is contradicted."""
    (first, second), rest = HALF, ((28, 30), (25, 19))
    other = (second[0] + 12, second[1])
    assert "in Q2" in contradiction(AT_HALF, final(first, other, *rest))
    assert contradiction(AT_HALF, final(*HALF, *rest)) == ""
    fewer = contradiction(AT_HALF, final((20, 20), (20, 20), (5, 6), (5, 6)))
    assert fewer == "the final says LAL 52, DEN 50; 54-60 was seen at Half"


def test_a_final_whose_box_cannot_be_read_is_official_by_its_age() -> None:
    """An unreadable box makes a result official an hour after the last check; a claim doubts it."""
    tracking = a_book(bet(1, "DEN ML"))
    end = final((30, 20), (30, 20), (30, 20), (30, 20))
    for seconds in (0, 60):
        tracking = look(tracking, end, seconds).tracking
    due = check_times(after(0))[1]
    missing = Unreadable(Trouble.NOT_PUBLISHED, "404")
    assert not note(tracking, missing, due + timedelta(minutes=30)).confirmations
    change = note(tracking, missing, due + timedelta(minutes=61))
    [official] = change.confirmations
    assert official.why == "by its age: the box could not be read again (404)"
    assert change.tracking.settled
    away = Unreadable(Trouble.DOWN, "no answer")
    assert not note(tracking, away, due + timedelta(hours=2)).confirmations
    other = Unreadable(Trouble.MALFORMED, "x", "its box tells 80-120, boards 80-121")
    assert results(note(tracking, other, due + timedelta(hours=2)).tracking) == ["review"]
    doubted = replace(end, doubt=other.claim)
    for hours, result in ((0.9, "won"), (1.1, "review")):
        found = decide(tracking, doubted, None, due + timedelta(hours=hours)).tracking
        assert results(found) == [result]


def test_a_bet_that_is_added_after_the_last_check_needs_no_document() -> None:
    """It is graded by the end that was checked; what that does not tell goes to a person."""
    end = final((30, 20), (30, 20), (30, 20), (30, 20))
    tracking = a_book(bet(1, "DEN ML"))
    first, last = check_times(after(0))
    for at in (after(0), after(60), first, last):
        tracking = look(tracking, end, (at - T0).total_seconds()).tracking
    assert tracking.settled
    nikola = PlayerTotal(Player("Nikola Jokić", Side.HOME), Stat.PTS, Direction.OVER, 9.5)
    points = Bet(3, "points", nikola, GAME, (), last)
    late = (*tracking.tracked, *a_book(bet(2, "LAL ML"), points).tracked)
    gone = Unreadable(Trouble.ABSENT, "LAL@DEN is not on the board")
    change = note(replace(tracking, tracked=late), gone, last + timedelta(hours=9))
    assert results(change.tracking) == ["won", "lost", "review"]
    assert change.tracking.settled
    assert [x.bet for x in change.confirmations] == [2]
    told = replace(gone, trouble=Trouble.MALFORMED, claim="its box tells 80-120, boards 80-121")
    doubted = note(replace(tracking, tracked=late), told, last + timedelta(hours=9)).tracking
    assert results(doubted) == ["won", "review", "review"]


def test_a_box_that_is_late_with_the_end_confirms_no_result() -> None:
    """A box that still shows play is no second poll of the final, nor a check of it."""
    last, end = live(4, 5, *HALF, (30, 20), (20, 18)), final(*HALF, (30, 20), (22, 18))
    tracking = look(a_book(bet(1, "DEN ML")), last, 0).tracking
    tracking = look(tracking, end, 30, BOARD).tracking
    late = look(tracking, last, 90, BOX).tracking
    assert results(late) == ["open"]
    tracking = look(late, end, 150, BOARD).tracking
    assert results(tracking) == ["won"]
    due = (check_times(after(30))[1] - T0).total_seconds()
    assert not look(tracking, last, due + 1800, BOX).confirmations
    [official] = look(tracking, last, due + 3700, BOX).confirmations
    assert official.why == (
        "by its age: the box could not be read again (it does not show the end of the game)"
    )


# ------------------------------------------------------------------------------- boxes of players

REAL = boxes()[0]
END = final_of(REAL)
STAR = max(END.players, key=lambda x: dict(x.stats)["pts"])


def a_line(points: float, seen: GameState | None = None) -> GameTracking:
    """A tracking of a bet on the star, with a state in play where `seen` is given."""
    line = PlayerTotal(Player(STAR.name, STAR.side), Stat.PTS, Direction.OVER, points)
    start = game_of(REAL).start
    tracking = GameTracking(
        game_of(REAL), (Tracked.fresh(Bet(1, "a line", line, game_of(REAL), (), start)),)
    )
    return tracking if seen is None else decide(tracking, seen, None, start).tracking


def played(state: GameState, *, points: int | None) -> GameState:
    """The state with other points of the star; where `points` is None he did not play."""
    stats = tuple((k, points or 0 if k == "pts" else v) for k, v in STAR.stats)
    minutes = 0.0 if points is None else STAR.minutes
    line = replace(STAR, stats=stats, played=points is not None, minutes=minutes)
    lines = tuple(line if x.name == STAR.name else x for x in state.players)
    return replace(state, players=lines)


def test_a_box_that_does_not_add_up_waits_and_then_asks() -> None:
    """A contradictory box waits for the rewrite, then asks a person; a better one settles it."""
    tracking, end = a_line(dict(STAR.stats)["pts"] - 0.5), ended(game_of(REAL))
    short = played(END, points=dict(STAR.stats)["pts"] - 2)
    first, last = check_times(end)
    for at in (end, end + timedelta(minutes=1)):
        tracking = decide(tracking, short, None, at).tracking
    assert results(tracking) == ["open"]
    tracking = decide(tracking, short, None, first + timedelta(minutes=1)).tracking
    assert results(tracking) == ["review"]
    assert "contradicts itself" in str(tracking.tracked[0].review)
    for at in (last, last + timedelta(minutes=1)):
        tracking = decide(tracking, END, None, at).tracking
    assert results(tracking) == ["won"]


def test_a_result_that_was_doubted_is_official_once_the_box_bears_it_out() -> None:
    """A rewritten box that contradicts itself asks about a result; the right one answers."""
    tracking, end = a_line(dict(STAR.stats)["pts"] - 0.5), ended(game_of(REAL))
    first, last = check_times(end)
    for at in (end, end + timedelta(minutes=1)):
        tracking = decide(tracking, END, None, at).tracking
    assert results(tracking) == ["won"]
    more = replace(STAR, stats=tuple((k, v + (k == "pts")) for k, v in STAR.stats))
    short = replace(END, players=tuple(more if x is STAR else x for x in END.players))
    for at in (first, first + timedelta(minutes=1)):
        tracking = decide(tracking, short, None, at).tracking
    assert "contradicts itself" in str(tracking.tracked[0].review)
    for minutes in (0, 1, 2, 3):
        tracking = decide(tracking, END, None, last + timedelta(minutes=minutes)).tracking
    assert tracking.tracked[0].review is None
    assert tracking.tracked[0].official


@pytest.mark.parametrize("name", [STAR.name, "Another Name"])
def test_a_player_who_is_renamed_during_his_game_keeps_his_bet(name: str) -> None:
    """Within a game a source's id follows a player, whichever of his names a bet has."""
    new = replace(STAR, name="Another Name")
    end = replace(END, players=tuple(new if x == STAR else x for x in END.players))
    line = PlayerTotal(
        Player(name, STAR.side), Stat.PTS, Direction.OVER, dict(STAR.stats)["pts"] - 0.5
    )
    [one] = a_line(0.5).tracked
    tracking = GameTracking(game_of(REAL), (Tracked.fresh(replace(one.bet, market=line)),))
    seen, over = replace(END, phase=Phase.LIVE, clock=1.0), ended(game_of(REAL))
    for state, seconds in ((seen, -60), (end, 0), (end, 60)):
        tracking = decide(tracking, state, None, over + timedelta(seconds=seconds)).tracking
    assert results(tracking) == ["won"]


def test_a_man_who_was_seen_is_not_void_by_a_box_that_marks_him_out() -> None:
    """A player seen in play is not void when the final box lacks him: a person is asked."""
    points = dict(STAR.stats)["pts"]
    seen = replace(played(END, points=points - 4), phase=Phase.LIVE, period=4, clock=300.0)
    seen = replace(seen, score=Score(0, 0), periods=None)
    mate = next(x for x in END.players if x.side is STAR.side and x.name != STAR.name)
    more = tuple((k, v + points if k == "pts" else v) for k, v in mate.stats)
    out = played(END, points=None)
    others = tuple(replace(x, stats=more) if x.name == mate.name else x for x in out.players)
    marked = replace(out, players=others)
    gone = replace(marked, players=tuple(x for x in others if x.name != STAR.name))
    for box, says in ((marked, "did not play by the final box"), (gone, "is not in the final box")):
        tracking, end = a_line(0.5, seen), ended(game_of(REAL))
        for at in (end, end + timedelta(minutes=1), check_times(end)[0] + timedelta(minutes=1)):
            tracking = decide(tracking, box, None, at).tracking
        assert results(tracking) == ["review"]
        assert says in str(tracking.tracked[0].review)


def test_what_is_left_to_a_person_is_never_told_as_a_result() -> None:
    """A review fires no alert of a result."""
    change = failing(followed("DEN ML"), "a forfeit", 3.0)
    alerts = [x for x in change.alerts if x.decision is Decision.FIRED]
    assert [x.rule for x in alerts if x.rule in ("settled", "hit", "dead")] == []
