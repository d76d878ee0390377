"""Promises of the program's own notices: each once, on the channels that work, and at the end."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web

from tests.daemon.test_answers import done
from tests.doubles.clock import FakeClock
from tests.store.values import draft, give, started
from tracker.cli.demo import served
from tracker.daemon.alert_policy import AlertPolicy
from tracker.daemon.watchers import HEARTBEAT_EVERY, Watchdog, WriteBackoff, beat, report_faults
from tracker.daemon.watchers.nightly import (
    RESULTS_FIRST,
    digest_due,
    digest_text,
    tell_nightly,
)
from tracker.daemon.watchers.system_notices import (
    STEADY_S,
    FailureNotice,
    ReportedEnds,
    SystemNotices,
)
from tracker.domain.alert import Notice, Outcome, Refused, Sent
from tracker.domain.bet import Bet, Result, Settlement
from tracker.domain.events import (
    AlertRefused,
    AlertSent,
    BetRewritten,
    BetsMistake,
    ChoreFailed,
    GameBack,
    GameLeft,
    GameLost,
    GameUnfinished,
    HeartbeatFailing,
    HeartbeatRecovered,
    StoreLost,
    StoreRecovered,
    SystemEvent,
    tell_nobody,
)
from tracker.domain.game import Game, GameState, Phase, Score, Side
from tracker.domain.market import Moneyline
from tracker.domain.policy import Level, Policy, QuietHours, TopicMode
from tracker.domain.tracking import GameTracking, Tracked
from tracker.engine.settle.by_hand import Ruling
from tracker.notify import dispatch
from tracker.notify.channels import Message
from tracker.store import Store, StoreUnavailable
from tracker.wording.alerts import rewritten

NOW = datetime(2026, 11, 21, 3, 30, tzinfo=UTC)


@dataclass
class Mouth:
    """A channel that keeps its messages."""

    name: str
    said: list[Message] = field(default_factory=list)

    async def send(self, message: Message) -> Outcome:
        """Keep the message."""
        self.said.append(message)
        return Sent()

    @property
    def words(self) -> list[str]:
        """The first line of each message."""
        return [x.body.splitlines()[0] for x in self.said]


@dataclass
class World:
    """Notices with a real store and two channels whose loops run."""

    store: Store
    clock: FakeClock
    notices: SystemNotices
    phone: Mouth
    mail: Mouth

    async def rest(self) -> None:
        """Let all pending work be done."""
        for _ in range(60):
            await self.store.next_due("nobody")
            await asyncio.sleep(0)

    async def hears(self, count: int) -> None:
        """Let pending work be done until the phone has so many messages, or none can come."""
        for _ in range(50):
            if len(self.phone.said) >= count:
                return
            await self.rest()

    async def pass_time(self, seconds: float) -> None:
        """Let the clock run, and all pending work be done."""
        await self.rest()
        await self.clock.advance(seconds)
        await self.rest()


@asynccontextmanager
async def world(
    folder: Path, policy: Policy | None = None, at: datetime = NOW
) -> AsyncIterator[World]:
    """One night."""
    clock, phone, mail = FakeClock(at), Mouth("phone"), Mouth("mail")
    wakes = [asyncio.Event(), asyncio.Event()]

    def wake_channels() -> None:
        for wake in wakes:
            wake.set()

    async with await Store.open(started(folder / "t.db"), now=at) as store:
        alert_policy = AlertPolicy(policy or Policy())
        notices = SystemNotices(store, alert_policy, clock, (phone, mail), wake_channels)
        tell = notices.hearing(tell_nobody)
        jobs = [*notices.jobs()]
        jobs += [
            dispatch(store, channel, clock, wake, tell)
            for channel, wake in zip((phone, mail), wakes, strict=True)
        ]
        tasks = [asyncio.create_task(x) for x in jobs]
        try:
            yield World(store, clock, notices, phone, mail)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_start_says_whether_the_program_had_been_stopped(tmp_path: Path) -> None:
    """A start says whether the program had died; starts in quick succession are reported once."""
    async with world(tmp_path) as night:
        await night.notices.started("following 1 game")
        await night.notices.started("following 1 game")
        await night.rest()
        assert len(night.phone.said) == 1
        assert "has started, following 1 game" in night.phone.words[0]
        assert night.phone.said[0].level is Level.INFO
        await night.notices.stopped()
        night.clock.set(NOW + timedelta(minutes=5))
        await night.notices.started("following 0 games")
        await night.rest()
        assert "tracker was stopped" in night.phone.words[1]
        assert "has started, following 0 games" in night.phone.words[2]
    async with world(tmp_path, at=NOW + timedelta(hours=2)) as later:
        await later.notices.started("following 2 games")
        await later.rest()
        assert "has started again; it had not been stopped, following 2" in later.phone.words[0]
        assert later.phone.said[0].level is Level.DEFAULT


async def test_a_stop_that_did_not_arrive_is_not_told_as_one_after_the_start(
    tmp_path: Path,
) -> None:
    """The notice of a stop that was not delivered before the next start comes only in a digest."""
    async with await Store.open(started(tmp_path / "t.db"), now=NOW) as store:
        mouths = (Mouth("phone"), Mouth("mail"))
        notices = SystemNotices(store, AlertPolicy(Policy()), FakeClock(NOW), mouths, lambda: None)
        await notices.stopped()
        await store.recover(NOW + timedelta(minutes=5))
    async with world(tmp_path, at=NOW + timedelta(minutes=5)) as night:
        await night.notices.started("following 1 game")
        await night.rest()
        first = [x for x in night.phone.words if "stopped" in x]
        assert first == []
        assert any("tracker was stopped" in x.body for x in night.phone.said)


async def test_an_end_that_was_told_is_taken_back(tmp_path: Path) -> None:
    """After a reported end, a program that has run for a while says so."""
    async with world(tmp_path) as night:
        await night.notices.started("following 1 game")
        await night.rest()
        ends = ReportedEnds(tmp_path / "t.db", night.clock, tmp_path)
        await FailureNotice([night.phone], ends).send("no disk", running=True)
        await night.notices.started("following 1 game", ends)
        back = asyncio.create_task(
            night.notices.report_recovery(ends, night.clock, lambda: "following 2 games")
        )
        await night.pass_time(STEADY_S - 5)
        assert night.phone.words[-1].startswith("⚠ tracker has ended: no disk")
        await night.pass_time(10)
        assert night.phone.words[-1] == "✓ tracker runs again, following 2 games"
        await back
        assert not ends.unrecovered()


async def test_a_model_that_cannot_be_used_is_told_once_a_day(tmp_path: Path) -> None:
    """A damaged model is a message, and no second one by the next start."""
    for words in (["⚠ mine.json is damaged"], []):
        async with world(tmp_path) as night:
            tell = night.notices.hearing(tell_nobody)
            job = asyncio.create_task(
                report_faults(deque(["mine.json is damaged"]), night.clock, tell)
            )
            await night.hears(1)
            job.cancel()
            assert night.phone.words == words


async def test_a_mistake_in_the_bets_is_not_told_again_by_the_next_start(tmp_path: Path) -> None:
    """A mistake in the same words within a day is not reported again unless it was mended."""
    for hours, mistake in ((0, "line 4: no"), (1, "line 4: no"), (2, "line 7: no")):
        async with world(tmp_path, at=NOW + timedelta(hours=hours)) as night:
            night.notices.hearing(tell_nobody)(BetsMistake(mistake))
            await night.rest()
            assert night.phone.words == ([] if hours == 1 else [f"⚠ {mistake}"])
            if hours == 1:
                night.notices.hearing(tell_nobody)(BetsMistake(mistake, again=True))
                await night.rest()
                assert night.phone.words == [f"⚠ {mistake}"]


async def test_what_the_bets_file_took_back_is_a_message(tmp_path: Path) -> None:
    """An edit that the bets file undid is reported, with the payout and how to keep the edit."""
    changes = (("stake_cents", "3000", "2000"), ("payout_cents", "6000", "4000"))
    what = rewritten("bets.toml", "#1 DEN ML", changes, UTC, undone=True)
    async with world(tmp_path) as night:
        night.notices.hearing(tell_nobody)(BetRewritten(1, what))
        await night.rest()
        (told,) = night.phone.said
    assert told.body == (
        "✎ bets.toml changed #1 DEN ML: stake $30.00 → $20.00 · payout $60.00 → $40.00\n"
        "That takes back an edit: change its line in the file to keep it."
    )


async def test_notices_of_one_moment_are_all_told(tmp_path: Path) -> None:
    """What two lines of the bets file changed in the same second is two messages."""
    async with world(tmp_path) as night:
        tell = night.notices.hearing(tell_nobody)
        for number in (1, 2, 3):
            tell(BetRewritten(number, f"#{number} was changed"))
        await night.hears(3)
        assert night.phone.words == [f"✎ #{x} was changed" for x in (1, 2, 3)]


async def test_a_channel_that_refuses_is_told_on_the_others_once(tmp_path: Path) -> None:
    """A refusing channel is reported once on the others, and again only after it has worked."""
    async with world(tmp_path) as night:
        tell = night.notices.hearing(tell_nobody)
        for _ in range(3):
            tell(AlertRefused("phone", "1", "401"))
        await night.rest()
        assert night.phone.said == []
        assert night.mail.words == ["⚠ phone refuses messages: 401"]
        assert night.mail.said[0].level is Level.URGENT
        tell(AlertSent("phone", "2", 40))
        night.clock.set(NOW + timedelta(seconds=5))
        tell(AlertRefused("phone", "3", "403"))
        await night.rest()
        assert len(night.mail.said) == 2


async def test_trouble_with_the_database_is_told_past_it(tmp_path: Path) -> None:
    """That the database fails is sent past it at once; that it works again, through the outbox."""
    async with world(tmp_path) as night:
        tell = night.notices.hearing(tell_nobody)
        tell(StoreLost("the disk is full"))
        await night.rest()
        for mouth in (night.phone, night.mail):
            assert mouth.words == ["⚠ tracker cannot write its database: the disk is full"]
        tell(StoreRecovered())
        await night.rest()
        assert night.mail.words[1].startswith("✓ tracker can write its database again")


async def test_a_write_is_waited_for_only_while_somebody_is_told_of_it() -> None:
    """Failed writes are waited for only while the daemon runs; before and after they raise."""
    clock, full = FakeClock(NOW), StoreUnavailable("the disk is full")
    told: list[SystemEvent] = []
    backoff = WriteBackoff(clock, Watchdog(clock))
    with pytest.raises(StoreUnavailable):
        await backoff.wait_out(full, 1)
    with backoff.telling(told.append):
        waits = asyncio.create_task(backoff.wait_out(full, 1))
        await clock.advance(60.0)
        assert (waits.done(), backoff.waiting) == (True, True)
        await backoff.wait_out(None, 1)
        assert (waits.done(), backoff.waiting) == (True, False)
    assert told == [StoreLost("the disk is full"), StoreRecovered()]
    with pytest.raises(StoreUnavailable):
        await backoff.wait_out(full, 1)


async def test_games_that_lose_data_together_are_one_message(tmp_path: Path) -> None:
    """Losing and having data back are one message each, in words without host or path."""
    async with world(tmp_path) as night:
        tell = night.notices.hearing(tell_nobody)
        for game in ("LAL@DEN", "MIA@BOS", "UTA@PHX"):
            tell(GameLost(game, "blocked"))
            await night.pass_time(5)
        assert night.phone.words == []
        dark = night.notices.has_outage
        assert dark
        await night.pass_time(10)
        assert night.phone.words == [
            "⚠ No data on 3 games (LAL@DEN, MIA@BOS, UTA@PHX): the sources refuse us."
        ]
        tell(GameBack("LAL@DEN", ""))
        tell(GameUnfinished("MIA@BOS", "no end was told"))
        tell(GameLeft("never lost"))
        await night.pass_time(10)
        assert len(night.phone.words) == 1
        tell(GameBack("UTA@PHX", ""))
        await night.rest()
        dark = night.notices.has_outage
        assert not dark
        assert night.phone.words[1] == (
            "✓ Data on 2 games (LAL@DEN, UTA@PHX) are back, away for 1 min 55 s"
        )


async def test_each_game_without_data_is_told_with_its_own_cause(tmp_path: Path) -> None:
    """What one game's source does is not said of another game."""
    async with world(tmp_path) as night:
        tell = night.notices.hearing(tell_nobody)
        tell(GameLost("LAL@DEN", "unpriced"))
        tell(GameLost("LVA@SEA", "blocked"))
        tell(GameLost("MIA@BOS", "down"))
        await night.pass_time(25)
        (told,) = night.phone.said
        assert told.body.splitlines() == [
            "⚠ No forecast of LAL@DEN: the sources answer, the forecast on this machine fails.",
            "Alerts on chances wait until it works again; what is over is settled meanwhile.",
            "⚠ No data on LVA@SEA: the sources refuse us.",
            "Alerts on chances wait until they are back; nothing is settled meanwhile.",
            "⚠ No data on MIA@BOS: no source answers.",
            "Alerts on chances wait until they are back; nothing is settled meanwhile.",
        ]


