"""Promises of the live card: a glance shows the game, every bet on it, and how fresh it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from html import unescape
from re import sub
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.notify.values import GAME, NOW, bet, settled, state, tracking
from tracker.domain.bet import ASK_BOOK, Leg, Parlay, Result
from tracker.domain.chance import LOST, PUSHED, WON, Chance, NoChance
from tracker.domain.game import GameState, Phase, PlayerLine, Score, Side
from tracker.domain.market import Direction, Moneyline, PlayerTotal, Spread, Total
from tracker.domain.player import Player, Stat
from tracker.domain.policy import Snooze, SnoozeScope
from tracker.domain.tracking import GameTracking, LegStanding, Tracked
from tracker.notify.channels.text import (
    DISCORD_LIMIT,
    NTFY_LIMIT,
    TEXT_LIMIT,
    card_html,
    card_markdown,
    card_plain,
    for_discord,
    for_ntfy,
    for_telegram,
    length,
)
from tracker.wording.cards import BAR_CELLS, MOST_BETS, Card, bar, bet_silence, card, silence

DENVER = ZoneInfo("America/Denver")
JOKIC = PlayerLine("203999", "Nikola Jokić", Side.HOME, (("pts", 19),), played=True)
Q3 = replace(
    state("Q3 4:11", 61, 58, periods=(Score(30, 28), Score(25, 22), Score(6, 8))),
    players=(JOKIC,),
)


def followed(pick: str, p: float | None, number: int = 12) -> Tracked:
    """A tracked bet with this chance to win and no push."""
    chance = None if p is None else Chance(p, 0.0, 1.0 - p)
    return replace(Tracked.fresh(bet(pick, number)), chance=chance)


def jokic(points: float, p: float, number: int = 12) -> Tracked:
    """A bet on a player line."""
    market = PlayerTotal(Player("Nikola Jokić", Side.HOME), Stat.PTS, Direction.OVER, points)
    tracked = followed("DEN ML", p, number)
    return replace(tracked, bet=replace(tracked.bet, market=market))


def with_bets(found: GameState | None, *tracked: Tracked, age: float = 6.0) -> GameTracking:
    """A game with these bets on it."""
    return replace(tracking(found, age=age), tracked=tracked)


def made(found: GameTracking, earlier: dict[int, float] | None = None) -> Card:
    """The card at NOW for a person in Denver."""
    return card(found, earlier or {}, NOW, DENVER)


EVENING = with_bets(
    Q3,
    jokic(25.5, 0.71, 12),
    followed("over 224.5", 0.44, 13),
    followed("DEN -4.5", 0.62, 14),
    followed("LAL over 109.5", 0.12, 15),
    followed("Q3 under 55.5", 0.62, 16),
)
EARLIER = {12: 0.62, 13: 0.50, 14: 0.62, 15: 0.121}


def test_a_game_in_play() -> None:
    """A live card has score, clock, and for each bet its light, chance, way, stand and need."""
    assert card_plain(made(EVENING, EARLIER)) == (
        "🏀 LAL 58 – 61 DEN · Q3 4:11\n"
        "🟢 #12 Jokić o25.5 pts  71 % ▲9  19 / 26\n"
        "     ████████░░░░ needs 7 more\n"
        "🟡 #13 o224.5  44 % ▼6  119 / 225\n"
        "     ██████░░░░░░ needs 106 more\n"
        "🟢 #14 DEN -4.5  62 %  leads by 3\n"
        "     needs to win by 5\n"
        "🔴 #15 LAL o109.5  12 %  58 / 110\n"
        "     ██████░░░░░░ needs 52 more\n"
        "🟢 #16 Q3 u55.5  62 %  14 now\n"
        "     has room for 41 more\n"
        "data 6 s · updated 20:30:00"
    )


def test_a_bet_with_an_id_of_its_own_goes_by_it() -> None:
    """A bet with an id of its own is shown under it, as in every message and list."""
    plain = followed("DEN -4.5", 0.62, 14)
    named = replace(plain, bet=replace(plain.bet, name="wiz"))
    assert "#wiz DEN -4.5" in card_plain(made(with_bets(Q3, named)))


def test_a_parlay_shows_each_leg() -> None:
    """A parlay shows the whole and each leg below it; a leg on another game names that game."""
    other = replace(GAME, id="0022600202", home="BOS", away="NYK")
    legs = (
        Leg(GAME, Moneyline(Side.HOME)),
        Leg(GAME, Total(Direction.OVER, 110)),
        Leg(other, Spread(Side.HOME, -4.5)),
    )
    single = followed("DEN ML", 0.18, 15)
    standings = (
        LegStanding(15, 0, Chance(0.62, 0.0, 0.38)),
        LegStanding(15, 1, WON),
        LegStanding(15, 2, Chance(0.3, 0.0, 0.7)),
    )
    parlay = replace(single, bet=replace(single.bet, market=Parlay(legs)), legs=standings)
    assert card_plain(made(with_bets(Q3, parlay), {15: 0.16})).splitlines()[1:-1] == [
        "🔴 #15 Parlay (3)  18 % ▲2  2 alive, 1 hit",
        "     🟢 #15a DEN ML  62 %  leads by 3",
        "     ✅ #15b o110  HIT",
        "     🔴 #15c BOS -4.5 (NYK@BOS)  30 %",
    ]


def test_in_telegrams_html_what_counts_is_bold() -> None:
    """In HTML the score and chances are bold, and no text can be taken for markup."""
    assert card_html(made(with_bets(Q3, jokic(25.5, 0.997)), {12: 0.9})) == (
        "<b>🏀 LAL 58 – 61 DEN · Q3 4:11</b>\n"
        "🟢 #12 Jokić o25.5 pts  <b>&gt;99 % ▲10</b>  19 / 26\n"
        "     ████████░░░░ needs 7 more\n"
        "data 6 s · updated 20:30:00"
    )


def test_in_discords_markdown_nothing_is_lost() -> None:
    """In Markdown a leading minus makes no list, and no character is lost."""
    assert card_markdown(made(with_bets(Q3, followed("DEN -4.5", 0.004)))) == (
        "**🏀 LAL 58 – 61 DEN · Q3 4:11**\n"
        "🔴 \\#12 DEN \\-4.5  **\\<1 %**  leads by 3\n"
        "     needs to win by 5\n"
        "data 6 s · updated 20:30:00"
    )


def test_a_game_that_has_not_begun() -> None:
    """Before tip-off the card has both teams and the local tip-off time, but no score."""
    game = replace(with_bets(None, followed("DEN -4.5", None)), seen_at=None)
    assert card_plain(made(game)) == (
        "🏀 LAL @ DEN · tip-off Fri 19:00\n⚪ #12 DEN -4.5\nupdated 20:30:00"
    )


def test_a_game_that_is_off() -> None:
    """A game that is off has the word for that, and the bet's result."""
    off = GameState(GAME, Phase.POSTPONED, 0, 0.0, Score(0, 0))
    game = with_bets(off, settled("DEN -4.5", Result.VOID, 2000))
    assert card_plain(made(game)).splitlines()[:2] == [
        "🏀 LAL @ DEN · Postponed",
        "⊘ #12 DEN -4.5  VOID $20.00 back",
    ]


