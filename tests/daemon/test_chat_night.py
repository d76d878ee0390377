"""A night in a chat: the real daemon, one card through a kill, and a bet added by message."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from tests.daemon import night
from tests.doubles.bot_api import PERSON, TOKEN, BotApi, Written
from tracker.clock import ScaledClock


def with_bot(folder: Path, base_url: str, api_url: str) -> Path:
    """A configuration that writes to a chat of its own."""
    config = night.write_files(folder, base_url, ["SAC@PHI"], [])
    bot = f'[notify.telegram]\ntoken = "{TOKEN}"\nchat_id = {PERSON}\napi_url = "{api_url}"\n'
    config.write_text(config.read_text("utf-8").replace("[rules]", f"{bot}[rules]"), "utf-8")
    config.chmod(0o600)
    return config


def cards(api: BotApi) -> list[Written]:
    """The messages that are live cards."""
    return [x for x in api.written if x.text.startswith("🏀") and x.reply_to is None and x.buttons]


def results(api: BotApi) -> list[Written]:
    """The messages that report a result as a reply."""
    return [x for x in api.written if "WON" in x.text and x.reply_to is not None]


@pytest.mark.timeout(600)
async def test_a_night_in_a_chat(tmp_path: Path) -> None:
    """One card lasts from tip-off to the final, alerts are replies, and commands are answered."""
    clock = ScaledClock(night.STARTS - timedelta(minutes=30), 600.0)
    async with BotApi(chats={PERSON}) as api, night.feed(["SAC@PHI"], clock) as feed:
        config = with_bot(tmp_path, feed.url, api.url)
        daemon = await night.start_daemon(config, clock)
        await night.until_seen(lambda: cards(api), config)
        now = int(night.REAL.now().timestamp())
        api.say("/add PHI -1.5 -110 $20", chat=PERSON, at=now)
        added = "Bet #9 is registered: PHI -1.5"
        await night.until_seen(lambda: [x for x in api.written if added in x.text], config)
        daemon.kill()
        await daemon.wait()
        daemon = await night.start_daemon(config, clock)
        await night.until_seen(lambda: [x for x in cards(api) if "Final" in x.text], config)
        api.say("/status", chat=PERSON, at=int(night.REAL.now().timestamp()))
        await night.until_seen(lambda: results(api), config)
        daemon.terminate()
        assert await asyncio.wait_for(daemon.wait(), 20) == 0
    (card,) = cards(api)
    assert "#9 PHI -1.5" in card.text
    assert {x.reply_to for x in results(api)} == {card.message}
    assert TOKEN not in night.log_of(config)
