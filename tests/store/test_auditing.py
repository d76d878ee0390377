"""Changes by hand: each is made, written down, and not undone by a box score."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from tests.store.values import (
    DEFAULTS,
    GAME,
    T0,
    a_book,
    after,
    draft,
    poll,
    settlement,
    snapshot,
    state,
)
from tracker.app.bets import Bets
from tracker.domain import BadBet
from tracker.domain.alert import Reason
from tracker.domain.bet import Confirmation, Result, Status
from tracker.domain.catalog.books import house_of
from tracker.domain.draft import Draft
from tracker.domain.game import GameState, Phase, Score
from tracker.domain.market import GameMarket, Span
from tracker.domain.money import parse_odds
from tracker.domain.policy import parse_rule
from tracker.domain.same_bet import Kept, twin_of
from tracker.domain.tracking import Change, GameTracking, Review, RulePhase, RuleState
from tracker.engine.record import Grouping
from tracker.engine.settle.settlement import may_settle
from tracker.intake import Beside, Changes, draft_of
from tracker.store import Store
from tracker.store.auditing import Audit, Edit
from tracker.store.database.columns import stamp

FINAL = GameState(
    GAME,
    Phase.FINAL,
    4,
    0.0,
    Score(110, 100),
    (Score(30, 20), *(Score(20, 20),) * 2, Score(40, 40)),
)


def by(store: Store, who: str = "cli") -> Bets:
    """A person's changes to the bets of a store."""
    return Bets(store, DEFAULTS, 1000, who)


async def rewrite(store: Store, number: int, new: Draft, at: datetime) -> list[Audit]:
    """Make a bet equal to the draft `new`; what was changed."""
    old = await store.by_hand.draft(number)
    return await store.by_hand.edit(by(store).rewriting(number, new, at, old), at)


async def ended(store: Store, checks: int = 0) -> GameTracking:
    """The tracking of a game that DEN has won by ten."""
    tracking = await a_book(store)
    over = replace(tracking, state=FINAL, changed_at=T0, final_at=T0, checks=checks)
    await store.record(poll(after(1), FINAL), Change(over), ())
    return over


async def test_odds_and_stake_are_edited_with_a_row_for_each(store: Store) -> None:
    """Each changed field has a row of audit with its old and new value."""
    await a_book(store)
    written = await store.by_hand.draft(1)
    new = replace(written, odds=parse_odds("+100"), stake_cents=3000, placed_at=T0)
    made = await rewrite(store, 1, new, after(1))
    assert [(x.what, x.before, x.after, x.who) for x in made] == [
        ("odds", "-110", "+100", "cli"),
        ("stake_cents", "2000", "3000", "cli"),
        ("placed_at", None, stamp(T0), "cli"),
    ]
    [shown] = await store.bets_view()
    assert (shown.draft.odds, shown.draft.stake_cents, shown.game) == (
        parse_odds("+100"),
        3000,
        GAME,
    )
    assert await store.by_hand.audits(1) == made
    assert await rewrite(store, 1, new, after(2)) == []
    again = await store.add(new, game=None, defaults=DEFAULTS, at=after(3))
    assert (again.number, again.created) == (1, False)


async def test_a_pick_is_edited_only_before_its_history(store: Store) -> None:
    """A mistyped pick can be corrected, but not once the bet has a history."""
    tracking = await a_book(store)
    new = replace(await store.by_hand.draft(1), pick=draft("DEN -5.5").pick)
    await rewrite(store, 1, new, after(1))
    assert [x for x, _ in await store.unbound()] == [1]
    await store.bind_all([(1, GAME)], after(1))
    taken = Change(tracking, snapshots=(snapshot(1, after(2)),))
    await store.record(poll(after(2)), taken, ())
    priced = draft_of("DEN -5.5 -110 $20", Beside(), 1000)
    await rewrite(store, 1, replace(priced, odds=parse_odds("-105")), after(3))
    other = replace(new, pick=draft("DEN -6.5").pick)
    with pytest.raises(BadBet, match=r"'DEN -5.5 \$20', has a history"):
        await rewrite(store, 1, other, after(3))
    assert [x.what for x in await store.by_hand.audits(1)] == ["pick", "odds", "pick"]


