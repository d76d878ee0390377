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
    severity: ClassVar[Severity] = Severity.INFO

    def __init_subclass__(cls) -> None:
        """Make the subclass a frozen dataclass."""
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


class DaemonStarted(SystemEvent):
    """The daemon has started on its database."""

    name = "daemon.started"
    database: str


class DaemonStopped(SystemEvent):
    """The daemon has stopped, as it was asked to."""

    name = "daemon.stopped"


class LoopsStuck(SystemEvent):
    """Some loops have made no progress in time; `loops` names them."""

    name, severity = "loops.stuck", Severity.WARNING
    loops: str


class LoopsMoving(SystemEvent):
    """All loops make progress again."""

    name = "loops.moving"


class StoreLost(SystemEvent):
    """The database cannot be written; changes that are decided wait until it can."""

    name, severity = "store.unavailable", Severity.WARNING
    why: str


class StoreRecovered(SystemEvent):
    """The database can be written again."""

    name = "store.recovered"


class HeartbeatFailing(SystemEvent):
    """The heartbeat does not reach the service that watches over this program."""

    name, severity = "heartbeat.failing", Severity.WARNING
    why: str


class HeartbeatRecovered(SystemEvent):
    """The heartbeat reaches that service again."""

    name = "heartbeat.recovered"


class ClockOff(SystemEvent):
    """This machine's clock is ahead of the servers' time, or behind it where `ahead_s` < 0."""

    name, severity = "clock.off", Severity.WARNING
    ahead_s: int
    why: str


class ClockRight(SystemEvent):
    """This machine's clock agrees with the servers' time again."""

    name = "clock.right"


class ClockStepped(SystemEvent):
    """The wall clock was set by `by_s` seconds; the channel's waits were shifted to match."""

    name = "clock.stepped"
    channel: str
    by_s: int


class ChoreDone(SystemEvent):
    """A chore, which is due at a set time, was done."""

    name = "chore.done"
    chore: str
    detail: str


class ChoreRetried(SystemEvent):
    """A chore went wrong and is tried again."""

    name = "chore.retried"
    chore: str
    detail: str


class ChoreFailed(SystemEvent):
    """A chore went wrong and waits until it is next due; `again` if it did the time before."""

    name, severity = "chore.failed", Severity.WARNING
    chore: str
    detail: str
    again: bool = False


class SecretsWarning(SystemEvent):
    """Secrets come from a place that others can read, or from several of which one counts."""

    name, severity = "secrets.warning", Severity.WARNING
    what: str


class ModelRefused(SystemEvent):
    """The chosen model cannot be used, so another one is used."""

    name, severity = "model.refused", Severity.WARNING
    why: str


# --------------------------------------------------------------------------------- games and bets


class GameFollowed(SystemEvent):
    """The program has begun to follow a game with bets."""

    name = "game.followed"
    game: str
    bets: int


class GameLeft(SystemEvent):
    """The program no longer follows a game: all is settled, or no bet is left on it."""

    name = "game.left"
    game: str


class GameLost(SystemEvent):
    """No poll of a game in play could be read for too long."""

    name, severity = "game.lost", Severity.WARNING
    game: str
    what: str


class GameBack(SystemEvent):
    """A lost game can be read again; `what` says for how long it could not."""

    name = "game.back"
    game: str
    what: str


class GamePhase(SystemEvent):
    """A game has entered another phase; `what` holds its score."""

    name = "game.phase"
    game: str
    phase: str
    what: str


class GameCorrected(SystemEvent):
    """The source corrected a score downwards."""

    name = "game.corrected"
    game: str
    what: str


class BoxChanged(SystemEvent):
    """The source changed a player's figures after the final."""

    name = "box.changed"
    game: str
    what: str


class GameChecked(SystemEvent):
    """A finished game's box score was read again, so that results can become official."""

    name = "game.checked"
    game: str
    what: str


class GameUnfinished(SystemEvent):
    """A game has had no end for too long: a person decides its bets."""

    name = "game.unfinished"
    game: str
    what: str


class GameLetGo(SystemEvent):
    """The program no longer follows a game that has had no end for days."""

    name = "game.let_go"
    game: str
    what: str


class PollHeld(SystemEvent):
    """A poll's state is held: it is not believed until more polls agree."""

    name = "poll.held"
    game: str
    what: str


class PollDropped(SystemEvent):
    """A held state was dropped, because later polls did not agree."""

    name = "poll.dropped"
    game: str
    what: str


class ForecastFailed(SystemEvent):
    """A forecast failed; the last one stands."""

    name, severity = "forecast.failed", Severity.WARNING
    game: str
    why: str


class ForecastRecovered(SystemEvent):
    """Forecasts of the game work again."""

    name = "forecast.recovered"
    game: str


class ShadowFailed(SystemEvent):
    """A challenger model could not forecast or cannot be read; no chance rests on it."""

    name, severity = "trial.failed", Severity.WARNING
    challenger: str
    why: str


class BetFromFile(SystemEvent):
    """The bets file added a bet, changed it, or brought it back: `how` says which."""

    name = "bet.from_file"
    bet: int
    pick: str
    how: str


class BetRewritten(SystemEvent):
    """The bets file changed what a settled bet is paid, or took back an edit by hand."""

    name, severity = "bet.rewritten", Severity.WARNING
    bet: int | str
    what: str


class BetWithdrawn(SystemEvent):
    """The program no longer follows a bet."""

    name = "bet.withdrawn"
    bet: int
    why: str


class BetMatched(SystemEvent):
    """A bet that waited for its game has been matched to it."""

    name = "bet.matched"
    bet: int
    game: str


class BetMoved(SystemEvent):
    """A bet was moved, because its game's id now names a meeting with another opponent or date."""

    name = "bet.moved"
    bet: int


