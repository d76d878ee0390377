"""Promises to other programs: every answer in JSON holds to its schema in docs/schema."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema_rs
import pytest
from typer.main import get_command

from tests.app.test_player import season
from tests.cli.conftest import Cli, keep_games, tonight
from tests.cli.test_import import TRACKER
from tests.cli.test_market import quoted
from tests.cli.test_model import data, fit_once, fitted
from tests.cli.test_price import STATE
from tests.cli.test_rules_trial import a_history
from tracker.app.contracts import CONTRACTS
from tracker.app.views import plain
from tracker.cli.app import build
from tracker.domain.game import Game, PlayerLine, Side
from tracker.domain.poll import Credit, Document
from tracker.domain.quote import Quote, Selection
from tracker.store import Store, exporting
from tracker.store.access import KeyScope

__all__ = ["data", "fit_once", "fitted", "season"]

Asked = Iterator[tuple[str, tuple[str | Path, ...]]]

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "schema"
ELSEWHERE = {"candidates", "evaluate", "fit", "replayed"}
"""Schemas that are checked by other tests, since what they answer takes long."""

NOT_OF_A_COMMAND = ("tables", "openapi")
"""Schemas that are of no command's answer: the rows of an export, and the API."""

LINES = ("price",)
"""Commands without `--json` that always answer in JSON."""


def faults(schema: dict[str, Any], value: Any, where: str = "") -> list[str]:
    """The places where a value does not hold to a schema."""
    found = jsonschema_rs.Draft202012Validator(schema).iter_errors(value)
    return [f"{where}{''.join(f'[{y!r}]' for y in x.instance_path)}: {x.message}" for x in found]