async def test_what_may_not_be_edited_says_why(store: Store) -> None:
    """A bet of the file, a repeat of another bet, and a missing bet are refused with the reason."""
    await store.add(draft("DEN ML $5", from_file=True), game=GAME, defaults=DEFAULTS, at=T0)
    await store.add(draft("LAL ML $5"), game=GAME, defaults=DEFAULTS, at=T0)
    await store.add(draft("LAL ML $6"), game=GAME, defaults=DEFAULTS, at=T0)
    with pytest.raises(BadBet, match="bets file: change it there"):
        await by(store).edit("1", Changes(stake="6"), T0)
    with pytest.raises(BadBet, match="the same as bet 3"):
        await rewrite(store, 2, draft("LAL ML $6"), T0)
    for wanted in (
        store.by_hand.draft(9),
        rewrite(store, 9, draft(), T0),
        by(store).void("9", "?", T0),
    ):
        with pytest.raises(BadBet, match="no bet 9"):
            await wanted


async def test_an_edit_is_compared_only_with_bets_on_its_wager(store: Store) -> None:
    """A bets file whose every stake changes does not compare each bet with the whole night."""
    for line in ("DEN +0.5 -110 $6", "DEN +1.5 -110 $6", "LAL +0.5 -110 $6", "DEN +1.5 -110 $5"):
        await store.add(draft(line), game=GAME, defaults=DEFAULTS, at=T0)
    seen: list[int] = []

    def twin(new: Draft, kept: list[Kept]) -> int | None:
        seen.extend(x.number for x in kept)
        return twin_of(new, kept)

    stakes = Edit(4, draft("DEN +1.5 -110 $6"), "file", lambda _: None, twin)
    with pytest.raises(BadBet, match="the same as bet 2"):
        await store.by_hand.edit(stakes, after(1))
    assert seen == [2]


async def test_of_many_edits_only_those_that_cannot_be_made_are_left_out(store: Store) -> None:
    """An edit that fails among others is undone as a whole, and leaves its error in its place."""
    for line in ("DEN ML $5", "LAL ML $5"):
        await store.add(draft(line), game=GAME, defaults=DEFAULTS, at=T0)
    edits = [Edit(x, draft("LAL ML $6"), "file", lambda _: None) for x in (2, 1, 9)]
    done, twin, missing = await store.by_hand.edit_all(edits, after(1))
    assert isinstance(done, list)
    assert {x.what for x in done} == {"pick", "stake_cents"}
    assert "the same as bet 2" in str(twin)
    assert "no bet 9" in str(missing)
    assert await store.by_hand.audits_of([1, 2]) == {1: [], 2: done}


async def test_a_settled_bet_is_paid_anew_when_its_price_is_edited(store: Store) -> None:
    """The result stays, and the new payout is the next revision."""
    await ended(store)
    first = (await by(store).regrade("1", after(2))).settlement
    assert (first.result, first.payout_cents, first.revision) == (Result.WON, 3818, 1)
    priced = replace(await store.by_hand.draft(1), odds=parse_odds("+100"))
    await rewrite(store, 1, priced, after(3))
    [shown] = await store.bets_view()
    assert (shown.result, shown.payout_cents, shown.revision) == (Result.WON, 4000, 2)


async def test_a_void_returns_the_stake_and_no_box_undoes_it(store: Store) -> None:
    """A person's decision stands, whatever later polls report."""
    tracking = await ended(store)
    given = (await by(store).void("1", "the book cancelled it", after(2))).settlement
    assert (given.result, given.payout_cents, given.by_hand) == (Result.VOID, 2000, True)
    late = Change(tracking, settlements=(settlement(1, after(3)),))
    await store.record(poll(after(3)), late, ())
    [shown] = await store.bets_view()
    assert (shown.result, shown.status, shown.revision) == (Result.VOID, Status.OFFICIAL, 1)
    assert [(x.what, x.before, x.after) for x in await store.by_hand.audits(1)] == [
        ("result", None, "void")
    ]


async def test_a_result_that_a_person_confirms_is_theirs_until_it_is_graded_again(
    store: Store,
) -> None:
    """No box changes a result that a person gave, also where the box had said the same before."""
    await ended(store, checks=2)
    assert not (await by(store).regrade("1", after(2))).settlement.by_hand
    given = await by(store).settle("1", Result.WON, "the book paid", None, after(3))
    assert (given.settlement.result, given.settlement.by_hand) == (Result.WON, True)
    [shown] = await store.bets_view()
    assert (shown.status, shown.payout_cents) == (Status.OFFICIAL, 3818)
    again = await by(store).regrade("1", after(4))
    assert (again.settlement.result, again.settlement.by_hand) == (Result.WON, False)


