"""`tracker backtest` and `study`: tries a strategy on past games, and judges fits by season.

A back-test shows a strategy's profit beside the profit of shuffled results, which is luck alone. A
study judges every season by a fit on the others, on all cores or on a cluster, and may back-test
each season.
"""

from __future__ import annotations

import csv
import io
import json
import tomllib
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tracker.app.market.backtest import (
    CHANCES,
    EDGES,
    SHUFFLES,
    BacktestReport,
    BetGroup,
    BetOutcome,
    Candidate,
    nights_of,
    own_games,
)
from tracker.app.market.backtest import backtest as judge
from tracker.app.report import markdown_table
from tracker.app.views import part, plain
from tracker.cli import Scope, run_async, scope_of, session
from tracker.cli.app import AsJson
from tracker.cli.models import (
    DEFAULT_LEAGUE,
    Folder,
    ModelsInUse,
    Seasons,
    known_league,
    models_of,
    need_modelling,
    seasons_of,
)
from tracker.cli.screen import bar, note, say, say_json, table
from tracker.domain import Impossible
from tracker.domain.game import Game
from tracker.domain.money import plural
from tracker.domain.player import Player
from tracker.domain.prior import Lines
from tracker.engine.market.strategy import BadStrategy, Strategy, strategy_of
from tracker.forecast import Parameters
from tracker.forecast.outlook import Outlook
from tracker.settings.reading import toml_fault
from tracker.wording.closes import share_text

if TYPE_CHECKING:
    from tracker.modelling.retrain import Finding


