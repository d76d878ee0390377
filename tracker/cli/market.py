"""`tracker odds`, `edges`, `clv` and `price`: quotes, edges, closing line values, fair prices."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TextIO

import typer

from tracker.app.market import (
    GameOdds,
    Offered,
    credit_report,
    credits_json,
    game_odds,
    named_game,
    odds_json,
)
from tracker.app.market.clv import ClvReport, clv_json, clv_report, read_clv
from tracker.cli import CommandEnded, Scope, Session, read_if_any, scope_of, session
from tracker.cli.app import AsJson
from tracker.cli.screen import Advance, bar, note, paint, progress, say, say_json, shown_as, table
from tracker.domain import TrackerError
from tracker.domain.game import Game
from tracker.domain.money import plural
from tracker.domain.quote import Closing
from tracker.settings import load_secrets
from tracker.wording.closes import closed_line, closing_text, selection_text, share_text
from tracker.wording.figures import in_percent, percent, rough_span

if TYPE_CHECKING:
    from tracker.app.market.edges import Edge, EdgesNow
    from tracker.forecast import Parameters


CREDITS = "credits"

_STEPS = 6
"""Latest values of a main line's path that are shown."""

_MOST_EDGES = 30
"""The most edges that are listed; there may be hundreds."""

_MOST_BETS = 40
"""The most bets that are listed below the means: the latest."""


