"""The pages show what the API says, in the words of the messages, and change bets."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx

from tests.web.conftest import Served

SAME = {"Sec-Fetch-Site": "same-origin"}


async def test_every_page_opens(served: Served) -> None:
    """With the words on responsible gambling on each foot."""
    for path in ("/", "/bets/1", "/bets/2", "/history", "/health", "/keys", "/api/v1/docs"):
        found = await served.client.get(path)
        assert found.status_code == 200, path
        assert "18+." in found.text
        assert "1-800-GAMBLER" in found.text


async def test_a_bet_is_shown_back_before_it_is_saved(served: Served) -> None:
    """What was understood is read first; the button then adds it, and the page shows the bet."""
    shown = await served.client.post(
        "/bets/check", data={"line": "DEN -4.5 -110 $20"}, headers=SAME
    )
    assert "LAL @ DEN" in shown.text
    assert "/bets/5" not in (await served.client.get("/")).text
    added = await served.client.post("/bets", data={"line": "DEN -4.5 -110 $20"}, headers=SAME)
    assert added.headers["location"] == "/bets/5"
    assert "DEN -4.5" in (await served.client.get("/bets/5")).text


async def test_markup_in_a_name_is_text(served: Served) -> None:
    """`<b>` in a book's name reaches the page as five characters."""
    wanted = {"line": "DEN ML $20", "book": "<b>bold</b>"}
    added = (await served.client.post("/api/v1/bets", json=wanted)).json()
    found = (await served.client.get(f"/bets/{added['id']}")).text
    assert "&lt;b&gt;bold&lt;/b&gt;" in found
    assert "<b>bold" not in found


async def test_a_mistake_is_told_on_a_page(served: Served) -> None:
    """The sentence of the terminal, and the way back."""
    found = await served.client.post("/bets/check", data={"line": "DENN -4.5"}, headers=SAME)
    assert found.status_code == 422
    assert "did you mean Den?" in found.text


async def test_a_stream_tells_all_at_first(served: Served) -> None:
    """Whoever listens gets every text at once, as JSON by its place on the page."""
    async with served.client.stream("GET", "/api/v1/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert stream.headers["x-accel-buffering"] == "no"
        data = [x async for x in _first(stream)]
    assert data == [
        'data: {"trouble": "The daemon is not running: nothing was read.", "shape": ""}'
    ]


async def _first(stream: httpx.Response) -> AsyncIterator[str]:
    async for line in stream.aiter_lines():
        if line.startswith("data:"):
            yield line
            return
