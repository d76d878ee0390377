"""`tracker add`: registers the bet that a text means, matched to its games where they are known.

This module reads its own options, from a table: importing typer would take longer than the work.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from tracker.app.bets import Registered
from tracker.app.views import game_name_json, part, plain
from tracker.cli import Scope, Session, run_async, scope_of, session
from tracker.cli.bets import chooser, draft_for
from tracker.cli.screen import asks, label, note, paint, progress, say, say_json, when
from tracker.domain import Misused
from tracker.domain.bet import wager_text
from tracker.domain.catalog import teams
from tracker.domain.chance import NoChance
from tracker.domain.game import Game
from tracker.domain.market import PlayerMarket
from tracker.domain.money import needed, payout_if_won
from tracker.intake import Beside
from tracker.wording.closes import price_facts
from tracker.wording.figures import rough_span

if TYPE_CHECKING:
    import typer


# ---------------------------------------------------------------------------------------- options


@dataclass(frozen=True, slots=True)
class Option:
    """An option of `tracker add`. `several` is whether it may be given several times.

    `name` is its key among the values that were read. A switch has no value; it sets its key to
    `on`.
    """

    flag: str
    name: str
    help: str
    several: bool = False
    on: bool | None = None


OPTIONS = (
    Option("--game", "game", "The game, such as LAL@DEN or 'LAL@DEN 2026-11-20'."),
    Option("--odds", "odds", "The price: -110, 1.91 or 10/11."),
    Option("--stake", "stake", "The stake: 20, $20.00 or 2u."),
    Option("--book", "book", "Where the bet was placed."),
    Option(
        "--rule",
        "rules",
        "When to tell you, such as 'p >= 0.80'. May be given several times.",
        several=True,
    ),
    Option("--tag", "tags", "A tag of your own. May be given several times.", several=True),
    Option("--id", "name", "An id of your own, in place of the number."),
    Option(
        "--placed-at",
        "placed_at",
        "When it was placed: 18:30, or '2026-11-20 19:05'; in your zone unless it has one.",
    ),
    Option("--free", "free", "The stake is the book's: it is not lost, nor returned.", on=True),
    Option(
        "--chance",
        "chance",
        "Forecast it at once, which takes a second. Done on a terminal.",
        on=True,
    ),
    Option("--no-chance", "chance", "Do not forecast it at once.", on=False),
    Option("--json", "json", "Answer in JSON.", on=True),
)
"""Every option, in the order of the help."""

_BY_FLAG = {x.flag: x for x in OPTIONS}
_HELP = ("--help", "-h")


def _asks_help(args: Sequence[str]) -> bool:
    """Whether the arguments ask for help; after `--` everything is the text of the bet."""
    return any(x in _HELP for x in takewhile(lambda x: x != "--", args))


_CONFIG = "--config"


def asked_for(args: Sequence[str]) -> bool:
    """Whether a command line is `tracker add` with a bet, and not a request for its help."""
    verb = _verb(args)
    return verb is not None and not _asks_help(args[verb:])


def _verb(args: Sequence[str]) -> int | None:
    """The index of `add` when at most `--config FILE` comes before it; None otherwise."""
    if "_TRACKER_COMPLETE" in os.environ:
        return None
    place = 0
    while place < len(args) and args[place] != "add":
        if args[place] not in (_CONFIG, "-c") and not args[place].startswith(f"{_CONFIG}="):
            return None
        place += 1 if "=" in args[place] else 2
    return place if place < len(args) else None


def add_by(args: Sequence[str]) -> None:
    """Run a whole command line, `tracker [--config FILE] add ...`. Raises TrackerError."""
    verb = _verb(args) or 0
    before = [_CONFIG if x == "-c" else x for x in args[:verb]]
    words, values = read_options([*before, *args[verb + 1 :]])
    config = values.pop("config", None)
    _add_as(Scope(None if config is None else Path(config)), words, values)


def read_options(args: Sequence[str]) -> tuple[list[str], dict[str, Any]]:
    """The words of the bet (one may look like -4.5) and the options by name. Raises Misused."""
    words: list[str] = []
    values: dict[str, Any] = {}
    rest = iter(args)
    for word in rest:
        flag, equals, given = word.partition("=")
        option = _BY_FLAG.get(flag)
        if word == "--":
            words += rest
        elif flag == _CONFIG:
            values["config"] = given if equals else _value(flag, rest)
        elif option is None or (option.on is not None and equals):
            if word.startswith("--"):
                raise Misused(f"there is no option {flag}: see `tracker add --help`")
            words.append(word)
        elif option.on is not None:
            values[option.name] = option.on
        else:
            value = given if equals else _value(flag, rest)
            values[option.name] = (*values.get(option.name, ()), value) if option.several else value
    return words, values


def _value(flag: str, rest: Any) -> str:
    value: str | None = next(rest, None)
    if value is None:
        raise Misused(f"{flag} needs a value behind it: see `tracker add --help`")
    return value


def _add_as(scope: Scope, words: Sequence[str], values: dict[str, Any]) -> None:
    if not words:
        raise Misused("Missing argument LINE: write the bet, such as 'DEN -4.5 -110 $20'")
    as_json, chance = values.pop("json", False), values.pop("chance", None)
    add(scope, " ".join(words), Beside(**values), as_json=as_json, chance=chance)


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Declare the verb in typer for its help; its arguments are still read by `read_options`."""
    import typer as t
    from typer.core import TyperCommand

    from tracker.cli.app import declare

    class Add(TyperCommand):
        """A typer command whose arguments `read_options` reads."""

        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            """Store what `read_options` reads in the context; leave only the help to typer."""
            if _asks_help(args):
                return super().parse_args(ctx, args)
            ctx.meta["add"] = read_options(args)
            return []

    def command(**said: Any) -> None:
        context = said["context"]
        words, values = context.meta["add"]
        _add_as(scope_of(context), words, values)

    command.__doc__ = _DOC
    named = inspect.Parameter.KEYWORD_ONLY
    line = Annotated[
        list[str], t.Argument(metavar="LINE", help="The bet, such as 'DEN -4.5 -110 $20'.")
    ]
    switches = {x.name: "/".join(y.flag for y in OPTIONS if y.name == x.name) for x in OPTIONS}
    command.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(
                "context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=t.Context
            ),
            inspect.Parameter("line", named, annotation=line),
            *(
                inspect.Parameter(x.name, named, default=None, annotation=_annotated(x, switches))
                for x in OPTIONS
                if x.on is not False
            ),
        ]
    )
    declare(app, name, command, panel, cls=Add)


