"""Promises of the live card, tested with the real library against a local Bot API."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.cardroom import DENVER, a_chat, a_room, only, watched
from tests.doubles.bot_api import CHAT
from tests.doubles.bot_api_answers import Hangs, Resets, Says, Trouble, no, wait
from tests.doubles.clock import FakeClock
from tests.notify.services import TOPIC, Discord, Ntfy
from tests.notify.values import GAME, NOW, bet, settled, state
from tracker.daemon.cards import DOUBT, LEFT, REFUSED_WAIT, LiveView
from tracker.domain.bet import Leg, Parlay, Result, Settlement
from tracker.domain.game import Game, GameState, Phase, Score, Side
from tracker.domain.market import Moneyline
from tracker.domain.policy import Snooze, SnoozeScope
from tracker.domain.tracking import GameTracking, Tracked
from tracker.notify.channels.discord import DiscordChannel
from tracker.notify.channels.ntfy import NtfyChannel
from tracker.notify.channels.telegram import ChatPlace
from tracker.notify.channels.telegram.channel import TelegramBoard, number_in
from tracker.settings import Secret

GONE = no(400, "Bad Request: message to edit not found")
SAME = no(400, "Bad Request: message is not modified: specified new message content is the same")


async def test_one_message_is_edited_in_place(tmp_path: Path) -> None:
    """From tip-off to the result there is one card, without a sound, that shows what happens."""
    async with a_chat(tmp_path) as (room, api):
        for minute in range(10):
            room.see(f"Q4 {9 - minute}:30", 80 + 2 * minute, watched(0.5 + minute / 20))
            await room.pass_time(60)
        room.end()
        await room.pass_time(60)
        card = only(api)
        assert card.silent
        assert card.texts[0].splitlines()[:2] == [
            "🏀 LAL 91 – 80 DEN · Q4 9:30",
            "🟡 #12 DEN -4.5  50 %  trails by 11",
        ]
        assert "95 % ▲25" in card.texts[-2]
        assert card.text.splitlines() == [
            "🏀 LAL 105 – 114 DEN · Final",
            "✅ #12 DEN -4.5  WON +$17.39",
            f"closed · updated {card.text[-8:]}",
        ]
        assert room.events == ["card.posted", "card.closed"]


async def test_nothing_is_posted_before_tip_off_or_after_the_end(tmp_path: Path) -> None:
    """No card is posted before tip-off or after the end."""
    async with a_chat(tmp_path) as (room, api):
        room.live_view.show(GameTracking(GAME, (watched(),)))
        await room.pass_time(60)
        room.end()
        await room.pass_time(60)
        assert api.asked == []


async def test_edits_keep_the_pace(tmp_path: Path) -> None:
    """However often the game changes, the chat is written to at most every twelve seconds."""
    async with a_chat(tmp_path) as (room, api):
        for second in range(120):
            room.see(f"Q4 {7 - second // 60}:{59 - second % 60:02d}", 90 + second // 10)
            await room.pass_time(1)
        assert 9 <= len(api.asked) <= 11


async def test_in_a_group_there_is_room_for_alerts(tmp_path: Path) -> None:
    """In a group, six games write at most twelve times a minute where twenty are allowed."""
    async with a_chat(tmp_path, -4411) as (room, api):
        for second in range(120):
            for number in range(6):
                game = replace(GAME, id=f"00226002{number:02d}")
                found = replace(state(f"Q4 9:{59 - second % 60:02d}", 90 + second), game=game)
                await room.store.save_games([(game, None)], room.clock.now())
                room.live_view.show(
                    GameTracking(game, (watched(),), found, seen_at=room.clock.now())
                )
            await room.pass_time(1)
        assert len(api.written) == 6
        assert 20 <= len(api.asked) <= 25


async def test_what_shows_nothing_else_is_not_edited(tmp_path: Path) -> None:
    """A card without news is edited only once a minute, to show that it is alive."""
    async with a_chat(tmp_path) as (room, api):
        for _ in range(180):
            room.see()
            await room.pass_time(1)
        assert 3 <= len(api.asked) <= 4


async def test_a_card_that_shows_it_already_is_up_to_date(tmp_path: Path) -> None:
    """Telegram's "not modified" counts as a success."""
    async with a_chat(tmp_path) as (room, api):
        room.see()
        await room.pass_time(1)
        api.troubles.append(SAME)
        room.see("Q4 6:58")
        await room.pass_time(20)
        assert room.events == ["card.posted"]
        assert len(api.asked) == 2


