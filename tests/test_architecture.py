"""The program keeps its shape: rooms import downwards, the core is pure, files are few and deep."""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import grimp
import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "tracker").rglob("*.py"))
PURE = ("domain", "engine", "forecast", "language", "wording")
CORE = [x for x in MODULES if x.parts[len(ROOT.parts) + 1] in PURE]

MOST_FILES = 290
"""Files of the whole program. It only goes down: what is new goes into the file that names it."""

MOST_IN_A_FOLDER = 20
CROWDED: dict[str, int] = {}
"""Folders that are fuller than they should be, with how full they may be until they are not."""

SHORT = 50
MOST_SHORT_FILES = 2
"""Files under 50 lines, `__init__.py` left out: each has a name that is worth a file."""

LONGEST = 605
"""Lines of the longest file. It only goes down: what is longer has parts that have names."""

PARTS = {
    "domain": "catalog",
    "forecast": "game players pricing",
    "engine": "decide rules settle",
    "feeds": "odds polling",
    "notify": "channels",
    "daemon": "bot watchers",
    "cli": "bets watch charts models setup demo",
    "web": "api pages static",
}
"""What the design names within the rooms: somebody who looks for it looks there."""


NOT_SAID = frozenset(
    "herald desk shelf pulse patience parcel errand errands face faces camera sight sights".split()  # noqa: SIM905 - as above
)
"""Pictures of parts, where the field has a word: notices, policy, status, wait, batch, command."""


@cache
def name(path: Path) -> str:
    """A module as it is shown in a report."""
    return str(path.relative_to(ROOT))


@cache
def tree(path: Path) -> ast.Module:
    """A module, parsed once for all that is asked of it."""
    return ast.parse(path.read_text("utf-8"))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Every part of a module, walked through once for all that is asked of it."""
    return tuple(ast.walk(tree(path)))


def calls(path: Path) -> set[str]:
    """Dotted names that a module calls."""
    return {dotted(x.func) for x in nodes(path) if isinstance(x, ast.Call)}


def dotted(x: ast.expr) -> str:
    """A name, or an attribute of one, as it is written; what else is called has no name."""
    match x:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attribute):
            return f"{dotted(value)}.{attribute}"
    return ""


def test_rooms_import_as_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every contract in pyproject.toml is kept."""
    monkeypatch.chdir(ROOT)
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), cache_dir=None) == 0


def test_no_two_modules_import_each_other_in_a_circle() -> None:
    """Not directly and not round several, in any room: each can be read before those above it."""
    graph = grimp.build_graph("tracker", cache_dir=None)
    assert not list(circles(graph))


def circles(graph: grimp.ImportGraph) -> Iterator[list[str]]:
    """Groups of modules that import each other: what is left when all that is free was taken."""
    below = {x: set(graph.find_modules_directly_imported_by(x)) for x in graph.modules}
    while free := [x for x, told in below.items() if not told]:
        for one in free:
            del below[one]
        for told in below.values():
            told.difference_update(free)
    # What stands above a circle is not in one: it is imported by nobody that is left.
    while loose := [x for x in below if not any(x in told for told in below.values())]:
        for one in loose:
            del below[one]
    if below:
        yield sorted(below)


def test_a_module_says_what_it_is_for() -> None:
    """In a docstring whose first line is one sentence."""
    said = {name(path): ast.get_docstring(tree(path)) or "" for path in MODULES}
    assert not [
        x for x, text in said.items() if not text.partition("\n")[0].endswith((".", ":", "?"))
    ]


def test_one_file_reads_the_clock() -> None:
    """Everything else is handed a time or a clock."""
    read = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time"}
    read |= {"time.monotonic", "time.sleep", "asyncio.sleep"}
    assert [name(x) for x in MODULES if calls(x) & read] == ["tracker/clock.py"]


READERS = frozenset({"Line", "Slots", "Heading"})
"""What the grammar reads a line with: made for one line, and gone with it."""


def test_the_core_has_no_mutable_state_of_its_own() -> None:
    """No `global`, and no class that is not frozen but for builders of one call."""
    found = [(name(path), x) for path in CORE for x in nodes(path)]
    assert not [path for path, x in found if isinstance(x, ast.Global)]
    classes = [
        (path, x)
        for path, x in found
        if isinstance(x, ast.ClassDef) and not x.name.startswith("_") and x.name not in READERS
    ]
    made = [(path, x.name, ast.unparse(y)) for path, x in classes for y in x.decorator_list]
    values = [x for x in made if re.search(r"\bdataclass\b", x[2])]
    assert not [x for x in values if "frozen=True" not in x[2]]


def test_rooms_have_the_parts_that_the_design_names() -> None:
    """A folder each, with something in it."""
    parts = [f"{room}/{part}" for room, named in PARTS.items() for part in named.split()]
    assert not [x for x in parts if not any((ROOT / "tracker" / x).glob("[!_]*.*"))]


def test_no_room_is_for_odds_and_ends() -> None:
    """Nothing is called utils, helpers or misc."""
    assert not {x.stem for x in MODULES} & {"utils", "util", "helpers", "helper", "misc", "common"}


def test_parts_have_the_words_of_the_field() -> None:
    """No name is a metaphor, and what is believed of a game is no book: that is a sportsbook."""
    pictures = [
        (name(path), x)
        for path in MODULES
        for x in names(path)
        if NOT_SAID & set(x.lower().split("_"))
    ]
    assert not pictures
    books = [
        (name(path), x.arg)
        for path in MODULES
        for x in nodes(path)
        if isinstance(x, ast.arg) and x.annotation is not None and "book" in x.arg.split("_")
        if "GameTracking" in ast.unparse(x.annotation)
    ]
    assert not books