async def test_a_regrade_goes_by_the_game_whatever_was_decided(store: Store) -> None:
    """A regrade replaces a wrong decision by hand with the game's own result."""
    await ended(store, checks=2)
    await by(store).void("1", "by mistake", after(2))
    again = (await by(store, "chat").regrade("1", after(3))).settlement
    assert (again.result, again.revision, again.by_hand) == (Result.WON, 2, False)
    [shown] = await store.bets_view()
    assert shown.status is Status.OFFICIAL
    last = (await store.by_hand.audits(1))[-1]
    assert (last.who, last.what, last.before, last.after) == ("chat", "regraded", "void", "won")


async def test_a_result_given_by_mistake_is_taken_back_while_the_game_goes_on(store: Store) -> None:
    """The bet is open again, and the game's end grades it, with the stake as it then is."""
    tracking = await a_book(store)
    live = Change(replace(tracking, state=state()))
    await store.record(poll(T0), live, ())
    await by(store).void("1", "the wrong bet", after(1))
    back = (await by(store).regrade("1", after(2))).settlement
    assert (back.result, back.revision, back.by_hand) == (Result.VOID, 2, False)
    [shown] = await store.bets_view()
    assert (shown.status, shown.result, shown.payout_cents) == (Status.LIVE, None, None)
    last = (await store.by_hand.audits(1))[-1]
    assert (last.what, last.before, last.after) == ("regraded", "void", None)
    assert await store.outcomes.tallies(Grouping.ALL) == {}
    await by(store).edit("1", Changes(stake="30"), after(3))
    [followed] = await store.trackings(DEFAULTS)
    result = followed.tracked[0].settlement
    assert result is not None
    assert result.payout_cents == 3000
    assert may_settle(followed.tracked[0], state(), house_of(None), after(4))


async def test_a_regrade_in_play_leaves_the_leg_whose_quarter_is_over(store: Store) -> None:
    """The parlay is open again, and its first leg is still won."""
    line = draft_of("parlay: DEN 1Q ML; LAL@DEN over 190.5", Beside(), 1000)
    await store.add(line, game=(GAME, GAME), defaults=DEFAULTS, at=T0)
    [tracking] = await store.trackings(DEFAULTS)
    [slip] = tracking.tracked
    live = replace(FINAL, phase=Phase.LIVE, period=3, clock=60.0, periods=(FINAL.periods or ())[:3],
                   score=Score(70, 60))  # fmt: skip
    won = replace(slip, legs=(replace(slip.legs[0], result=Result.WON), slip.legs[1]))
    change = Change(replace(tracking, state=live, tracked=(won,)), legs=won.legs[:1])
    await store.record(poll(after(1), live), change, ())
    await by(store).settle("1", Result.LOST, "the wrong bet", None, after(2))
    assert (await by(store).regrade("1", after(3))).settlement.taken_back
    [followed] = await store.trackings(DEFAULTS)
    assert [x.result for x in followed.tracked[0].legs] == [Result.WON, None]


async def test_a_settled_half_is_paid_anew_while_its_game_goes_on(store: Store) -> None:
    """A new price or stake pays the result that the bet has; the end of the game may change it."""
    tracking = await a_book(store, "1H DEN ML -110 $20")
    live = replace(tracking, state=state())
    half = settlement(1, after(1))
    await store.record(poll(after(1)), Change(live, settlements=(half,)), ())
    done = await by(store).edit("1", Changes(odds="+150", stake="10"), after(2))
    assert (done.bet.result, done.bet.payout_cents, done.bet.revision) == (Result.WON, 2500, 2)
    assert done.bet.status is Status.PROVISIONAL


async def test_another_books_rules_change_what_a_bet_is_on(store: Store) -> None:
    """A bet that is moved to a book without overtime is forecast without it, as it is settled."""
    tracking = await a_book(store, "2H over 110.5 -110 $20", "DEN ML -110 $20")
    await store.record(poll(after(1)), Change(tracking, snapshots=(snapshot(1, after(1)),)), ())
    for number, span in (("1", Span.H2_REGULATION), ("2", Span.REGULATION)):
        done = await by(store).edit(number, Changes(book="regulation"), after(2))
        assert isinstance(done.bet.market, GameMarket)
        assert (done.bet.market.span, done.bet.game) == (span, GAME)
        back = await by(store).edit(number, Changes(book="dk"), after(3))
        assert back.bet.market != done.bet.market
    [followed] = await store.trackings(DEFAULTS)
    assert followed.tracked[0].chance == snapshot(1, after(1)).chance


