"""Promises of the messages: the text on a person's lock screen, word for word."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.notify.values import GAME, NOW, alert, bet, delivery, settled, state, tracking
from tracker.domain.alert import PLACEHOLDERS, PLAIN, Decision, MessageStyle, Reason
from tracker.domain.bet import ASK_BOOK, Leg, Parlay, Result
from tracker.domain.chance import Chance, NoChance
from tracker.domain.game import Box, Game, GameState, Phase, PlayerLine, Score, Side, TeamBox
from tracker.domain.market import Direction, DoubleDouble, PlayerTotal
from tracker.domain.player import Player, Stat
from tracker.domain.policy import Policy, QuietHours, topic_of
from tracker.domain.poll import Trouble
from tracker.domain.tracking import GameTracking, Group, LegStanding, Tracked
from tracker.engine.decide.facts import TAKEN_BACK
from tracker.notify import DIGEST_LINES, digest, possible_repeat, worded
from tracker.notify.channels.text import DISCORD_LIMIT, brief, length
from tracker.wording.alerts import compose, data_back, no_data

HALF = (Score(28, 25), Score(30, 22))
FINAL = state("Q4 0:00", 114, 105, phase=Phase.FINAL)
SECOND = "LAL 91 – 98 DEN · {} · fair cash-out $29.91 · data 5 s old · bet #12"


def followed(pick: str, p: float = 0.80, *, staked: bool = True) -> Tracked:
    """A tracked bet with a chance."""
    return replace(Tracked.fresh(bet(pick, staked=staked)), chance=Chance(p, 0.0, 1.0 - p))


def said(
    pick: str,
    rule: str = "p >= 0.80",
    p: float = 0.80,
    was: float | None = 0.71,
    wording: MessageStyle = PLAIN,
) -> str:
    """The message for a chance that moved in a fourth quarter that DEN leads 98 to 91."""
    found = state()
    return compose(alert(rule, found, p, was), followed(pick, p), tracking(found), wording)


def test_a_level_that_is_reached_is_told_with_the_game_clock_first() -> None:
    """Line one has chance, bet, standing and clock; line two has score, need, age and number."""
    assert said("DEN -4.5") == (
        "▲ 80 % DEN -4.5: leads by 7, Q4 7:02 (was 71 %)\n"
        "LAL 91 – 98 DEN · needs to win by 5 · fair cash-out $29.91 · data 5 s old · bet #12"
    )


def test_what_a_bet_is_worth_is_told_while_it_is_open() -> None:
    """An open bet's worth is given if it has stake and odds; a push counts as the stake."""
    found = state()
    pushing = replace(followed("DEN -4"), chance=Chance(0.5, 0.1, 0.4))
    text = compose(alert("p >= 0.50", found, 0.5), pushing, tracking(found))
    assert "fair cash-out $20.70 ·" in text
    for silent in (followed("DEN -4", staked=False), followed("DEN -4", 1.0)):
        assert "cash-out" not in compose(alert("p >= 0.50", found, 1.0), silent, tracking(found))


@pytest.mark.parametrize(
    ("seen", "told"), [(8.4, " · off the court for 12 min · "), (15.0, ""), (None, "")]
)
def test_a_player_who_sits_longer_than_is_usual_is_told(seen: float | None, told: str) -> None:
    """Nobody says that a player is hurt in play: that he has not come back is all that is known."""
    who = Player("Nikola Jokić", Side.HOME)
    line = PlayerLine("1", who.name, who.side, (("pts", 9),), 8.0, played=True, seen=seen)
    found = replace(state("Q2 4:00"), players=(line,))
    tracked = followed("DEN -4.5", 0.3)
    market = PlayerTotal(who, Stat.PTS, Direction.OVER, 25.5)
    tracked = replace(tracked, bet=replace(tracked.bet, market=market))
    text = compose(alert("p <= 0.30", found, 0.3), tracked, tracking(found))
    assert f"needs 17 more{told or ' · '}fair cash-out" in text
    back = replace(found, players=(replace(line, on_court=True),))
    figures = TeamBox(0, 0, 0, 0, 0)
    early = replace(found, box=Box(figures, figures, left=38 * 60.0))
    for unsure in (back, early):
        assert "court" not in compose(alert("p <= 0.30", unsure, 0.3), tracked, tracking(unsure))


def test_a_delay_that_was_asked_for_counts_in_the_age_of_the_data() -> None:
    """The delay of the settings counts in the stated age of the data."""
    late = MessageStyle(delay=35.0)
    assert "· data 40 s old, delayed 35 s ·" in said("DEN -4.5", wording=late)
    found = state()
    fresh = compose(alert("hit", found), followed("DEN -4.5"), tracking(found, age=0), late)
    assert "· data delayed 35 s ·" in fresh


