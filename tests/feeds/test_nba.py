"""Promises of reading the NBA's documents, checked against recorded responses."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime

import pytest

from tests.feeds.serving import board_of, box_of, changed, document, encoded, fixture, live_game
from tracker.domain.game import GameState, Pair, Phase, Score, Side
from tracker.domain.poll import Trouble, Unreadable
from tracker.feeds import FeedMalformed, nba


def on_board(**values: object) -> GameState | Unreadable:
    """The reading of the live game on a board, with some values changed."""
    ((_, reading),) = nba.SOURCE.parse_board(board_of(changed(live_game(), **values))).games
    return reading


def state_of(**values: object) -> GameState:
    """The state of the live game on a board, with some values changed."""
    reading = on_board(**values)
    assert isinstance(reading, GameState), reading
    return reading


def fault_of(**values: object) -> str:
    """Why the live game on a board, with some values changed, cannot be read."""
    reading = on_board(**values)
    assert isinstance(reading, Unreadable), reading
    assert reading.trouble is Trouble.MALFORMED
    return reading.why


def periods(*points: int) -> list[dict[str, object]]:
    """A team's points by period, in the feed's form."""
    return [
        {"period": n, "periodType": "REGULAR" if n <= 4 else "OVERTIME", "score": x}
        for n, x in enumerate(points, start=1)
    ]


def test_a_live_board() -> None:
    """A recorded live board gives period, clock, score, points by period, bonus and time-outs."""
    board = nba.SOURCE.parse_board(fixture("scoreboard_live_2023-04-20"))
    assert board.day == date(2023, 4, 20)
    assert not board.spoilt
    (game, state), (_, other), (_, final) = board.games
    assert (game.id, game.name, game.league) == ("0042200163", "SAC@GSW", "nba")
    assert game.start == datetime(2023, 4, 21, 2, tzinfo=UTC)
    assert game.day == date(2023, 4, 20)
    assert state == GameState(
        game,
        Phase.LIVE,
        2,
        435.0,
        Score(39, 30),
        periods=(Score(29, 20), Score(10, 10)),
        bonus=Pair(home=False, away=False),
        timeouts=Pair(5, 6),
    )
    assert isinstance(other, GameState)
    assert (other.period, other.clock, other.periods) == (1, 365.0, (Score(10, 12),))
    assert isinstance(final, GameState)
    assert (final.phase, final.clock, final.bonus, final.timeouts) == (Phase.FINAL, 0, None, None)


def test_the_plain_clock_notation() -> None:
    """A clock written as `3:37 ` is read like `PT03M37.00S`."""
    board = nba.SOURCE.parse_board(fixture("scoreboard_live_legacy_clock_2025-01-24"))
    told = [s.game_clock for _, s in board.games if isinstance(s, GameState)]
    assert told == ["Q3 3:37", "Q3 5:04", "Q2 10:37"]
    assert state_of(gameClock="PT03M37.00S") == state_of(gameClock="3:37 ")


def test_a_postponed_game_says_so_in_its_text_alone() -> None:
    """`PPD` calls a game off although its status is 1; other games of the board are unaffected."""
    board = nba.SOURCE.parse_board(fixture("scoreboard_ppd_2021-01-16"))
    assert [s.phase for _, s in board.games if isinstance(s, GameState)] == [
        Phase.POSTPONED,
        Phase.SCHEDULED,
    ]


@pytest.mark.parametrize(
    ("text", "phase"),
    [
        ("PPD", Phase.POSTPONED),
        ("Postponed ", Phase.POSTPONED),
        ("Cancelled", Phase.CANCELLED),
        ("Canceled", Phase.CANCELLED),
        ("TBD", Phase.SCHEDULED),
        ("pregame", Phase.SCHEDULED),
        ("Delayed", Phase.SCHEDULED),
        ("7:00 pm ET", Phase.SCHEDULED),
    ],
)
def test_a_game_that_is_not_being_played_has_one_form(text: str, phase: Phase) -> None:
    """Before tip-off and when called off: period 0, a full clock, no score, nothing else."""
    state = state_of(gameStatus=1, gameStatusText=text, period=0, gameClock="PT27M33.00S")
    assert state == GameState(state.game, phase, 0, 720.0, Score(0, 0), periods=())


def test_a_countdown_to_tip_off_is_no_game_time() -> None:
    """A recorded box with 27:33 on its clock before the game is scheduled."""
    state = nba.SOURCE.parse_box(fixture("box_pregame_countdown_0022300682"))
    assert (state.phase, state.period, state.clock) == (Phase.SCHEDULED, 0, 720.0)
    assert state.game.name == "DEN@OKC"
    assert all(not x.played and not x.on_court and x.stats == () for x in state.players)
    assert {x.note for x in state.players} >= {None}


def test_figures_left_over_in_a_pregame_box_mean_nothing() -> None:
    """A recorded pregame box with a whole game's figures gives none of them."""
    state = nba.SOURCE.parse_box(fixture("box_pregame_reset_0022301104"))
    assert state.phase is Phase.SCHEDULED
    assert all(x.stats == () and x.minutes == 0 and not x.played for x in state.players)


