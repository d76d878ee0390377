"""`tracker watch` as a screen to act in: tonight's bets live, their dialogs, what can be done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen, Screen
from textual.widgets import Footer, Input, OptionList, Static
from textual.widgets.option_list import Option

from tracker.cli import Session
from tracker.cli.charts import course_for, why_empty
from tracker.cli.charts.plot import chance_panel, draw
from tracker.cli.watch.alerts import alert_lines
from tracker.cli.watch.live import LiveReader, ScreenRow, TonightSeen, rows_of
from tracker.clock import Clock
from tracker.domain import TrackerError
from tracker.domain.policy import SnoozeScope

if TYPE_CHECKING:
    from tracker.cli import Scope
    from tracker.store.views import ShowView


_MOST_ALERTS = 40

Line = Callable[[str], Awaitable[Sequence[str]]]
"""Takes what was typed; gives lines that answer it. Raises TrackerError with what is wrong."""


def _inked(lines: Sequence[str]) -> Text:
    """Lines with their colours, as the rest of the command line paints them."""
    return Text.from_ansi("\n".join(lines))


class RowList(OptionList):
    """The list of games and bets; Enter shows one as a whole."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", "Whole", key_display="⏎")]


class WatchScreen(App[None]):
    """Tonight's bets above, the chosen one below: its chart, why it moved, or what was said."""

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
        """`every` are seconds between two looks at whether the daemon has written."""
        super().__init__()
        self._reader = LiveReader(scope, clock, every)
        self._places: dict[str, ScreenRow] = {}
        self._seen: TonightSeen | None = None
        self._detail = "chart"

    def compose(self) -> ComposeResult:
        """The night in a line, the bets, the chosen one, the keys."""
        yield Static(id="top")
        yield RowList(id="rows")
        yield Static(id="detail")
        yield Footer()

    def on_mount(self) -> None:
        """Begin to look."""
        self.run_worker(self._reader.follow(self.take), group="follow")

    async def on_resize(self) -> None:
        """A taller terminal has room for a larger chart, a wider one for longer rows."""
        self.set_class(self.size.height >= 34, "-tall")  # noqa: PLR2004 - rows of a terminal
        self._fill()
        self.call_after_refresh(self.draw)

    async def take(self, seen: TonightSeen | str) -> None:
        """Show what was seen, or why nothing is."""
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
        """Put the rows in place; those that are there already only change their text."""
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
        """Keep the row that was chosen; else the first bet."""
        keys = list(places)
        if chosen is not None and chosen.key in places:
            rows.highlighted = keys.index(chosen.key)
            return
        bets = [i for i, x in enumerate(places.values()) if x.bet is not None]
        rows.highlighted = bets[0] if bets else None

    @property
    def place(self) -> ScreenRow | None:
        """The row that is chosen."""
        rows = self.query_one("#rows", OptionList)
        if rows.highlighted is None or rows.highlighted >= rows.option_count:
            return None
        return self._places.get(rows.get_option_at_index(rows.highlighted).id or "")

    async def on_option_list_option_highlighted(self) -> None:
        """Another row was chosen."""
        if self._detail == "why":
            self._detail = "chart"
        await self.draw()

    def on_option_list_option_selected(self) -> None:
        """Enter on a row."""
        self.action_whole()

    # ------------------------------------------------------------------------------ the chosen bet

    async def draw(self) -> None:
        """The lower half, for the row that is chosen; causes are worked out only when asked for."""
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
            lines = alert_lines(view.alerts[-_MOST_ALERTS:], at.basics.zone)
            return lines[-max(1, size.height) :] or ["Nothing was said of it yet."]
        if (empty := why_empty(view)) is not None:
            return [f"No history yet: {empty}."]
        course = course_for(view, at.now, at.basics)
        return chance_panel(course, max(40, size.width), max(4, size.height - 2))

    async def action_detail(self, what: str) -> None:
        """Show the chart, the causes or the alerts."""
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
        """The chosen bet on a screen of its own."""
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
            course = None if empty is not None else course_for(view, at.now, at.basics)
            head = [f"No history yet: {empty}."] if course is None else draw(course, columns)
            return [*head, "", *alert_lines(view.alerts, at.basics.zone)]

        self.push_screen(WholeBet(lines))

    # ------------------------------------------------------------------------------------ to act

    def action_again(self) -> None:
        """Look at once."""
        self._reader.refresh()

    def action_add(self) -> None:
        """A line is typed, shown back, and saved."""
        hint = "as on the terminal: DEN -4.5 -110 $20 · Jokic o25.5 pts -115 · parlay: DEN ML; …"
        saves = "Enter saves it, Esc leaves it, another line is shown anew."
        ask = LineDialog("Add a bet", hint, show=self._reader.shown_back, saves=saves)
        self.push_screen(ask, lambda line: self._do(line and self._reader.add(line)))

    def action_snooze(self) -> None:
        """Be silent about the chosen bet or game."""
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
            ask, lambda text: self._do(text and self._reader.snooze(about, target, text))
        )

    def action_withdraw(self) -> None:
        """Stop following the chosen bet."""
        place = self.place
        if place is None or place.bet is None:
            return
        number = place.bet
        ask = ConfirmDialog(f"Withdraw {place.name}?", "It is followed no more; its history stays.")
        self.push_screen(ask, lambda yes: self._do(self._reader.withdraw(number) if yes else None))

    def _do(self, work: Awaitable[str] | str | None) -> None:
        if work is not None and not isinstance(work, str):
            self.run_worker(self._done(work))

    async def _done(self, work: Awaitable[str]) -> None:
        try:
            self.notify(await work)
        except TrackerError as wrong:
            self.notify(str(wrong), severity="error")


