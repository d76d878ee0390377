"""Promises of the pages: they show what the API says, in the messages' words, and change bets."""

from __future__ import annotations

import asyncio
import html
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import httpx
import pytest
from starlette.requests import Request

from tests.cli.test_schema import season, world
from tests.doubles.clock import FakeClock
from tests.engine.build import T0, a_book, bet
from tests.store.values import poll, snapshot
from tests.web.conftest import Served
from tracker.app.tonight import PlayerLink, game_tonight, players_of
from tracker.clock import SystemClock
from tracker.domain.bet import TO_BE_GRADED, Leg, Parlay
from tracker.domain.chance import NoChance
from tracker.domain.draft import Draft
from tracker.domain.game import Game, GameState, Phase, Score, Side
from tracker.domain.market import Direction, DoubleDouble, Moneyline, PlayerTotal
from tracker.domain.money import money_text, parse_odds
from tracker.domain.player import Player, Stat
from tracker.domain.tracking import Change
from tracker.forecast.game.parameters import load_parameters
from tracker.language import find_in, parse_bet, read_line
from tracker.settings import settings_of
from tracker.store import Store
from tracker.store.access import KeyScope
from tracker.web.charts import of_games, of_path, of_profit
from tracker.web.guard import COOKIE, POLICY, still_let_in
from tracker.web.live import MOST_STREAMS, TonightTexts
from tracker.web.pages import templates, whole
from tracker.web.site import Site
from tracker.wording.closes import share_text
from tracker.wording.figures import in_percent, percent, signed_money

__all__ = ["season", "world"]

SAME = {"Sec-Fetch-Site": "same-origin"}


async def let_in() -> bool:
    """Whether a reader may go on reading: always."""
    return True


async def test_every_page_opens(served: Served) -> None:
    """Every page opens, with the words on responsible gambling at its foot."""
    for path in ("/", "/bets/1", "/bets/2", "/history", "/health", "/keys", "/api/v1/docs"):
        found = await served.client.get(path)
        assert found.status_code == 200, path
        assert "18+." in found.text
        assert "1-800-GAMBLER" in found.text


@pytest.fixture
def decimal(config: Path) -> None:
    """Let the configuration ask for decimal odds."""
    config.write_text(f'odds_format = "decimal"\n{config.read_text("utf-8")}', "utf-8")


@pytest.mark.usefixtures("decimal")
async def test_odds_are_shown_in_the_form_that_is_set(served: Served) -> None:
    """A bet's page, and a line before it is saved, have odds as the terminal has them."""
    assert "1.71" in (await served.client.get("/bets/1")).text
    shown = await served.client.get("/bets/check", params={"line": "DEN -4.5 -110 $20"})
    assert "1.91 · stake $20.00" in shown.text


async def test_a_bet_is_shown_back_before_it_is_saved(served: Served) -> None:
    """The page first shows what was understood; its button adds the bet and leads to it.

    Showing it needs no writing, as on a full disk, unless the sources must be asked for its game.
    """
    lock = served.database.with_name(f"{served.database.name}.writer")
    lock.unlink()
    lock.mkdir()
    shown = await served.client.get("/bets/check", params={"line": "DEN -4.5 -110 $20"})
    lock.rmdir()
    assert "LAL @ DEN" in shown.text
    assert "/bets/5" not in (await served.client.get("/")).text
    added = await served.client.post("/bets", data={"line": "DEN -4.5 -110 $20"}, headers=SAME)
    assert added.headers["location"] == "/bets/5"
    assert "DEN -4.5" in (await served.client.get("/bets/5")).text


async def test_a_bet_has_one_name(served: Served) -> None:
    """A person's own id is shown everywhere, while URLs use the number."""
    wanted = {"line": "DEN ML $20", "id": "wiz"}
    assert (await served.client.post("/api/v1/bets", json=wanted)).json()["id"] == "wiz"
    number = (await served.client.get("/api/v1/bets/wiz")).json()["number"]
    for path in ("/", f"/bets/{number}", f"/bets/{number}/moments"):
        found = (await served.client.get(path)).text
        assert "#wiz" in found, path
        assert f"#{number} " not in found, path


async def test_a_bet_with_an_id_of_its_own_stands_on_its_games_card(served: Served) -> None:
    """A bet on a game's card is not listed as waiting for a game."""
    wanted = {"line": "DEN ML $20", "id": "wiz"}
    await served.client.post("/api/v1/bets", json=wanted)
    home = (await served.client.get("/")).text
    assert "#wiz" in home.partition("<h2>Waiting</h2>")[0]


async def test_a_mended_stake_leaves_no_other_in_the_bets_name(served: Served) -> None:
    """Pages name a bet as it was understood, without the stake that was written."""
    await served.client.post("/bets", data={"line": "DEN ML -110 $20"}, headers=SAME)
    number = 5
    done = await served.client.post(f"/bets/{number}/edit", data={"stake": "$30"}, headers=SAME)
    assert done.status_code == 303
    found = (await served.client.get(f"/bets/{number}")).text
    assert f"<h1>#{number} DEN ML</h1>" in found
    assert "$30.00" in found


