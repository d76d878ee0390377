"""Promises of the bets file: a change is recognised, and no bet is withdrawn by accident."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.store.values import DEFAULTS, GAME, OTHER, T0, after, poll
from tracker.app.bets import Bets
from tracker.app.bets.bets_file import FileTaken, standing_of, take, withdraw_left
from tracker.app.choose_game import Chooser
from tracker.app.explain import Explainer
from tracker.app.market.value import NotHeld, held
from tracker.domain.bet import Result, Settlement, Status
from tracker.domain.game import Game, GameState, Phase, Score
from tracker.domain.tracking import Change
from tracker.engine.settle.by_hand import Ruling
from tracker.intake import Beside, Changes, draft_of
from tracker.intake.bets_file import parse_bets
from tracker.registry import GAMES, Registry
from tracker.store import Store
from tracker.store.views import BetView

NOW = T0 - timedelta(hours=2)
"""Before any of the games."""


def row(pick: str, *more: str) -> str:
    """One bet in the file."""
    return "\n".join(("[[bet]]", f'pick = "{pick}"', *more, ""))


def by(store: Store, who: str = "file") -> Bets:
    """The bets as one entry point uses them."""
    return Bets(store, DEFAULTS, 1000, who)


async def read(store: Store, *rows: str, old: timedelta = timedelta(0)) -> FileTaken:
    """Let the daemon read a file of these rows, last written this long ago."""
    await store.save_games([(GAME, None), (OTHER, None)], NOW)
    found = parse_bets("\n".join(rows), "bets.toml", 1000)
    return await take(by(store), replace(found, written_at=NOW - old), "bets.toml", NOW, NOW)


async def bets(store: Store) -> list[BetView]:
    """All bets."""
    return await store.bets_view(DEFAULTS)


async def test_a_changed_stake_price_or_rule_is_the_same_bet(store: Store) -> None:
    """A bet with another stake, price or rule keeps its number and game; the change is audited."""
    await read(store, row("DEN ML", "stake = 20", "odds = -110"))
    done = await read(store, row("DEN ML", "stake = 25", "odds = -105", 'rules = ["hit"]'))
    [bet] = await bets(store)
    assert (bet.draft.stake_cents, bet.game, [x.text for x in bet.rules]) == (2500, GAME, ["hit"])
    assert [x.changed for x, _ in done.registered] == [True]
    audits = await store.by_hand.audits(1)
    assert {(x.who, x.what, x.before) for x in audits} >= {
        ("file", "stake_cents", "2000"), ("file", "odds", "-110"),
    }  # fmt: skip


async def test_a_changed_line_keeps_the_game_that_it_was_bound_to(store: Store) -> None:
    """A changed line keeps its game though the teams meet again, also when it gets its date."""
    await read(store, row("DEN ML", "stake = 20"))
    again = Game("0022600099", "nba", "DEN", "LAL", NOW + timedelta(days=2))
    await store.save_games([(again, None)], NOW)
    later = after(86_400)
    for text in (row("DEN ML", "stake = 30"), row("DEN ML", f'game = "LAL@DEN {GAME.slate}"')):
        await take(by(store), parse_bets(text, "bets.toml", 1000), "bets.toml", later, later)
        [bet] = await bets(store)
        assert bet.game == GAME


async def test_the_same_bet_is_one_from_every_way_in(store: Store) -> None:
    """The same bet is added once, whether from the chat, the terminal or the file."""
    await store.save_games([(GAME, None), (OTHER, None)], NOW)
    line = draft_of("Nuggets win -110 $20", Beside(game="LAL@DEN"), 1000)
    chosen = await Chooser(store, NOW).choose(line)
    first = await by(store, "chat").add(line, chosen, NOW)
    for _ in range(2):
        await read(store, row("DEN ML", "odds = -110", "stake = 20"))
    assert first.added.created
    assert [x.number for x in await bets(store)] == [1]
    twice = await read(store, row("DEN ML -110 $20"), row("Denver moneyline -110 $20"))
    assert "stands above" in twice.standing.mistakes[0]
    assert len(await bets(store)) == 1


async def test_what_waited_for_its_game_and_proves_the_same_is_one(store: Store) -> None:
    """Of two waiting bets that prove the same, the later one is withdrawn."""
    line = draft_of("Denver ML -110 $20", Beside(), 1000)
    await store.add(line, game=GAME, defaults=DEFAULTS, at=NOW)
    other = draft_of("Nuggets to win -110 $20", Beside(game="LAL@DEN"), 1000)
    await store.add(other, game=None, defaults=DEFAULTS, at=NOW)
    assert await store.bind_all([(2, GAME)], NOW) == [1]
    assert [x.status for x in await bets(store)] == [Status.SCHEDULED, Status.WITHDRAWN]
    again = await store.add(other, game=None, defaults=DEFAULTS, at=NOW)
    assert (again.number, again.created) == (1, False)


async def test_a_line_that_is_taken_out_is_withdrawn(store: Store) -> None:
    """A line that is taken out is withdrawn, and the other line stays."""
    await read(store, row("DEN ML"), row("BOS ML"))
    done = await read(store, row("BOS ML"))
    assert done.withdrawn == (1,)
    assert [x.status for x in await bets(store)] == [Status.WITHDRAWN, Status.SCHEDULED]


@pytest.mark.parametrize("who", ["cli", "chat"])
async def test_what_a_person_withdraws_stays_withdrawn_though_its_line_stands(
    store: Store, who: str
) -> None:
    """A bet that a person withdrew stays withdrawn, though its line stays in the file."""
    await read(store, row("DEN ML"), row("BOS ML"))
    await by(store, who).withdraw("1", NOW)
    for other in (row("BOS ML"), row("BOS ML", "stake = 5"), row("BOS MLL")):
        done = await read(store, row("DEN ML"), other)
        assert done.registered == () or done.registered[0][0].number == 2
        assert (await bets(store))[0].status is Status.WITHDRAWN
        assert not any("DEN ML" in x for x in done.standing.mistakes)


async def test_a_line_that_is_written_again_takes_a_withdrawn_bet_up_again(store: Store) -> None:
    """A withdrawn bet is followed again once its line is put back or changed."""
    await read(store, row("DEN ML"), row("BOS ML"))
    await by(store, "cli").withdraw("1", NOW)
    await read(store, row("BOS ML"))
    await read(store, row("DEN ML"), row("BOS ML"))
    assert [x.status for x in await bets(store)] == [Status.SCHEDULED, Status.SCHEDULED]
    await by(store, "cli").withdraw("1", NOW)
    await read(store, row("DEN ML", "stake = 15"), row("BOS ML"))
    followed = [x for x in await bets(store) if x.status is Status.SCHEDULED]
    assert [x.draft.stake_cents for x in followed] == [None, 1500]


@pytest.mark.parametrize(
    "rows",
    [
        (),
        ("# nothing here any more",),
        (row("DEN ML"), row("BOS ML")),
        (row("DEN ML"), row("BOS ML"), row("LAL@DEN over 224.5"), row("NYK +5000000")),
    ],
)
async def test_a_file_that_shrank_withdraws_nothing_without_asking(
    store: Store, rows: tuple[str, ...]
) -> None:
    """An emptied, halved or unreadable file withdraws nothing, and a person is asked."""
    whole = (row("DEN ML"), row("BOS ML"), row("LAL@DEN over 224.5"), row("NYK@BOS over 210.5"))
    await read(store, *whole)
    done = await read(store, *rows)
    assert done.withdrawn == ()
    assert Status.WITHDRAWN not in {x.status for x in await bets(store)}
    assert "`tracker withdraw --gone`" in done.standing.mistakes[-1]
    assert (await store.status_view(DEFAULTS)).bets_file == done.standing.mistakes
    left = done.standing.left
    assert await withdraw_left(by(store, "cli"), NOW) == left
    assert {x.number for x in await bets(store) if x.status is Status.WITHDRAWN} == set(left)
    assert (await standing_of(store)).left == ()


async def test_a_bet_that_is_gone_is_named_by_its_own_id(store: Store) -> None:
    """The sentence that asks about missing bets names each as every list does."""
    await read(store, row("DEN ML", 'id = "mine"'), row("BOS ML"))
    done = await read(store)
    assert "(#mine, #2)" in done.standing.mistakes[-1]


async def test_what_is_asked_about_one_bet_is_said_of_one(store: Store) -> None:
    """The question about the only bet, or about one of several, is in the singular."""
    await read(store, row("DEN ML"))
    assert (
        "its only bet is gone from it and stays followed"
        in (await read(store)).standing.mistakes[-1]
    )
    await read(store, row("DEN ML"), row("BOS ML"), row("NYK@BOS over 210.5"))
    done = await read(store, row("DEN ML"), row("BOS ML"), row("NYK +5000000"))
    assert "1 bet is gone from it and stays followed" in done.standing.mistakes[-1]


async def test_a_file_that_was_cut_in_a_line_is_not_read_at_all(store: Store) -> None:
    """A file cut within a line is not read: a stake of 200 must not become 20."""
    whole = row("BOS ML") + row("DEN ML", "stake = 200")
    await take(by(store), parse_bets(whole, "bets.toml", 1000), "bets.toml", NOW, NOW)
    cut = parse_bets(whole[:-2], "bets.toml", 1000)
    done = await take(by(store), cut, "bets.toml", NOW, NOW)
    assert "cut short" in done.standing.mistakes[0]
    assert [x.draft.stake_cents for x in await bets(store)] == [None, 20000]


async def test_an_old_file_never_bets_on_tonight(store: Store) -> None:
    """In an old file, an undated line is refused; one with a date or a time of placing counts."""
    done = await read(
        store,
        row("DEN ML"),
        row("BOS ML", f'game = "NYK@BOS {OTHER.slate}"'),
        row("NYK ML", "placed_at = 2026-11-21T00:05:00Z"),
        old=timedelta(days=3),
    )
    assert [x.draft.pick.text for x in await bets(store)] == ["BOS ML", "NYK ML"]
    (mistake,) = done.standing.mistakes
    assert mistake.startswith("bets.toml, line 1: 'DEN ML' names no date")
    await read(store, row("DEN ML"))
    assert len(await bets(store)) == 3


async def test_a_settled_bet_is_paid_anew_by_the_file(store: Store) -> None:
    """A stake corrected in the file makes a revision of a settled bet's payout."""
    await read(store, row("DEN ML", "odds = 100", "stake = 20"))
    over = GAME.start + timedelta(hours=4)
    await by(store, "cli").settle("1", Result.WON, "seen", None, over)
    await read(store, row("DEN ML", "odds = 100", "stake = 30"))
    [bet] = await bets(store)
    assert (bet.payout_cents, bet.revision) == (6000, 2)


