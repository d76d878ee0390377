"""Promises of the chat bot: paired users are served, and strangers get no answer."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.daemon.cardroom import DENVER, Room, a_chat
from tests.doubles.bot_api import CHAT, PERSON, BotApi, Written
from tests.doubles.bot_api_answers import Hangs, Says, no, wait
from tests.doubles.clock import FakeClock
from tests.notify.values import GAME, NOW, state
from tests.store.values import draft, give
from tracker.app.choose_game import GamesRead
from tracker.app.explain import Explainer
from tracker.clock import SystemClock
from tracker.daemon.bot import CommandRun
from tracker.daemon.bot.bet_commands import BetCommands
from tracker.daemon.bot.chat import Listener
from tracker.daemon.bot.commands import BotCommands
from tracker.domain.bet import ASK_BOOK, Result, Status
from tracker.domain.game import GameState, Phase, Score
from tracker.domain.policy import SnoozeScope
from tracker.notify.channels.telegram.channel import TelegramBoard
from tracker.notify.channels.telegram.connection import TelegramConnection
from tracker.registry import GAMES, Registry
from tracker.store.database.columns import stamp
from tracker.store.outcomes import keep
from tracker.wording.figures import FILE_WINS

STRANGER = 666
REAL = SystemClock()
PICTURE = b"\x89PNG\r\n\x1a\n and so on"


@dataclass
class Scripted:
    """Runs no commands: it returns a written output, and keeps what was asked."""

    says: dict[str, CommandRun] = field(default_factory=dict)
    asked: list[tuple[str, ...]] = field(default_factory=list)

    async def __call__(self, *args: str) -> CommandRun:
        """Return the output for the command; draw a chart where one is asked for."""
        self.asked.append(args)
        if args[0] == "chart" and "chart" not in self.says:
            Path(args[2]).write_bytes(PICTURE)  # noqa: ASYNC240 - a few bytes
        return self.says.get(args[0], CommandRun(0, "", ""))


@dataclass
class Ears:
    """A bot that listens, in a room with a live card."""

    room: Room
    api: BotApi
    line: TelegramConnection
    verbs: Scripted
    real: FakeClock
    refreshed: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    fixed_chat: bool = False
    task: asyncio.Task[None] | None = None

    @property
    def bets(self) -> BetCommands:
        """The commands on bets."""
        registry = Registry(self.room.folder / "models", GAMES)
        explainer = Explainer(self.room.store, (), lambda _: None, registry)
        changed = self.changes.append
        return BetCommands(
            self.room.store, explainer, 1000, self.room.clock, DENVER, lambda: changed("")
        )

    def start(self) -> None:
        """Start listening."""
        tell = self.room._tell
        commands = BotCommands(
            self.room.store, self.room.live_view, self.room.clock, DENVER, self.line, self.bets,
            self.verbs, self.refreshed.append, self.real, tell, self.fixed_chat,
        )  # fmt: skip
        listener = Listener(self.line, self.room.store.pairing, commands, self.real, tell)
        self.task = asyncio.create_task(listener.listen(lambda: None))

    async def stop(self) -> None:
        """Stop listening."""
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)

    async def until(self, done: Callable[[], object]) -> None:
        """Wait until something holds that is sure to come."""
        for _ in range(2000):
            if done():
                return
            assert self.task is None or not self.task.done(), self.task
            await REAL.sleep(0.005)
        raise AssertionError("it never came")

    async def dealt(self) -> None:
        """Wait until every message so far has been handled."""
        last = self.api.updates[-1]["update_id"]
        for _ in range(2000):
            if await self.room.store.pairing.offset() == last + 1:
                return
            await REAL.sleep(0.005)
        raise AssertionError("it was never dealt with")

    async def answer_to(
        self, text: str, *, chat: int = CHAT, user: int = PERSON, at: datetime = NOW
    ) -> Written:
        """The bot's answer to a message."""
        before = len(self.api.messages)
        self.api.say(text, chat=chat, user=user, at=int(at.timestamp()))
        await self.until(lambda: len(self.api.messages) > before)
        return self.api.written[-1]


@asynccontextmanager
async def ears(
    path: Path, *, paired: bool = True, chat: int = CHAT, listening: bool = True
) -> AsyncIterator[Ears]:
    """A room in which a user is paired."""
    async with a_chat(path, chat) as (room, api):
        assert isinstance(room.board, TelegramBoard)
        made = Ears(room, api, room.board._connection, Scripted(), FakeClock(NOW))
        if paired:
            await room.store.pairing.expect("CODE", NOW + timedelta(hours=1))
            await room.store.pairing.offer("CODE", chat, PERSON, NOW)
        if listening:
            made.start()
        try:
            yield made
        finally:
            await made.stop()


