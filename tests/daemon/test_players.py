"""Bets on players: found on rosters and in box scores, with priors from their stored games."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.doubles.clock import FakeClock
from tests.doubles.log import log_line
from tests.engine.build import GAME, T0, after, live
from tests.store.values import started
from tracker.app.player_priors import PlayerBeliefs
from tracker.app.pricing import Pricing
from tracker.daemon.watchers.followed_bets import FollowedBets
from tracker.daemon.watchers.lacking import BOX_STEP, watch_rosters
from tracker.domain.bet import Bet, Parlay
from tracker.domain.chance import LittleKnown
from tracker.domain.draft import Draft
from tracker.domain.game import Game, GameState, Phase, PlayerLine, Score, Side
from tracker.domain.market import Direction, PlayerTotal
from tracker.domain.money import parse_odds
from tracker.domain.player import Player, PlayerGame, Stat
from tracker.domain.poll import Trouble, Unreadable
from tracker.domain.prior import Prior, PriorSource
from tracker.domain.tracking import GameTracking, Tracked
from tracker.feeds.polling import FeedAnswer, LookUp
from tracker.forecast import forecast, load_parameters
from tracker.forecast.pricing.player_lines import player_chance
from tracker.forecast.priors import Known
from tracker.language import find_in, parse_bet
from tracker.settings import Settings, settings_of
from tracker.store import Store

OTHER = Game("0022600002", "nba", "BOS", "NYK", T0)
JOKIC = Player("Nikola Jokić", Side.HOME)


def box(game: Game, home: tuple[str, ...], away: tuple[str, ...]) -> GameState:
    """A box score from before tip-off with these players."""
    lines = [(x, Side.HOME) for x in home] + [(x, Side.AWAY) for x in away]
    players = tuple(PlayerLine(x, x, side, ()) for x, side in lines)
    return GameState(game, Phase.SCHEDULED, 0, 0.0, Score(0, 0), players=players)


DENVER = box(GAME, ("Nikola Jokić", "Jamal Murray"), ("LeBron James", "Bronny James Jr."))
BOSTON = box(OTHER, ("Jaylen Brown",), ("Josh Hart",))


@dataclass
class Night:
    """Followed bets over a store that has tonight's two games."""

    store: Store
    followed: FollowedBets
    events: list[tuple[str, dict[str, str]]]

    async def add(self, line: str) -> None:
        """Add a bet as another process would, its game unknown."""
        await self.store.add(written(line), game=None, defaults=(), at=T0)
        await self.followed.refresh(slate_changed=True)

    async def met(self, *states: GameState) -> None:
        """Take box scores, as a track or the roster loop would."""
        for state in states:
            self.followed.meet(state)
        await self.followed.refresh()

    def said(self, event: str) -> list[dict[str, str]]:
        """The reported events of a kind."""
        return [what for name, what in self.events if name == event]


def written(line: str) -> Draft:
    """The draft of a line."""
    pick = parse_bet(line, find_in("nba"))
    return Draft(pick, odds=pick.odds, stake_cents=pick.stake_cents)


def settings_in(folder: Path) -> Settings:
    """Settings without a bets file."""
    paths = {"store": {"path": str(folder / "tracker.db")}, "bets": {"file": str(folder / "none")}}
    return settings_of(paths, folder / "tracker.toml")


@pytest.fixture
async def night(tmp_path: Path) -> AsyncIterator[Night]:
    """Two games an hour before their tip-off, whose players are unknown."""
    settings = settings_in(tmp_path)
    events: list[tuple[str, dict[str, str]]] = []
    async with await Store.open(started(tmp_path / "tracker.db"), now=T0, durable=False) as store:
        await store.save_games([(GAME, None), (OTHER, None)], T0)
        clock = FakeClock(after(-3600))
        followed = FollowedBets(
            store, clock, settings, lambda event: events.append(log_line(event))
        )
        followed.know_slate()
        await followed.refresh()
        yield Night(store, followed, events)


async def test_a_mere_player_is_found_once_a_box_names_him(night: Night) -> None:
    """A bet on a player alone waits for a box score, and its possible games ask for one."""
    await night.add("Jokic over 25.5 pts -115 $20")
    assert {x.id for x in night.followed.without_roster} == {GAME.id, OTHER.id}
    assert night.followed.waiting == 1
    await night.met(DENVER, BOSTON)
    [(_, tracked)] = [(b, t) for b in await night.store.trackings(()) for t in b.tracked]
    assert tracked.bet.market == PlayerTotal(JOKIC, Stat.PTS, Direction.OVER, 25.5)
    assert (night.followed.without_roster, night.followed.waiting) == ((), 0)
    assert night.said("bet.matched") == [{"bet": "1", "game": "LAL@DEN 2026-11-20"}]


