"""Promises of docs/alerts.md: it documents everything that an alert can do."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.notify.values import alert, bet, settled, state, tracking
from tracker.domain.alert import PLACEHOLDERS, DeliveryState, Reason
from tracker.domain.bet import Result
from tracker.domain.chance import Chance
from tracker.domain.game import Phase
from tracker.domain.policy import Comparison, Fact, parse_rule
from tracker.domain.tracking import RulePhase, Tracked
from tracker.engine.decide.advance import GAME_LOST_AFTER
from tracker.engine.rules.state_machine import BUDGET, COOLDOWN
from tracker.engine.rules.stepping import USEFUL_FOR
from tracker.notify import LONGEST_RETRY
from tracker.notify.channels.apprise import CONNECT_LIMIT, READ_LIMIT
from tracker.wording.alerts import compose

PAGE = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text("utf-8")


MARKET_RULES = 3
"""An edge, a price that moves, a line that moves."""


@pytest.mark.parametrize("event", Fact)
def test_every_event_is_told(event: Fact) -> None:
    """Every event has a row in the table of rules."""
    assert f"\n| `{event.value}` | " in PAGE


@pytest.mark.parametrize(
    "form", [*(f"p {x.value} " for x in Comparison), "swing ", "edge ", "price moves", "line moves"]
)
def test_every_form_of_a_rule_is_told(form: str) -> None:
    """Every form of a rule has an example."""
    assert f"\n| `{form}" in PAGE


def test_every_example_of_a_rule_can_be_read() -> None:
    """Every example of a rule can be parsed, in the table and in the example configuration."""
    table = PAGE.partition("| rule | alerts when |")[2].partition("\n\n")[0]
    examples = re.findall(r"^\| `([^`]+)`", table, re.MULTILINE)
    assert len(examples) == len(Fact) + len(Comparison) + 1 + MARKET_RULES
    for text in [*examples, *re.findall(r'"(p [^"]+)"', PAGE)]:
        parse_rule(text)


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_told(reason: Reason) -> None:
    """Every reason has a row in the table of reasons."""
    assert f"\n| `{reason.value}` | " in PAGE


@pytest.mark.parametrize("word", [*RulePhase, *DeliveryState])
def test_every_state_is_told(word: RulePhase | DeliveryState) -> None:
    """Every state of a rule and of a delivery is documented."""
    assert re.search(rf"\b{word.value}\b", PAGE)


def test_the_figures_are_those_of_the_program() -> None:
    """The documented figures equal the program's constants."""
    minutes = COOLDOWN.total_seconds() / 60
    assert f"{minutes:g} minutes after the message" in PAGE
    assert f"at most {BUDGET} messages an hour" in PAGE
    assert f"for {GAME_LOST_AFTER.total_seconds():g} seconds" in PAGE
    assert f"for {USEFUL_FOR.total_seconds() / 60:g} minutes, a result" in PAGE
    assert f"at most {LONGEST_RETRY:g};" in PAGE
    assert f"given {CONNECT_LIMIT:g} seconds to be reached" in PAGE
    assert f"{READ_LIMIT:g} to answer" in PAGE


def test_the_messages_shown_are_those_that_are_sent() -> None:
    """The messages in the page are those that are sent, word for word."""
    live = state()
    open_bet = replace(Tracked.fresh(bet("DEN -4.5")), chance=Chance(0.8, 0.0, 0.2))
    moved = compose(alert("p >= 0.80", live, 0.80, 0.71), open_bet, tracking(live))
    over = state("Q4 0:00", 114, 105, phase=Phase.FINAL)
    won = compose(alert("settled", over), settled("DEN -4.5", Result.WON, 3739), tracking(over))
    assert moved in PAGE
    other = state("Q4 0:00", 114, 110, phase=Phase.FINAL)
    lost = settled("DEN -4.5", Result.LOST, 0, revision=2)
    assert won in PAGE
    assert compose(alert("regraded", other), lost, tracking(other)) in PAGE


@pytest.mark.parametrize("name", PLACEHOLDERS)
def test_every_placeholder_is_told(name: str) -> None:
    """Every placeholder of a template is documented in its written form."""
    assert f"`{{{name}}}`" in PAGE
