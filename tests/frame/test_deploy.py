"""Promises of the files for deployment: containers, instances for several people, one proxy."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
from collections import Counter
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from tracker.clock import SystemClock
from tracker.service import (
    ETC,
    REFRESH_TIMER,
    REFRESH_UNIT,
    Installed,
    render_refresh_units,
    render_unit,
    render_web_unit,
)

ROOT = Path(__file__).parents[2]
COMMAND = Path("/opt/tracker/.venv/bin/tracker")
CONFIG = Path("/etc/tracker/tracker.toml")
UNIT = render_unit(Installed(COMMAND, CONFIG, user=False))
COMPOSE = (ROOT / "compose.yaml").read_text("utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")


def instance_unit(exec_start: Path) -> str:
    """The daemon's unit made a template (`tracker@NAME`), with one tracker for each instance.

    Each has its own folder of settings (/etc/tracker/NAME), its own state, and its own user.
    """
    named = {
        f"{ETC}/tracker.toml": f"{ETC}/%i/tracker.toml",
        f":{ETC}/": f":{ETC}/%i/",
        "User=tracker\n": "User=tracker-%i\n",
        "StateDirectory=tracker\n": "StateDirectory=tracker/%i\n",
        "RuntimeDirectory=tracker\n": "RuntimeDirectory=tracker/%i\n",
        "ConfigurationDirectory=tracker\n": "ConfigurationDirectory=tracker/%i\n",
        "Follows bets on live games": "Follows the bets of %i on live games",
    }
    text = render_unit(Installed(exec_start, ETC / "tracker.toml", user=False))
    for word, own in named.items():
        text = text.replace(word, own)
    return text


def test_the_shipped_units_of_instances_and_of_the_timer_are_the_rendered_ones() -> None:
    """The files in systemd/ are what the program itself renders."""
    folder = ROOT / "systemd"
    assert (folder / "tracker@.service").read_text("utf-8") == instance_unit(COMMAND)
    unit, timer = render_refresh_units(Installed(COMMAND, CONFIG, user=False))
    assert (folder / REFRESH_UNIT).read_text("utf-8") == unit
    assert (folder / REFRESH_TIMER).read_text("utf-8") == timer


def test_an_instance_shares_no_file_and_no_user_with_another() -> None:
    """Settings, state, secrets and the user of each instance are under its own name.

    Without a name, systemd gives all instances of a template one user.
    """
    own = re.findall(
        r"^(?:\w+Directory|LoadCredential|ExecStart|User)=.*", instance_unit(COMMAND), re.MULTILINE
    )
    assert [x for x in own if "%i" not in x] == []
    assert "User=tracker-%i" in own


def test_services_on_one_database_are_one_user() -> None:
    """Whichever starts last would take the state from the others, if it were another user."""
    page = render_web_unit(Installed(COMMAND, CONFIG, user=False))
    for unit in (UNIT, page, render_refresh_units(Installed(COMMAND, CONFIG, user=False))[0]):
        assert "\nUser=tracker\nDynamicUser=yes\nStateDirectory=tracker\n" in unit


def test_the_unit_of_the_timer_runs_once_and_is_as_hardened() -> None:
    """It has every line of the daemon's unit except those that keep a daemon running."""
    unit, timer = render_refresh_units(Installed(COMMAND, CONFIG, user=False))
    assert "Type=oneshot" in unit
    assert unit.count(" refresh\n") == 1
    hardened = [x for x in UNIT.splitlines() if re.match(r"(Protect|Private|Restrict|System)", x)]
    assert len(hardened) > 15
    assert [x for x in hardened if x not in unit] == []
    assert "Persistent=true" in timer