def written(name: str) -> dict[str, Any]:
    """A schema as it is in the documentation."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return found


def commands(found: Any = None, path: tuple[str, ...] = ()) -> Iterator[str]:
    """The commands with `--json`, as the application has them."""
    found = get_command(build()) if found is None else found
    if hasattr(found, "commands"):
        for name, inside in found.commands.items():
            yield from commands(inside, (*path, name))
    elif any("--json" in x.opts for x in found.params):
        yield " ".join(path)


def test_every_command_with_json_has_a_schema_and_every_schema_a_command() -> None:
    """Commands with `--json` and documented schemas are the same set."""
    described = {command for x in CONTRACTS.values() for command in x.commands}
    assert described == {*commands(), *LINES}


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_schema_in_the_documentation_is_made_of_the_shapes(name: str) -> None:
    """Each file equals the schema of its shape; `make schema` writes them again."""
    assert written(name) == CONTRACTS[name].schema(name)
    assert written(name)["description"]


def test_the_documentation_lists_every_schema_once() -> None:
    """The README lists every schema with the commands that answer by it, and no other."""
    page = (FOLDER / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| `([\w-]+)\.json` \| (.*?) \|", page, re.MULTILINE)
    assert [x for x, _ in rows] == [*CONTRACTS, *NOT_OF_A_COMMAND]
    for name, text in rows[: len(CONTRACTS)]:
        named = re.findall(r"`tracker (.+?)`", text)
        assert tuple(named) == CONTRACTS[name].commands, name
    assert {x.stem for x in FOLDER.glob("*.json")} == {x for x, _ in rows}


# ------------------------------------------------------------------------------- what is answered


def of_bets(folder: Path, _: Path) -> Asked:
    """Commands on bets of a finished night and of a coming one, with the names of their schemas."""
    yield "bets", ("bets",)
    for number in "1234":
        yield "show", ("show", number)
    yield "added", ("add", "DEN -4.5 -105 $20 #late", "--book", "DraftKings")
    yield "added", ("add", "BOS ML +120 $5")
    yield "added", ("add", "parlay: DEN ML; MIA@BOS over 210.5 +240 $10")
    yield "added", ("add", "NYK ML -110 $5")
    yield "bets", ("bets", "--all")
    yield "show", ("show", "5")
    yield "show", ("show", "7")
    yield "show", ("show", "8")
    yield "edit", ("edit", "6", "--stake", "$7", "--book", "FanDuel")
    yield "cashout", ("cashout", "5", "$12")
    yield "hedge", ("hedge", "5", "+110")
    yield "check", ("check", "DEN -4.5 +105")
    yield "check", ("check", "DEN -4.5")
    yield "rules", ("rules", "1")
    yield "rules", ("rules",)
    yield "rules-test", ("rules", "test", "p >= 0.60", "--history", folder / "plays")
    for words in (("1", "2h"), ("--list",), ("1", "--off")):
        yield "snooze", ("snooze", *words)
    yield "alerts", ("alerts",)
    yield "alerts", ("alerts", "--explain")
    yield "why", ("why", "1")
    yield "withdraw", ("withdraw", "6")
    yield "withdraw", ("withdraw", "--gone")
    yield "settled", ("settle", "3", "won", "--reason", "the book has paid")
    yield "settled", ("void", "2", "--reason", "the book voided it")
    yield "settled", ("regrade", "2")
    yield "import", ("import", folder / "bets.csv", "--dry-run")
    yield "import", ("import", folder / "bets.csv")
    yield "review", ("review",)
    yield "review", ("settle",)


def of_the_market(folder: Path, _: Path) -> Asked:
    """Commands on quoted games, a player and states to price."""
    yield "added", ("add", "DEN -4.5 -105 $20")
    yield "games", ("games",)
    yield "odds", ("odds", "LAL@DEN")
    yield "odds", ("odds", "MIA@BOS")
    yield "odds", ("odds", "credits")
    yield "edges", ("edges",)
    yield "edges", ("recommend",)
    yield "clv", ("clv", "--by", "market")
    yield "player", ("player", "Jokic", "--line", "24.5")
    yield "player", ("player", "Jokic", "--stat", "reb")
    yield "price", ("price", folder / "states.jsonl", "--pmf")


def of_the_record(_: Path, __: Path) -> Asked:
    """Commands on the record of a finished night."""
    yield "status", ("status",)
    yield "profit", ("profit",)
    for by in ("market", "tag", "player", "book", "league", "month", "model"):
        yield "performance", ("performance", "--by", by)
    yield "calibration", ("calibration",)
    yield "report", ("report", "--season", "--until", "2026-01-31")
    yield "monitors", ("monitors",)
    yield "recordings", ("replay", "list")


def of_models(folder: Path, seasons: Path) -> Asked:
    """Commands on two small simulated seasons, and on a model that was fitted on the first."""
    yield "active", ("model", "activate", folder / "mine.json")
    yield "models", ("model", "list", "--kind", "all")
    for name, kind in (("mine", "games"), ("shipped", "games"), ("shipped", "players"),
                       ("shipped", "calibration")):  # fmt: skip
        yield "model", ("model", "show", name, "--kind", kind)
    yield "compare", ("model", "compare", "mine", "shipped")
    held = ("--on", seasons, "--seasons", "2021-22")
    yield "compare", ("model", "compare", "mine", "mine", *held)
    yield "active", ("model", "rollback")
    yield "trial", ("model", "trial", "start", "mine")
    yield "trials", ("model", "trial", "show")
    yield "trials", ("model", "trial", "judge")
    yield "trial", ("model", "trial", "stop")
    yield "trials", ("model", "trial", "show", "--all")
    yield "calibrate", ("model", "calibrate")
    strategy = ROOT / "config" / "strategies" / "ev.toml"
    asked = ("--data", seasons / "nba", "--season", "2021-22")
    yield "backtest", ("backtest", strategy, *asked)
    study = ("--out", folder / "study", "--jobs", "1", "--strategy", strategy)
    yield "study", ("study", seasons, *study)


def of_upkeep(folder: Path, _: Path) -> Asked:
    """Commands on back-ups, keys, channels and settings."""
    yield "doctor", ("doctor", "--offline")
    yield "doctor", ("doctor", "--running")
    yield "refresh", ("refresh", "--only", "form")
    yield "chores", ("chores",)
    yield "backup", ("backup", folder / "copy.db")
    yield "backup", ("backup", "--full")
    yield "backup", ("backup", "--drill")
    yield "backups", ("backup", "--list")
    yield "restore", ("restore", folder / "copy.db")
    yield "settings", ("config", "show")
    yield "keys", ("web", "keys", "list")
    yield "chats", ("telegram", "chats")
    yield "test-alert", ("test-alert",)


SCRIPTS: tuple[Callable[[Path, Path], Asked], ...] = (
    of_bets, of_the_market, of_the_record, of_models, of_upkeep,
)  # fmt: skip


def test_every_schema_is_asked_for() -> None:
    """Each schema is checked by one of the scripts here, or by a test of its own."""
    nowhere = Path("nowhere")
    asked = {name for script in SCRIPTS for name, _ in script(nowhere, nowhere)}
    assert asked | ELSEWHERE == set(CONTRACTS)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("script", SCRIPTS)
def test_answers_hold_to_their_schemas(
    script: Callable[[Path, Path], Asked], cli: Cli, world: Path, data: Path, tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    """The answers of real commands hold to their schemas."""
    assert world.is_file()
    if script is of_models:
        shutil.copy(request.getfixturevalue("fitted"), tmp_path / "mine.json")
    wrong: list[str] = []
    for name, words in script(tmp_path, data):
        wanted = [] if name in LINES else ["--json"]
        ran = cli(*words, *wanted)
        told = [json.loads(x) for x in ran.out.splitlines()]
        if not told:
            wrong.append(f"{words}: {ran.err}")
        for answer in told:
            wrong += faults(written(name), answer, f"{' '.join(map(str, words))}: ")
    assert not wrong, "\n".join(wrong)


@pytest.fixture
def world(night: Path, season: Path, config: Path, tmp_path: Path) -> Path:
    """A played night, a quoted one, a player's season, and the files that commands need."""
    assert season == night
    games = (
        Game("0022600999", "nba", "DEN", "LAL", tonight()),
        Game("0022600998", "nba", "BOS", "MIA", tonight(2.0)),
    )
    keep_games(config, games)
    asyncio.run(_kept(night, games[0]))
    (tmp_path / "bets.csv").write_text(TRACKER, "utf-8")
    lines = (json.dumps(STATE | {"bets": ["DEN -4.5", "over 224.5"]}), '{"id":"y"}', "[]")
    (tmp_path / "states.jsonl").write_text("\n".join(lines), "utf-8")
    (tmp_path / "plays").mkdir()
    a_history(tmp_path / "plays")
    return night