async def test_commands_are_answered(tmp_path: Path) -> None:
    """Each command is answered in the chat, as a reply, without a sound."""
    async with ears(tmp_path) as x:
        x.room.see()
        said = await x.answer_to("/status")
        assert said.text.splitlines()[:2] == [
            "🏀 LAL 91 – 98 DEN · Q4 7:02",
            "🟢 #12 DEN -4.5  71 %  leads by 7",
        ]
        assert said.silent
        assert said.bold == "🏀 LAL 91 – 98 DEN · Q4 7:02"
        assert "#1 DEN -4.5" in (await x.answer_to("/bets")).text
        assert "Nothing has been settled" in (await x.answer_to("/settled")).text
        assert "At stake now" in (await x.answer_to("/profit")).text
        helped = (await x.answer_to("/help@MY_bets_bot")).text
        assert "/snooze" in helped
        assert "1-800-GAMBLER" in helped
        assert "There is no /bet" in (await x.answer_to("/bet 12")).text


async def test_profit_in_the_chat_is_that_of_the_record(tmp_path: Path) -> None:
    """A result of a bet whose game was never known, as of an imported one, counts in the chat."""
    async with ears(tmp_path) as x:
        store = x.room.store
        assert "Nothing has been settled" in (await x.answer_to("/settled")).text
        made = await store.add(draft("BOS ML -110 $20"), game=None, defaults=(), at=NOW)
        await give(store, made.number, Result.WON, 3818, NOW)
        lines = (await x.answer_to("/profit")).text.splitlines()
        assert lines[:2] == [
            "In all: +$18.18 · 1–0, +90.9 % of $20.00",
            "Today: +$18.18 · 1–0, +90.9 % of $20.00",
        ]
        assert (await store.outcomes.total()).profit == 1818
        await give(store, 1, Result.LOST, 0, NOW)
        assert (await x.answer_to("/settled")).text.splitlines() == [
            "Last 2 of 2 results",
            "✅ #2 BOS ML -110 $20 WON +$18.18",
            "❌ #1 DEN -4.5 LOST · LAL@DEN 20 Nov",
        ]


async def test_a_bet_is_added_and_taken_back(tmp_path: Path) -> None:
    """A bet added in the chat is read as at the terminal, followed at once, and can be undone."""
    async with ears(tmp_path) as x:
        said = await x.answer_to("/add  DEN ML\n-110 $20")
        assert said.text.splitlines() == [
            "Bet #2 is registered: DEN ML",
            "LAL @ DEN · 19:00",
            "-110 · stake $20.00 to win $18.18 · break-even 52.4 %",
            "Told at: nothing",
        ]
        assert said.buttons == (("↩ Undo", "undo:2"),)
        assert x.changes == [""]
        again = await x.answer_to("/add Nuggets win -110 $20")
        assert "was registered already" in again.text
        assert again.buttons == ()
        x.api.press("undo:2", said.message)
        await x.dealt()
        assert x.api.answers[-1]["text"] == "Bet #2 is withdrawn."
        view = await x.room.store.bet_view(2, ())
        assert view is not None
        assert view.status is Status.WITHDRAWN
        x.api.press("undo:2", said.message)
        await x.dealt()
        assert "had been withdrawn already" in x.api.answers[-1]["text"]
        assert (await x.answer_to("/add XYZ ML")).text.startswith("Not registered\n")
        await x.room.store.save_games([(GAME, state("Q4 7:02", 98, 91))], x.room.clock.now())
        said = await x.answer_to("/add DEN -4.5")
        assert said.text.splitlines()[1] == "LAL 91 – 98 DEN · Q4 7:02", "not its tip-off"
        guest = replace(GAME, id="9", away="GUA")
        await x.room.store.save_games([(guest, None)], x.room.clock.now())
        said = await x.answer_to("/add GUA +10.5")
        assert said.text.splitlines()[1].startswith("GUA @ DEN"), "a team that no list has"


