"""The chat's commands on bets: the same use cases as at the terminal, answered in a chat's words.

Answers give facts only, never advice.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from tracker.app.bets import Bets, check_over
from tracker.app.choose_game import Choice, Chooser, ReadGames
from tracker.app.explain import Explainer
from tracker.app.market.value import HeldBet, held
from tracker.clock import Clock
from tracker.daemon.bot import answers
from tracker.daemon.bot.answers import LocalTime
from tracker.domain import BadBet, TrackerError
from tracker.domain.bet import Result
from tracker.domain.draft import Draft
from tracker.domain.money import parse_money, parse_odds
from tracker.domain.policy import parse_rules
from tracker.intake import Beside, Changes
from tracker.store import Store
from tracker.wording.figures import FILE_WINS

WHO = "chat"
"""The name in the audit log for changes made in the chat."""

UNDO, ADD = "undo", "add"
"""What the buttons below an answer carry: `undo:14` with the number of a bet, or `add`."""

_PAYOUT = ("--payout", "—payout", "–payout")
"""What to write before the amount of a payout: the command line's option, whose two hyphens a phone
makes one dash."""

_BETWEEN_RULES = re.compile(r"[,;·\n]")

_EDITED = ("stake", "odds", "book", "pick", "game", "placed")
_EDIT_FORM = "/edit 12 stake $25 · /edit 12 odds -115 · also book, pick, game, placed"


@dataclass(frozen=True, slots=True)
class ChatReply:
    """An answer, whose first line is its head, and its buttons: the label and data of each."""

    text: str
    buttons: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class BetCommands:
    """Carries out a chat's commands on bets. `explainer` also gives default rules and prices.

    `changed` is called when a bet was added or changed, so that it is followed at once. `delay` is
    by how many seconds everything is shown late. `look` reads the slate where no known game fits.
    """

    store: Store
    explainer: Explainer
    unit_cents: int
    clock: Clock
    zone: tzinfo
    changed: Callable[[], None]
    odds_format: str = ""
    delay: float = 0.0
    look: ReadGames | None = None

    @property
    def verbs(self) -> dict[str, Callable[[str], Awaitable[ChatReply]]]:
        """The commands by their name."""
        return {
            "add": self.add,
            "edit": self.edit,
            "withdraw": self.withdraw,
            "settle": self.settle,
            "void": self.void,
            "regrade": self.regrade,
            "review": self.review,
            "rules": self.rules,
            "cashout": self.cash_out,
            "hedge": self.hedge,
            "why": self.why,
        }

    async def answer(self, name: str, rest: str) -> ChatReply:
        """Carry out one command; a refusal is answered in the terminal's words."""
        try:
            return await self.verbs[name](rest)
        except TrackerError as why:
            return ChatReply(f"{_REFUSED[name]}\n{answers.in_chat(str(why))}")

    @property
    def _bets(self) -> Bets:
        return Bets(self.store, self.explainer.rules, self.unit_cents, WHO)

    @property
    def _local(self) -> LocalTime:
        return LocalTime(self.clock.now(), self.zone, self.odds_format)

    @property
    def _here(self) -> datetime:
        """The present moment in the person's zone."""
        return self.clock.now().astimezone(self.zone)

    # ------------------------------------------------------------------------------------- adding

    async def add(self, rest: str) -> ChatReply:
        """Register a bet, and offer a button that takes it back."""
        if not rest:
            return ChatReply("What is the bet? /add DEN -4.5 -110 $20")
        now = self._here
        draft, chosen = await self._read(rest, now)
        made = await self._bets.add(draft, chosen, now)
        self.changed()
        fresh = made.added.created or made.added.revived
        buttons = (("↩ Undo", f"{UNDO}:{made.added.number}"),) if fresh else ()
        return ChatReply(answers.added_text(made, chosen, self._local), buttons)

    async def would_be(self, line: str) -> ChatReply:
        """The bet that a line without a command describes, with a button that adds it.

        Raises BadBet when the line describes none.
        """
        now = self._here
        draft = await self._draft(line, now)
        try:
            chosen = await self._chosen(draft, now)
            check_over(draft, chosen)
        except BadBet as why:  # it is a bet, though on no one game, or on one that is over
            return ChatReply(f"{_REFUSED['add']}\n{answers.in_chat(str(why))}")
        button = ("➕ Add it", f"{ADD}:{chosen.mark}")
        return ChatReply(answers.would_be_text(draft, chosen, self._local), (button,))

    async def add_shown(self, line: str, mark: str) -> ChatReply:
        """Register the bet that was shown for a line; show it anew if it is on other games now."""
        try:
            _, chosen = await self._read(line, self._here)
            if mark and chosen.mark != mark:
                return await self.would_be(line)
        except TrackerError as why:
            return ChatReply(f"{_REFUSED['add']}\n{answers.in_chat(str(why))}")
        return await self.answer("add", line)

    async def _read(self, text: str, now: datetime) -> tuple[Draft, Choice]:
        draft = await self._draft(text, now)
        return draft, await self._chosen(draft, now)

    async def _draft(self, text: str, now: datetime) -> Draft:
        """The draft of a message; the lines of a slip stay apart."""
        lines = (" ".join(x.split()) for x in text.splitlines())
        return await self._bets.draft("\n".join(x for x in lines if x), Beside(), now)

    async def _chosen(self, draft: Draft, now: datetime) -> Choice:
        return await Chooser(self.store, now, self.look, zone=self.zone).choose(draft)

    async def undo(self, number: int) -> str:
        """Withdraw a bet that was just added; returns the text to show for the button."""
        try:
            done = await self._bets.withdraw(str(number), self.clock.now())
        except TrackerError as why:
            return answers.in_chat(str(why))
        self.changed()
        return f"Bet #{number} {'is withdrawn' if done.done else done.already}."

    # ----------------------------------------------------------------------------------- changing

    async def edit(self, rest: str) -> ChatReply:
        """Change one field of a bet."""
        reference, what, value = _three(rest)
        if what not in _EDITED or not value:
            return ChatReply(f"What is to be changed?\n{_EDIT_FORM}")
        changes = {
            "stake": Changes(stake=value),
            "odds": Changes(odds=value),
            "book": Changes(book=value),
            "pick": Changes(pick=value),
            "game": Changes(game=value),
            "placed": Changes(placed_at=value),
        }[what]
        done = await self._bets.edit(reference, changes, self._here)
        self.changed()
        return ChatReply(answers.edited_text(done, self.zone))

    async def withdraw(self, rest: str) -> ChatReply:
        """Stop following a bet."""
        if not rest:
            return ChatReply("Which bet? /withdraw 12")
        done = await self._bets.withdraw(_plain(rest), self.clock.now())
        self.changed()
        name = f"#{done.bet.id} {answers.bet_name(done.bet)}"
        return ChatReply(
            f"{name} is withdrawn: its history stays" if done.done else f"{name} {done.already}"
        )

    async def settle(self, rest: str) -> ChatReply:
        """Settle a bet by hand; without arguments, list the bets that wait for a result."""
        if not rest:
            return await self.review(rest)
        reference, word, why = _three(rest)
        word = word.casefold().rstrip(",.;:")
        if word not in set(Result):
            return ChatReply("How did it end? /settle 12 won, lost, push or void, and why")
        paid = None
        if why.startswith(_PAYOUT):
            amount, _, why = why.partition("payout")[2].strip().partition(" ")
            paid = parse_money(amount.rstrip(",;"))
        done = await self._bets.settle(reference, Result(word), why, paid, self.clock.now())
        self.changed()
        return ChatReply(answers.decided_text(done))

    async def void(self, rest: str) -> ChatReply:
        """Settle a bet as void, which returns its stake."""
        if not rest:
            return ChatReply("Which bet, and why? /void 12 postponed")
        reference, _, why = rest.partition(" ")
        done = await self._bets.void(_plain(reference), why, self.clock.now())
        self.changed()
        return ChatReply(answers.decided_text(done))

    async def regrade(self, rest: str) -> ChatReply:
        """Grade a bet again, which takes a result back that was given by mistake."""
        if not rest:
            return ChatReply("Which bet? /regrade 12")
        done = await self._bets.regrade(_plain(rest), self.clock.now())
        self.changed()
        return ChatReply(answers.decided_text(done))

    async def review(self, _rest: str) -> ChatReply:
        """List the bets whose result a person must decide."""
        return ChatReply(answers.reviews_text(await self._bets.reviews()))

    async def rules(self, rest: str) -> ChatReply:
        """Show the rules of a bet, or the usual ones; what follows the bet replaces its rules."""
        reference, said = (*rest.split(maxsplit=1), "", "")[:2]
        if not reference:
            return ChatReply(answers.rules_text("The usual rules", self.explainer.rules))
        texts = [x for x in map(str.strip, _BETWEEN_RULES.split(said)) if x]
        note = ""
        if not texts:
            bet = await self._bets.bet(_plain(reference))
        else:
            usual = [x.casefold() for x in texts] == ["default"]
            wanted = None if usual else parse_rules(texts)
            bet = await self._bets.watch_for(_plain(reference), wanted, self.clock.now())
            self.changed()
            note = f"\n{FILE_WINS}" if bet.draft.from_file else ""
        head = f"#{bet.id} {answers.bet_name(bet)}"
        return ChatReply(answers.rules_text(head, bet.rules) + note)

    # -------------------------------------------------------------------------------------- worth

    async def cash_out(self, rest: str) -> ChatReply:
        """Compare a cash-out offer with what a bet is worth."""
        reference, amount, _ = _three(rest)
        if not amount:
            return ChatReply("Which bet, and what is offered? /cashout 12 $29.90")
        offer = parse_money(amount)
        found = await self._held(reference)
        return ChatReply(answers.cashout_text(found, offer, self._local))

    async def hedge(self, rest: str) -> ChatReply:
        """Show what a second bet on the other side would do."""
        reference, price, _ = _three(rest)
        if not price:
            return ChatReply("Which bet, and at what price is the other side? /hedge 12 +150")
        other = parse_odds(price)
        found = await self._held(reference)
        return ChatReply(answers.hedge_text(found, other, self._local))

    async def _held(self, reference: str) -> HeldBet:
        return await held(self._bets, reference, self.explainer, self.clock.now(), self.delay)

    async def why(self, rest: str) -> ChatReply:
        """Explain why a bet's chance moved."""
        number = await self._bets.number(_plain(rest))
        explained = await self.explainer.explain(await self.explainer.history(number))
        return ChatReply(answers.why_text(explained))


_REFUSED = {
    "add": "Not registered",
    "edit": "Not changed",
    "withdraw": "Not withdrawn",
    "settle": "Not settled",
    "void": "Not voided",
    "regrade": "Not graded",
    "review": "Not known",
    "rules": "Not changed",
    "cashout": "Not known",
    "hedge": "Not known",
    "why": "Not known",
}


def _plain(reference: str) -> str:
    return reference.strip().removeprefix("#").rstrip(",")


def _three(rest: str) -> tuple[str, str, str]:
    """A bet's reference, a word, and the rest; empty where there is nothing."""
    reference, word, others = (*rest.split(maxsplit=2), "", "", "")[:3]
    return _plain(reference), word, others
