"""The register of games on slates, and of bets from their first words to their withdrawal."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from sqlite3 import Connection, Row

from tracker.domain import BadBet
from tracker.domain.bet import (
    Leg,
    Parlay,
    Settlement,
    Wager,
    number_of,
    wager_kind,
    wager_text,
)
from tracker.domain.catalog.books import house_of
from tracker.domain.draft import Draft, roster_in
from tracker.domain.game import Game, Listing
from tracker.domain.player import RosterOf, nobody
from tracker.domain.policy import Rule
from tracker.domain.same_bet import AGAIN, Duplicate, Kept, Meeting, meet, sense
from tracker.domain.tracking import RuleState
from tracker.engine.settle.by_hand import Decide
from tracker.language import still_written
from tracker.store import queries as q
from tracker.store.bet_rows import (
    Wagers,
    draft_of,
    facts,
    market_columns,
    odds_columns,
    pack_meaning,
    said_of,
)
from tracker.store.database import Subject, reads, writes
from tracker.store.database.columns import (
    from_row,
    game_of,
    in_columns,
    moment,
    pack,
    pack_rules,
    pack_state,
    rules_of,
    stamp,
    stamp_or_none,
    state_of,
)
from tracker.store.outcomes import keep as keep_outcome
from tracker.store.recording import game_columns, keep_rules

_DEFAULTS = "default_rules"

BETS_FILE = "bets_file"
"""The name of the note about the last reading of the bets file: JSON with `mistakes`, a list of
texts."""

Games = Game | Sequence[Game]
"""The game of each leg in the order of the slip, or one game that all legs are about."""


PRICE = frozenset({"odds", "stake_cents", "book", "free"})
"""The fields that determine what a bet pays, besides its result."""


@dataclass(frozen=True, slots=True)
class Added:
    """The outcome of adding a bet. At most one of `created`, `revived` and `changed` is true.

    `revived` is whether the bet had been withdrawn. `changed` is whether a bet that was there
    already got other odds, stake, tags, book, rules or lines. `repriced` is whether a bet that was
    there already now pays by other odds, another stake or another book's rules.
    """

    number: int
    created: bool
    revived: bool = False
    changed: bool = False
    repriced: bool = False


def _known(row: Row) -> Listing:
    """A game with its state: a followed game's from polls, any other's from the later source."""
    game = game_of(row)
    believed, listed = row["seen_at"] or "", row["slate_at"] or ""
    polled = row["state"] is not None and (row["tracked"] or believed >= listed)
    return game, state_of(row["state"] if polled else row["slate_state"], game)


@dataclass(frozen=True, slots=True)
class Registration:
    """A bet to be registered. `games` are given where they are known, with `roster_of` for players.

    `decide` says whether the bet repeats one that is there; None uses the ordinary rule. `who` is
    the way that it came. `also` are the numbers of bets that it may repeat, besides those that are
    found by its words and games. `paid` decides the new payout of a settled bet that comes again
    with another price. `rule_states` are the first states of a new bet's rules, without its number.
    """

    draft: Draft
    games: Games | None = None
    roster_of: RosterOf = nobody
    decide: Callable[[Wager | None, Game | None, Sequence[Kept]], Meeting] | None = None
    who: str = "cli"
    also: frozenset[int] = frozenset()
    paid: Decide | None = None
    rule_states: tuple[RuleState, ...] = ()

    @property
    def named(self) -> tuple[Game, ...]:
        """The game of each leg; empty where they are not known."""
        if self.games is None:
            return ()
        if isinstance(self.games, Game):
            return (self.games,) * len(self.draft.legs)
        return tuple(self.games)

    def met(self, wager: Wager | None, kept: Sequence[Kept]) -> Meeting:
        """Whether the bet is new or repeats one of those that are there."""
        first = wager.games[0] if isinstance(wager, Parlay) else next(iter(self.named), None)
        if self.decide is None:
            return meet(self.draft, wager, first, kept)
        return self.decide(wager, first, kept)


class BetRegister(Subject):
    """The register of games and bets."""

    @writes
    def save_games(self, db: Connection, games: Collection[Listing], at: datetime) -> None:
        """Keep the games of a slate. What polls made us believe of a game stays as it is."""
        seen = stamp(at)
        db.executemany(
            q.KEEP_GAME,
            (
                game_columns(game)
                | {"slate_state": None if state is None else pack_state(state), "slate_at": seen}
                for game, state in games
            ),
        )

    @reads
    def games(
        self,
        db: Connection,
        day: date | None = None,
        *,
        since: date | None = None,
        ids: Iterable[str] | None = None,
    ) -> list[Listing]:
        """The games of one slate, of all slates from `since` on, or of these ids, by tip-off.

        Each comes with the latest state that is known.
        """
        if isinstance(since, datetime):
            raise TypeError("`since` is a date: of a moment, give the date of its slate")
        named = None if ids is None else pack(list(ids))
        found = db.execute(q.GAMES, in_columns(slate=day, since=since, ids=named))
        return [_known(row) for row in found]

    @reads
    def every_game(self, db: Connection) -> list[Game]:
        """All games by tip-off, without their states."""
        return [game_of(row) for row in db.execute("SELECT * FROM game ORDER BY start_at, id")]

    @writes
    def add(
        self,
        db: Connection,
        draft: Draft,
        *,
        game: Games | None,
        defaults: tuple[Rule, ...],
        at: datetime,
        roster_of: RosterOf = nobody,
    ) -> Added:
        """Register a bet, or find the bet that it repeats. Raises BadBet when it cannot be a bet.

        A bet with an id of its own may be added again with other odds, stake or rules, and with
        another pick until it has a history. `game` is the game of all legs, or those of the legs in
        their order, where known. `roster_of` finds their players. `defaults` are the rules of bets
        without their own; they are stored for readers that do not know them.
        """
        keep_defaults(db, defaults)
        return add(db, Registration(draft, game, roster_of), at)

    @writes
    def bind_all(
        self,
        db: Connection,
        matched: Collection[tuple[int, Games]],
        at: datetime,
        roster_of: RosterOf = nobody,
    ) -> list[int]:
        """Set the game of each leg of many bets in one transaction.

        Returns each bet's number. Where a bet turns out to repeat another, it is withdrawn, and
        that bet's number is returned. Raises BadBet when a game lacks the leg's market.
        """
        each = ((x,) if isinstance(x, Game) else x for _, x in matched)
        _keep_games(db, (game for games in each for game in games))
        return [_bind_one(db, number, games, roster_of, at) for number, games in matched]

    @writes
    def unbind(self, db: Connection, numbers: Collection[int]) -> None:
        """Forget the games of bets without a result, to match them anew; snapshots stay."""
        for number in numbers:
            if db.execute(q.LAST_SETTLEMENT, (number,)).fetchone() is None:
                _forget_games(db, number)

    @reads
    def held_games(self, db: Connection) -> frozenset[str]:
        """The ids of the games that have bets."""
        return frozenset(row["game_id"] for row in db.execute(q.HELD_GAMES))

    @reads
    def unbound(self, db: Connection) -> list[tuple[int, Draft]]:
        """The bets whose game is not known yet, by number."""
        return [(row["number"], said_of(row)) for row in db.execute(q.UNBOUND)]

    @reads
    def find(self, db: Connection, reference: str) -> int | None:
        """The number of the bet that a reference means: a bet's own id comes before a number."""
        plain = reference.strip().removeprefix("#")
        row = db.execute(q.BET_BY_NAME, (reference.strip(),)).fetchone()
        if row is None and (number := number_of(plain)) is not None:
            row = db.execute(q.BET, (number,)).fetchone()
        return None if row is None else row["number"]

    @reads
    def file_drafts(self, db: Connection) -> dict[int, Draft]:
        """The bets in the bets file when it was last read, by number."""
        return {row["number"]: draft_of(row) for row in db.execute(q.FILE_BETS)}

    @reads
    def kept(self, db: Connection, numbers: Sequence[int]) -> list[Kept]:
        """The registered bets of these numbers, in their order, with their games where known."""
        wagers = Wagers(db, ())
        rows = (db.execute(q.BET, (x,)).fetchone() for x in numbers)
        return [_kept(row, wagers, frozenset()) for row in rows]

    @reads
    def numbers_of(self, db: Connection, identities: Collection[str]) -> dict[str, int]:
        """The numbers of bets that were once added in these words, by the identity of the words."""
        rows = ((x, db.execute(q.BET_BY_IDENTITY, {"identity": x}).fetchone()) for x in identities)
        return {identity: row["number"] for identity, row in rows if row is not None}

    @reads
    def next_number(self, db: Connection) -> int:
        """The number that the next bet gets."""
        return int(db.execute(q.NEXT_NUMBER).fetchone()[0])

    @writes
    def keep_note(self, db: Connection, name: str, text: str) -> None:
        """Store a text under a name, in place of an earlier one."""
        db.execute(q.KEEP_META, (name, text))

    @reads
    def note(self, db: Connection, name: str) -> str | None:
        """The text stored under a name, or None."""
        return note(db, name)


