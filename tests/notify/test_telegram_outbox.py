"""Promises of alerts on Telegram through bad nights: none lost, none repeated without saying so."""

from __future__ import annotations

import random
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.doubles.bot_api import CHAT, TOKEN, BotApi
from tests.doubles.bot_api_answers import Hangs, Resets, Says, Trouble, no, wait
from tests.notify.world import World, night
from tracker.notify.channels.telegram import ChatPlace
from tracker.notify.channels.telegram.channel import TelegramChannel
from tracker.notify.channels.telegram.connection import TelegramConnection
from tracker.settings import Secret

BLOCKED = no(403, "Forbidden: bot was blocked by the user")
PASSING: tuple[Trouble, ...] = (
    wait(3),
    wait(40),
    no(500, "Internal Server Error"),
    no(400, "Bad Request: can't parse entities: Unexpected end"),
    Says(502, b"<html>bad gateway</html>"),
    Says(504, b"<html>gateway time-out</html>", writes=True),
    Says(200, b"", writes=True),
    Says(302, b"", {"Location": "http://127.0.0.1:9/login"}),
    Hangs(),
    Hangs(writes=False),
    Resets(),
    Resets(writes=False),
)


def channel_to(api: BotApi) -> TelegramChannel:
    """A channel with a short limit, so that a server that hangs costs little time."""
    line = TelegramConnection(Secret(TOKEN), ChatPlace(CHAT), api_url=api.url, limit=0.1)
    return TelegramChannel(line)


def numbers(text: str) -> list[int]:
    """The alerts in a message, by the bet that each names."""
    return [int(number) for number in re.findall(r"\bbet (\d+)", text)]


async def the_alerts(world: World, count: int, seconds: float) -> None:
    """This many alerts, one or two at a time, with this many seconds between."""
    for number in range(count):
        first = world.decided + 1
        told = range(first, first + 1 + number % 2)
        await world.decide(*(f"▲ 8{number % 10} % DEN <ML> & bet {x}" for x in told))
        await world.pass_time(seconds, step=seconds)


async def test_a_good_night(tmp_path: Path) -> None:
    """Every alert is written once, in order, and none says that it may be a repeat."""
    async with BotApi() as api, channel_to(api) as channel, night(tmp_path, channel) as world:
        world.start()
        await the_alerts(world, 10, seconds=5)
        assert set(await world.states("telegram")) == {"sent"}
    told = [number for written in api.written for number in numbers(written.text)]
    assert told == list(range(1, 16))
    assert not [x for x in api.written if "possible repeat" in x.text]


@pytest.mark.parametrize("seed", range(6))
async def test_a_bad_night(tmp_path: Path, seed: int) -> None:
    """Whatever Telegram answers, each alert is written, and a second copy says what it is."""
    rng = random.Random(seed)  # noqa: S311 - a night that can be had again
    async with BotApi() as api, channel_to(api) as channel, night(tmp_path, channel) as world:
        await channel.warm_up()
        api.troubles.extend(rng.choice(PASSING) for _ in range(15))
        world.start()
        await the_alerts(world, 10, seconds=20)
        await world.pass_time(1500, step=20)
        assert not api.troubles
        assert set(await world.states("telegram")) <= {"sent", "expired"}
        decided = range(1, world.decided + 1)
    copies = Counter(number for x in api.written for number in numbers(x.text))
    assert all(copies[number] for number in decided), "an alert is lost"
    claimed = Counter(
        number for x in api.written if "possible repeat" not in x.text for number in numbers(x.text)
    )
    assert max(claimed.values()) == 1, "a repeat that does not say so"


async def test_a_no_that_was_heard_is_no_reason_for_the_words(tmp_path: Path) -> None:
    """After a 429 or a redirect there is one copy, which does not say that it may be a repeat."""
    async with BotApi() as api, channel_to(api) as channel, night(tmp_path, channel) as world:
        api.troubles.extend([wait(3), no(429, "Too Many Requests"), Says(302, b"")])
        world.start()
        await world.decide("▲ 80 %")
        await world.pass_time(60)
        assert await world.deliveries("telegram") == {1: ("sent", 4)}
    (written,) = api.written
    assert re.fullmatch(r"▲ 80 % · 1\d s late", written.text)


async def test_patience_is_kept(tmp_path: Path) -> None:
    """Within the 40 seconds that Telegram asks for, no request is made."""
    async with BotApi() as api, channel_to(api) as channel, night(tmp_path, channel) as world:
        api.troubles.append(wait(40))
        world.start()
        await world.decide("▲ 80 %")
        await world.pass_time(20)
        await world.decide("▲ 81 %")
        await world.pass_time(18)
        assert len(api.requests) == 1
        await world.pass_time(10)
        assert len(api.written) == 2


async def test_a_bot_that_is_blocked_ends_its_deliveries(tmp_path: Path) -> None:
    """An alert to a blocked bot is refused once with the reason, and the next is still tried."""
    async with BotApi() as api, channel_to(api) as channel, night(tmp_path, channel) as world:
        api.troubles.append(BLOCKED)
        world.start()
        await world.decide("▲ 80 %")
        await world.pass_time(30)
        await world.decide("▲ 81 %")
        await world.pass_time(30)
        assert await world.states("telegram") == ["refused", "sent"]
        assert len(api.requests) == 2
        said = [figures for event, figures in world.told if "refused" in event]
        assert "press Start" in str(said)