async def test_a_game_that_loses_its_data_later_is_told_too(tmp_path: Path) -> None:
    """A game lost during another's outage is told, and each that is back with its own time."""
    async with world(tmp_path) as night:
        tell = night.notices.hearing(tell_nobody)
        tell(GameLost("LAL@DEN", "down"))
        await night.pass_time(25)
        tell(GameLost("MIA@BOS", "down"))
        await night.pass_time(25)
        assert night.phone.words[1:] == ["⚠ No data on MIA@BOS: no source answers."]
        tell(GameBack("MIA@BOS", ""))
        await night.pass_time(25)
        assert night.phone.words[2:] == ["✓ Data on MIA@BOS are back, away for 1 min 55 s"]
        await night.pass_time(600)
        tell(GameBack("LAL@DEN", ""))
        await night.rest()
        assert night.phone.words[3:] == ["✓ Data on LAL@DEN are back, away for 12 min 45 s"]


def dark(minutes: float) -> GameTracking:
    """A game without data, last polled this long ago."""
    game = Game("0022600001", "nba", "DEN", "LAL", NOW - timedelta(hours=1))
    state = GameState(game, Phase.LIVE, 3, 300.0, Score(60, 58))
    tracked = (Tracked.fresh(Bet(1, "DEN ML", Moneyline(Side.HOME), game, (), NOW)),)
    since = NOW - timedelta(minutes=minutes)
    return GameTracking(game, tracked, state, since, since, lost=True)