async def test_a_player_is_found_whose_opponents_alone_are_known(night: Night) -> None:
    """A game of which one team was met on another night asks for its box, and is no mistake yet."""
    lakers = {("nba", "LAL"): ("LeBron James", "Jokic Smith")}
    await night.store.players.meet(lakers, T0 - timedelta(days=2))
    await night.met(BOSTON)
    await night.add("Nikola Jokic over 25.5 pts -115 $20")
    await night.add("LAL@DEN Jokitch over 9.5 reb")
    assert [x.id for x in night.followed.without_roster] == [GAME.id]
    assert night.said("bets.mistake") == []
    await night.met(DENVER)
    assert night.followed.waiting == 1
    assert len(night.said("bets.mistake")) == 1


async def test_a_leg_that_names_the_game_says_whose_box_is_wanted(night: Night) -> None:
    """A same-game parlay asks for the box of its own game alone, though the opponents are known."""
    await night.store.players.meet({("nba", "LAL"): ("LeBron James",)}, T0 - timedelta(days=2))
    await night.followed.refresh(slate_changed=True)
    await night.add("sgp: DEN -4.5, Jokic over 25.5 pts +300 $10")
    assert [x.id for x in night.followed.without_roster] == [GAME.id]
    await night.met(DENVER)
    assert night.followed.waiting == 0


async def test_a_name_that_was_mistyped_is_told_once(night: Night) -> None:
    """A mistyped name is reported once, as soon as a box score has the player who was meant."""
    await night.add("Jokicc over 25.5 pts -115 $20")
    assert night.said("bets.mistake") == []
    await night.met(DENVER)
    await night.met(BOSTON)
    [said] = night.said("bets.mistake")
    assert said["what"].endswith(
        "nobody of that name is known to play (did you mean Nikola Jokić?)"
    )


async def test_what_a_players_prior_rests_on_is_told_by_his_name(night: Night) -> None:
    """A player's prior is reported under the name in the box score, not under the compared key."""
    await night.add("Jokic over 25.5 pts -115 $20")
    await night.met(DENVER)
    (tracking,) = await night.store.trackings(())
    told = Pricing(Known(lambda _: None), load=load_parameters).prior_of(
        GAME, [x.bet for x in tracking.tracked]
    )
    assert told.by.endswith("; Nikola Jokić: the line of bet #1")


async def test_a_roster_is_remembered_from_earlier_games(night: Night, tmp_path: Path) -> None:
    """A player seen earlier with his team is found before tonight's box score exists."""
    await night.store.players.meet({("nba", "DEN"): ("Nikola Jokić",)}, T0 - timedelta(days=2))
    again = FollowedBets(night.store, FakeClock(T0), settings_in(tmp_path), lambda *_: None)
    again.know_slate()
    await night.store.add(written("DEN Jokic o25.5 pts"), game=None, defaults=(), at=T0)
    trackings = await again.refresh()
    assert trackings is not None
    assert [x.bet.market for tracking in trackings for x in tracking.tracked] == [
        PlayerTotal(JOKIC, Stat.PTS, Direction.OVER, 25.5)
    ]


async def test_a_mistake_in_the_file_that_is_made_again_is_told_again(
    night: Night, tmp_path: Path
) -> None:
    """A mistake is told once while it stands, and once more when it comes back after a mend."""
    file, told = tmp_path / "none", list[list[str]]()
    for pick in ("DEN MLL", "DEN MLL", "DEN ML", "DEN MLL"):
        file.write_text(f'# {len(told)}\n[[bet]]\npick = "{pick}"\n')
        for _ in range(2):
            await night.followed.refresh()
        told.append([x["again"] for x in night.said("bets.mistake")])
    assert told == [["False"], ["False"], ["False"], ["False", "True"]]


async def test_two_players_of_a_name_are_named_and_neither_is_guessed(night: Night) -> None:
    """An ambiguous name is a mistake that lists the candidates, reported once."""
    await night.met(DENVER, BOSTON)
    await night.add("LAL@DEN James over 5.5 pts")
    await night.followed.refresh(slate_changed=True)
    [mistake] = night.said("bets.mistake")
    assert "Bronny James Jr. (LAL) or LeBron James (LAL)" in mistake["what"]
    assert night.followed.waiting == 1


