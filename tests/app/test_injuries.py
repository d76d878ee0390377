"""Promises of injuries: a player ruled out is reported at once, and every forecast knows."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.app.test_refresh import injuries
from tests.cli.conftest import Cli, keep_games, tonight
from tests.doubles.clock import FakeClock
from tests.engine.test_unknown import (
    GAME,
    PLAYED,
    Night,
    begun,
    bet,
    lines,
    over,
    player,
    soon,
)
from tracker.daemon.watchers.followed_bets import FollowedBets
from tracker.domain.bet import Leg, Parlay
from tracker.domain.chance import NoChance
from tracker.domain.draft import Draft
from tracker.domain.events import tell_nobody
from tracker.domain.game import Game, GameState, Phase, PlayerLine, Score, Side
from tracker.domain.market import Moneyline
from tracker.domain.player import BY_BOX, Absences, Availability, Injury, player_key
from tracker.feeds.espn import parse_injuries
from tracker.language import find_in, parse_bet
from tracker.settings import Settings, settings_of
from tracker.store import Store

STAR = PLAYED[0]
CODE = GAME.code(STAR.side)
OUT = Injury("nba", CODE, STAR.name, Availability.OUT, "Knee: sprain")


def absences(*told: Injury, read_at: datetime | None = None) -> Mapping[str, Absences]:
    """The league's injury list as read on the day of the game."""
    words = {(x.team, player_key(x.name)): (x,) for x in told}
    return {"nba": Absences(read_at or GAME.start - timedelta(hours=3), words)}


def bare() -> GameState:
    """The board an hour before tip-off; no box score has players yet."""
    return replace(soon(), players=())


@pytest.mark.parametrize(
    ("name", "day", "out"),
    [
        # ESPN says `Out`, expects her back that day, and its comment calls her questionable.
        ("Aaliyah Nye", date(2026, 7, 9), False),
        ("Aaliyah Nye", date(2026, 7, 8), True),
        ("Kelsey Plum", date(2026, 7, 27), True),
        ("Kelsey Plum", date(2026, 7, 28), False),
    ],
)
def test_out_holds_until_the_date_of_return(name: str, day: date, out: bool) -> None:
    """By a recorded list, read on 8 July, a player is out until the date of return."""
    (word,) = [x for x in parse_injuries(injuries(), "wnba") if x.name == name]
    assert word.keeps_out_on(day, date(2026, 7, 8)) is out


def test_without_a_date_of_return_out_is_about_the_next_game() -> None:
    """Without a date of return, out holds for the next game; no other status rules a player out."""
    read = date(2026, 11, 20)
    assert OUT.keeps_out_on(read, read)
    assert OUT.keeps_out_on(read + timedelta(days=1), read)
    assert not OUT.keeps_out_on(read + timedelta(days=2), read)
    for status in set(Availability) - {Availability.OUT}:
        assert not replace(OUT, status=status).keeps_out_on(read, read)


def test_who_is_ruled_out_by_the_list_is_told_before_any_box_and_unsaid() -> None:
    """A player on the list is reported out for each bet before any box score, and back again."""
    slip = Parlay((Leg(GAME, Moneyline(Side.HOME)), Leg(GAME, over(STAR))))
    night = Night.of(bet(1, over(STAR)), bet(2, slip, "+260"))
    players = night.forecaster.pricing.players
    players.absences = absences()
    night.poll(bare(), -7200)
    alone = night.tracked(2).chance
    players.absences = absences(OUT)
    said = [night.says(x).splitlines()[0] for x in night.poll(bare(), -7000)]
    assert said == [
        said[0],
        f"⚠ {player(STAR).name} is out: leg 2 will be void",
    ]
    assert said[0].endswith("will be void")
    assert (night.tracked(1).chance, night.tracked(1).no_chance) == (None, NoChance.OUT)
    assert night.tracked(2).out == (1,)
    assert night.poll(bare(), -6900) == []
    players.absences = absences()
    assert [x.rule for x in night.poll(bare(), -6800)] == ["out", "out"]
    assert night.tracked(2).chance == alone


