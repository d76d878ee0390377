"""Promises of the bot's answers: short enough for a phone, with the figures that were asked for."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from tests.notify.values import GAME, NOW, bet, state
from tests.store.values import snapshot
from tracker.app.explain import Explained
from tracker.app.market.clv import BY
from tracker.app.market.value import held
from tracker.cli.screen import chance_text
from tracker.daemon.bot.answers import (
    MOST_LINES,
    PROFIT_DAYS,
    LocalTime,
    bets_text,
    in_chat,
    profit_text,
    reviews_text,
    settled_text,
    silent_text,
    snoozes_text,
    status_text,
    why_text,
)
from tracker.domain.bet import ASK_BOOK, Leg, Parlay, Result, Status
from tracker.domain.chance import Chance, NoChance
from tracker.domain.draft import Draft
from tracker.domain.game import Game
from tracker.domain.money import parse_odds
from tracker.domain.policy import Snooze, SnoozeScope
from tracker.engine.record import NOTHING, Tally
from tracker.language import read_line
from tracker.notify.channels.text import TEXT_LIMIT, length
from tracker.store.views import BetView, ShowView

SIGHT = LocalTime(NOW, ZoneInfo("America/Denver"))
EMPTY: dict[str, Any] = {x.name: None for x in fields(BetView)} | {"rules": ()}


def view(number: int, pick: str = "DEN -4.5", **facts: Any) -> BetView:
    """A bet as the store shows it."""
    known = bet(pick, number)
    own = {x.name: facts.pop(x.name) for x in fields(Draft) if x.name in facts}
    priced: dict[str, Any] = {"odds": parse_odds("-115"), "stake_cents": 2000}
    made = {
        "number": number, "draft": Draft(*read_line(pick), **(priced | own)),
        "market": known.market, "market_text": pick, "game": GAME, "status": Status.SCHEDULED,
        "added_at": NOW, "stale": False, "revision": 0,
    }  # fmt: skip
    return BetView(**(EMPTY | made | facts))


def done(number: int, result: Result, payout: int, day: date | None = None) -> BetView:
    """A settled bet on a game of that date."""
    game = GAME if day is None else replace(GAME, day=day)
    return view(number, result=result, payout_cents=payout, status=Status.OFFICIAL, game=game)


def test_open_bets() -> None:
    """Open bets are listed with the next to begin first; a live one has chance and game clock."""
    later = Game("9", "nba", "BOS", "NYK", NOW + timedelta(hours=20))
    bets = [
        view(14, "DEN ML", game=later, market=bet("DEN ML").market),
        view(
            15, draft=Draft(*read_line("BOS -3"), odds=parse_odds("-115")), market=None,
            market_text=None, game=None,
        ),
        view(
            12, status=Status.LIVE, state=state(), chance=Chance(0.71, 0.0, 0.29),
        ),
        view(13, status=Status.NEEDS_REVIEW, review="the box lacks a period"),
        done(11, Result.WON, 3739),
    ]  # fmt: skip
    assert bets_text(bets, SIGHT) == (
        "3 open bets · 1 bet needs you\n"
        "#12 DEN -4.5 · 71 % · LAL@DEN Q4 7:02 · $20.00 at -115\n"
        "#13 DEN -4.5 · needs you: /review · LAL@DEN 19:00 · $20.00 at -115\n"
        "#14 BOS ML · NYK@BOS Sat 16:30 · $20.00 at -115\n"
        "#15 BOS -3 · waits for its game · at -115"
    )
    assert "$20.00 at 1.87" in bets_text(bets, replace(SIGHT, odds_format="decimal"))
    at_stake = "At stake now: $40.00 on 3 open bets, 1 without a stake"
    assert profit_text({}, bets, []).endswith(at_stake)


def test_profit_says_of_how_many_bets_it_is_not() -> None:
    """A bet whose payout nobody knows is in the record and in no sum, and the answer says so."""
    tallies = {"In all": Tally(2, 2, 0, 0, 0, 2000, 1818, 0.5, counted=1), "Today": NOTHING}
    told = profit_text(tallies, [], []).splitlines()
    assert told[0] == "In all: +$18.18 · 2–0, +90.9 % of $20.00"
    assert told[2].startswith("In no sum of money: 1 bet of unknown stake")


def test_a_parlay_over_games_is_not_told_by_the_clock_of_one() -> None:
    """Its first game may be over, as if the bet were: the line says how many games it is on."""
    other = replace(GAME, id="9", home="BOS", away="NYK")
    legs = tuple(Leg(x, bet("DEN ML").market) for x in (GAME, other))  # type: ignore[arg-type]
    slip = view(1, market=Parlay(legs), state=state(), chance=Chance(0.2, 0.0, 0.8))
    live = replace(slip, status=Status.LIVE)
    later = replace(other, day=GAME.slate + timedelta(days=1))
    ended = replace(slip, market=Parlay((legs[0], replace(legs[1], game=later))))
    told = settled_text([replace(ended, result=Result.LOST, status=Status.OFFICIAL)], 1)
    assert told.endswith(f"{later.slate:%d %b}")
    assert "#1 Parlay (2) · 20 % · 2 games · $20.00" in bets_text([live], SIGHT)
    assert "#1 Parlay (2) · 20 % · 2 games 19:00 · $20.00" in bets_text([slip], SIGHT)


async def test_a_chance_is_no_older_than_the_last_look_at_its_game() -> None:
    """At half-time a chance does not grow old; on stale data it does."""

    async def shown(stale: bool) -> BetView:
        at, seen = NOW - timedelta(minutes=13), NOW - timedelta(seconds=9)
        return view(
            1, status=Status.LIVE, chance=Chance(0.7, 0.0, 0.3), chance_at=at, seen_at=seen,
            stale=stale,
        )  # fmt: skip

    for stale, age in ((False, 9), (True, 780)):
        bets = cast("Any", SimpleNamespace(bet=lambda _, stale=stale: shown(stale)))
        assert (await held(bets, "1", cast("Any", None), NOW)).age_s == age


def test_a_free_bet_is_called_one_and_puts_nothing_at_stake() -> None:
    """A free bet is named as one, and its stake does not count as the person's."""
    bets = [view(1), view(2, free=True)]
    assert profit_text({}, bets, []).endswith("At stake now: $20.00 on 2 open bets")
    assert bets_text(bets, SIGHT).endswith("free bet $20.00 at -115")