@pytest.mark.parametrize(("line", "phase"), [("2H over", "unarmed"), ("1H over", "pending")])
async def test_a_bet_that_is_moved_to_other_rules_fires_none_of_its_own(
    store: Store, line: str, phase: str
) -> None:
    """A chance that moves with the book is no news of the game; what was sent is not repeated."""
    tracking = await a_book(store, f"{line} 110.5 -110 $20")
    asked = (parse_rule("p >= 0.80"), parse_rule("hit"))
    await store.by_hand.watch_for(1, asked, "cli", T0)
    rules = (
        RuleState(1, "p >= 0.80", RulePhase.PENDING, streak=1, window=((after(1), 0.7),)),
        RuleState(1, "hit", RulePhase.FIRING, 1, reason=Reason.HAPPENED, announced=(1, 1002)),
    )
    change = Change(tracking, snapshots=(snapshot(1, after(1)),), rules=rules)
    await store.record(poll(after(1)), change, ())
    [before] = (await store.trackings(DEFAULTS))[0].tracked
    await by(store).edit("1", Changes(book="regulation"), after(2))
    [followed] = await store.trackings(DEFAULTS)
    found = {x.rule: x for x in before.met_again(followed.tracked[0]).rules}
    assert found["p >= 0.80"].phase.value == phase
    assert bool(found["p >= 0.80"].window) == (phase == "pending")
    assert found["hit"] == rules[1]


async def test_a_usual_rule_that_was_away_is_as_of_a_bet_added_beyond_it(store: Store) -> None:
    """What a bet passed while a rule was not among the usual ones is no news; the others go on."""
    tracking = await a_book(store, "1H over 110.5 -110 $20")
    usual = tuple(map(parse_rule, ("p >= 0.80", "p <= 0.30")))
    await store.by_hand.watch_usually_for(usual)
    rules = tuple(RuleState(1, x.text, RulePhase.ARMED, reason=Reason.BELOW) for x in usual)
    await store.record(poll(after(1)), Change(tracking, rules=rules), ())
    for defaults in (usual[1:], usual):
        await store.by_hand.watch_usually_for(defaults)
    [followed] = await store.trackings(usual)
    found = [x.phase for x in followed.tracked[0].rules]
    assert found == [RulePhase.UNARMED, RulePhase.ARMED]


async def test_a_bet_without_a_game_leaves_review_once_its_words_are_mended(store: Store) -> None:
    """It is asked about until the player or the game is corrected, and is then matched again."""
    wrong = draft("Nobody o20.5 pts", game_text="LAL@DEN")
    await store.add(wrong, game=None, defaults=DEFAULTS, at=T0)
    await store.by_hand.ask({1: "he is not among the players"}, after(1))
    assert [x.number for x in await store.by_hand.reviews()] == [1]
    assert await store.unbound() == []
    done = await by(store).edit("1", Changes(pick="Jokic o20.5 pts"), after(2))
    assert (done.bet.status, done.bet.review) == (Status.SCHEDULED, None)
    assert await store.by_hand.reviews() == []
    assert [x for x, _ in await store.unbound()] == [1]
    await store.by_hand.ask({1: "he is not among the players either"}, after(3))
    assert [x.number for x in await store.by_hand.reviews()] == [1]


async def test_a_regrade_that_cannot_be_told_says_why(store: Store) -> None:
    """A regrade is refused while the game is not over or not known."""
    tracking = await a_book(store)
    await store.record(poll(T0), Change(replace(tracking, state=state())), ())
    with pytest.raises(BadBet, match="not over"):
        await by(store).regrade("1", after(1))
    await store.add(draft("BOS ML"), game=None, defaults=DEFAULTS, at=T0)
    with pytest.raises(BadBet, match="not known yet"):
        await by(store).regrade("2", after(1))
    assert await store.by_hand.audits(1) == []


