"""ESPN's documents, built for tests."""

from __future__ import annotations

import json
from typing import Any

from tests.feeds.serving import document, encoded


def event(**changes: object) -> dict[str, Any]:
    """UTA 41 at TOR 47, 1:38 left in the second quarter, as recorded, with changes.

    `status__period=3` changes the status, `type__name="X"` its type, `home__score="7"` the home
    team's side and `game__format=None` the competition. A value of `...` deletes the key.
    """
    found: dict[str, Any] = document("espn_board_nba")["events"][2]
    found = json.loads(json.dumps(found))
    game = found["competitions"][0]
    sides = {x["homeAway"]: x for x in game["competitors"]}
    places = {
        "status": game["status"],
        "type": game["status"]["type"],
        "game": game,
        **sides,
        "home_team": sides["home"]["team"],
        "away_team": sides["away"]["team"],
    }
    for name, value in changes.items():
        place, _, key = name.rpartition("__")
        target = places[place] if place else found
        if value is ...:
            del target[key]
        else:
            target[key] = value
    return found


def kind(name: str, state: str, *, completed: bool = False, detail: str = "") -> dict[str, Any]:
    """The type of a status."""
    return {"id": "0", "name": name, "state": state, "completed": completed, "detail": detail}


def board(*events: object, **more: object) -> bytes:
    """A scoreboard with these events."""
    return encoded({"events": list(events), **more})


def lines(*points: int) -> list[dict[str, Any]]:
    """Points by period, in the form of newer documents."""
    return [
        {"value": float(x), "displayValue": str(x), "period": n} for n, x in enumerate(points, 1)
    ]