def _of_game(place: ScreenRow, seen: TonightSeen | None) -> Text:
    """What a card says of a game beyond its bets."""
    found = [] if seen is None else [x for x in seen.games if x.game == place.game]
    if not found:
        return Text("")
    card = found[0].card
    head = card.head.removeprefix("🏀 ")
    lines = (head, card.warning, card.verdict, card.quiet, card.foot)
    return Text("\n".join(x for x in lines if x))


async def run_screen(scope: Scope, clock: Clock, every: float) -> None:
    """Show the screen until it is left."""
    await WatchScreen(scope, clock, every).run_async()


class LineDialog(ModalScreen[str | None]):
    """One line to be typed; with `show`, shown back before it is taken.

    It ends with the line that was taken, or with None.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back")]

    def __init__(
        self, title: str, hint: str, value: str = "", show: Line | None = None, saves: str = ""
    ) -> None:
        """`hint` says what may be typed; `saves` what a second Enter does once it was shown."""
        super().__init__()
        self._title, self._hint, self._value = title, hint, value
        self._show, self._saves = show, saves
        self._shown: str | None = None

    def compose(self) -> ComposeResult:
        """A title, the line, and what is to be said of it."""
        with Vertical(classes="dialog"):
            yield Static(Text(self._title, "bold"))
            yield Input(self._value, id="line")
            yield Static(Text(self._hint, "dim"), id="said")

    async def on_input_submitted(self, event: Input.Submitted) -> None:
        """Show the line back, or take the one that was shown."""
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
        """A line that is not the one that was shown is shown back first."""
        if self._shown is not None and event.value.strip() != self._shown:
            self._shown = None
            self.query_one("#said", Static).update(Text(self._hint, "dim"))

    def action_leave(self) -> None:
        """Nothing is done."""
        self.dismiss(None)


class ConfirmDialog(ModalScreen[bool]):
    """A question that is answered with y or n."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes"),
        Binding("n,escape", "answer(False)", "No"),
    ]

    def __init__(self, question: str, detail: str) -> None:
        """`detail` says what becomes of it."""
        super().__init__()
        self._question, self._detail = question, detail

    def compose(self) -> ComposeResult:
        """The question and its answers."""
        with Vertical(classes="dialog"):
            yield Static(Text(self._question, "bold"))
            yield Static(Text(self._detail))
            yield Static(Text("y yes · n no", "dim"))

    def action_answer(self, yes: bool) -> None:
        """Done."""
        self.dismiss(yes)


class WholeBet(Screen[None]):
    """One bet as a whole: its chart with what decides it, and all that was said of it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "leave", "Back", key_display="esc"),
        Binding("up,down,pageup,pagedown", "none", "Scroll", key_display="↑↓"),
    ]

    def __init__(self, lines: Callable[[int], Sequence[str]]) -> None:
        """`lines` gives the text for a number of columns."""
        super().__init__()
        self._lines = lines

    def compose(self) -> ComposeResult:
        """One text that can be scrolled."""
        with VerticalScroll():
            yield Static(id="whole")
        yield Footer()

    def on_mount(self) -> None:
        """Arrows scroll at once."""
        self.query_one(VerticalScroll).focus()

    def on_resize(self) -> None:
        """Draw for the new width."""
        self.query_one("#whole", Static).update(_inked(self._lines(self.size.width - 3)))

    def action_leave(self) -> None:
        """Back to tonight."""
        self.dismiss(None)