async def test_a_new_price_answers_no_question_about_the_result(store: Store) -> None:
    """A bet whose result is in doubt is in review until that is decided, whatever it pays."""
    over = await ended(store, checks=2)
    asked = (Review(1, after(5), "its box tells 80-120, boards 80-121"),)
    settled = Change(over, settlements=(settlement(1, after(1)),))
    await store.record(poll(after(1), FINAL), settled, ())
    await store.record(poll(after(5), FINAL), Change(over, reviews=asked), ())
    for minutes, stake in ((9, "30"), (10, "40")):
        done = await by(store).edit("1", Changes(stake=stake), after(minutes))
        assert (done.bet.status, done.bet.review) == (Status.NEEDS_REVIEW, asked[0].why)
    assert (await by(store).regrade("1", after(11))).settlement.result is Result.WON
    assert await by(store).reviews() == []


async def test_reviews_are_those_that_still_wait_for_a_person(store: Store) -> None:
    """A bet that a person has decided is no longer in review."""
    tracking = await a_book(store, "DEN -4.5", "DEN ML")
    asked = tuple(Review(x, after(1), "the quarters do not add up") for x in (1, 2))
    await store.record(poll(after(1)), Change(tracking, reviews=asked), ())
    assert [x.number for x in await store.by_hand.reviews()] == [1, 2]
    await by(store).settle("1", Result.WON, "by hand", None, after(2))
    assert [(x.number, x.review) for x in await store.by_hand.reviews()] == [(2, asked[1].why)]


async def test_a_result_that_is_confirmed_after_all_needs_no_person(store: Store) -> None:
    """A review is over once a later document makes the same result official."""
    tracking = await a_book(store)
    done = Change(tracking, settlements=(settlement(1, T0),))
    asked = Change(tracking, reviews=(Review(1, after(1), "the box contradicts itself"),))
    borne_out = Change(tracking, confirmations=(Confirmation(1, 1, after(2)),))
    in_review = []
    for second, change in enumerate((done, asked, borne_out)):
        await store.record(poll(after(second)), change, ())
        [kept] = (await store.trackings(DEFAULTS))[0].tracked
        in_review.append((len(await store.by_hand.reviews()), kept.review is not None))
    assert in_review == [(0, False), (1, True), (0, False)]


@pytest.mark.parametrize("later", [2, -86400], ids=["in time", "once the clock was set back"])
async def test_a_question_that_was_taken_back_needs_no_person(store: Store, later: float) -> None:
    """A bet leaves review with the poll that takes the question back, and may be asked again."""
    tracking = await a_book(store)
    asked = Review(1, after(1), "interrupted and not resumed")
    in_review = []
    for review in (asked, Review(1, after(later), ""), Review(1, after(9), "no end was told")):
        await store.record(poll(review.at), Change(tracking, reviews=(review,)), ())
        [kept] = (await store.trackings(DEFAULTS))[0].tracked
        in_review.append((len(await store.by_hand.reviews()), kept.review))
    assert in_review == [(1, asked.why), (0, None), (1, "no end was told")]


async def test_a_result_answers_a_question_of_a_day_on_which_the_clock_was_ahead(
    store: Store,
) -> None:
    """A bet leaves review with its result, whatever the clock said when the question was asked."""
    tracking = await a_book(store, "DEN -4.5", "DEN ML")
    asked = tuple(Review(x, after(86400), "no end was told") for x in (1, 2))
    await store.record(poll(after(86400)), Change(tracking, reviews=asked), ())
    done = Change(tracking, settlements=(settlement(1, after(2)),))
    await store.record(poll(after(2)), done, ())
    assert [x.number for x in await store.by_hand.reviews()] == [2]
    await by(store).settle("2", Result.WON, "by hand", None, after(3))
    assert await store.by_hand.reviews() == []
    kept = (await store.trackings(DEFAULTS))[0].tracked
    assert [x.review for x in kept] == [None, None]


async def test_a_withdrawal_is_written_down(store: Store) -> None:
    """Each withdrawal has a row of audit, whichever way it came."""
    await a_book(store, "DEN -4.5", "DEN ML")
    assert await store.withdraw(1, after(1))
    assert await store.withdraw(2, after(2), "file")
    assert not await store.withdraw(2, after(3))
    rows = [(x.bet, x.who, x.what) for n in (1, 2) for x in await store.by_hand.audits(n)]
    assert rows == [(1, "cli", "withdrawn"), (2, "file", "withdrawn")]
