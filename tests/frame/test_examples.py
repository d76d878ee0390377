"""Promises of the example files: they load, and are never out of date."""

from __future__ import annotations

import re
import tomllib
from dataclasses import asdict
from pathlib import Path

from tracker.intake import bets_file
from tracker.settings import Settings, default_config_toml, parse_settings
from tracker.settings.reading import all_keys

ROOT = Path(__file__).parents[2]
SOURCE = Path("/etc/tracker/tracker.toml")


def dotted(table: object, prefix: str = "") -> set[str]:
    """Every key of parsed TOML, as a dotted path."""
    if isinstance(table, list) and table and isinstance(table[0], dict):
        return dotted(table[0], prefix)
    if not isinstance(table, dict):
        return {prefix.removesuffix(".")}
    return {key for name in table for key in dotted(table[name], f"{prefix}{name}.")}


def uncommented(text: str) -> str:
    """The text with every commented example key made active."""
    return re.sub(r"^# (\[\[|[a-z_]+ = )", r"\1", text, flags=re.MULTILINE)


def test_the_starting_file_is_the_defaults() -> None:
    """The file of `tracker init` means the same as having no file at all."""
    written = parse_settings(default_config_toml(), SOURCE, {})
    assert asdict(written) == asdict(parse_settings("", SOURCE, {}))


def test_the_starting_file_shows_every_key() -> None:
    """Every key is in the starting file, and every key in it is accepted."""
    text = uncommented(default_config_toml())
    found, plain = parse_settings(text, SOURCE, {}), parse_settings("", SOURCE, {})
    assert (found.default_rules, found.odds.sources) == (plain.default_rules, plain.odds.sources)
    for name, feed in plain.feeds.by_name.items():
        assert found.feeds.by_name[name].base_url == feed.base_url
        assert found.feeds.by_name[name].requests_per_minute == feed.requests_per_minute
    shown = {
        re.sub(r"(headers|say|level|messages)\..*", r"\1", key)
        for key in dotted(tomllib.loads(text))
    }
    assert shown == set(all_keys(Settings))


def test_answers_are_written_down() -> None:
    """The answers given to `tracker init` can be read back from the file, whatever they contain."""
    url = 'ntfy://user:pa"ss\\word@host/tópico'
    token, topic = "123456:AA-b", 'mine "own"'
    text = default_config_toml(
        timezone="Europe/Paris", stake_unit_cents=2505, url=url, telegram_token=token,
        ntfy_topic=topic,
    )  # fmt: skip
    found = parse_settings(text, SOURCE, {})
    assert found.timezone == "Europe/Paris"
    assert found.stake_unit_cents == 2505
    assert [x.get_secret_value() for x in found.notify.urls] == [url]
    assert found.notify.telegram.token is not None
    assert found.notify.telegram.token.get_secret_value() == token
    assert found.notify.ntfy.topic is not None
    assert found.notify.ntfy.topic.get_secret_value() == topic


def test_the_example_of_bets_loads() -> None:
    """Every bet in config/bets.toml is understood, and together they show every key."""
    path = ROOT / "config" / "bets.toml"
    found = bets_file.read_bets(path, unit_cents=1000)
    assert found.mistakes == ()
    bets = tomllib.loads(path.read_text("utf-8"))["bet"]
    assert len(found.drafts) == len(bets)
    assert set().union(*bets) == bets_file._KNOWN


def test_every_key_is_documented() -> None:
    """docs/configuration.md describes every key that exists, and none that does not."""
    text = (ROOT / "docs" / "configuration.md").read_text("utf-8")
    table = text.partition("| key | default |")[2].partition("\n\n")[0]
    described = set(re.findall(r"^\| `([a-z_.]+)` \|", table, flags=re.MULTILINE))
    assert described == set(all_keys(Settings))


def test_every_key_of_a_bet_is_documented() -> None:
    """docs/configuration.md describes each key of a bet in the bets file."""
    text = (ROOT / "docs" / "configuration.md").read_text("utf-8")
    table = text.partition("| key in `[[bet]]` |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `([a-z_]+)` \|", table, flags=re.MULTILINE)) == bets_file._KNOWN