async def test_a_name_that_is_not_on_the_roster_is_said_with_near_misses(night: Night) -> None:
    """A bet on a name that is not on the roster goes on waiting, and near names are given."""
    await night.met(DENVER, BOSTON)
    await night.add("LAL@DEN Jokitch over 25.5 pts")
    [mistake] = night.said("bets.mistake")
    assert "did you mean Nikola Jokić" in mistake["what"]
    assert [x.id for x in night.followed.without_roster] == [GAME.id]
    new = replace(DENVER, players=(*DENVER.players, PlayerLine("9", "Ivan Jokitch", Side.HOME, ())))
    await night.met(new)
    assert night.followed.waiting == 0


async def test_a_parlay_is_bound_once_every_leg_is_known(night: Night) -> None:
    """One leg whose player is unknown holds the whole parlay."""
    await night.met(DENVER)
    await night.add("parlay: DEN ML; Jaylen Brown over 20.5 pts +260 $10")
    assert await night.store.trackings(()) == []
    await night.met(BOSTON)
    trackings = await night.store.trackings(())
    assert [x.game.id for x in trackings] == [GAME.id, OTHER.id]
    market = trackings[0].tracked[0].bet.market
    assert isinstance(market, Parlay)
    assert [x.game.id for x in market.legs] == [GAME.id, OTHER.id]


async def test_a_bet_is_followed_with_what_is_known_of_its_player(night: Night) -> None:
    """A poll that comes while bets are read finds the bet with the player's games, or neither."""
    past = replace(DENVER, game=replace(GAME, id="0022600900", start=T0 - timedelta(days=2)))
    lines = tuple(replace(x, minutes=30.0, played=True) for x in past.players)
    over = replace(past, phase=Phase.FINAL, period=4, score=Score(100, 90), players=lines)
    await night.store.players.keep_finished(over)
    await night.store.players.meet({("nba", "DEN"): (JOKIC.name,)}, T0 - timedelta(days=2))
    await night.store.add(written("DEN Jokic o25.5 pts"), game=None, defaults=(), at=T0)
    reading = asyncio.create_task(night.followed.refresh(slate_changed=True))
    while True:
        known = bool(night.followed.wanted(GameTracking(GAME)))
        assert known == bool(night.followed.recent)
        if reading.done():
            break
        await asyncio.sleep(0)
    assert night.followed.recent


@dataclass
class Boxes:
    """A source of box scores that remembers each request and its time."""

    clock: FakeClock
    reading: GameState | Unreadable
    asked: list[tuple[float, str]] = field(default_factory=list)

    async def read(
        self,
        game: Game,
        ask: LookUp,
        max_age: float,  # noqa: ARG002
        believed: GameState | None = None,  # noqa: ARG002
    ) -> FeedAnswer:
        """The box score of a game."""
        assert ask is LookUp.BOX
        self.asked.append((self.clock.monotonic(), game.id))
        now, heard = self.clock.now(), self.clock.monotonic()
        return FeedAnswer("nba", "box", now, heard, b"", "", self.reading)


async def test_boxes_are_read_kindly_for_the_names_in_them() -> None:
    """Rosters are read from two hours before, at most every five minutes a game, four at a time."""
    home = ["DEN", "BOS", "PHI", "ATL", "GSW", "DAL"]
    away = ["LAL", "NYK", "SAC", "HOU", "NOP", "CHA"]
    games = [Game(f"002260001{n}", "nba", home[n], away[n], after(0)) for n in range(6)]
    games[5] = replace(games[5], start=after(6 * 3600))
    clock = FakeClock(after(-3 * 3600))
    boxes = Boxes(clock, Unreadable(Trouble.NOT_PUBLISHED, "not yet"))
    met: list[GameState] = []
    room = True
    watching = asyncio.create_task(
        watch_rosters(lambda: games, boxes, met.append, lambda _: room, clock)
    )
    await clock.advance(3590.0)
    assert boxes.asked == []
    await clock.advance(300.0)
    assert sorted(x for _, x in boxes.asked) == [x.id for x in games[:5]]
    assert len({at for at, _ in boxes.asked}) == 2
    boxes.reading = DENVER
    await clock.advance(300.0)
    assert len(boxes.asked) == 10
    assert met == [DENVER] * 5
    room = False
    await clock.advance(900.0)
    assert len(boxes.asked) == 10
    watching.cancel()


