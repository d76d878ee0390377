"""Promises of `tracker add`: it registers a bet, finds its game, and adds no bet twice."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, in_store, keep_games, tonight
from tracker.domain.game import Game, GameState, Phase, Score
from tracker.domain.player import PlayerGame, Stat
from tracker.domain.poll import Poll
from tracker.domain.tracking import Change
from tracker.store import Store
from tracker.store.players import keep_games as keep_player_games

pytestmark = pytest.mark.usefixtures("slate")


def test_a_line_becomes_a_bet_on_the_game_that_it_means(cli: Cli) -> None:
    """The answer names the matched game, the price and the break-even."""
    ran = cli("add", "DEN -4.5 -110 $20")
    assert ran.status == 0
    assert "Los Angeles Lakers at Denver Nuggets" in ran.out
    assert "#1 DEN -4.5 · -110 · stake $20.00 to win $18.18 · break-even 52.4 %" in ran.out
    assert "p >= 0.80 · p <= 0.30 · hit · dead · out · settled" in ran.out


def test_a_line_need_not_be_quoted(cli: Cli) -> None:
    """Words of a bet that begin with a minus are not read as options."""
    assert cli("add", "DEN", "-4.5", "-110", "--json").json["odds"] == "-110"


def test_the_same_line_again_is_the_same_bet(cli: Cli) -> None:
    """Adding a bet again says so, adds nothing, and is no failure."""
    cli("add", "DEN -4.5 -110 $20")
    again = cli("add", "DEN -4.5 -110 $20")
    assert again.status == 0
    assert "already registered as #1" in again.out
    assert len(cli("bets", "--json").json) == 1


def test_the_same_words_are_another_bet_once_they_mean_another_game(
    cli: Cli, config: Path, slate: tuple[Game, ...]
) -> None:
    """A line that was added for last week's game can be added for tonight's."""
    first = cli("add", "MIA@BOS over 210.5", "--json").json
    past = Game("0022600002", "nba", "BOS", "MIA", tonight(-30.0))
    keep_games(config, (past, Game("0022600009", "nba", "BOS", "MIA", tonight(4.0))))
    second = cli("add", "MIA@BOS over 210.5", "--json").json
    third = cli("add", "MIA@BOS over 210.5", "--json").json
    assert (first["game"]["id"], second["game"]["id"]) == ("0022600002", "0022600009")
    assert second["created"]
    assert not third["created"]
    assert third["number"] == second["number"]


def test_a_bet_with_an_id_of_its_own_goes_by_it(cli: Cli) -> None:
    """The answer names a bet by its own id, when it is added and when it is added again."""
    assert "Bet      #wiz " in cli("add", "LAL@DEN over 224.5", "--id", "wiz").out
    assert "as #wiz" in cli("add", "LAL@DEN over 224.5", "--id", "wiz").out
    assert "#wiz " in cli("show", "wiz").out


def test_options_say_the_same_as_the_line(cli: Cli) -> None:
    """Price, stake, book, rules, tags and an own id can be given as options."""
    given = (
        "--game LAL@DEN --odds 1.91 --stake 2u --book acme --rule settled --rule p>=0.9 --tag late"
    )
    bet = cli("add", "over 224.5", *given.split(), "--id", "mine", "--json").json
    assert bet["id"] == "mine"
    assert (bet["odds"], bet["stake_cents"]) == ("1.91", 2000)
    assert bet["rules"] == ["settled", "p >= 0.90"]
    shown = cli("show", "mine", "--json").json
    assert (shown["book"], shown["tags"]) == ("acme", ["late"])
    assert shown["pick"] == "over 224.5"


def test_a_free_bet_is_shown_as_one_wherever_its_stake_is(cli: Cli) -> None:
    """A free bet is shown as one, and has no break-even, since it cannot lose money."""
    told = cli("add", "MIA ML +135 $10", "--free").out
    assert "free bet $10.00 to win $13.50" in told
    assert "break-even" not in told
    assert "$10.00 free" in cli("bets").out
    assert "free bet $10.00" in cli("show", "1").out
    assert cli("add", "BOS ML +135 $10", "--free", "--json").json["break_even"] is None


def test_a_bare_number_is_told_as_the_stake(cli: Cli) -> None:
    """What a shell leaves of `$120` within double quotes is read back as money, of `$15` asked."""
    waits = cli("add", "DEN Nikola Jokic o25.5 pts -110 20")
    assert " · stake $20.00 to win $18.18 · " in waits.out
    asked = cli("add", "DEN Nikola Jokic o25.5 pts -110 5")
    assert "may be dollars or units: write $5 or 5u" in asked.err
    none = cli("add", "DEN ML -110 00")
    assert none.status == 2
    assert "within single quotes" in none.err


def test_the_pick_is_kept_as_it_was_written(cli: Cli) -> None:
    """The pick is stored word for word, with its tags and price."""
    cli("add", "Nuggets  ml  +135 $10 #x")
    assert cli("bets", "--json").json[0]["pick"] == "Nuggets  ml  +135 $10 #x"


def test_a_date_chooses_among_games_of_the_same_teams(cli: Cli, slate: tuple[Game, ...]) -> None:
    """A bet without a date is on the next game of its teams; a date chooses another."""
    later = slate[2]
    dated = cli("add", f"LAL@DEN {later.slate} over 224.5", "--json").json
    assert dated["game"]["id"] == later.id
    assert cli("add", "LAL@DEN over 224.5", "--json").json["game"]["id"] == slate[0].id


def test_a_bet_of_a_day_is_never_on_another(cli: Cli, slate: tuple[Game, ...]) -> None:
    """The day that a line names is kept to: a game of another day is not taken in its place."""
    tonights, _, later = slate
    for game in (tonights, later):
        line = f"DEN -4.5 {game.slate:%A}"
        assert cli("add", line, "--json").json["game"]["id"] == game.id
    kept = cli("add", f"BOS +4.5 {later.slate:%a}", "--json").json
    assert (kept["game"], kept["market"]) == (None, None)


def test_what_may_mean_two_games_is_told_with_both(cli: Cli) -> None:
    """Where nobody can be asked, it is refused with status 2, and both games are named."""
    ran = cli("add", "over 224.5")
    assert ran.status == 2
    assert "LAL@DEN" in ran.sentence
    assert "MIA@BOS" in ran.sentence
    assert cli("bets", "--json").json == []


def test_a_bet_is_kept_when_the_feed_does_not_answer(cli: Cli) -> None:
    """Without a feed the bet is kept, and the answer says that it waits for its game."""
    ran = cli("add", "PHI ML")
    assert ran.status == 0
    assert "it is matched once its game is known" in ran.out
    (bet,) = cli("bets", "--json").json
    assert bet["game"] == dict.fromkeys(("id", "league", "away", "home", "start"))
    assert bet["market"] is None
    assert cli("status", "--json").json["waiting_for_a_game"] == 1


def test_a_check_promises_nothing_for_later(cli: Cli) -> None:
    """A bet that is only checked waits for nothing: the answer says why it has no chance."""
    for line, why in (
        ("PHI ML -110", "not known yet ("),
        ("PHI ML -110 2036-03-01", "2036-03-01 is too far away"),
        ("Jokik over 25.5 pts -110", "waits for the box score that names the players ("),
    ):
        ran = cli("check", line)
        assert ran.status == 1
        assert f"has no chance yet; its game: {why}" in ran.sentence
        assert "matched" not in ran.sentence
        assert "later" not in ran.sentence


def test_a_first_chance_can_be_asked_for(cli: Cli) -> None:
    """With `--chance` the answer has the chance before tip-off, and the edge."""
    ran = cli("add", "DEN ML -150", "--chance")
    told = ran.out.splitlines()
    assert [x.split()[0] for x in told] == ["Matched", "Bet", "Before", "Worth", "Rules"]
    assert told[2].startswith("Before tip-off: p(hit) ")
    assert "edge " in told[2]


@pytest.mark.parametrize("read", [False, True])
def test_a_chance_is_told_by_the_moment_that_it_rests_on(
    cli: Cli, config: Path, read: bool
) -> None:
    """In play that is the game clock; of a game that should have begun it says what is missing."""
    game = Game("0022600009", "nba", "PHI", "SAC", datetime.now(UTC) - timedelta(minutes=42))
    state = GameState(
        game, Phase.LIVE, 2, 251.0, Score(41, 38), periods=(Score(30, 28), Score(11, 10))
    )
    keep_games(config, (state if read else game,))
    line = f"SAC@PHI {game.slate} over 224.5 -110"
    told, as_json = cli("check", line).out, cli("check", line, "--json").json
    assert ("At Q2 4:11: p(hit) " in told) is read
    assert ("Before tip-off: p(hit) " in told) is not read
    assert ("SAC@PHI should have begun: no score of it has been read yet" in told) is not read
    assert (as_json["live"], as_json["game_clock"]) == (read, ["Q2 4:11" if read else "Scheduled"])


def test_on_the_leagues_average_alone_nothing_is_worth_a_look(cli: Cli) -> None:
    """Before tip-off a chance that knows nothing of the teams recommends no price."""
    found = cli("check", "1H DEN +9.5 +150", "--json").json
    assert found["edge"] > 0.5
    assert found["why"] == ["nothing is known of the teams but the league's average"]
    assert not found["worth_a_look"]


def _read(config: Path, state: GameState, minutes: float) -> None:
    """Store this state of the only followed game as read some minutes ago."""

    async def keep() -> None:
        now = datetime.now(UTC) - timedelta(minutes=minutes)
        async with await Store.open(config.parent / "state" / "tracker.db", now=now) as store:
            poll = Poll("nba", "/board", now, b"{}", "d" * 64, state)
            (tracking,) = await store.trackings(())
            seen = replace(tracking, game=state.game, state=state, seen_at=now, changed_at=now)
            await store.record(poll, Change(seen), ())

    asyncio.run(keep())


@pytest.mark.parametrize("minutes", [1, 22])
def test_a_game_that_may_have_begun_unseen_says_when_it_was_read(
    cli: Cli, config: Path, slate: tuple[Game, ...], minutes: int
) -> None:
    """`status` says when a game past its tip-off was last read, if that is minutes ago."""
    cli("add", f"{slate[0].home} ML")
    game = replace(slate[0], start=datetime.now(UTC) - timedelta(minutes=5))
    state = GameState(game, Phase.SCHEDULED, 0, 0.0, Score(0, 0))
    _read(config, state, minutes)
    (line,) = [x for x in cli("status").out.splitlines() if "(to begin)" in x]
    assert ("last read 22 min" in line) == (minutes > 2)


@pytest.mark.parametrize("minutes", [1, 22])
def test_with_a_stale_score_nothing_is_worth_a_look(
    cli: Cli, config: Path, slate: tuple[Game, ...], minutes: int
) -> None:
    """The chance of a followed game that was not read for minutes recommends no price."""
    cli("add", f"{slate[0].home} ML")
    game = replace(slate[0], start=datetime.now(UTC) - timedelta(hours=1))
    state = GameState(
        game, Phase.LIVE, 2, 251.0, Score(41, 38), periods=(Score(30, 28), Score(11, 10))
    )
    now = datetime.now(UTC) - timedelta(minutes=minutes)

    async def poll(store: Store) -> None:
        (tracking,) = await store.trackings(())
        seen = replace(tracking, game=game, state=state, seen_at=now, changed_at=now)
        await store.record(Poll("nba", "/board", now, b"{}", "d" * 64, state), Change(seen), ())

    in_store(config, poll, now)
    found = cli("check", f"{game.home} ML +900", "--json").json
    stale = f"the data of {game.name} are stale"
    assert (stale in found["why"], found["worth_a_look"]) == (minutes > 2, minutes < 2)
    with closing(sqlite3.connect(config.parent / "state" / "tracker.db")) as db, db:
        db.execute("INSERT INTO review (bet, at, why) VALUES (1, '2026-01-01', 'no box')")
    for listed in ("bets", "review", "settle"):
        assert cli(listed, "--json").json[0]["stale"] == (minutes > 2), listed


def test_the_first_chance_of_a_players_line_rests_on_what_is_known_of_him(
    cli: Cli, config: Path, slate: tuple[Game, ...]
) -> None:
    """It needs two stored games of the player or a price; one game alone gives no chance."""
    past = slate[0].start - timedelta(days=2)
    stats = ((Stat.PTS, 30), (Stat.REB, 12), (Stat.AST, 9))
    last = PlayerGame("Nikola Jokić", "DEN", "0022600000", past, 36.0, True, stats, 4)
    before = replace(last, game_id="0022500999", start=past - timedelta(days=2))
    names = ("Nikola Jokić", "Jamal Murray")
    games = [last, before, replace(last, name=names[1])]
    in_store(config, lambda store: store.players.meet({("nba", "DEN"): names}, past), past)
    with closing(sqlite3.connect(config.parent / "state" / "tracker.db")) as db, db:
        keep_player_games(db, "nba", games)
    known = cli("add", "Jokic o25.5 pts", "--game", "LAL@DEN", "--chance").out
    assert "Before tip-off: p(hit) " in known
    assert "p(hit)" not in cli("add", "Murray o20.5 pts", "--game", "LAL@DEN", "--chance").out
    priced = cli("add", "Murray o21.5 pts -110", "--game", "LAL@DEN", "--chance").out
    assert "Before tip-off: p(hit) " in priced


def test_a_withdrawn_bet_can_be_taken_up_again(cli: Cli) -> None:
    """Adding the same line follows a withdrawn bet again, under the same number."""
    cli("add", "DEN ML")
    assert "no longer followed" in cli("withdraw", "#1").out
    assert cli("bets", "--json").json[0]["status"] == "withdrawn"
    assert "had been withdrawn already" in cli("withdraw", "1").out
    assert "#1 DEN ML (followed again)" in cli("add", "DEN ML").out
    assert cli("bets", "--json").json[0]["status"] == "scheduled"


def test_rules_can_be_replaced_and_given_back(cli: Cli) -> None:
    """A bet can get its own rules in place of the defaults, and the defaults again."""
    cli("add", "DEN ML")
    changed = cli("rules", "1", "--set", "p >= 85%", "--set", "hit", "--json").json
    assert [x["rule"] for x in changed["rules"]] == ["p >= 0.85", "hit"]
    assert cli("rules", "1", "--set", "none", "--json").json["rules"] == []
    assert cli("add", "LAL ML", "--rule", "none", "--json").json["rules"] == []
    back = cli("rules", "1", "--default", "--json").json
    usual = ["p >= 0.80", "p <= 0.30", "hit", "dead", "out", "settled"]
    assert [x["rule"] for x in back["rules"]] == usual
    assert cli("rules", "--json").json == {"rules": usual}


def test_the_games_that_are_known_are_listed(cli: Cli, slate: tuple[Game, ...]) -> None:
    """`tracker games` lists tonight's games with their tip-offs, or those of another day."""
    cli("add", "DEN ML")
    tonight_ids = {x["id"] for x in cli("games", "--json").json}
    assert slate[0].id in tonight_ids
    assert slate[2].id not in tonight_ids
    later = cli("games", "--day", slate[2].slate.isoformat(), "--json").json
    assert [x["id"] for x in later] == [slate[2].id]
    assert "LAL@DEN" in cli("games", "--all").out