def test_a_game_that_is_over() -> None:
    """After the end each bet has its result and its profit, or the request for a decision."""
    over = GameState(GAME, Phase.FINAL, 4, 0.0, Score(114, 105))
    won = settled("DEN -4.5", Result.WON, 3739)
    asked = replace(followed("over 219.5", 0.4, 13), review="two finals disagree")
    found = made(with_bets(over, won, asked))
    assert found.closed
    assert card_plain(found) == (
        "🏀 LAL 105 – 114 DEN · Final\n"
        "✅ #12 DEN -4.5  WON +$17.39\n"
        "❔ #13 o219.5  NEEDS REVIEW\n"
        "     see tracker show 13\n"
        "closed · updated 20:30:00"
    )


def test_the_last_line_sums_up() -> None:
    """A card with several bets ends with their total."""
    over = GameState(GAME, Phase.FINAL, 4, 0.0, Score(114, 105))
    bets = (
        settled("DEN -4.5", Result.WON, 3739),
        settled("over 219.5", Result.LOST, 0),
        settled("DEN over 114", Result.PUSH, 2000),
    )
    assert made(with_bets(over, *bets)).verdict == "1 won, 1 lost, 1 push · -$2.61"


def test_a_payout_that_only_the_book_knows_is_asked() -> None:
    """A payout that only the book knows is asked for, and noted beside the total."""
    over = GameState(GAME, Phase.FINAL, 4, 0.0, Score(114, 105))
    unpaid = settled("DEN ML", Result.WON, None)
    assert unpaid.settlement is not None
    done = replace(unpaid.settlement, reason=f"leg 2 dropped out: {ASK_BOOK}")
    bets = settled("DEN -4.5", Result.WON, 3739), replace(unpaid, settlement=done)
    found = made(with_bets(over, *bets))
    assert "❔ #12 DEN ML  WON\n     What did the book pay?\n" in card_plain(found)
    assert found.verdict == "2 won · +$17.39 · 1 payout not known"