async def test_a_line_without_a_command_is_shown_as_what_it_would_be(tmp_path: Path) -> None:
    """A line without a command is shown as a bet, which only its button registers."""
    async with ears(tmp_path) as x:
        said = await x.answer_to("DEN over 112.5 -110 $20")
        assert said.text.startswith("This would be: ")
        assert said.text.endswith("Nothing is registered yet.")
        assert len(await x.room.store.bets_view()) == 1
        x.api.press(dict(said.buttons)["➕ Add it"], said.message)
        await x.until(lambda: "Bet #2 is registered" in x.api.written[-1].text)
        assert x.api.written[-1].buttons == (("↩ Undo", "undo:2"),)
        assert "No bet that is understood" in (await x.answer_to("good evening")).text


async def test_a_line_on_a_game_that_is_over_has_no_button(tmp_path: Path) -> None:
    """A line that nobody can bet on any more is refused as `/add` refuses it."""
    async with ears(tmp_path) as x:
        (known,) = [game for game, _ in await x.room.store.games() if game.home == "DEN"]
        over = GameState(known, Phase.FINAL, 4, 0.0, Score(110, 100))
        await x.room.store.save_games([(known, over)], NOW)
        said = await x.answer_to("DEN over 112.5 -110 $20")
        assert not said.buttons
        assert "is over" in said.text
        assert said.text == (await x.answer_to("/add DEN over 112.5 -110 $20")).text


async def test_a_bet_on_no_game_of_the_slate_is_refused_as_at_the_terminal(tmp_path: Path) -> None:
    """It waits for its game only where the sources cannot say what is on."""

    async def read(_: object, __: object) -> GamesRead:
        return slate

    async with ears(tmp_path) as x:
        bets = replace(x.bets, look=read)
        slate = GamesRead(True)
        told = (await bets.answer("add", "BOS -7.5 $20")).text
        assert "nothing was added" in told
        assert (await bets.would_be("BOS -7.5 $20")).text == told, "a line alone is understood, too"
        slate = GamesRead(False, "no source answers")
        assert "is registered" in (await bets.answer("add", "BOS -7.5 $20")).text


async def test_the_button_adds_no_bet_on_another_game_than_was_shown(tmp_path: Path) -> None:
    """Where the game that was shown has ended meanwhile, the bet is shown anew."""
    async with ears(tmp_path) as x:
        said = await x.answer_to("DEN over 112.5 -110 $20")
        press = dict(said.buttons)["➕ Add it"]
        (known,) = [game for game, _ in await x.room.store.games() if game.home == "DEN"]
        over = GameState(known, Phase.FINAL, 4, 0.0, Score(110, 100))
        later = replace(known, id="0022600009", away="NYK", start=known.start + timedelta(days=1))
        await x.room.store.save_games([(known, over), (later, None)], NOW)
        await x.room.store._db.write(lambda db: db.execute("UPDATE game SET state = NULL"))
        x.api.press(press, said.message)
        await x.until(lambda: "NYK @ DEN" in x.api.written[-1].text)
        assert x.api.written[-1].text.endswith("Nothing is registered yet.")
        assert len(await x.room.store.bets_view()) == 1


async def test_what_the_book_paid_is_asked_for_wherever_decisions_are(tmp_path: Path) -> None:
    """A parlay that was won needs the person until its payout is known, though it is official."""
    async with ears(tmp_path) as x:

        def won(db: sqlite3.Connection) -> None:
            db.execute(
                "INSERT INTO settlement (bet, revision, result, settled_at, reason) "
                "VALUES (1, 1, 'won', ?, ?)",
                (stamp(NOW), f"leg 2 void: {ASK_BOOK}"),
            )
            db.execute("INSERT INTO confirmation (bet, revision, at) VALUES (1, 1, ?)", ("",))
            keep(db, 1)

        await x.room.store._db.write(won)
        for asked in ("/status", "/profit"):
            assert "Needs your decision: #1" in (await x.answer_to(asked)).text
        assert (await x.answer_to("/review")).text.startswith("1 bet needs you\n#1 ")


async def test_who_is_unpaired_gives_no_more_commands(tmp_path: Path) -> None:
    """`tracker telegram forget` holds at once, also for whoever has just given a command."""
    async with ears(tmp_path) as x:
        assert "#1 DEN -4.5" in (await x.answer_to("/bets")).text
        await x.room.store.pairing.forget()
        written = len(x.api.written)
        x.api.say("/void 1 mine", chat=CHAT, user=PERSON, at=int(NOW.timestamp()))
        await x.dealt()
        assert len(x.api.written) == written
        view = await x.room.store.bet_view(1, ())
        assert view is not None
        assert view.result is None
        assert "telegram.stranger" in [name for name, _ in x.room.told]


