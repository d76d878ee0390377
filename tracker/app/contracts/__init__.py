"""The JSON that other programs rely on: the shape of each answer of a command and of the API.

The schemas in docs/schema and the API's own document are generated from these shapes, and tests
check every answer against them. A key is never removed or given another type; a new one may be
added.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from tracker.app.contracts import bets, market, models, record

DIALECT = "https://json-schema.org/draft/2020-12/schema"


@dataclass(frozen=True, slots=True)
class Contract:
    """A shape, and the commands that answer in it with `--json`."""

    shape: Any
    commands: tuple[str, ...]
    text: str

    def schema(self, name: str) -> dict[str, Any]:
        """The JSON Schema (2020-12) of an answer."""
        made = TypeAdapter(self.shape).json_schema(schema_generator=_Plain)
        head = {"$schema": DIALECT, "title": name, "description": self.text}
        return head | {x: y for x, y in made.items() if x not in head}


class _Plain(GenerateJsonSchema):
    """Generates schemas without titles of keys, which would only repeat the keys."""

    def field_title_should_be_set(self, _: Any) -> bool:
        """Never: the key is name enough."""
        return False


def _one(shape: Any, text: str, *commands: str) -> Contract:
    return Contract(shape, commands, text)


CONTRACTS = {
    # your bets
    "added": _one(bets.AddedJson, "A bet that was added.", "add"),
    "bets": _one(list[bets.BetJson], "A list of bets.", "bets"),
    "show": _one(bets.ShownJson, "A bet with its whole history.", "show"),
    "edit": _one(bets.EditedJson, "A bet after a change, and what was changed.", "edit"),
    "withdraw": _one(
        bets.WithdrawnJson | bets.WithdrawnGoneJson,
        "Whether a bet was withdrawn, or with `--gone` which bets were.",
        "withdraw",
    ),
    "settled": _one(
        bets.DecidedByHandJson, "A result by hand, or graded again.", "settle", "void", "regrade"
    ),
    "review": _one(
        list[bets.ReviewJson], "The bets that need a person, or a result.", "review",
        "settle",
    ),
    "import": _one(
        bets.ImportedJson | bets.ImportTrialJson,
        "What was imported, or with `--dry-run` what would be.",
        "import",
    ),
    "rules": _one(
        bets.RulesJson | bets.DefaultRulesJson,
        "The rules of a bet and where each stands, or without a bet the defaults.",
        "rules show",
    ),
    "rules-test": _one(bets.RulesTestJson, "Rules tried on games that are over.", "rules test"),
    "snooze": _one(
        bets.SnoozeJson | list[bets.SnoozeJson] | bets.LiftedJson,
        "A snooze, the list of snoozes, or with `--off` how many were ended.",
        "snooze",
    ),
    "alerts": _one(list[bets.AlertJson], "Alerts of rules, fired and held.", "alerts"),
    "why": _one(bets.WhyJson, "Why a chance moved.", "why"),
    "cashout": _one(bets.CashoutJson, "A cash-out offer against what a bet is worth.", "cashout"),
    "hedge": _one(bets.HedgeJson, "What a second bet on the other side would do.", "hedge"),
    "check": _one(bets.CheckJson, "What a bet would be worth now, without being added.", "check"),
    # games, prices and players
    "games": _one(list[market.ListedGameJson], "The games of the slate.", "games"),
    "odds": _one(
        market.QuotedJson | market.CreditsJson,
        "A game's quotes; with `credits` what quotes have cost.",
        "odds",
    ),
    "edges": _one(
        market.EdgesJson, "Prices that pay more than the model says they should.", "edges",
        "recommend",
    ),
    "clv": _one(market.ClvJson, "What bets were worth at the closing line.", "clv"),
    "player": _one(market.PlayerJson, "A player's figures, and the chance of a line.", "player"),
    "price": _one(
        market.PriceAnswerJson | market.PriceMistakeJson,
        "The answer to one state, or what is wrong with it; one per line.",
        "price",
    ),
    "backtest": _one(market.BacktestJson, "What a strategy would have brought.", "backtest"),
    # the record
    "status": _one(record.StatusJson, "The state of the program, its games and bets.", "status"),
    "profit": _one(record.ProfitJson, "The record as a whole and by month.", "profit"),
    "performance": _one(record.PerformanceByJson, "The record by group.", "performance"),
    "calibration": _one(
        record.CalibrationJson, "Shown and raw chances against results.", "calibration"
    ),
    "report": _one(record.ReportJson, "A report of a week, a month or a season.", "report"),
    "monitors": _one(record.MonitorsJson, "Whether the figures are as they should be.", "monitors"),
    # models
    "models": _one(list[models.ListedModelJson], "The models that could be used.", "model list"),
    "model": _one(
        models.GamesModelJson | models.PlayersModelJson | models.CalibrationModelJson
        | models.EntryJson,
        "One model with its details; for a faulty one only its entry.",
        "model show",
    ),
    "active": _one(
        models.EntryJson, "The model that is now in use.", "model activate",
        "model rollback",
    ),
    "compare": _one(
        models.ComparedJson | models.JudgedPairsJson,
        "Two models on typical states, or on recorded games.",
        "model compare",
    ),
    "candidates": _one(
        list[models.CandidateJson], "The candidates that a fit has made.", "model retrain"
    ),
    "calibrate": _one(
        models.CalibrateJson, "What was learned from official results.", "model calibrate"
    ),
    "trial": _one(models.TrialJson, "A trial that was started or stopped.", "model trial start",
                  "model trial stop"),
    "trials": _one(
        list[models.JudgedTrialJson], "The trials, with the gate's judgement.",
        "model trial show", "model trial judge",
    ),
    "fit": _one(models.FittedJson, "The file of parameters that was written.", "fit"),
    "evaluate": _one(
        models.EvaluationJson | models.PlayerLinesEvaluationJson,
        "How good a model is on seasons that it was not fitted on.",
        "evaluate",
    ),
    "study": _one(list[models.StudyJson], "Every season, judged by a fit on the others.", "study"),
    # upkeep
    "doctor": _one(list[record.CheckUpJson], "What was checked, and how it stands.", "doctor"),
    "refresh": _one(list[record.RefreshedJson], "What was looked up.", "refresh"),
    "chores": _one(list[record.ChoreJson], "The chores: what was run at set times.", "chores"),
    "backup": _one(
        record.CopiedJson | record.MadeBackupJson | record.BackupJson,
        "A copy, or with `--full` or `--drill` a back-up.",
        "backup",
    ),
    "backups": _one(list[record.BackupJson], "The back-ups, with `--list`.", "backup"),
    "restore": _one(record.RestoredJson, "What was restored.", "restore"),
    "settings": _one(record.SettingsJson, "Every setting in force.", "config show"),
    "keys": _one(list[record.ApiKeyJson], "The keys of the API.", "web keys list"),
    "chats": _one(record.ChatsJson, "Who is paired in Telegram.", "telegram chats"),
    "test-alert": _one(
        list[record.TestAlertJson], "What each channel answered.", "test-alert"
    ),
    "recordings": _one(list[record.RecordingJson], "The recorded games.", "replay list"),
    "replayed": _one(record.ReplayedJson, "How bets on recorded games ended.", "replay run"),
}  # fmt: skip
"""Every contract of the command line, by the name of its schema."""