async def test_a_deleted_card_is_posted_afresh(tmp_path: Path) -> None:
    """A person who deletes a card gets another one, and only one."""
    async with a_chat(tmp_path) as (room, api):
        room.see()
        await room.pass_time(1)
        api.messages.clear()
        room.see("Q4 6:58")
        await room.pass_time(20)
        card = only(api)
        assert "Q4 6:58" in card.text
        assert DOUBT not in card.text
        assert room.events == ["card.posted", "card.gone", "card.posted"]


async def test_where_no_card_can_be_edited_the_chat_is_not_flooded_with_them(
    tmp_path: Path,
) -> None:
    """Only the first card that is gone is followed by another at once, later ones by few."""
    async with a_chat(tmp_path) as (room, api):
        for minutes in range(30):
            room.see(f"Q4 {11 - minutes // 3}:{50 - 20 * (minutes % 3)}")
            await room.pass_time(60, 5.0)
            for number in list(api.messages):
                api.messages[-number] = api.messages.pop(number)
        assert len(api.messages) == 4


async def test_a_restart_edits_the_same_message(tmp_path: Path) -> None:
    """After a restart the same message is edited, and its arrows go on."""
    async with a_chat(tmp_path) as (room, api):
        room.see("Q4 7:02", 98)
        await room.pass_time(1)
        await room.restart()
        room.see("Q4 6:00", 100)
        await room.pass_time(20)
        assert "Q4 6:00" in only(api).text


async def test_a_kill_while_a_card_is_sent_leaves_one_behind_and_says_so(tmp_path: Path) -> None:
    """After a kill during a post, the card that goes on says that there may be another."""
    async with a_chat(tmp_path) as (room, api):
        await room.store.cards.begin("telegram", GAME.id, room.clock.now())
        await room.restart()
        room.see()
        await room.pass_time(1)
        assert DOUBT in only(api).text
        room.see("Q4 6:00")
        await room.pass_time(20)
        assert DOUBT in only(api).text


@pytest.mark.parametrize("trouble", [Hangs(), Resets(), Says(502, b"", writes=True)])
async def test_a_lost_answer_makes_the_next_card_say_so(tmp_path: Path, trouble: Trouble) -> None:
    """After a lost answer, the next card says that an earlier one may exist."""
    async with a_chat(tmp_path, limit=0.2) as (room, api):
        api.troubles.append(trouble)
        room.see()
        await room.pass_time(30)
        assert len(api.written) == 2
        assert [DOUBT in x.text for x in api.written] == [False, True]
        room.see("Q4 6:00")
        await room.pass_time(30)
        assert [len(x.texts) for x in api.written] == [1, 2]


async def test_the_patience_that_telegram_asks_for_is_kept(tmp_path: Path) -> None:
    """After a 429 nothing is written to the board before the time that it names."""
    async with a_chat(tmp_path) as (room, api):
        room.see()
        await room.pass_time(1)
        api.troubles.append(wait(40))
        room.see("Q4 6:00")
        await room.pass_time(15)
        assert len(api.asked) == 2
        room.see("Q4 5:00")
        await room.pass_time(30)
        assert len(api.asked) == 2
        await room.pass_time(20)
        assert "Q4 5:00" in only(api).text
        assert room.events == ["card.posted", "card.failing", "card.recovered"]


async def test_a_chat_that_blocks_the_bot_is_tried_again_much_later(tmp_path: Path) -> None:
    """A chat that blocks the bot is reported once, and tried again every ten minutes."""
    async with a_chat(tmp_path) as (room, api):
        api.troubles.extend([no(403, "Forbidden: bot was blocked by the user")] * 2)
        for _ in range(10):
            room.see()
            await room.pass_time(REFUSED_WAIT / 5)
        assert 2 <= len(api.asked) <= 4
        assert room.events.count("card.failing") == 1