def _annotated(x: Option, switches: dict[str, str]) -> Any:
    """The annotation by which typer describes an option in the help."""
    import typer as t

    kind: Any = bool | None if x.on else list[str] | None if x.several else str | None
    return Annotated[kind, t.Option(switches[x.name], help=x.help)]


_DOC = """Register a bet: one line, the way bettors write.

    Spread 'DEN -4.5 -110 $20', moneyline 'DEN ML +135', total 'LAL@DEN over 224.5', team total
    'DEN over 114.5', halves and quarters 'Q3 DEN -1.5', a player 'Jokic over 25.5 pts', a parlay
    'parlay: DEN ML; over 224.5; Jokic o25.5 pts +450', a tag '#late'. Quote the line: the shell
    would take $20 for something of its own.
"""

# ----------------------------------------------------------------------------------------- adding


def add(scope: Scope, line: str, beside: Beside, *, as_json: bool, chance: bool | None) -> None:
    """Register a bet and print how it was understood.

    `chance` is whether to forecast it at once; None means yes on a terminal without `--json`.
    """
    wanted = asks() and not as_json if chance is None else chance
    run_async(_add(scope, line, beside, as_json, wanted))


async def _add(scope: Scope, line: str, beside: Beside, as_json: bool, with_chance: bool) -> None:
    draft = await draft_for(scope, line, beside)
    async with session(scope, write=True) as at:
        outcome = await at.bets.add(draft, await chooser(at).choose(draft), at.now)
        if as_json:
            say_json(_as_json(outcome))
            return
        _tell_bet(outcome, at)
        if with_chance and outcome.wager is not None and not outcome.already.decides:
            await _tell_chance(outcome, at)
        _tell_rest(outcome, at)