async def test_what_the_file_says_of_a_settled_bet_is_paid_whoever_changed_it(
    store: Store,
) -> None:
    """A settled bet that stands in the file is paid by the file, however it was entered."""
    await read(store)
    draft = draft_of("DEN ML +100 $20", Beside(), 1000)
    chosen = await Chooser(store, NOW).choose(draft)
    await by(store, "cli").add(draft, chosen, NOW)
    await read(store, row("DEN ML", "odds = 100", "stake = 20"))
    over = GAME.start + timedelta(hours=4)
    await by(store, "cli").settle("1", Result.WON, "seen", None, over)
    changes = Changes(odds="+150", stake="$40")
    await by(store, "cli").edit("1", changes, over)
    [bet] = await bets(store)
    assert bet.payout_cents == 10000
    await read(store, row("DEN ML", "odds = 100", "stake = 20"))
    for bet in await bets(store):
        assert bet.draft.stake_cents is not None
        assert bet.draft.odds is not None
        if bet.status is Status.OFFICIAL:
            assert bet.payout_cents == bet.draft.stake_cents * bet.draft.odds.decimal
    assert len(await bets(store)) == 1


async def by_hand_and_in_the_file(store: Store) -> str:
    """A bet added by hand in the same words as the file's, read after it; its row."""
    await read(store)
    draft = draft_of("DEN ML +100 $20", Beside(), 1000)
    await by(store, "cli").add(draft, await Chooser(store, NOW).choose(draft), NOW)
    same = row("DEN ML +100 $20")
    assert (await read(store, same)).rewritten == ()
    return same