async def odds(
    context: typer.Context,
    what: Annotated[
        list[str],
        typer.Argument(metavar="GAME|credits", help="A game such as LAL@DEN, or `credits`."),
    ],
    every: Annotated[bool, typer.Option("--all", "-a", help="Alternate lines too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the quotes of a game: the best price of each side at your books, and the close.

    Sharp books and exchanges (after their fee) stand apart, each price with its age. `tracker odds
    credits` shows what The Odds API has cost this month, what tonight needs, and what was refused.
    """
    scope, text = scope_of(context), " ".join(what)
    if text == CREDITS:
        await _credits(scope, as_json)
        return
    async with session(scope) as at:
        game, state = await named_game(at.store, text, at.now)
        found = await game_odds(at.store, game, state, at.settings.odds, at.now)
    if as_json:
        say_json(odds_json(found))
    else:
        _tell_odds(found, at, every)


def _offers(head: str, offered: Sequence[Offered], game: Game) -> None:
    rows = [
        (
            selection_text(one.quote.selection, game.home, game.away),
            f"{one.quote.odds:.3f}",
            one.quote.book,
            rough_span(one.age_s),
        )
        for one in offered
    ]
    table((head, "Odds", "Where", "Age"), rows, right=(1, 3))


def _tell_odds(x: GameOdds, at: Session, every: bool) -> None:
    zone = at.settings.zone
    say(f"{paint(x.game.name, 'bold')} · {x.at.astimezone(zone):%H:%M:%S}")
    if x.closing is not None:
        say(f"Close    {closing_text(x.closing)}")
    if not x.quotes:
        say("Nothing is quoted: the daemon asks while a game is to come (`tracker doctor`).")
        return
    best, quotes = (
        [one for one in some if every or not one.quote.selection.alternate]
        for some in (x.best, x.quotes)
    )
    _offers("Best", best, x.game)
    if anchors := [one for one in quotes if one.anchor and one.quote.open]:
        say()
        _offers("Anchors", anchors, x.game)
    for name, steps in x.paths.items():
        path = " → ".join(
            f"{s.points:g}" if s.points is not None else percent(s.chance) for s in steps[-_STEPS:]
        )
        say(f"{name:<9}{path}".replace("-", "−"))


async def _credits(scope: Scope, as_json: bool) -> None:
    async with session(scope) as at:
        keyed = load_secrets(at.settings).odds_key is not None
        found = await credit_report(at.store, at.settings.odds, at.now, keyed=keyed)
    if as_json:
        say_json(credits_json(found))
        return
    used, left = (
        "an unknown number" if x is None else str(x) for x in (found.used, found.remaining)
    )
    say(f"The Odds API: {used} used, {left} left this month")
    planned, games = plural(found.planned_tonight, "credit"), plural(found.games, "game")
    say(f"Tonight: {planned} for {games} with bets")
    for what, why in found.refused:
        say(f"Refused  {what}: {why}")
    if not keyed:
        note("Without a key closes are those of exchanges and ESPN: docs/market.md")


async def edges(context: typer.Context, as_json: AsJson = False) -> None:
    """List prices that can be had now and pay more than the model says they should.

    Facts, no advice: rows pass the limits of the configuration and are no older than two minutes.
    Where model and market are far apart, a row is listed apart, since that is usually our mistake.
    Every row is kept, and the list says how such rows did so far.
    """
    from tracker.app.market.edges import edges_json, edges_now
    from tracker.cli.models import basis_of

    async with session(scope_of(context), write=True) as at:
        with progress("forecasting"):
            found = await edges_now(basis_of(at), at.settings.odds, at.now)
        await at.store.quotes.keep_edges(found.unseen)
    if as_json:
        say_json(edges_json(found))
        return
    _tell_edges(found)


def _tell_edges(x: EdgesNow) -> None:
    did = x.so_far
    if x.listed:
        _table(x.listed)
    else:
        say("No price that can be had passes your limits at this moment.")
    if x.disagreements:
        say()
        say("Disagreements: the market says something else, and is usually right.")
        _table(x.disagreements)
    for why, n in sorted(x.left_out.items()):
        note(f"{n} left out: {why}")
    if did.n and did.said is not None and did.came is not None and did.profit is not None:
        say(
            f"So far {plural(did.n, 'such row')}: said {in_percent(did.said)}, "
            f"came {in_percent(did.came)}, {share_text(did.profit)} a unit"
        )
    else:
        say("So far no such row has ended: nothing can be said of how they do.")


def _table(rows: Sequence[Edge]) -> None:
    table(
        ("Bet", "p(hit)", "Fair", "Odds", "Where", "Edge", "Age"),
        [
            (
                f"{x.game.name} {selection_text(x.selection, x.game.home, x.game.away)}",
                percent(x.chance.win, 1),
                "" if x.chance.fair_odds is None else f"{x.chance.fair_odds:.2f}",
                f"{x.odds:.2f}",
                x.book,
                share_text(x.edge),
                rough_span(x.age_s),
            )
            for x in rows[:_MOST_EDGES]
        ],
        right=(1, 2, 3, 5, 6),
    )


async def clv(
    context: typer.Context,
    by: Annotated[
        Literal["market", "book", "tag", "month", "player"] | None,
        typer.Option("--by", help="Put bets together by this."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what your bets were worth by the closing line: the expected profit of a unit.

    The coverage stands first: how many of the bets have such a value, and why others have none.
    Parlays, and players whom nobody quoted, stand apart and are in no mean.
    """

    async def read(at: Session) -> tuple[ClvReport, Mapping[str, Closing]]:
        closings = await at.store.quotes.closings()
        return await read_clv(at.store, at.settings.default_rules, by), closings

    report, closings = await read_if_any(scope_of(context), read, (clv_report((), {}), {}))
    if as_json:
        say_json(clv_json(report, closings))
    else:
        _tell_clv(report, by)


def _tell_clv(x: ClvReport, by: str | None) -> None:
    if x.n == 0:
        say("No bet has met its close yet: closes are taken at the tip-off, while the daemon runs.")
        return
    others = [*x.missing.items(), *([("by our own model", x.model.n)] if x.model.n else [])]
    rest = f" ({', '.join(f'{why} {n}' for why, n in others)})" if others else ""
    say(f"Coverage {x.covered} of {plural(x.n, 'bet')}{rest}")
    say(f"Singles  {x.all.text}")
    if x.parlays.n:
        say(f"Parlays  {x.parlays.text}")
    if by is not None and x.groups:
        table(
            (by.capitalize(), "Bets", "CLV"),
            [(one.key, str(one.n), one.text) for one in x.groups],
            right=(1,),
        )
        return
    rows = [
        (
            str(bet.id),
            shown_as(bet),
            value.grade.value,
            value.reason if bet.market is None else closed_line(bet.market, bet.draft.odds, value),
        )
        for bet, value in x.rows[-_MOST_BETS:]
    ]
    table(("ID", "Bet", "Grade", "By the close"), rows)
    note("A positive mean says that you beat the close; it takes dozens of bets to tell.")


# ----------------------------------------------------------------------- the price of a given state

_BAR_EVERY = 256
"""Answers between two updates of the progress bar."""


def price(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="States, one in a line; else standard input."),
    ] = None,
    pmf: Annotated[
        bool, typer.Option("--pmf", help="Also the chance of every final margin, total and score.")
    ] = False,
    model: Annotated[
        str | None, typer.Option(metavar="MODEL", help="A name or a file; else the model in use.")
    ] = None,
) -> None:
    """Price bets in given game states, without a daemon: JSON lines in, JSON lines out.

    A state is {"id":"x","league":"nba","home":"DEN","away":"LAL","period":3,"clock":"04:11",
    "score":{"home":61,"away":58},"lines":{"home_spread":-4.5,"total":228.5},"bets":["DEN -4.5"]}.
    A line that is wrong gives {"id","error":{"field","message"}} in its place, the rest go on, and
    the exit status is 1 at the end.
    """
    load = _loader(scope_of(context), model)
    if file is None and sys.stdin.isatty():
        note("Reading states from the terminal, one JSON object a line; end with Ctrl-D.")
    from tracker.app.price_batch import price_lines

    wrong = 0
    with _lines(file) as lines, _bar(lines) as advance:
        # A program that writes line by line may wait for each answer; a file does not.
        at_once = not _on_disk(lines)
        for number, (answer, good) in enumerate(price_lines(lines, pmf=pmf, load=load), 1):
            sys.stdout.write(f"{answer}\n")
            if at_once:
                sys.stdout.flush()
            wrong += not good
            if number % _BAR_EVERY == 0:
                advance(f"{plural(number, 'state')}", _part(lines))
    if wrong:
        note(f"{wrong} {'line' if wrong == 1 else 'lines'} could not be priced: see `error`")
        raise CommandEnded


def _loader(scope: Scope, model: str | None) -> Callable[[str], Parameters]:
    """A function that gives a league's parameters: of the named model, else of the one in use."""
    from tracker.cli.models import ModelsInUse, named_model

    registry = scope.registry()
    in_use = ModelsInUse(registry, note)
    kept: dict[str, Parameters | TrackerError] = {}

    def load(league: str) -> Parameters:
        if league not in kept:
            try:
                kept[league] = named_model(registry, league, model) if model else in_use(league)
            except TrackerError as why:
                # Kept, since thousands of lines may ask for the same model that cannot be loaded.
                kept[league] = why
        found = kept[league]
        if isinstance(found, TrackerError):
            raise found
        return found

    return load


@contextmanager
def _lines(file: Path | None) -> Iterator[TextIO]:
    if file is None or str(file) == "-":
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
        yield sys.stdin
    else:
        with file.open(encoding="utf-8", errors="replace") as opened:
            yield opened


@contextmanager
def _bar(lines: TextIO) -> Iterator[Advance]:
    """A progress bar for a file; none on a terminal that shows answers, nor for a pipe."""
    if sys.stdout.isatty() or not _on_disk(lines):
        yield lambda _step, _part: None
        return
    with bar() as advance:
        yield advance


def _on_disk(lines: TextIO) -> bool:
    """Whether the lines come from a file, so that all of them are there already."""
    try:
        return stat.S_ISREG(os.fstat(lines.fileno()).st_mode)
    except OSError:
        return False


def _part(lines: TextIO) -> float:
    """The part of a file that has been read from disk, 0 to 1, including what is buffered."""
    number = lines.fileno()
    size = os.fstat(number).st_size
    try:
        return os.lseek(number, 0, os.SEEK_CUR) / size if size else 1.0
    except OSError:
        return 0.0