def meet(config: Path, **teams: tuple[str, ...]) -> None:
    """Store the rosters of teams in the database, as box scores give them."""
    met = {("nba", team): names for team, names in teams.items()}
    in_store(config, lambda store: store.players.meet(met, datetime.now(UTC)))


ROSTERS = {
    "DEN": ("Nikola Jokić", "Jamal Murray", "Aaron Gordon"),
    "LAL": ("LeBron James", "Austin Reaves", "Jaxson Hayes"),
    "BOS": ("Jaylen Brown", "Jayson Tatum", "Jordan Walsh"),
    "MIA": ("Bam Adebayo", "Tyler Herro", "Jaime Jaquez Jr."),
}


def test_a_player_is_found_in_the_game_that_he_plays(cli: Cli, config: Path) -> None:
    """A last name finds the player in any game of tonight, and the answer names him."""
    meet(config, **ROSTERS)
    ran = cli("add", "Jokic over 25.5 pts -115 $20 #props")
    assert ran.status == 0
    assert "Matched  Nikola Jokić (DEN) · LAL @ DEN · " in ran.out
    assert "#1 Nikola Jokić over 25.5 pts · -115 · stake $20.00 to win $17.39" in ran.out
    assert cli("add", "Bam o9.5 reb", "--json").json["market"] == "Bam Adebayo over 9.5 reb"


