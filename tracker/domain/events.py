"""System events, one frozen class each: the log writes all, notices act on some by their type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import ClassVar, dataclass_transform


class Severity(StrEnum):
    """How much an event matters to the operator of the program."""

    INFO = "info"
    WARNING = "warning"


@dataclass_transform(frozen_default=True)
@dataclass(frozen=True)
class SystemEvent:
    """Something that happened. The fields of a subclass are the values of its log line."""

    name: ClassVar[str]
    severity: ClassVar[Severity]

    def __init_subclass__(cls, name: str, severity: Severity = Severity.INFO) -> None:
        """Make the subclass, an event of this name, a frozen dataclass."""
        cls.name, cls.severity = name, severity
        dataclass(frozen=True)(cls)

    @property
    def figures(self) -> dict[str, str]:
        """The fields as text, without those that are None."""
        return {x.name: str(v) for x in fields(self) if (v := getattr(self, x.name)) is not None}


Tell = Callable[[SystemEvent], None]
"""Takes an event; it must not block."""


def tell_nobody(event: SystemEvent) -> None:
    """Do nothing: the default for callers that have no listener."""


# ------------------------------------------------------------------------------------- the daemon


class DaemonStarted(SystemEvent, name="daemon.started"):
    """The daemon has started on its database."""

    database: str


class DaemonStopped(SystemEvent, name="daemon.stopped"):
    """The daemon has stopped, as it was asked to."""


class LoopsStuck(SystemEvent, name="loops.stuck", severity=Severity.WARNING):
    """Some loops have made no progress in time; `loops` names them."""

    loops: str


class LoopsMoving(SystemEvent, name="loops.moving"):
    """All loops make progress again."""


class StoreOpening(SystemEvent, name="store.opening"):
    """The database takes long to open, as one of an earlier release that is brought up to date."""

    since_s: int


class StoreLost(SystemEvent, name="store.unavailable", severity=Severity.WARNING):
    """The database cannot be written; changes that are decided wait until it can."""

    why: str


class StoreRecovered(SystemEvent, name="store.recovered"):
    """The database can be written again."""


class HeartbeatFailing(SystemEvent, name="heartbeat.failing", severity=Severity.WARNING):
    """The heartbeat does not reach the service that watches over this program."""

    why: str


class HeartbeatRecovered(SystemEvent, name="heartbeat.recovered"):
    """The heartbeat reaches that service again."""


class ClockOff(SystemEvent, name="clock.off", severity=Severity.WARNING):
    """This machine's clock is ahead of the servers' time, or behind it where `ahead_s` < 0."""

    ahead_s: int
    why: str


class ClockRight(SystemEvent, name="clock.right"):
    """This machine's clock agrees with the servers' time again."""


class ClockStepped(SystemEvent, name="clock.stepped"):
    """The wall clock was set by `by_s` seconds; the channel's waits were shifted to match."""

    channel: str
    by_s: int


class ChoreDone(SystemEvent, name="chore.done"):
    """A chore, which is due at a set time, was done."""

    chore: str
    detail: str


class ChoreRetried(SystemEvent, name="chore.retried"):
    """A chore went wrong and is tried again."""

    chore: str
    detail: str


class ChoreFailed(SystemEvent, name="chore.failed", severity=Severity.WARNING):
    """A chore went wrong and waits until it is next due; `again` if it did the time before."""

    chore: str
    detail: str
    again: bool = False


class SecretsWarning(SystemEvent, name="secrets.warning", severity=Severity.WARNING):
    """Secrets come from a place that others can read, or from several of which one counts."""

    what: str


class ModelRefused(SystemEvent, name="model.refused", severity=Severity.WARNING):
    """The chosen model cannot be used, so another one is used."""

    why: str


# --------------------------------------------------------------------------------- games and bets


class GameFollowed(SystemEvent, name="game.followed"):
    """The program has begun to follow a game with bets."""

    game: str
    bets: int


class GameLeft(SystemEvent, name="game.left"):
    """The program no longer follows a game: all is settled, or no bet is left on it."""

    game: str