async def test_an_edit_that_the_file_takes_back_is_told(store: Store) -> None:
    """An edit that the file undoes is reported once, with the payout, and makes no second bet."""
    same = await by_hand_and_in_the_file(store)
    await by(store, "cli").edit("1", Changes(stake="$30"), NOW)
    later = NOW + timedelta(minutes=1)
    for settled, paid in ((False, []), (True, [("payout_cents", "6000", "4000")])):
        if settled:
            over = GAME.start + timedelta(hours=4)
            await by(store, "cli").settle("1", Result.WON, "seen", None, over)
            await by(store, "chat").edit("1", Changes(stake="$30"), over)
            later = over + timedelta(minutes=1)
        done = await take(by(store), parse_bets(same, "bets.toml", 1000), "b", later, later)
        (told,) = done.rewritten
        assert (told.bet, told.undone) == (1, True)
        changes = [(x.what, x.before, x.after) for x in told.changes]
        assert changes == [("stake_cents", "3000", "2000"), *paid]
        again = await take(by(store), parse_bets(same, "bets.toml", 1000), "b", later, later)
        assert again.registered == ()
    assert [(x.draft.stake_cents, x.payout_cents) for x in await bets(store)] == [(2000, 4000)]


async def test_a_changed_line_of_an_open_bet_is_no_news(store: Store) -> None:
    """A changed line of an open bet is not reported, but the new payout of a settled bet is."""
    await read(store, row("DEN ML", "odds = 100", "stake = 20"))
    assert (await read(store, row("DEN ML", "odds = 100", "stake = 25"))).rewritten == ()
    await by(store, "cli").settle("1", Result.WON, "", None, GAME.start + timedelta(hours=4))
    (told,) = (await read(store, row("DEN ML", "odds = 100", "stake = 30"))).rewritten
    assert not told.undone
    assert [x.what for x in told.changes if x.before == "5000"] == ["payout_cents"]


