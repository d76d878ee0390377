"""The interactive screen of `tracker watch`: tonight's bets live, with keys and dialogs to act."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen, Screen
from textual.widgets import Footer, Input, OptionList, Static
from textual.widgets.option_list import Option

from tracker.cli import Scope, Session
from tracker.cli.charts import course_for, why_empty
from tracker.cli.charts.plot import chance_panel, draw
from tracker.cli.watch.alerts import alert_lines
from tracker.cli.watch.live import LiveReader, ScreenRow, TonightSeen, rows_of
from tracker.clock import Clock
from tracker.domain import TrackerError
from tracker.domain.policy import SnoozeScope
from tracker.store.views import ShowView

_MOST_ALERTS = 40
"""The most alerts of a bet that the lower half shows: the latest."""

Line = Callable[[str], Awaitable[Sequence[str]]]
"""Takes the typed text and gives the lines to show for it. Raises TrackerError for a bad text."""


def _inked(lines: Sequence[str]) -> Text:
    """Lines with colour codes, as a rich text."""
    return Text.from_ansi("\n".join(lines))


class RowList(OptionList):
    """The list of games and bets; Enter opens a bet on a screen of its own."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", "Whole", key_display="⏎")]


class WatchScreen(App[None]):
    """The screen: tonight's games and bets above, and the chosen bet's detail below.

    The detail is the bet's chart, why its chance moved, or its alerts.
    """

    TITLE = "tracker"
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #top { height: 1; padding: 0 1; background: $panel; }
    #rows { height: 1fr; border: none; padding: 0 0; scrollbar-size-vertical: 1; }
    #rows > .option-list--option-highlighted { background: $surface-lighten-2; color: $text; }
    #detail { height: 13; border-top: solid $primary; padding: 0 1; }
    WatchScreen.-tall #detail { height: 20; }
    .dialog { width: 76; max-width: 96%; height: auto; padding: 1 2; background: $panel;
              border: round $primary; }
    LineDialog, ConfirmDialog { align: center middle; }
    #said { min-height: 3; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "add", "Add"),
        Binding("s", "snooze", "Snooze"),
        Binding("w", "withdraw", "Withdraw"),
        Binding("c", "detail('chart')", "Chart"),
        Binding("y", "detail('why')", "Why"),
        Binding("l", "detail('alerts')", "Alerts"),
        Binding("r", "again", "Refresh", show=False),
        Binding("q", "quit", "Quit"),
    ]

    def __init__(self, scope: Scope, clock: Clock, every: float) -> None:
        """`every` is the number of seconds between two checks whether the daemon has written."""
        super().__init__()
        self._reader = LiveReader(scope, clock, every)
        self._places: dict[str, ScreenRow] = {}
        self._seen: TonightSeen | None = None
        self._detail = "chart"

    def compose(self) -> ComposeResult:
        """Lay out the status line, the list, the detail and the keys."""
        yield Static(id="top")
        yield RowList(id="rows")
        yield Static(id="detail")
        yield Footer()

    def on_mount(self) -> None:
        """Start to follow the database."""
        self.run_worker(self._reader.follow(self.take), group="follow")

    async def on_resize(self) -> None:
        """Draw for the new size: a taller terminal gets a larger chart, a wider one longer rows."""
        self.set_class(self.size.height >= 34, "-tall")  # noqa: PLR2004 - rows of a terminal
        self._fill()
        self.call_after_refresh(self.draw)

    async def take(self, seen: TonightSeen | str) -> None:
        """Show what was read from the database, or the reason why it cannot be read."""
        top = self.query_one("#top", Static)
        if isinstance(seen, str):
            top.update(Text("The database cannot be read.", "yellow"))
            self.query_one("#detail", Static).update(seen)
            return
        self._seen = seen
        style = "yellow" if seen.trouble else ""
        text = Text(seen.trouble or seen.line, style, no_wrap=True, overflow="ellipsis")
        text.truncate(self.size.width - 2, overflow="ellipsis")
        top.update(text)
        self._fill()
        await self.draw()

    # ------------------------------------------------------------------------------------ the list

    def _fill(self) -> None:
        """Update the list; while the rows are the same ones, only their texts are replaced."""
        if self._seen is None:
            return
        rows = self.query_one("#rows", OptionList)
        found = rows_of(self._seen, max(40, self.size.width - 3))
        places = {place.key: place for place, _ in found}
        if list(places) == list(self._places):
            for place, text in found:
                rows.replace_option_prompt(place.key, text)
        else:
            chosen = self.place
            rows.clear_options()
            rows.add_options(Option(text, id=place.key) for place, text in found)
            self._choose(rows, chosen, places)
        self._places = places

    def _choose(
        self, rows: OptionList, chosen: ScreenRow | None, places: dict[str, ScreenRow]
    ) -> None:
        """Highlight the row that was chosen before, else the first bet."""
        keys = list(places)
        if chosen is not None and chosen.key in places:
            rows.highlighted = keys.index(chosen.key)
            return
        bets = [i for i, x in enumerate(places.values()) if x.bet is not None]
        rows.highlighted = bets[0] if bets else None

    @property
    def place(self) -> ScreenRow | None:
        """The highlighted row; None when there is none."""
        rows = self.query_one("#rows", OptionList)
        if rows.highlighted is None or rows.highlighted >= rows.option_count:
            return None
        return self._places.get(rows.get_option_at_index(rows.highlighted).id or "")

    async def on_option_list_option_highlighted(self) -> None:
        """Draw the detail of another row when it is highlighted."""
        if self._detail == "why":
            self._detail = "chart"
        await self.draw()

    def on_option_list_option_selected(self) -> None:
        """Open the bet when Enter is pressed on its row."""
        self.action_whole()

    # ------------------------------------------------------------------------------ the chosen bet

    async def draw(self) -> None:
        """Draw the detail of the highlighted row; causes are worked out only on their key."""
        detail = self.query_one("#detail", Static)
        place = self.place
        detail.border_title = "" if place is None else place.name
        if place is None:
            none = "Nothing is followed yet: press a to add a bet, such as DEN -4.5 -110 $20"
            detail.update(none if self._seen is not None else "")
            return
        if place.bet is None:
            detail.update(_of_game(place, self._seen))
            return
        if self._detail == "why":
            return
        found = await self._reader.history(place.bet)
        if found is not None and self.place == place:
            detail.update(_inked(self._lines(*found)))

    def _lines(self, view: ShowView, at: Session) -> Sequence[str]:
        size = self.query_one("#detail", Static).content_size
        if self._detail == "alerts":
            lines = alert_lines(view.alerts[-_MOST_ALERTS:], at.settings.zone)
            return lines[-max(1, size.height) :] or ["Nothing was said of it yet."]
        if (empty := why_empty(view)) is not None:
            return [f"No history yet: {empty}."]
        course = course_for(view, at.now, at.settings.zone)
        return chance_panel(course, max(40, size.width), max(4, size.height - 2))

    async def action_detail(self, what: str) -> None:
        """Switch the detail to `chart`, `why` or `alerts`."""
        self._detail = what
        place = self.place
        if what != "why" or place is None or place.bet is None:
            await self.draw()
            return
        self.query_one("#detail", Static).update(Text("looking back …", "dim"))
        self.run_worker(self._why(place.bet), exclusive=True, group="why")

    async def _why(self, number: int) -> None:
        try:
            lines: Sequence[str] = await self._reader.why(number)
        except TrackerError as why_not:
            lines = [str(why_not)]
        place = self.place
        if self._detail == "why" and place is not None and place.bet == number:
            self.query_one("#detail", Static).update(_inked(lines[1:] or lines))

    def action_whole(self) -> None:
        """Open the highlighted bet on a screen of its own."""
        self.run_worker(self._whole(), exclusive=True, group="whole")

    async def _whole(self) -> None:
        place = self.place
        found = (
            None if place is None or place.bet is None else await self._reader.history(place.bet)
        )
        if found is None:
            return
        view, at = found

        def lines(columns: int) -> Sequence[str]:
            empty = why_empty(view)
            if empty is not None:
                head = [f"No history yet: {empty}."]
            else:
                head = draw(course_for(view, at.now, at.settings.zone), columns)
            return [*head, "", *alert_lines(view.alerts, at.settings.zone)]

        self.push_screen(WholeBet(lines))

    # ------------------------------------------------------------------------------------ to act

    def action_again(self) -> None:
        """Read the database now."""
        self._reader.refresh()

    def action_add(self) -> None:
        """Ask for a bet, show how it is understood, and add it."""
        hint = "as on the terminal: DEN -4.5 -110 $20 · Jokic o25.5 pts -115 · parlay: DEN ML; …"
        saves = "Enter saves it, Esc leaves it, another line is shown anew."
        ask = LineDialog("Add a bet", hint, show=self._reader.shown_back, saves=saves)
        self.push_screen(ask, lambda line: self._do(self._reader.add(line) if line else None))

    def action_snooze(self) -> None:
        """Ask for how long to snooze the highlighted bet or game."""
        place = self.place
        if place is None:
            return
        about, target = (
            (SnoozeScope.GAME, place.game)
            if place.bet is None
            else (SnoozeScope.BET, str(place.bet))
        )
        ask = LineDialog(f"Be silent about {place.name}", "for 30m, 2h, until 22:00; or off", "2h")
        self.push_screen(
            ask, lambda text: self._do(self._reader.snooze(about, target, text) if text else None)
        )

    def action_withdraw(self) -> None:
        """Ask whether to withdraw the highlighted bet."""
        place = self.place
        if place is None or place.bet is None:
            return
        number = place.bet
        ask = ConfirmDialog(f"Withdraw {place.name}?", "It is followed no more; its history stays.")
        self.push_screen(ask, lambda yes: self._do(self._reader.withdraw(number) if yes else None))

    def _do(self, work: Awaitable[str] | None) -> None:
        if work is not None:
            self.run_worker(self._done(work))

    async def _done(self, work: Awaitable[str]) -> None:
        try:
            self.notify(await work)
        except TrackerError as wrong:
            self.notify(str(wrong), severity="error")


