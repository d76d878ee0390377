"""`tracker add`: a line of text becomes a bet, matched to its games where those are known.

Its options are read here, by a table, so that a bet is taken before typer would have begun.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracker.app.bets import Beside, Registered, draft_of
from tracker.app.views import iso
from tracker.cli import Scope, session
from tracker.cli.bets import chooser
from tracker.cli.screen import asks, note, paint, progress, say, say_json, wait_text, when
from tracker.domain import BadBet, Misused
from tracker.domain.bet import wager_text
from tracker.domain.catalog import guests_of
from tracker.domain.chance import NoChance
from tracker.domain.market import DoubleDouble, PlayerTotal
from tracker.domain.money import money_text, needed, odds_text, payout_if_won, stake_text
from tracker.language import stake_written

if TYPE_CHECKING:
    import typer

    from tracker.cli import Basics, Session
    from tracker.domain.draft import Draft
    from tracker.domain.game import Game

# ---------------------------------------------------------------------------------------- options


@dataclass(frozen=True, slots=True)
class Option:
    """An option of `tracker add`: what it gives, and whether it may be given several times.

    `name` is what it is called in `Given`. A switch takes no value and says `on`.
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
    Option("--placed-at", "placed_at", "When it was placed, such as 2026-11-20T19:05:00-05:00."),
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
    """Whether help is asked for: behind `--` all is the line of a bet."""
    return any(x in _HELP for x in takewhile(lambda x: x != "--", args))


_CONFIG = "--config"


def asked_for(args: Sequence[str]) -> bool:
    """Whether a command line is a bet to be added, and no question about how to write one."""
    verb = _verb(args)
    return verb is not None and not _asks_help(args[verb:])


def _verb(args: Sequence[str]) -> int | None:
    """The place of `add` behind nothing but `--config FILE`; None for any other command line."""
    if "_TRACKER_COMPLETE" in os.environ:
        return None
    place = 0
    while place < len(args) and args[place] != "add":
        if args[place] not in (_CONFIG, "-c") and not args[place].startswith(f"{_CONFIG}="):
            return None
        place += 1 if "=" in args[place] else 2
    return place if place < len(args) else None


def add_by(args: Sequence[str]) -> None:
    """Do what a whole command line asks: `tracker [--config FILE] add ...`. Raises TrackerError."""
    verb = _verb(args) or 0
    before = [_CONFIG if x == "-c" else x for x in args[:verb]]
    words, values = read_options([*before, *args[verb + 1 :]])
    config = values.pop("config", None)
    _add_as(Scope(None if config is None else Path(config)), words, values)


def read_options(args: Sequence[str]) -> tuple[list[str], dict[str, Any]]:
    """The words of the line, which may look like -4.5, and the options by name. Raises Misused."""
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
    """Make the verb known: typer tells of its options, and they are read as everywhere."""
    import inspect
    from typing import Annotated

    import typer as t
    from typer.core import TyperCommand

    from tracker.cli import scope_of
    from tracker.cli.app import declare

    class Add(TyperCommand):
        """Leaves the reading of its arguments to this module."""

        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            """Keep what was read for the command; the help alone is typer's."""
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
    """An option as typer describes it."""
    from typing import Annotated

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
    """Register a bet and say what it was understood as; `chance` None is yes on a terminal."""
    wanted = asks() and not as_json if chance is None else chance
    asyncio.run(_add(scope, line, beside, as_json, wanted))


async def _add(scope: Scope, line: str, beside: Beside, as_json: bool, with_chance: bool) -> None:
    draft = await draft_for(scope, line, beside)
    async with session(scope, write=True) as at:
        outcome = await at.bets.add(draft, await chooser(at).choose(draft), at.now)
        if as_json:
            say_json(_as_json(outcome))
            return
        _tell_bet(outcome, at)
        if with_chance and outcome.wager is not None and not outcome.already.decides:
            await _tell_chance(outcome, at, scope)
        _tell_rest(outcome, at)


async def draft_for(scope: Scope, line: str, beside: Beside) -> Draft:
    """What a line means; a team that no list has is known by the games that are known."""
    from tracker.store import StoreMissing

    unit = scope.basics().stake_unit_cents
    try:
        return draft_of(line, beside, unit)
    except BadBet:
        try:
            async with session(scope) as at:
                guests = guests_of(x for game, _ in await at.store.games() for x in game.teams)
        except StoreMissing:
            guests = ()
        if not guests:
            raise
        return draft_of(line, beside, unit, guests)


def _as_json(x: Registered) -> dict[str, object]:
    odds, stake = x.draft.odds, x.draft.stake_cents
    first = x.first_game
    placed = x.draft.placed_at
    return {
        "id": x.added.number if x.draft.name is None else x.draft.name,
        "number": x.added.number,
        "created": x.added.created,
        "pick": x.draft.pick.text,
        "market": None if x.wager is None else x.text,
        "game": None if first is None else _game_json(first),
        "legs": [
            {
                "market": wager_text(leg.market, leg.game),
                "game": _game_json(leg.game),
                "odds": None if leg.odds is None else leg.odds.text,
            }
            for leg in x.legs
        ],
        "waiting": x.waiting,
        "odds": None if odds is None else odds.text,
        "stake_cents": stake,
        "to_win_cents": None
        if odds is None or stake is None
        else payout_if_won(stake, odds) - stake,
        "break_even": needed(odds, free=x.draft.free),
        "rules": [rule.text for rule in x.rules],
        "placed_at": None if placed is None else iso(placed),
    }