async def _kept(database: Path, game: Game) -> None:
    """Store what the daemon keeps in addition to bets: quotes, credits, chores, a key."""
    now = datetime.now(UTC)
    at = datetime(2026, 1, 30, 11, 30, tzinfo=UTC)
    generous = Quote(game.id, "betmgm", Selection("moneyline", "away"), now, 3.4, now)
    async with await Store.open(database, now=now) as store:
        await store.upkeep.begin("refresh", at, at)
        await store.upkeep.missed("backup", [at], at, "nothing ran")
        document = Document("the_odds_api", "/v4/odds", now, b"[]", "d" * 64)
        paid = Credit("the_odds_api", now, "close LAL@DEN", 3, 3, 120, 380, "/v4/odds")
        await store.quotes.record(document, [*quoted(game, now), generous], paid, {})
        refused = Credit("the_odds_api", now, "look LAL@DEN", 3, refused="kept for closes")
        await store.quotes.record(None, (), refused)
        await store.web.add_key("home", frozenset(KeyScope), now)


def test_the_answer_of_a_replay_holds_to_its_schema(played: Path) -> None:
    """What was answered when the night was played holds, with a bet of each market."""
    answer = json.loads(played.with_name("replayed.json").read_text("utf-8"))
    assert faults(written("replayed"), answer) == []


@pytest.mark.usefixtures("night")
def test_every_record_that_is_kept_holds_to_its_schema(cli: Cli) -> None:
    """Every row of every table that can be exported holds to its schema."""
    kept = {x: cli("export", x, "--format", "json").json for x in exporting.TABLES}
    assert faults(written("tables"), kept, "tables") == []
    assert kept["snapshots"]


def test_a_value_is_written_by_the_names_of_its_fields() -> None:
    """Times are in UTC, an enum is its value, and what is unknown is null, however deep it lies."""
    at = datetime(2026, 1, 30, 2, tzinfo=ZoneInfo("Europe/Paris"))
    line = PlayerLine("1", "Jokić", Side.HOME, (("pts", 9),))
    told = plain({"at": at, "day": at.date(), "file": Path("a"), "lines": (line, None)})
    assert (told["at"], told["day"], told["file"]) == ("2026-01-30T01:00:00Z", "2026-01-30", "a")
    first, last = told["lines"]
    assert (first["side"], first["stats"], first["note"], last) == (
        "home",
        [["pts", 9]],
        None,
        None,
    )
    assert json.loads(json.dumps(told)) == told


def test_what_does_not_hold_is_found() -> None:
    """A missing key, a wrong type, an extra key and a time without a zone are found."""
    schema = written("games")
    (good,) = [
        {
            "id": "1", "league": "nba", "away": "LAL", "home": "DEN",
            "start": "2026-01-30T00:00:00Z", "slate": "2026-01-29", "phase": "live",
            "game_clock": None, "period": 1, "clock": "04:11", "score": None, "bets": 0,
        }
    ]  # fmt: skip
    assert faults(schema, [good]) == []
    bad = ({"bets": "1"}, {"extra": 1}, {"start": "2026-01-30T00:00:00"}, {"period": -1})
    assert all(faults(schema, [good | x]) for x in bad)
    assert faults(schema, [{x: y for x, y in good.items() if x != "bets"}])


def test_a_report_is_told_in_three_forms(cli: Cli, night: Path, tmp_path: Path) -> None:
    """All three formats have the same record; a bet's name is text in the page, not markup."""
    assert night.is_file()
    assert cli("edit", "1", "--book", "<b>Book</b>").status == 0
    at = ("--until", "2026-01-31")
    told = cli("report", *at, "--json").json
    assert (told["record"]["won"], told["record"]["lost"]) == (3, 1)
    assert "## By market" in cli("report", *at).out
    early = {x["rule"]: x["minutes_early"] for x in told["alerts"]}
    assert early["settled"] is None, "a result is told after the end, never minutes before it"
    assert early["p >= 0.80"] > 0
    page = tmp_path / "r.html"
    assert cli("report", *at, "--format", "html", "--out", page).status == 0
    text = page.read_text("utf-8")
    assert "&lt;b&gt;Book" in text
    assert "<b>Book" not in text
    assert "give one of them" in cli("report", "--week", "--month").sentence
    assert "is not a date" in cli("report", "--until", "yesterday").sentence