def keep_defaults(db: Connection, defaults: tuple[Rule, ...]) -> None:
    """Store the rules of bets without their own; what one passed without a new rule is no news."""
    if last_defaults(db) != defaults:
        renew_rules(db, None, followed=None)
        db.execute(q.KEEP_META, (_DEFAULTS, pack_rules(defaults)))


def add(db: Connection, wanted: Registration, at: datetime) -> Added:
    """Register a bet, or find the one that it repeats. Its games are given where they are known.

    A bet with an id of its own may be added again with other odds, stake or rules, and with another
    pick until it has a history. Raises BadBet when a game lacks the market, or when a bet with a
    history would become another.
    """
    draft, games = wanted.draft, wanted.named
    wager = draft.wager(games, wanted.roster_of) if games else None
    found = wanted.met(wager, alike(db, draft, games, wager, wanted.also))
    if isinstance(found, Duplicate):
        number = found.number
        added = _meet_again(db, number, found.draft, draft, wanted.who, at)
    else:
        draft = found.draft
        number = _create(db, draft, at)
        added = Added(number, created=True)
    if wager is not None and db.execute(q.BET, (number,)).fetchone()["game_id"] is None:
        _keep_games(db, games)
        _bind(db, number, games, wager, at)
    if added.created:
        keep_rules(db, (replace(x, bet=number) for x in wanted.rule_states))
    return added


