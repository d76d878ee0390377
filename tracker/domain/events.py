"""What happens to the program and to what it watches: one frozen class an event, with its severity.

The log writes them, the person's notices and the heartbeat's gate act on some of them, and all read
the type. `name` is the word in the log alone: another word changes nobody's behaviour.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import ClassVar, dataclass_transform


class Severity(StrEnum):
    """How much an event matters to whoever keeps the program running."""

    INFO = "info"
    WARNING = "warning"


@dataclass_transform(frozen_default=True)
@dataclass(frozen=True)
class SystemEvent:
    """Something that happened. The fields of each kind are the figures of its log line."""

    name: ClassVar[str]
    severity: ClassVar[Severity] = Severity.INFO

    def __init_subclass__(cls) -> None:
        """Make the kind a frozen dataclass."""
        dataclass(frozen=True)(cls)

    @property
    def figures(self) -> dict[str, str]:
        """The fields as text, without those that are None."""
        found = ((x.name, getattr(self, x.name)) for x in fields(self))
        return {name: str(value) for name, value in found if value is not None}


Tell = Callable[[SystemEvent], None]
"""Takes an event; it must not wait."""


def tell_nobody(event: SystemEvent) -> None:
    """For whoever does not care."""


# ------------------------------------------------------------------------------------- the daemon


class DaemonStarted(SystemEvent):
    """The daemon has taken up its database."""

    name = "daemon.started"
    database: str


class DaemonStopped(SystemEvent):
    """The daemon was asked to stop, and has."""

    name = "daemon.stopped"


class LoopsStuck(SystemEvent):
    """Loops that should have moved by now have not; `loops` names them."""

    name, severity = "loops.stuck", Severity.WARNING
    loops: str


class LoopsMoving(SystemEvent):
    """Every loop moves again."""

    name = "loops.moving"


class StoreLost(SystemEvent):
    """Nothing can be written to the database; what is decided waits for it."""

    name, severity = "store.unavailable", Severity.WARNING
    why: str


class StoreRecovered(SystemEvent):
    """The database can be written again."""

    name = "store.recovered"


class HeartbeatFailing(SystemEvent):
    """Whoever watches over the program cannot be told that it is alive."""

    name, severity = "heartbeat.failing", Severity.WARNING
    why: str


class HeartbeatRecovered(SystemEvent):
    """They can be told again."""

    name = "heartbeat.recovered"


class ClockOff(SystemEvent):
    """This machine's clock differs from the time that servers tell, by seconds."""

    name, severity = "clock.off", Severity.WARNING
    ahead_s: int
    why: str


class ClockRight(SystemEvent):
    """It no longer does."""

    name = "clock.right"


class ClockStepped(SystemEvent):
    """The wall clock was set by so many seconds; no channel waits for that."""

    name = "clock.stepped"
    channel: str
    by_s: int


class ChoreDone(SystemEvent):
    """Something that is due at a set time was done."""

    name = "chore.done"
    chore: str
    detail: str


class ChoreRetried(SystemEvent):
    """It went wrong, and is tried again."""

    name = "chore.retried"
    chore: str
    detail: str


class ChoreFailed(SystemEvent):
    """It went wrong for good, until it is due again."""

    name, severity = "chore.failed", Severity.WARNING
    chore: str
    detail: str


class SecretsWarning(SystemEvent):
    """A file that holds secrets is open to others, or hides one."""

    name, severity = "secrets.warning", Severity.WARNING
    what: str


class ModelRefused(SystemEvent):
    """A model that was chosen cannot be used; another one is."""

    name, severity = "model.refused", Severity.WARNING
    why: str


# --------------------------------------------------------------------------------- games and bets


class GameFollowed(SystemEvent):
    """A game with bets is looked at from here on."""

    name = "game.followed"
    game: str
    bets: int


class GameLeft(SystemEvent):
    """A game is looked at no longer: all is settled, or no bet is left on it."""

    name = "game.left"
    game: str


