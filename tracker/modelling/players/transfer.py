"""Player figures for a league without recorded players: another league's, flagged as such."""

from __future__ import annotations

from typing import Any

from tracker.domain.league import LEAGUES
from tracker.forecast.documents import sealed

FOULS = {"ncaam": 5, "ncaaw": 5}
"""Fouls that put a player out, where they are not 6."""


def transferred(document: dict[str, Any], league: str) -> dict[str, Any]:
    """The document of another league, for `league`; `reference` of both is what is written.

    The figures run along the part of a game that is played and count minutes of a 48-minute game,
    so that they need no scaling: the forecast stretches a shorter game to it.
    """
    rules = LEAGUES[league]
    found = dict(document)
    form = str(document["model_version"]).split(f"-{document['league']}-")[0]
    found |= {
        "league": rules.id,
        "transferred": True,
        "fouls": FOULS.get(rules.id, 6),
    }
    return sealed(found, form)