def test_a_box_that_has_him_start_or_play_outweighs_the_list() -> None:
    """A box score outweighs the list if the player starts or plays, not if it only names him."""
    night = Night.of(bet(1, over(STAR)))
    night.forecaster.pricing.players.absences = absences(OUT)
    nobody = replace(soon(), players=tuple(replace(x, starter=False) for x in lines(begun=False)))
    assert [x.rule for x in night.poll(nobody, -600)] == ["out"]
    idle = tuple(
        replace(x, starter=False, played=False, on_court=False) if x.name == STAR.name else x
        for x in lines(begun=True)
    )
    assert night.poll(begun(700, Score(2, 0), idle), 20) == []
    assert night.tracked().no_chance is NoChance.OUT
    came_in = tuple(replace(x, played=True) if x.name == STAR.name else x for x in idle)
    assert [x.rule for x in night.poll(begun(680, Score(2, 3), came_in), 40)] == ["out"]
    assert night.tracked().chance is not None


def test_the_forecast_of_a_player_knows_that_a_team_mate_is_out() -> None:
    """A player's forecast counts a team-mate who is out, by the list as by the box score."""
    mate = next(x for x in PLAYED if x.side is STAR.side and not x.starter)

    def chances(box: bool) -> list[float]:
        night = Night.of(bet(1, over(mate)))
        players = night.forecaster.pricing.players
        team = {k: x for (_, k), x in players.recent.items() if x[0].team == CODE}
        players.teams = {("nba", CODE): team}
        found: list[float] = []
        for out in (frozenset[str](), frozenset({STAR.name})):
            players.absences = {} if box else absences(*([OUT] if out else []))
            listed = soon(out) if box else bare()
            # Who starts is told by neither.
            listed = replace(
                listed, players=tuple(replace(x, starter=False) for x in listed.players)
            )
            night.poll(listed, -7200.0 + len(found))
            chance = night.tracked().chance
            assert chance is not None
            found.append(chance.win)
        return found

    whole, without = chances(box=False)
    assert abs(without - whole) > 0.003
    assert [whole, without] == pytest.approx(chances(box=True))


def test_a_list_of_last_week_expects_nobody_and_rules_out_by_its_dates_alone() -> None:
    """An old list makes no player expected, and rules players out only by its dates."""
    old = GAME.start - timedelta(days=9)
    players = Night.of(bet(1, over(STAR))).forecaster.pricing.players
    players.absences = absences(OUT, read_at=old)
    assert players.lined_up(bare(), ()).players == ()
    later = replace(OUT, returns=GAME.slate + timedelta(days=1))
    players.absences = absences(later, read_at=old)
    (line,) = players.lined_up(bare(), ()).players
    assert (line.name, line.out, line.note) == (STAR.name, True, "out: Knee: sprain")


def _settings(folder: Path) -> Settings:
    paths = {"store": {"path": str(folder / "t.db")}, "bets": {"file": str(folder / "none")}}
    return settings_of(paths, folder / "tracker.toml")


async def test_what_another_process_read_wakes_the_games_that_it_is_about(tmp_path: Path) -> None:
    """An injury read by another process makes only that player's game be polled at once."""
    other = replace(GAME, id="0022600777", home="MIA", away="ORL")
    now = GAME.start - timedelta(hours=4)
    async with await Store.open(tmp_path / "t.db", now=now, durable=False) as store:
        await store.save_games([(GAME, None), (other, None)], now)
        for game, line in ((GAME, f"{GAME.home} ML"), (other, "MIA ML")):
            pick = parse_bet(line, find_in("nba"))
            await store.add(Draft(pick), game=game, defaults=(), at=now)
        followed = FollowedBets(store, FakeClock(now), _settings(tmp_path), tell_nobody)
        await followed.refresh()
        async with await Store.open(tmp_path / "t.db", now=now, durable=False) as chore:
            await chore.seasons.keep_injuries("nba", [OUT], now)
        assert await followed.refresh() is not None
        assert followed.moved() == {GAME.id}
        assert followed.absences["nba"].out_of(GAME, CODE) == {player_key(STAR.name): OUT}
        assert await followed.refresh() is None