async def test_lost_data_that_were_told_are_taken_back_after_a_restart(tmp_path: Path) -> None:
    """The next run of the program reports that data are back, and how long they were away."""
    async with world(tmp_path) as night:
        night.notices.hearing(tell_nobody)(GameLost("LAL@DEN", "down"))
        await night.pass_time(25)
        assert len(night.phone.words) == 1
    async with world(tmp_path, at=NOW + timedelta(minutes=20)) as later:
        await later.notices.recall([dark(2), replace(dark(2), lost=False)])
        assert later.notices.has_outage
        await later.pass_time(60)
        assert later.phone.words == [], "it was told already"
        later.notices.hearing(tell_nobody)(GameBack("LAL@DEN", ""))
        await later.rest()
        assert later.phone.words == ["✓ Data on LAL@DEN are back, away for 23 min"]


async def test_a_game_that_stands_still_is_told_once_whatever_restarts(tmp_path: Path) -> None:
    """The next run knows that it was reported, and one that was not is reported by its cause."""
    still = replace(dark(0), changed_at=NOW - timedelta(minutes=15))
    async with world(tmp_path) as night:
        await night.notices.recall([still])
        await night.pass_time(25)
        assert night.phone.words == ["⚠ No data on LAL@DEN: the sources tell nothing new."]
    async with world(tmp_path, at=NOW + timedelta(minutes=5)) as later:
        await later.notices.recall([still])
        await later.pass_time(60)
        assert later.phone.words == []
        later.notices.hearing(tell_nobody)(GameBack("LAL@DEN", ""))
        await later.rest()
        assert later.phone.words == ["✓ Data on LAL@DEN are back, away for 21 min"]


