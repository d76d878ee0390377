"""Promises of the demo to a phone: a handful of real messages, and word of what came of them."""

from __future__ import annotations

from tests.notify.world import Script
from tracker.cli.demo import MOST, Phone
from tracker.domain.alert import Refused, Sent


async def test_a_phone_gets_a_handful_of_each_kind() -> None:
    """Chances and results, each marked as the demo's; the rest stays on the screen."""
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
    """And nothing is told."""
    phone = Phone(())
    await phone.show("▲ 80 % DEN ML")
    assert phone.report() == []