async def test_the_notes_of_a_box_are_kept_on_change_and_are_of_its_game_alone(
    tmp_path: Path,
) -> None:
    """Box score reports are stored beside the list's, on change, and hold for their game only."""
    now = GAME.start - timedelta(minutes=30)
    async with await Store.open(tmp_path / "t.db", now=now, durable=False) as store:
        followed = FollowedBets(store, FakeClock(now), _settings(tmp_path), tell_nobody)
        await followed.refresh()
        for _ in range(2):
            followed.meet(soon(frozenset({STAR.name})))
            await followed.refresh()
        rows = await store.seasons.injuries("nba")
        word = rows[player_key(STAR.name)]
        assert (word.source, word.detail) == (BY_BOX, "INACTIVE_INJURY")
        assert word.keeps_out_on(GAME.slate, GAME.slate)
        assert not word.keeps_out_on(GAME.slate + timedelta(days=1), GAME.slate)
        assert await store.seasons.keep_box([word], now) == ()
        assert await store.seasons.keep_injuries("nba", [], now) == ()
        assert player_key(STAR.name) in await store.seasons.injuries("nba", GAME.slate)
        assert await store.seasons.injuries("nba", GAME.slate + timedelta(days=1)) == {}


async def test_what_a_wrong_clock_wrote_down_is_not_the_newest_word(tmp_path: Path) -> None:
    """A list that was read while the clock was ten days ahead gives way to the next one."""
    now = datetime(2026, 11, 21, 3, tzinfo=UTC)
    back = replace(OUT, status=Availability.QUESTIONABLE)
    async with await Store.open(tmp_path / "t.db", now=now) as store:
        await store.seasons.keep_injuries("nba", [OUT], now + timedelta(days=10))
        await store.seasons.keep_injuries("nba", [back], now)
        assert list((await store.seasons.injuries("nba")).values()) == [back]
        assert await store.seasons.keep_injuries("nba", [back], now + timedelta(hours=1)) == ()


async def test_the_newest_word_on_a_player_counts_whichever_source_said_it(tmp_path: Path) -> None:
    """A player whom a list drops is available again, though an older box lists him as out."""
    now = GAME.start - timedelta(hours=2)
    boxed = replace(OUT, source=BY_BOX, returns=GAME.slate + timedelta(days=1))
    async with await Store.open(tmp_path / "t.db", now=now, durable=False) as store:
        await store.seasons.keep_injuries("nba", [OUT], now)
        await store.seasons.keep_box([boxed], now + timedelta(minutes=10))
        assert (await store.seasons.injuries("nba"))[player_key(STAR.name)] == boxed
        await store.seasons.keep_injuries("nba", [], now + timedelta(minutes=20))
        assert await store.seasons.injuries("nba", GAME.slate) == {}


def test_a_bet_on_who_is_out_is_added_as_out(cli: Cli, config: Path) -> None:
    """A bet on a player who is out is shown as out, without a chance."""
    now = datetime.now(UTC)
    game = Game("0022600001", "nba", "DEN", "LAL", tonight())
    keep_games(config, (game,))
    word = Injury("nba", "DEN", "Nikola Jokic", Availability.OUT, "Ankle")
    seen = PlayerLine("1", "Nikola Jokić", Side.HOME, (("pts", 28),), 34.0, starter=True,
                      played=True)  # fmt: skip
    past = replace(game, id="0022600000", start=now - timedelta(days=2))
    final = GameState(past, Phase.FINAL, 4, 0.0, Score(110, 100), players=(seen,))

    async def fill() -> None:
        async with await Store.open(config.parent / "state" / "tracker.db", now=now) as store:
            await store.players.keep_finished(final)
            await store.players.meet({("nba", "DEN"): ("Nikola Jokić",)}, now)
            await store.seasons.keep_injuries("nba", [word], now)

    asyncio.run(fill())
    added = cli("add", "--chance", "Jokic over 25.5 pts -115 $20")
    assert added.status == 0, added.err
    assert "none yet: a player is out, so the lines will be void" in added.out