def test_a_player_of_whom_nothing_is_known_is_waited_for(cli: Cli, config: Path) -> None:
    """A bet on an unknown player is kept, and the answer says what it waits for."""
    ran = cli("add", "Jokic over 25.5 pts")
    assert ran.status == 0
    assert "#1 Jokic over 25.5 pts" in ran.out
    assert "waits for the box score" in ran.out
    named = cli("add", "DEN Jokic over 25.5 pts", "--json").json
    assert "waits for the box score" in named["waiting"]
    assert (named["market"], named["legs"]) == (None, [])


def test_a_name_that_is_nearly_right_is_told(cli: Cli, config: Path) -> None:
    """A misspelt or ambiguous name is refused with status 2, and the possible players are named."""
    meet(config, **ROSTERS)
    ran = cli("add", "LAL@DEN Jokci over 25.5 pts")
    assert ran.status == 2
    assert "did you mean Nikola Jokić?" in ran.sentence
    meet(config, DEN=("Nikola Jokić", "Aaron Gordon", "Trey Gordon"))
    ran = cli("add", "Gordon over 10.5 pts")
    assert ran.status == 2
    assert "Aaron Gordon (DEN) or Trey Gordon (DEN)" in ran.sentence
    assert cli("bets", "--json").json == []


def test_a_bet_that_waits_says_why_wherever_it_is_shown(cli: Cli, config: Path) -> None:
    """The reason names players that may be meant, even if not all rosters are known yet."""
    meet(config, DEN=("Nikola Jokić", "Aaron Gordon"))
    ran = cli("add", "Jokicc over 25.5 pts")
    shown = cli("show", "1")
    for said in (ran.out, shown.out):
        assert "it is not known yet who plays in which game (did you mean Nikola Jokić?)" in said
    cli("withdraw", "1")
    assert "did you mean" not in cli("show", "1").out


