"""What is read from a column equals what was written into it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.values import GAME, T0
from tracker.domain.bet import Bet
from tracker.domain.catalog import Team, teams
from tracker.domain.draft import Draft
from tracker.domain.game import FreeThrows, GameState, Pair, Phase, PlayerLine, Score, Side
from tracker.domain.market import (
    Direction,
    DoubleDouble,
    Market,
    Moneyline,
    OddEven,
    Parity,
    PlayerTotal,
    Span,
    Spread,
    TeamTotal,
    ThreeWay,
    Total,
)
from tracker.domain.money import Odds
from tracker.domain.pick import (
    Handicap,
    Matchup,
    OddOrEven,
    OneOfThree,
    OverUnder,
    ParlayPick,
    Pick,
    PlayerFigure,
    Tens,
    ToWin,
)
from tracker.domain.player import Player, Stat
from tracker.domain.policy import Comparison, EventRule, Fact, LevelRule, SwingRule
from tracker.domain.prior import Lines
from tracker.store.bet_rows import (
    bet_of,
    draft_of,
    facts,
    market_columns,
    odds_columns,
    pack_meaning,
    written_of,
)
from tracker.store.database.columns import (
    moment,
    pack_rules,
    pack_state,
    rules_of,
    stamp,
    state_of,
    unpack,
)

TEXT = st.text(max_size=12)
SIDES = st.sampled_from(Side)
SPANS = st.sampled_from(Span)
DIRECTIONS = st.sampled_from(Direction)
POINTS = st.integers(1, 800).map(lambda x: x / 2)
ZONES = st.integers(-14, 14).map(lambda x: timezone(timedelta(hours=x)))
EARLIEST, LATEST = datetime(1970, 1, 2), datetime(2200, 1, 1)  # noqa: DTZ001 - as hypothesis asks
TIMES = st.datetimes(EARLIEST, LATEST, timezones=ZONES)

PLAYED = st.builds(Player, TEXT, SIDES)

MARKETS: st.SearchStrategy[Market] = st.one_of(
    st.builds(Moneyline, SIDES, SPANS),
    st.builds(Spread, SIDES, st.integers(-99, 99).map(lambda x: x / 2), SPANS),
    st.builds(Total, DIRECTIONS, POINTS, SPANS),
    st.builds(TeamTotal, SIDES, DIRECTIONS, POINTS, SPANS),
    st.builds(OddEven, st.sampled_from(Parity), st.none() | SIDES, SPANS),
    st.builds(ThreeWay, st.none() | SIDES, st.sampled_from(Span).filter(lambda x: x != Span.GAME)),
    st.builds(PlayerTotal, PLAYED, st.sampled_from(Stat), DIRECTIONS, POINTS),
    st.builds(DoubleDouble, PLAYED, st.booleans(), st.sampled_from((2, 3))),
)
RULES = st.one_of(
    st.builds(LevelRule, st.sampled_from(Comparison), st.floats(0.0001, 0.99999)),
    st.builds(SwingRule, st.floats(0.001, 0.9), st.integers(1, 3600)),
    st.builds(EventRule, st.sampled_from(Fact)),
)
TEAMS = st.one_of(
    st.sampled_from(sorted(teams("nba").values(), key=lambda x: x.code)),
    st.builds(Team, st.just("nba"), TEXT, TEXT, TEXT, st.lists(TEXT, max_size=2).map(tuple)),
)
SOME_TEAMS = st.lists(TEAMS, max_size=2).map(tuple)
MATCHUPS = st.builds(Matchup, SOME_TEAMS, SOME_TEAMS, st.none() | st.dates(), st.booleans())
ODDS = st.builds(Odds, TEXT, st.fractions(Fraction(1001, 1000), 1000))
CENTS = st.none() | st.integers(0, 10**12)
TAGS = st.lists(TEXT, max_size=3).map(tuple)
LINE = st.none() | st.floats(-300, 300)
WHAT = st.one_of(
    st.builds(ToWin),
    st.builds(Handicap, POINTS),
    st.builds(OverUnder, DIRECTIONS, POINTS),
    st.builds(OddOrEven, st.sampled_from(Parity)),
    st.builds(OneOfThree),
    st.builds(PlayerFigure, st.sampled_from(Stat), DIRECTIONS, POINTS),
    st.builds(Tens, st.integers(2, 3), st.booleans()),
)
PRICE: dict[str, st.SearchStrategy[Any]] = {
    "odds": st.none() | ODDS,
    "stake_cents": CENTS,
    "units": st.none() | st.fractions(0, 1000),
    "tags": TAGS,
}


@st.composite
def picks(draw: st.DrawFn) -> Pick:
    """A pick of any kind, with the team or player that it needs."""
    asked = draw(WHAT)
    about_a_player = isinstance(asked, PlayerFigure | Tens)
    needed = isinstance(asked, ToWin | Handicap)
    return Pick(
        text=draw(TEXT),
        asked=asked,
        span=draw(SPANS),
        team=draw(st.lists(TEAMS, min_size=int(needed), max_size=2).map(tuple)),
        player=draw(TEXT) if about_a_player else None,
        matchup=draw(st.none() | MATCHUPS),
        **{name: draw(some) for name, some in PRICE.items()},
    )


PARLAYS = st.builds(
    ParlayPick,
    text=TEXT,
    legs=st.lists(picks(), min_size=2, max_size=3).map(tuple),
    same_game=st.booleans(),
    **PRICE,
)
DRAFTS = st.builds(
    Draft,
    pick=picks() | PARLAYS,
    matchup=st.none() | MATCHUPS,
    game_text=st.none() | TEXT,
    odds=st.none() | ODDS,
    stake_cents=CENTS,
    name=st.none() | TEXT,
    rules=st.none() | st.lists(RULES, max_size=3).map(tuple),
    tags=TAGS,
    book=st.none() | TEXT,
    lines=st.builds(Lines, LINE, LINE, LINE, LINE),
    from_file=st.booleans(),
    occasion=TEXT,
    placed_at=st.none() | TIMES,
)
SCORES = st.builds(Score, st.integers(0, 200), st.integers(0, 200))
PLAYERS = st.builds(
    PlayerLine,
    id=TEXT,
    name=TEXT,
    side=SIDES,
    stats=st.lists(st.tuples(TEXT, st.integers(0, 99)), max_size=3).map(tuple),
    minutes=st.floats(0, 60),
    fouls=st.integers(0, 6),
    on_court=st.booleans(),
    starter=st.booleans(),
    played=st.booleans(),
    note=st.none() | TEXT,
)


@st.composite
def states(draw: st.DrawFn) -> GameState:
    """Any state that a game can be in."""
    periods = draw(st.none() | st.lists(SCORES, max_size=6).map(tuple))
    total = Score(sum(x.home for x in periods or ()), sum(x.away for x in periods or ()))
    return GameState(
        game=GAME,
        phase=draw(st.sampled_from(Phase)),
        period=draw(st.integers(1, 8)),
        clock=draw(st.floats(0, 300)),
        score=total if periods is not None else draw(SCORES),
        periods=periods,
        possession=draw(st.none() | SIDES),
        bonus=draw(st.none() | st.builds(Pair, st.booleans(), st.booleans())),
        timeouts=draw(st.none() | st.builds(Pair, st.integers(0, 7), st.integers(0, 7))),
        players=draw(st.lists(PLAYERS, max_size=2).map(tuple)),
        throws=draw(
            st.none()
            | st.builds(
                FreeThrows,
                SIDES,
                st.integers(1, 3),
                st.none() | st.just("8"),
                st.none() | SIDES,
                st.booleans(),
            )
        ),
    )


def columns_of(draft: Draft) -> dict[str, object]:
    """The row that a draft becomes."""
    return facts(draft) | {
        "meaning": pack_meaning(draft),
        "game_text": draft.game_text,
        "name": draft.name,
        "from_file": draft.from_file,
    }


@given(states())
def test_a_state_comes_back_with_its_players(state: GameState) -> None:
    """Fields that do not count in comparing states are kept, too."""
    back = state_of(pack_state(state), GAME)
    assert back is not None
    assert (back, back.players) == (state, state.players)


def test_free_throws_that_were_kept_without_what_follows_them_are_still_read() -> None:
    """A row of before that was known has the side, the number and the shooter."""
    throws = FreeThrows(Side.AWAY, 2, "8")
    kept = pack_state(GameState(GAME, Phase.LIVE, 4, 60.0, Score(90, 90), throws=throws))
    older = kept.replace('"8",null,false]', '"8"]')
    assert older != kept
    assert state_of(older, GAME) == state_of(kept, GAME)


@given(DRAFTS)
def test_a_draft_comes_back_whole(draft: Draft) -> None:
    """Every part of a draft is read back."""
    assert draft_of(columns_of(draft)) == draft


def test_what_was_kept_before_there_were_players_is_still_read() -> None:
    """A row without the players' fields keeps its meaning."""
    kept = {
        "text": "DEN -4.5", "span": "game", "team": [["nba", "DEN"]], "direction": None,
        "points": -4.5, "matchup": {"away": [["nba", "LAL"]], "home": [["nba", "DEN"]],
        "day": "2026-11-20"}, "odds": ["-110", "21/11"], "stake_cents": 2000, "units": None,
        "tags": ["x"],
    }  # fmt: skip
    read = written_of(kept)
    assert isinstance(read, Pick)
    assert (read.asked, read.player, read.tags) == (Handicap(-4.5), None, ("x",))
    assert read.matchup is not None
    assert read.matchup.fits(GAME) == (GAME.name == "LAL@DEN" and GAME.slate.day == 20)
    for direction, points, asked in (
        ("over", 224.5, OverUnder(Direction.OVER, 224.5)),
        (None, None, ToWin()),
    ):
        again = written_of(kept | {"direction": direction, "points": points})
        assert isinstance(again, Pick)
        assert again.asked == asked


