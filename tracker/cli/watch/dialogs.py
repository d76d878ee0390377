"""The dialogs of `tracker watch`: add a bet, be silent, withdraw, and one bet as a whole."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen, Screen
from textual.widgets import Footer, Input, Static

from tracker.domain.errors import TrackerError

Line = Callable[[str], Awaitable[Sequence[str]]]
"""Takes what was typed; gives lines that answer it. Raises TrackerError with what is wrong."""


def inked(lines: Sequence[str]) -> Text:
    """Lines with their colours, as the rest of the command line paints them."""
    return Text.from_ansi("\n".join(lines))


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
        said.update(inked([*lines, "", self._saves]))

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
        self.query_one("#whole", Static).update(inked(self._lines(self.size.width - 3)))

    def action_leave(self) -> None:
        """Back to tonight."""
        self.dismiss(None)