def test_words_of_the_persons_own_take_the_place_of_the_usual_ones() -> None:
    """A person's own template is used, with its placeholders filled; unknown ones are empty."""
    own = MessageStyle(
        ZoneInfo("America/Denver"),
        "decimal",
        templates={
            "chance": "{bet} {p} ({was}) at {time}, {odds}: {fair}",
            "settled": "{mark} {id} {result} {money} {course}",
        },
    )
    assert said("DEN -4.5", wording=own) == (
        "DEN -4.5 80 % (71 %) at 20:30, 1.87: fair cash-out $29.91"
    )
    assert said("DEN -4.5", "swing 0.15 in 5m", wording=own) == said("DEN -4.5", "swing 0.15 in 5m")
    done = settled("DEN -4.5", Result.WON, 3739)
    assert compose(alert("settled", FINAL), done, tracking(FINAL), own) == (
        "✅ 12 WON +$17.39 peak 96 %, low 48 %"
    )


def test_words_of_the_persons_own_never_say_what_is_not_so() -> None:
    """What takes an alert back, one leg of a parlay, a question and an empty text stay usual."""
    own = MessageStyle(
        templates={"hit": "{bet} HIT!", "out": "OUT!", "review": "?", "settled": "{result}"}
    )
    plain, on = alert("hit", state()), tracking(state())
    seen = settled("DEN -4.5", Result.WON, None)
    assert seen.settlement is not None
    seen = replace(seen, settlement=replace(seen.settlement, reason=f"1 dropped: {ASK_BOOK}"))
    assert compose(plain, followed("DEN -4.5"), on, own) == "DEN -4.5 HIT!"
    back = replace(plain, reason=Reason.TAKEN_BACK, detail=TAKEN_BACK)
    for one, bet_of in (
        (back, followed("DEN -4.5")),
        (replace(back, rule="review", detail=""), followed("DEN -4.5")),
        (replace(plain, rule="out", detail="Nikola Jokić"), followed("DEN -4.5")),
        (replace(plain, rule="settled"), seen),
    ):
        assert compose(one, bet_of, on, own) == compose(one, bet_of, on)
    assert compose(replace(plain, rule="settled"), followed("DEN -4.5"), on, own) != ""
    close = "closed −5.5: your −4.5 was worth +4.1 %"
    assert compose(replace(plain, rule="settled"), seen, on, own, close).splitlines()[1] == close
    assert close not in compose(
        alert("settled", FINAL), settled("DEN ML", Result.WON, 1), on, own, close
    )


def test_a_player_who_is_back_is_not_told_as_out_while_another_is() -> None:
    """A person's words for `out` are for players who are all out, whoever else of the bet is."""
    own = MessageStyle(templates={"out": "{detail} is OUT"})
    names = "Nikola Jokić", "Jamal Murray"
    lines = [PlayerTotal(Player(x, Side.HOME), Stat.PTS, Direction.OVER, 9.5) for x in names]
    slip = replace(bet("DEN -4.5"), market=Parlay(tuple(Leg(GAME, x) for x in lines)))
    legs = (LegStanding(12, 0, no_chance=NoChance.OUT), LegStanding(12, 1, Chance(0.5, 0.0, 0.5)))
    tracked, on = replace(Tracked.fresh(slip), legs=legs), tracking(None)
    first, second = (replace(alert("out", state()), detail=x) for x in names)
    assert compose(first, tracked, on, own) == "Nikola Jokić is OUT"
    assert compose(second, tracked, on, own).startswith(
        "✓ Jamal Murray is no longer out: leg 2 counts again\n"
    )


@pytest.mark.parametrize("name", PLACEHOLDERS)
@pytest.mark.parametrize("topic", ["p >= 0.80", "settled", "feed_down", "hit"])
def test_every_placeholder_stands_for_something_in_every_message(name: str, topic: str) -> None:
    """Every accepted template works in every message."""
    own = MessageStyle(templates={topic_of(topic): f"<{{{name}}}>"})
    found = state()
    for state_of in (tracking(found), replace(tracking(found), state=None)):
        text = compose(alert(topic, found), Tracked.fresh(bet("DEN -4.5")), state_of, own)
        assert text.startswith("<")
        assert "{" not in text


