"""Promises of stored live cards: after a restart each is found again, or known to be doubtful."""

from __future__ import annotations

from pathlib import Path

from tests.store.values import (
    CHANNELS,
    DEFAULTS,
    GAME,
    OTHER,
    T0,
    a_book,
    after,
    alert,
    full_change,
    poll,
)
from tracker.domain.alert import Failed, Refused, Sent, Unknown
from tracker.domain.draft import Draft
from tracker.domain.pick import ParlayPick
from tracker.domain.tracking import Change
from tracker.language import find_in, parse_pick
from tracker.store import Store


async def sent(store: Store, message: str = "71", at: float = 1) -> None:
    """A card that is shown under this message id."""
    await store.cards.begin("telegram", GAME.id, after(at))
    await store.cards.finish("telegram", GAME.id, Sent(), message, after(at))


async def test_a_card_is_found_after_a_restart(path: Path) -> None:
    """The same message is edited further, and no second card is posted."""
    async with await Store.open(path, now=T0) as store:
        await a_book(store)
        await sent(store)
    async with await Store.open(path, now=after(60)) as store:
        await store.recover(after(60))
        (card,) = await store.cards.of("telegram")
        assert (card.game, card.state, card.message) == (GAME.id, "shown", "71")
        assert not card.doubtful
        assert await store.cards.find(card.id) == card
        assert await store.cards.of("discord") == []


async def test_a_kill_in_mid_send_is_remembered_as_doubt(path: Path) -> None:
    """A card that was being sent may stand in the chat: all later cards of the game say so."""
    async with await Store.open(path, now=T0) as store:
        await a_book(store)
        await store.cards.begin("telegram", GAME.id, after(1))
    async with await Store.open(path, now=after(60)) as store:
        await store.recover(after(60))
        assert [x.state for x in await store.cards.of("telegram")] == ["unknown"]
        assert (await store.cards.begin("telegram", GAME.id, after(61))).doubtful
        await store.cards.finish("telegram", GAME.id, Sent(), "72", after(62))
        (card,) = await store.cards.of("telegram")
        assert (card.state, card.message, card.doubtful) == ("shown", "72", True)


async def test_what_came_of_sending_decides_about_doubt(store: Store) -> None:
    """A lost answer leaves doubt; a failure or a refusal does not."""
    await a_book(store)
    for outcome, state, doubt in (
        (Failed("too many"), "due", False),
        (Refused("blocked"), "refused", False),
        (Unknown("no answer"), "unknown", True),
    ):
        await store.cards.begin("telegram", GAME.id, after(1))
        await store.cards.finish("telegram", GAME.id, outcome, None, after(2))
        assert [x.state for x in await store.cards.of("telegram")] == [state]
        again = await store.cards.begin("telegram", GAME.id, after(3))
        assert again.doubtful is doubt
        await store.cards.finish("telegram", GAME.id, Failed("no"), None, after(4))


async def test_a_sent_card_without_a_name_is_unknown(store: Store) -> None:
    """A card without a message id counts as unknown, since it cannot be edited."""
    await a_book(store)
    await store.cards.begin("telegram", GAME.id, after(1))
    await store.cards.finish("telegram", GAME.id, Sent(), None, after(2))
    assert [x.state for x in await store.cards.of("telegram")] == ["unknown"]


async def test_a_closed_card_stays_closed(store: Store) -> None:
    """A card that shows its last content is stored as closed."""
    await a_book(store)
    await sent(store)
    await store.cards.close("telegram", GAME.id, after(9))
    assert [x.closed for x in await store.cards.of("telegram")] == [True]


async def test_an_alert_finds_the_card_of_its_game(store: Store) -> None:
    """An alert can be sent as a reply to its game's card, and without a card stands alone."""
    tracking = await a_book(store)
    await store.record(poll(after(1)), full_change(tracking, after(1)), CHANNELS)
    alerts = tuple(x.id for x in await store.alerts_view())
    assert await store.cards.under("telegram", alerts) is None
    await sent(store)
    assert await store.cards.under("telegram", alerts) == "71"
    assert await store.cards.under("telegram", (999, *alerts)) == "71"
    assert await store.cards.under("discord", alerts) is None


async def test_an_alert_of_a_parlay_finds_the_card_of_the_game_that_moved_it(store: Store) -> None:
    """What the second game did to a parlay is a reply to that game's card, not to the first's."""
    legs = tuple(parse_pick(x, find_in("nba")) for x in ("DEN ML", "BOS ML"))
    made = Draft(ParlayPick("parlay: DEN ML; BOS ML", legs))
    await store.add(made, game=(GAME, OTHER), defaults=DEFAULTS, at=T0)
    for tracking in await store.trackings(DEFAULTS):
        change = Change(tracking, alerts=(alert(1, after(1), len(await store.alerts_view()) + 1),))
        await store.record(poll(after(1)), change, CHANNELS)
    for game, message in ((GAME, "71"), (OTHER, "72")):
        await store.cards.begin("telegram", game.id, after(2))
        await store.cards.finish("telegram", game.id, Sent(), message, after(2))
    first, second = await store.alerts_view()
    assert await store.cards.under("telegram", (first.id,)) == "71"
    assert await store.cards.under("telegram", (second.id,)) == "72"


async def test_the_last_minutes_of_a_game_are_at_hand(store: Store) -> None:
    """After a restart the last chances are known, so that a card can show a trend."""
    tracking = await a_book(store)
    for seconds in (1, 60, 120):
        change = full_change(tracking, after(seconds))
        await store.record(poll(after(seconds)), change, CHANNELS)
    found = await store.cards.chances(GAME.id, after(30))
    assert [(bet, at) for bet, at, _ in found] == [(1, after(60)), (1, after(120))]
    assert found[0][2] == 0.6