def test_a_container_is_held_as_tightly_as_the_unit() -> None:
    """Memory, processes and rights are limited, the root is read-only, the user is not root."""
    memory = re.search(r"MemoryMax=(\d+)M", UNIT)
    tasks = re.search(r"TasksMax=(\d+)", UNIT)
    assert memory is not None
    assert tasks is not None
    assert f"mem_limit: {memory[1]}m" in COMPOSE
    assert f"pids_limit: {tasks[1]}" in COMPOSE
    assert "CapabilityBoundingSet=\n" in UNIT
    assert "cap_drop: [ALL]" in COMPOSE
    assert "NoNewPrivileges=yes" in UNIT
    assert "no-new-privileges:true" in COMPOSE
    assert "ProtectSystem=strict" in UNIT
    assert "read_only: true" in COMPOSE
    assert re.findall(r"^USER (\d+)$", DOCKERFILE, re.MULTILINE) == re.findall(
        r'user: "(\d+)"', COMPOSE
    )
    assert re.findall(r"^VOLUME (\S+)$", DOCKERFILE, re.MULTILINE) == ["/state"]
    assert "--require-hashes" in DOCKERFILE
    check = re.search(r"^HEALTHCHECK .* CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    assert check is not None
    assert f'test: ["CMD", {check[1][1:-1]}]' in COMPOSE
    for name in re.findall(r"LoadCredential=([a-z-]+):", UNIT):
        assert f"  {name}:" in COMPOSE
    stop = re.search(r"TimeoutStopSec=(\d+)s", UNIT)
    assert stop is not None
    assert f"stop_grace_period: {stop[1]}s" in COMPOSE


RUNBOOKS = sorted((ROOT / "docs" / "runbooks").glob("[a-z]*.md"))


@pytest.mark.parametrize("path", RUNBOOKS, ids=lambda x: x.stem)
def test_a_runbook_says_what_is_seen_typed_and_expected_and_is_rehearsed(path: Path) -> None:
    """Each runbook has its sections, and the tests that it names exist."""
    text = path.read_text("utf-8")
    for heading in ("## What you see", "## What to type", "## What to expect"):
        assert heading in text
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text)
    assert named
    for file, test in named:
        assert re.search(rf"def {test}\b", (ROOT / file).read_text("utf-8")), (file, test)


NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


@pytest.mark.skipif(NGINX is None, reason="there is no nginx here")
async def test_twenty_trackers_behind_the_proxy_are_one_to_the_feed(
    tmp_path: Path,
) -> None:
    """With the shipped configuration twenty requests for a document reach the feed as one."""
    asked: Counter[str] = Counter()

    async def board(request: web.Request) -> web.Response:
        asked[request.path] += 1
        await SystemClock().sleep(0.2)
        status = 403 if request.path == "/refused" else 200
        return web.Response(text=f"answer {asked[request.path]}", status=status)

    app = web.Application()
    app.router.add_get("/{path:.*}", board)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    feed, ports = runner.addresses[0][1], _free_ports(3)
    text = (ROOT / "deploy" / "nginx-feeds.conf").read_text("utf-8")
    text = text.replace("https://$tracker_feed", f"http://127.0.0.1:{feed}")
    # The folder above the cache is there on every system, since nginx makes no more than the last.
    (cache,) = re.findall(r"^proxy_cache_path (\S+)", text, re.MULTILINE)
    assert Path(cache).parent.is_dir()
    text = text.replace(cache, str(tmp_path / "cache"))
    for port, ours in zip((8081, 8082, 8083), ports, strict=True):
        text = text.replace(str(port), str(ours))
    whole = (
        f"{'user root; ' if os.geteuid() == 0 else ''}worker_processes 1; daemon off;\n"
        f"pid {tmp_path}/pid; error_log {tmp_path}/error;\n"
        "events {}\nhttp { access_log off;\n"
        + "".join(
            f"{x}_temp_path {tmp_path}/{x};\n"
            for x in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        + text
        + "}\n"
    )
    (tmp_path / "nginx.conf").write_text(whole, "utf-8")
    assert NGINX is not None
    server = await asyncio.create_subprocess_exec(
        NGINX, "-c", str(tmp_path / "nginx.conf"), "-e", str(tmp_path / "error")
    )
    try:
        async with aiohttp.ClientSession() as session:
            url = f"http://127.0.0.1:{ports[0]}"
            await _up(session, f"{url}/up")
            answers = await asyncio.gather(*(_get(session, f"{url}/board") for _ in range(20)))
            assert set(answers) == {(200, "answer 1")}
            assert asked["/board"] == 1
            await asyncio.gather(*(_get(session, f"{url}/refused") for _ in range(3)))
            before = asked["/refused"]
            assert (await _get(session, f"{url}/refused"))[0] == 403
            assert asked["/refused"] == before + 1
    finally:
        server.terminate()
        await server.wait()
        await runner.cleanup()


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [x.getsockname()[1] for x in sockets]
    for one in sockets:
        one.close()
    return ports


async def _get(session: aiohttp.ClientSession, url: str) -> tuple[int, str]:
    async with session.get(url) as answer:
        return answer.status, await answer.text()


async def _up(session: aiohttp.ClientSession, url: str) -> None:
    """Wait until the proxy answers; fails after a while."""
    for _ in range(100):
        try:
            await _get(session, url)
        except aiohttp.ClientError:
            await SystemClock().sleep(0.05)
        else:
            return
    pytest.fail("the proxy does not answer")