def test_a_final_that_waits_for_its_results_is_not_closed() -> None:
    """A final score is shown at once; the card is not closed before the results are known."""
    over = GameState(GAME, Phase.FINAL, 4, 0.0, Score(114, 105))
    found = made(with_bets(over, followed("DEN -4.5", 0.99)))
    assert not found.closed
    assert card_plain(found).splitlines()[0] == "🏀 LAL 105 – 114 DEN · Final"


@pytest.mark.parametrize(
    ("chance", "row"),
    [(WON, "✅ #12 o110  HIT"), (LOST, "❌ #12 o110  DEAD"), (PUSHED, "↔ #12 o110  PUSH")],
)
def test_a_bet_that_is_decided(chance: Chance, row: str) -> None:
    """A decided bet has one word, and no need any more."""
    one = replace(followed("over 110", 0.5), chance=chance)
    assert card_plain(made(with_bets(Q3, one))).splitlines()[1:-1] == [row]


@pytest.mark.parametrize(
    ("word", "why"),
    [("stale", "nothing has changed for 3 min 5 s"), ("lost", "no news for 2 min 5 s")],
)
def test_stale_data_are_called_so(word: str, why: str) -> None:
    """A card with old data has no colours, and says why."""
    game = replace(
        with_bets(Q3, followed("DEN ML", 0.8), age=125),
        changed_at=NOW - timedelta(seconds=185),
        **{word: True},  # type: ignore[arg-type]
    )
    assert card_plain(made(game)) == (
        "🏀 LAL 58 – 61 DEN · Q3 4:11\n"
        f"⚠ Stale: {why}. The chances are from then.\n"
        "⚪ #12 DEN ML  80 %  leads by 3\n"
        "     needs to win\n"
        "updated 20:30:00"
    )


def test_a_game_that_stands_still_for_long_is_not_called_silent() -> None:
    """Its documents arrive: their age, of seconds, is no reason for a chance that is old."""
    game = with_bets(Q3, followed("DEN ML", 0.8))
    game = replace(game, changed_at=NOW - timedelta(minutes=16), stale=True, lost=True)
    assert "⚠ Stale: nothing has changed for 16 min. The" in card_plain(made(game))


def test_facts_stand_beside_a_chance_that_is_not_known() -> None:
    """A little known player has his box score figures without a chance; one who is out has none."""
    for why, stand in ((NoChance.LITTLE_KNOWN, "19 / 26"), (NoChance.OUT, "")):
        row = made(with_bets(Q3, jokic(25.5, 0.5).without_chance(why))).rows[0]
        assert (row.figure, row.stand) == (why.text, stand)


def test_that_alerts_are_held_back_is_shown() -> None:
    """The card of a muted game says so."""
    found = card(EVENING, {}, NOW, DENVER, quiet="🔕 muted until the end of the game")
    assert card_plain(found).splitlines()[-2] == "🔕 muted until the end of the game"


