"""A script of faults is read completely, or each of its mistakes is reported."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tracker.replay import Recording
from tracker.replay.faults import FOR_GOOD, Fault, FaultKind, FaultScriptError, parse_faults
from tracker.replay.playback import Playback, Showing

ROOT = Path(__file__).parents[2]
TIP = datetime(2026, 1, 30, 0, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def night(games: dict[str, Recording]) -> list[Playback]:
    """Two games of one night, the second half an hour later."""
    return [
        Playback(games["SAC@PHI"]),
        Playback(games["LAC@LAL"], tip_off=TIP + timedelta(minutes=30)),
    ]


def one(text: str, night: list[Playback]) -> Fault:
    """The only fault of a script."""
    (fault,) = parse_faults(f"[[fault]]\n{text}", night)
    return fault


@pytest.mark.parametrize("name", [kind.value for kind in FaultKind])
def test_every_fault_is_known_by_its_name(name: str, night: list[Playback]) -> None:
    """One word chooses the kind of fault."""
    fault = one(f'what = "{name}"\nat = "tip-off"\nlasts = "1m"', night)
    assert (fault.kind, fault.start, fault.lasts) == (FaultKind(name), TIP, timedelta(minutes=1))


def test_a_fault_says_where_it_strikes(night: list[Playback]) -> None:
    """Source, path, game (as its id) and all figures are read."""
    fault = one(
        'what = "corrected"\nsource = "nba"\npath = "*boxscore*"\ngame = "LAC@LAL"\nside = "away"\n'
        'stat = "assists"\nby = -1\nat = "final + 2h"\nlasts = "for good"',
        night,
    )
    assert (fault.source, fault.path, fault.game) == ("nba", "*boxscore*", "0022300127")
    assert (fault.side, fault.stat, fault.by, fault.lasts) == ("away", "assists", -1, FOR_GOOD)


def test_times_hang_on_the_games_that_are_played(night: list[Playback]) -> None:
    """Tip-off, start, halftime, final and the noon after it are those of a game, or the first."""
    first, second = (Showing(playback) for playback in night)
    noon = datetime(2026, 1, 30, 17, 0, tzinfo=UTC)
    for at, expected in (
        ('"tip-off - 1h30m"', TIP - timedelta(minutes=90)),
        ('"+ 45m"', TIP + timedelta(minutes=45)),
        ('"start"', first.starts),
        ('"final + 90s"', first.ends + timedelta(seconds=90)),
        ('"noon"', noon),
        ("2026-01-30T01:00:00Z", TIP + timedelta(hours=1)),
        ("2026-01-29T20:00:00-05:00", TIP + timedelta(hours=1)),
        ('"2026-01-30T01:00:00Z"', TIP + timedelta(hours=1)),
    ):
        assert one(f'what = "stale"\nat = {at}\nlasts = "1m"', night).start == expected
    half = one('what = "stale"\ngame = "LAC@LAL"\nat = "halftime"\nlasts = "1m"', night)
    seen = second.view(half.start).state
    assert (seen.period, seen.clock, seen.phase.value) == (2, 0, "break")
    assert second.view(half.start - timedelta(milliseconds=100)).state.phase.value == "playing"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('at = "final"\nlasts = "1m"', "`what` is missing; write one of blocked, no-box,"),
        ('what = "blokced"', "there is no fault 'blokced'; there are blocked,"),
        ('what = "stale"\nlasts = "1m"', "`at` is missing"),
        ('what = "stale"\nat = "half"\nlasts = "1m"', "`at` is 'half'; write a time such as"),
        ('what = "stale"\nat = ""\nlasts = "1m"', "`at` is ''"),
        ('what = "stale"\nat = 7\nlasts = "1m"', "`at` is 7"),
        ('what = "stale"\nat = 2026-01-01T00:00:00\nlasts = "1m"', "without a time zone"),
        ('what = "stale"\nat = "2026-01-01T00:00:00"\nlasts = "1m"', "without a time zone"),
        ('what = "stale"\nat = "final + 2 days"\nlasts = "1m"', "`at` has '2 days'"),
        ('what = "stale"\nat = "final"', "`lasts` is missing"),
        ('what = "stale"\nat = "final"\nlasts = 90', "`lasts` is 90; write it in quotes"),
        ('what = "stale"\nat = "final"\nlasts = "90"', "`lasts` has '90' for a duration"),
        ('what = "status"\nstatus = 99', "`status` is 99; write a whole number from 200 to 599"),
        ('what = "status"\nstatus = true', "`status` is True"),
        ('what = "stale"\ngame = "BOS@NYK"', "no game of this night is called 'BOS@NYK'; there"),
        ('what = "stale"\nsource = "cnn"', "`source` is 'cnn'; write one of nba, wnba, espn"),
        ('what = "stale"\npath = 3', "`path` is 3; write it in quotes"),
        ('what = "corrected"\nstat = "dunks"', "`stat` is 'dunks'; write one of points,"),
        ('what = "corrected"\nside = "left"', "`side` is 'left'; write one of home, away"),
        ('what = "stale"\ncolour = "red"', "there is no key 'colour'; there are what, at,"),
    ],
)
def test_each_mistake_is_one_sentence(text: str, says: str, night: list[Playback]) -> None:
    """Each mistake names the fault's number, the key, and what to write instead."""
    with pytest.raises(FaultScriptError) as caught:
        one(text, night)
    (mistake,) = caught.value.mistakes
    assert mistake.startswith("Fault 1: ")
    assert says in mistake
    assert mistake.endswith(".")
    assert "\n" not in mistake