def test_a_text_message_is_160_plain_characters() -> None:
    """An SMS has 160 plain characters: signs are spelt, first facts are kept, the number always."""
    long = possible_repeat(said("DEN -4.5"), 41)
    assert brief(long) == (
        "possible repeat - UP 80 % DEN -4.5: leads by 7, Q4 7:02 (was 71 %) - LAL 91 - 98 DEN - "
        "needs to win by 5 - fair cash-out $29.91 - data 5 s old - alert 41"
    )
    assert len(brief(long)) <= 160
    short = brief(said("DEN -4.5"), 80)
    assert short == "UP 80 % DEN -4.5: leads by 7, Q4 7:02 (was 71 %) - LAL 91 - 98 DEN"
    assert brief("▲ 80 % Jokić o25.5 pts") == "UP 80 % Jokic o25.5 pts"


@given(st.text(max_size=400), st.integers(1, 9999))
def test_no_text_message_is_longer_or_other_than_plain(text: str, number: int) -> None:
    """Whatever is in it, an SMS is plain and within its length."""
    told = brief(possible_repeat(text, number))
    assert told.isascii()
    assert len(told) <= 160
    assert told.endswith(f"alert {number}")


@pytest.mark.parametrize(
    ("pick", "stands", "need"),
    [
        ("DEN -4", "DEN -4: leads by 7", "needs to win by 5, 4 pushes"),
        ("DEN -1", "DEN -1: leads by 7", "needs to win by 2, 1 pushes"),
        ("DEN PK", "DEN PK: leads by 7", "needs to win"),
        ("DEN +0.5", "DEN +0.5: leads by 7", "needs to win"),
        ("LAL +1", "LAL +1: trails by 7", "needs to win, losing by 1 pushes"),
        ("LAL +4.5", "LAL +4.5: trails by 7", "may lose by up to 4"),
        ("LAL +4", "LAL +4: trails by 7", "may lose by up to 3, 4 pushes"),
        ("LAL ML", "LAL ML: trails by 7", "needs to win"),
        ("LAL@DEN over 224.5", "LAL@DEN o224.5: 189 now", "needs 36 more"),
        ("LAL@DEN over 224", "LAL@DEN o224: 189 now", "needs 36 more, 35 pushes"),
        ("LAL@DEN over 189", "LAL@DEN o189: 189 now", "needs 1 more, else pushes"),
        ("LAL@DEN over 188.5", "LAL@DEN o188.5: 189 now", "is over the line"),
        ("LAL@DEN under 224.5", "LAL@DEN u224.5: 189 now", "has room for 35 more"),
        ("LAL@DEN under 200", "LAL@DEN u200: 189 now", "has room for 10 more, 11 pushes"),
        ("LAL@DEN under 189", "LAL@DEN u189: 189 now", "pushes at best"),
        ("LAL@DEN under 188.5", "LAL@DEN u188.5: 189 now", "is over the line"),
        ("DEN over 114.5", "DEN o114.5: 98 now", "needs 17 more"),
        ("LAL under 100.5", "LAL u100.5: 91 now", "has room for 9 more"),
    ],
)
def test_every_market_says_where_it_stands_and_what_it_needs(
    pick: str, stands: str, need: str
) -> None:
    """Spread, moneyline, total and team total say their standing and need, with pushes."""
    first, second = said(pick).splitlines()
    assert first == f"▲ 80 % {stands}, Q4 7:02 (was 71 %)"
    assert second == SECOND.format(need)


PLAYED = (*HALF, Score(3, 11))


@pytest.mark.parametrize(
    ("pick", "found", "stands", "second"),
    [
        (
            "1H LAL@DEN under 112.5",
            state("Q2 4:11", 50, 40, periods=(Score(28, 25), Score(22, 15))),
            "1H LAL@DEN u112.5: 90 now, Q2 4:11",
            "LAL 40 – 50 DEN (1H 40 – 50) · has room for 22 more",
        ),
        (
            "Q3 DEN -1.5",
            state("Q2 4:11", 50, 40, periods=(Score(28, 25), Score(22, 15))),
            "Q3 DEN -1.5: Q3 not begun, Q2 4:11",
            "LAL 40 – 50 DEN · needs to win Q3 by 2",
        ),
        (
            "Q3 LAL +0.5",
            state("Q3 4:11", 61, 58, periods=PLAYED),
            "Q3 LAL +0.5: leads Q3 by 8, Q3 4:11",
            "LAL 58 – 61 DEN (Q3 11 – 3) · needs to win or tie Q3",
        ),
        (
            "1H DEN ML",
            state("Q2 0:00", 58, 47, phase=Phase.BREAK, periods=HALF),
            "1H DEN ML: 1H ended 47 – 58, Half",
            "LAL 47 – 58 DEN (1H 47 – 58)",
        ),
        (
            "2H DEN ML",
            state("Q3 4:11", 61, 58, periods=PLAYED),
            "2H DEN ML: trails 2H by 8, Q3 4:11",
            "LAL 58 – 61 DEN (2H 11 – 3) · needs to win 2H, a tie pushes",
        ),
        (
            "Q3 DEN -1.5",
            state("Q3 4:11", 61, 58),
            "Q3 DEN -1.5: Q3 4:11",
            "LAL 58 – 61 DEN",
        ),
    ],
)
def test_a_part_of_the_game_is_told_by_its_own_points(
    pick: str, found: GameState, stands: str, second: str
) -> None:
    """A half or quarter has its own score, or none where the feed's figures disagree."""
    text = compose(alert("p >= 0.80", found), Tracked.fresh(bet(pick)), tracking(found))
    assert text == f"▲ 80 % {stands}\n{second} · data 5 s old · bet #12"


