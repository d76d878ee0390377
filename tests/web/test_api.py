"""Promises of the API: it answers as the command line does, and makes the same changes."""

from __future__ import annotations

import asyncio
import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.test_schema import faults, written
from tests.web.conftest import Served, serving
from tracker.app.course import series
from tracker.app.market.clv import clv_report, clv_summary
from tracker.cli.app import run
from tracker.clock import SystemClock
from tracker.forecast import Parameters
from tracker.forecast.game.parameters import load_parameters
from tracker.store import Store

STATE = {
    "id": "x", "league": "nba", "home": "DEN", "away": "LAL", "period": 3, "clock": "04:11",
    "score": {"home": 61, "away": 58}, "lines": {"home_spread": -4.5, "total": 228.5},
    "bets": ["DEN -4.5", "over 224.5"],
}  # fmt: skip


async def test_bets_come_in_pages(served: Served) -> None:
    """Bets come newest first, and `next` leads through all pages, with each bet once."""
    seen, before = [], None
    while True:
        params = {"limit": "2"} | ({} if before is None else {"before": str(before)})
        page = (await served.client.get("/api/v1/bets", params=params)).json()
        seen += [x["id"] for x in page["bets"]]
        before = page["next"]
        if before is None:
            break
    assert seen == [4, 3, 2, 1]


@pytest.mark.parametrize(
    ("only", "wanted"),
    [
        ({"tag": "late"}, [6, 5]),
        ({"tag": "#late"}, [6, 5]),
        ({"tag": "lat"}, []),
        ({"market": "spread"}, [5, 2]),
        ({"market": "spread", "tag": "late"}, [5]),
        ({"state": "open"}, [5]),
        ({"state": "settled"}, [4, 3, 2, 1]),
        ({"state": "settled", "market": "spread"}, [2]),
    ],
    ids=str,
)
async def test_pages_of_some_bets_have_no_gaps(
    served: Served, only: dict[str, str], wanted: list[int]
) -> None:
    """Bets of a tag, a market or a state come one by one, however many others lie between them."""
    for line in ("LAL +7.5 #late", "LAL ML #late"):
        assert (await served.client.post("/api/v1/bets", json={"line": line})).status_code == 201
    assert (await served.client.post("/api/v1/bets/6/withdraw")).status_code == 200
    seen: list[int] = []
    following: dict[str, str] = {}
    while True:
        params = {"limit": "1"} | only | following
        page = (await served.client.get("/api/v1/bets", params=params)).json()
        seen += [x["id"] for x in page["bets"]]
        following = {"before": str(page["next"])}
        if page["next"] is None:
            break
    assert seen == wanted


