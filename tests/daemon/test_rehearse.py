"""Replays in virtual time: the same recording and bets give the same rows and the real result."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from tests.daemon import night
from tracker.clock import LeapingClock
from tracker.domain.draft import Draft
from tracker.domain.game import FreeThrows, Game, GameState, Side
from tracker.domain.money import parse_odds
from tracker.domain.player import Stat
from tracker.domain.policy import parse_rule
from tracker.domain.prior import Lines
from tracker.feeds.polling import LookUp
from tracker.intake.bets_file import parse_bets
from tracker.language import find_in, parse_bet
from tracker.modelling.rule_trial import SiteWatch, rehearse
from tracker.replay import find_recording
from tracker.replay.nba_site import NbaSite
from tracker.replay.playback import Correction, Playback
from tracker.store import Store

pytestmark = pytest.mark.timeout(240)
"""Whole games are played once, within the time of the first test that needs them."""

RULES = tuple(map(parse_rule, ("p >= 0.80", "p <= 0.20", "swing 0.15 in 5m", "hit", "settled")))


def _no_lines(_: Game) -> Lines | None:
    return None


async def _play(
    database: Path, *playbacks: Playback, lines: tuple[Draft, ...] = ()
) -> tuple[str, list[dict[str, object]]]:
    games = [f"{p.recording.away.tricode}@{p.recording.home.tricode}" for p in playbacks]
    rows = [
        f'[[bet]]\nid = "{g} {p}"\npick = "{p}"\ngame = "{g}"\nodds = -110\nstake = 11.0\n'
        for g in games
        for p in night.picks_for(g)
    ]
    drafts = parse_bets("\n".join(rows), "bets.toml", 1000).drafts
    found = await rehearse(
        playbacks, (*drafts, *lines), database, RULES, _no_lines, lambda *_: None
    )
    async with await Store.open(database, now=night.TIP_OFF, readonly=True) as store:
        return found, await store.exports.rows("bets")


GAMES = tuple(Playback(find_recording(night.RECORDINGS[g])) for g in ("SAC@PHI", "LAC@LAL"))


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A replay of two games of one night: its database, and the hash of its rows."""
    database = tmp_path_factory.mktemp("replay") / "a.db"
    return database, asyncio.run(_play(database, *GAMES))[0]


async def test_two_replays_give_identical_rows(tmp_path: Path, played: tuple[Path, str]) -> None:
    """Two replays of the same bytes give the same hash over every table."""
    again, _ = await _play(tmp_path / "b.db", *GAMES)
    assert played[1] == again


async def test_a_replay_reads_who_is_at_the_line() -> None:
    """Late in a game the play-by-play is read beside the board, as the daemon reads it."""
    game = Game("0022500680", "nba", "PHI", "SAC", night.TIP_OFF)
    watch = SiteWatch(NbaSite(GAMES[:1]), LeapingClock(datetime(2026, 1, 30, 2, 30, 0, tzinfo=UTC)))
    state = (await watch.read(game, LookUp.BOARD, 0.0)).reading
    assert isinstance(state, GameState)
    assert (state.possession, state.throws) == (Side.HOME, FreeThrows(Side.HOME, 2, "1630178"))


async def test_a_replay_ends_official_and_right(played: tuple[Path, str]) -> None:
    """After the last box score check every bet is official, with the result of the real final."""
    async with await Store.open(played[0], now=night.TIP_OFF, readonly=True) as store:
        bets = await store.bets_view()
    assert {bet.status.value for bet in bets} == {"official"}
    for bet in bets:
        assert bet.result is not None
        assert bet.result.value == night.expected(*str(bet.id).split(" ", 1)), bet.id


async def test_each_changed_state_has_one_snapshot_a_bet(played: tuple[Path, str]) -> None:
    """No state is stored twice in a row, and all bets of a game have the same moments."""
    async with await Store.open(played[0], now=night.TIP_OFF, readonly=True) as store:
        views = [await store.show_view(bet.number) for bet in await store.bets_view()]
    moments = {
        (
            view.bet.game and view.bet.game.id,
            tuple((x.poll, x.snapshot.game.period, x.snapshot.game.clock) for x in view.snapshots),
        )
        for view in views
        if view is not None
    }
    assert len(moments) == len(GAMES)
    for _, polls in moments:
        assert len({poll for poll, _, _ in polls}) == len(polls) > 200


LINES = (
    "Paul George under 6.5 reb",
    "Paul George over 12.5 pts",
    "Paul George over 4.5 ast",
    "Oubre over 15.5 pts",
    "Paul George double-double",
    "Broome over 3.5 pts",
    "parlay: PHI ML; SAC@PHI over 220.5; Paul George over 3.5 ast",
)


@pytest.fixture(scope="module")
def corrected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of a game with lines on players, whose rewritten box has one point less."""
    recording = find_recording(night.RECORDINGS["SAC@PHI"])
    assert recording.official is not None
    scorer = recording.official.home.lines[0].player
    fix = Correction(scorer, "points", -1, period=4)
    pick = partial(parse_bet, find=find_in("nba"))
    lines = [Draft(pick(x), odds=parse_odds("+100"), stake_cents=1000) for x in LINES]
    database = tmp_path_factory.mktemp("corrected") / "a.db"
    asyncio.run(_play(database, Playback(recording, corrections=(fix,)), lines=tuple(lines)))
    return database


async def test_a_corrected_box_makes_a_second_revision(corrected: Path) -> None:
    """One point less in the rewritten box score turns a result once, as a second revision."""
    async with await Store.open(corrected, now=night.TIP_OFF, readonly=True) as store:
        bets = {str(bet.id): bet for bet in await store.bets_view()}
        total = await store.show_view(bets["SAC@PHI PHI over 112.5"].number)
    assert total is not None
    assert [x.settlement.result.value for x in total.settlements] == ["won", "lost"]
    assert [x.settlement.revision for x in total.settlements] == [1, 2]
    assert total.bet.status.value == "official"


async def test_player_lines_and_a_parlay_end_as_the_box_says(corrected: Path) -> None:
    """Player lines and a parlay have a chance at every poll, and settle by the official figures."""
    async with await Store.open(corrected, now=night.TIP_OFF, readonly=True) as store:
        numbers = sorted(x.number for x in await store.bets_view())[-len(LINES) :]
        shown = [await store.show_view(n) for n in numbers]
        kept = await store.players.recent_games([("nba", "paul george"), ("nba", "johni broome")])
    ends = [(x.bet.result, x.bet.status.value) for x in shown if x is not None]
    assert [str(x) for x, _ in ends] == ["won", "won", "won", "lost", "lost", "void", "won"]
    assert {x for _, x in ends} == {"official"}
    assert [len(x.snapshots) > 200 for x in shown if x is not None] == [True] * 5 + [False, True]
    [played] = kept["nba", "paul george"]
    assert dict(played.stats)[Stat.REB] == 2
    assert len(kept) == 1