def alike(
    db: Connection,
    draft: Draft,
    games: Sequence[Game],
    wager: Wager | None = None,
    also: frozenset[int] = frozenset(),
    but: int | None = None,
) -> list[Kept]:
    """The bets, all `but` this one, that a draft may repeat.

    They have its words, or are among `also`, or wait for a game, or are on its games. A bet with an
    id of its own repeats no other.
    """
    rows = {x["number"]: x for x in db.execute(q.BET_BY_IDENTITY, {"identity": draft.identity})}
    rows |= {x["number"]: x for n in also for x in db.execute(q.BET, (n,))}
    by_words = frozenset(rows)
    if draft.name is None:
        rows |= {x["number"]: x for x in _on_its_games(db, draft, games, wager)}
        rows |= {x["number"]: x for x in db.execute(q.UNBOUND_ALIKE, (sense(draft),))}
    rows.pop(but, None)
    wagers = Wagers(db, ())
    return [_kept(x, wagers, by_words) for _, x in sorted(rows.items())]


def _on_its_games(
    db: Connection, draft: Draft, games: Sequence[Game], wager: Wager | None
) -> list[Row]:
    """The bets on the games of a draft that it may repeat: those on its wager, where it is known.

    Else they are those at its price and stake.
    """
    if wager is None:
        listed = [facts(draft) | {"game": game} for game in dict.fromkeys(x.id for x in games)]
        return [row for values in listed for row in db.execute(q.BETS_EVER_ON, values)]
    legs = (market_columns(x.market) | {"game": x.game.id} for x in _legs_of(wager, games))
    on = set.intersection(*({x["bet"] for x in db.execute(q.BETS_WITH_LEG, leg)} for leg in legs))
    return [row for number in on for row in db.execute(q.BET, (number,))]


def _legs_of(wager: Wager, games: Sequence[Game]) -> tuple[Leg, ...]:
    return wager.legs if isinstance(wager, Parlay) else (Leg(games[0], wager),)


def _kept(row: Row, wagers: Wagers, by_words: frozenset[int]) -> Kept:
    bet = None if row["game_id"] is None else wagers.bet(row)
    return Kept(
        row["number"],
        draft_of(row),
        None if bet is None else bet.market,
        None if bet is None else bet.game,
        withdrawn=row["withdrawn_at"] is not None,
        by_words=row["number"] in by_words,
    )


def _create(db: Connection, draft: Draft, at: datetime) -> int:
    number: int = db.execute(q.NEXT_NUMBER).fetchone()[0]
    # A number that is another bet's own id would never be found: ids come before numbers.
    while str(number) != draft.name and db.execute(q.BET_BY_NAME, (str(number),)).fetchone():
        number += 1
    values = written(draft) | {
        "number": number,
        "identity": draft.identity,
        "name": draft.name,
        "from_file": draft.from_file,
        "added_at": stamp(at),
    }
    db.execute(q.ADD_BET, values)
    return number


def written(draft: Draft) -> dict[str, object]:
    """The columns of a draft that say what was bet on and for how much."""
    return facts(draft) | {
        "pick": draft.pick.text,
        "game_text": draft.game_text,
        "meaning": pack_meaning(draft),
        "sense": sense(draft),
    }