def backtest(
    context: typer.Context,
    strategy: Annotated[
        Path, typer.Argument(metavar="STRATEGY", help="A file such as config/strategies/ev.toml.")
    ],
    season: Annotated[str, typer.Option(metavar="SEASON", help="Such as 2023-24.")] = "2023-24",
    data: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where games.parquet with lines lies; else your own."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FOLDER", help="Write the report in every form here."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Try a strategy on games that are over: recorded seasons, or the quotes that were kept.

    With `lines = "closing"` or `"opening"` the prices are those of a season's table of games; with
    `lines = "quotes"` they are the person's own kept quotes of their own books, 60 s after each
    decision. The whole grid of thresholds is shown with the number of tries, and beside its best
    cell how good luck alone looks.
    """
    wanted = read_strategy(strategy)
    report = _report(scope_of(context), wanted, season, data)
    if out is not None:
        _write_report(report, out)
        note(f"Written to {out}: report.md, report.json, bets.csv")
    say_json(report_json(report)) if as_json else say(markdown(report))


def read_strategy(file: Path) -> Strategy:
    """The strategy in a TOML file. Raises BadStrategy when it is not understood."""
    try:
        text = file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise BadStrategy(f"{file} is not UTF-8 text: name a file of a strategy") from None
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as why:
        raise BadStrategy(f"{file}: {toml_fault(text, why)}") from None
    return strategy_of(document, file.name)


def _report(scope: Scope, strategy: Strategy, season: str, data: Path | None) -> BacktestReport:
    if strategy.lines == "quotes":
        pairs = run_async(_own(scope, strategy))
        source = "your kept quotes, 60 s after each decision"
    else:
        model = ModelsInUse(scope.registry(), note)("nba")
        pairs = _recorded(scope, model, strategy, season, data)
        fitted = "; it was fitted on that season too" if season in model.fitted_on else ""
        source = (
            f"{season}, recorded {strategy.lines} lines: what is said is of the model, not of you: "
            f"you could not have had all of these prices{fitted}"
        )
    return judge(strategy, [x for x, _ in pairs], dict(pairs), source)


def _recorded(
    scope: Scope, model: Parameters, strategy: Strategy, season: str, data: Path | None
) -> list[tuple[Candidate, BetOutcome]]:
    """The bets of a season and their outcomes, of the games in `data`, else of one's own folder."""
    from tracker.modelling.backtest import candidates, read_rows

    folder = data or scope.settings().history_folder / "nba"
    with bar() as advance:
        return list(candidates(read_rows(folder), season, strategy.lines, model, advance))


async def _own(scope: Scope, strategy: Strategy) -> list[tuple[Candidate, BetOutcome]]:
    from tracker.app.market.backtest import candidates
    from tracker.forecast.market import closing_outlook

    async with session(scope) as at:
        models = models_of(at)
        games = await own_games(at.store, at.now)

    def outlook_of(game: Game, lines: Lines, players: Sequence[Player]) -> Outlook:
        return closing_outlook(game, lines, models(game.league), None, players)

    return [
        pair for kept in games for pair in candidates(kept, strategy, at.settings.odds, outlook_of)
    ]


def report_json(x: BacktestReport) -> dict[str, Any]:
    """A report as JSON."""
    return {
        "strategy": x.strategy.name,
        "source": x.source,
        **part(x.all, "n", "staked", "profit", "roi"),
        "roi_95": [x.all.low, x.all.high],
        **part(x, "clv", "clv_se", "clv_n", "sharpe"),
        "drawdown": {"units": x.drawdown, "nights": x.drawdown_nights},
        **part(x, "by_market", "by_month", "grid", "tries"),
        "best_cell": plain(x.best),
        "best_of_shuffles": None if x.luck is None else {"median": x.luck[0], "q95": x.luck[1]},
    }


def markdown(x: BacktestReport) -> str:
    """A report as Markdown."""
    said = "" if x.all.low is None or x.all.high is None else (
        f" (95 % {_share(x.all.low)} to {_share(x.all.high)}, over nights)"
    )  # fmt: skip
    error = "" if x.clv_se is None else f" ± {x.clv_se * 100:.2f} %"
    clv = "none" if x.clv is None else f"{_share(x.clv)}{error} ({x.clv_n})"
    sharpe = "none" if x.sharpe is None else f"{x.sharpe:.2f}"
    lines = [
        f"# {x.strategy.name}",
        "",
        f"On {x.source}.",
        "",
        f"- bets {x.all.n}, staked {x.all.staked:.2f} units, profit {x.all.profit:+.2f} units",
        f"- ROI {_share(x.all.roi)}{said}",
        f"- closing line value {clv}",
        f"- Sharpe {sharpe}, worst drawdown {x.drawdown:.2f} units",
        f"- at most {x.drawdown_nights} nights in a row below an earlier high",
        "",
        *_table("By market", x.by_market),
        *_table("By month", x.by_month),
    ]
    return "\n".join([*lines, *_grid(x)])


def _share(value: float | None) -> str:
    return "none" if value is None else f"{value * 100:+.2f} %".replace("-", "−")


def _table(head: str, groups: Sequence[BetGroup]) -> list[str]:
    rows = [
        (g.key, str(g.n), f"{g.profit:+.2f}", _share(g.roi), f"{_share(g.low)} to {_share(g.high)}")
        for g in groups
    ]
    return markdown_table((head, "bets", "profit", "ROI", "95 %"), rows)


def _grid(x: BacktestReport) -> list[str]:
    if not x.grid:
        return ["No price passed the strategy's own markets."]
    head = " | ".join(f"p ≥ {p:g}" for p in CHANCES)
    rows = [
        f"| edge ≥ {EDGES[i]:g} | "
        + " | ".join(f"{_share(cell.roi)} ({cell.n})" if cell.n else "–" for cell in row)
        + " |"
        for i, row in enumerate(x.grid)
    ]
    lines = [
        f"ROI of flat stakes past every pair of thresholds ({x.tries} tries), bets in brackets:",
        "",
        f"| | {head} |",
        f"| --- |{' --- |' * len(CHANCES)}",
        *rows,
        "",
    ]
    if x.best is not None and x.luck is not None:
        many = plural(x.best.n, "bet")
        lines.append(
            f"Best cell: {x.best.key}, {_share(x.best.roi)} on {many}. Of {SHUFFLES} "
            "shuffles, in which chances and results have nothing to do with each other, the best "
            f"cell has {_share(x.luck[0])} (median) and {_share(x.luck[1])} (95 %)."
        )
    return lines


def bets_csv(x: BacktestReport) -> str:
    """The bets of a report as CSV, a row each."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("day", "game", "bet", "book", "odds", "p", "edge", "stake", "profit", "clv"))
    for one in x.made:
        c = one.candidate
        rows.writerow(
            (
                c.day, c.game, c.text, c.book, f"{c.odds:.4f}", f"{c.win:.6f}", f"{c.edge:.6f}",
                f"{one.stake:.4f}", f"{one.profit:.4f}",
                "" if one.clv is None else f"{one.clv:.6f}",
            )
        )  # fmt: skip
    return text.getvalue()


def _write_report(x: BacktestReport, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.md").write_text(markdown(x) + "\n", "utf-8")
    text = json.dumps(report_json(x), ensure_ascii=False, indent=2)
    (folder / "report.json").write_text(text + "\n", "utf-8")
    (folder / "bets.csv").write_text(bets_csv(x), "utf-8")
    _draw(x, folder / "profit.png")


def _draw(x: BacktestReport, file: Path) -> None:
    """Write a PNG of the cumulative profit by night; without matplotlib, print a note instead."""
    try:
        import matplotlib as mpl
    except ImportError:
        note("No picture: `pip install '.[charts]'` in tracker's folder makes them possible")
        return
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    course = list(accumulate(nights_of(x.made).values()))
    figure, axes = plt.subplots(figsize=(8, 4))
    axes.plot(range(1, len(course) + 1), course)
    axes.axhline(0, linewidth=0.8)
    axes.set_title(x.strategy.name)
    axes.set_xlabel("night")
    axes.set_ylabel("units")
    figure.savefig(file, dpi=110, metadata={"Software": None})
    plt.close(figure)


def study(
    folder: Folder,
    *,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where models and figures go.")
    ],
    leagues: Annotated[
        list[str] | None,
        typer.Option("--league", metavar="LEAGUE", help="One or several; else the NBA."),
    ] = None,
    seasons: Seasons = None,
    strategy: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Back-test each season with this strategy too."),
    ] = None,
    jobs: Annotated[
        int, typer.Option(metavar="N", help="How many at once on this machine; -1 is one a core.")
    ] = -1,
    cluster: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="A Dask scheduler, such as tcp://10.0.0.5:8786."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Judge every season of every league by a fit on the others, and back-test it if wanted.

    Each season is a piece of its own: they run side by side on this machine's cores, or with
    --cluster on a Dask cluster whose workers see the same folder. The same games give the same
    files wherever they run.
    """
    need_modelling("a study", "pyarrow", "sklearn")
    from tracker.modelling import retrain as work
    from tracker.modelling.games import BadDataset

    names = [known_league(x) for given in leagues or [DEFAULT_LEAGUE] for x in given.split(",")]
    tried = None if strategy is None else read_strategy(strategy)
    try:
        pieces = work.pieces_of(folder.absolute(), names, seasons_of(seasons), tried)
        out.mkdir(parents=True, exist_ok=True)
        note(f"{len(pieces)} seasons, each judged by a fit on the others of its league.")
        found = work.run(
            work.work_out, pieces, jobs=jobs, cluster=cluster, done=lambda x: _write_figures(x, out)
        )
    except BadDataset as why:
        raise Impossible(str(why)) from None
    if as_json:
        say_json([json.loads(x.document) for x in found])
        return
    _tell_study(found)
    say(f"Models and figures are in {out}")


def _write_figures(x: Finding, out: Path) -> None:
    home = out / x.league
    home.mkdir(exist_ok=True)
    (home / f"{x.season}.json").write_text(x.document, "utf-8")
    (home / f"without-{x.season}.json").write_text(x.parameters, "utf-8")


def _tell_study(found: list[Finding]) -> None:
    rows = []
    for x in found:
        half = x.judged["moments"]["half"]
        roi = "" if x.backtest is None or not x.backtest["n"] else share_text(x.backtest["roi"])
        rows.append(
            (
                x.league,
                x.season,
                str(x.judged["games"]),
                *(f"{half[name]:.4f}" for name in ("win Brier", "total Brier")),
                roi.replace("%", " %"),
            )
        )
    heads = ("League", "Unseen season", "Games", "Win Brier", "Total Brier", "Return")
    table(heads, rows, right=range(2, len(heads)))