def test_a_silence_that_ends_on_another_day_names_the_day() -> None:
    """The hour alone would be read as today's."""
    for scope, target in ((SnoozeScope.ALL, ""), (SnoozeScope.BET, "12")):
        snooze = Snooze(scope, target, NOW, NOW + timedelta(days=2))
        said = silence(GAME.id, [snooze], NOW, DENVER) or bet_silence(12, [snooze], NOW, DENVER)
        assert said.endswith(f"{snooze.until.astimezone(DENVER):%a %H:%M}")


def test_a_closed_card_promises_no_silence() -> None:
    """A card that is edited no more does not say until when its alerts are silent."""
    over = state("Q4 0:00", 114, 105, phase=Phase.FINAL)
    game = GameTracking(GAME, (settled("DEN -4.5", Result.WON, 3739),), over, NOW)
    found = card(game, {}, NOW, DENVER, quiet="🔕 alerts are silent until 21:25")
    assert found.closed
    assert "silent" not in card_plain(found)


def test_a_later_card_with_the_same_news_needs_no_edit() -> None:
    """A card that differs only in its time needs no edit."""
    game = with_bets(Q3, followed("DEN ML", 0.80))
    first, later = made(game), card(game, {}, NOW + timedelta(seconds=10), DENVER)
    assert card_plain(first) != card_plain(later)
    assert first.tells_the_same(later)
    moved = made(with_bets(Q3, followed("DEN ML", 0.81)))
    assert not first.tells_the_same(moved)
    assert not first.tells_the_same(made(replace(game, stale=True)))


def test_an_arrow_points_where_the_figures_went() -> None:
    """An arrow's number is the visible difference, and equal figures have no arrow."""
    game = with_bets(Q3, followed("DEN ML", 0.805))
    for was, expected in ((0.804, "80 %"), (0.70, "80 % ▲10"), (0.91, "80 % ▼11")):
        assert made(game, {12: was}).rows[0].figure == expected


def test_the_least_interesting_bets_have_no_room() -> None:
    """When there is no room, open bets stay, and the others are counted by their state."""
    done = tuple(
        replace(followed("over 110", 0.5, number), chance=WON if number % 3 else LOST)
        for number in range(1, 31)
    )
    open_ones = tuple(followed("DEN -4.5", 0.5, number) for number in range(31, 36))
    found = made(with_bets(Q3, *done, *open_ones))
    assert len(found.rows) == MOST_BETS
    assert [x.label for x in found.rows[-5:]] == [f"#{n} DEN -4.5" for n in range(31, 36)]
    assert found.rest == "… and 15 more (5 dead, 10 hit): tracker bets"


@given(
    st.lists(st.tuples(st.text(max_size=60), st.text(max_size=120)), max_size=MOST_BETS),
    st.sampled_from((for_telegram, for_discord, for_ntfy)),
)
def test_a_card_can_be_sent(texts: list[tuple[str, str]], fit: object) -> None:
    """Whatever the bets are called, every channel's form of the card is valid and complete."""
    whole = made(with_bets(Q3, *(followed("LAL over 109.5", 0.5, n) for n in range(len(texts)))))
    rows = tuple(
        replace(row, label=label, under=under)
        for row, (label, under) in zip(whole.rows, texts, strict=True)
    )
    assert callable(fit)
    found = fit(replace(whole, rows=rows))
    if fit is for_telegram:
        assert length(card_plain(found)) <= TEXT_LIMIT
        assert unescape(sub(r"</?b>", "", card_html(found))) == card_plain(found)
    elif fit is for_discord:
        assert len(card_markdown(found)) <= DISCORD_LIMIT
    else:
        assert len(card_plain(found).encode()) <= NTFY_LIMIT


@given(st.integers(0, 400), st.integers(1, 400))
def test_a_bar_is_full_only_when_all_is_there(now: int, wanted: int) -> None:
    """A bar has a fixed width, never goes back, and is full only when the figure is reached."""
    drawn = bar(now, wanted)
    assert len(drawn) == BAR_CELLS
    assert (drawn == "█" * BAR_CELLS) == (now >= wanted)
    assert bar(now + 1, wanted).count("█") >= drawn.count("█")