async def test_in_a_group_only_bets_are_answered(tmp_path: Path) -> None:
    """In a group, messages that are no bets get no answer."""
    async with ears(tmp_path, chat=-881) as x:
        x.api.say("good evening", chat=-881)
        x.api.say("/weather@other_bot", chat=-881)
        x.api.say("DEN ML", chat=-881, user=STRANGER)
        await x.dealt()
        assert x.api.messages == {}
        assert "This would be" in (await x.answer_to("DEN ML", chat=-881)).text


async def test_bets_are_changed_and_decided(tmp_path: Path) -> None:
    """Edit, withdraw, settle, void and review work; each refusal is one sentence."""
    async with ears(tmp_path) as x:
        await x.answer_to("/add DEN ML -110 $20")
        edited = (await x.answer_to("/edit #2 stake $25")).text
        assert edited == "#2 DEN ML is changed\nstake $20.00 → $25.00"
        edited = (await x.answer_to("/edit 2 game LAL@DEN")).text
        assert edited.endswith("is changed\ngame none → LAL@DEN")
        assert "placed at none → 20" in (await x.answer_to("/edit 2 placed 0:05")).text
        assert "What is to be changed?" in (await x.answer_to("/edit 2 colour red")).text
        assert (await x.answer_to("/edit 99 stake $5")).text.startswith("Not changed\nthere is no")
        assert (await x.answer_to("/review")).text == "No bet needs you"
        assert "How did it end?" in (await x.answer_to("/settle 2 maybe")).text
        x.room.see()
        won = (await x.answer_to("/settle 2, Won, the book paid")).text
        assert won == "✅ #2 DEN ML WON, pays $47.73\nby hand: the book paid · official"
        paid = (await x.answer_to("/settle 2 won, —payout $60.00, it was boosted")).text
        assert paid.startswith("✅ #2 DEN ML WON, pays $60.00")
        void = (await x.answer_to("/void 2")).text
        assert void == "⊘ #2 DEN ML VOID, pays $25.00\nby hand · official"
        back = (await x.answer_to("/regrade 2")).text
        assert back == "#2 DEN ML is open again\ntaken back: graded when its game is over"
        assert "Not graded\nbet 2: a game" in (await x.answer_to("/regrade 2")).text
        assert (await x.answer_to("/regrade")).text == "Which bet? /regrade 12"
        await x.answer_to("/add DEN -1.5 -110 $20")
        assert "is withdrawn" in (await x.answer_to("/withdraw 3")).text
        assert "had been withdrawn already" in (await x.answer_to("/withdraw 3")).text
        assert "Which bet?" in (await x.answer_to("/withdraw")).text


async def test_the_rules_of_a_bet_are_shown_and_changed(tmp_path: Path) -> None:
    """The chat shows what is said of a bet, replaces its rules, and gives it the usual ones."""
    async with ears(tmp_path) as x:
        await x.answer_to("/add DEN ML -110 $20")
        usual = (await x.answer_to("/rules")).text.removeprefix("The usual rules\n")
        assert (await x.answer_to("/rules #2")).text == f"#2 DEN ML\n{usual}"
        own = (await x.answer_to("/rules 2 p ≥ 85%, swing 0.1 in 5m, settled")).text
        assert own == "#2 DEN ML\np >= 0.85 · swing 0.1 in 5m · settled"
        assert (await x.answer_to("/rules 2 p > 1")).text.startswith("Not changed\n'p > 1' is not")
        assert (await x.answer_to("/rules 2")).text == own
        assert "no rules: nothing is said" in (await x.answer_to("/rules 2 None")).text
        assert (await x.answer_to("/rules 2 default")).text == f"#2 DEN ML\n{usual}"
        assert "there is no bet 99" in (await x.answer_to("/rules 99")).text
        filed = replace(draft("DEN +9.5"), from_file=True)
        await x.room.store.add(filed, game=GAME, defaults=(), at=NOW)
        assert (await x.answer_to("/rules 3 hit")).text == f"#3 DEN +9.5\nhit\n{FILE_WINS}"