async def test_a_settled_bet_that_cannot_be_paid_anew_is_told_and_stops_no_other(
    store: Store,
) -> None:
    """A settled bet whose new payout is unclear is reported and kept; other lines are taken."""
    await read(store)
    draft = draft_of("1H DEN ML +100 $20", Beside(name="den"), 1000)
    await by(store, "cli").add(draft, await Chooser(store, NOW).choose(draft), NOW)
    won = Settlement(1, 1, Result.WON, 4000, T0, "DEN won")
    await store.by_hand.decide(1, lambda _: Ruling(won, new=True, official=False), T0)
    # A final score without the points by period does not say how the half ended.
    over = GameState(GAME, Phase.FINAL, 4, 0.0, Score(110, 100))
    (tracking,) = await store.trackings(DEFAULTS)
    await store.record(poll(T0, over), Change(replace(tracking, state=over)), ())
    changed = row("1H DEN ML", 'id = "den"', "odds = 100", "stake = 30")
    done = await read(store, changed, row("BOS ML"))
    found = [(x.draft.pick.text, x.draft.stake_cents, x.payout_cents) for x in await bets(store)]
    assert found == [("1H DEN ML +100 $20", 2000, 4000), ("BOS ML", None, None)]
    (mistake,) = done.standing.mistakes
    assert mistake == (
        "bets.toml, line 1: bet den: the box score gives no points by period that add up to its "
        "final score"
    )


async def test_what_a_bet_lacks_is_asked_for_where_it_can_be_written(
    store: Store, tmp_path: Path
) -> None:
    """A bet of the file cannot be edited: its price and stake are written there."""
    await read(store, row("DEN ML"))
    explainer = Explainer(store, (), lambda _: None, Registry(tmp_path / "models", GAMES))
    with pytest.raises(NotHeld, match="no odds and stake: write them where it stands in the bets"):
        await held(by(store, "cli"), "1", explainer, NOW)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("home_spread = -4.5, total = -228.5", "'total' must lie between 80 and 400, not -228.5"),
        ("home_spread = -228.5, total = 4.5", "'home_spread' must lie between -60 and 60"),
        ("home_ml = -150", "give home_ml and away_ml"),
        ("home_spread = -4.5, total = 228.5, home_ml = -190, away_ml = 160", None),
    ],
)
def test_lines_that_no_game_can_have_are_refused(lines: str, said: str | None) -> None:
    """Swapped or mistyped lines would leave all bets of their game without a chance."""
    found = parse_bets(row("DEN -4.5", f"lines = {{ {lines} }}"), "bets.toml", 1000)
    assert len(found.drafts) == (said is None)
    assert said is None or said in found.mistakes[0]