async def test_of_many_games_each_box_has_its_turn() -> None:
    """More unpublished boxes than can be asked for in five minutes keep none from being read."""
    games = [Game(f"4018000{n:02}", "ncaam", f"H{n}", f"A{n}", after(n)) for n in range(60)]
    clock = FakeClock(after(0))
    boxes = Boxes(clock, Unreadable(Trouble.NOT_PUBLISHED, "not yet"))
    watching = asyncio.create_task(
        watch_rosters(lambda: games, boxes, lambda _: None, lambda _: True, clock)
    )
    await clock.advance(15 * BOX_STEP)
    watching.cancel()
    assert {x for _, x in boxes.asked} == {x.id for x in games}


def on_jokic(number: int, points: float, odds: str, *, late: bool = False) -> Tracked:
    """A bet on a player, from before tip-off or later."""
    market = PlayerTotal(JOKIC, Stat.PTS, Direction.OVER, points)
    at = after(60 if late else -600)
    return Tracked.fresh(Bet(number, "x", market, GAME, (), at, parse_odds(odds), 1000))


def a_game(points: int, days: int) -> PlayerGame:
    """A player's game this many days before."""
    start = T0 - timedelta(days=days)
    return PlayerGame(
        JOKIC.name, "DEN", f"g{days}", start, 34.0, True, ((Stat.PTS, points), (Stat.REB, 12)), 4
    )


def points_believed(beliefs: PlayerBeliefs, *bets: Tracked) -> float:
    """The player's expected points per minute."""
    priors = beliefs.priors(GameTracking(GAME, bets))
    assert priors is not None
    return priors.of(Side.HOME, JOKIC.key).rates[0]


def test_of_a_player_without_games_and_lines_nothing_is_believed() -> None:
    """A player without games or priced lines has no prior, not even his role's average."""
    beliefs, late = PlayerBeliefs(), on_jokic(1, 25.5, "+100", late=True)
    assert beliefs.priors(GameTracking(GAME)) is None
    bare = replace(late, bet=replace(late.bet, odds=None, added_at=T0))
    for unknown in (late, bare):
        with pytest.raises(LittleKnown):
            points_believed(beliefs, unknown)
    beliefs.recent = {("nba", JOKIC.key): tuple(a_game(40, -n) for n in range(1, 11))}
    with pytest.raises(LittleKnown):
        points_believed(beliefs, late)
    beliefs.recent = {("nba", JOKIC.key): tuple(a_game(40, n) for n in range(1, 11))}
    assert points_believed(beliefs, late) * 34 > 30
    assert points_believed(beliefs, bare) == points_believed(beliefs, late)


def test_in_the_playoffs_a_regular_is_expected_to_play_more() -> None:
    """The id of the game says that it is one of the play-offs; another source's id does not."""
    beliefs = PlayerBeliefs()
    beliefs.recent = {("nba", JOKIC.key): tuple(a_game(25, n) for n in range(1, 11))}
    minutes = {}
    for number in ("0022600001", "0042600101", "401654321"):
        game = replace(GAME, id=number)
        priors = beliefs.of((), game, named=(JOKIC,))
        assert priors is not None
        minutes[number] = priors.of(Side.HOME, JOKIC.key).minutes(True)
    usual, late, unknown = minutes.values()
    assert late > usual + 1
    assert unknown == usual


@pytest.mark.parametrize(
    ("line", "odds", "said"), [(28.5, "-115", 0.51), (6.5, "-110", 0.5), (26.5, "+200", 0.318)]
)
def test_a_line_and_its_price_are_a_prior_where_nothing_else_is_known(
    line: float, odds: str, said: float
) -> None:
    """If nothing else is known, a line's chance is that of its price without the margin."""
    beliefs, own = PlayerBeliefs(), on_jokic(1, line, odds)
    state = GameState(GAME, Phase.SCHEDULED, 0, 720.0, Score(0, 0))
    prior = Prior(0.0, 226.0, PriorSource.LINES)
    players = beliefs.priors(GameTracking(GAME, (own,)))
    outlook = forecast(state, prior, load_parameters("nba"), players=players)
    assert isinstance(own.bet.market, PlayerTotal)
    assert player_chance(own.bet.market, outlook).win == pytest.approx(said, abs=0.03)


def test_priors_are_worked_out_once_though_each_poll_reads_its_game_anew() -> None:
    """They are the same object until the game itself changes, such as its tip-off."""
    beliefs, bets = PlayerBeliefs(), [on_jokic(1, 25.5, "-110").bet]
    first = beliefs.of(bets, GAME)
    assert beliefs.of(bets, replace(GAME)) is first is not None
    assert beliefs.of(bets, replace(GAME, start=GAME.start + timedelta(hours=1))) is not first