@pytest.mark.parametrize(
    ("told", "neutral"), [(True, True), (False, False), (None, False), (1, False)]
)
def test_a_neutral_court_is_read(told: object, neutral: bool) -> None:
    """Only a plain yes makes a court neutral."""
    assert state_of(isNeutral=told).game.neutral is neutral


@pytest.mark.parametrize("side", ["home", "away"])
def test_a_score_that_is_missing_is_no_nothing(side: str) -> None:
    """A live game without the score of either team is an error that names it."""
    assert f"{side}Team.score is missing" in fault_of(**{f"{side}__score": None})


def test_minutes_that_no_game_has_are_not_believed() -> None:
    """A player with more minutes than ten overtimes have is an error that names him."""
    body = document("box_final_ot_0022500006")
    body["game"]["homeTeam"]["players"][0]["statistics"]["minutes"] = "PT999M00.00S"
    with pytest.raises(FeedMalformed, match="minutes is 999"):
        nba.SOURCE.parse_box(encoded(body))


def test_a_final_box_with_overtime_and_its_players() -> None:
    """A final box gives the score, five periods, and players whose points add up to the score."""
    state = nba.SOURCE.parse_box(fixture("box_final_ot_0022500006"))
    assert (state.phase, state.period, state.game_clock) == (Phase.FINAL, 5, "Final/OT")
    assert state.periods is not None
    assert state.periods[-1] == Score(17, 11)
    for side in Side:
        team = [x for x in state.players if x.side is side]
        assert sum(dict(x.stats)["pts"] for x in team) == state.score.of(side)
        assert math.isclose(sum(x.minutes for x in team), 5 * 53, abs_tol=0.1)
    stars = {x.name: x for x in state.players}
    assert set(dict(stars["Stephen Curry"].stats)) == {
        "pts",
        "reb",
        "ast",
        "stl",
        "blk",
        "3pm",
        "to",
    }
    assert stars["Stephen Curry"].starter
    unused = [x for x in state.players if not x.played]
    assert unused
    assert all(dict(x.stats)["pts"] == 0 for x in unused)


@pytest.mark.parametrize(
    ("values", "out"),
    [
        ({"status": "INACTIVE", "played": "0"}, True),
        ({"status": "ACTIVE", "played": "0", "notPlayingReason": "DNP_INJURY"}, True),
        ({"status": "ACTIVE", "played": "0", "notPlayingReason": "A_NEW_REASON"}, True),
        ({"status": "ACTIVE", "played": "0", "notPlayingReason": "DNP_COACH"}, False),
        ({"status": "ACTIVE", "played": "0"}, False),
        ({"status": "ACTIVE", "played": "1", "notPlayingReason": "DNP_INJURY"}, False),
    ],
)
def test_who_is_out_is_told_from_who_has_not_come_in_yet(
    values: dict[str, object], out: bool
) -> None:
    """Any reason but the coach's rules a player out, also one who is listed as active."""
    player = {"personId": 7, "name": "A", **values}
    state = nba.SOURCE.parse_box(box_of(changed(live_game(), home__players=[player])))
    assert state.players[0].out is out