@given(MARKETS, DRAFTS)
def test_a_bet_comes_back_whole(market: Market, draft: Draft) -> None:
    """Every market is read back, to the half point."""
    leg = market_columns(market) | odds_columns(None)
    row = columns_of(draft) | {"number": 7, "pick": draft.pick.text, "added_at": stamp(T0)}
    assert bet_of(row, [(leg, GAME)], ()) == Bet(
        number=7,
        pick=draft.pick.text,
        market=market,
        game=GAME,
        rules=draft.rules or (),
        placed_at=draft.placed_at,
        added_at=T0,
        odds=draft.odds,
        stake_cents=draft.stake_cents,
        name=draft.name,
        tags=draft.tags,
        book=draft.book,
        lines=draft.lines,
    )


@given(TIMES, TIMES)
def test_times_come_back_and_sort_as_text(one: datetime, other: datetime) -> None:
    """A stamp is the same instant in UTC, and the order of texts is the order of times."""
    assert moment(stamp(one)) == one
    assert moment(stamp(one)).tzinfo is UTC
    assert (stamp(one) < stamp(other)) == (one < other)


def test_the_hour_that_comes_twice_is_two_hours() -> None:
    """A time on the clock of a zone is stored by its offset, also where the clock goes back."""
    zone = ZoneInfo("America/New_York")
    twice = [datetime(2026, 11, 1, 1, 30, tzinfo=zone, fold=x) for x in (0, 1)]
    assert [stamp(x)[11:16] for x in twice] == ["05:30", "06:30"]


@given(st.lists(RULES, max_size=4).map(tuple))
def test_rules_keep_their_exact_figures(
    rules: tuple[LevelRule | SwingRule | EventRule, ...],
) -> None:
    """A rule's text is rounded; its stored figures are not."""
    assert rules_of(pack_rules(rules)) == rules


def test_what_is_not_a_figure_is_refused() -> None:
    """NaN is never written as JSON."""
    with pytest.raises(ValueError, match="JSON"):
        pack_rules([SwingRule(float("nan"), 60)])
    assert unpack("[1]") == [1]