async def test_a_bet_is_the_same_on_the_terminal(
    served: Served, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`tracker show --json` and the API give the same document, also of a void bet."""
    void = {"result": "void", "why": "the book voided it"}
    assert (await served.client.post("/api/v1/bets/1/settle", json=void)).status_code == 200
    for number in ("1", "2"):
        told = (await served.client.get(f"/api/v1/bets/{number}")).json()
        words = ["--config", str(config), "show", number, "--json"]
        assert await asyncio.to_thread(run, words) == 0
        assert json.loads(capsys.readouterr().out) == told
    found = (await served.client.get("/api/v1/bets/2")).json()
    assert found["result"] == "lost"
    assert found["snapshots"][-1]["chance"]["win"] == 0.0
    rows = (await served.client.get("/api/v1/bets/2/snapshots", params={"limit": 1})).json()
    assert rows["snapshots"][0] == found["snapshots"][-1]


async def test_a_bet_is_added_once(served: Served) -> None:
    """A new bet gives 201, the same bet in other words 200; it waits for its game."""
    first = await served.client.post("/api/v1/bets", json={"line": "DEN ML -140 $20"})
    assert first.status_code == 201, first.text
    again = await served.client.post("/api/v1/bets", json={"line": "Nuggets win -140 $20"})
    assert again.status_code == 200, again.text
    assert again.json()["id"] == first.json()["id"]


async def test_a_bet_is_added_with_its_time_of_placing_and_as_a_free_one(served: Served) -> None:
    """`placed_at` and `free` mean what the options of `tracker add` and `edit` mean."""
    sent = {"line": "DEN ML -140 $20", "free": True, "placed_at": "2026-01-02 18:30"}
    added = await served.client.post("/api/v1/bets", json=sent)
    assert (added.status_code, added.json()["free"]) == (201, True), added.text
    at = f"/api/v1/bets/{added.json()['id']}"
    changed = await served.client.patch(at, json={"free": False, "placed_at": "2026-01-02 17:00"})
    assert (changed.status_code, changed.json()["free"]) == (200, False), changed.text
    for wrong in (
        await served.client.post("/api/v1/bets", json=sent | {"placed_at": "soon"}),
        await served.client.patch(at, json={"placed_at": "soon"}),
    ):
        assert (wrong.status_code, wrong.json()["field"]) == (422, "placed_at")


async def test_a_line_that_cannot_be_read_says_where(served: Served) -> None:
    """A bad bet gives 422 with the terminal's sentence; an unknown field is named."""
    found = await served.client.post("/api/v1/bets", json={"line": "DEN -4.5 -110 $20 what"})
    assert found.status_code == 422
    assert "'what' at column 19" in found.json()["message"]
    odd = await served.client.post("/api/v1/bets", json={"line": "DEN ML", "stak": "5"})
    assert odd.status_code == 422
    assert odd.json()["field"] == "stak"


@pytest.mark.parametrize(
    ("method", "path", "wanted", "field", "words"),
    [
        ("GET", "bets?state=nope", None, "state", "must be one of 'open', 'settled' or 'all'"),
        ("GET", "games?day=soon", None, "day", "such as 2026-11-20"),
        ("GET", "bets/1/hedge?odds=x", None, "odds", "'x' is not a price"),
        ("GET", "bets/1/cashout?amount=x", None, "amount", "'x' is not an amount"),
        ("PATCH", "bets/1", {"odds": "x"}, "odds", "'x' is not a price"),
        ("PATCH", "bets/1", {"stake": "x"}, "stake", "'x'"),
        ("PATCH", "bets/1", {"rules": ["p > 2"]}, "rules", "is not a rule"),
        ("POST", "bets/1/snooze", {"for": "x"}, "for", "'x' is no time"),
        ("POST", "bets/1/settle", {"result": "won", "paid": "x", "why": "y"}, "paid", "'x'"),
        ("POST", "bets", {"line": "DEN ML", "id": "a\nb"}, "id", "characters on one line"),
        ("POST", "bets", {"line": "DEN ML", "tags": ["x" * 65]}, "tags", "at most 64 characters"),
        ("POST", "bets", "no json", "", "the body is not JSON"),
        ("POST", "bets", [], "", "must be a JSON object, sent with Content-Type"),
        ("POST", "bets", {"line": ""}, "line", "give 1 or more"),
        ("POST", "bets", {"line": "DEN ML", "stak": "5"}, "stak", "did you mean stake?"),
        ("POST", "bets", {"line": "DEN ML", "x": "5"}, "x", "known are line, game, id"),
        ("POST", "bets", {"line": "DEN ML", "stake": "x"}, "stake", "'x'"),
        ("POST", "bets", {"line": "DEN ML", "odds": "x"}, "odds", "'x' is not a price"),
        ("POST", "bets", {"line": "DEN ML", "rules": ["x"]}, "rules", "is not a rule"),
        ("POST", "bets/1/snooze", {"until": "2h"}, "until", "known are for"),
        ("POST", "players", {"players": [{"nam": "x"}]}, "players.0.nam", "did you mean name?"),
        ("PATCH", "bets/1", {"pick": "nonsense"}, "", "'nonsense'"),
        ("GET", "bets?tags=late", None, "tags", "did you mean tag?"),
        ("GET", "bets/1?full=1", None, "full", "known are none"),
        ("GET", "health?x=1", None, "x", "known are none"),
    ],
)
async def test_a_mistake_names_its_field_and_what_is_wanted(
    method: str, path: str, wanted: object, field: str, words: str, served: Served
) -> None:
    """The answer has the wrong field's name and says what the field takes."""
    body = wanted if isinstance(wanted, str) or wanted is None else json.dumps(wanted)
    headers = {"Content-Type": "application/json"}
    found = await served.client.request(
        method, f"/api/v1/{path}", content=body, headers=headers
    )  # fmt: skip
    assert found.status_code == 422
    assert found.json()["field"] == field
    assert words in found.json()["message"]


async def test_a_bet_is_changed_silenced_and_withdrawn(served: Served) -> None:
    """Each change is the terminal's use case, with its audit."""
    added = (await served.client.post("/api/v1/bets", json={"line": "LAL +7.5 -110 $20"})).json()
    at = f"/api/v1/bets/{added['id']}"
    edited = await served.client.patch(at, json={"stake": "$30"})
    assert edited.json()["stake_cents"] == 3000
    silent = await served.client.post(f"{at}/snooze", json={"for": "15m"})
    assert silent.status_code == 200
    gone = await served.client.post(f"{at}/withdraw")
    assert gone.json()["status"] == "withdrawn"
    for state, ids in (("open", []), ("settled", [4, 3, 2, 1]), ("all", [5, 4, 3, 2, 1])):
        listed = await served.client.get("/api/v1/bets", params={"state": state})
        assert [x["id"] for x in listed.json()["bets"]] == ids
    assert (await served.client.post("/api/v1/bets/1/withdraw")).status_code == 409
    async with await Store.open(served.database, now=SystemClock().now()) as store:
        audit = await store.exports.rows("audit")
    assert {x["who"] for x in audit} == {"web:all"}


async def test_a_result_by_hand_is_taken_back_by_a_regrade(served: Served) -> None:
    """What the API settled by mistake it can have graded again."""
    was = (await served.client.get("/api/v1/bets/2")).json()["result"]
    wrong = {"result": "void", "why": "by mistake"}
    given = await served.client.post("/api/v1/bets/2/settle", json=wrong)
    assert given.json()["result"] == "void"
    again = await served.client.post("/api/v1/bets/2/regrade")
    assert (again.status_code, again.json()["result"]) == (200, was)


async def test_what_is_not_there_is_404(served: Served) -> None:
    """An unknown bet, game or path is answered with 404 and a problem."""
    for path in ("/api/v1/bets/999", "/api/v1/games/nothing", "/api/v1/nowhere"):
        found = await served.client.get(path)
        assert found.status_code == 404
        assert found.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("name", ["\ud800", float("nan"), [float("inf")], {"\udfff": 1}])
async def test_a_name_that_no_answer_can_hold_is_told_in_its_place(
    served: Served, name: object
) -> None:
    """An id of half a character, or of no number, costs its own state and not the whole batch."""
    bad = json.dumps(STATE | {"id": name})
    one = await served.client.post("/api/v1/price", content=bad)
    assert (one.status_code, one.json()["field"]) == (422, "id")
    batch = await served.client.post("/api/v1/price/batch", content=f"{bad}\n{json.dumps(STATE)}")
    first, second = map(json.loads, batch.text.splitlines())
    assert (first["id"], first["error"]["field"], second["id"]) == (None, "id", "x")


async def test_a_state_is_priced_as_on_the_terminal(served: Served) -> None:
    """One state, a batch with a mistake in its place, and a mistake alone are answered."""
    one = await served.client.post("/api/v1/price", json=STATE)
    assert [x["bet"] for x in one.json()["bets"]] == STATE["bets"]
    lines = "\n".join([json.dumps(STATE), '{"id":"y"}', json.dumps(STATE)])
    many = await served.client.post("/api/v1/price/batch", content=lines)
    answers = [json.loads(x) for x in many.text.splitlines()]
    assert answers[0] == answers[2] == one.json()
    assert answers[1]["id"] == "y"
    assert "error" in answers[1]
    wrong = await served.client.post("/api/v1/price", content='{"period": NaN}')
    assert wrong.status_code == 422


async def test_a_batch_of_prices_holds_nobody_up(night: Path, config: Path) -> None:
    """While a batch is worked out, the server answers other requests."""
    working, answered = threading.Event(), threading.Event()

    def load(league: str) -> Parameters:
        working.set()
        assert answered.wait(20)
        return load_parameters(league)

    async with serving(night, config, load) as served:
        pricing = asyncio.ensure_future(served.client.post("/api/v1/price/batch", json=STATE))
        await asyncio.to_thread(working.wait, 20)
        assert (await served.client.get("/api/v1/games")).status_code == 200
        answered.set()
        assert (await pricing).status_code == 200


async def test_a_series_loses_no_spike(served: Served) -> None:
    """However few points are asked for, the highest and the lowest chance are kept."""
    full = (await served.client.get("/api/v1/bets/2/series", params={"points": 2000})).json()
    thin = (await served.client.get("/api/v1/bets/2/series", params={"points": 20})).json()
    assert len(thin["win"]) <= 20 < len(full["win"])
    assert max(thin["win"]) == max(full["win"])
    assert min(thin["win"]) == min(full["win"])
    assert thin["at"][-1] == full["at"][-1]


def test_a_short_series_is_whole() -> None:
    """A series that has room for all points leaves none out."""
    assert series((), 10)["win"] == []


async def test_the_record_is_told(served: Served) -> None:
    """Performance, calibration, status, health and metrics answer; no metric has a bet's text."""
    record = (await served.client.get("/api/v1/performance")).json()
    assert record["whole"]["bets"] == 4
    assert (await served.client.get("/api/v1/calibration")).json()["bets"] == 4
    assert (await served.client.get("/api/v1/status")).json()["daemon"] is None
    health = await served.client.get("/api/v1/health")
    assert health.status_code == 503
    assert not health.json()["checks"]["daemon"]
    assert not health.json()["checks"]["moves"]
    metrics = (await served.client.get("/api/v1/metrics")).text
    assert "tracker_up 0.0" in metrics
    assert "PHI" not in metrics


ANSWERS = {
    "/bets": "/bets", "/bets/{reference}": "/bets/2", "/bets/{reference}/alerts":
    "/bets/2/alerts?explain=1", "/bets/{reference}/series": "/bets/2/series",
    "/bets/{reference}/snapshots": "/bets/2/snapshots", "/bets/{reference}/why": "/bets/2/why",
    "/games": "/games", "/games/{game}": "/games/LAL@DEN", "/games/{game}/quotes":
    "/games/LAL@DEN/quotes", "/edges": "/edges", "/clv": "/clv?by=market", "/odds/credits":
    "/odds/credits", "/status": "/status", "/performance": "/performance", "/calibration":
    "/calibration", "/monitors": "/monitors", "/models": "/models", "/models/trial":
    "/models/trial",
}  # fmt: skip


async def test_every_key_of_an_answer_is_described(served: Served) -> None:
    """The OpenAPI document names every key of an answer, and each required key is in it."""
    document = (await served.client.get("/api/v1/openapi.json")).json()
    kept = written("openapi")
    assert (document["paths"], document["components"]) == (kept["paths"], kept["components"])
    for path, asked in ANSWERS.items():
        told = await served.client.get(f"/api/v1{asked}")
        assert told.status_code == 200, told.text
        call = document["paths"][f"/api/v1{path}"]["get"]
        shape = call["responses"]["200"]["content"]["application/json"]["schema"]
        assert faults(shape | {"components": document["components"]}, told.json(), path) == []


async def test_sums_of_closing_values_tell_what_the_report_tells(served: Served) -> None:
    """The sums that the page uses and the report over every bet give the same record."""
    async with await Store.open(served.database, now=SystemClock().now()) as store:
        bets, values = await store.bets_view(), await store.quotes.values()
        whole = clv_report(bets, values)
        sums = clv_summary(await store.quotes.value_sums(), await store.quotes.unclosed())
    assert sums == replace(whole, rows=(), groups=())
    assert sums.n > 0


async def test_why_and_worth_are_told_or_said_to_be_unknown(served: Served) -> None:
    """The causes of a change add up to it; a settled bet has no worth."""
    why = (await served.client.get("/api/v1/bets/2/why")).json()
    assert abs(sum(x["change"] for x in why["causes"]) - why["change"]) < 1e-9
    for asked in ("cashout?amount=5", "hedge?odds=%2B150"):
        found = await served.client.get(f"/api/v1/bets/2/{asked}")
        assert found.status_code == 409
        assert "is over" in found.json()["message"]


async def test_what_a_bet_is_worth_is_told_before_its_game(served: Served) -> None:
    """A waiting bet has a fair value, compared with an offer and with a hedge."""
    wanted = {"line": "DEN ML -140 $20"}
    at = f"/api/v1/bets/{(await served.client.post('/api/v1/bets', json=wanted)).json()['id']}"
    offer = (await served.client.get(f"{at}/cashout", params={"amount": "$10"})).json()
    assert offer["offer_cents"] == 1000
    assert offer["fair_cents"] > 1000
    hedged = (await served.client.get(f"{at}/hedge", params={"odds": "+150"})).json()
    assert hedged["lock"]["if_wins"] == pytest.approx(hedged["lock"]["if_loses"], abs=2)


async def test_rules_of_a_bet_are_set_and_taken_back(served: Served) -> None:
    """A bet gets its own rules, then the defaults again; a bad rule changes nothing."""
    mine = {"rules": ["p >= 0.9", "dead"]}
    assert (await served.client.patch("/api/v1/bets/2", json=mine)).json()["rules"] == [
        "p >= 0.90", "dead",
    ]  # fmt: skip
    wrong = await served.client.patch("/api/v1/bets/2", json={"rules": ["p >> 3"]})
    assert wrong.status_code == 422
    back = (await served.client.patch("/api/v1/bets/2", json={"rules": None})).json()["rules"]
    assert "p >= 0.80" in back


async def test_players_of_whom_nothing_is_kept_are_said_to_be_unknown(served: Served) -> None:
    """An unknown player is 404, or an answer of its own in a batch; a bad statistic is named."""
    assert (await served.client.get("/api/v1/players/Nobody")).status_code == 404
    asked = {"players": [{"name": "Nobody"}, {"name": "No One", "line": 20.5}]}
    found = (await served.client.post("/api/v1/players", json=asked)).json()["players"]
    assert [x["name"] for x in found] == ["Nobody", "No One"]
    wrong = await served.client.get("/api/v1/players/Nobody", params={"stat": "dunks"})
    assert wrong.json()["field"] == "stat"


async def test_the_description_is_whole(served: Served) -> None:
    """The OpenAPI 3.1 document has every path, each with a description."""
    found = (await served.client.get("/api/v1/openapi.json")).json()
    assert found["openapi"].startswith("3.1")
    calls = [call for path in found["paths"].values() for call in path.values()]
    assert len(calls) >= 20
    assert all(call["description"] for call in calls)