def test_double_overtime_on_the_board() -> None:
    """`Final/OT2` comes with six periods."""
    game = document("scoreboard_game_2ot_0022200356")
    ((_, state),) = nba.SOURCE.parse_board(board_of(game)).games
    assert isinstance(state, GameState)
    assert state.game_clock == "Final/2OT"
    assert state.periods is not None
    assert len(state.periods) == 6


def test_padded_final_texts() -> None:
    """Blanks after `Final/OT ` make no difference."""
    game = document("scoreboard_game_2ot_0022200356")
    states = [
        nba.SOURCE.parse_board(board_of(changed(game, gameStatusText=text))).games[0][1]
        for text in ("Final/OT2", "Final/OT ", "Final               ", "")
    ]
    assert all(x == states[0] for x in states)


@pytest.mark.parametrize(
    ("clock", "text", "period", "phase", "left"),
    [
        ("PT01M02.50S", "Q2 01:02", 2, Phase.LIVE, 62.5),
        ("PT00M00.30S", "Q2 0.3", 2, Phase.LIVE, 0.3),
        (":12.3", "Q2 12.3", 2, Phase.LIVE, 12.3),
        ("12.3", "Q2 12.3", 2, Phase.LIVE, 12.3),
        ("PT00M00.00S", "Q1", 1, Phase.BREAK, 0.0),
        ("", "End Q1", 1, Phase.BREAK, 0.0),
        ("   ", "End of 1st Qtr ", 1, Phase.BREAK, 0.0),
        ("PT00M00.00S", "Half", 2, Phase.BREAK, 0.0),
        ("PT14M30.00S", "Half", 2, Phase.BREAK, 0.0),
        ("     ", "Halftime            ", 2, Phase.BREAK, 0.0),
        ("", "Q2 07:15", 2, Phase.LIVE, 435.0),
        ("", "Q2 0:00.2", 2, Phase.LIVE, 0.2),
        ("   ", "Q2 :07.9", 2, Phase.LIVE, 7.9),
        ("PT00M00.00S", "Q2 0.2", 2, Phase.LIVE, 0.2),
        ("PT00M00.00S", "Q2 05:12", 2, Phase.LIVE, 312.0),
        ("PT00M00.00S", "Q2 0.0", 2, Phase.LIVE, 0.0),
        ("PT04M00.00S", "Suspended", 2, Phase.SUSPENDED, 240.0),
        ("PT04M00.00S", "Delayed", 2, Phase.SUSPENDED, 240.0),
        ("", "Suspended", 2, Phase.SUSPENDED, 720.0),
        ("PT00M00.00S", "Delayed", 2, Phase.SUSPENDED, 720.0),
        ("PT11M30.00S", "End Q1", 2, Phase.LIVE, 690.0),
    ],
)
def test_clocks_and_texts_of_a_game_in_play(
    clock: str, text: str, period: int, phase: Phase, left: float
) -> None:
    """A break shows in the text; a text with a clock at zero shows a last shot or free throws."""
    state = state_of(gameClock=clock, gameStatusText=text, period=period)
    assert (state.phase, state.clock, state.period) == (phase, left, period)


LAST = {"period": 4, "home__periods": None, "away__periods": None}
"""The last period, whose points the document lacks."""