class GameLost(SystemEvent):
    """Nothing could be read of a game in play for too long."""

    name, severity = "game.lost", Severity.WARNING
    game: str
    what: str


class GameBack(SystemEvent):
    """It can be read again; `what` says for how long it could not."""

    name = "game.back"
    game: str
    what: str


class GamePhase(SystemEvent):
    """A game has come to another phase, with its score."""

    name = "game.phase"
    game: str
    phase: str
    what: str


class GameCorrected(SystemEvent):
    """A score was taken back by the source."""

    name = "game.corrected"
    game: str
    what: str


class BoxChanged(SystemEvent):
    """A player's figures were rewritten after the final."""

    name = "box.changed"
    game: str
    what: str


class GameChecked(SystemEvent):
    """A game that is over was looked at again, so that results can become official."""

    name = "game.checked"
    game: str
    what: str


class GameUnfinished(SystemEvent):
    """The end of a game has not come for too long: a person decides its bets."""

    name = "game.unfinished"
    game: str
    what: str


class GameLetGo(SystemEvent):
    """A game whose end has not come for days is looked at no longer."""

    name = "game.let_go"
    game: str
    what: str


class PollHeld(SystemEvent):
    """What a poll told is not believed until it is told again."""

    name = "poll.held"
    game: str
    what: str


class PollDropped(SystemEvent):
    """What was held was not told again."""

    name = "poll.dropped"
    game: str
    what: str


class ForecastFailed(SystemEvent):
    """A forecast went wrong; the last one stands."""

    name, severity = "forecast.failed", Severity.WARNING
    game: str
    why: str


class ForecastRecovered(SystemEvent):
    """Forecasts of the game work again."""

    name = "forecast.recovered"
    game: str


class ShadowFailed(SystemEvent):
    """A model on trial could not forecast a state, or cannot be read; nobody relies on it."""

    name, severity = "trial.failed", Severity.WARNING
    challenger: str
    why: str


class BetAdded(SystemEvent):
    """A bet of the file was registered."""

    name = "bet.added"
    bet: int
    pick: str


class BetRewritten(SystemEvent):
    """The bets file changed what a settled bet is paid, or took back an edit by hand."""

    name, severity = "bet.rewritten", Severity.WARNING
    bet: int | str
    what: str


class BetWithdrawn(SystemEvent):
    """A bet is followed no longer."""

    name = "bet.withdrawn"
    bet: int
    why: str


class BetMatched(SystemEvent):
    """A bet that waited has found its game."""

    name = "bet.matched"
    bet: int
    game: str


class BetMoved(SystemEvent):
    """A bet goes on with the meeting that its game's id names now: another opponent, or date."""

    name = "bet.moved"
    bet: int


class BetsMistake(SystemEvent):
    """Something in the bets file cannot be read, or must be decided by the person."""

    name, severity = "bets.mistake", Severity.WARNING
    what: str


# ------------------------------------------------------------------------------------------ feeds


class FeedLost(SystemEvent):
    """A source has not answered for several times."""

    name, severity = "feed.lost", Severity.WARNING
    source: str
    trouble: str
    why: str


class FeedBlocked(SystemEvent):
    """A source has begun to refuse us."""

    name, severity = "feed.blocked", Severity.WARNING
    source: str
    why: str


class FeedRecovered(SystemEvent):
    """A source answers again, so many seconds after the first failure."""

    name = "feed.recovered"
    source: str
    after_s: int


class FeedSwitched(SystemEvent):
    """Another source of a league is believed from here on."""

    name = "feed.switched"
    league: str
    source: str
    instead_of: str
    why: str


class FeedFrozen(SystemEvent):
    """A source tells the same of a game while another one goes on."""

    name = "feed.frozen"
    source: str
    game: str


class FeedThawed(SystemEvent):
    """It goes on again."""

    name = "feed.thawed"
    source: str
    game: str