async def test_what_a_bet_is_worth(tmp_path: Path) -> None:
    """Cash-out and hedge use a chance worked out now if none was seen; they need a stake."""
    async with ears(tmp_path) as x:
        await x.answer_to("/add DEN ML -110 $20")
        offered = (await x.answer_to("/cashout 2 $15")).text
        assert offered.startswith("#2 DEN ML · -110 · stake $20.00 · ")
        assert "Offer $15.00 · fair value $" in offered
        hedged = (await x.answer_to("/hedge 2 +150")).text
        assert "At +150 on the other side" in hedged
        assert "Same either way: stake $" in hedged
        assert "what is offered?" in (await x.answer_to("/cashout 2")).text
        assert "at what price" in (await x.answer_to("/hedge 2")).text
        assert "Not known\nbet 1 has no odds and stake" in (await x.answer_to("/cashout 1 $5")).text


async def test_a_chat_that_another_program_paired_is_taken_up(tmp_path: Path) -> None:
    """A chat that is paired while the daemon runs is used without a restart."""
    async with ears(tmp_path, paired=False, listening=False) as x:
        x.line.write_to(None)
        x.start()
        await x.until(lambda: "getUpdates" in x.api.methods)
        await x.room.store.pairing.expect("CODE", NOW + timedelta(hours=1))
        await x.room.store.pairing.offer("CODE", CHAT, PERSON, NOW)
        x.api.say("good evening")
        await x.until(lambda: x.line.chat_id == CHAT)


async def test_why_and_a_chart(tmp_path: Path) -> None:
    """/why of a bet that has not moved says so, and /chart comes from a process of its own."""
    async with ears(tmp_path) as x:
        assert "no change to explain yet" in (await x.answer_to("/why #1")).text
        said = await x.answer_to("/chart 12")
        assert said.photo == PICTURE
        assert said.text == "Bet #12"
        missing = 'error: pictures need matplotlib, which is not installed: pip install "x"\n'
        x.verbs.says["chart"] = CommandRun(1, "", missing)
        assert "pip install" in (await x.answer_to("/chart 12")).text
        missing = "error: there is no bet 99: `tracker bets` lists them\n"
        x.verbs.says["chart"] = CommandRun(2, "", missing)
        assert "/bets lists them" in (await x.answer_to("/chart 99")).text
        assert "Which bet?" in (await x.answer_to("/chart")).text


async def test_snoozing(tmp_path: Path) -> None:
    """A bet, a game or everything can be snoozed, always until a stated time."""
    async with ears(tmp_path) as x:
        x.room.see()
        store, now = x.room.store, x.room.clock.now()
        said = await x.answer_to("/snooze 1 2h")
        assert said.text == "Silent about bet #1 until 22:30"
        assert (await x.answer_to("/snooze den 45m")).text.startswith("Silent about LAL@DEN until")
        await x.answer_to("/snooze until 23:15")
        found = {(s.scope, s.target): s.until - now for s in await store.alerting.snoozes(now)}
        assert found == {
            (SnoozeScope.BET, "1"): timedelta(hours=2),
            (SnoozeScope.GAME, GAME.id): timedelta(minutes=45),
            (SnoozeScope.ALL, ""): timedelta(hours=2, minutes=45),
        }
        assert "bet #1 until 22:30" in (await x.answer_to("/snooze")).text
        assert (await x.answer_to("/unmute 1")).text == "1 ended"
        assert (await x.answer_to("/unmute")).text == "2 ended"
        assert (await x.answer_to("/mute all 1h")).text.startswith("Silent about everything until")
        assert (await x.answer_to("/unmute all")).text == "1 ended"
        assert "no time" in (await x.answer_to("/snooze blah")).text


@pytest.mark.parametrize("space", [" ", "\n", "\t", "\u00a0", "\u2009", " \n "])
async def test_any_white_space_ends_a_command(tmp_path: Path, space: str) -> None:
    """Any white space ends a command: a phone may not send the plain one."""
    async with ears(tmp_path) as x:
        said = await x.answer_to(f"/snooze{space}2h")
        assert said.text.startswith("Silent about everything until")


@pytest.mark.parametrize("said", ["/ help", " /help", "/\u00a0Help"])
async def test_a_blank_beside_the_slash_is_no_part_of_a_command(tmp_path: Path, said: str) -> None:
    """A blank before or after the slash, as a phone's keyboard puts one, changes no command."""
    async with ears(tmp_path) as x:
        assert (await x.answer_to(said)).text.startswith("What you can ask")


