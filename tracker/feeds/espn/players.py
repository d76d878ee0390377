"""The players of an ESPN summary: columns are found by their names, since their order changes."""

from __future__ import annotations

import re

from tracker.domain.catalog.teams import code_in
from tracker.domain.game import Game, PlayerLine
from tracker.domain.player import rules_out
from tracker.feeds import texts
from tracker.feeds.errors import FeedMalformed
from tracker.feeds.espn import documents as told
from tracker.feeds.strict import MOST_POINTS

_COLUMNS = {
    "pts": ("points", "PTS"),
    "reb": ("rebounds", "REB"),
    "ast": ("assists", "AST"),
    "stl": ("steals", "STL"),
    "blk": ("blocks", "BLK"),
    "3pm": ("threePointFieldGoalsMade-threePointFieldGoalsAttempted", "3PT"),
    "to": ("turnovers", "TO"),
}
"""Each statistic with the names of its column under `keys` and under `labels`."""

_MINUTES = ("minutes", "MIN")
_FOULS = ("fouls", "PF")
_FIGURE = re.compile(r"([0-9]{1,3})(?:-[0-9]{1,3})?", re.ASCII)
_MOST_MINUTES = 130


def players(
    teams: list[told.PlayerTeamDocument], league: str, game: Game, *, in_play: bool
) -> tuple[PlayerLine, ...]:
    """Every player of the two teams. Ids are ESPN's own, marked so that no other feed's is meant.

    `in_play` is whether "active" means on the court: after the buzzer it is who was last there.
    """
    found: list[PlayerLine] = []
    for number, team in enumerate(teams):
        code = code_in(league, team.team.code, team.team.name or "").replace(" ", "-")
        side = game.side_of(code)
        if side is None:
            raise FeedMalformed(f"boxscore.players[{number}].team", "does not play in this game")
        for block in team.statistics[:1]:
            columns = {name: at for at, name in enumerate(block.keys or block.labels or ())}
            for player in block.athletes:
                figures = {
                    stat: value
                    for stat, names in _COLUMNS.items()
                    if (value := _figure(player, columns, names)) is not None
                }
                played = bool(player.stats) and not player.missed
                found.append(
                    PlayerLine(
                        id=f"espn:{player.athlete.id}",
                        name=texts.printable(player.athlete.name),
                        side=side,
                        stats=tuple(figures.items()),
                        minutes=float(min(_MOST_MINUTES, _figure(player, columns, _MINUTES) or 0)),
                        fouls=_figure(player, columns, _FOULS) or 0,
                        on_court=player.active and in_play,
                        starter=player.starter,
                        played=played,
                        # A reason stands beside those who did play, too, and means nothing there.
                        note=(texts.printable(player.reason) or None) if player.missed else None,
                        out=player.missed and rules_out(player.reason),
                    )
                )
    return tuple(found)


def _figure(
    player: told.PlayerDocument, columns: dict[str, int], names: tuple[str, ...]
) -> int | None:
    """A player's figure; of made and attempted the made ones. None without such a column."""
    at = next((columns[x] for x in names if x in columns), None)
    if at is None or at >= len(player.stats):
        return None
    text = player.stats[at]
    read = _FIGURE.fullmatch(text)
    if read is None:
        if text.strip() in ("", "-", "--"):
            return None
        raise FeedMalformed(f"boxscore.players.stats[{at}]", "is no figure")
    return min(int(read[1]), MOST_POINTS)