def _game_json(game: Game) -> dict[str, object]:
    return {
        "id": game.id,
        "league": game.league,
        "away": game.away,
        "home": game.home,
        "start": iso(game.start),
    }


# ---------------------------------------------------------------------------------------- telling


def _tell_bet(x: Registered, at: Session) -> None:
    """The games, and the bet as it was understood with its money."""
    added, number = x.added, paint(f"#{x.id}", "bold")
    for line in _matches(x, at):
        say(line)
    bet = _bet_words(x, at)
    if added.created or added.revived:
        again = " (followed again)" if added.revived else ""
        say(f"{_label('Bet')}{number} {bet}{again}")
    elif added.changed:
        say(f"{_label('Bet')}{number} {bet} · changed to this")
    else:
        say(f"{_label('Bet')}already registered as {number}: {bet}")
    for words in x.already.words:
        say(f"{_label('Already')}{words}")


def understood(x: Registered, at: Session) -> list[str]:
    """What a bet that is not registered yet would be: its games, its money, what it waits for."""
    waits = [] if x.waiting is None else [f"{_label('Game')}{x.waiting}"]
    certain = [f"{_label('Already')}{words}" for words in x.already.words]
    return [*_matches(x, at), f"{_label('Bet')}{_bet_words(x, at)}", *certain, *waits]


def _matches(x: Registered, at: Session) -> list[str]:
    lines = dict.fromkeys(_matched(x, game, at.now, at.basics) for game in x.games)
    return [f"{_label('Matched')}{line}" for line in lines]


def _bet_words(x: Registered, at: Session) -> str:
    # Until its game is known it is told as it was written, with the price and stake that it had.
    return " · ".join((x.text, *_money(x.draft, at.basics.odds_format, as_written=x.wager is None)))


def _tell_rest(x: Registered, at: Session) -> None:
    """When the bet speaks, and what it waits for."""
    added = x.added
    rules = " · ".join(rule.text for rule in x.rules) or "none"
    say(f"{_label('Rules')}{rules}{paint(f'  (tracker rules {added.number})', 'dim')}")
    if x.waiting is not None:
        say(f"{_label('Game')}{x.waiting}")
    if at.daemon is None and added.created:
        note("The daemon is not running: `tracker run` follows your bets.")


def _label(text: str) -> str:
    return paint(f"{text:<9}", "dim")


def _matched(x: Registered, game: Game, now: datetime, basics: Basics) -> str:
    """The players of the bet in a game, its teams, and when it tips off."""
    from tracker.domain.catalog import teams

    known = teams(game.league)
    away, home = known.get(game.away), known.get(game.home)
    names = f"{away.full_name} at {home.full_name}" if away and home else game.name
    players = dict.fromkeys(
        f"{leg.market.player.name} ({game.code(leg.market.player.side)})"
        for leg in x.legs
        if leg.game.id == game.id and isinstance(leg.market, PlayerTotal | DoubleDouble)
    )
    who = f"{', '.join(players)} · {game.away} @ {game.home}" if players else names
    left = (game.start - now).total_seconds()
    start = when(game.start, now, basics.zone)
    wait = f"in {wait_text(left)}" if left > 0 else f"{wait_text(-left)} ago"
    return f"{who} · {start} ({wait})"


def _money(draft: Draft, form: str, *, as_written: bool) -> list[str]:
    odds, stake, parts = draft.odds, draft.stake_cents, []
    if odds is not None and not (as_written and draft.pick.odds is not None):
        parts.append(odds_text(odds, form))
    if stake is not None:
        win = f"to win {money_text(payout_if_won(stake, odds) - stake)}" if odds else ""
        stake_in_line = (
            as_written and not draft.free and stake_written(draft.pick, stake) is not None
        )
        text = " ".join(
            y for y in ("" if stake_in_line else stake_text(stake, free=draft.free), win) if y
        )
        parts += [text] if text else []
    asked = needed(odds, free=draft.free)
    if asked is not None:
        parts.append(f"break-even {asked:.1%}".replace("%", " %"))
    return parts


async def _tell_chance(x: Registered, at: Session, scope: Scope) -> None:
    """What the forecast gives it at this moment, beside its price: told, and kept with it."""
    from tracker.app.market.value import WHY_NONE
    from tracker.cli.bets.worth import decision_lines, worth_of

    with progress("forecasting"):
        found = await worth_of(x.bet(at.now), at, scope)
    if found is None:
        return
    if isinstance(found, NoChance):
        say(f"{paint('Chance', 'dim'):<9}none yet: {WHY_NONE[found]}")
        return
    if x.added.created:
        await at.store.quotes.decide([found.decision])
    clock = "Now" if found.live else "Before tip-off"
    for line in decision_lines(found.decision, clock, at.basics.odds_format):
        say(line)