async def test_the_words_of_a_bet_are_mended_on_its_page(served: Served) -> None:
    """A bet that needs its words mended can have that there; its price stays."""
    await served.client.post("/bets", data={"line": "DEN ML -110 $20"}, headers=SAME)
    assert 'placeholder="DEN ML -110 $20"' in (await served.client.get("/bets/5")).text
    done = await served.client.post("/bets/5/edit", data={"pick": "LAL +4.5"}, headers=SAME)
    assert done.status_code == 303
    told = (await served.client.get("/api/v1/bets/5")).json()
    assert (told["pick"], told["odds"], told["stake_cents"]) == ("LAL +4.5", "-110", 2000)
    wrong = await served.client.post("/bets/5/edit", data={"pick": "what"}, headers=SAME)
    assert (wrong.status_code, "'what'" in html.unescape(wrong.text)) == (422, True)


async def test_a_bet_of_the_bets_file_is_changed_there(served: Served) -> None:
    """Its page says so, and offers no form that would be refused."""
    await served.client.post("/bets", data={"line": "DEN ML -110 $20"}, headers=SAME)
    with closing(sqlite3.connect(served.database)) as db, db:
        db.execute("UPDATE bet SET from_file = 1 WHERE number = 5")
    found = (await served.client.get("/bets/5")).text
    assert "It stands in the bets file" in found
    assert "/bets/5/edit" not in found
    assert "/bets/5/rules" in found
    data = {"rules": "none\n"}
    done = await served.client.post("/bets/5/rules", data=data, headers=SAME)
    assert "nothing is said of it" in unquote_plus(done.headers["location"])
    assert ">none</textarea>" in (await served.client.get("/bets/5")).text
    for number, told in ((4, False), (5, True)):
        done = await served.client.post(
            f"/bets/{number}/rules", data={"rules": "hit"}, headers=SAME
        )
        assert ("The bets file takes this back" in unquote_plus(done.headers["location"])) is told


async def test_a_withdrawn_bet_is_followed_again_on_its_page(served: Served) -> None:
    """Its page offers that, and nothing is lost by it."""
    await served.client.post("/bets", data={"line": "DEN ML -110 $20"}, headers=SAME)
    assert "Follow it again" not in (await served.client.get("/bets/5")).text
    await served.client.post("/bets/5/withdraw", headers=SAME)
    assert "Follow it again" in (await served.client.get("/bets/5")).text
    await served.client.post("/bets/5/follow", headers=SAME)
    told = (await served.client.get("/api/v1/bets/5")).json()
    assert (told["status"], told["withdrawn_at"]) == ("scheduled", None)
    again = await served.client.post("/bets/5/follow", headers=SAME)
    assert "followed+already" in again.headers["location"].replace("%20", "+")


async def test_what_the_book_paid_is_said_on_the_page(served: Served) -> None:
    """A result by hand takes the given payout; without one it is paid by the odds."""
    wanted = {"result": "won", "paid": "$24.50", "why": "so the book says"}
    done = await served.client.post("/bets/2/settle", data=wanted, headers=SAME)
    assert done.headers["location"].startswith("/bets/2?")
    told = (await served.client.get("/api/v1/bets/2")).json()
    assert (told["result"], told["payout_cents"]) == ("won", 2450)


async def test_a_result_by_hand_says_so_wherever_it_was_given(served: Served) -> None:
    """The page and the API keep the reason as the terminal does, also where none was given."""
    wanted = {"result": "won", "why": "so the book says"}
    await served.client.post("/bets/2/settle", data=wanted, headers=SAME)
    await served.client.post("/api/v1/bets/2/settle", json={"result": "lost"})
    await served.client.post("/bets/2/settle", data={"result": "won"}, headers=SAME)
    told = (await served.client.get("/api/v1/bets/2")).json()
    reasons = [x["reason"] for x in told["settlements"][-3:]]
    assert reasons == ["by hand: so the book says", "by hand", "by hand"]


async def test_the_page_of_health_lists_back_ups_that_no_database_knows(served: Served) -> None:
    """A database that was restored knows of no later back-up, but the folder has it."""
    kept = served.database.parent / "backups" / "tracker-20260102T030405Z"
    kept.mkdir(parents=True)
    (kept / "tracker.db").write_bytes(b"x" * 1_200_000)
    assert "1.2 MB" in (await served.client.get("/health")).text


async def test_a_result_of_another_stake_tells_what_it_paid(served: Served) -> None:
    """An earlier payout is not set against a later stake, and a result taken back is none."""
    edited = await served.client.patch("/api/v1/bets/1", json={"stake": "$55"})
    assert edited.json()["payout_cents"] == 9429
    with closing(sqlite3.connect(served.database)) as db, db:
        db.execute(
            "INSERT INTO settlement (bet, revision, result, payout_cents, settled_at, reason) "
            "SELECT bet, 2, result, payout_cents, settled_at, ? FROM settlement WHERE bet = 3",
            (TO_BE_GRADED,),
        )
    found = (await served.client.get("/bets/1")).text
    rows = re.findall(r"<li><strong>(\w+)</strong> (.*?) <span", found)
    assert rows == [("won", "+$39.29"), ("won", "paid $34.29")]
    found = (await served.client.get("/bets/3")).text
    assert re.findall(r"<li><strong>(\w+)</strong>", found) == ["open", "won"]


async def test_markup_in_a_name_is_text(served: Served) -> None:
    """`<b>` in a book's name is escaped in the page."""
    wanted = {"line": "DEN ML $20", "book": "<b>bold</b>"}
    added = (await served.client.post("/api/v1/bets", json=wanted)).json()
    found = (await served.client.get(f"/bets/{added['id']}")).text
    assert "&lt;b&gt;bold&lt;/b&gt;" in found
    assert "<b>bold" not in found