def test_a_fall_points_down_and_a_small_step_shows_a_decimal() -> None:
    """A fall points down, and two different chances never look the same."""
    assert said("DEN -4.5", "p <= 0.30", 0.30, 0.36).startswith("▼ 30 % DEN -4.5: leads")
    assert said("DEN -4.5", "p crosses 0.50", 0.49, 0.52).startswith("▼ 49 %")
    assert said("DEN -4.5", "p <= 0.30", 0.30, None).startswith("▼ 30 %")
    small = said("DEN -4.5", p=0.8004, was=0.7962).splitlines()[0]
    assert small == "▲ 80.0 % DEN -4.5: leads by 7, Q4 7:02 (was 79.6 %)"


def test_a_swing_says_from_where_and_within_what_time() -> None:
    """A swing gives the chance before, and the rule's time span."""
    first = said("DEN -4.5", "swing 0.15 in 5m", 0.62, 0.45).splitlines()[0]
    assert first == "▲ 62 % DEN -4.5: up from 45 % in 5 min, leads by 7, Q4 7:02"


@pytest.mark.parametrize(
    ("rule", "found", "first"),
    [
        ("start", state("Q1 12:00", 0, 0), "▶ 58 % DEN -4.5: tip-off, Q1 12:00"),
        (
            "quarter",
            state("Q1 0:00", 30, 23, phase=Phase.BREAK),
            "◆ 58 % DEN -4.5: leads by 7, End Q1",
        ),
        (
            "halftime",
            state("Q2 0:00", 50, 50, phase=Phase.BREAK),
            "◆ 58 % DEN -4.5: tied, Half",
        ),
        ("hit", state(), "✔ DEN -4.5 HIT: can no longer lose, leads by 7, Q4 7:02"),
        ("dead", state(), "✘ DEN -4.5 DEAD: can no longer win, leads by 7, Q4 7:02"),
    ],
)
def test_an_event_says_what_happened(rule: str, found: GameState, first: str) -> None:
    """Each event has a sign of its own and says what happened."""
    text = compose(alert(rule, found, 0.58), Tracked.fresh(bet("DEN -4.5")), tracking(found))
    assert text.splitlines()[0] == first


def test_half_time_names_a_team_that_the_command_takes_for_no_other() -> None:
    """`HOU` is a professional team: what is to be typed of its college says the league."""
    found = state("Q2 0:00", 50, 50, phase=Phase.BREAK)
    followed = Tracked.fresh(bet("DEN -4.5"))
    text = compose(alert("halftime", found, 0.58), followed, tracking(found))
    assert 'tracker check "DEN 2H -1.5 -110"' in text
    college = Game("9", "ncaaw", "HOU", "BYU", NOW)
    there = GameTracking(college, state=replace(found, game=college), seen_at=NOW)
    text = compose(alert("halftime", found, 0.58), followed, there)
    assert 'tracker check "NCAAW HOU 2H -1.5 -110"' in text


def test_a_lost_feed_says_since_when_and_what_waits() -> None:
    """The notice of a lost feed says since when, and shows nothing old as new."""
    found = state()
    lost = replace(alert("feed_down", found), detail="blocked")
    assert compose(lost, Tracked.fresh(bet("DEN -4.5")), tracking(found, age=95)) == (
        "⚠ DEN -4.5: no data for 1 min 35 s, last seen at Q4 7:02\n"
        "LAL 91 – 98 DEN then · alerts on its chance wait · bet #12 · the sources refuse us"
    )
    before = tracking(replace(found, phase=Phase.SCHEDULED), age=95)
    assert compose(lost, Tracked.fresh(bet("DEN -4.5")), before) == (
        "⚠ DEN -4.5: no data for 1 min 35 s, since before the tip\n"
        "LAL@DEN · alerts on its chance wait · bet #12 · the sources refuse us"
    )


