"""Promises of the outbox: every alert reaches its end, and none repeats without saying so."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.notify.sink import Sink, free_port
from tests.notify.values import NOW, delivery
from tests.notify.world import Script, night
from tracker.domain.alert import Failed, Notice, Refused, Sent, Unknown
from tracker.domain.policy import Level, Policy, QuietHours
from tracker.notify import LONGEST_RETRY, batches, retry_delay
from tracker.notify.channels import Message
from tracker.notify.channels.apprise import AppriseChannel
from tracker.notify.channels.text import DISCORD_LIMIT


async def test_an_alert_is_sent_once_and_at_once(tmp_path: Path) -> None:
    """A recorded alert is sent once, without any time passing."""
    channel = Script()
    async with night(tmp_path, channel) as world:
        world.start()
        await world.rest()
        await world.decide("▲ 80 %")
        await world.rest()
        await world.pass_time(60)
        assert channel.bodies == ["▲ 80 %"]
        assert await world.deliveries("script") == {1: ("sent", 1)}


@pytest.mark.parametrize("step", [-3600, 3600, -86_400])
async def test_a_wall_clock_that_is_set_changes_no_wait_and_no_age(
    tmp_path: Path, step: int
) -> None:
    """When the wall clock is set, waiting alerts are tried as before, and their age stays true."""
    channel = Script(answers=[*[Failed("away")] * 4, Sent()])
    async with night(tmp_path, channel) as world:
        world.start()
        await world.decide("▲ 80 %")
        await world.rest()
        await world.pass_time(20, step=1)
        world.clock.step_wall(step)
        await world.pass_time(15, step=1)
        assert len(channel.bodies) == 5
        assert channel.bodies[-1] == "▲ 80 % · 30 s late"
        assert await world.deliveries("script") == {1: ("sent", 5)}


@pytest.mark.parametrize("step", [-86_400, 86_400])
async def test_what_is_decided_just_after_the_wall_clock_was_set_comes_at_once(
    tmp_path: Path, step: int
) -> None:
    """The first look at the new time moves what waited before it, and nothing that came since."""
    channel = Script(answers=[*[Failed("away")] * 4, Sent()])
    async with night(tmp_path, channel) as world:
        world.start()
        await world.decide("▲ 80 %")
        await world.rest()
        await world.pass_time(18, step=1)
        world.clock.step_wall(step)
        await world.decide("WON", rule="settled")
        await world.rest()
        assert channel.bodies[-2:] == ["WON", "▲ 80 % · 18 s late"]


@pytest.mark.parametrize("step", [-3600, 3600])
async def test_an_old_chance_comes_in_the_digest_whatever_the_wall_clock_says(
    tmp_path: Path, step: int
) -> None:
    """A chance that is too old by real time comes in the digest, however the clock was set."""
    channel = Script(answers=[Failed("away")] * 40)
    async with night(tmp_path, channel) as world:
        world.start()
        await world.decide("▲ 80 %")
        await world.pass_time(60, step=5)
        world.clock.step_wall(step)
        await world.pass_time(480, step=5)
        assert await world.states("script") == ["due"]
        await world.pass_time(1200, step=20)
        assert await world.states("script") == ["expired"]
        channel.answers = [Sent()]
        await world.pass_time(300, step=20)
        assert channel.bodies[-1].startswith("1 alert could not reach you in time")


async def test_a_held_alert_comes_though_the_clock_was_set_back_after_its_digest_failed(
    tmp_path: Path,
) -> None:
    """What could not be told when it was due is told when that time comes again."""
    channel = Script(answers=[Failed("away"), Sent()])
    async with night(tmp_path, channel) as world:
        due = NOW + timedelta(minutes=1)
        held = Notice("held", 1, NOW, "later", Level.LOW, due_at=due)
        await world.store.alerting.notice(held, ["script"])
        world.start()
        await world.pass_time(61, step=1)
        assert len(channel.got) == 1
        world.clock.step_wall(-1800)
        await world.pass_time(1700, step=50)
        assert len(channel.got) == 1
        await world.pass_time(200, step=10)
        assert [x.partition("\n")[0] for x in channel.bodies] == [
            "1 alert while you wanted silence",
            "1 alert while you wanted silence",
        ]


async def test_a_clock_that_was_set_back_between_two_starts_makes_nothing_fresh(
    tmp_path: Path,
) -> None:
    """An alert dated in the future has an unknown age, and comes in the digest."""
    async with night(tmp_path, Script()) as world:
        await world.decide("▲ 80 %")
    channel = Script()
    async with night(tmp_path, channel, at=NOW - timedelta(hours=1)) as world:
        world.start()
        await world.rest()
        assert [x.partition("\n")[0] for x in channel.bodies] == [
            "1 alert could not reach you in time"
        ]


async def test_what_is_sent_is_marked_on_disk_first(tmp_path: Path) -> None:
    """An alert is marked on disk before it is sent, so that a kill leaves a trace."""
    channel = Script(gate=asyncio.Event())
    async with night(tmp_path, channel) as world:
        world.start()
        await world.decide("▲ 80 %")
        await world.rest(busy=1)
        while not channel.got:
            await world.rest(busy=1)
        assert await world.states("script") == ["sending"]
        assert channel.gate is not None
        channel.gate.set()
        await world.rest()
        assert await world.states("script") == ["sent"]


async def test_a_kill_while_sending_makes_a_repeat_that_says_so(tmp_path: Path) -> None:
    """After a kill while sending, the alert comes again and says that it may be a repeat."""
    async with night(tmp_path, Script()) as world:
        await world.decide("▲ 80 %")
        # What a killed program leaves behind: claimed deliveries without an outcome.
        await world.store.claim("script", NOW, 10)
    again = Script()
    async with night(tmp_path, again) as world:
        world.start()
        await world.rest()
        assert again.bodies == ["possible repeat · ▲ 80 % · alert 1"]
        assert again.got[0].possible_repeat
        assert await world.deliveries("script") == {1: ("sent", 2)}


async def test_a_failure_is_tried_again_ever_more_slowly_and_without_the_words(
    tmp_path: Path,
) -> None:
    """After a certain failure an alert is tried again with growing waits, and is no repeat."""
    channel = Script(answers=[Failed("no"), Failed("no"), Failed("no"), Sent()])
    async with night(tmp_path, channel) as world:
        world.start()
        await world.decide("▲ 80 %")
        await world.rest()
        tried = [len(channel.got)]
        for seconds in (1, 1, 3, 1, 7, 1):
            await world.pass_time(seconds, step=1)
            tried.append(len(channel.got))
        assert tried == [1, 1, 2, 2, 3, 3, 4]
        assert channel.bodies == ["▲ 80 %"] * 4
        assert [event for event, _ in world.told] == [
            "channel.failing",
            "channel.recovered",
            "alert.sent",
        ]


async def test_a_lost_answer_is_repeated_with_the_words(tmp_path: Path) -> None:
    """After a lost answer the alert says that it may be a repeat, also if a later try fails."""
    channel = Script(answers=[Unknown("?"), Failed("no"), Sent()])
    async with night(tmp_path, channel) as world:
        world.start()
        await world.decide("▲ 80 %")
        await world.pass_time(16, step=1)
        repeat = "possible repeat · ▲ 80 % · alert 1"
        assert channel.bodies == ["▲ 80 %", repeat, repeat]


async def test_a_refusal_is_an_end(tmp_path: Path) -> None:
    """A refused alert is logged and not tried again."""
    channel = Script(answers=[Refused("the chat is gone")])
    async with night(tmp_path, channel) as world:
        world.start()
        await world.decide("▲ 80 %")
        await world.pass_time(300, step=10)
        assert len(channel.got) == 1
        assert await world.states("script") == ["refused"]
        assert [x for x in world.told if x[0] == "alert.refused"] == [
            ("alert.refused", {"channel": "script", "alerts": "1", "why": "the chat is gone"})
        ]


async def test_a_channel_that_asks_for_patience_gets_it(tmp_path: Path) -> None:
    """Until the time that a channel names, nothing is sent to it, not even newer alerts."""
    channel = Script(answers=[Failed("429", retry_after=90.0), Sent()])
    async with night(tmp_path, channel) as world:
        world.start()
        await world.decide("first")
        await world.rest()
        await world.clock.advance(5)
        await world.decide("second")
        await world.pass_time(84, step=1)
        assert len(channel.got) == 1
        await world.pass_time(2, step=1)
        assert len(channel.got) == 3


async def test_a_channel_that_asks_for_no_wait_is_not_asked_without_a_pause(tmp_path: Path) -> None:
    """A server that is too busy and says `Retry-After: 0` gets a request every two seconds."""
    channel = Script(answers=[Failed("429", retry_after=0.0)])
    async with night(tmp_path, channel) as world:
        world.start()
        await world.decide("▲ 80 %")
        await world.pass_time(9.5, step=0.5)
        assert len(channel.got) == 5


async def test_what_one_poll_brought_is_one_message(tmp_path: Path) -> None:
    """Alerts of one poll are one message: each keeps its number, and what ends several is once."""
    channel = Script()
    async with night(tmp_path, channel) as world:
        world.start()
        await world.decide("one\nscore 1\nprovisional", "two\nscore 2\nprovisional")
        await world.clock.advance(5)
        await world.decide("three")
        await world.rest()
        assert sorted(channel.bodies) == ["one\nscore 1\n\ntwo\nscore 2\n—\nprovisional", "three"]
        assert await world.states("script") == ["sent"] * 3


async def test_what_a_game_brings_within_seconds_is_one_message(tmp_path: Path) -> None:
    """Alerts of one game that wait together are one message, also from three polls."""
    channel = Script()
    async with night(tmp_path, channel) as world:
        await world.decide("one")
        await world.clock.advance(2)
        await world.decide("two")
        await world.clock.advance(2)
        await world.decide("three")
        world.start()
        await world.rest()
        assert [x.alert_ids for x in channel.got] == [(1, 2), (3,)]


@pytest.mark.parametrize("useful", [timedelta(hours=1), timedelta(seconds=-1)])
async def test_no_service_cuts_short_what_came_together(tmp_path: Path, useful: timedelta) -> None:
    """The alerts of one poll, or of a digest, are in messages that the shortest service takes."""
    channel = Script()
    texts = [f"<{n:02}> {'word ' * 30}\nprovisional" for n in range(20)]
    async with night(tmp_path, channel) as world:
        world.start()
        await world.decide(*texts, rule="settled", useful=useful)
        await world.rest()
        assert max(map(len, channel.bodies)) < DISCORD_LIMIT
        shown = [x for body in channel.bodies for x in re.findall(r"<\d\d>", body)]
        if useful > timedelta(0):
            assert sorted(shown) == [x[:4] for x in texts]
            assert len(channel.got) == 3
        else:
            assert shown == [x[:4] for x in texts[-len(shown) :]]
            assert channel.bodies[0].endswith(f"and {20 - len(shown)} more: tracker alerts")


async def test_a_digest_of_what_makes_no_sound_makes_none(tmp_path: Path) -> None:
    """A digest is as loud as its loudest alert, and no louder than usual."""
    channel = Script()
    late = timedelta(seconds=-1)
    async with night(tmp_path, channel) as world:
        world.start()
        await world.decide("a quarter", rule="quarter", level=Level.INFO, useful=late)
        await world.rest()
        await world.decide("a chance", level=Level.URGENT, useful=late)
        await world.rest()
        assert [x.level for x in channel.got] == [Level.INFO, Level.DEFAULT]


async def test_an_hours_outage_ends_in_one_digest(tmp_path: Path) -> None:
    """After an outage, the alerts that came too late are in one digest, fresh ones come alone."""
    channel = Script(answers=[Failed("down")])
    async with night(tmp_path, channel) as world:
        world.start()
        for number in range(12):
            await world.decide(f"alert of minute {5 * number}")
            await world.pass_time(300, step=10)
        channel.answers = [Sent()]
        channel.got.clear()
        await world.decide("fresh")
        await world.pass_time(300, step=5)
        digests = [x for x in channel.bodies if "could not reach you" in x]
        assert len(digests) == 1
        assert digests[0].startswith("12 alerts could not reach you in time\n03:30 UTC · alert of")
        assert "fresh" in channel.bodies
        assert [event for event, _ in world.told if event.startswith("digest")] == ["digest.sent"]
        assert not any("possible repeat" in x for x in channel.bodies)
        ends = await world.states("script")
        assert ends == ["expired"] * 12 + ["sent"]


async def test_a_server_that_takes_messages_and_fails_gets_few_copies(tmp_path: Path) -> None:
    """What may have been read comes six times in ten minutes, its digest 7 times in three hours."""
    channel = Script(answers=[Unknown("it answered 500")])
    async with night(tmp_path, channel) as world:
        world.start()
        await world.decide("a chance")
        await world.pass_time(590, step=10)
        assert len(channel.got) == 6
        channel.got.clear()
        await world.pass_time(3 * 3600, step=60)
        assert len(channel.got) == 7


async def test_what_waits_is_sent_once_the_channel_works_again(tmp_path: Path) -> None:
    """A message that arrives brings at once what failed before, but no chance of its own bet."""
    channel = Script(answers=[Failed("down")])
    async with night(tmp_path, channel) as world:
        world.start()
        await world.decide("an old chance")
        await world.decide("a result", rule="settled", useful=timedelta(hours=12))
        await world.pass_time(240, step=30)
        channel.answers = [Sent()]
        channel.got.clear()
        await world.decide("a new chance")
        await world.rest()
        assert [x.splitlines()[0].partition(" · ")[0] for x in channel.bodies] == [
            "a new chance",
            "1 alert could not reach you in time",
            "a result",
        ]


async def test_what_waited_before_a_start_is_sent_once_the_channel_works(tmp_path: Path) -> None:
    """A restart does not leave a result of an outage to its long wait."""
    channel = Script(answers=[Unknown("it answered 502")])
    async with night(tmp_path, channel) as world:
        world.start()
        await world.decide("a result", rule="settled", useful=timedelta(hours=12))
        await world.pass_time(1000, step=40)
        await world.stop()
        channel.answers = [Sent()]
        channel.got.clear()
        world.start()
        await world.decide("a chance")
        await world.rest()
        assert [x.alert_ids for x in channel.got] == [(2,), (1,)]


async def test_a_chance_that_was_never_tried_does_not_come_after_a_newer_one(
    tmp_path: Path,
) -> None:
    """A chance that waited behind other messages goes to the digest once a newer one is sent."""
    channel = Script(answers=[Failed("down")])
    async with night(tmp_path, channel) as world:
        await world.decide("a result", rule="settled", useful=timedelta(hours=12))
        await world.clock.advance(4)
        await world.decide("an old chance")
        world.start()
        await world.pass_time(1, step=1)
        assert await world.deliveries("script") == {1: ("due", 1), 2: ("due", 0)}
        channel.answers = [Sent()]
        channel.got.clear()
        await world.decide("a new chance")
        await world.rest()
        assert [x.splitlines()[0].partition(" · ")[0] for x in channel.bodies] == [
            "a new chance",
            "1 alert could not reach you in time",
            "a result",
        ]


@pytest.mark.parametrize(("rule", "late"), [("feed_down", True), ("quarter", False)])
async def test_only_a_message_with_the_chance_outdates_a_chance(
    tmp_path: Path, rule: str, late: bool
) -> None:
    """An outage of feed and channel at once leaves a chance that waits as loud as it was."""
    channel = Script(answers=[Failed("no network")])
    async with night(tmp_path, channel) as world:
        world.start()
        await world.decide("a chance", level=Level.HIGH)
        await world.pass_time(20, step=4)
        channel.answers = [Sent()]
        channel.got.clear()
        await world.decide("news", rule=rule)
        await world.rest()
        first, second = channel.got
        assert (first.body, second.body.startswith("a chance")) == ("news", late)
        assert second.level is (Level.HIGH if late else Level.DEFAULT)


async def test_a_chance_whose_attempt_fails_does_not_come_after_a_newer_one(
    tmp_path: Path,
) -> None:
    """A newer chance that is decided while the older one is being sent stands alone if it fails."""
    channel = Script(answers=[Failed("down"), Sent()], gate=asyncio.Event())
    async with night(tmp_path, channel) as world:
        world.start()
        await world.decide("an old chance")
        await world.rest(busy=1)
        while not channel.got:
            await world.rest(busy=1)
        await world.clock.advance(4)
        await world.decide("a new chance")
        assert channel.gate is not None
        channel.gate.set()
        await world.pass_time(10, step=1)
        assert [x.splitlines()[0] for x in channel.bodies] == [
            "an old chance",
            "1 alert could not reach you in time",
            "a new chance",
        ]


async def test_what_may_have_arrived_comes_again_soon_however_many_were_lost_before(
    tmp_path: Path,
) -> None:
    """A new message is tried again after ten seconds, though many answers were lost before."""
    channel = Script(answers=[Unknown("it answered 502")])
    async with night(tmp_path, channel) as world:
        world.start()
        await world.decide("a result", rule="settled", useful=timedelta(hours=12))
        await world.pass_time(1800, step=60)
        await world.decide("a chance")
        channel.got.clear()
        await world.pass_time(11, step=1)
        assert [x.alert_ids for x in channel.got] == [(2,), (2,)]


async def test_a_lost_answer_after_an_outage_holds_its_digest_up_no_longer_than_another(
    tmp_path: Path,
) -> None:
    """Only digests that may have arrived put the next one off; those that failed are none."""
    channel = Script(answers=[Failed("down")])
    async with night(tmp_path, channel) as world:
        world.start()
        await world.decide("a chance")
        await world.pass_time(3600, step=60)
        channel.answers = [Unknown("no answer"), Sent()]
        channel.got.clear()
        await world.pass_time(240, step=10)
        assert len(channel.got) == 2


async def test_what_is_late_does_not_come_in_quiet_hours(tmp_path: Path) -> None:
    """What a channel missed before quiet hours waits for their end, unless it is loud enough."""
    channel = Script(answers=[Failed("down")])
    begin, end = NOW + timedelta(minutes=5), NOW + timedelta(minutes=90)
    quiet = QuietHours(begin.time(), end.time(), UTC)
    async with night(tmp_path, channel) as world:
        world.policy = Policy(quiet=quiet)
        world.start()
        await world.decide("a chance")
        await world.decide("a result", rule="settled", useful=timedelta(hours=12))
        await world.pass_time(420, step=10)
        channel.answers = [Sent()]
        channel.got.clear()
        await world.pass_time(80 * 60, step=30)
        assert channel.got == []
        before = await world.deliveries("script")
        await world.pass_time(10 * 60, step=30)
        assert all(n < 10 for _, n in before.values()), "waiting for the morning is no attempt"
        heads = sorted(x.splitlines()[0].partition(" · ")[0] for x in channel.bodies)
        assert heads == ["1 alert could not reach you in time", "a result"]


@pytest.mark.parametrize("through", [Level.DEFAULT, Level.LOW])
async def test_what_is_loud_enough_comes_late_in_quiet_hours(
    tmp_path: Path, through: Level
) -> None:
    """A late message that quiet hours let through is sent as soon as its channel works."""
    channel = Script(answers=[Failed("down"), Sent()])
    quiet = QuietHours(NOW.time(), (NOW + timedelta(hours=8)).time(), UTC, through)
    async with night(tmp_path, channel) as world:
        world.policy = Policy(quiet=quiet)
        world.start()
        await world.decide("a result", rule="settled", useful=timedelta(hours=12))
        await world.pass_time(60)
        assert channel.bodies == ["a result"] * 2


async def test_a_digest_that_waits_for_the_morning_keeps_nothing_louder_back(
    tmp_path: Path,
) -> None:
    """What expires in quiet hours and is loud enough is told in them, whatever expired before."""
    channel = Script(answers=[Failed("down")])
    quiet = QuietHours(NOW.time(), (NOW + timedelta(hours=8)).time(), UTC)
    async with night(tmp_path, channel) as world:
        world.policy = Policy(quiet=quiet)
        world.start()
        await world.decide("a chance")
        await world.pass_time(900, step=10)
        await world.decide("out", level=Level.URGENT)
        await world.pass_time(900, step=10)
        channel.answers = [Sent()]
        channel.got.clear()
        await world.pass_time(2 * LONGEST_RETRY, step=10)
        lines = [x.splitlines()[0] for x in channel.bodies]
        assert lines == ["2 alerts could not reach you in time"]


async def test_a_digest_that_was_put_back_until_the_morning_was_not_tried(tmp_path: Path) -> None:
    """After a night of waiting the first failure is followed by the shortest wait."""
    channel = Script(answers=[Failed("down")])
    quiet = QuietHours((NOW + timedelta(minutes=5)).time(), (NOW + timedelta(hours=2)).time(), UTC)
    async with night(tmp_path, channel) as world:
        world.policy = Policy(quiet=quiet)
        world.start()
        await world.decide("a chance")
        for _ in range(4):
            await world.pass_time(1750, step=10)
            await world.decide("another")
        channel.got.clear()
        await world.pass_time(300, step=1)
        digests = [x for x in channel.bodies if "could not reach you" in x]
        assert len(digests) >= 4


async def test_a_digest_survives_the_end_of_the_program(tmp_path: Path) -> None:
    """What expired before a stop, or while nothing ran, is in a digest after the start."""
    channel = Script(answers=[Failed("down")])
    async with night(tmp_path, channel) as world:
        world.start()
        await world.decide("too late", "as well")
        await world.pass_time(900, step=10)
    after = Script()
    async with night(tmp_path, after, at=NOW + timedelta(hours=1)) as world:
        world.start()
        await world.rest()
        assert [x.splitlines()[0] for x in after.bodies] == ["2 alerts could not reach you in time"]
        await world.pass_time(300, step=10)
        assert len(after.got) == 1


async def test_a_digest_whose_answer_was_lost_says_so_when_it_comes_again(tmp_path: Path) -> None:
    """A digest after a lost answer says that it may be a repeat."""
    channel = Script(answers=[Failed("down")])
    async with night(tmp_path, channel) as world:
        world.start()
        await world.decide("too late")
        await world.pass_time(590, step=10)
        channel.answers = [Unknown("?"), Sent()]
        channel.got.clear()
        await world.pass_time(300, step=2)
        assert [x.splitlines()[0] for x in channel.bodies] == [
            "1 alert could not reach you in time",
            "possible repeat · 1 alert may not have reached you in time",
        ]
        assert [x.possible_repeat for x in channel.got] == [False, True]


async def test_a_dead_channel_delays_no_other(tmp_path: Path) -> None:
    """Channels that never answer, answer late or are gone do not delay another one."""
    stuck = Script("stuck", gate=asyncio.Event())
    async with Sink() as good, Sink(hang=True) as late:
        works, slow = AppriseChannel(good.url), AppriseChannel(late.url)
        away = AppriseChannel(f"json://127.0.0.1:{free_port()}/")
        async with night(tmp_path, stuck, slow, away, works) as world:
            world.start()
            await world.decide("▲ 80 %")
            await world.rest(busy=1)
            await good.arrived.wait()
            await world.rest(busy=1)
            assert good.bodies == ["▲ 80 %"]
            assert good.got[0].key == "1"
            ends = [await world.states(x.name) for x in (stuck, slow, away, works)]
            assert ends == [["sending"], ["unknown"], ["due"], ["sent"]]
            assert stuck.gate is not None
            stuck.gate.set()


async def test_a_server_that_is_away_for_an_hour_gets_one_digest(tmp_path: Path) -> None:
    """With real Apprise, a server that is away for an hour gets one digest and no repeats."""
    sink = await Sink().up()
    await sink.down()
    channel = AppriseChannel(sink.url)
    async with night(tmp_path, channel) as world:
        world.start()
        for number in range(6):
            await world.decide(f"alert of minute {10 * number}")
            await world.pass_time(600, step=10)
        await sink.up()
        await world.pass_time(240, step=10)
        assert [x.splitlines()[0] for x in sink.bodies] == ["6 alerts could not reach you in time"]
    await sink.down()


async def test_a_stop_waits_for_the_message_under_way_and_puts_back_the_rest(
    tmp_path: Path,
) -> None:
    """A stop waits for the message in progress, and puts the rest back as not tried."""
    channel = Script(gate=asyncio.Event())
    async with night(tmp_path, channel) as world:
        await world.decide("under way")
        await world.clock.advance(5)
        await world.decide("not tried")
        world.start()
        while not channel.got:
            await world.rest(busy=1)
        stopping = asyncio.create_task(world.stop())
        await world.store.next_due("nobody")
        assert channel.gate is not None
        channel.gate.set()
        await stopping
        assert await world.states("script") == ["sent", "due"]
    after = Script()
    async with night(tmp_path, after, at=NOW + timedelta(seconds=5)) as world:
        world.start()
        await world.rest()
        assert after.bodies == ["not tried"]


async def test_a_message_that_never_gets_through_stands_before_no_other(tmp_path: Path) -> None:
    """The least attempted message goes first, so that a failing one blocks no other."""

    class Picky(Script):
        async def send(self, message: Message) -> Sent | Failed:
            self.got.append(message)
            return Failed("not this one") if "poison" in message.body else Sent()

    channel = Picky()
    async with night(tmp_path, channel) as world:
        await world.decide("poison", rule="hit")
        world.start()
        for number in range(5):
            await world.pass_time(20, step=2)
            await world.decide(f"good {number}")
        await world.pass_time(120, step=2)
        assert await world.states("script") == ["due"] + ["sent"] * 5


async def test_a_message_that_was_put_back_untried_goes_before_one_that_failed(
    tmp_path: Path,
) -> None:
    """Messages that are claimed together with a failing one are not held back behind it again."""

    class Picky(Script):
        async def send(self, message: Message) -> Sent | Unknown:
            self.got.append(message)
            return Unknown("not this one") if "poison" in message.body else Sent()

    channel = Picky()
    async with night(tmp_path, channel) as world:
        await world.decide("poison")
        await world.clock.advance(20)
        await world.decide("good")
        world.start()
        await world.pass_time(3, step=1)
        assert await world.deliveries("script") == {1: ("unknown", 2), 2: ("sent", 1)}
        assert channel.bodies[1].startswith("good")


async def test_a_dead_channel_is_tried_ever_more_slowly_however_much_waits(tmp_path: Path) -> None:
    """Each message that waits for a dead channel does not begin its tries anew."""
    channel = Script(answers=[Failed("away")])
    async with night(tmp_path, channel) as world:
        for number in range(12):
            await world.decide(f"alert {number}")
            await world.clock.advance(20)
        world.start()
        await world.pass_time(300, step=1)
        assert len(channel.got) == 8


async def test_a_loop_is_heard_of_even_when_it_has_nothing_to_do(tmp_path: Path) -> None:
    """An idle loop still reports that it moves."""
    async with night(tmp_path, Script()) as world:
        world.start()
        await world.pass_time(60, step=10)
        assert world.beats >= 6


@given(st.integers(1, 10_000))
def test_the_wait_between_attempts_grows_to_two_minutes(attempts: int) -> None:
    """The wait between attempts grows to two minutes and never shrinks."""
    assert retry_delay(attempts) <= retry_delay(attempts + 1) <= LONGEST_RETRY


@given(
    st.lists(st.tuples(st.integers(1, 5), st.integers(1, 4)), unique_by=lambda x: x[0], max_size=5)
)
def test_every_delivery_is_in_one_message(found: list[tuple[int, int]]) -> None:
    """Grouping puts every delivery into exactly one message."""
    claimed = [delivery(number, attempts=tries, game=str(number % 2)) for number, tries in found]
    made = batches(claimed)
    assert sorted(x.alert_id for p in made for x in p) == sorted(x.alert_id for x in claimed)
    assert len(made) <= 2


def test_no_older_chance_of_a_game_comes_behind_a_newer_one() -> None:
    """What waited for a channel comes in the order of the game, the loudest game's first."""
    waited = [
        delivery(1, attempts=4, game="a"),
        replace(delivery(2, attempts=1, game="a"), level=Level.HIGH),
        delivery(3, attempts=1, game="b"),
        delivery(4, attempts=11, game="c"),
        delivery(5, attempts=1, game="c"),
    ]
    minutes = [replace(x, created_at=NOW + timedelta(minutes=x.alert_id)) for x in waited]
    assert [x.alert_id for (x,) in batches(minutes)] == [3, 5, 1, 2, 4]