async def test_lost_data_that_a_stop_left_untold_are_told_by_the_next_run(tmp_path: Path) -> None:
    """An unreported outage is reported by the next run, but not for a game without bets."""
    async with world(tmp_path) as night:
        (open_bet,) = dark(2).tracked
        asked = replace(open_bet, review="no end was told")
        for bets in ((), (asked,)):
            await night.notices.recall([replace(dark(2), tracked=bets)])
            assert not night.notices.has_outage
        women = replace(dark(2).game, id="401900001", league="ncaaw")
        await night.notices.recall([dark(2), replace(dark(2), game=women)])
        await night.pass_time(25)
        assert night.phone.words == [
            "⚠ No data on 2 games (LAL@DEN, LAL@DEN (NCAA women)): no source answers."
        ]


async def test_an_outage_that_is_over_before_it_is_told_is_not_told(tmp_path: Path) -> None:
    """An outage that ends before its message is not reported; the next one is."""
    async with world(tmp_path) as night:
        tell = night.notices.hearing(tell_nobody)
        tell(GameLost("LAL@DEN", "down"))
        await night.pass_time(5)
        tell(GameBack("LAL@DEN", ""))
        await night.pass_time(60)
        assert night.phone.words == []
        tell(GameLost("LAL@DEN", "down"))
        await night.pass_time(25)
        assert night.phone.words == ["⚠ No data on LAL@DEN: no source answers."]