def test_the_evenest_line_from_before_tip_off_counts() -> None:
    """Only the evenest line from before tip-off counts, not a long shot or one placed in play."""
    beliefs = PlayerBeliefs()
    even = points_believed(beliefs, on_jokic(1, 10.5, "-110"))
    assert even > points_believed(beliefs, on_jokic(1, 6.5, "-110"))
    assert points_believed(beliefs, on_jokic(1, 10.5, "-110"), on_jokic(2, 18.5, "+900")) == even
    late = on_jokic(2, 6.5, "+100", late=True)
    assert points_believed(beliefs, on_jokic(1, 10.5, "-110"), late) == even


@pytest.mark.parametrize(("points", "odds"), [(25.5, "-110"), (27.5, "+105"), (24.5, "-125")])
def test_a_line_from_before_counts_though_it_is_told_of_in_play(points: float, odds: str) -> None:
    """Bets added in the third quarter have the chances of the same bets added before."""
    beliefs = PlayerBeliefs()
    beliefs.recent = {("nba", JOKIC.key): tuple(a_game(26, n) for n in range(1, 11))}
    before, late = (on_jokic(1, points, odds, late=x) for x in (False, True))
    assert points_believed(beliefs, late) == points_believed(beliefs, before)
    placed = replace(late, bet=replace(late.bet, placed_at=T0 - timedelta(hours=1)))
    assert points_believed(PlayerBeliefs(), placed) == points_believed(PlayerBeliefs(), before)


@pytest.mark.parametrize(
    ("placed", "points", "odds"),
    [(None, 38.5, "-110"), (None, 15.5, "-3300"), (T0 + timedelta(minutes=50), 25.5, "-110")],
)
def test_a_line_of_the_game_in_play_is_none_of_before(
    placed: datetime | None, points: float, odds: str
) -> None:
    """A line placed in play, or far from what a player's games say, changes nothing."""
    beliefs = PlayerBeliefs()
    beliefs.recent = {("nba", JOKIC.key): tuple(a_game(26, n) for n in range(1, 11))}
    late = on_jokic(1, points, odds, late=True)
    late = replace(late, bet=replace(late.bet, placed_at=placed))
    bare = replace(late, bet=replace(late.bet, odds=None))
    assert points_believed(beliefs, late) == points_believed(beliefs, bare)
    told = beliefs.priors(GameTracking(GAME, (late,)))
    assert told is not None
    assert told.told_by[Side.HOME, JOKIC.key] == "10 games"


def test_one_earlier_game_is_too_few_and_a_few_are_told_as_few() -> None:
    """A man of one game has no prior, nor has he by games in which he did not play."""
    beliefs, priced = PlayerBeliefs(), on_jokic(1, 25.5, "-110")
    bet = replace(priced, bet=replace(priced.bet, odds=None))
    asked = GameTracking(GAME, (bet,))

    def told(*games: PlayerGame) -> str | None:
        beliefs.recent = {("nba", JOKIC.key): games}
        priors = beliefs.priors(asked)
        assert priors is not None
        return priors.told_by.get((Side.HOME, JOKIC.key))

    assert told(a_game(26, 1)) is None
    assert told(a_game(26, 1), replace(a_game(0, 2), minutes=0.0)) is None
    assert beliefs.strangers([bet.bet], GAME) == (JOKIC,)
    assert told(a_game(26, 1), a_game(24, 2)) == "only 2 games"
    assert told(*(a_game(26, n) for n in range(1, 8))) == "7 games"


async def test_who_is_seen_again_goes_on_being_remembered(night: Night) -> None:
    """In a program that runs for months, each night's box score renews its players' rosters."""
    await night.met(DENVER)
    assert not night.followed.rosters.news
    night.followed.meet(replace(DENVER, phase=Phase.CANCELLED))
    assert not night.followed.rosters.news
    later = replace(GAME, id="0022600099", start=T0 + timedelta(days=50))
    night.followed.meet(replace(DENVER, game=later))
    assert night.followed.rosters.news


def test_a_box_while_he_plays_is_met_too(night: Night) -> None:
    """A box score in play teaches the roster too."""
    night.followed.meet(replace(live(1, 400, (10, 8)), players=DENVER.players))
    assert night.followed.rosters.news