def _meet_again(
    db: Connection, number: int, draft: Draft, said: Draft, who: str, at: datetime
) -> Added:
    """Change the bet that is there into `draft`.

    `said` is the draft as it was written this time.
    """
    row = db.execute(q.BET, (number,)).fetchone()
    revived = row["withdrawn_at"] is not None
    if revived:
        revive(db, number, from_file=said.from_file)
        audit(db, at, who, (number, "withdrawn", row["withdrawn_at"], None))
    # An edit by hand gives the bet other words, but the file's words must still find this bet.
    joins = said.from_file and not row["from_file"] and not revived
    if joins or said.identity != row["identity"]:
        db.execute(q.OTHER_WORDS, {"identity": said.identity, "bet": number})
    changed = change(db, row, draft, who, at)
    return Added(
        number,
        created=False,
        revived=revived,
        changed=bool(changed) and not revived,
        repriced=bool(PRICE & changed.keys()),
    )


def change(db: Connection, row: Row, draft: Draft, who: str, at: datetime) -> dict[str, object]:
    """Change a bet to `draft`, with a row of audit for each field that differs. Returns these.

    Raises BadBet where a bet that has a history would become another.
    """
    number, values = row["number"], written(draft)
    changed = {k: v for k, v in values.items() if row[k] != v and k != "sense"}
    if not changed:
        return {}
    if _means_another(db, row, draft):
        if db.execute(q.HAS_HISTORY, {"bet": number}).fetchone()[0]:
            raise BadBet(_has_history(row, draft))
        _forget_games(db, number)
    old = draft_of(row)
    db.execute(q.CHANGE_BET, values | {"number": number})
    if house_of(old.book) != house_of(draft.book):
        _read_anew(db, number, draft, at)
    if draft.rules != old.rules:
        renew_rules(db, number, followed=old.rules)
    keep_outcome(db, number)
    shown = {k: v for k, v in changed.items() if k not in ("meaning", "odds_decimal")}
    if draft.placed_at != old.placed_at:
        shown["placed_at"] = draft.placed_at
    before, after = _in_words(old, dict(row)), _in_words(draft, values)
    for what in shown:
        audit(db, at, who, (number, what, before[what], after[what]))
    return shown or changed


def _in_words(draft: Draft, columns: Mapping[str, object]) -> dict[str, object]:
    """The fields of a draft as an audit has them: lists as words, times in UTC."""
    lines = draft.lines
    known = {
        "home spread": lines.home_spread,
        "total": lines.total,
        "home ml": lines.home_ml,
        "away ml": lines.away_ml,
    }
    return dict(columns) | {
        "tags": " ".join(f"#{x}" for x in draft.tags) or None,
        "rules": rules_text(draft.rules),
        "lines": ", ".join(f"{k} {v:g}" for k, v in known.items() if v is not None) or None,
        "placed_at": stamp_or_none(draft.placed_at),
    }


def rules_text(rules: tuple[Rule, ...] | None) -> str:
    """A bet's rules as an audit has them."""
    return "default" if rules is None else " · ".join(x.text for x in rules) or "none"


def _read_anew(db: Connection, number: int, draft: Draft, at: datetime) -> None:
    """Give a bet whose game is known the markets that its words mean by another book's rules.

    Where these are others, its chance moves although its game has done nothing.
    """
    row = db.execute(q.BET, (number,)).fetchone()
    if row["game_id"] is not None:
        legs = Wagers(db, ()).bet(row).legs
        db.execute(q.FORGET_LEGS, (number,))
        named = [x.game for x in legs]
        _bind(db, number, named, draft.wager(named, roster_in(legs)), at)
        anew = Wagers(db, ()).bet(db.execute(q.BET, (number,)).fetchone()).legs
        if [x.market for x in anew] != [x.market for x in legs]:
            renew_rules(db, number)


def _has_history(row: Row, draft: Draft) -> str:
    old = said_of(row)
    called = still_written(old.pick, old.odds, old.stake_cents, old.matchup)
    if draft.name is None:
        return (
            f"bet {row['number']}, {called!r}, has a history, which would be another bet's: "
            "withdraw it, and add the right one"
        )
    return (
        f"{draft.pick.text!r}: the id {draft.name!r} belongs to bet {row['number']}, "
        f"{called!r}, which has a history; give the other bet an id of its own"
    )


def audit(db: Connection, at: datetime, who: str, row: tuple[int, str, object, object]) -> None:
    """Add a row of audit: the bet, the field, and its values before and after."""
    number, what, *values = row
    shown = [None if x is None else str(x) for x in values]
    db.execute(q.ADD_AUDIT, (number, stamp(at), who, what, *shown))