def _of_game(place: ScreenRow, seen: TonightSeen | None) -> Text:
    """The texts of a game's card other than its bets."""
    found = [] if seen is None else [x for x in seen.games if x.game == place.game]
    if not found:
        return Text("")
    card = found[0].card
    head = card.head.removeprefix("🏀 ")
    lines = (head, card.warning, card.verdict, card.quiet, card.foot)
    return Text("\n".join(x for x in lines if x))


class LineDialog(ModalScreen[str | None]):
    """A dialog for one line of text, which is its result; None when the person leaves it.

    With `show`, a first Enter shows what the line means and a second one takes it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back")]

    def __init__(
        self, title: str, hint: str, value: str = "", show: Line | None = None, saves: str = ""
    ) -> None:
        """`hint` says what may be typed, and `saves` what the second Enter does."""
        super().__init__()
        self._title, self._hint, self._value = title, hint, value
        self._show, self._saves = show, saves
        self._shown: str | None = None

    def compose(self) -> ComposeResult:
        """Lay out the title, the input and the text below it."""
        with Vertical(classes="dialog"):
            yield Static(Text(self._title, "bold"))
            yield Input(self._value, id="line")
            yield Static(Text(self._hint, "dim"), id="said")

    async def on_input_submitted(self, event: Input.Submitted) -> None:
        """Show what the line means, or take it if that was shown already."""
        line = event.value.strip()
        if not line:
            return
        if self._show is None or line == self._shown:
            self.dismiss(line)
            return
        said = self.query_one("#said", Static)
        said.update(Text("looking …", "dim"))
        try:
            lines = await self._show(line)
        except TrackerError as wrong:
            said.update(Text(str(wrong), "red"))
            return
        self._shown = line
        said.update(_inked([*lines, "", self._saves]))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Forget what was shown when the line changes, so that the new one is shown first."""
        if self._shown is not None and event.value.strip() != self._shown:
            self._shown = None
            self.query_one("#said", Static).update(Text(self._hint, "dim"))

    def action_leave(self) -> None:
        """Close the dialog without a result."""
        self.dismiss(None)


