"""Promises of a message's form in Telegram: complete, readable, and never too long."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.notify.channels import Message
from tracker.notify.channels.text import TEXT_LIMIT, length, marked_up, plain, shortened

ALERT = (
    "▲ 80 % LAL@DEN o224.5: 189 now, Q4 7:02 (was 71 %)\n"
    "LAL 91 – 98 DEN · needs 36 more · data 5 s old · bet #12 · alert 31"
)
FAMILY = "👨‍👩‍👧"
ENDING = "\n… end"


def test_an_alert_is_bold_where_a_lock_screen_looks() -> None:
    """The first line is bold, the rest unchanged."""
    assert marked_up(Message(ALERT, (31,))) == (
        "<b>▲ 80 % LAL@DEN o224.5: 189 now, Q4 7:02 (was 71 %)</b>\n"
        "LAL 91 – 98 DEN · needs 36 more · data 5 s old · bet #12 · alert 31"
    )


def test_what_html_would_read_as_its_own_is_escaped() -> None:
    """A `<` or an ampersand in the text is escaped."""
    made = marked_up(Message('<1 % "A&B" -3.5: _*[]()~`>#+-=|{}.!\n&amp; stays', (1,)))
    assert made == '<b>&lt;1 % "A&amp;B" -3.5: _*[]()~`&gt;#+-=|{}.!</b>\n&amp;amp; stays'


def test_plain_text_is_left_alone() -> None:
    """Without markup nothing is escaped or added."""
    assert plain(Message("<1 % of A&B\nsecond", (1,))) == "<1 % of A&B\nsecond"


def test_a_title_becomes_the_first_line() -> None:
    """A message with a title shows it in bold above its body."""
    assert marked_up(Message("body & soul", (1,), title="Test")) == "<b>Test</b>\nbody &amp; soul"


@pytest.mark.parametrize(
    ("text", "expected"), [("", 0), ("Q4 7:02", 7), ("🏀", 2), ("Jokić", 5), (FAMILY, 8)]
)
def test_length_is_counted_as_telegram_does(text: str, expected: int) -> None:
    """An emoji beyond the basic plane counts as two."""
    assert length(text) == expected


def test_a_message_at_the_limit_is_not_touched() -> None:
    """4,096 characters are sent whole; one more is cut."""
    assert plain(Message("x" * TEXT_LIMIT, (1,))) == "x" * TEXT_LIMIT
    cut = plain(Message("x" * (TEXT_LIMIT + 1), (1,)))
    assert length(cut) == TEXT_LIMIT


def test_a_cut_message_keeps_its_alert_numbers() -> None:
    """A cut message keeps its alerts' numbers, and says where the rest is."""
    one = plain(Message("word " * 2000, (31,)))
    assert one.endswith("\n… cut short · alert 31 · the rest: tracker alerts")
    many = plain(Message("word " * 2000, tuple(range(1, 41))))
    assert many.endswith("· alerts 1, 2, 3, 4, 5 and 35 more · the rest: tracker alerts")
    none = plain(Message("word " * 2000, ()))
    assert none.endswith("word\n… cut short · the rest: tracker alerts")


def test_a_cut_leaves_lines_whole_where_it_can() -> None:
    """A line that does not fit is left out whole."""
    lines = [f"{number}. " + "y" * 20 for number in range(40)]
    kept, end = shortened("\n".join(lines), ENDING, limit=300).rsplit("\n", 1)
    assert end == "… end"
    assert kept.split("\n") == lines[: len(kept.split("\n"))]


def test_a_long_line_is_cut_between_words() -> None:
    """Where leaving out a line costs too much, the cut is between words."""
    assert shortened(
        "short\n" + "words " * 50, ENDING, limit=40
    ) == "short\nwords words words words" + (ENDING)


@pytest.mark.parametrize("joined", [FAMILY, "🇷🇸", "👍🏽", "é", "⚠️"])
def test_a_cut_parts_no_picture_and_no_accent(joined: str) -> None:
    """Characters that are drawn as one are kept or dropped together."""
    whole = set()
    for limit in range(20, 40):
        kept = shortened("a" * 10 + joined * 20, ENDING, limit).removesuffix(ENDING)
        assert not kept.removeprefix("a" * 10).replace(joined, "")
        whole.add(kept)
    assert len(whole) > 1


def test_what_no_message_can_hold_is_taken_out() -> None:
    """Half characters and control characters are removed."""
    assert plain(Message("a\ud83cb\x00c\x1b[31m\r\nd\te", (1,))) == "a?bc[31m\nd\te"


texts = st.text(
    st.one_of(st.sampled_from("<>&;ab \n🏀é\u200d\u0301🇷"), st.characters()), max_size=300
)


@given(texts, st.integers(1, 60), st.lists(st.integers(1, 10**9), max_size=8))
def test_no_message_is_too_long_or_broken(text: str, times: int, ids: list[int]) -> None:
    """Whatever the text, it fits, and every tag and entity is closed."""
    message = Message(text * times, tuple(ids))
    html, words = marked_up(message), plain(message)
    assert length(words) <= TEXT_LIMIT
    bare = re.sub(r"^<b>(.*)</b>", r"\1", html)
    assert not re.search(r"[<>]|&(?!(amp|lt|gt);)", bare)
    assert unescape(bare) == words


@given(texts, st.integers(30, 400))
def test_a_cut_keeps_the_beginning(text: str, limit: int) -> None:
    """A cut message is the beginning of the text, and uses most of the room."""
    cut = shortened(text, ENDING, limit)
    assert length(cut) <= limit
    if cut != text:
        assert text.startswith(cut.removesuffix(ENDING))


def test_each_of_several_alerts_has_a_head() -> None:
    """In a message of several alerts, each has its first line bold."""
    two = Message("▲ 80 % A & B\nfacts\n\n▼ 20 % C\nfacts", (1, 2))
    assert marked_up(two) == "<b>▲ 80 % A &amp; B</b>\nfacts\n\n<b>▼ 20 % C</b>\nfacts"