@pytest.mark.parametrize("line", ["DENN -4.5", "LAL ML -110 $0", "<b> ML"])
async def test_a_line_that_is_no_bet_comes_back_to_be_mended(line: str, served: Served) -> None:
    """A bad line is shown again with the terminal's sentence, at the check and at the save."""
    looked = await served.client.get("/bets/check", params={"line": line})
    added = await served.client.post("/bets", data={"line": line}, headers=SAME)
    told = (await served.client.post("/api/v1/bets", json={"line": line})).json()["message"]
    for found in (looked, added):
        assert found.status_code == 422
        assert html.escape(told, quote=False) in html.unescape(found.text).replace(
            "<b>", "&lt;b&gt;"
        )
        assert f'value="{html.escape(line)}"' in found.text
        assert 'href="/history"' in found.text


async def test_a_bet_that_may_be_of_several_games_is_chosen_by_a_tap(served: Served) -> None:
    """Each possible game is a link to the bet on it, and that bet is added."""
    now = SystemClock().now()
    async with await Store.open(served.database, now=now) as store:
        (known,) = [game for game, _ in await store.games() if game.home == "DEN"]
        # It tips off with that one, so that both are on one night at whatever hour this is run.
        other = replace(known, id="0022600009", home="NYK", away="DEN")
        await store.save_games([(other, None)], now)
    found = await served.client.get("/bets/check", params={"line": "DEN over 114.5 $20"})
    assert found.status_code == 422
    links = [html.unescape(x) for x in re.findall(r'href="(/bets/check\?[^"]+)"', found.text)]
    (link,) = [x for x in links if "NYK" in x or "DEN%40NYK" in x]
    shown = (await served.client.get(link)).text
    assert "DEN @ NYK" in shown
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', shown))
    added = await served.client.post("/bets", data=fields, headers=SAME)
    told = (
        await served.client.get(added.headers["location"].replace("/bets", "/api/v1/bets"))
    ).json()
    assert told["game"]["home"] == "NYK"


async def test_a_bet_that_is_on_another_game_by_now_is_shown_again(served: Served) -> None:
    """Where the game that was shown has ended meanwhile, nothing is put on the team's next one."""
    now = SystemClock().now()
    shown = (await served.client.get("/bets/check", params={"line": "DEN ML -110 $20"})).text
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', shown))
    async with await Store.open(served.database, now=now) as store:
        (known,) = [game for game, _ in await store.games() if game.home == "DEN"]
        over = GameState(known, Phase.FINAL, 4, 0.0, Score(110, 100))
        later = replace(known, id="0022600009", away="NYK", start=known.start + timedelta(days=1))
        await store.save_games([(known, over), (later, None)], now)
        count = len(await store.bets_view())
    added = await served.client.post("/bets", data=fields, headers=SAME)
    again = await served.client.get(added.headers["location"])
    assert "Is this your bet?" in again.text
    assert "NYK @ DEN" in again.text
    async with await Store.open(served.database, now=now) as store:
        assert len(await store.bets_view()) == count


async def test_a_bets_page_says_that_its_data_are_old(served: Served) -> None:
    """The chance by a score that is twenty minutes old stands below the warning of its card.

    In JSON the bet is `stale`.
    """
    number = (await served.client.post("/api/v1/bets", json={"line": "DEN ML"})).json()["id"]
    now = SystemClock().now()
    at = now - timedelta(minutes=20)
    async with await Store.open(served.database, now=now) as store:
        (known,) = [x for x in await store.trackings(()) if x.game.home == "DEN"]
        seen = GameState(known.game, Phase.LIVE, 3, 300.0, Score(70, 66))
        book = replace(known, state=seen, changed_at=at, seen_at=at)
        await store.record(poll(at, seen), Change(book, snapshots=(snapshot(number, at),)), ())
    shown = Read((await served.client.get(f"/bets/{number}")).text).text
    assert "60 %" in shown
    assert "Stale: nothing has changed for 20 min" in shown
    assert "DEN ML 60 % (stale)" in Read((await served.client.get("/history")).text).text
    one = (await served.client.get(f"/api/v1/bets/{number}")).json()
    listed = (await served.client.get("/api/v1/bets")).json()["bets"][0]
    assert (one["stale"], listed["stale"]) == (True, True)
    settled = {"result": "won", "why": "as the book paid it"}
    done = await served.client.post(f"/api/v1/bets/{number}/settle", json=settled)
    assert not done.json()["stale"]
    assert "Stale" not in Read((await served.client.get(f"/bets/{number}")).text).text


async def test_a_bet_on_no_known_game_is_shown_with_those_that_are(served: Served) -> None:
    """It waits for its game, and a wrong team is noticed before the bet is saved."""
    shown = (await served.client.get("/bets/check", params={"line": "BOS -4.5"})).text
    assert "cannot be reached" in shown, "the sources are asked, as at the terminal"
    assert "LAL@DEN" in shown
    added = await served.client.post("/api/v1/bets", json={"line": "BOS -4.5"})
    assert "LAL@DEN" in added.json()["waiting"]
    shown = (await served.client.get(f"/bets/{added.json()['id']}")).text
    assert ": LAL@DEN): it is matched once its game is known." in shown, "its page says why"