class ConfirmDialog(ModalScreen[bool]):
    """A dialog with a question, whose result is yes or no."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes"),
        Binding("n,escape", "answer(False)", "No"),
    ]

    def __init__(self, question: str, detail: str) -> None:
        """`detail` says what a yes does."""
        super().__init__()
        self._question, self._detail = question, detail

    def compose(self) -> ComposeResult:
        """Lay out the question, the detail and the keys."""
        with Vertical(classes="dialog"):
            yield Static(Text(self._question, "bold"))
            yield Static(Text(self._detail))
            yield Static(Text("y yes · n no", "dim"))

    def action_answer(self, yes: bool) -> None:
        """Close the dialog with the answer."""
        self.dismiss(yes)


class WholeBet(Screen[None]):
    """A screen for one bet: its whole chart and all its alerts."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "leave", "Back", key_display="esc"),
        Binding("up,down,pageup,pagedown", "none", "Scroll", key_display="↑↓"),
    ]

    def __init__(self, lines: Callable[[int], Sequence[str]]) -> None:
        """`lines` gives the text for a width in columns."""
        super().__init__()
        self._lines = lines

    def compose(self) -> ComposeResult:
        """Lay out one text that can be scrolled."""
        with VerticalScroll():
            yield Static(id="whole")
        yield Footer()

    def on_mount(self) -> None:
        """Focus the text, so that the arrow keys scroll it."""
        self.query_one(VerticalScroll).focus()

    def on_resize(self) -> None:
        """Draw for the new width."""
        self.query_one("#whole", Static).update(_inked(self._lines(self.size.width - 3)))

    def action_leave(self) -> None:
        """Return to the list."""
        self.dismiss(None)
