"""Who tells of each league: the primary source first, then those that stand in for it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tracker.domain.league import GLEAGUE, NBA, NCAAM, NCAAW, WNBA
from tracker.feeds.espn.espn import espn_source
from tracker.feeds.nba import nba
from tracker.feeds.source import Source

SOURCES: Mapping[str, tuple[Source, ...]] = MappingProxyType(
    {
        NBA.id: (nba.SOURCE, espn_source(NBA.id)),
        WNBA.id: (nba.WNBA_SOURCE, espn_source(WNBA.id)),
        NCAAM.id: (espn_source(NCAAM.id),),
        NCAAW.id: (espn_source(NCAAW.id),),
        GLEAGUE.id: (espn_source(GLEAGUE.id),),
    }
)
"""The sources of each league, in the order in which they are preferred."""