class GameLost(SystemEvent, name="game.lost", severity=Severity.WARNING):
    """No poll of a game in play could be read for too long."""

    game: str
    what: str


class GameBack(SystemEvent, name="game.back"):
    """A lost game can be read again; `what` says for how long it could not."""

    game: str
    what: str


class GamePhase(SystemEvent, name="game.phase"):
    """A game has entered another phase; `what` holds its score."""

    game: str
    phase: str
    what: str


class GameCorrected(SystemEvent, name="game.corrected"):
    """The source corrected a score downwards."""

    game: str
    what: str


class BoxChanged(SystemEvent, name="box.changed"):
    """The source changed a player's figures after the final."""

    game: str
    what: str


class GameChecked(SystemEvent, name="game.checked"):
    """A finished game's box score was read again, so that results can become official."""

    game: str
    what: str


class GameUnfinished(SystemEvent, name="game.unfinished"):
    """A game has had no end for too long: a person decides its bets."""

    game: str
    what: str


class GameLetGo(SystemEvent, name="game.let_go"):
    """The program no longer follows a game that has had no end for days."""

    game: str
    what: str


class PollHeld(SystemEvent, name="poll.held"):
    """A poll's state is held: it is not believed until more polls agree."""

    game: str
    what: str


class PollDropped(SystemEvent, name="poll.dropped"):
    """A held state was dropped, because later polls did not agree."""

    game: str
    what: str


class ForecastFailed(SystemEvent, name="forecast.failed", severity=Severity.WARNING):
    """A forecast failed; the last one stands."""

    game: str
    why: str


class ForecastRecovered(SystemEvent, name="forecast.recovered"):
    """Forecasts of the game work again."""

    game: str


class ShadowFailed(SystemEvent, name="trial.failed", severity=Severity.WARNING):
    """A challenger model could not forecast or cannot be read; no chance rests on it."""

    challenger: str
    why: str


class BetFromFile(SystemEvent, name="bet.from_file"):
    """The bets file added a bet, changed it, or brought it back: `how` says which."""

    bet: int
    pick: str
    how: str


class BetRewritten(SystemEvent, name="bet.rewritten", severity=Severity.WARNING):
    """The bets file changed what a settled bet is paid, or took back an edit by hand."""

    bet: int | str
    what: str


class BetWithdrawn(SystemEvent, name="bet.withdrawn"):
    """The program no longer follows a bet."""

    bet: int
    why: str


class BetMatched(SystemEvent, name="bet.matched"):
    """A bet that waited for its game has been matched to it."""

    bet: int
    game: str


class BetMoved(SystemEvent, name="bet.moved"):
    """A bet was moved, because its game's id now names a meeting with another opponent or date."""

    bet: int


class BetsMistake(SystemEvent, name="bets.mistake", severity=Severity.WARNING):
    """What in the bets file is wrong or to be decided; `again` if it had been mended meanwhile."""

    what: str
    again: bool = False


# ------------------------------------------------------------------------------------------ feeds


class FeedLost(SystemEvent, name="feed.lost", severity=Severity.WARNING):
    """A source has failed several times in a row."""

    source: str
    trouble: str
    why: str


class FeedBlocked(SystemEvent, name="feed.blocked", severity=Severity.WARNING):
    """A source has begun to refuse this program's requests."""

    source: str
    why: str


class FeedRecovered(SystemEvent, name="feed.recovered"):
    """A source answers again, `after_s` seconds after its first failure."""

    source: str
    after_s: int


class FeedSwitched(SystemEvent, name="feed.switched"):
    """Another source of a league is polled from here on."""

    league: str
    source: str
    instead_of: str
    why: str


class FeedFrozen(SystemEvent, name="feed.frozen"):
    """A source reports no change of a game while another source does."""

    source: str
    game: str


class FeedThawed(SystemEvent, name="feed.thawed"):
    """A frozen source reports changes of the game again."""

    source: str
    game: str


class FeedDisagreement(SystemEvent, name="feed.disagreement", severity=Severity.WARNING):
    """Two sources report different scores of a game; the first source is believed."""

    game: str
    source: str
    reported: str
    other: str
    other_reported: str