def test_what_needs_the_person_comes_with_the_words_that_decide_it() -> None:
    """A bet that needs a decision comes with the command for it: a result, or the book's payout."""
    unclear = view(13, status=Status.NEEDS_REVIEW, review="the box lacks a period")
    unpaid = view(14, status=Status.OFFICIAL, result=Result.WON, review=f"leg 2 void: {ASK_BOOK}")
    assert reviews_text([unclear]).splitlines()[-1] == "/settle 13 won (or lost, push, void)"
    assert reviews_text([unpaid]).splitlines()[-1] == "/settle 14 won --payout AMOUNT"


@pytest.mark.parametrize(
    ("terminal", "chat"),
    [
        ("there is no bet 9: `tracker bets` lists them", "there is no bet 9: /bets lists them"),
        ("`tracker edit 6 --odds -110 --stake 20` says them",
         "/edit 6 odds -110, /edit 6 stake 20 says them"),
        ("bet b is over: `tracker show b` says how it ended",
         "bet b is over: /chart b says how it ended"),
        ("`tracker void 3` returns the stake", "/void 3, and why, returns the stake"),
        ("as in `tracker settle 2 won --payout AMOUNT`", "as in /settle 2 won --payout AMOUNT"),
        ("no game is known: `tracker refresh` reads boxes",
         "no game is known: `tracker refresh` reads boxes"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_commands_of_the_chat(terminal: str, chat: str) -> None:
    """A command of the terminal is named only where the chat has none for it."""
    assert in_chat(terminal) == chat


def test_results() -> None:
    """Each result is listed with its mark, its money and its game, where that is known."""
    bets = [
        replace(done(14, Result.VOID, 2000), status=Status.PROVISIONAL),
        done(13, Result.PUSH, 2000),
        done(12, Result.WON, 3739),
        done(11, Result.LOST, 0, date(2026, 11, 18)),
        replace(done(10, Result.LOST, 0), game=None, market=None),
    ]
    assert settled_text(bets, 5) == (
        "Last 5 of 5 results\n"
        "⊘ #14 DEN -4.5 VOID $20.00 back · LAL@DEN 20 Nov · provisional\n"
        "↔ #13 DEN -4.5 PUSH $20.00 back · LAL@DEN 20 Nov\n"
        "✅ #12 DEN -4.5 WON +$17.39 · LAL@DEN 20 Nov\n"
        "❌ #11 DEN -4.5 LOST -$20.00 · LAL@DEN 18 Nov\n"
        "❌ #10 DEN -4.5 LOST -$20.00"
    )


def test_what_they_came_to() -> None:
    """Profit is given in all, for today and for recent days, with what is at stake or undecided."""
    tallies = {
        "In all": Tally(3, 1, 1, 1, 0, 6000, -261, None, counted=3),
        "Today": NOTHING,
        "7 days": Tally(2, 1, 1, 0, 0, 4000, -261, None, counted=2),
    }
    unclear = view(13, status=Status.NEEDS_REVIEW, review="the box lacks a period")
    assert profit_text(tallies, [view(14), unclear], [unclear]) == (
        "In all: -$2.61 · 1–1–1, −4.3 % of $60.00\n"
        "Today: nothing settled\n"
        "7 days: -$2.61 · 1–1, −6.5 % of $40.00\n"
        "At stake now: $20.00 on 1 open bet\n"
        "❔ Needs your decision: #13"
    )


@pytest.mark.parametrize(
    ("where", "local", "day"),
    [
        ("America/New_York", "2026-11-21 00:40", 20),
        ("America/New_York", "2026-11-21 11:00", 21),
        ("Europe/London", "2026-11-21 03:30", 20),
        ("Asia/Tokyo", "2026-11-21 14:30", 20),
        ("Australia/Sydney", "2026-11-21 14:30", 20),
    ],
)
def test_today_is_the_evening_whose_games_the_person_has_watched(
    where: str, local: str, day: int
) -> None:
    """Today's profit has the night that has just ended, past midnight and in any zone."""
    zone = ZoneInfo(where)
    now = datetime.fromisoformat(local).replace(tzinfo=zone).astimezone(UTC)
    assert LocalTime(now, zone).slate == date(2026, 11, day)


def test_the_causes_of_a_change_add_up_as_on_the_terminal() -> None:
    """Shares are rounded as the terminal and the page round them: to the rounded change."""
    first, last = snapshot(12, NOW, 0.136), snapshot(12, NOW, 0.216)
    causes = {"home points": 0.0955, "clock": -0.0025, "lead reversion": -0.0020, "pace": -0.0110}
    shown = cast("ShowView", SimpleNamespace(bet=view(12)))
    told = Explained(shown, first, last, (GAME, GAME), tuple(causes.items()), cast("Any", None))
    other = replace(GAME, home="BOS", away="NYK")
    between = why_text(replace(told, games=(GAME, other))).splitlines()[1].split(" → ")
    assert ["LAL" in between[0], "NYK" in between[1]] == [True, True], "a parlay over two games"
    shares = [x.split(" · ")[0].split() for x in why_text(told).splitlines()[2:]]
    assert sum(round(float(n) * 10) * (1 if arrow == "▲" else -1) for arrow, n in shares) == 80


def test_silence() -> None:
    """Snoozes are listed with what they cover and when they end on the person's clock."""
    games = {GAME.id: GAME.name}
    until = NOW + timedelta(hours=2)
    told = [
        Snooze(SnoozeScope.BET, "12", NOW, until),
        Snooze(SnoozeScope.GAME, GAME.id, NOW, until),
        Snooze(SnoozeScope.ALL, "", NOW, NOW + timedelta(hours=20)),
    ]
    assert snoozes_text(told, games, SIGHT) == (
        "Silent\n"
        "bet #12 until 22:30\n"
        "LAL@DEN until 22:30\n"
        "everything until Sat 16:30\n"
        "/snooze off ends it."
    )
    assert silent_text(told[1], games, SIGHT) == "Silent about LAL@DEN until 22:30"


def test_nothing_is_told_as_nothing() -> None:
    """An empty list says that it is empty, and what to do about it."""
    assert "/add" in bets_text([], SIGHT)
    assert settled_text([], 0) == "Nothing has been settled yet"
    nothing = dict.fromkeys(PROFIT_DAYS, NOTHING)
    assert profit_text(nothing, [], []) == "Nothing has been settled yet\nAt stake now: nothing"
    assert status_text([], [view(12)], []) == (
        "No game is being watched now · 1 open bet\n/bets lists them."
    )


def test_many_are_counted() -> None:
    """A long list is cut to a message, and the bets left out are counted."""
    many = [view(number) for number in range(300)]
    assert bets_text(many, SIGHT).splitlines()[-1] == "… and 285 more: tracker bets"
    ended = [done(number, Result.WON, 3739) for number in range(MOST_LINES)]
    told = settled_text(ended, 300)
    assert told.splitlines()[-1] == "… and 285 before these: tracker bets --all"
    assert length(told) < TEXT_LIMIT / 2


def test_a_bet_that_needs_the_person_waits_for_nothing_else() -> None:
    """A bet whose game was never found is listed as needing the person, not as waiting for it."""
    asked = view(7, game=None, market=None, market_text=None, review="nobody of that name played")
    said = bets_text([asked], SIGHT)
    assert "needs you: /review" in said
    assert "waits" not in said


def test_a_chance_that_is_not_known_takes_one_word_in_a_table() -> None:
    """The reason stands where there is room for it; a player who is out is told as out."""
    for why, short in ((NoChance.LITTLE_KNOWN, "unknown"), (NoChance.OUT, "out")):
        seen = view(7, chance=None, no_chance=why)
        assert chance_text(seen, short=True) == short
        assert chance_text(seen) == why.text


def test_markets_are_grouped_by_their_names_in_words() -> None:
    """A group of closing line values is called `team total`, as in every other table."""
    assert BY["market"](view(7, "DEN over 114.5")) == ("team total",)