def test_a_parlay_is_one_bet_on_all_of_its_games(cli: Cli, config: Path) -> None:
    """A leg without a game is on the game of the leg before; the price is the whole parlay's."""
    meet(config, **ROSTERS)
    line = "parlay: DEN ML; over 224.5; Jokic o25.5 pts; BOS -3.5  +950 $10"
    bet = cli("add", line, "--json").json
    assert [x["market"] for x in bet["legs"]] == [
        "DEN ML",
        "LAL@DEN over 224.5",
        "Nikola Jokić over 25.5 pts",
        "BOS -3.5",
    ]
    assert [x["game"]["home"] for x in bet["legs"]] == ["DEN", "DEN", "DEN", "BOS"]
    assert (bet["odds"], bet["stake_cents"], bet["to_win_cents"]) == ("+950", 1000, 9500)
    assert bet["game"]["home"] == "BOS"
    assert not cli("add", line, "--json").json["created"]
    assert cli("status").out.count("Parlay (4)") == 2, "`status` lists it under each of its games"


def test_the_same_bet_in_other_words_is_told(cli: Cli) -> None:
    """The same bet, with or without its game, by code or nickname, is not added twice."""
    cli("add", "DEN ML -150 $10")
    again = cli("add", "Nuggets win -150 $10", "--game", "LAL@DEN")
    assert "already registered as #1" in again.out
    assert len(cli("bets", "--json").json) == 1
    assert cli("add", "DEN ML -160 $10", "--json").json["created"]