def _as_json(x: Registered) -> dict[str, object]:
    odds, stake = x.draft.odds, x.draft.stake_cents
    first = x.first_game
    return {
        "id": x.id,
        **part(x.added, "number", "created"),
        "pick": x.draft.pick.text,
        "market": None if x.wager is None else x.text,
        "game": None if first is None else game_name_json(first),
        "legs": [
            {
                "market": wager_text(leg.market, leg.game),
                "game": game_name_json(leg.game),
                "odds": None if leg.odds is None else leg.odds.text,
            }
            for leg in x.legs
        ],
        "waiting": x.waiting,
        "already": list(x.already.words),
        "odds": None if odds is None else odds.text,
        "stake_cents": stake,
        "to_win_cents": None
        if odds is None or stake is None
        else payout_if_won(stake, odds) - stake,
        "break_even": needed(odds, free=x.draft.free),
        "rules": [rule.text for rule in x.rules],
        "placed_at": plain(x.draft.placed_at),
    }


# ---------------------------------------------------------------------------------------- telling


def _tell_bet(x: Registered, at: Session) -> None:
    """Print the games of the bet, and the bet as it was understood with its price and stake."""
    added, number = x.added, paint(f"#{x.id}", "bold")
    for line in _matches(x, at):
        say(line)
    bet = _bet_words(x, at)
    if added.created or added.revived:
        again = " (followed again)" if added.revived else ""
        say(f"{label('Bet')}{number} {bet}{again}")
    elif added.changed:
        say(f"{label('Bet')}{number} {bet} · changed to this")
    else:
        say(f"{label('Bet')}already registered as {number}: {bet}")
    for words in x.already.words:
        say(f"{label('Already')}{words}")


def understood(x: Registered, at: Session) -> list[str]:
    """Lines that show how an unregistered bet is understood: games, money, what it waits for."""
    waits = [] if x.waiting is None else [f"{label('Game')}{x.waiting}"]
    certain = [f"{label('Already')}{words}" for words in x.already.words]
    return [*_matches(x, at), f"{label('Bet')}{_bet_words(x, at)}", *certain, *waits]


def _matches(x: Registered, at: Session) -> list[str]:
    lines = dict.fromkeys(_matched(x, game, at) for game in x.games)
    return [f"{label('Matched')}{line}" for line in lines]


def _bet_words(x: Registered, at: Session) -> str:
    # Until its game is known, the bet is shown as written, which may include price and stake.
    facts = price_facts(x.draft, at.settings.odds_format, as_written=x.wager is None)
    return " · ".join((x.text, *facts))


def _tell_rest(x: Registered, at: Session) -> None:
    """Print the rules of the bet, what it waits for, and whether no daemon runs."""
    added = x.added
    rules = " · ".join(rule.text for rule in x.rules) or "none"
    say(f"{label('Rules')}{rules}{paint(f'  (tracker rules {added.number})', 'dim')}")
    if x.waiting is not None:
        say(f"{label('Game')}{x.waiting}")
    if at.daemon is None and added.created:
        note("The daemon is not running: `tracker run` follows your bets.")


def _matched(x: Registered, game: Game, at: Session) -> str:
    """One line: the bet's players in a game, the game's teams, and its tip-off."""
    known = teams(game.league)
    away, home = known.get(game.away), known.get(game.home)
    names = f"{away.full_name} at {home.full_name}" if away and home else game.name
    names += game.of_league
    players = dict.fromkeys(
        f"{leg.market.player.name} ({game.code(leg.market.player.side)})"
        for leg in x.legs
        if leg.game.id == game.id and isinstance(leg.market, PlayerMarket)
    )
    who = f"{', '.join(players)} · {game.full}" if players else names
    left = (game.start - at.now).total_seconds()
    start = when(game.start, at.now, at.settings.zone)
    wait = f"in {rough_span(left)}" if left > 0 else f"{rough_span(-left)} ago"
    return f"{who} · {start} ({wait})"


async def _tell_chance(x: Registered, at: Session) -> None:
    """Print the bet's chance and edge now; for a new bet, also store them as its decision."""
    from tracker.app.market.value import WHY_NONE
    from tracker.cli.bets.worth import worth_lines, worth_of

    with progress("forecasting"):
        found = await worth_of(x.bet(at.now), at)
    if found is None:
        return
    if isinstance(found, NoChance):
        say(f"{label('Chance')}none yet: {WHY_NONE[found]}")
        return
    if x.added.created:
        await at.store.quotes.decide([found.decision])
    for line in worth_lines(found, at.now, at.settings.odds_format):
        say(line)