@pytest.mark.parametrize(
    ("clock", "text", "home", "phase", "left"),
    [
        ("PT00M00.20S", "Q4 0.2", 101, Phase.LIVE, 0.2),
        ("", "Q4 0:00.2", 101, Phase.LIVE, 0.2),
        ("PT00M00.00S", "Q4 0.0", 101, Phase.LIVE, 0.0),
        ("PT00M00.00S", "Q4", 101, Phase.LIVE, 0.0),
        ("PT00M00.00S", "End Q4", 101, Phase.BREAK, 0.0),
        ("", "End Q4", 101, Phase.BREAK, 0.0),
        ("PT00M00.00S", "Q4", 100, Phase.BREAK, 0.0),
        ("PT00M00.00S", "Q4 0.0", 100, Phase.LIVE, 0.0),
        ("", "Q4", 100, Phase.BREAK, 0.0),
    ],
)
def test_the_end_of_the_last_period(
    clock: str, text: str, home: int, phase: Phase, left: float
) -> None:
    """A tie leads to overtime; with a leader a last shot may count until the end is reported."""
    values = {"home__score": home, "away__score": 100, **LAST}
    state = state_of(gameClock=clock, gameStatusText=text, **values)
    assert (state.phase, state.clock) == (phase, left)


def test_a_blank_clock_at_the_end_of_a_game_is_no_buzzer() -> None:
    """A blank clock with a leader gives no state: nobody knows whether play is on."""
    values = {"home__score": 101, "away__score": 100, **LAST}
    assert "gameClock" in fault_of(gameClock="", gameStatusText="Q4", **values)


@pytest.mark.parametrize("text", ["", "   ", None])
def test_neither_a_clock_nor_words_tell_of_no_break(text: str | None) -> None:
    """A document that tells nothing of the clock ends no quarter; one without points begins one."""
    assert "no words" in fault_of(gameClock="", gameStatusText=text, period=2)
    begun = state_of(gameClock="", gameStatusText=text, period=3)
    assert (begun.phase, begun.clock) == (Phase.LIVE, 720.0)


@pytest.mark.parametrize("clock", ["", "PT00M00.00S"])
def test_a_period_without_a_point_has_not_been_played(clock: str) -> None:
    """A clock that is not set yet at the start of a period does not end that period."""
    state = state_of(
        gameClock=clock,
        gameStatusText="Q3",
        period=3,
        home__score=59,
        away__score=50,
        home__periods=periods(29, 30, 0, 0),
        away__periods=periods(20, 30, 0, 0),
    )
    assert (state.phase, state.clock) == (Phase.LIVE, 720.0)


def test_overtime_in_play() -> None:
    """The fifth period lasts five minutes and is listed once it has begun."""
    values: dict[str, object] = {
        "period": 5,
        "gameStatusText": "OT1 03:10",
        "home__score": 104,
        "away__score": 102,
        "home__periods": periods(25, 25, 25, 25, 4),
        "away__periods": periods(25, 25, 25, 25, 2),
    }
    state = state_of(gameClock="PT03M10.00S", **values)
    assert (state.game_clock, state.overtime) == ("OT 3:10", 1)
    assert "gameClock" in fault_of(gameClock="PT07M10.00S", **values)


def test_play_shows_through_a_status_that_lags() -> None:
    """Status 1 with a period and points is in play; status 2 in period 0 is not yet."""
    assert state_of(gameStatus=1).phase is Phase.LIVE
    level = {"home__score": 40, "away__score": 40, "home__periods": None, "away__periods": None}
    assert state_of(gameStatus=1, **level).phase is Phase.LIVE
    early = state_of(gameStatus=2, period=0, home__score=0, away__score=0)
    assert early.phase is Phase.SCHEDULED


def test_points_by_period_that_do_not_add_up_are_unknown() -> None:
    """The score is kept; periods that do not add up, or are missing, are None."""
    assert state_of(home__score=41).periods is None
    assert state_of(home__periods=periods(29)).periods is None
    assert state_of(away__periods=None).periods is None
    # In another order than they were played, on either side, they are points of nobody knows when.
    game = live_game()
    turned = {x: [game[f"{x}Team"]["periods"][i] for i in (1, 0, 2, 3)] for x in ("home", "away")}
    assert state_of(home__periods=turned["home"]).periods is None
    assert state_of(away__periods=turned["away"]).periods is None


