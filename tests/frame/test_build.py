"""Promises of the build: what is installed is pinned, complete, and no more than asked for."""

from __future__ import annotations

import ast
import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

import tracker

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LOCKS = ("requirements.lock", "requirements-dev.lock")


def name_of(requirement: str) -> str:
    """The package that a requirement names."""
    return re.split(r"[\s;<>=!\[]", requirement, maxsplit=1)[0].lower()


def pinned(lock: str) -> dict[str, set[str]]:
    """The versions in a lock file by package; several if they differ by Python version."""
    found: dict[str, set[str]] = {}
    text = (ROOT / lock).read_text("utf-8")
    for name, version in re.findall(r"^([a-z0-9.-]+)==(\S+)", text, re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_place(lock: str) -> None:
    """Lock files say what to install, and name no host to install it from."""
    text = (ROOT / lock).read_text("utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*(-i|-f|--(extra-)?index-url|--find-links)", text, re.MULTILINE)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_hashes(lock: str) -> None:
    """Each package is pinned to an exact version with the hashes of its files."""
    for entry in re.split(r"\n(?=\S)", (ROOT / lock).read_text("utf-8").strip()):
        assert re.match(r"[a-z0-9.-]+==[\w.]+", entry), entry
        assert "--hash=sha256:" in entry, entry


def test_what_is_asked_for_is_pinned() -> None:
    """The lock file for use has all that runs: charts, screen, Telegram and the page as well."""
    project, extras = PROJECT["project"], PROJECT["project"]["optional-dependencies"]
    shown = ("charts", "screen", "telegram", "web")
    wanted = (*project["dependencies"], *(x for name in shown for x in extras[name]))
    run = {name_of(x) for x in wanted}
    build = {name_of(x) for x in PROJECT["build-system"]["requires"]}
    assert run | build <= set(pinned("requirements.lock"))
    assert {name_of(x) for x in extras["dev"]} <= set(pinned("requirements-dev.lock"))


def test_tests_run_on_what_people_run() -> None:
    """Every package for use has the same version in the lock file for tests."""
    tested = pinned("requirements-dev.lock")
    assert all(tested.get(name) == versions for name, versions in pinned(LOCKS[0]).items())


def test_every_data_file_is_installed() -> None:
    """Each file of the package that is not Python is in its package data."""
    patterns = PROJECT["tool"]["setuptools"]["package-data"]["tracker"]
    folder = Path(tracker.__file__).parent
    files = [p.relative_to(folder) for p in folder.rglob("*") if p.is_file()]
    data = [p for p in files if p.suffix not in (".py", ".pyc")]
    assert data
    assert [p for p in data if not any(fnmatch(str(p), pattern) for pattern in patterns)] == []


def _loaded_at_import(source: str) -> set[str]:
    """The modules that a file imports when it is imported itself."""
    found: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def test_commands_start_without_the_slow_packages() -> None:
    """No command imports charts, fitting or notifications before it needs them."""
    slow = re.compile(r"(apprise|matplotlib|scipy|sklearn|pyarrow|aiohttp|tracker\.modelling)\b")
    # Two modules are loaded only when they are needed: pictures, and the demo.
    cli = ROOT / "tracker" / "cli"
    lazy = {cli / "charts" / "picture.py", *(cli / "demo").glob("*.py")}
    files = [ROOT / "tracker" / "__main__.py", *cli.rglob("*.py")]
    for file in files:
        loaded = _loaded_at_import(file.read_text("utf-8"))
        if file not in lazy:
            assert not [name for name in loaded if slow.match(name)], file
            assert "tracker.cli.charts.picture" not in loaded, file
            assert not [name for name in loaded if name.startswith("tracker.cli.demo")], file


def test_tests_never_sleep() -> None:
    """No test waits for the machine's clock: time is faked, or a real event is awaited."""
    sleep = re.compile(r"\btime\.sleep\(|\basyncio\.sleep\((?!0\))")
    this = Path(__file__).resolve()
    for file in (ROOT / "tests").rglob("*.py"):
        if file != this:
            assert not sleep.search(file.read_text("utf-8")), file
