"""Promises of docs/integrations.md: every example there works against a real server."""

from __future__ import annotations

import asyncio
import json
import os
import re
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2 import Environment, StrictUndefined

from tests.web.conftest import Served
from tracker.domain.alert import Sent
from tracker.notify.channels import Message
from tracker.notify.channels.apprise import AppriseChannel

DOC = Path(__file__).parents[2] / "docs" / "integrations.md"
BASE = "http://127.0.0.1:8377"


def blocks(kind: str) -> list[str]:
    """The examples of one language, in the order of the page."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", DOC.read_text("utf-8"), re.MULTILINE | re.DOTALL)


SECRETS: Any = type("Secrets", (yaml.SafeLoader,), {})
"""A YAML loader that knows `!secret NAME`, by which Home Assistant refers to another file."""

SECRETS.add_constructor("!secret", lambda _, node: f"secret {node.value}")


async def run(script: str, served: Served) -> str:
    """The output of a shell script; fails with its errors."""
    process = await asyncio.create_subprocess_exec(
        "bash", "-euo", "pipefail", "-c", script,
        env={**os.environ, "TRACKER": served.url, "KEY": served.key},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert process.returncode == 0, f"{script}\n{err.decode()}\n{out.decode()}"
    return out.decode()


def answers(text: str) -> list[Any]:
    """The JSON documents in a text, which follow one another."""
    found, reading = [], json.JSONDecoder()
    text = text.strip()
    while text:
        value, end = reading.raw_decode(text)
        found.append(value)
        text = text[end:].lstrip()
    return found


async def test_every_curl_is_answered(served: Served) -> None:
    """Each example succeeds with JSON, in the page's order, over a night with four bets."""
    examples = blocks("bash")
    assert len(examples) == 8
    for example in examples:
        told = answers(await run(example, served))
        assert len(told) == example.count("curl ")
    [added] = [x for x in (await served.client.get("/api/v1/bets")).json()["bets"] if x["id"] == 5]
    assert (added["pick"], added["odds"], added["status"]) == (
        "DEN -4.5 -110 $20", "-105", "withdrawn",
    )  # fmt: skip
    settled = (await served.client.get("/api/v1/bets/2")).json()
    assert settled["result"] == "won"
    assert "as the book paid it" in settled["settlements"][-1]["reason"]


async def test_the_sensors_of_home_assistant_have_values(served: Served) -> None:
    """Each template gives text for the answer of its URL, and each attribute exists."""
    [rest] = [x["rest"] for x in map(_home, blocks("yaml")) if "rest" in x]
    jinja = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701 - not HTML
    seen = {}
    for source in rest:
        assert source["headers"] == {"Authorization": "secret tracker_key"}
        answer = await served.client.get(source["resource"].removeprefix(BASE))
        assert answer.status_code == 200
        for sensor in source["sensor"]:
            template = jinja.from_string(sensor["value_template"])
            seen[sensor["name"]] = template.render(value_json=answer.json())
            assert set(sensor.get("json_attributes", ())) <= answer.json().keys()
    assert seen["Tracker daemon"] == "stopped"
    assert int(seen["Bets followed"]) >= 0
    assert 0 <= float(seen["Bet 1"]) <= 100


def _home(text: str) -> Any:
    return yaml.load(text, SECRETS)  # noqa: S506 - a safe loader with one tag more


async def test_prometheus_and_grafana_find_their_figures(served: Served) -> None:
    """The metrics are at the path of the scrape, under the names that the panel uses."""
    [scrape] = [x["scrape_configs"][0] for x in map(_home, blocks("yaml")) if "scrape_configs" in x]
    assert scrape["static_configs"][0]["targets"] == [BASE.removeprefix("http://")]
    answer = await served.client.get(scrape["metrics_path"])
    assert answer.status_code == 200
    [panel] = map(json.loads, blocks("json"))
    asked = {x for one in panel["targets"] for x in re.findall(r"tracker_\w+", one["expr"])}
    known = set(re.findall(r"^# TYPE (\w+)", answer.text, re.MULTILINE))
    assert asked
    assert asked <= known


@dataclass
class Broker:
    """As much of an MQTT 3.1.1 broker as one publisher needs, with QoS 0 and 1."""

    port: int = 0
    got: list[tuple[str, str]] = field(default_factory=list)
    users: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client."""
        while (head := await reader.read(1)) and head[0] >> 4 != 14:
            body = await reader.readexactly(await _length(reader))
            match head[0] >> 4:
                case 1:
                    self.users.append(body.decode("latin-1"))
                    writer.write(b"\x20\x02\x00\x00")
                case 3:
                    size = int.from_bytes(body[:2])
                    numbered = 2 if head[0] & 0b110 else 0
                    topic, rest = body[2 : 2 + size], body[2 + size :]
                    self.got.append((topic.decode(), rest[numbered:].decode()))
                    if numbered:
                        writer.write(b"\x40\x02" + rest[:2])
                case _:
                    writer.write(b"\xd0\x00")
        writer.close()


async def _length(reader: asyncio.StreamReader) -> int:
    """The length of a packet: seven bits a byte, the lowest first."""
    found = shift = 0
    while True:
        byte = (await reader.readexactly(1))[0]
        found |= (byte & 0x7F) << shift
        if byte < 0x80:
            return found
        shift += 7


@asynccontextmanager
async def a_broker() -> AsyncIterator[Broker]:
    """A broker on this machine."""
    broker = Broker()
    async with await asyncio.start_server(broker.serve, "127.0.0.1", 0) as server:
        broker.port = server.sockets[0].getsockname()[1]
        yield broker


async def test_an_alert_is_a_message_of_an_mqtt_topic() -> None:
    """The address in the page's example publishes an alert at a broker of this machine."""
    pytest.importorskip("paho.mqtt")
    [example] = blocks("toml")
    [url] = tomllib.loads(example)["notify"]["urls"]
    async with a_broker() as broker:
        here = url.replace("broker.local:1883", f"127.0.0.1:{broker.port}")
        assert await AppriseChannel(here).send(Message("▲ 80 % DEN -4.5", (1,))) == Sent()
    [(topic, text)] = broker.got
    assert topic == "tracker/alerts"
    assert "▲ 80 % DEN -4.5" in text
    assert "user" in broker.users[0]


def test_every_example_is_run() -> None:
    """The page has no kind of example that the tests above do not run."""
    fences = re.findall(r"^```(\w*)$", DOC.read_text("utf-8"), re.MULTILINE)
    assert {x for x in fences if x} == {"bash", "yaml", "json", "toml"}