def test_all_mistakes_are_told_at_once(night: list[Playback]) -> None:
    """All mistakes are reported, one sentence a line, in the order of the file."""
    text = 'nights = 1\n[[fault]]\n[[fault]]\nwhat = "stale"\nat = "final"\nlasts = "soon"'
    with pytest.raises(FaultScriptError) as caught:
        parse_faults(text, night)
    starts = [mistake.split(":")[0] for mistake in caught.value.mistakes]
    assert starts == ["There is no 'nights' in a script; write [[fault]].", "Fault 1", "Fault 2"]
    assert str(caught.value).count("\n") == 2


@pytest.mark.parametrize("text", ["x =", "fault = 3", '[fault]\nwhat = "stale"', "[[fault"])
def test_what_is_no_script_is_refused(text: str) -> None:
    """Broken TOML and a fault in single brackets are refused."""
    with pytest.raises(FaultScriptError, match=r"no TOML|in two brackets"):
        parse_faults(text)


def test_a_time_of_a_game_needs_a_game() -> None:
    """Without games only calendar times are possible; an empty script is valid."""
    with pytest.raises(FaultScriptError, match="needs a game, and none is played"):
        parse_faults('[[fault]]\nwhat = "stale"\nat = "final"\nlasts = "1m"')
    assert (
        len(parse_faults('[[fault]]\nwhat = "stale"\nat = 2026-01-30T01:00:00Z\nlasts = "1m"')) == 1
    )
    assert parse_faults("") == ()


def test_the_example_is_a_bad_night(night: list[Playback]) -> None:
    """The shipped script can be played and has many kinds of fault."""
    text = (ROOT / "config" / "bad-night.toml").read_text("utf-8")
    assert len({fault.kind for fault in parse_faults(text, night)}) >= 9


def test_every_fault_and_key_is_documented() -> None:
    """docs/recordings.md names every fault and key."""
    text = (ROOT / "docs" / "recordings.md").read_text("utf-8")
    for kind in FaultKind:
        assert f"| `{kind.value}` |" in text
    for key in ("what", "at", "lasts", "source", "path", "game", "status", "retry_after", "seconds",
                "size", "text", "side", "stat", "by"):  # fmt: skip
        assert f"`{key}`" in text
