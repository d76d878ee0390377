"""What cannot be a bet or a result is refused with one sentence, however it is entered."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.store.values import DEFAULTS, GAME, OTHER, T0, state
from tracker.app.bets import Bets, Registered
from tracker.app.choose_game import Chooser, GamesRead
from tracker.app.market.value import Quoted, decision
from tracker.app.pricing import bet_of
from tracker.domain import BadBet
from tracker.domain.bet import Result
from tracker.domain.chance import Chance
from tracker.domain.draft import AmbiguousGame
from tracker.domain.game import Game, Phase
from tracker.intake import Beside, Changes, draft_of
from tracker.store import Store

NOW = GAME.start - timedelta(hours=2)


def by(store: Store) -> Bets:
    """The bets as the terminal uses them."""
    return Bets(store, DEFAULTS, 1000)


async def add(store: Store, line: str, beside: Beside | None = None) -> Registered:
    """Add a line whose game is known."""
    await store.save_games([(GAME, None), (OTHER, None)], NOW)
    draft = draft_of(line, beside or Beside(), 1000)
    return await by(store).add(draft, await Chooser(store, NOW).choose(draft), NOW)


async def test_a_name_of_a_college_too_is_told_how_to_write_it(store: Store) -> None:
    """Where no professional team of a name plays, the error says how the college is written."""
    college = Game("401800001", "ncaam", "HOU", "TTU", GAME.start)
    women = replace(college, id="401900001", league="ncaaw")
    await store.save_games([(college, None), (women, None), (GAME, None)], NOW)

    async def look(*_: object) -> GamesRead:
        return GamesRead(whole=True)

    for line, said in (
        ("Houston -4.5", "written 'NCAAM Houston'; on 2026-11-20: LAL@DEN"),
        ("DUKE ML", "on 2026-11-20: TTU@HOU NCAAM, TTU@HOU NCAAW"),
        ("CONN -4.5", "written 'NCAAM CONN'"),
        ("Rockets -4.5", "nothing was added; on 2026-11-20: LAL@DEN \\("),
        ("parlay: Houston -4.5; NCAAM TTU ML", "written 'NCAAM Houston'"),
    ):
        with pytest.raises(BadBet, match=said):
            await Chooser(store, NOW, look).choose(draft_of(line, Beside(), 1000))


async def test_a_game_beyond_the_days_that_are_listed_is_waited_for(store: Store) -> None:
    """A bet on a college game of a later date than is listed waits for it, and is not refused."""

    async def look(*_: object) -> GamesRead:
        return GamesRead(whole=True)

    chooser = Chooser(store, NOW, look)
    for line in ("DUKE ML 2026-11-24", "parlay: UNC ML; DUKE ML 2026-11-24"):
        chosen = await chooser.choose(draft_of(line, Beside(), 1000))
        assert chosen.waiting == (
            "2026-11-24 is too far away: it is matched once the schedule nears it"
        )
    for line, said in (
        ("DUKE ML", "listed until 2026-11-22: write the date of a later one"),
        ("DUKE ML 2026-11-22", "none is on in the coming days"),
        ("DEN ML 2026-11-24", "none is on in the coming days"),
    ):
        with pytest.raises(BadBet, match=said):
            await chooser.choose(draft_of(line, Beside(), 1000))


async def test_a_game_that_lacks_a_team_is_waited_for_and_not_passed_over(store: Store) -> None:
    """While the men's opponent is not known, no bet on the college goes to its women's game."""
    men = Game("401800001", "ncaam", "ARIZ", "TBD", GAME.start)
    women = Game("401900001", "ncaaw", "ARIZ", "MSM", GAME.start)
    await store.save_games([(men, None), (women, None)], NOW)

    async def look(*_: object) -> GamesRead:
        return GamesRead(whole=True)

    for chooser in (Chooser(store, NOW), Chooser(store, NOW, look)):
        waits = await chooser.choose(draft_of("men ARIZ -4.5", Beside(), 1000))
        assert waits.waiting == (
            "the opponent in TBD@ARIZ of 2026-11-20 is not known yet: it is matched then"
        )
        with pytest.raises(AmbiguousGame, match="name the league as well, such as NCAA"):
            await chooser.choose(draft_of("ARIZ -4.5", Beside(), 1000))
        found = await chooser.choose(draft_of("women ARIZ -4.5", Beside(), 1000))
        assert found.games == (women,)
    for known in (replace(men, id="401800002", away="AMER"), replace(men, away="AMER")):
        await store.save_games([(known, None)], NOW)
        found = await Chooser(store, NOW).choose(draft_of("men ARIZ -4.5", Beside(), 1000))
        assert [x.name for x in found.games] == ["AMER@ARIZ"]
        await store.save_games([(replace(known, away="BC", home="LSU"), None)], NOW)


@pytest.mark.parametrize(
    ("line", "beside", "said"),
    [
        ("DEN ML -110 $0", Beside(), "a stake of $0.00 is no bet"),
        ("DEN ML", Beside(stake="0"), "a stake of $0.00 is no bet"),
        ("parlay: DEN ML; LAL ML +900", Beside(), "exclude each other"),
        ("parlay: LAL@DEN over 224.5; LAL@DEN under 220.5", Beside(), "exclude each other"),
        ("parlay: DEN -4.5; LAL +2.5", Beside(), "exclude each other"),
        (
            "parlay: DEN tt u100.5; LAL tt u100.5; LAL@DEN over 224.5",
            Beside(),
            "exclude each other",
        ),
        ("DEN ML", Beside(game="NYK@BOS"), "does not play in NYK@BOS"),
        ("LAL ML", Beside(name="1"), "is the number of another bet"),
        ("DEN ML", Beside(free=True), "how much the free bet is worth"),
        ("DEN ML", Beside(placed_at=(NOW + timedelta(days=9)).isoformat()), "is yet to come"),
    ],
)
async def test_nonsense_is_refused(store: Store, line: str, beside: Beside, said: str) -> None:
    """A line that cannot be a bet is refused, and nothing is added."""
    await add(store, "BOS ML")
    with pytest.raises(BadBet, match=said.replace("$", r"\$")):
        await add(store, line, beside)
    assert len(await store.bets_view(DEFAULTS)) == 1


async def test_legs_that_can_win_together_are_a_parlay(store: Store) -> None:
    """Legs that can all win are accepted as a parlay, though they are close to a contradiction."""
    for line in (
        "parlay: DEN ML; LAL +4.5",
        "parlay: LAL@DEN over 220.5; LAL@DEN under 224.5",
        "parlay: DEN tt o110.5; LAL tt o110.5; LAL@DEN under 224.5",
        "parlay: Q1 DEN ML; LAL ML",
    ):
        assert (await add(store, line)).added.created


async def test_a_game_that_is_over_takes_no_new_bet(store: Store) -> None:
    """A finished game takes only a bet that was placed in time, or one that is there already."""
    first = await add(store, "DEN ML -110")
    await store.save_games([(GAME, state(phase=Phase.FINAL))], NOW)
    late = GAME.start + timedelta(hours=3)

    async def again(line: str, beside: Beside) -> Registered:
        draft = draft_of(line, beside, 1000)
        return await by(store).add(draft, await Chooser(store, late).choose(draft), late)

    game = f"LAL@DEN {GAME.slate}"
    with pytest.raises(BadBet, match=r"is over .*too late") as refused:
        await again("LAL ML", Beside(game=game))
    with pytest.raises(BadBet, match=r"is over .*too late"):
        await again("Nobody o20.5 pts", Beside(game=game))
    # What it says to write is a time that it takes.
    example = str(refused.value).split("--placed-at ")[1].rstrip("`")
    assert (await again("LAL PK", Beside(game=game, placed_at=example))).added.created
    waits = await again("Nobody o20.5 pts", Beside(game=game, placed_at=example))
    assert "waits for the box score" in (waits.waiting or "")
    same = await again("Nuggets win -110", Beside(game=game))
    assert (same.added.number, same.added.created) == (first.added.number, False)
    placed = (GAME.start - timedelta(hours=1)).isoformat()
    assert (await again("LAL ML", Beside(game=game, placed_at=placed))).added.created


async def test_who_bets_on_a_game_that_is_off_is_told(store: Store) -> None:
    """A bet is taken, and its game not shown as one that is to begin."""
    await store.save_games([(GAME, state(phase=Phase.POSTPONED)), (OTHER, None)], NOW)
    draft = draft_of("parlay: DEN ML; BOS ML", Beside(), 1000)
    added = await by(store).add(draft, await Chooser(store, NOW).choose(draft), NOW)
    assert added.already.words == ("LAL@DEN is postponed",)


async def test_what_the_answer_says_is_certain_is_kept_as_told(store: Store) -> None:
    """Only the rule on that result is; a bet of which nothing is certain keeps none."""
    await store.save_games([(GAME, state(100)), (OTHER, None)], GAME.start)
    picks = "over 200.5", "under 199.5", "DEN ML", "parlay: over 199.5; DEN ML"
    for pick in picks:
        draft = draft_of(pick, Beside("LAL@DEN", rules=("hit", "dead")), 1000)
        chosen = await Chooser(store, GAME.start).choose(draft)
        await by(store).add(draft, chosen, GAME.start)
    (tracking,) = await store.trackings(DEFAULTS)
    told = [[(x.phase.value, x.announced) for x in y.rules] for y in tracking.tracked]
    open_, firing = ("unarmed", ()), ("firing", ())
    assert told == [[firing, open_], [open_, firing], [open_] * 2, [("armed", (0,)), open_]]


async def test_a_bet_is_not_moved_to_other_teams(store: Store) -> None:
    """An edit cannot move a bet to other teams, nor make it the same as another bet."""
    await add(store, "DEN ML")
    await add(store, "DEN -4.5")
    with pytest.raises(BadBet, match="does not play in NYK@BOS"):
        await by(store).edit("1", Changes(game="NYK@BOS"), NOW)
    with pytest.raises(BadBet, match="the same as bet 2"):
        await by(store).edit("1", Changes(pick="Nuggets -4.5"), NOW)


async def test_an_edit_reads_even_by_the_odds_that_are_given_with_it(store: Store) -> None:
    """`DEN even` with new odds is about points; without any it may be the new price too."""
    await add(store, "DEN ML -150 $20")
    with pytest.raises(BadBet, match="'even' may be its price or its points"):
        await by(store).edit("1", Changes(pick="DEN even"), NOW)
    done = await by(store).edit("1", Changes(pick="DEN even", odds="-110"), NOW)
    assert [x.kind for x in done.bet.draft.legs] == ["odd_even"]


async def test_an_edit_judges_only_what_it_changes(store: Store) -> None:
    """A bet with a book and a tag that are too long by now can still be corrected."""
    long = "x" * 80
    draft = replace(draft_of("DEN ML -110 $20", Beside(), 1000), book=long, tags=(long,))
    await store.add(draft, game=GAME, defaults=DEFAULTS, at=NOW)
    done = await by(store).edit("1", Changes(stake="25"), NOW)
    assert done.bet.draft.stake_cents == 2500
    for wrong in (Changes(book=f"{long}y"), Changes(tags=(f"{long}y",))):
        with pytest.raises(BadBet, match="is no name"):
            await by(store).edit("1", wrong, NOW)
    early = Changes(placed_at=(NOW + timedelta(hours=1)).isoformat())
    with pytest.raises(BadBet, match="is yet to come"):
        await by(store).edit("1", early, NOW)


async def test_a_result_and_its_payout_must_be_possible(store: Store) -> None:
    """A game to come takes no result, and a payout must fit its result."""
    await add(store, "DEN ML +100 $20")
    with pytest.raises(BadBet, match="has not begun"):
        await by(store).settle("1", Result.WON, "?", None, NOW)
    after = T0 + timedelta(hours=2)
    for result, paid in (
        (Result.WON, 2000), (Result.WON, 500), (Result.LOST, 2000), (Result.PUSH, 100),
        (Result.VOID, 2100),
    ):  # fmt: skip
        with pytest.raises(BadBet, match=r"payout|returns"):
            await by(store).settle("1", result, "?", paid, after)
    done = await by(store).settle("1", Result.LOST, "cashed out", 1200, after)
    assert done.settlement.payout_cents == 1200


async def test_the_stake_of_a_free_bet_is_the_books(store: Store) -> None:
    """The stake of a free bet is neither returned nor lost."""
    await add(store, "DEN ML +150 $10", Beside(free=True))
    after = T0 + timedelta(hours=2)
    won = await by(store).settle("1", Result.WON, "seen", None, after)
    assert (won.settlement.payout_cents, won.bet.own_cents) == (1500, 0)
    void = await by(store).void("1", "the book cancelled it", after)
    assert void.settlement.payout_cents == 0


async def test_a_bet_is_priced_with_all_that_it_is(store: Store) -> None:
    """What is priced again knows that its stake is free, so that it gets no edge and no share."""
    registered = await add(store, "DEN ML +150 $10 #x", Beside(free=True))
    priced = bet_of(await by(store).bet("1"))
    assert priced is not None
    assert (priced.free, priced.tags, priced.own_cents) == (True, ("x",), 0)
    assert priced.terms == registered.bet(NOW).terms
    assert decision(priced, Chance(0.5, 0.0, 0.5), "us", Quoted((), NOW)).kelly is None
