"""Promises of the alert settings: each mistake is one sentence that says what to write."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from tracker.domain.alert import PLACEHOLDERS, BadTemplate, check_template
from tracker.domain.policy import Level, QuietHours, TopicMode
from tracker.settings import ConfigError, Settings, parse_settings


def parsed(text: str) -> Settings:
    """The settings of a file's text."""
    return parse_settings(text, Path("/etc/tracker/tracker.toml"), {"HOME": "/home/you"})


def test_everything_can_be_set() -> None:
    """The policy and the wording are as the file says."""
    found = parsed(
        'timezone = "America/Denver"\nodds_format = "decimal"\n'
        'messages = { settled = "{id} {result} {money}" }\n'
        '[alerts]\ndelay = "2m"\nquiet_hours = "23:00 - 8:30"\nquiet_through = "high"\n'
        'per_hour = 9\nper_hour_game = 3\ndigest_at = "09:15"\n'
        'heartbeat_url = "https://example.org/x"\n'
        'level = { chance = "urgent" }\nsay = { quarter = "off", start = "silent" }\n'
    )
    policy = found.policy
    assert policy.quiet == QuietHours(time(23), time(8, 30), found.zone, Level.HIGH)
    assert (policy.budget, policy.game_budget) == (9, 3)
    assert policy.level("chance") is Level.URGENT
    assert policy.level("start") is Level.INFO
    assert policy.modes["quarter"] is TopicMode.OFF
    assert found.wording.delay == 120
    assert found.wording.templates == {"settled": "{id} {result} {money}"}
    assert found.alerts.digest_at == time(9, 15)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[alerts]\ndelay = "35"', '[alerts] delay: must be a time in quotes, such as "35s"'),
        ('[alerts]\ndelay = "11m"', "at most 10 minutes"),
        ('[alerts]\nquiet_hours = "23:00"', 'must be two times of day, such as "23:00-08:00"'),
        ('[alerts]\nquiet_hours = "08:00-08:00"', "that differ"),
        ('[alerts]\nquiet_through = "loud"', "must be one of 'info', 'low', 'default', 'high'"),
        ('[alerts]\nsay = { quarters = "on" }', "'quarters' is nothing that is told: known are"),
        ('[alerts]\nsay = { quarter = "no" }', "must be one of 'on', 'silent', 'off'"),
        ('[alerts]\ndigest_at = "25:00"', 'must be a time of day in quotes, such as "09:00"'),
        ('[alerts]\nheartbeat_url = "hc-ping.com"', "must be an address in quotes"),
        ('messages = { chance = "{pp}" }', "{pp} is no placeholder: did you mean {p}?"),
        ('messages = { chance = "{p:.2f}" }', "{p} takes nothing behind its name"),
        ('messages = { chance = "{" }', "a brace stands alone"),
        ('messages = { chances = "{p}" }', "did you mean 'chance'?"),
        ('messages = { chance = " " }', "must hold something"),
    ],
)
def test_a_mistake_says_what_to_write(text: str, said: str) -> None:
    """A mistake is one sentence that says what to write."""
    with pytest.raises(ConfigError) as caught:
        parsed(text)
    [sentence] = caught.value.mistakes
    assert said in sentence


def test_a_heartbeat_address_never_shows() -> None:
    """A heartbeat's address never shows, since whoever has it can report that all is well."""
    with pytest.raises(ConfigError) as caught:
        parsed('[alerts]\nheartbeat_url = "secret-thing"')
    assert "secret-thing" not in str(caught.value)
    found = parsed('[alerts]\nheartbeat_url = "https://example.org/secret-thing"')
    assert "secret-thing" not in repr(found)


@pytest.mark.parametrize("name", PLACEHOLDERS)
def test_every_placeholder_can_be_used(name: str) -> None:
    """Every placeholder is accepted, among words and literal braces."""
    check_template("chance", f"{{{{x}}}} {{{name}}} done")


def test_an_unknown_placeholder_without_a_neighbour_lists_all() -> None:
    """An unknown placeholder that is near none lists them all."""
    with pytest.raises(BadTemplate, match=r"known are \{mark\}, \{p\}"):
        check_template("chance", "{zzzzz}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[web]\nhost = "999.1.1.1"', "[web] host: must be the name or address of a host"),
        ('[web]\nhost = "a..b"', "[web] host: must be the name or address of a host"),
        ('[web]\nhosts = ["bets.example.org:8443"]', "[web] hosts, entry 1: must be a host"),
        ('[feeds.nba]\nbase_url = "https://300.1.1.1"', "must be a scheme and a host"),
        ('[alerts]\nheartbeat_url = "https://a..b/x"', "must be an address in quotes"),
        ('[odds.the_odds_api]\nregions = ["usa"]', "entry 1: must be one of 'us', 'us2',"),
        ('[odds.the_odds_api]\nkey = ""', "must be the key as it was sent to you"),
        ('[odds]\nmine = ["!"]', "[odds] mine: holds no name of a book"),
        ('[notify.ntfy]\ntoken = "x"', "[notify] ntfy: gives a token and no topic"),
        ('[store]\npath = "/etc"', "[store] path: is a folder; name a file in it"),
        ('[backup]\nfolder = "/etc/passwd"', "[backup] folder: is a file; name a folder"),
        ('[[lines]]\ngame = "LAL@LAL"\ntotal = 220', "'LAL@LAL' is one team twice"),
    ],
)
def test_a_value_that_can_mean_nothing_is_refused(text: str, said: str) -> None:
    """A setting with known values or a known form takes no other, and says so in one sentence."""
    with pytest.raises(ConfigError) as wrong:
        parsed(text)
    assert len(wrong.value.mistakes) == 1
    assert said in str(wrong.value)


@pytest.mark.parametrize(
    "host", ["::1", "100.64.0.1", "my_box", "bets.example.org", "xn--bcher-kva.de"]
)
def test_the_forms_of_a_host_are_taken(host: str) -> None:
    """A host is an address of either kind, or a name of one or several parts."""
    found = parsed(f'[web]\nhost = "{host}"\nhosts = ["{host}"]')
    assert (found.web.host, found.web.hosts) == (host, (host,))


def test_a_place_that_cannot_be_looked_at_does_not_make_the_settings_wrong() -> None:
    """The report of a failed service, which may not look into its state, still finds its channels.

    A name that is too long stands in for such a folder: root, who runs tests too, may enter all.
    """
    hidden = f"/{'x' * 300}/tracker.db"
    assert str(parsed(f'[store]\npath = "{hidden}"').store.path) == hidden
    assert parsed(f'[backup]\nfolder = "{hidden}"').backup.folder is not None