class BetsMistake(SystemEvent):
    """What in the bets file is wrong or to be decided; `again` if it had been mended meanwhile."""

    name, severity = "bets.mistake", Severity.WARNING
    what: str
    again: bool = False


# ------------------------------------------------------------------------------------------ feeds


class FeedLost(SystemEvent):
    """A source has failed several times in a row."""

    name, severity = "feed.lost", Severity.WARNING
    source: str
    trouble: str
    why: str


class FeedBlocked(SystemEvent):
    """A source has begun to refuse this program's requests."""

    name, severity = "feed.blocked", Severity.WARNING
    source: str
    why: str


class FeedRecovered(SystemEvent):
    """A source answers again, `after_s` seconds after its first failure."""

    name = "feed.recovered"
    source: str
    after_s: int


class FeedSwitched(SystemEvent):
    """Another source of a league is polled from here on."""

    name = "feed.switched"
    league: str
    source: str
    instead_of: str
    why: str


class FeedFrozen(SystemEvent):
    """A source reports no change of a game while another source does."""

    name = "feed.frozen"
    source: str
    game: str


class FeedThawed(SystemEvent):
    """A frozen source reports changes of the game again."""

    name = "feed.thawed"
    source: str
    game: str


class FeedDisagreement(SystemEvent):
    """Two sources report different scores of a game; the first source is believed."""

    name, severity = "feed.disagreement", Severity.WARNING
    game: str
    source: str
    reported: str
    other: str
    other_reported: str


class FeedAgreement(SystemEvent):
    """The sources report the same score again."""

    name = "feed.agreement"
    game: str


class FeedLeftOut(SystemEvent):
    """A source that the settings name cannot be used."""

    name, severity = "feed.left_out", Severity.WARNING
    source: str
    why: str


# ----------------------------------------------------------------------------------- what is sent


class OddsLost(SystemEvent):
    """A source of quotes does not answer; games are followed without its quotes."""

    name, severity = "odds.lost", Severity.WARNING
    source: str
    why: str


class OddsRecovered(SystemEvent):
    """A source of quotes answers again."""

    name = "odds.recovered"
    source: str


class OddsRefused(SystemEvent):
    """A request for quotes that a close needs was not bought."""

    name, severity = "odds.refused", Severity.WARNING
    what: str
    why: str


class MarketClosed(SystemEvent):
    """A game has tipped off and its closing lines are fixed; `chance` is the home side's."""

    name = "market.closed"
    game: str
    by: str
    spread: float | None = None
    total: float | None = None
    chance: float | None = None


class AlertSent(SystemEvent):
    """A channel accepted a message of one alert or several."""

    name = "alert.sent"
    channel: str
    alerts: str
    took_ms: int


class AlertRefused(SystemEvent):
    """A channel refused a message of alerts for good."""

    name, severity = "alert.refused", Severity.WARNING
    channel: str
    alerts: str
    why: str


class DigestSent(SystemEvent):
    """A channel accepted a digest, the message of alerts that came too late."""

    name = "digest.sent"
    channel: str
    alerts: str
    took_ms: int


class DigestRefused(SystemEvent):
    """A channel refused a digest for good."""

    name, severity = "digest.refused", Severity.WARNING
    channel: str
    alerts: str
    why: str


class ChannelFailing(SystemEvent):
    """A channel accepts no messages at this moment."""

    name, severity = "channel.failing", Severity.WARNING
    channel: str
    alerts: str
    why: str


class ChannelRecovered(SystemEvent):
    """A channel accepts messages again, `after_s` seconds after it first failed."""

    name = "channel.recovered"
    channel: str
    after_s: int


class CardPosted(SystemEvent):
    """A game's live card was posted on a channel."""

    name = "card.posted"
    channel: str
    game: str


class CardClosed(SystemEvent):
    """A live card shows the end of its game and is not edited any more."""

    name = "card.closed"
    channel: str
    game: str


class CardGone(SystemEvent):
    """Somebody has deleted a live card; the next update posts a new one."""

    name = "card.gone"
    channel: str
    game: str
    why: str


class CardFailing(SystemEvent):
    """Live cards cannot be posted or edited at this moment."""

    name, severity = "card.failing", Severity.WARNING
    channel: str
    game: str
    why: str


class CardRecovered(SystemEvent):
    """Live cards can be posted and edited again."""

    name = "card.recovered"
    channel: str


# -------------------------------------------------------------------------------------- Telegram


class MarkupRefused(SystemEvent):
    """Telegram could not read a message's markup, so the same words were sent without it."""

    name = "telegram.plain"
    alerts: str
    why: str


class ChatMoved(SystemEvent):
    """A group became a supergroup with a new id; `do` says which setting to change."""

    name = "telegram.chat_moved"
    was: int
    chat_id: int
    do: str


class TopicGone(SystemEvent):
    """The paired topic is closed or deleted, so messages go to the group itself."""

    name, severity = "telegram.topic_gone", Severity.WARNING
    topic_id: int
    why: str
    do: str


class BotDeaf(SystemEvent):
    """The bot cannot receive messages."""

    name, severity = "telegram.deaf", Severity.WARNING
    why: str


class BotConflict(SystemEvent):
    """Another program receives the bot's messages."""

    name, severity = "telegram.conflict", Severity.WARNING
    why: str


class BotListening(SystemEvent):
    """The bot receives messages again."""

    name = "telegram.listening"


class ChatPaired(SystemEvent):
    """A chat was paired."""

    name = "telegram.paired"
    chat: int
    user: int


class BotStranger(SystemEvent):
    """Somebody who is not paired has written to the bot."""

    name = "telegram.stranger"
    chat: int
    user: int