def test_optional_facts_may_be_missing_or_strange() -> None:
    """A bonus or time-outs in an unknown form are unknown; all else is read."""
    state = state_of(home__inBonus=None, away__timeoutsRemaining="6", somethingNew={"a": [1]})
    assert (state.bonus, state.timeouts) == (None, None)
    bare = {k: v for k, v in live_game().items() if k not in ("gameCode", "regulationPeriods")}
    ((game, reading),) = nba.SOURCE.parse_board(board_of(bare)).games
    assert isinstance(reading, GameState)
    assert game.day == date(2023, 4, 20)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"home__score": None}, "homeTeam.score"),
        ({"away__score": "30"}, "awayTeam.score"),
        ({"away__score": 30.5}, "awayTeam.score"),
        ({"away__score": True}, "awayTeam.score"),
        ({"away__score": math.nan}, "awayTeam.score"),
        ({"away__score": -1}, "awayTeam.score"),
        ({"away__score": 10**30}, "awayTeam.score"),
        ({"period": 50}, "period"),
        ({"period": -1}, "period"),
        ({"period": 0}, "period"),
        ({"period": None}, "period"),
        ({"gameStatus": 7}, "gameStatus"),
        ({"gameStatus": "2"}, "gameStatus"),
        ({"gameClock": "PT-3M10.00S"}, "gameClock"),
        ({"gameClock": "PT12M01.00S"}, "gameClock"),
        ({"gameClock": "soon"}, "gameClock"),
        ({"gameClock": 435}, "gameClock"),
        ({"regulationPeriods": 2}, "regulationPeriods"),
        ({"home__periods": [{"period": 1, "score": "29"}]}, "homeTeam.periods[0].score"),
        ({"gameStatus": 3}, "period"),
        ({"gameStatus": 3, "period": 4, "home__score": 90, "away__score": 90}, "homeTeam.score"),
    ],
)
def test_what_cannot_be_believed_names_its_field(values: dict[str, object], field: str) -> None:
    """A wrong type, a missing score or an absurd figure is an error that names its field."""
    assert fault_of(**values).startswith(f"scoreboard.games[0].{field} ")


@pytest.mark.parametrize(
    "values",
    [
        {"gameId": "42"},
        {"gameId": None},
        {"gameTimeUTC": "2023-04-21T02:00:00"},
        {"gameTimeUTC": "0001-01-01T00:00:00Z"},
        {"gameTimeUTC": "tonight"},
        {"home__teamTricode": "SAC"},
        {"home__teamTricode": ""},
        {"homeTeam": None},
    ],
)
def test_one_bad_game_spoils_only_itself(values: dict[str, object]) -> None:
    """A malformed entry is reported, and the other games are read."""
    board = nba.SOURCE.parse_board(board_of(changed(live_game(), **values), live_game(), 17))
    assert [game.name for game, _ in board.games] == ["SAC@GSW"]
    assert len(board.spoilt) == 2
    assert board.spoilt[0].startswith("scoreboard.games[0].")


def test_a_mark_of_byte_order_is_no_fault() -> None:
    """A document may begin with the mark by which some servers say that it is UTF-8."""
    body = board_of(live_game())
    assert nba.SOURCE.parse_board(b"\xef\xbb\xbf" + body) == nba.SOURCE.parse_board(body)


def test_an_empty_board_is_a_board() -> None:
    """`games: []` is a day without games; a board without `games` is malformed."""
    assert nba.SOURCE.parse_board(board_of()).games == ()
    for body in (b"{}", b'{"scoreboard":{"gameDate":"2023-04-20"}}', b"null", b"[]", b"7"):
        with pytest.raises(FeedMalformed):
            nba.SOURCE.parse_board(body)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe", b'{"scoreboard": NaN}', b"[" * 200_000, b'{"a":' * 100_000],
    ids=["empty", "cut off", "not text", "nan", "nested lists", "nested objects"],
)
def test_bodies_that_are_no_documents(body: bytes) -> None:
    """Each parser raises an error of one clear sentence, however the body is broken."""
    for parse in (nba.SOURCE.parse_board, nba.SOURCE.parse_box, nba.SOURCE.parse_schedule):
        with pytest.raises(FeedMalformed) as caught:
            parse(body)
        assert len(str(caught.value)) < 200


