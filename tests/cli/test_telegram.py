"""Promises of pairing: a code on the screen, the code in the chat, a real message, no secrets."""

from __future__ import annotations

import asyncio
import io
import os
import re
import stat
import sys
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.doubles.bot_api import CHAT, PERSON, TOKEN, BotApi
from tests.doubles.bot_api_answers import no
from tracker.__main__ import run as command
from tracker.cli import Scope
from tracker.cli.setup.channels import bot_name
from tracker.clock import SystemClock
from tracker.domain import Impossible
from tracker.store import Store

STRANGER = 666


def configured(folder: Path, api_url: str) -> Path:
    """A configuration with a bot and no chat."""
    file = folder / "tracker.toml"
    bot = f'[notify.telegram]\ntoken = "{TOKEN}"\napi_url = "{api_url}"\n'
    file.write_text(f'[store]\npath = "tracker.db"\n[notify]\nconsole = false\n{bot}', "utf-8")
    file.chmod(0o600)
    return file


@asynccontextmanager
async def pairing(config: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """`tracker telegram pair`, running."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tracker", "--config", str(config), "telegram", "pair",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def the_code(process: asyncio.subprocess.Process) -> str:
    """The code that the command shows."""
    assert process.stdout is not None
    async for line in process.stdout:
        if found := re.search(rb"/start ([A-Z0-9]+)", line):
            return found[1].decode()
    raise AssertionError("no code was shown")


async def test_a_chat_is_paired_and_gets_a_message(tmp_path: Path) -> None:
    """The chat that sends the shown code is paired, and none that sends another."""
    async with BotApi() as api:
        config = configured(tmp_path, api.url)
        async with pairing(config) as process:
            code = await the_code(process)
            api.say("/start NOTTHIS1", chat=STRANGER, user=STRANGER)
            api.say(" \n")
            api.say(f"/Start {code.lower()}")
            out, err = await process.communicate()
        assert process.returncode == 0, err
        assert f"Paired: chat {CHAT}, user {PERSON}." in out.decode()
        assert "a code that is not this one" in err.decode()
        assert [x.chat_id for x in api.written] == [CHAT]
        assert "A test of tracker" in api.written[0].text
        assert TOKEN not in (out + err).decode()
        sent = await run(config, "test-alert")
        assert "telegram: sent" in sent
        assert await bot_name(Scope(config)) == "my_bets_bot", "`doctor` asks Telegram for it"
        wrong = config.with_name("wrong.toml")
        wrong.touch(0o600)
        wrong.write_text(config.read_text("utf-8").replace(TOKEN, f"{TOKEN[:-1]}2"), "utf-8")
        with pytest.raises(Impossible, match="does not know the bot's token"):
            await bot_name(Scope(wrong))
        listed = await run(config, "telegram", "chats")
        assert f"User {PERSON} may command from chat {CHAT}." in listed
        assert "1 parted." in await run(config, "telegram", "forget")
        assert "No chat is paired" in await run(config, "telegram", "chats")
        assert "no chat is paired" in await run(config, "test-alert", status=1)


async def test_a_topic_of_a_group_is_paired(tmp_path: Path) -> None:
    """Alerts go to the topic in which the code was sent, also after a restart."""
    group, topic = -1001, 17
    async with BotApi(chats={group}, topics={topic}) as api:
        config = configured(tmp_path, api.url)
        async with pairing(config) as process:
            code = await the_code(process)
            api.say(f"/start@my_bets_bot\n{code}", chat=group, topic=topic)
            out, err = await process.communicate()
        assert process.returncode == 0, err
        assert f"Paired: chat {group}, topic {topic}, user {PERSON}." in out.decode()
        assert "telegram: sent" in await run(config, "test-alert")
        assert [(x.chat_id, x.topic) for x in api.written] == [(group, topic)] * 2
        assert f"go to chat {group}, topic {topic}." in await run(config, "telegram", "chats")


async def test_a_webhook_does_not_keep_the_code_away(tmp_path: Path) -> None:
    """It is removed, and a note names its host but not its whole address."""
    async with BotApi(webhook="https://old.example.org/hook/s3cret") as api:
        config = configured(tmp_path, api.url)
        async with pairing(config) as process:
            code = await the_code(process)
            api.say(f"/start {code}")
            _, err = await process.communicate()
        assert process.returncode == 0, err
        assert api.webhook == ""
        assert "went to old.example.org (a webhook)" in err.decode()
        assert "s3cret" not in err.decode()


async def run(config: Path, *words: str, status: int = 0) -> str:
    """The output of a command, run in a thread: the service that it asks runs in this one."""
    out, err = io.StringIO(), io.StringIO()

    def work() -> int:
        with redirect_stdout(out), redirect_stderr(err):
            return command(["--config", str(config), *words])

    assert await asyncio.to_thread(work) == status, err.getvalue()
    return out.getvalue()


async def test_where_another_program_listens_its_finding_is_waited_for(tmp_path: Path) -> None:
    """On a conflict, the command waits until the daemon that polls the bot pairs the chat."""
    async with BotApi() as api:
        config = configured(tmp_path, api.url)
        api.poll_troubles.append(no(409, "Conflict: terminated by other getUpdates request"))
        async with pairing(config) as process:
            code = await the_code(process)
            now = SystemClock().now()
            async with await Store.open(tmp_path / "tracker.db", now=now) as store:
                await store.pairing.offer(code, CHAT, PERSON, now)
            out, err = await process.communicate()
        assert process.returncode == 0, err
        assert f"Paired: chat {CHAT}" in out.decode()


async def test_a_bot_that_is_not_known_is_told(tmp_path: Path) -> None:
    """An unknown bot gives a sentence with what to do, before any code is shown."""
    async with BotApi() as api:
        config = configured(tmp_path, api.url)
        api.troubles.append(no(401, "Unauthorized"))
        async with pairing(config) as process:
            out, err = await process.communicate()
    assert process.returncode == 1
    assert b"/start" not in out
    assert b"@BotFather" in err


def test_without_a_bot_the_way_to_one_is_told(cli: Cli, config: Path) -> None:
    """Without a token the command says how to get one, and makes no request."""
    ran = cli("telegram", "pair")
    assert ran.status == 1
    assert "@BotFather" in ran.sentence
    assert cli("telegram", "chats", "--json").json == {
        "alerts_to": None, "topic": None, "by_configuration": False, "paired": [],
    }  # fmt: skip


def test_doctor_tells_whether_a_chat_is_paired(cli: Cli, tmp_path: Path) -> None:
    """It says what to do when none is; Discord and ntfy are among the channels."""
    config = configured(tmp_path, "http://127.0.0.1:9")
    with config.open("a") as file:
        file.write('[notify.ntfy]\ntopic = "a-topic"\n')
        file.write('[notify.discord]\nwebhook = "http://127.0.0.1:9/api/webhooks/1/x"\n')
    ran = cli("--config", config, "doctor", "--offline")
    assert ran.status == 1
    assert "tracker telegram pair" in ran.out
    assert "telegram, discord, ntfy" in ran.out
    config.write_text(
        config.read_text().replace("[notify.telegram]", "[notify.telegram]\nchat_id = 5")
    )
    assert "chat 5 named in the configuration" in cli("--config", config, "doctor", "--offline").out


def test_init_keeps_the_token_to_itself(cli: Cli, tmp_path: Path) -> None:
    """The token is in a file that only its owner can read, and never on the screen.

    Editors of Windows begin the file that it is read from with a byte order mark.
    """
    token, file = tmp_path / "token", tmp_path / "c.toml"
    token.write_text(f"{TOKEN}\n", "utf-8-sig")
    answers = ("--channel", "telegram", "--token-file", token, "--yes")
    ran = cli("--config", file, "init", *answers)
    assert ran.status == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert tomllib.loads(file.read_text("utf-8"))["notify"]["telegram"]["token"] == TOKEN
    assert "tracker telegram pair" in ran.out
    assert TOKEN not in ran.out + ran.err


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        (("--channel", "telegram"), "--token-file"),
        (("--channel", "console", "--token-file", "x"), "is for --channel telegram"),
        (("--channel", "telegram", "--token-file", "/nowhere"), "cannot be read"),
        (("--channel", "telegram", "--token-file", "/dev/null"), "holds no token"),
    ],
)
def test_init_says_what_is_wrong_with_a_token(
    cli: Cli, tmp_path: Path, answers: tuple[str, ...], told: str
) -> None:
    """A bad token gives one sentence, and nothing is written."""
    ran = cli("--config", tmp_path / "c.toml", "init", *answers, "--yes")
    assert ran.status != 0
    assert told in ran.sentence
    assert not (tmp_path / "c.toml").exists()


def test_init_sends_a_real_message(cli: Cli, tmp_path: Path) -> None:
    """With `--message` it sends one; if the channel fails, that is said and the file stays."""
    file = tmp_path / "c.toml"
    answers = ("--channel", "json://127.0.0.1:9/", "--yes", "--message")
    ran = cli("--config", file, "init", *answers)
    assert ran.status == 1
    assert "refuses connections" in ran.out
    assert file.exists()
