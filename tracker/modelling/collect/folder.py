"""A folder of recorded games that grows: in order of date, and every game once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracker.domain.errors import Impossible
from tracker.domain.league import LEAGUES, season_name
from tracker.domain.prior import Finished
from tracker.modelling.collect.plays import Event

if TYPE_CHECKING:
    from tracker.domain.game import GameState

_GAMES = ("game_id", "season", "game_date", "team_id_home", "team_id_road", "pts_home", "pts_road")
_ORDER = [("game_date", "ascending"), ("game_id", "ascending")]


class HistoryFolder:
    """The recorded games of one league, as `tracker fit` reads them."""

    def __init__(self, folder: Path, league: str) -> None:
        """Nothing is written until `add`. Raises Impossible for a folder of another form."""
        self._home = folder / league
        self._league = league
        self._events = _read(self._home / "events.parquet", Event._fields)
        self._games = _read(self._home / "games.parquet", _GAMES)

    @property
    def known(self) -> frozenset[str]:
        """The games that are there."""
        return frozenset(() if self._games is None else self._games["game_id"].to_pylist())

    def finished(self) -> tuple[Finished, ...]:
        """The results of the games that are there, with their points by half."""
        rows = [] if self._games is None else self._games.to_pylist()
        half, whole = (self._points_until(x) for x in _halves(self._league))
        return tuple(
            Finished(
                self._league, date.fromisoformat(x["game_date"]), x["team_id_home"],
                x["team_id_road"], x["pts_home"], x["pts_road"],
                (half[x["game_id"]], whole[x["game_id"]] - half[x["game_id"]])
                if x["game_id"] in half else None,
            )
            for x in rows
        )  # fmt: skip

    def _points_until(self, period: int) -> dict[str, int]:
        """Both teams' points at the end of a period, by game."""
        if self._events is None:
            return {}
        import pyarrow.compute as pc

        played = self._events.filter(pc.less_equal(self._events["period"], period))
        sums = played.group_by("game_id").aggregate([("home_score", "max"), ("away_score", "max")])
        return {x["game_id"]: x["home_score_max"] + x["away_score_max"] for x in sums.to_pylist()}

    def add(self, games: Sequence[tuple[GameState, Iterable[Event]]]) -> None:
        """Write finished games with their events beside those that are there."""
        if not games:
            return
        import pyarrow as pa

        rows = [event._asdict() for _, events in games for event in events]
        heads = [_head(state, self._league) for state, _ in games]
        fresh = pa.Table.from_pylist(rows, schema=_schema())
        self._events = _together(self._events, fresh, [*_ORDER, ("seq", "ascending")])
        self._games = _together(self._games, pa.Table.from_pylist(heads), _ORDER)
        self._home.mkdir(parents=True, exist_ok=True)
        _write(self._events, self._home / "events.parquet")
        _write(self._games, self._home / "games.parquet")


def _halves(league: str) -> tuple[int, int]:
    """The last period of the first half, and that of regulation."""
    periods = LEAGUES[league].periods
    return periods // 2, periods


def _head(state: GameState, league: str) -> dict[str, Any]:
    game = state.game
    values = (
        game.id, season_name(league, game.slate), game.slate.isoformat(), game.home, game.away,
        state.score.home, state.score.away,
    )  # fmt: skip
    return dict(zip(_GAMES, values, strict=True))


def _schema() -> Any:
    import pyarrow as pa

    kinds = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    types = {"side": pa.string(), "made": kinds[bool], "clock_s": kinds[float]}
    whole = ("seq", "period", "home_score", "away_score")
    types |= dict.fromkeys(whole, kinds[int])
    return pa.schema([(name, types.get(name, pa.string())) for name in Event._fields])


def _together(old: Any, fresh: Any, order: Any) -> Any:
    import pyarrow as pa

    whole = fresh if old is None else pa.concat_tables([old, fresh])
    return whole.sort_by(order)


def _read(path: Path, columns: Sequence[str]) -> Any:
    if not path.exists():
        return None
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        found = pq.read_table(path)
    except pa.ArrowException as why:
        raise Impossible(f"{path} cannot be read ({why}): name another folder") from why
    if tuple(found.column_names) != tuple(columns):
        raise Impossible(f"{path} is a dataset of another form: name another folder")
    return found


def _write(table: Any, path: Path) -> None:
    import pyarrow.parquet as pq

    fresh = path.with_suffix(".new")
    pq.write_table(table, fresh)
    fresh.replace(path)