async def test_more_bets_than_a_card_shows_are_folded(served: Served) -> None:
    """A game's card shows twenty bets one by one, and so does the list of those that wait."""
    now = SystemClock().now()
    async with await Store.open(served.database, now=now, durable=False) as store:
        (known,) = [x for x, _ in await store.games() if x.name == "LAL@DEN"]
        for points in range(25):
            pick = parse_bet(f"LAL@DEN over {200 + points}.5", find_in("nba"))
            await store.add(Draft(pick), game=known, defaults=(), at=now)
            pick = parse_bet(f"BOS over {100 + points}.5", find_in("nba"))
            await store.add(Draft(pick), game=None, defaults=(), at=now)
    home = (await served.client.get("/")).text
    card, waiting = home.partition("<h2>Waiting</h2>")[::2]
    for part in (card, waiting):
        shown, folded = part.partition("<details")[::2]
        assert (shown.count('href="/bets/'), folded.count('href="/bets/') > 4) == (20, True)
    assert "<summary>and 5 more</summary>" in waiting


async def test_a_parlay_over_several_games_leads_to_each(served: Served) -> None:
    """Its page links to every leg's game, once each."""
    now = SystemClock().now()
    other = Game("0022600010", "nba", "BOS", "MIA", now + timedelta(hours=2))
    async with await Store.open(served.database, now=now) as store:
        await store.save_games([(other, None)], now)
    line = {"line": "parlay: DEN ML; BOS ML; LAL@DEN over 224.5 +500 $10"}
    await served.client.post("/bets", data=line, headers=SAME)
    found = re.findall(r'href="/games/(\d+)"', (await served.client.get("/bets/5")).text)
    assert found == ["0022600001", "0022600010"]


async def test_a_models_scores_follow_the_game(night_and_market: Served) -> None:
    """The page lists them from the tip to the end of the third quarter, as the terminal does."""
    text = (await night_and_market.client.get("/models")).text
    places = [text.index(f"{x}: margin CRPS") for x in ("tip", "end Q1", "half", "end Q3")]
    assert places == sorted(places)


async def test_an_address_that_leads_nowhere_leads_back(served: Served) -> None:
    """An unknown path gives a page with links for people, and a sentence for programs."""
    for path in ("/nothing", "/bets", "/games", "/players", "/snooze"):
        found = await served.client.get(path)
        assert found.status_code in {404, 405}, path
        assert f"There is no page at {path}." in found.text
        assert found.headers.get("allow") == ("POST" if found.status_code == 405 else None)
        assert 'href="/history"' in found.text
    for method, path, status in (("GET", "nothing", 404), ("DELETE", "bets", 405)):
        found = await served.client.request(method, f"/api/v1/{path}")
        assert found.status_code == status
        assert "/api/v1/docs" in found.json()["message"]
        assert found.headers.get("allow") == (None if status == 404 else "GET, POST")


async def test_a_mistake_in_a_bets_form_leads_back_to_the_bet(served: Served) -> None:
    """A mistake in any form of a bet gives a page with a link to the bet."""
    for form, wanted in (
        ("rules", {"rules": "p > 2"}), ("edit", {"odds": "x"}), ("snooze", {"for": "x"}),
        ("settle", {"result": "", "why": "x"}),
    ):  # fmt: skip
        found = await served.client.post(f"/bets/2/{form}", data=wanted, headers=SAME)
        assert found.status_code == 422, form
        assert 'href="/bets/2"' in found.text
    assert (await served.client.get("/api/v1/bets/2")).json()["revision"] == 1
    assert 'href="/"' in (await served.client.post("/bets/99/edit", headers=SAME)).text


async def test_a_result_by_hand_can_be_taken_back_on_the_page(served: Served) -> None:
    """It can be replaced by another result, or graded again from the box score."""
    before = (await served.client.get("/api/v1/bets/2")).json()["result"]
    wanted = {"result": "void", "why": "a slip of the finger"}
    await served.client.post("/bets/2/settle", data=wanted, headers=SAME)
    assert (await served.client.get("/api/v1/bets/2")).json()["result"] == "void"
    assert "It ended otherwise" in (await served.client.get("/bets/2")).text
    await served.client.post("/bets/2/regrade", headers=SAME)
    assert (await served.client.get("/api/v1/bets/2")).json()["result"] == before


async def test_a_silence_is_seen_and_ended_where_it_was_begun(served: Served) -> None:
    """A bet's snooze is on its page, a game's on tonight's, and both can be ended there."""
    await served.client.post("/bets", data={"line": "DEN ML -110 $20"}, headers=SAME)
    game = (await served.client.get("/api/v1/bets/5")).json()["game"]["id"]
    for to, what, on, words in (
        ("/bets/5/snooze", {}, "/bets/5", "silent until"),
        ("/bets/5/snooze", {}, "/", "silent until"),
        ("/snooze", {"game": game}, "/", "Hear of it again"),
        ("/snooze", {}, "/", "Hear of it again"),
    ):
        assert words not in (await served.client.get(on)).text
        await served.client.post(to, data=what | {"for": "2h"}, headers=SAME)
        assert words in (await served.client.get(on)).text, (to, on)
        await served.client.post(to, data=what | {"for": "off"}, headers=SAME)
        assert words not in (await served.client.get(on)).text