async def test_the_word_in_the_log_is_nobodys_cue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Notices depend on an event's type, not on its name in the log."""
    monkeypatch.setattr(GameLost, "name", "data.away")
    async with world(tmp_path) as night:
        night.notices.hearing(tell_nobody)(GameLost("LAL@DEN", "down"))
        await night.pass_time(25)
        assert night.notices.has_outage
        assert len(night.phone.words) == 1


async def test_quiet_hours_and_switches_hold_for_the_programs_own_words(tmp_path: Path) -> None:
    """Quiet hours and settings hold for the program's own notices, except urgent ones."""
    quiet = QuietHours(time(3), time(4))
    async with world(tmp_path, Policy(quiet=quiet)) as night:
        await night.notices.started("following 1 game")
        await night.rest()
        assert night.phone.said == []
        await night.clock.advance(30 * 60 + 15)
        await night.hears(1)
        assert night.phone.words == ["1 alert while you wanted silence"]
    async with world(tmp_path, Policy(modes={"daemon": TopicMode.OFF})) as night:
        await night.notices.stopped()
        await night.notices.tell(Notice("tonight", 1, NOW, "Tonight 2–1"))
        night.notices.hearing(tell_nobody)(AlertRefused("phone", "1", "401"))
        await night.rest()
        assert (night.phone.said, len(night.mail.said)) == ([], 1)
    async with world(tmp_path, Policy(modes={"daemon": TopicMode.SILENT})) as night:
        await night.notices.tell(Notice("tonight", 1, NOW, "Tonight 2–1", Level.DEFAULT))
        await night.hears(1)
        assert [(x.body, x.level) for x in night.phone.said] == [("Tonight 2–1", Level.INFO)]