async def test_a_topic_is_answered_in_the_topic(tmp_path: Path) -> None:
    """A command in a topic is answered in that topic, where the user sees it."""
    async with ears(tmp_path, chat=-99) as x:
        x.api.topics.add(17)
        x.api.say("/help", chat=-99, topic=17)
        await x.until(lambda: x.api.written)
        assert x.api.written[0].topic == 17


async def test_buttons(tmp_path: Path) -> None:
    """Each button is answered at once, and does what it says."""
    async with ears(tmp_path) as x:
        x.room.see()
        await x.room.pass_time(1)
        (card,) = [y for y in x.api.written if y.buttons]
        buttons = dict(card.buttons)
        for name, word in (
            ("🔄 Refresh", ""),
            ("😴 30 min", "Silent about LAL@DEN until 21:00."),
            ("🔕 Mute", "Silent about LAL@DEN until 21:00, about when it ends."),
        ):
            x.api.press(buttons[name], card.message)
            await x.dealt()
            assert x.api.answers[-1].get("text", "") == word
        assert x.refreshed == [GAME.id] * 3
        now = x.room.clock.now()
        assert [s.scope for s in await x.room.store.alerting.snoozes(now)] == [SnoozeScope.GAME]
        x.api.press(f"unmute:{buttons['❓ Why'].partition(':')[2]}", card.message)
        await x.dealt()
        assert await x.room.store.alerting.snoozes(now) == ()
        x.api.press(buttons["❓ Why"], card.message)
        await x.until(lambda: x.api.written[-1].text.startswith("Not known"))
        assert x.api.written[-1].reply_to == card.message


async def test_a_button_of_a_closed_card_silences_nothing(tmp_path: Path) -> None:
    """A silence asked for after the game ended is refused: no time of its end is made up."""
    async with ears(tmp_path) as x:
        x.room.see()
        await x.room.pass_time(1)
        (card,) = [y for y in x.api.written if y.buttons]
        x.room.end()
        for name in ("😴 30 min", "🔕 Mute"):
            x.api.press(dict(card.buttons)[name], card.message)
            await x.dealt()
            assert x.api.answers[-1]["text"] == (
                "The card of LAL@DEN is closed: nothing is silenced."
            )
        assert await x.room.store.alerting.snoozes(x.room.clock.now()) == ()


async def test_unmuting_a_game_says_that_everything_is_heard_again(tmp_path: Path) -> None:
    """A card's button that ends the silence about everything says so."""
    async with ears(tmp_path) as x:
        x.room.see()
        await x.room.pass_time(1)
        await x.answer_to("/snooze 2h")
        (card,) = [y for y in x.api.written if y.buttons]
        x.api.press(f"unmute:{dict(card.buttons)['❓ Why'].partition(':')[2]}", card.message)
        await x.dealt()
        assert x.api.answers[-1]["text"] == (
            "Alerts on LAL@DEN are heard again, and the silence about everything is over."
        )


async def test_a_fast_clock_drops_no_line_without_a_command(tmp_path: Path) -> None:
    """The age of a plain line is judged as a command's: a clock that is off drops neither."""
    async with ears(tmp_path) as x:
        await x.answer_to("/help")
        x.api.say("DEN ML", at=int((x.room.clock.now() - timedelta(minutes=7)).timestamp()))
        await x.until(lambda: "This would be: DEN ML" in x.api.written[-1].text)


@pytest.mark.parametrize(
    "data", ["", "why", "why:", "why:99", "rm -rf:1", "why:-1", "why:١", "x" * 64, f"why:{9:060}"]
)
async def test_a_button_of_nobodys_does_nothing(tmp_path: Path, data: str) -> None:
    """A button with data that is not ours does nothing."""
    async with ears(tmp_path) as x:
        x.room.see()
        x.api.press(data, 1)
        await x.dealt()
        assert x.api.answers[-1]["text"] == "This card is not kept any more."
        assert x.refreshed == []


async def test_a_stranger_is_refused_and_told_of_once(tmp_path: Path) -> None:
    """A stranger gets no answer, in a group or in private, and is logged once."""
    group = -881
    async with ears(tmp_path, chat=group) as x:
        x.api.chats.add(STRANGER)
        for text in ("/status", "/add DEN ML", "/snooze 8h", "/start", "/start AAAA", "hello"):
            x.api.say(text, chat=group, user=STRANGER)
            x.api.say(text, chat=STRANGER, user=STRANGER)
        x.api.press("mute:1", 1, chat=group, user=STRANGER)
        await x.dealt()
        assert x.api.messages == {}
        assert len(await x.room.store.bets_view()) == 1
        assert await x.room.store.alerting.snoozes(x.room.clock.now()) == ()
        assert x.api.answers[-1]["text"] == "Only whoever is paired may press this."
        assert [e for e in x.room.events if e == "telegram.stranger"] == ["telegram.stranger"] * 2
        assert "No game" in (await x.answer_to("/status", chat=group)).text