def test_the_league_says_which_day_a_game_belongs_to() -> None:
    """The date in the game code counts, unless it is days away from the tip-off."""
    ((game, _),) = nba.SOURCE.parse_board(
        board_of(changed(live_game(), gameCode="20230421/X"))
    ).games
    assert game.day == date(2023, 4, 21)
    for code in ("20230301/SACGSW", "tonight", ""):
        ((game, _),) = nba.SOURCE.parse_board(board_of(changed(live_game(), gameCode=code))).games
        assert game.day == date(2023, 4, 20)


def test_board_and_box_tell_the_same() -> None:
    """A board and a box of the same moment give equal states, live and final."""
    assert nba.SOURCE.parse_box(box_of(live_game())) == state_of()
    final = document("box_final_ot_0022500006")["game"]
    ((_, state),) = nba.SOURCE.parse_board(board_of({**final, "gameClock": ""})).games
    assert nba.SOURCE.parse_box(box_of(final)) == state


@pytest.mark.parametrize(
    ("fouls", "court", "note"), [(2, "0", "two technical fouls"), (2, "1", None), ("2", "0", None)]
)
def test_a_second_technical_foul_is_noted_of_a_player_off_the_court(
    fouls: object, court: str, note: str | None
) -> None:
    """A feed does not say in words who was ejected: who has two may have been, once he is off.

    In another form the number tells nothing, and costs no other figure.
    """
    player = {"personId": 7, "name": "A", "played": "1", "oncourt": court}
    players = [player | {"statistics": {"foulsTechnical": fouls}}]
    state = nba.SOURCE.parse_box(box_of(changed(live_game(), home__players=players)))
    assert (state.players[0].note, state.players[0].out) == (note, False)


def test_what_is_printed_of_a_player_is_harmless() -> None:
    """Control characters and endless names do not reach a terminal."""
    players = [{"personId": 7, "name": "Nikola\x1b[31m Joki\u0107" + "x" * 200}]
    state = nba.SOURCE.parse_box(box_of(changed(live_game(), home__players=players)))
    assert state.players[0].name.startswith("Nikola [31m Joki\u0107")
    assert len(state.players[0].name) == 80


def test_the_schedule() -> None:
    """Games whose teams are known are listed with their tip-offs; the others are left out."""
    listed = nba.SOURCE.parse_schedule(fixture("schedule_2023-24"))
    assert len(listed) == 5
    game, state = listed[0]
    assert (game.name, game.day) == ("LAL@DEN", date(2023, 10, 24))
    assert game.start == datetime(2023, 10, 24, 23, 30, tzinfo=UTC)
    assert state is not None
    assert state.phase is Phase.SCHEDULED


def test_the_schedule_calls_games_off_by_their_text() -> None:
    """`PPD` means postponed, a flag alone does not, and a game that was played has no state."""
    body = document("schedule_2023-24")
    games = body["leagueSchedule"]["gameDates"][0]["games"]
    games[0].update(gameStatusText="PPD")
    games[1].update(postponedStatus="Y")
    body["leagueSchedule"]["gameDates"][1]["games"][0].update(gameStatus=3, gameStatusText="Final")
    phases = [state and state.phase for _, state in nba.SOURCE.parse_schedule(encoded(body))]
    assert phases[:3] == [Phase.POSTPONED, Phase.SCHEDULED, None]


def test_a_schedule_of_nothing_but_bad_games_is_no_schedule() -> None:
    """One bad game is left out; a schedule with only bad ones raises FeedMalformed."""
    body = document("schedule_2023-24")
    dates = body["leagueSchedule"]["gameDates"]
    dates[0]["games"][0]["gameDateTimeUTC"] = "later"
    assert len(nba.SOURCE.parse_schedule(encoded(body))) == 4
    for day in dates:
        for game in day["games"]:
            game["gameDateTimeUTC"] = 7
    with pytest.raises(FeedMalformed, match="gameTimeUTC"):
        nba.SOURCE.parse_schedule(encoded(body))