async def test_markup_that_is_not_understood_costs_only_the_markup(tmp_path: Path) -> None:
    """If Telegram refuses the markup, the card is shown as plain text."""
    async with a_chat(tmp_path) as (room, api):
        api.troubles.append(no(400, "Bad Request: can't parse entities: oh"))
        room.see()
        await room.pass_time(1)
        card = only(api)
        assert not card.html
        assert card.text.startswith("🏀 LAL 91 – 98 DEN · Q4 7:02\n")


async def test_a_group_that_moves_takes_its_cards_along(tmp_path: Path) -> None:
    """When a group becomes a supergroup, which has no old messages, its card is posted there."""
    async with a_chat(tmp_path, -99) as (room, api):
        room.see()
        await room.pass_time(1)
        api.moved[-99] = -1001
        api.chats.add(-1001)
        room.see("Q4 6:00")
        await room.pass_time(40)
        room.see("Q4 5:00")
        await room.pass_time(40)
        assert [x.chat_id for x in api.written] == [-99, -1001]
        assert "Q4 5:00" in api.written[-1].text


async def test_a_chat_that_is_paired_instead_gets_a_card_of_its_own(tmp_path: Path) -> None:
    """After another chat is paired, no message in it is taken for an earlier card."""
    async with a_chat(tmp_path) as (room, api):
        room.see()
        await room.pass_time(1)
        api.chats.add(55)
        assert isinstance(room.board, TelegramBoard)
        room.board._connection.write_to(ChatPlace(55))
        room.see("Q4 6:00")
        await room.pass_time(20)
        assert [(x.chat_id, len(x.texts)) for x in api.written] == [(CHAT, 1), (55, 1)]
        assert api.asked == ["sendMessage", "sendMessage"]


async def test_a_stale_game_says_so(tmp_path: Path) -> None:
    """The card loses its colours as soon as the feed stops."""
    async with a_chat(tmp_path) as (room, api):
        room.see()
        await room.pass_time(1)
        room.see(stale=True)
        await room.pass_time(20)
        lines = only(api).text.splitlines()
        assert lines[1].startswith("⚠ Stale: ")
        assert lines[2].startswith("⚪ #12 DEN -4.5  71 %")


async def test_silence_shows_and_can_be_ended(tmp_path: Path) -> None:
    """The card of a snoozed game says until when, and has a button that ends the snooze."""
    async with a_chat(tmp_path) as (room, api):
        now = room.clock.now()
        room.live_view.snooze(
            (Snooze(SnoozeScope.GAME, GAME.id, now, now + timedelta(minutes=30)),)
        )
        room.see()
        await room.pass_time(1)
        card = only(api)
        assert "🔕 alerts are silent until 21:00" in card.text
        assert [x for x, _ in card.buttons] == ["🔄 Refresh", "❓ Why", "🔔 Unmute"]
        room.live_view.snooze(())
        await room.pass_time(20)
        names = [x for x, _ in only(api).buttons]
        assert names == ["🔄 Refresh", "❓ Why", "😴 30 min", "🔕 Mute"]


async def test_bets_that_nobody_follows_close_their_card(tmp_path: Path) -> None:
    """When the bets are withdrawn, the card is closed and says why it no longer changes."""
    async with a_chat(tmp_path) as (room, api):
        room.see()
        await room.pass_time(1)
        room.live_view.leave(GAME.id)
        await room.pass_time(20)
        assert LEFT in only(api).text
        assert room.events == ["card.posted", "card.closed"]
        await room.pass_time(1000, step=10)
        assert room.live_view.games() == ()


