"""Promises of alert rules: they are read as people write them, and their text reads back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain import BadRule
from tracker.domain.policy import (
    Comparison,
    EventRule,
    Fact,
    LevelRule,
    Rule,
    SwingRule,
    parse_rule,
)


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("p >= 0.80", "p >= 0.80"),
        ("p>=.8", "p >= 0.80"),
        ("P  >=  80%", "p >= 0.80"),
        ("p >= 80 %", "p >= 0.80"),
        ("p ≥ 0.8", "p >= 0.80"),
        ("p <= 0.305", "p <= 0.305"),
        ("p ≤ 7%", "p <= 0.07"),
        ("p crosses 0.50", "p crosses 0.50"),
        ("P CROSSES 50%", "p crosses 0.50"),
        ("p <= 57.1%", "p <= 0.571"),
        ("swing 0.15 in 5m", "swing 0.15 in 5m"),
        ("Swing 15% in 300s", "swing 0.15 in 5m"),
        ("swing .1 in 90 s", "swing 0.1 in 90s"),
        ("swing 0.2 in 10 min", "swing 0.2 in 10m"),
        ("Settled", "settled"),
        (" feed_down ", "feed_down"),
    ],
)
def test_rules_are_read_as_people_write_them(written: str, stored: str) -> None:
    """Spaces, case, percent and signs may vary; one form is stored and read again."""
    rule = parse_rule(written)
    assert rule.text == stored
    assert parse_rule(stored) == rule


def written_rules() -> st.SearchStrategy[str]:
    """Texts of any rule that can be written."""
    share = st.floats(0.0001, 0.9999).map(lambda x: f"{x:.17f}")
    percent = st.floats(0.01, 99.99).map(lambda x: f"{x:.9f}%")
    size = share | percent
    comparison = st.sampled_from([x.value for x in Comparison])
    level = st.builds("p {} {}".format, comparison, size)
    span = st.integers(1, 21600).map(lambda x: f"{x}s") | st.integers(1, 360).map(lambda x: f"{x}m")
    return level | st.builds("swing {} in {}".format, size, span) | st.sampled_from(list(Fact))


@given(written_rules())
def test_every_rule_reads_back_from_its_text(text: str) -> None:
    """The text of a rule always gives the same rule."""
    rule = parse_rule(text)
    assert parse_rule(rule.text) == rule
    assert parse_rule(rule.text).text == rule.text


@given(
    st.one_of(
        st.builds(
            LevelRule,
            st.sampled_from(Comparison),
            st.integers(1, 9999).map(lambda x: x / 10_000),
        ),
        st.builds(SwingRule, st.integers(1, 9999).map(lambda x: x / 10_000), st.integers(1, 21600)),
        st.builds(EventRule, st.sampled_from(Fact)),
    )
)
def test_parsing_the_text_of_a_rule_is_the_identity(rule: Rule) -> None:
    """The text of a parsed rule is the same after it is parsed again, for every form."""
    assert parse_rule(rule.text) == rule


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not a rule"),
        ("p >= 80", "between 0 and 1"),
        ("p >= 1", "between 0 and 1"),
        ("p <= 0", "between 0 and 1"),
        ("p >= 0.00001", "between 0 and 1"),
        ("p >= 0.99999", "between 0 and 1"),
        ("p > 0.5", "is not a rule"),
        ("p = 0.5", "is not a rule"),
        ("swing 0.15 in 0m", "must be above 0"),
        ("swing 0.15 in 99999m", "at most 360m"),
        ("swing 0.15 in " + "9" * 5000 + "m", "is not a rule"),
        ("swing 0.15", "is not a rule"),
        ("setled", "did you mean 'settled'"),
        ("half time", "did you mean 'halftime'"),
    ],
)
def test_a_wrong_rule_says_what_is_understood(text: str, said: str) -> None:
    """The error is one sentence with the known forms, and a near fact where there is one."""
    with pytest.raises(BadRule, match=said):
        parse_rule(text)


@given(st.text(max_size=30) | st.from_regex(r"(p|swing)[ <>=.%0-9insmp]{0,20}", fullmatch=True))
def test_any_text_is_a_rule_or_a_bad_rule(text: str) -> None:
    """Any text gives a rule, which reads back from its text, or a BadRule."""
    try:
        rule = parse_rule(text)
    except BadRule:
        return
    assert parse_rule(rule.text) == rule