class FeedDisagreement(SystemEvent):
    """Two sources tell different scores of a game; the first one's is believed."""

    name, severity = "feed.disagreement", Severity.WARNING
    game: str
    source: str
    told: str
    other: str
    other_told: str


class FeedAgreement(SystemEvent):
    """They tell the same again."""

    name = "feed.agreement"
    game: str


class FeedLeftOut(SystemEvent):
    """A source that the settings name cannot be used."""

    name, severity = "feed.left_out", Severity.WARNING
    source: str
    why: str


# ----------------------------------------------------------------------------------- what is sent


class OddsLost(SystemEvent):
    """A source of quotes does not answer; games are followed without it."""

    name, severity = "odds.lost", Severity.WARNING
    source: str
    why: str


class OddsRecovered(SystemEvent):
    """It answers again."""

    name = "odds.recovered"
    source: str


class OddsRefused(SystemEvent):
    """Something that a close needs was not bought."""

    name, severity = "odds.refused", Severity.WARNING
    what: str
    why: str


class MarketClosed(SystemEvent):
    """A game has tipped off: what the market said by then stands. Chance is of the home side."""

    name = "market.closed"
    game: str
    by: str
    spread: float | None = None
    total: float | None = None
    chance: float | None = None


class AlertSent(SystemEvent):
    """A channel took a message of some alerts."""

    name = "alert.sent"
    channel: str
    alerts: str
    took_ms: int


class AlertRefused(SystemEvent):
    """A channel refused it for good."""

    name, severity = "alert.refused", Severity.WARNING
    channel: str
    alerts: str
    why: str


class DigestSent(SystemEvent):
    """A channel took the message of what came too late."""

    name = "digest.sent"
    channel: str
    alerts: str
    took_ms: int


class DigestRefused(SystemEvent):
    """A channel refused it for good."""

    name, severity = "digest.refused", Severity.WARNING
    channel: str
    alerts: str
    why: str


class ChannelFailing(SystemEvent):
    """A channel takes nothing at this moment."""

    name, severity = "channel.failing", Severity.WARNING
    channel: str
    alerts: str
    why: str


class ChannelRecovered(SystemEvent):
    """It takes messages again, so many seconds later."""

    name = "channel.recovered"
    channel: str
    after_s: int


class CardPosted(SystemEvent):
    """A game's live card stands on a channel."""

    name = "card.posted"
    channel: str
    game: str


class CardClosed(SystemEvent):
    """A card shows the last that there is to show."""

    name = "card.closed"
    channel: str
    game: str


class CardGone(SystemEvent):
    """Somebody has deleted a card; the next one is posted afresh."""

    name = "card.gone"
    channel: str
    game: str
    why: str


class CardFailing(SystemEvent):
    """Cards cannot be written at this moment."""

    name, severity = "card.failing", Severity.WARNING
    channel: str
    game: str
    why: str


class CardRecovered(SystemEvent):
    """They can again."""

    name = "card.recovered"
    channel: str


# -------------------------------------------------------------------------------------- Telegram


class MarkupRefused(SystemEvent):
    """Telegram could not read a message's markup: the same words went without."""

    name = "telegram.plain"
    alerts: str
    why: str


class ChatMoved(SystemEvent):
    """A group became a supergroup, under another number; `do` says what to write down."""

    name = "telegram.chat_moved"
    was: int
    chat_id: int
    do: str


class TopicGone(SystemEvent):
    """The topic that was paired is closed or deleted: messages go to the group itself."""

    name, severity = "telegram.topic_gone", Severity.WARNING
    topic_id: int
    why: str
    do: str


class BotDeaf(SystemEvent):
    """The bot cannot hear what is written to it."""

    name, severity = "telegram.deaf", Severity.WARNING
    why: str


class BotConflict(SystemEvent):
    """Another program reads the bot's messages."""

    name, severity = "telegram.conflict", Severity.WARNING
    why: str


class BotListening(SystemEvent):
    """The bot hears again."""

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