DENVER = ZoneInfo("America/Denver")


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-11-21T15:59:00Z", None),
        ("2026-11-21T16:00:00Z", "2026-11-21T16:00:00Z"),
        ("2026-11-21T16:59:00Z", "2026-11-21T16:00:00Z"),
        ("2026-11-21T17:01:00Z", None),
        ("2026-11-01T16:00:00Z", "2026-11-01T16:00:00Z"),
        ("2026-10-31T15:00:00Z", "2026-10-31T15:00:00Z"),
    ],
)
def test_a_digest_is_due_at_its_hour_on_the_persons_clock(now: str, due: str | None) -> None:
    """A digest is due at its hour on the person's clock, and for an hour after a late start."""
    wanted = None if due is None else datetime.fromisoformat(due)
    assert digest_due(datetime.fromisoformat(now), time(9), DENVER) == wanted


async def test_the_digest_comes_once_a_day_also_through_a_restart(tmp_path: Path) -> None:
    """The digest comes once a day through a restart, also when nothing has happened."""
    said = []
    for _ in range(2):
        async with world(tmp_path, at=NOW) as night:
            nightly = asyncio.create_task(
                tell_nightly(
                    night.store, time(20, 30), DENVER, night.clock, ("phone",), lambda: None
                )
            )
            await night.rest()
            await night.clock.advance(15)
            await night.rest()
            nightly.cancel()
            await asyncio.gather(nightly, return_exceptions=True)
            said.append(night.phone.words)
    assert [len(x) for x in said] == [1, 0]
    assert said[0][0].startswith("☀ No bet ended in the last day")
    async with await Store.open(started(tmp_path / "t.db"), now=NOW) as store:
        assert await store.alerting.last_notice(("nightly",)) == ("nightly", NOW)


async def test_a_digest_counts_the_messages_of_its_own_day(tmp_path: Path) -> None:
    """A message that was refused a week ago is not told every morning."""
    async with await Store.open(started(tmp_path / "t.db"), now=NOW) as store:
        for days, kind in ((7, "started"), (0, "stopped")):
            at = NOW - timedelta(days=days, hours=1)
            assert await store.alerting.notice(
                Notice(kind, 1, at, kind, Level.INFO, at + timedelta(hours=6)), ("phone",)
            )
            (due,) = await store.claim("phone", at, 9)
            await store.finish(due.alert_id, "phone", Refused("401"), at)
        clock, rung = FakeClock(NOW), asyncio.Event()
        nightly = asyncio.create_task(
            tell_nightly(store, time(20, 30), DENVER, clock, ("mail",), rung.set)
        )
        await rung.wait()
        said = await store.claim("mail", NOW, 9)
        nightly.cancel()
        await asyncio.gather(nightly, return_exceptions=True)
    assert said[0].text.endswith("Messages that did not arrive: 1 · tracker status")