class FeedAgreement(SystemEvent, name="feed.agreement"):
    """The sources report the same score again."""

    game: str


class FeedLeftOut(SystemEvent, name="feed.left_out", severity=Severity.WARNING):
    """A source that the settings name cannot be used."""

    source: str
    why: str


# ----------------------------------------------------------------------------------- what is sent


class OddsLost(SystemEvent, name="odds.lost", severity=Severity.WARNING):
    """A source of quotes does not answer; games are followed without its quotes."""

    source: str
    why: str


class OddsRecovered(SystemEvent, name="odds.recovered"):
    """A source of quotes answers again."""

    source: str


class OddsRefused(SystemEvent, name="odds.refused", severity=Severity.WARNING):
    """A request for quotes that a close needs was not bought."""

    what: str
    why: str


class MarketClosed(SystemEvent, name="market.closed"):
    """A game has tipped off and its closing lines are fixed; `chance` is the home side's."""

    game: str
    by: str
    spread: float | None = None
    total: float | None = None
    chance: float | None = None


class AlertSent(SystemEvent, name="alert.sent"):
    """A channel accepted a message of one alert or several."""

    channel: str
    alerts: str
    took_ms: int


class AlertRefused(SystemEvent, name="alert.refused", severity=Severity.WARNING):
    """A channel refused a message of alerts for good."""

    channel: str
    alerts: str
    why: str


class DigestSent(SystemEvent, name="digest.sent"):
    """A channel accepted a digest, the message of alerts that came too late."""

    channel: str
    alerts: str
    took_ms: int


class DigestRefused(SystemEvent, name="digest.refused", severity=Severity.WARNING):
    """A channel refused a digest for good."""

    channel: str
    alerts: str
    why: str


class ChannelFailing(SystemEvent, name="channel.failing", severity=Severity.WARNING):
    """A channel accepts no messages at this moment."""

    channel: str
    alerts: str
    why: str


class ChannelRecovered(SystemEvent, name="channel.recovered"):
    """A channel accepts messages again, `after_s` seconds after it first failed."""

    channel: str
    after_s: int


class CardPosted(SystemEvent, name="card.posted"):
    """A game's live card was posted on a channel."""

    channel: str
    game: str


class CardClosed(SystemEvent, name="card.closed"):
    """A live card shows the end of its game and is not edited any more."""

    channel: str
    game: str


class CardGone(SystemEvent, name="card.gone"):
    """Somebody has deleted a live card; the next update posts a new one."""

    channel: str
    game: str
    why: str


class CardFailing(SystemEvent, name="card.failing", severity=Severity.WARNING):
    """Live cards cannot be posted or edited at this moment."""

    channel: str
    game: str
    why: str


class CardRecovered(SystemEvent, name="card.recovered"):
    """Live cards can be posted and edited again."""

    channel: str


# -------------------------------------------------------------------------------------- Telegram


class MarkupRefused(SystemEvent, name="telegram.plain"):
    """Telegram could not read a message's markup, so the same words were sent without it."""

    alerts: str
    why: str


class ChatMoved(SystemEvent, name="telegram.chat_moved"):
    """A group became a supergroup with a new id; `do` says which setting to change."""

    was: int
    chat_id: int
    do: str


class TopicGone(SystemEvent, name="telegram.topic_gone", severity=Severity.WARNING):
    """The paired topic is closed or deleted, so messages go to the group itself."""

    topic_id: int
    why: str
    do: str


class BotDeaf(SystemEvent, name="telegram.deaf", severity=Severity.WARNING):
    """The bot cannot receive messages."""

    why: str


class BotConflict(SystemEvent, name="telegram.conflict", severity=Severity.WARNING):
    """Another program receives the bot's messages."""

    why: str


class BotListening(SystemEvent, name="telegram.listening"):
    """The bot receives messages again."""


class ChatPaired(SystemEvent, name="telegram.paired"):
    """A chat was paired."""

    chat: int
    user: int


class BotStranger(SystemEvent, name="telegram.stranger"):
    """Somebody who is not paired has written to the bot."""

    chat: int
    user: int