@pytest.mark.parametrize("seed", range(8))
async def test_a_bad_night(tmp_path: Path, seed: int) -> None:
    """Whatever Telegram answers, one card is kept to the end, and it says that others may exist."""
    rng = random.Random(seed)  # noqa: S311 - a night that can be had again
    troubles: tuple[Trouble, ...] = (
        wait(3),
        wait(20),
        GONE,
        SAME,
        no(500, "Internal Server Error"),
        no(400, "Bad Request: can't parse entities: oh"),
        Says(502, b"<html>bad gateway</html>"),
        Says(504, b"", writes=True),
        Says(200, b"", writes=True),
        Resets(),
        Resets(writes=False),
        Hangs(),
    )
    async with a_chat(tmp_path, limit=0.1) as (room, api):
        for minute in range(12):
            api.troubles.extend(rng.choices(troubles, k=rng.randrange(3)))
            room.see(f"Q4 {11 - minute}:30", 80 + 2 * minute)
            await room.pass_time(60)
            if rng.random() < 0.3:
                await room.restart()
        api.troubles.clear()
        room.see("Q4 0:02", 120)
        await room.pass_time(300)
        room.end()
        await room.pass_time(300)
        (row,) = await room.store.cards.of("telegram")
        assert row.closed
        last = api.messages[number_in(row.message or "", CHAT) or 0]
        assert last.text.startswith("🏀 LAL 105 – 114 DEN · Final")
        twins = [x for x in api.written if x is not last]
        assert not [x for x in twins if "Final" in x.text]
        claimed_gone = "card.gone" in room.events
        assert row.doubtful or claimed_gone or not twins, "a second card that does not say so"


@pytest.mark.parametrize("service", ["discord", "ntfy"])
async def test_discord_and_ntfy_keep_cards_too(tmp_path: Path, service: str) -> None:
    """Discord and ntfy have one message, edited at the service's pace, through a restart."""
    server = Discord() if service == "discord" else Ntfy()
    async with server:
        channel: DiscordChannel | NtfyChannel
        if isinstance(server, Discord):
            channel = DiscordChannel(Secret(server.webhook))
        else:
            channel = NtfyChannel(Secret(TOPIC), server.url)
        async with channel, a_room(tmp_path, channel) as room:
            for minute in range(6):
                room.see(f"Q4 {9 - minute}:30", 80 + 2 * minute)
                await room.pass_time(60)
                if minute == 3:
                    await room.restart()
            room.end()
            await room.pass_time(120)
            (shown,) = server.written
            assert shown.silent
            assert "Final" in shown.text
            assert "closed" in shown.text
            assert 7 <= len(shown.texts) <= 15
            assert room.events == ["card.posted", "card.closed"]


async def test_on_ntfy_no_card_has_a_twin(tmp_path: Path) -> None:
    """On ntfy, a card whose answer was lost is posted in its own place and mentions no other."""
    async with (
        Ntfy() as server,
        NtfyChannel(Secret(TOPIC), server.url, limit=0.2) as channel,
        a_room(tmp_path, channel) as room,
    ):
        server.troubles.append(Hangs())
        room.see()
        await room.pass_time(60)
        (shown,) = server.written
        assert len(shown.texts) == 2
        assert DOUBT not in shown.text


class Killed(Exception):
    """The program is killed at this operation."""


class Fragile:
    """Passes calls on, and dies before or after the n-th of them."""

    def __init__(self, real: Any, counter: list[int], dies_at: int, *, after: bool) -> None:
        self._real = real
        self._counter = counter
        self._dies_at = dies_at
        self._after = after

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        if not asyncio.iscoroutinefunction(found):
            return found

        async def call(*args: Any) -> Any:
            self._counter[0] += 1
            dies = self._counter[0] == self._dies_at
            if dies and not self._after:
                raise Killed
            result = await found(*args)
            if dies:
                raise Killed
            return result

        return call


@pytest.mark.parametrize("after", [False, True])
async def test_a_death_at_any_operation_leaves_one_card_that_claims_to_be_the_only(
    tmp_path: Path, after: bool
) -> None:
    """After a death at any operation, one card is kept to the end and mentions any other."""
    points = 0
    for dies_at in range(1, 200):
        folder = tmp_path / f"{dies_at}"
        folder.mkdir()
        async with a_chat(folder) as (room, api):
            counter = [0]
            cards: Any = Fragile(room.store.cards, counter, dies_at, after=after)
            room.loop.cards = cards
            room.loop.board = Fragile(room.board, counter, dies_at, after=after)
            died = False
            moments: list[Callable[[], None]] = [
                partial(room.see, f"Q4 {9 - x}:30", 80 + 2 * x) for x in range(3)
            ]
            moments.append(room.end)
            for show in moments:
                show()
                try:
                    await room.pass_time(20)
                except Killed:
                    died = True
                    await room.restart()
                    show()
                    await room.pass_time(20)
            if not died:
                break
            points += 1
            (row,) = await room.store.cards.of("telegram")
            last = api.messages[number_in(row.message or "", CHAT) or 0]
            assert "Final" in last.text
            others = [x for x in api.written if x is not last]
            assert len(others) <= 1
            assert row.closed
            assert (DOUBT in last.text) or not others
    assert points >= 8