def _means_another(db: Connection, row: Row, draft: Draft) -> bool:
    """Whether the draft has another pick or game than the stored bet.

    A bet whose games are known means the same as long as it is the same wager on them.
    """
    old = draft_of(row)
    if (old.pick.meaning, old.matchup) == (draft.pick.meaning, draft.matchup):
        return False
    if row["game_id"] is None:
        return True
    bet = Wagers(db, ()).bet(row)
    return not draft.means(bet.market, [leg.game for leg in bet.legs])


def _keep_games(db: Connection, games: Iterable[Game]) -> None:
    """Keep these games, which may be on no slate."""
    for game in {x.id: x for x in games}.values():
        db.execute(q.KEEP_GAME, game_columns(game) | {"slate_state": None, "slate_at": None})


def _bind_one(db: Connection, number: int, games: Games, roster_of: RosterOf, at: datetime) -> int:
    row = db.execute(q.BET, (number,)).fetchone()
    if row is None:
        raise BadBet(f"there is no bet {number}; `tracker bets` lists them")
    if row["game_id"] is not None:
        return number
    wanted = Registration(draft_of(row), games, roster_of)
    wager = wanted.draft.wager(wanted.named, roster_of)
    others = alike(db, wanted.draft, wanted.named, wager, but=number)
    others = [x for x in others if not x.withdrawn and x.wager is not None]
    alone = wanted.draft.occasion.startswith(AGAIN)
    found = wanted.met(wager, [] if alone else others)
    if isinstance(found, Duplicate):
        db.execute(q.OTHER_WORDS, {"identity": row["identity"], "bet": found.number})
        withdraw(db, number, at)
        audit(db, at, "match", (number, "withdrawn", None, f"the same as bet {found.number}"))
        return found.number
    _bind(db, number, wanted.named, wager, at)
    return number


def _bind(db: Connection, number: int, games: Sequence[Game], wager: Wager, at: datetime) -> None:
    for place, leg in enumerate(_legs_of(wager, games)):
        columns = market_columns(leg.market) | odds_columns(leg.odds)
        db.execute(q.ADD_LEG, columns | {"bet": number, "number": place, "game_id": leg.game.id})
    first = wager.games[0] if isinstance(wager, Parlay) else games[0]
    bound = {
        "number": number,
        "game_id": first.id,
        "market": wager_kind(wager),
        "market_text": wager_text(wager, first),
        "at": stamp(at),
    }
    db.execute(q.BIND, bound)


def _forget_games(db: Connection, number: int) -> None:
    """Forget the games of a bet, with all that was decided about its legs on them."""
    for forget in (q.FORGET_GAME, q.FORGET_LEGS, *q.FORGET_STANDINGS):
        db.execute(forget, (number,))


def withdraw(db: Connection, number: int, at: datetime) -> bool:
    """Stop following a bet; its history stays. False when it has a result or was withdrawn already.

    A bet with a result is still confirmed after its line has left the file.
    """
    ended = db.execute(q.WITHDRAW, {"number": number, "at": stamp(at)}).rowcount == 1
    db.execute(q.LEAVE_FILE, (number,))
    return ended


def revive(db: Connection, number: int, *, from_file: bool) -> None:
    """Follow a withdrawn bet again; what it passed meanwhile is no news."""
    db.execute(q.REVIVE, {"number": number, "from_file": from_file})
    renew_rules(db, number)


def renew_rules(
    db: Connection, number: int | None, *, followed: tuple[Rule, ...] | None = ()
) -> None:
    """Let no rule of a bet fire by its next chance, but for those that were followed until now.

    Without a number it is for all bets without rules of their own; `followed` of None are theirs.
    """
    rules = last_defaults(db) if followed is None else followed
    db.execute(q.RENEW_RULES, {"bet": number, "followed": pack([x.text for x in rules])})


def last_defaults(db: Connection) -> tuple[Rule, ...]:
    """The rules of bets without their own, as stored when a bet was last added."""
    row = db.execute(q.META, (_DEFAULTS,)).fetchone()
    return () if row is None else rules_of(row["value"]) or ()


def note(db: Connection, name: str) -> str | None:
    """The text stored under a name, or None."""
    row = db.execute(q.META, (name,)).fetchone()
    return None if row is None else row["value"]


def settlement_of(row: Row) -> Settlement:
    """The settlement in a row that has the columns of `settlement`."""
    return from_row(Settlement, row, at=moment(row["settled_at"]))