@pytest.mark.parametrize(
    ("due", "ended", "counts"),
    [
        ("2026-11-01T16:00:00Z", "2026-10-31T15:30:00Z", True),
        ("2026-11-01T16:00:00Z", "2026-10-31T14:30:00Z", False),
        ("2027-03-14T15:00:00Z", "2027-03-13T16:30:00Z", True),
        ("2027-03-14T15:00:00Z", "2027-03-13T15:30:00Z", False),
        ("2026-11-20T16:40:00Z", "2026-11-20T16:20:00Z", False),
        ("2026-11-20T16:40:00Z", "2026-11-20T15:50:00Z", True),
    ],
)
async def test_a_digest_goes_on_where_the_last_one_ended(
    tmp_path: Path, due: str, ended: str, counts: bool
) -> None:
    """A result is in one digest alone, where the clock is changed too, or one is sent late."""
    now, at = datetime.fromisoformat(due), datetime.fromisoformat(ended)
    async with await Store.open(started(tmp_path / "t.db"), now=at) as store:
        made = await store.add(draft("DEN ML -110 $20"), game=None, defaults=(), at=at)
        await give(store, made.number, Result.WON, 3818, at)
        # A bet of last month that comes in with its result is no news of the night.
        old = draft("BOS ML -110 $20", placed_at=at - timedelta(days=30))
        made = await store.add(old, game=None, defaults=(), at=at)
        await give(store, made.number, Result.LOST, 0, at)
        rung, clock = asyncio.Event(), FakeClock(now)
        nightly = asyncio.create_task(
            tell_nightly(store, time(9), DENVER, clock, ("mail",), rung.set)
        )
        await clock.advance(RESULTS_FIRST.total_seconds())
        await rung.wait()
        said = await store.claim("mail", clock.now(), 9)
        nightly.cancel()
        await asyncio.gather(nightly, return_exceptions=True)
    assert said[0].text.startswith("☀ 1–0 in" if counts else "☀ No bet ended")


async def test_a_digest_that_is_late_lets_the_results_come_first(tmp_path: Path) -> None:
    """After a start past its time it waits three minutes, in which games that ended are settled."""
    late = NOW + timedelta(minutes=40)
    async with await Store.open(started(tmp_path / "t.db"), now=late) as store:
        rung, clock = asyncio.Event(), FakeClock(late)
        nightly = asyncio.create_task(
            tell_nightly(store, time(20, 30), DENVER, clock, ("mail",), rung.set)
        )
        await clock.advance(RESULTS_FIRST.total_seconds() - 1)
        added = await store.add(draft("DEN ML -110 $20"), game=None, defaults=(), at=late)
        assert not await store.claim("mail", clock.now(), 9)
        await give(store, added.number, Result.WON, 3818, clock.now())
        await clock.advance(1)
        await rung.wait()
        said = await store.claim("mail", clock.now(), 9)
        nightly.cancel()
        await asyncio.gather(nightly, return_exceptions=True)
    assert said[0].text.endswith("Open bets 0")


async def test_a_digest_counts_a_bet_of_an_earlier_evening_that_ended_since(tmp_path: Path) -> None:
    """A bet that was waited for until now is told, as after a night without the program."""
    before, at = NOW - timedelta(days=2), NOW - timedelta(hours=3)
    void = Settlement(1, 1, Result.VOID, 2000, at, "postponed")
    async with await Store.open(started(tmp_path / "t.db"), now=before) as store:
        for line in ("DEN ML -110 $20", "BOS ML -110 $20"):
            await store.add(draft(line, placed_at=before), game=None, defaults=(), at=before)
        await store.by_hand.decide(1, lambda _: Ruling(void, new=True, official=False), at)
        await give(store, 2, Result.LOST, 0, at)
        found = await store.alerting.settled_between(NOW - timedelta(days=1), NOW)
    assert found == [1]


async def test_a_look_up_that_goes_on_failing_is_told_once_a_week(tmp_path: Path) -> None:
    """What is lacking morning after morning is told on the first; a back-up on each."""
    async with world(tmp_path) as night:
        tell = night.notices.hearing(tell_nobody)
        for day, again in ((0, False), (1, True), (2, True), (3, False), (9, True), (10, True)):
            await night.clock.advance(
                (NOW + timedelta(days=day) - night.clock.now()).total_seconds()
            )
            for chore in ("refresh", "backup"):
                tell(ChoreFailed(chore, f"day {day}", again=again))
            await night.rest()
        told = [x.splitlines()[0] for x in night.phone.words]
    assert [x[-1] for x in told if "refresh" in x] == ["0", "3", "0"]
    assert len([x for x in told if "backup" in x]) == 6