def test_only_a_game_id_makes_a_path() -> None:
    """Only an id of ten digits becomes part of a path."""
    assert nba.box_path("0022500006").endswith("/boxscore_0022500006.json")
    for bad in ("", "../secret", "002250000", "0022500006?x=1", "\u0660" * 10):
        with pytest.raises(ValueError, match="ten digits"):
            nba.box_path(bad)


@pytest.mark.parametrize(
    ("period", "text", "shown"),
    [
        (1, "OT1 03:00", "OT 3:00"),
        (2, "OT2 03:00", "2OT 3:00"),
        (5, "OT 03:00", "OT 3:00"),
        (2, "Q2 03:00", "Q2 3:00"),
    ],
)
def test_overtimes_that_are_counted_from_one_are_read_by_their_words(
    period: int, text: str, shown: str
) -> None:
    """The text decides which overtime it is."""
    reported = state_of(period=period, gameStatusText=text, gameClock="PT03M00.00S")
    assert reported.game_clock == shown


def test_a_period_that_contradicts_its_words_is_not_believed() -> None:
    """A period other than the one in the text is malformed; between two, one may lag by one."""
    for period, clock in ((4, "03"), (4, "12"), (3, "03")):
        wrong = {"gameStatusText": f"Q2 {clock}:00", "gameClock": f"PT{clock}M00.00S"}
        why = fault_of(period=period, **wrong)
        assert why.startswith(f"scoreboard.games[0].period is {period} beside the words")
    quarters = [{"period": n, "score": 25 if n < 5 else 0} for n in range(1, 6)]
    lead = [x | {"score": 26} if x["period"] == 4 else x for x in quarters]
    extra = {"period": 5, "gameStatusText": "", "gameClock": "PT03M00.00S"}
    extra |= {"home__score": 101, "home__periods": lead, "away__periods": quarters}
    why = fault_of(away__score=100, **extra)
    assert why.endswith("period is 5, an overtime, after a score that was not level")
    over = fault_of(gameStatusText="Half", gameClock="PT00M07.00S")
    assert over == "scoreboard.games[0].gameClock shows 0:07 in a period that is over"
    late = state_of(period=3, gameStatusText="Q2 00:00", gameClock="PT11M58.00S")
    assert late.game_clock == "Q3 11:58"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"gameStatus": 3, "period": 2}, "said to be final in Q2"),
        (
            {"gameStatus": 3, "period": 4, "home__score": 90, "away__score": 90},
            "said to be final at 90-90",
        ),
        (
            {"gameStatus": 3, "period": 4, "gameClock": "PT07M15.00S", "gameStatusText": "Final"},
            "said to be final at Q4 7:15",
        ),
        (
            {"gameStatus": 3, "period": 5, "gameClock": "", "gameStatusText": "OT1 0:03.2"},
            "said to be final at OT 0:03.2",
        ),
        ({"gameStatusText": "Forfeit"}, "a forfeit"),
    ],
)
def test_an_end_that_cannot_be_says_what_is_told(values: dict[str, object], told: str) -> None:
    """The claim is in a person's words, so that it can be the reason of a review."""
    reading = on_board(**values)
    assert isinstance(reading, Unreadable)
    assert reading.claim == told


@pytest.mark.parametrize("clock", ["", "PT00M00.00S", "PT00M00.40S", None])
def test_an_end_needs_no_clock_that_has_run_out_to_the_last_tenth(clock: str | None) -> None:
    """A game that is over is final, also where its clock was stopped just before zero."""
    end = state_of(gameStatus=3, period=4, gameStatusText="Final", gameClock=clock)
    assert (end.phase, end.clock) == (Phase.FINAL, 0.0)
