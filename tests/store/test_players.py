"""What is remembered of players: their teams and their last games."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.store.values import GAME, OTHER, T0, a_book, after, poll, state
from tracker.domain.game import GameState, Phase, PlayerLine, Side
from tracker.domain.player import PlayerGame, Stat
from tracker.domain.tracking import Change
from tracker.store import Store

STATS = (("pts", 27), ("reb", 12), ("3pm", 0), ("plusMinus", 4))
LINES = (
    PlayerLine("1", "Nikola Jokić", Side.HOME, STATS, 35.5, starter=True, played=True),
    PlayerLine("2", "LeBron James", Side.AWAY, (("pts", 8),), 31.0, played=True),
    PlayerLine("3", "Bronny James Jr.", Side.AWAY, (), note="DNP"),
)
JOKIC = ("nba", "nikola jokic")


def final(points: int = 27) -> GameState:
    """The end of the game in a box score."""
    lines = (replace(LINES[0], stats=(("pts", points), *STATS[1:])), *LINES[1:])
    return replace(state(40, phase=Phase.FINAL), players=lines)


async def test_a_final_box_leaves_what_each_player_did(store: Store) -> None:
    """Players who were on court are stored, with a name that compares equal everywhere."""
    tracking = await a_book(store)
    over = replace(tracking, state=final(), changed_at=T0)
    await store.record(poll(after(1), final()), Change(over), ())
    found = await store.players.recent_games(
        [JOKIC, ("nba", "lebron james"), ("nba", "bronny james")]
    )
    stats = ((Stat.PTS, 27), (Stat.REB, 12), (Stat.THREES, 0))
    assert found[JOKIC] == (
        PlayerGame("Nikola Jokić", "DEN", GAME.id, GAME.start, 35.5, True, stats, 45),
    )
    assert {x: y[0].margin for x, y in found.items()} == {JOKIC: 45, ("nba", "lebron james"): -45}


async def test_a_corrected_box_takes_the_place_of_the_first(store: Store) -> None:
    """A game counts once, with its latest box score."""
    tracking = await a_book(store)
    for second, points in enumerate((27, 26)):
        over = replace(tracking, state=final(points), changed_at=T0)
        await store.record(poll(after(second), final(points)), Change(over), ())
    [game] = (await store.players.recent_games([JOKIC]))[JOKIC]
    assert game.stats[0] == (Stat.PTS, 26)


async def test_a_box_that_is_doubted_or_of_a_running_game_leaves_nothing(store: Store) -> None:
    """Only a game that is believed to be over is stored."""
    tracking = await a_book(store)
    await store.record(poll(after(1), final()), Change(replace(tracking, state=state(3))), ())
    running = replace(state(3), players=LINES)
    await store.record(poll(after(2), running), Change(replace(tracking, state=running)), ())
    assert await store.players.recent_games([JOKIC]) == {}


async def test_the_newest_games_come_first_and_no_more_than_asked(store: Store) -> None:
    """The newest games come first, at most as many as asked for."""
    tracking = await a_book(store)
    for day in range(3):
        game = replace(GAME, id=f"002260000{day}", start=GAME.start + timedelta(days=day))
        over = replace(final(20 + day), game=game)
        await store.record(
            poll(after(day), over), Change(replace(tracking, game=game, state=over)), ()
        )
    found = await store.players.recent_games([JOKIC], most=2)
    assert [x.stats[0][1] for x in found[JOKIC]] == [22, 21]


async def test_a_game_that_is_over_is_known_by_what_was_before_it(store: Store) -> None:
    """With `before`, as many earlier games are read as were read then."""
    tracking = await a_book(store)
    for day in range(4):
        game = replace(GAME, id=f"002260000{day}", start=GAME.start + timedelta(days=day))
        over = replace(final(20 + day), game=game)
        await store.record(
            poll(after(day), over), Change(replace(tracking, game=game, state=over)), ()
        )
    before, teams = GAME.start + timedelta(days=3), [("nba", "DEN")]
    recent = await store.players.recent_games([JOKIC], 2, before)
    assert [x.stats[0][1] for x in recent[JOKIC]] == [22, 21]
    played = await store.players.team_games(teams, 2, before)
    assert {x.stats[0][1] for x in played["nba", "DEN"]["nikola jokic"]} == {21, 22}
    against = await store.players.opponents(teams, 2, before)
    assert {x.game_id for x in against["nba", "DEN"]} == {"0022600001", "0022600002"}


async def test_games_before_a_season_and_among_stars_tell_nothing_of_a_player(store: Store) -> None:
    """What was done in a preseason or an All-Star game is no form, by whatever it is asked for."""
    for name in ("0012600001", "0032600001"):
        await store.players.keep_finished(replace(final(), game=replace(GAME, id=name)))
    assert await store.players.recent_games([JOKIC]) == {}
    assert await store.players.team_games([("nba", "DEN")]) == {("nba", "DEN"): {}}
    assert await store.players.opponents([("nba", "LAL")]) == {("nba", "LAL"): ()}
    assert await store.players.log(*JOKIC, 5) == ()
    assert await store.players.named("jokic") == ()


async def test_an_all_star_stays_with_his_team(store: Store) -> None:
    """A team that is not the league's takes nobody from his own, days after its last game."""
    await store.players.meet({("nba", "DEN"): ("Nikola Jokic",)}, T0)
    await store.players.meet({("nba", "WORLD"): ("Nikola Jokic", "A Guest")}, after(4 * 86_400))
    found = await store.players.rosters(after(5 * 86_400))
    assert found["nba", "DEN"] == ("Nikola Jokic",)
    assert found["nba", "WORLD"] == ("A Guest", "Nikola Jokic")


async def test_rosters_are_as_last_seen(store: Store) -> None:
    """A traded player is on his present team; one not seen for long is forgotten."""
    await store.players.meet({("nba", "DEN"): ("Nikola Jokić", "Old Man")}, T0)
    await store.players.meet({("nba", "LAL"): ("LeBron James", "Traded Twice")}, T0)
    later = T0 + timedelta(days=59)
    await store.players.meet({("nba", "DEN"): ("Nikola Jokic", "Traded Twice")}, later)
    await store.players.meet({("nba", OTHER.home): ("LeBron James",)}, T0 + timedelta(days=1))
    assert await store.players.rosters(later) == {
        ("nba", "BOS"): ("LeBron James",),
        ("nba", "DEN"): ("Nikola Jokic", "Old Man", "Traded Twice"),
        ("nba", "LAL"): ("LeBron James",),
    }
    assert await store.players.rosters(later + timedelta(days=5)) == {
        ("nba", "DEN"): ("Nikola Jokic", "Traded Twice")
    }