def test_a_card_behind_the_broadcast_says_how_old_its_data_are() -> None:
    """With a delay, the data of a card are as much older as it is late."""
    clock = FakeClock(NOW)
    live_view = LiveView(clock, DENVER, 35.0)
    state = GameState(GAME, Phase.LIVE, 3, 251.0, Score(61, 58))
    seen = NOW - timedelta(seconds=6)
    tracking = GameTracking(GAME, (Tracked.fresh(bet("DEN ML")),), state, seen, seen)
    live_view.show(tracking)
    shown = live_view.card(GAME.id)
    assert shown is not None
    assert shown.foot.startswith("data 41 s · updated")
    live_view.show(replace(tracking, stale=True))
    shown = live_view.card(GAME.id)
    assert shown is not None
    assert "nothing has changed for 41 s" in shown.warning


def test_a_bet_on_two_games_is_shown_with_both_as_the_last_poll_of_either_left_it() -> None:
    """A bet on two games is shown on both cards as the last poll of either game left it."""
    clock = FakeClock(NOW)
    live_view = LiveView(clock, DENVER)
    other = Game("0022600202", "nba", "BOS", "NYK", GAME.start)
    legs = (Leg(GAME, Moneyline(Side.HOME)), Leg(other, Moneyline(Side.HOME)))
    slip = Tracked.fresh(replace(bet("DEN ML"), market=Parlay(legs)))
    over = GameState(GAME, Phase.FINAL, 4, 0.0, Score(114, 105))
    end = GameState(other, Phase.FINAL, 4, 0.0, Score(99, 90))
    live_view.show(GameTracking(GAME, (slip,), over))
    done = replace(slip, settlement=Settlement(12, 1, Result.WON, 3739, NOW, "both won"))
    live_view.show(GameTracking(other, (done,), end))
    for game in (GAME, other):
        found = live_view.tracking(game.id)
        shown = live_view.card(game.id)
        assert found is not None
        assert shown is not None
        assert [x.settlement for x in found.tracked] == [done.settlement]
        assert shown.closed


def test_a_game_that_was_left_is_forgotten_also_where_nobody_shows_cards() -> None:
    """A program that runs for months without a board keeps only the latest games in memory."""
    clock = FakeClock(NOW)
    live_view = LiveView(clock, DENVER)
    live_view.show(GameTracking(GAME, (watched(),), state("Q4 7:02", 98, 91)))
    live_view.leave(GAME.id)
    clock.set(NOW + timedelta(minutes=14))
    live_view.leave("another")
    assert live_view.tracking(GAME.id) is not None
    clock.set(NOW + timedelta(minutes=16))
    live_view.leave("another")
    assert live_view.tracking(GAME.id) is None


async def test_why_on_a_card_is_about_a_bet_that_is_open(tmp_path: Path) -> None:
    """A bet that has its result is never the one that has moved most, even if it is the first."""
    async with a_chat(tmp_path) as (room, _):
        other = watched()
        other = replace(other, bet=replace(other.bet, number=13))
        done = settled("DEN -4.5", Result.VOID, 2000)
        room.see("Q4 7:02", 98, done, other)
        assert room.live_view.most_moved(GAME.id) == 13
        room.see("Q4 7:00", 98, done)
        assert room.live_view.most_moved(GAME.id) is None


def test_arrows_are_back_five_minutes_after_the_clock_was_set_back() -> None:
    """A wall clock that is set back by an hour leaves a card without arrows for minutes only."""
    clock = FakeClock(NOW)
    live_view = LiveView(clock, DENVER)

    def see(chance: float) -> str:
        live_view.show(GameTracking(GAME, (watched(chance),), state("Q4 7:02", 98, 91)))
        made = live_view.card(GAME.id)
        assert made is not None
        return made.rows[0].figure

    see(0.60)
    clock.step_wall(-3600)
    see(0.62)
    clock.set(clock.now() + timedelta(minutes=5))
    assert see(0.71) == "71 % ▲9"