async def test_the_person_may_not_command_from_elsewhere(tmp_path: Path) -> None:
    """A user who is paired in one chat is a stranger in another."""
    async with ears(tmp_path) as x:
        x.api.chats.add(-5)
        x.api.say("/status", chat=-5)
        await x.dealt()
        assert x.api.messages == {}


async def test_pairing_by_a_code(tmp_path: Path) -> None:
    """The right code pairs a chat, and alerts and cards go there at once."""
    async with ears(tmp_path, paired=False) as x:
        x.line.write_to(None)
        await x.room.store.pairing.expect("K7QM2XPA", NOW + timedelta(minutes=10))
        x.api.say("/start WRONG", user=STRANGER)
        x.api.say("/status")
        await x.dealt()
        assert x.api.messages == {}
        said = await x.answer_to("/start k7qm2xpa")
        assert said.text.startswith("This chat is paired")
        assert repr(x.line) == f"TelegramConnection({CHAT})"
        assert "telegram.paired" in x.room.events
        assert "No game" in (await x.answer_to("/status")).text


async def test_a_chat_that_loses_its_alerts_to_another_is_told(tmp_path: Path) -> None:
    """Pairing a second phone says on the first that nothing comes there any more."""
    async with ears(tmp_path) as x:
        x.api.chats.add(STRANGER)
        await x.room.store.pairing.expect("K7QM2XPA", NOW + timedelta(minutes=10))
        x.api.say("/start K7QM2XPA", chat=STRANGER, user=STRANGER)
        await x.dealt()
        told = [(y.chat_id, y.text.splitlines()[0]) for y in x.api.written]
        assert told == [
            (STRANGER, "This chat is paired with tracker"),
            (CHAT, "⚠ Another chat was paired"),
        ]
        assert not x.api.written[1].silent


async def test_the_chat_of_the_configuration_needs_no_pairing(tmp_path: Path) -> None:
    """A configured private chat needs no pairing, and a code from another chat moves nothing."""
    async with ears(tmp_path, paired=False, chat=PERSON, listening=False) as x:
        x.fixed_chat = True
        x.start()
        assert "No game" in (await x.answer_to("/status", chat=PERSON)).text
        x.api.say("/status", chat=PERSON, user=STRANGER)
        await x.dealt()
        assert len(x.api.messages) == 1


async def test_a_second_poller_is_a_clear_error_and_no_more(tmp_path: Path) -> None:
    """A second poller is reported once; alerts go on, and listening resumes once it stops."""
    async with ears(tmp_path, listening=False) as x:
        conflict = no(409, "Conflict: terminated by other getUpdates request; make sure that only")
        x.api.poll_troubles.extend([conflict] * 3)
        x.start()
        await x.until(lambda: "telegram.conflict" in x.room.events)
        x.room.see()
        await x.room.pass_time(1)
        assert len(x.api.written) == 1
        for _ in range(3):
            await x.until(lambda: x.real._sleepers)
            await x.real.advance(30)
        assert "No bets" not in (await x.answer_to("/status")).text
        assert x.room.events == ["telegram.conflict", "card.posted", "telegram.listening"]
        why = dict(x.room.told)["telegram.conflict"]["why"]
        assert "another program reads this bot's messages" in why


@pytest.mark.parametrize(
    "trouble",
    [
        wait(3),
        Says(502, b"<html>"),
        Says(200, {"ok": True, "result": {"x": 1}}),
        Says(200, {"ok": True, "result": [{"update_id": "x"}]}),
        no(401, "Unauthorized"),
    ],
)
async def test_a_deaf_bot_hears_again(tmp_path: Path, trouble: Says) -> None:
    """Whatever a server answers, listening resumes."""
    async with ears(tmp_path, listening=False) as x:
        x.api.poll_troubles.extend([trouble] * 2)
        x.start()
        while x.api.poll_troubles or x.real._sleepers:
            await x.real.advance(60)
            await REAL.sleep(0.01)
        assert "No game" in (await x.answer_to("/status", at=x.real.now())).text
        assert x.room.events == ["telegram.deaf", "telegram.listening"]