def test_a_digest_of_nothing_says_so() -> None:
    """A digest without results says so, and has the night's alerts and what waits."""
    # What re-arms a rule, or fell back during a hold, held no alert back: `status` says the same.
    held = {("held", "holding"): 5, ("held", "rearmed"): 3, ("held", "below"): 2}
    text = digest_text([], [], [], {("fired", "crossed"): 2} | held, 1)
    assert text == (
        "☀ No bet ended in the last day\nAlerts 2 · held back 5\nOpen bets 0\n"
        "Messages that did not arrive: 1 · tracker status"
    )


async def test_a_digest_asks_for_no_decision_on_a_bet_that_was_withdrawn(tmp_path: Path) -> None:
    """What needs the person in the digest is what `tracker review` lists."""
    async with await Store.open(started(tmp_path / "t.db"), now=NOW) as store:
        for line in ("DEN ML -110 $20", "BOS ML -110 $20"):
            await store.add(draft(line), game=None, defaults=(), at=NOW)
        await store.by_hand.ask({1: "no such game", 2: "no such game"}, NOW)
        await store.withdraw(1, NOW)
        rung = asyncio.Event()
        nightly = asyncio.create_task(
            tell_nightly(store, time(20, 30), DENVER, FakeClock(NOW), ("mail",), rung.set)
        )
        await rung.wait()
        said = await store.claim("mail", NOW, 9)
        nightly.cancel()
        await asyncio.gather(nightly, return_exceptions=True)
        assert [x.number for x in await store.by_hand.reviews()] == [2]
    assert "Needs your decision: #2 ·" in said[0].text


def test_a_digest_tells_a_record_as_the_night_s_total_does() -> None:
    """A push is told where there was one, and so is a void bet."""
    ended = [done(1, Result.WON, 3739), done(2, Result.LOST, 0), done(3, Result.VOID, 2000)]
    assert digest_text(ended[:3], [], [], {}, 0).startswith(
        "☀ 1–1 in the last day, -$2.61 · 1 void\n"
    )
    ended.append(done(4, Result.PUSH, 2000))
    assert digest_text(ended, [], [], {}, 0).startswith("☀ 1–1–1 in the last day, -$2.61 · 1 v")


async def test_a_heartbeat_is_sent_only_after_a_good_cycle() -> None:
    """A heartbeat is sent only while all is well; failures are logged once, without address."""
    asked: list[str] = []
    told: list[SystemEvent] = []

    async def take(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=500 if len(asked) == 2 else 200)

    app = web.Application()
    app.router.add_get("/{secret}", take)
    clock, cycles = FakeClock(NOW), [False, True, True, True]

    def good() -> bool:
        return cycles.pop(0) if cycles else False

    async with served(app) as port:
        url = f"http://127.0.0.1:{port}/a-secret"
        beating = asyncio.create_task(beat(url, good, clock, told.append))
        for _ in range(100_000):
            await clock.advance(1.0)
            assert clock.monotonic() >= HEARTBEAT_EVERY * 2 or not asked
            if len(told) == 2:
                break
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
    assert asked == ["/a-secret"] * 3
    assert [type(x) for x in told] == [HeartbeatFailing, HeartbeatRecovered]
    assert "secret" not in str(told)


@pytest.mark.parametrize("location", ["//[", "http://[::1", "https://elsewhere.example/"])
async def test_a_heartbeat_that_is_sent_nowhere_is_one_that_failed(location: str) -> None:
    """A redirect to another host, or to what is no address, ends nothing but this heartbeat."""

    async def lead(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": location})

    app = web.Application()
    app.router.add_get("/", lead)
    clock = FakeClock(NOW)
    told: list[SystemEvent] = []
    async with served(app) as port:
        url = f"http://127.0.0.1:{port}/"
        beating = asyncio.create_task(beat(url, lambda: True, clock, told.append))
        for _ in range(100_000):
            await clock.advance(1.0)
            if told or beating.done():
                break
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
    assert told == [HeartbeatFailing("it leads to another host: does the network want a sign-in?")]