async def test_a_bets_address_may_be_its_own_id(served: Served) -> None:
    """A URL with a person's own id redirects to the one with the number."""
    await served.client.post("/api/v1/bets", json={"line": "DEN ML $20", "id": "wiz"})
    assert (await served.client.get("/bets/wiz")).headers["location"] == "/bets/5"
    assert (await served.client.get("/bets/nobody")).status_code == 404


async def test_a_stream_tells_all_at_first(served: Served) -> None:
    """A new stream first sends every text, as JSON by its place on the page."""
    async with served.client.stream("GET", "/api/v1/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert stream.headers["x-accel-buffering"] == "no"
        data = [x async for x in _first(stream)]
    assert data == [
        'data: {"trouble": "The daemon is not running: nothing was read.", "shape": ""}'
    ]


async def test_a_stream_falls_silent_when_nobody_reads_the_database(tmp_path: Path) -> None:
    """A page turns grey when its texts are not made anew: no heartbeat calls them fresh."""
    path = tmp_path / "t.db"
    clock = FakeClock(SystemClock().now())
    async with await Store.open(path, now=clock.now()):
        rows = {"store": {"path": str(path)}, "bets": {"file": str(tmp_path / "none")}}
        site = Site(settings_of(rows, tmp_path), clock, load_parameters)
        stream = TonightTexts(site, clock).events(let_in)
        said = [await anext(stream), await anext(stream)]
        assert said[1].startswith("id: 1\ndata: ")
        beat = asyncio.ensure_future(anext(stream))
        await clock.advance(6)
        assert await beat == "event: beat\ndata: {}\n\n"
        beat = asyncio.ensure_future(anext(stream))
        await clock.advance(120)
        assert not beat.done()
        beat.cancel()
        await asyncio.gather(beat, return_exceptions=True)
        await site.close()


@pytest.mark.parametrize("shown", ["cookie", "key"])
async def test_a_stream_ends_once_its_reader_is_sent_away(tmp_path: Path, shown: str) -> None:
    """A page that is open when every browser is signed out, or a key revoked, hears no more."""
    path = tmp_path / "t.db"
    clock = FakeClock(SystemClock().now())
    async with await Store.open(path, now=clock.now()) as store:
        rows = {"store": {"path": str(path)}, "bets": {"file": str(tmp_path / "none")}}
        site = Site(settings_of(rows, tmp_path), clock, load_parameters)
        secret = (
            await store.web.add_key("k", frozenset(KeyScope), clock.now()) if shown == "key"
            else await store.web.sign_in(await store.web.make_link(clock.now()), clock.now())
        )  # fmt: skip
        header = f"Bearer {secret}" if shown == "key" else f"{COOKIE}={secret}"
        name = b"authorization" if shown == "key" else b"cookie"
        request = Request({"type": "http", "headers": [(name, header.encode())]})
        stream = TonightTexts(site, clock).events(lambda: still_let_in(request, site))
        assert [await anext(stream) for _ in range(2)][1].startswith("id: 1")
        beat = asyncio.ensure_future(anext(stream))
        await clock.advance(6)
        assert await beat == "event: beat\ndata: {}\n\n"
        assert await store.web.send_all_away(clock.now()) == (shown == "cookie")
        assert await store.web.revoke("k", clock.now()) == (shown == "key")
        beat = asyncio.ensure_future(anext(stream))
        await clock.advance(6)
        with pytest.raises(StopAsyncIteration):
            await beat
        await site.close()


async def test_a_fault_of_the_program_is_said_and_read_past(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Pages say that tonight cannot be shown, and show it again once it can be read."""
    path = tmp_path / "t.db"
    clock = FakeClock(SystemClock().now())
    async with AsyncExitStack() as opened:
        store = await opened.enter_async_context(await Store.open(path, now=clock.now()))
        await store.add(Draft(*read_line("DEN ML")), game=None, defaults=(), at=clock.now())
        rows = {"store": {"path": str(path)}, "bets": {"file": str(tmp_path / "none")}}
        site = Site(settings_of(rows, tmp_path), clock, load_parameters)
        opened.push_async_callback(site.close)
        tonight = TonightTexts(site, clock)
        tonight.streams = 1
        reading = asyncio.create_task(tonight.run())
        opened.callback(reading.cancel)
        stream = tonight.events(let_in)
        said = [await anext(stream), await anext(stream)]
        with closing(sqlite3.connect(path)) as db, db:
            (added,) = db.execute("SELECT added_at FROM bet").fetchone()
            db.execute("UPDATE bet SET added_at = 'x'")
        for _ in range(3):
            await clock.advance(6)
        assert await anext(stream) == (
            'id: 2\ndata: {"trouble": "Tonight cannot be shown, by a fault of the program: the log '
            'of `tracker web` says where."}\n\n'
        )
        with closing(sqlite3.connect(path)) as db, db:
            db.execute("UPDATE bet SET added_at = ?", (added,))
        await clock.advance(12)
        assert '"The daemon is not running: nothing was read."' in said[1]
        assert '"The daemon is not running: nothing was read."' in await anext(stream)
        assert len(caplog.records) == 1
        assert not reading.done()


async def test_a_fault_of_the_program_has_a_page(served: Served) -> None:
    """It is answered in a sentence, as a page or as a problem, and the rest is served as before."""
    with closing(sqlite3.connect(served.database)) as db, db:
        db.execute("UPDATE bet SET added_at = 'x' WHERE number = 1")
    page = await served.client.get("/bets/1")
    assert (page.status_code, page.headers["content-security-policy"]) == (500, POLICY)
    assert "by a fault of the program" in page.text
    told = await served.client.get("/api/v1/bets/1")
    assert (told.status_code, told.json()["status"]) == (500, 500)
    assert told.headers["content-type"] == "application/problem+json"
    assert (await served.client.get("/bets/2")).status_code == 200


async def test_no_more_streams_than_allowed_are_open(served: Served) -> None:
    """However many pages ask at once, the rest are told to come again; a closed one makes room."""
    async with AsyncExitStack() as opened:

        async def listen() -> httpx.Response:
            return await opened.enter_async_context(served.client.stream("GET", "/api/v1/events"))

        found = await asyncio.gather(*(listen() for _ in range(MOST_STREAMS + 10)))
        refused = [x for x in found if x.status_code == 503]
        assert len(refused) == 10
        assert {x.headers["retry-after"] for x in refused} == {"5"}
    for _ in range(1000):
        async with served.client.stream("GET", "/api/v1/events") as stream:
            if stream.status_code == 200:
                return
    pytest.fail("no room was made")


async def test_a_restored_database_is_the_one_that_is_shown(served: Served) -> None:
    """After `tracker restore` the page reads the file that was put in place, not the old one."""
    before = (await served.client.get("/api/v1/bets")).json()["bets"]
    copy, now = served.database.with_name("copy.db"), SystemClock().now()
    async with await Store.open(served.database, now=now, readonly=True) as store:
        await store.back_up(copy)
    async with await Store.open(copy, now=now) as store:
        await store.add(Draft(*read_line("DEN ML")), game=None, defaults=(), at=now)
    for end in ("-wal", "-shm"):
        served.database.with_name(served.database.name + end).unlink(missing_ok=True)
    copy.replace(served.database)
    after = (await served.client.get("/api/v1/bets")).json()["bets"]
    assert [x["pick"] for x in after] == ["DEN ML", *(x["pick"] for x in before)]


async def _first(stream: httpx.Response) -> AsyncIterator[str]:
    async for line in stream.aiter_lines():
        if line.startswith("data:"):
            yield line
            return


# ------------------------------------------------------------------ numbers are those of the API


@pytest.fixture
async def night_and_market(world: Path, served: Served) -> Served:
    """A finished night, a quoted night and a player's season, all at one moment."""
    assert world == served.database
    return served


class Read:
    """A page as a reader sees it: its texts, pairs of name and figure, and table rows."""

    def __init__(self, page: str) -> None:
        """Parse the HTML of a page."""
        self.pairs = {_plain(x): _plain(y) for x, y in re.findall(_PAIR, page, re.DOTALL)}
        self.rows = [
            tuple(_plain(x) for x in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL))
            for row in re.findall(r"<tr[^>]*>(<td.*?)</tr>", page, re.DOTALL)
        ]
        self.titles = [_plain(x) for x in re.findall(r"<title>(.*?)</title>", page)]
        self.text = _plain(page)


_PAIR = r"<dt>(.*?)</dt>\s*<dd[^>]*>(.*?)</dd>"


def _plain(text: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


async def both(served: Served, page: str, api: str = "") -> tuple[Read, Any]:
    """A page as it is read, and the API's answer at the same path or another."""
    shown = await served.client.get(page)
    told = await served.client.get(f"/api/v1{api or page}")
    assert shown.status_code == 200, shown.text
    return Read(shown.text), told.json()


async def test_a_bets_figures_are_those_of_the_api(night_and_market: Served) -> None:
    """Price, stake, range, results with money and each moment agree with the API."""
    for number in "1234":
        page, told = await both(night_and_market, f"/bets/{number}")
        wanted = {"Peak": percent(told["peak"]), "Low": percent(told["low"])}
        assert ("By the close" in page.pairs) == (told["clv"] is not None)
        if told["stake_cents"] is not None:
            wanted["Free bet" if told["free"] else "Stake"] = money_text(told["stake_cents"])
        if told["odds"] is not None:
            wanted["Odds"] = told["odds"]
            wanted["Break-even"] = percent(parse_odds(told["odds"]).break_even, 1)
        assert wanted.items() <= page.pairs.items()
        assert 0 < told["low"] <= told["peak"] < 1
        for one in told["settlements"]:
            assert f"{one['result']} " in page.text
            assert f"revision {one['revision']}" in page.text
            if one["payout_cents"] is not None and told["stake_cents"] is not None:
                assert signed_money(one["payout_cents"] - told["stake_cents"]) in page.text
        path = f"/bets/{number}/alerts?explain=1"
        decided = (await both(night_and_market, f"/bets/{number}", path))[1]["alerts"]
        held = [x for x in decided if not x["text"] and x["reason"] not in ("rearmed", "below")]
        assert len(held) < sum(not x["text"] for x in decided) or number != "1"
        assert (f"{len(held)} held back" in page.text) == bool(held)
        moments, asked = await both(
            night_and_market, f"/bets/{number}/moments", f"/bets/{number}/snapshots?limit=50"
        )
        shown = [(x[1], x[3], x[4]) for x in moments.rows]
        assert len(shown) == 50
        assert shown == [
            (
                x["game_clock"],
                percent(x["chance"]["win"], 1),
                f"{x['mu']['total']:.1f} ± {x['sigma']['total']:.1f}",
            )
            for x in asked["snapshots"]
        ]


async def test_the_records_figures_are_those_of_the_api(night_and_market: Served) -> None:
    """The summary, the tables of groups, reliability and closing values agree with the API."""
    page, whole = await both(night_and_market, "/history", "/performance")
    x = whole["whole"]
    assert page.pairs["Record"] == f"{x['won']}–{x['lost']}"
    assert page.pairs["Profit"] == signed_money(x["profit_cents"])
    assert page.pairs["Staked"] == money_text(x["staked_cents"])
    assert page.pairs["Stake or payout not known"] == "1 bet"
    assert x["bets"] - x["counted"] == 1
    assert page.pairs["ROI"].startswith(f"{x['roi'] * 100:+.1f} %".replace("-", "−"))
    rows = {x[0]: x for x in page.rows if len(x) == 6}
    for by in ("market", "book", "tag", "month"):
        groups = (await both(night_and_market, "/history", f"/performance?by={by}"))[1]["groups"]
        for key, group in groups.items():
            _, bets, record, won, profit, _ = rows[key]
            assert bets == str(group["bets"])
            assert record.startswith(f"{group['won']}–{group['lost']}")
            assert won == ("" if group["hit_rate"] is None else percent(group["hit_rate"], 1))
            assert profit == (signed_money(group["profit_cents"]) if group["staked_cents"] else "")
    told = (await both(night_and_market, "/history", "/calibration"))[1]
    assert told["first"]["bins"]
    for one in told["first"]["bins"]:
        words = (
            f"said {in_percent(one['said'], 0)}, came {in_percent(one['came'], 0)} of {one['bets']}"
        )
        assert words in page.titles
    closes = (await both(night_and_market, "/history", "/clv"))[1]
    assert page.pairs["With a close"] == f"{closes['n'] - sum(closes['missing'].values())} of 4"


async def test_healths_figures_are_those_of_the_api(night_and_market: Served) -> None:
    """Checks, sources, messages, size and credits agree with the API."""
    page, told = await both(night_and_market, "/health")
    shown = dict(re.findall(r"(The daemon runs|All of it moves|[A-Z][^:.]+): (yes|no)", page.text))
    assert [x == "yes" for x in shown.values()] == list(told["checks"].values())
    status = (await both(night_and_market, "/health", "/status"))[1]
    for one in status["deliveries"]:
        assert (one["channel"], one["state"], str(one["count"])) in page.rows
    for one in status["sources"]:
        assert (one["source"], one["word"]) in [x[:2] for x in page.rows]
    assert f"{status['size_bytes'] / 1e6:.1f} MB, schema {status['schema']}" in page.text
    spent = (await both(night_and_market, "/health", "/odds/credits"))[1]
    assert page.pairs["Used this month"] == str(spent["used"])
    assert page.pairs["Left this month"] == str(spent["remaining"])
    assert page.pairs["Planned tonight"].startswith(f"{spent['planned_tonight']} for")


async def test_prices_are_those_of_the_api(night_and_market: Served) -> None:
    """A game's best prices with their books, and every edge, agree with the API."""
    game = "0022600999"
    page, told = await both(night_and_market, f"/games/{game}", f"/games/{game}/quotes")
    assert told["best"]
    wanted = {(f"{x['odds_decimal']:.2f}", x["book"]) for x in told["best"]}
    assert wanted <= {(x[1], x[2]) for x in page.rows}
    edges, rows = await both(night_and_market, "/edges")
    listed = [*rows["edges"], *rows["disagreements"]]
    assert listed
    for x in listed:
        assert f"p(hit) {percent(x['p'], 1)}" in edges.text
        assert f"{x['odds_decimal']:.2f} at {x['book']}" in edges.text
        assert share_text(x["edge"]) in edges.text
    assert rows["so_far"]["n"] == 0
    assert "No such row has ended" in edges.text


async def test_models_and_keys_are_those_of_the_api(night_and_market: Served) -> None:
    """Versions, calibrations and scores of models, and the keys' scopes, agree with the API."""
    page, told = await both(night_and_market, "/models", "/models?league=nba")
    for x in told["models"]:
        if x["stage"] == "retired":
            continue
        assert f"NBA {x['kind']}: {x['name']}" in page.text
        assert x["model_version"] in page.text
        for moment, scores in ((x["unseen"] or {}).get("moments") or {}).items():
            line = ", ".join(f"{name} {value:.4f}" for name, value in scores.items())
            assert f"{moment}: {line}" in page.text
    keys = Read((await night_and_market.client.get("/keys")).text)
    async with await Store.open(night_and_market.database, now=SystemClock().now()) as store:
        kept = await store.web.keys()
    scopes = {x.name: ", ".join(sorted(y.value for y in x.scopes)) for x in kept}
    assert {x[0]: x[1] for x in keys.rows} == scopes


async def test_a_players_figures_are_those_of_the_api(night_and_market: Served) -> None:
    """Means, trends, games and the chance of a line agree; what is unknown is shown as unknown."""
    for asked in ("?stat=pts&line=24.5", "?stat=reb", "?line="):
        page, told = await both(
            night_and_market, f"/players/Nikola%20Jokic{asked}",
            f"/players/Nikola%20Jokic{asked.removesuffix('?line=')}",
        )  # fmt: skip
        rows = [
            (x["of"], str(x["games"]), f"{x['mean']:.1f}", f"{x['minutes']:.1f}")
            for x in told["rolling"]
        ]
        assert rows
        assert set(rows) <= set(page.rows)
        assert page.pairs["Exponential mean"] == f"{told['exponential']:.1f}"
        trend = f"{told['trend']:+.2f} a game".replace("-", "−")
        assert page.pairs[f"Trend of {told['stat']}"] == trend
        assert f"{told['allowed']['mean']:.1f} {told['stat']} a game" in page.text
        values = [str(x["value"]) for x in told["games"][:10]]
        assert [x[4] for x in page.rows if len(x) == 5] == values
        if told["line"] is None:
            assert "Chance of over" not in page.text
        else:
            chance = percent(told["chance"]["win"], 1)
            assert page.pairs["Chance of over 24.5"] == f"{chance} in the next game"
            over = f"{told['over']['games']} of {told['over']['of']} games"
            assert page.pairs["Over 24.5 so far"] == over


async def test_a_player_who_is_unknown_is_said_to_be(night_and_market: Served) -> None:
    """An unknown player, a bad statistic and a bad line give one sentence each."""
    for path, status, words in (
        ("/players/Nobody", 404, "No earlier game of Nobody is known"),
        ("/players/Jokic?stat=dunks", 422, "is not counted"),
        ("/players/Jokic?line=many", 422, "is no line"),
        ("/players/Jokic?line=24.3", 422, "write one such as 25.5"),
    ):
        found = await night_and_market.client.get(path)
        assert found.status_code == status, path
        assert words in Read(found.text).text


async def test_the_reference_has_what_a_request_gives(served: Served) -> None:
    """It lists parameters and the fields of a body, those that are needed marked, and no quotes."""
    page = Read((await served.client.get("/api/v1/docs")).text)
    assert ("tag", "query", "string") in page.rows
    assert ("line", "yes", "string") in page.rows
    assert ("stake", "", "string") in page.rows
    assert "`" not in page.text


def test_a_figure_stays_with_its_unit() -> None:
    """On a narrow page a line breaks before an error, not before a unit."""
    shown = whole("−25.2 % ± 1.1 %"), whole("15 min"), whole("+33.0 %"), whole(3)
    assert [x.split(" ") for x in shown] == [
        ["−25.2\xa0%", "±\xa01.1\xa0%"], ["15\xa0min"], ["+33.0\xa0%"], ["3"],
    ]  # fmt: skip


@pytest.mark.parametrize(("minutes", "words"), [(20, "20 min ago"), (90, "1 h 30 min ago")])
def test_the_path_of_a_line_says_when_it_begins(minutes: int, words: str) -> None:
    """A line that is known for less than half an hour does not begin 0 hours ago."""
    until = datetime(2026, 11, 21, 3, tzinfo=UTC)
    begin = until - timedelta(minutes=minutes)
    assert f">{words}</text>" in of_path("total", [(begin, 224.5), (until, 225.5)], until)


def test_a_bet_on_players_leads_to_each_with_its_own_line() -> None:
    """A bet links to each of its players once, a parlay too; a bet on teams to none."""
    maxey = Player("Tyrese Maxey", Side.HOME)
    over = PlayerTotal(maxey, Stat.REB, Direction.OVER, 4.5)
    assert players_of(over) == (PlayerLink("Tyrese Maxey", "reb", 4.5),)
    assert players_of(DoubleDouble(maxey)) == (PlayerLink("Tyrese Maxey", "pts", None),)
    assert players_of(Moneyline(Side.HOME)) == players_of(None) == ()
    game = Game("1", "nba", "PHI", "SAC", datetime(2026, 1, 30, tzinfo=UTC))
    slip = Parlay((Leg(game, over), Leg(game, Moneyline(Side.HOME))))
    assert players_of(slip) == players_of(over)
    shown = templates.from_string(
        '{% from "rows.html" import players %}{{ players(found) }}'
    ).render(found=players_of(over))
    assert 'href="/players/Tyrese%20Maxey?stat=reb&amp;line=4.5"' in shown


def test_a_range_that_was_never_known_stays_a_dash_while_the_page_is_open() -> None:
    """What the stream tells of a bet without a chance takes no dash off its page."""
    book = a_book(bet(1, "DEN ML"), bet(2, "DEN -4.5"))
    first, second = book.tracked
    unknown = replace(book, tracked=(first.without_chance(NoChance.LITTLE_KNOWN), second))
    told = game_tonight(unknown, {}, (), T0, UTC).texts()
    assert (told["b1.peak"], told["b1.low"], told["b2.peak"], told["b2.low"]) == ("–", "–", "", "")


def test_one_day_is_named_once_below_a_chart() -> None:
    """A chart of a single day does not name it at both ends."""
    assert of_profit([("2026-01-29", 100)]).count("2026-01-29") == 1
    assert of_games("pts", [("29 Jan", 30)], None).count(">29 Jan<") == 1


@pytest.mark.parametrize(
    ("cents", "label"), [(-1_227_321, ">-12k<"), (-999_900, ">-9999<"), (12_345_600, ">123k<")]
)
def test_a_large_profit_has_room_beside_its_chart(cents: int, label: str) -> None:
    """A sum of more than five signs is told in thousands, so that its sign is not cut off."""
    assert label in of_profit([("2026-01-29", cents)])