def names(path: Path) -> Iterator[str]:
    """Every name that a module gives to something."""
    for x in nodes(path):
        match x:
            case ast.Name(id=found) | ast.arg(arg=found):
                yield found
            case ast.FunctionDef(name=found) | ast.AsyncFunctionDef(name=found):
                yield found
            case ast.ClassDef(name=found):
                yield "_".join(re.findall(r"[A-Z][a-z0-9]*", found))


def test_a_broad_except_stands_at_most_once() -> None:
    """In the supervisor, and nowhere else."""
    found = [
        name(path)
        for path in MODULES
        for node in nodes(path)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) == "Exception")
        and not any(isinstance(x, ast.Raise) for x in node.body)
    ]
    assert len(found) <= 1, found


def test_no_statement_numbers_its_parameters() -> None:
    """From Python 3.14 on, `?1` with a tuple is an error; plain `?` and `:name` work everywhere."""
    numbered = re.compile(r"[(=,\s]\?[0-9]")
    wrong = [name(x) for x in MODULES if "store" in x.parts and numbered.search(x.read_text())]
    assert wrong == []


def test_files_are_few() -> None:
    """A file is an idea with a name, and a helper of one file stands in it."""
    assert len(MODULES) <= MOST_FILES
    short = [
        name(x)
        for x in MODULES
        if x.name != "__init__.py" and len(x.read_text("utf-8").splitlines()) < SHORT
    ]
    assert len(short) <= MOST_SHORT_FILES, short


def test_no_file_is_too_long() -> None:
    """What has more lines than one reads at a sitting is two ideas."""
    lines = {name(x): len(x.read_text("utf-8").splitlines()) for x in MODULES}
    assert not {x: n for x, n in lines.items() if n > LONGEST}


def test_no_folder_is_crowded() -> None:
    """What has more parts than one sees at a glance has folders that name them."""
    held = Counter(str(x.parent.relative_to(ROOT / "tracker")) for x in MODULES)
    assert not {x: n for x, n in held.items() if n > CROWDED.get(x, MOST_IN_A_FOLDER)}


def test_a_class_name_stands_for_one_thing() -> None:
    """Two classes of one name make each import a riddle. What is private to a file may repeat."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in MODULES:
        for node in nodes(path):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].add(name(path))
    assert not {x: sorted(where) for x, where in found.items() if len(where) > 1}


@cache
def declared(path: Path) -> set[str]:
    """The attributes that the classes of a module have."""
    found: set[str] = set()
    for made in nodes(path):
        if isinstance(made, ast.ClassDef):
            for node in ast.walk(made):
                if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                    found.add(node.target.id)
                if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                    found |= {node.attr} if ast.unparse(node.value) == "self" else set()
    return found


def test_nobody_sets_what_another_modules_object_is_built_with() -> None:
    """An object is whole when it is built: what it needs is an argument of that, or of a call.

    A parser's own working memory, and what a library means to be set on its objects, are not meant.
    """
    ours = {x for path in MODULES for x in declared(path)}
    allowed = {("tracker/notify/channels/telegram/bot.py", "response.stream")}
    found = set()
    for path in MODULES:
        if path.is_relative_to(ROOT / "tracker/language"):
            continue
        mine = declared(path)
        for node in nodes(path):
            targets = node.targets if isinstance(node, ast.Assign) else []
            for x in (y for target in targets for y in ast.walk(target)):
                if not (isinstance(x, ast.Attribute) and isinstance(x.ctx, ast.Store)):
                    continue
                at_self = isinstance(x.value, ast.Name) and x.value.id in ("self", "cls")
                of_library = ast.unparse(x.value) in ("app.state", "context") or x.attr[:2] == "__"
                if not (at_self or of_library) and x.attr in ours - mine:
                    found.add((name(path), ast.unparse(x)))
    assert found - allowed == set()


def test_migrations_count_from_one_without_gap_or_double() -> None:
    """Each number is one file: of two with the same, one would never be taken."""
    found = sorted((ROOT / "tracker" / "store" / "migrations").glob("*.sql"))
    assert [int(x.name[:4]) for x in found] == list(range(1, len(found) + 1))


GUIDES = ("architecture.md", "contributing.md", "extending.md")


@pytest.mark.parametrize("guide", GUIDES)
def test_what_the_guides_name_is_there(guide: str) -> None:
    """Each file and folder that a guide names, in full or by the end of its path."""
    told = (ROOT / "docs" / guide).read_text("utf-8")
    named = re.findall(r"`([\w./-]+(?:\.(?:py|toml|md|txt)|/))`", told)
    files = [x for room in ("tracker", "tests", "docs") for x in (ROOT / room).rglob("*")]
    there = [f"{x.relative_to(ROOT)}/" if x.is_dir() else str(x.relative_to(ROOT)) for x in files]
    there += [str(x.name) for x in ROOT.iterdir()] + [f"{x.name}/" for x in ROOT.iterdir()]
    assert named
    assert not [x for x in named if not any(f"/{y}".endswith(f"/{x}") for y in there)]


def test_the_forecast_offers_what_its_modules_define() -> None:
    """Each public name is loaded from its module when it is asked for, and no other is."""
    import tracker.forecast as room

    assert sorted(room._HOMES) == sorted(room.__all__)
    for name in room.__all__:
        assert getattr(room, name).__module__ == f"tracker.forecast.{room._HOMES[name]}"
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        room.nothing  # noqa: B018 - asking is enough