def test_a_forecast_that_fails_is_not_told_as_a_fault_of_the_sources() -> None:
    """A failed forecast is not blamed on the sources, and finished games still settle."""
    found = state()
    lost = replace(alert("feed_down", found), detail=Trouble.UNPRICED.value)
    text = compose(lost, Tracked.fresh(bet("DEN -4.5")), tracking(found, age=95))
    assert text.startswith("⚠ DEN -4.5: no forecast for 1 min 35 s, last seen at Q4 7:02\n")
    assert text.endswith("bet #12 · the sources answer, the forecast on this machine fails")
    assert no_data({"LAL@DEN": Trouble.UNPRICED}) == (
        "⚠ No forecast of LAL@DEN: the sources answer, the forecast on this machine fails.\n"
        "Alerts on chances wait until it works again; what is over is settled meanwhile."
    )
    back = data_back({"LAL@DEN": (Trouble.UNPRICED, 95)})
    assert back == "✓ LAL@DEN: the forecast works again, after 1 min 35 s"


def test_a_feed_that_is_back_says_for_how_long_it_was_away() -> None:
    """The notice that a feed is back has the outage's length, and the new clock and score."""
    before, after = state("Q3 4:11", 61, 58), state("Q3 2:02", 66, 60)
    back = replace(alert("feed_back", before), detail="away for 2 min 5 s")
    assert compose(back, Tracked.fresh(bet("DEN -4.5")), tracking(after, age=0)) == (
        "✓ DEN -4.5: data are back, away for 2 min 5 s: leads by 6, Q3 2:02\n"
        "LAL 60 – 66 DEN · alerts on its chance go on · bet #12"
    )


@pytest.mark.parametrize(
    ("result", "payout", "first"),
    [
        (Result.WON, 3739, "✅ #12 WON +$17.39"),
        (Result.LOST, 0, "❌ #12 LOST -$20.00"),
        (Result.PUSH, 2000, "↔ #12 PUSH $20.00 back"),
        (Result.WON, None, "✅ #12 WON"),
        (Result.LOST, None, "❌ #12 LOST"),
    ],
)
def test_a_result_says_what_it_did_to_the_stake(
    result: Result, payout: int | None, first: str
) -> None:
    """A result has the profit and the bet's course, and says that it may be corrected."""
    text = compose(alert("settled", FINAL), settled("DEN -4.5", result, payout), tracking(FINAL))
    assert text == (
        f"{first} · LAL 105 – 114 DEN · DEN -4.5 · peak 96 %, low 48 %\n"
        "Provisional until the box score has been read again"
    )


def test_a_result_that_is_official_is_not_called_provisional() -> None:
    """An official result is not called provisional, as for a bet added after the last check."""
    done = replace(settled("DEN -4.5", Result.WON, 3739), official=True)
    assert "Provisional" not in compose(alert("settled", FINAL), done, tracking(FINAL))


def test_what_the_book_paid_is_asked_until_it_is_known() -> None:
    """The book's payout is asked for, with the command for it, until it is known."""
    asked = settled("DEN -4.5", Result.WON, None)
    done = asked.settlement
    assert done is not None
    done = replace(done, reason=f"leg 2 dropped out: {ASK_BOOK}")
    told = compose(alert("settled", FINAL), replace(asked, settlement=done), tracking(FINAL))
    assert told.endswith("\nWhat did the book pay? tracker settle 12 won --payout AMOUNT")
    paid = replace(asked, settlement=replace(done, payout_cents=3000, by_hand=True))
    assert "the book" not in compose(alert("settled", FINAL), paid, tracking(FINAL))


