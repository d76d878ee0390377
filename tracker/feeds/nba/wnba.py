"""The WNBA's own feed: the NBA's format under another host, which blocks with 200 and a page."""

from __future__ import annotations

from tracker.domain.league import WNBA
from tracker.feeds.nba.cdn_source import cdn_source

SOURCE = cdn_source(WNBA.id, "https://www.wnba.com", "10")
"""cdn.wnba.com, the primary source of the WNBA."""
