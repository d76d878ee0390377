"""The program keeps its shape: rooms import downwards, the core is pure, modules stay small."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "tracker").rglob("*.py"))
PURE = ("domain", "engine", "forecast", "language", "wording")
CORE = [x for x in MODULES if x.parts[len(ROOT.parts) + 1] in PURE]


def name(path: Path) -> str:
    """A module as it is shown in a report."""
    return str(path.relative_to(ROOT))


def calls(path: Path) -> set[str]:
    """Dotted names that a module calls."""
    tree = ast.parse(path.read_text("utf-8"))
    return {ast.unparse(x.func) for x in ast.walk(tree) if isinstance(x, ast.Call)}


def test_rooms_import_as_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every contract in pyproject.toml is kept."""
    monkeypatch.chdir(ROOT)
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), cache_dir=None) == 0


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_says_what_it_is_for(path: Path) -> None:
    """In a docstring whose first line is one sentence."""
    text = ast.get_docstring(ast.parse(path.read_text("utf-8")))
    assert text
    assert text.splitlines()[0].endswith((".", ":", "?"))


@pytest.mark.parametrize("path", [x for x in MODULES if x.name != "clock.py"], ids=name)
def test_one_file_reads_the_clock(path: Path) -> None:
    """Everything else is handed a time or a clock."""
    read = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time"}
    assert not calls(path) & (read | {"time.monotonic", "time.sleep", "asyncio.sleep"})


READERS = frozenset({"Line", "Slots", "Heading"})
"""What the grammar reads a line with: made for one line, and gone with it."""


@pytest.mark.parametrize("path", CORE, ids=name)
def test_the_core_has_no_mutable_state_of_its_own(path: Path) -> None:
    """No `global`, and no class that is not frozen but for builders of one call."""
    tree = ast.parse(path.read_text("utf-8"))
    assert not [x for x in ast.walk(tree) if isinstance(x, ast.Global)]
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and not (
            node.name.startswith("_") or node.name in READERS
        ):
            data = [x for x in node.decorator_list if "dataclass" in ast.unparse(x)]
            assert all("frozen=True" in ast.unparse(x) for x in data), node.name


def test_no_room_is_for_odds_and_ends() -> None:
    """Nothing is called utils, helpers or misc."""
    assert not {x.stem for x in MODULES} & {"utils", "util", "helpers", "helper", "misc", "common"}


def test_a_broad_except_stands_at_most_once() -> None:
    """In the supervisor, and nowhere else."""
    found = [
        name(path)
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) == "Exception")
        and not any(isinstance(x, ast.Raise) for x in node.body)
    ]
    assert len(found) <= 1, found


def test_migrations_count_from_one_without_gap_or_double() -> None:
    """Each number is one file: of two with the same, one would never be taken."""
    found = sorted((ROOT / "tracker" / "store" / "migrations").glob("*.sql"))
    assert [int(x.name[:4]) for x in found] == list(range(1, len(found) + 1))