def test_the_time_of_placing_makes_two_bets_of_the_same_words(cli: Cli) -> None:
    """The same words with different times of placing are two bets."""
    at = "2026-11-20T19:05:00-05:00"
    first = cli("add", "DEN ML -150 $10", "--placed-at", at, "--json").json
    assert first["placed_at"] == "2026-11-21T00:05:00Z"
    assert not cli("add", "DEN ML -150 $10", "--placed-at", at, "--json").json["created"]
    later = cli("add", "DEN ML -150 $10", "--placed-at", "2026-11-20T19:06:00-05:00", "--json").json
    assert later["created"]
    bad = cli("add", "DEN ML -150 $10", "--placed-at", "yesterday")
    assert (bad.status, "is not a time: write one such as 18:30" in bad.sentence) == (2, True)


def test_on_a_narrow_screen_a_bet_of_tonight_takes_one_line(
    cli: Cli, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A narrow list shortens the game of a bet; a wide one shows its day and time."""
    meet(config, **ROSTERS)
    for line in ("DEN -4.5 -110 $20", "Jokic over 25.5 pts -115 $20", "LAL@DEN over 224.5 1.91 $5"):
        cli("add", line)
    monkeypatch.setenv("COLUMNS", "80")
    narrow = cli("bets").out.splitlines()
    assert len(narrow) == 4
    assert all(len(x) <= 80 for x in narrow)
    monkeypatch.setenv("COLUMNS", "140")
    assert "LAL@DEN t" in cli("bets").out