def test_the_result_of_a_player_line_is_told_by_what_he_did() -> None:
    """A player line's result has his figure in place of the score, with the line in brackets."""
    jokic = Player("Nikola Jokić", Side.HOME)
    market = PlayerTotal(jokic, Stat.PTS, Direction.OVER, 25.5)
    done = settled("DEN -4.5", Result.WON, 3739)
    tracked = replace(done, bet=replace(done.bet, market=market))
    box = PlayerLine("203999", "Nikola Jokić", Side.HOME, (("pts", 27),), 36.0)
    over = replace(FINAL, players=(box,))
    assert compose(alert("settled", over), tracked, tracking(over)).splitlines()[0] == (
        "✅ #12 WON +$17.39 · Jokić 27 pts (o25.5) · peak 96 %, low 48 %"
    )
    unwatched = replace(tracked, peak=None, low=None)
    first = compose(alert("settled", over), unwatched, tracking(over)).splitlines()[0]
    assert first == "✅ #12 WON +$17.39 · Jokić 27 pts (o25.5)"
    unknown = compose(alert("settled", FINAL), tracked, tracking(FINAL)).splitlines()[0]
    assert "LAL 105 – 114 DEN · Jokić o25.5 pts" in unknown
    sat = replace(FINAL, players=(replace(box, stats=(("pts", 0),), minutes=0.0, played=False),))
    void = replace(tracked, settlement=settled("DEN -4.5", Result.VOID, 2000).settlement)
    assert compose(alert("settled", sat), void, tracking(sat)).startswith(
        "⊘ #12 VOID $20.00 back · Jokić did not play (o25.5 pts)"
    )


def test_a_parlay_without_a_leg_has_no_fair_price() -> None:
    """A parlay with a dropped leg has no fair price, as the book's price without it is unknown."""
    whole = followed("DEN -4.5")
    other = Game("0022600202", "nba", "BOS", "NYK", NOW)
    legs = (Leg(GAME, whole.bet.market), Leg(other, whole.bet.market))  # type: ignore[arg-type]
    slip = replace(whole, bet=replace(whole.bet, market=Parlay(legs)))
    for second, told in ((None, True), (Result.VOID, False), (Result.PUSH, False)):
        standings = (LegStanding(12, 0), LegStanding(12, 1, result=second))
        found = replace(slip, legs=standings)
        text = compose(alert("p >= 0.80", state(), 0.8, 0.7), found, tracking(state()))
        assert ("fair cash-out" in text) is told


def test_a_double_double_is_told_by_what_he_made() -> None:
    """A double-double's result has the figures nearest to ten, not the score."""
    market = DoubleDouble(Player("Nikola Jokić", Side.HOME))
    lost = replace(settled("DEN -4.5", Result.LOST, 0), official=True)
    tracked = replace(lost, bet=replace(lost.bet, market=market))
    made = (("pts", 27), ("reb", 9), ("ast", 4))
    box = PlayerLine("203999", "Nikola Jokić", Side.HOME, made, 36.0, played=True)
    over = replace(FINAL, players=(box,))
    assert compose(alert("settled", over), tracked, tracking(over)) == (
        "❌ #12 LOST -$20.00 · 27 pts 9 reb · Jokić double-double · peak 96 %, low 48 %"
    )


def test_the_result_of_a_parlay_is_told_by_its_legs() -> None:
    """A parlay's result says how many legs hit and dropped out, or which of them lost."""
    other = Game("0022600202", "nba", "BOS", "NYK", NOW)
    done = settled("DEN -4.5", Result.WON, 3739)
    legs = (Leg(GAME, done.bet.market), Leg(other, done.bet.market))  # type: ignore[arg-type]
    standings = tuple(LegStanding(12, i, result=x) for i, x in enumerate((Result.WON, Result.VOID)))
    tracked = replace(done, bet=replace(done.bet, market=Parlay(legs)), legs=standings)
    first = compose(alert("settled", FINAL), tracked, tracking(FINAL)).splitlines()[0]
    assert first == "✅ #12 WON +$17.39 · 1 hit, 1 dropped · Parlay (2) · peak 96 %, low 48 %"
    off = replace(FINAL, phase=Phase.POSTPONED)
    assert compose(alert("settled", off), tracked, tracking(off)).splitlines()[0] == first
    dead = replace(tracked, legs=(standings[1], replace(standings[0], leg=1, result=Result.LOST)))
    named = compose(alert("settled", FINAL), dead, tracking(FINAL))
    assert "leg 2 of 2 lost, BOS -4.5 · Parlay (2)" in named
    live_text = compose(alert("p >= 0.80", state(), 0.8, 0.7), tracked, tracking(state()))
    assert live_text.startswith("▲ 80 % Parlay (2): 1 hit, 1 dropped, Q4 7:02 (was 70 %)")


