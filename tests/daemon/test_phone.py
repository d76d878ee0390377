"""Promises of the demo on a phone: a few real messages, and a report of what came of them."""

from __future__ import annotations

from tests.notify.world import Script
from tracker.cli.demo import MOST, Phone
from tracker.domain.alert import Refused, Sent


async def test_a_phone_gets_a_handful_of_each_kind() -> None:
    """A phone gets a few chances and results, marked as the demo's; the rest stays on screen."""
    one, other = Script("one"), Script("other", [Sent(), Refused("blocked")])
    phone = Phone([one, other])
    for number in range(20):
        await phone.show(f"▲ 8{number % 10} % DEN ML")
        await phone.show(f"✅ #{number} WON")
        await phone.show("▶ 50 % DEN ML: tip-off")
    assert len(one.bodies) == MOST
    assert one.bodies[:2] == ["demo · ▲ 80 % DEN ML", "demo · ✅ #0 WON"]
    assert phone.report() == [
        "one took 6 messages",
        "other took 1 message",
        "other did not: blocked",
    ]


async def test_without_a_phone_nothing_is_sent() -> None:
    """Without a phone nothing is sent or reported."""
    phone = Phone(())
    await phone.show("▲ 80 % DEN ML")
    assert phone.report() == []