async def test_what_was_said_is_dealt_with_once_over_a_restart(tmp_path: Path) -> None:
    """A message is handled once through a restart, though Telegram delivers it again."""
    async with ears(tmp_path) as x:
        await x.answer_to("/status")
        await x.dealt()
        await x.stop()
        x.start()
        await x.answer_to("/help")
        assert len(x.api.messages) == 2


async def test_a_forged_number_is_a_bet_that_is_not_there(tmp_path: Path) -> None:
    """A number beyond all that can be stored, which a client may send, is no bet's."""
    async with ears(tmp_path) as x:
        x.api.press(f"undo:{'9' * 50}", 1)
        await x.dealt()
        assert x.api.answers[-1]["text"] == "There is no such bet."
        for text in (f"/why {'9' * 4000}", "/snooze until 9999-12-31 23:59"):
            assert (await x.answer_to(text)).text


async def test_a_fault_costs_one_answer(tmp_path: Path) -> None:
    """A fault of the program in a command or button is said and logged; the next is answered."""
    async with ears(tmp_path) as x:
        x.room.see()
        with closing(sqlite3.connect(tmp_path / "tracker.db")) as db, db:
            (added,) = db.execute("SELECT added_at FROM bet").fetchone()
            db.execute("UPDATE bet SET added_at = 'x'")
        faults = ("/bets", "/why 1", "/cashout 1 $20", "/edit 1 stake $5")
        for text in faults:
            assert (await x.answer_to(text)).text.startswith("That did not work\n"), text
        before = len(x.api.messages)
        x.api.press("undo:1", 1)
        await x.until(lambda: len(x.api.messages) > before)
        failed = [y for y in x.room.told if y[0] == "telegram.command_failed"]
        assert len(failed) == len(faults) + 1
        assert "ValueError" in failed[0][1]["exception"]
        with closing(sqlite3.connect(tmp_path / "tracker.db")) as db, db:
            db.execute("UPDATE bet SET added_at = ?", (added,))
        assert "#1 DEN -4.5" in (await x.answer_to("/bets")).text


async def test_what_ends_the_program_each_time_is_not_tried_for_ever(tmp_path: Path) -> None:
    """A message at which the program has died twice is said to be passed over."""
    async with ears(tmp_path, listening=False) as x:
        x.api.say("/status")
        # Two lives began it and came to no end.
        assert await x.room.store.pairing.begin(1000) == 0
        assert await x.room.store.pairing.begin(1000) == 1
        x.start()
        await x.dealt()
        assert [y.text.splitlines()[0] for y in x.api.written] == ["Passed over"]
        assert "/bets" in (await x.answer_to("/help")).text


async def test_what_was_asked_long_ago_is_not_answered(tmp_path: Path) -> None:
    """An old command gets no answer, but a bet sent while the program was down is registered."""
    async with ears(tmp_path, listening=False) as x:
        long_ago = int((NOW - timedelta(hours=2)).timestamp())
        for text in ("/status", "/snooze 1h", "/add DEN -4.5"):
            x.api.say(text, at=long_ago)
        x.start()
        await x.dealt()
        assert [y.text[:6] for y in x.api.written] == ["Bet #1"]
        assert await x.room.store.alerting.snoozes(x.room.clock.now()) == ()


@pytest.mark.parametrize("minutes", [6, 90, -90])
async def test_a_wrong_clock_of_this_machine_silences_no_command(
    tmp_path: Path, minutes: int
) -> None:
    """A wrong machine clock makes no new command count as old, and is logged once."""
    async with ears(tmp_path) as x:
        await x.answer_to("/status")
        await x.dealt()
        wrong = NOW - timedelta(minutes=minutes)
        for text in ("/status", "/help", "/bets"):
            await x.answer_to(text, at=wrong)
            await x.dealt()
        assert x.room.events == ["clock.off"]
        way = "fast" if minutes > 0 else "slow"
        assert way in x.room.told[0][1]["why"]


async def test_an_answer_that_hangs_holds_up_little(tmp_path: Path) -> None:
    """An answer that hangs reaches its limit, and the next command is answered."""
    async with ears(tmp_path) as x:
        await x.answer_to("/help")
        x.api.troubles.append(Hangs(writes=False))
        x.api.say("/status")
        await x.dealt()
        assert "No open bets" not in (await x.answer_to("/bets")).text