def test_a_parlay_that_another_game_moved_is_not_told_with_this_games_score() -> None:
    """Score and clock are those of the game whose leg moved; else the weakest leg is named."""
    other = Game("0022600202", "nba", "BOS", "NYK", NOW)
    market = bet("DEN -4.5").market
    legs = (Leg(GAME, market), Leg(other, market))  # type: ignore[arg-type]
    even = Chance(0.9, 0.0, 0.1)
    slip = replace(
        Tracked.fresh(replace(bet("DEN -4.5"), market=Parlay(legs))),
        chance=Chance(0.8, 0.0, 0.2),
        legs=(LegStanding(12, 0, chance=even), LegStanding(12, 1, chance=Chance(0.88, 0.0, 0.12))),
        groups=(Group(GAME.id, even), Group(other.id, even)),
    )
    crossed = alert("p >= 0.80", state(), 0.8, 0.7)
    elsewhere = compose(crossed, slip, tracking(state()))
    assert elsewhere.startswith("▲ 80 % (was 70 %) Parlay (2): leg 2 BOS -4.5 at 88 %\n2 alive · ")
    assert "LAL" not in elsewhere
    here = compose(replace(crossed, leg=0, leg_was=0.8), slip, tracking(state()))
    assert here.startswith("▲ 80 % (was 70 %) Parlay (2): leg 1 DEN -4.5 up to 90 %, Q4 7:02\nLAL ")
    half = compose(replace(crossed, rule="halftime", leg=0, leg_was=0.8), slip, tracking(state()))
    assert half.count("2 alive") == 1, "an event is not told by the leg that moved meanwhile"


@pytest.mark.parametrize(
    "second",
    [
        LegStanding(12, 1, chance=Chance(0.64, 0.36, 0.0)),
        LegStanding(12, 1, result=Result.PUSH),
        LegStanding(12, 1, no_chance=NoChance.OUT),
    ],
)
def test_what_a_parlay_is_worth_is_not_told_where_a_leg_may_drop_out(second: LegStanding) -> None:
    """A parlay with a likely push has no worth; an unlikely push does not matter."""
    legs = (Leg(GAME, bet("DEN -4.5").market), Leg(GAME, bet("over 195").market))  # type: ignore[arg-type]
    first = LegStanding(12, 0, chance=Chance(0.8, 0.0, 0.2))
    usual = LegStanding(12, 1, chance=Chance(0.6, 0.03, 0.37))
    for standing, told in ((second, False), (usual, True)):
        slip = replace(
            Tracked.fresh(replace(bet("DEN -4.5"), market=Parlay(legs))),
            chance=Chance(0.5, 0.0, 0.5),
            legs=(first, standing),
        )
        text = compose(alert("p >= 0.80", state(), 0.8, 0.7), slip, tracking(state()))
        assert ("fair cash-out" in text) is told


def test_a_game_of_a_colleges_women_is_told_as_one() -> None:
    """Its men may play the same opponent on the same day: the score says which game it is."""
    women = replace(GAME, id="401800001", league="ncaaw")
    found = replace(state(), game=women, clock=422.0)
    there = GameTracking(women, state=found, seen_at=NOW)
    text = compose(alert("p >= 0.80", found, 0.8, 0.71), followed("DEN -4.5"), there)
    assert "LAL 91 – 98 DEN (W) · " in text


def test_a_game_that_is_off_has_no_score() -> None:
    """A void bet says why it is void, and gives no score."""
    off = state("-", 0, 0, phase=Phase.POSTPONED)
    text = compose(alert("settled", off), settled("DEN -4.5", Result.VOID, 2000), tracking(off))
    assert text == "⊘ #12 VOID $20.00 back · LAL@DEN postponed · DEN -4.5"
    void = settled("DEN -4.5", Result.VOID, 2000)
    legs = tuple(Leg(GAME, bet(x).market) for x in ("DEN -4.5", "over 224.5"))  # type: ignore[arg-type]
    slip = replace(void, bet=replace(void.bet, market=Parlay(legs)))
    text = compose(alert("settled", off), slip, tracking(off))
    assert text == "⊘ #12 VOID $20.00 back · LAL@DEN postponed · Parlay (2)"


def test_a_corrected_result_names_both_where_the_first_is_known() -> None:
    """A revision names both results where the first is known."""
    tracked = settled("DEN -4.5", Result.LOST, 0, revision=2)
    known = replace(alert("regraded", FINAL), detail="won")
    assert compose(known, tracked, tracking(FINAL)) == (
        "↻ #12 corrected: WON → LOST -$20.00 · LAL 105 – 114 DEN · DEN -4.5 · peak 96 %, low 48 %\n"
        "The box score was corrected: revision 2 of the result"
    )
    first = compose(alert("regraded", FINAL), tracked, tracking(FINAL)).splitlines()[0]
    assert first.startswith("↻ #12 corrected: now LOST -$20.00 ·")


def test_stale_and_just_arrived_data_say_so_in_words() -> None:
    """Every message about a chance says the age of its data."""
    found, tracked = state(), Tracked.fresh(bet("DEN -4.5"))
    assert "· data just in ·" in compose(alert("hit", found), tracked, tracking(found, age=0.3))
    assert "· data stale ·" in compose(alert("hit", found), tracked, tracking(found, stale=True))


def test_a_decision_that_held_back_has_no_message() -> None:
    """A held alert has no message."""
    held = replace(alert("p >= 0.80", state()), decision=Decision.HELD)
    assert compose(held, Tracked.fresh(bet("DEN -4.5")), tracking(state())) == ""


def test_no_message_gives_advice() -> None:
    """No message gives advice."""
    advice = ("cash out", "cash-out now", "should", "hedge", "bet now", "recommend", "lock")
    for rule in ("p >= 0.80", "p <= 0.30", "swing 0.15 in 5m"):
        assert not any(word in said("DEN -4.5", rule).casefold() for word in advice)


def test_a_repeat_says_that_it_may_be_one_and_gives_its_number() -> None:
    """A possible repeat says so first and has its number; other messages need none."""
    assert worded(delivery(41), NOW) == "alert text 41"
    assert possible_repeat("▲ 80 %\nscore", 41) == "possible repeat · ▲ 80 %\nscore · alert 41"
    assert worded(delivery(41, repeat=True), NOW) == "possible repeat · alert text 41 · alert 41"


def test_a_late_message_says_how_late_it_is() -> None:
    """A late message says how late it is, as its game clock is old by then."""
    late = worded(delivery(41), NOW + timedelta(minutes=3))
    assert late == "alert text 41 · 3 min late"
    quiet = QuietHours(NOW.time(), (NOW + timedelta(hours=8)).time(), UTC)
    after = NOW + timedelta(hours=8, minutes=3)
    late = worded(delivery(41), after, Policy(quiet=quiet).audible_from)
    assert late == "alert text 41 · 3 min late", "not by the hours that the person wanted"


def test_a_digest_tells_each_alert_in_the_persons_time() -> None:
    """A digest has one line for each alert, oldest first, in the person's time."""
    text = digest([delivery(41), delivery(40)], ZoneInfo("America/Denver"))
    assert text == (
        "2 alerts could not reach you in time\n20:30 MST · alert text 40\n20:30 MST · alert text 41"
    )
    flagged = digest([delivery(41)], repeated=True).splitlines()
    assert flagged[0] == "possible repeat · 1 alert may not have reached you in time"
    assert flagged[1] == "03:30 UTC · alert text 41 · alert 41"


def test_what_was_held_on_purpose_is_told_apart_from_what_came_too_late() -> None:
    """A digest lists alerts held in quiet hours apart from those that came too late."""
    held = replace(delivery(42), reason=Reason.QUIET)
    many = replace(delivery(43), reason=Reason.OVER_BUDGET)
    assert digest([many]) == "1 alert beyond the hour's budget\n03:30 UTC · alert text 43"
    assert digest([delivery(41), held]) == (
        "1 alert could not reach you in time\n"
        "03:30 UTC · alert text 41\n"
        "1 alert while you wanted silence\n"
        "03:30 UTC · alert text 42"
    )


def test_a_long_digest_stays_readable() -> None:
    """A long digest lists the latest alerts and counts the others."""
    lines = digest([delivery(n) for n in range(1, 61)]).splitlines()
    assert len(lines) == DIGEST_LINES + 2
    assert lines[-1] == "and 40 more: tracker alerts"


def test_every_service_takes_the_longest_digest_whole() -> None:
    """A digest of long lines is no longer than a Discord message, and has its results."""
    why = (Reason.QUIET, Reason.OVER_BUDGET, Reason.CROSSED)
    many = [replace(delivery(n), text="word " * 25, reason=why[n % 3]) for n in range(300)]
    found = digest([replace(many[0], rule="settled"), *many[1:]], repeated=True)
    assert DISCORD_LIMIT - 400 < length(found) <= DISCORD_LIMIT
    assert "alert 0\n" in found
    assert found.count("more: tracker alerts") == len(why)


@pytest.mark.parametrize("rule", ["settled", "tonight"])
def test_a_long_digest_has_its_results(rule: str) -> None:
    """Newer alerts about chances push neither a result nor a night's total out of a digest."""
    result = replace(delivery(1), rule=rule)
    lines = digest([result, *(delivery(n) for n in range(2, 61))]).splitlines()
    assert lines[1].endswith("alert text 1")
    assert lines[2].endswith("alert text 42")
    assert lines[-1] == "and 40 more: tracker alerts"
