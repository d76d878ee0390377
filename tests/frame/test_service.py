"""Promises of the service: a hardened unit that fits the installation, and plain words."""

from __future__ import annotations

import configparser
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tracker import service
from tracker.service import (
    FAILURE_UNIT,
    UNIT,
    WEB_UNIT,
    Installed,
    Ran,
    ServiceError,
    install_web,
    remove,
    render_failure_unit,
    render_unit,
    render_web_unit,
    unit_path,
)
from tracker.settings import SYSTEM_STATE, service_folder

ROOT = Path(__file__).parents[2]
COMMAND = Path("/opt/tracker/.venv/bin/tracker")
CONFIG = Path("/etc/tracker/tracker.toml")
SYSTEM = Installed(COMMAND, CONFIG, user=False)
OWN = Installed(COMMAND, None, user=True)
INSTALLS = service.install, service.install_timer, service.install_web


class Systemd:
    """A fake systemd that obeys, and records the commands."""

    def __init__(self, answers: dict[str, Ran] | None = None) -> None:
        """`answers` are by verb; every other verb succeeds without output."""
        self.answers = answers or {}
        self.asked: list[list[str]] = []

    def __call__(self, command: Sequence[str]) -> Ran:
        """Run one command."""
        words = [word for word in command if not word.startswith("--")][1:]
        self.asked.append(words)
        if "--property=Version" in command:
            return Ran(0, "Version=252")
        return self.answers.get(words[0], Ran(0, ""))


def absent(_command: Sequence[str]) -> Ran:
    """A machine without systemctl."""
    raise FileNotFoundError


def test_the_shipped_units_are_the_rendered_ones() -> None:
    """The files in systemd/ are what the program itself renders."""
    shipped = ROOT / "systemd"
    system = render_unit(SYSTEM)
    assert (shipped / "tracker.service").read_text("utf-8") == system
    # %h is systemd's word for the home folder; a real path would have its percent sign doubled.
    home = Installed(Path("%h/.local/bin/tracker"), None, user=True)
    own = render_unit(home).replace("%%h", "%h")
    assert (shipped / "tracker-user.service").read_text("utf-8") == own
    failure = render_failure_unit(SYSTEM)
    assert (shipped / "tracker-failure@.service").read_text("utf-8") == failure
    page = render_web_unit(SYSTEM)
    assert (shipped / WEB_UNIT).read_text("utf-8") == page


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
@pytest.mark.parametrize(
    "name", ["tracker.service", "tracker-user.service", "tracker-failure@.service", WEB_UNIT]
)
def test_systemd_understands_the_units(name: str, tmp_path: Path) -> None:
    """Systemd itself finds no unknown key and no bad value in the units."""
    unit = tmp_path / name.replace("@", "@x.service").replace(".service.service", ".service")
    failure = (ROOT / "systemd" / FAILURE_UNIT).read_text("utf-8")
    (tmp_path / FAILURE_UNIT).write_text(failure.replace(str(COMMAND), "/bin/true"))
    text = (ROOT / "systemd" / name).read_text("utf-8")
    unit.write_text(
        text.replace(str(COMMAND), "/bin/true").replace("%h/.local/bin/tracker", "/bin/true")
    )
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.returncode == 0


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
@pytest.mark.parametrize("name", ["tracker.service", WEB_UNIT])
def test_the_system_units_are_hardened(name: str) -> None:
    """Systemd's own measure of exposure is at most 1.1 of 10."""
    words = ["security", "--offline=true", "--no-pager", "--threshold=11"]
    unit = ROOT / "systemd" / name
    done = subprocess.run(
        ["systemd-analyze", *words, str(unit)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-200:]


def test_the_page_is_given_no_secret_and_goes_after_the_daemon() -> None:
    """The page's unit has the daemon's user, since they share the state, but no credential."""
    text = render_web_unit(SYSTEM)
    assert "Credential" not in text
    assert "User=tracker\nDynamicUser=yes\n" in text
    assert "CPUWeight=20" in text
    assert "IPAddressDeny=any" in text
    assert "IPAddressDeny" not in render_web_unit(SYSTEM, loopback=False)
    for word in ("DynamicUser", "StateDirectory", "Private", "Protect", "IPAddress"):
        assert word not in render_web_unit(Installed(COMMAND, CONFIG, user=True))


def test_the_page_is_installed_looked_at_and_taken_away(tmp_path: Path) -> None:
    """The page's unit is beside the daemon's, which stays as it is."""
    systemd, unit = Systemd(), tmp_path / "user" / UNIT
    done = install_web(unit, OWN, run=systemd)
    assert unit.with_name(WEB_UNIT).read_text("utf-8") == render_web_unit(OWN)
    assert "tracker web link" in " ".join(done)
    assert ["restart", WEB_UNIT] in systemd.asked
    remove(unit.with_name(WEB_UNIT), user=True, run=systemd)
    assert not unit.with_name(WEB_UNIT).exists()
    assert ["disable", WEB_UNIT] in systemd.asked


def test_a_person_needs_no_rights() -> None:
    """The unit for a person's own systemd has no setting that needs root."""
    text = render_unit(Installed(COMMAND, CONFIG, user=True))
    for word in ("DynamicUser", "StateDirectory", "Private", "Protect", "Capability", "network"):
        assert word not in text
    assert "WantedBy=default.target" in text
    assert "WatchdogSec=30s" in text
    assert "RestartPreventExitStatus=78" in text


def test_every_unit_behaves_as_in_the_shell_that_installed_it(tmp_path: Path) -> None:
    """The daemon, its report of a failure, the timer and the page find one configuration."""
    given = {"XDG_CONFIG_HOME": "/srv/cfg", "HTTPS_PROXY": "http://proxy:3128"}
    unit, systemd = tmp_path / UNIT, Systemd()
    for install in INSTALLS:
        install(unit, replace(OWN, environment=given), run=systemd)
    for file in tmp_path.glob("*.service"):
        text = file.read_text("utf-8")
        for name, value in given.items():
            assert f"\nEnvironment={name}={value}\n" in text, file.name
    assert len([*tmp_path.glob("*.service")]) == 4


def test_a_path_with_blanks_and_signs_survives() -> None:
    """Systemd reads the command back as it was, whatever its folder is called."""
    odd = Path('/opt/my "100%" $tools/tracker')
    parser = configparser.RawConfigParser(strict=False, delimiters=("=",))
    parser.read_string(render_unit(Installed(odd, CONFIG, user=True)))
    assert parser["Service"]["ExecStart"] == (
        '"/opt/my \\"100%%\\" $$tools/tracker" --config /etc/tracker/tracker.toml run'
    )


def test_where_a_unit_belongs() -> None:
    """Units of the system and of a person have their usual folders."""
    home = Path("/home/ann/.config")
    assert unit_path(user=True, config_home=home) == home / "systemd/user/tracker.service"
    assert unit_path(user=False, config_home=home) == Path("/etc/systemd/system/tracker.service")


def test_install_writes_enables_and_starts(tmp_path: Path) -> None:
    """The unit is written, read by systemd, enabled and started; a second time is fine."""
    systemd = Systemd()
    unit = tmp_path / "systemd" / "user" / "tracker.service"
    service.install(unit, OWN, run=systemd)
    said = service.install(unit, OWN, run=systemd)
    assert unit.read_text("utf-8") == render_unit(OWN)
    verbs = [words[0] for words in systemd.asked]
    assert verbs == ["show", "daemon-reload", "enable", "restart"] * 2
    assert said[0] == f"Wrote {unit}."
    assert any("enable-linger" in sentence for sentence in said)


@pytest.mark.parametrize("install", INSTALLS)
@pytest.mark.parametrize("place", ["/home/ann/tracker/bin/tracker", "/root/bin/tracker"])
def test_a_service_of_the_system_needs_a_place_it_can_see(
    tmp_path: Path, place: str, install: Callable[..., object]
) -> None:
    """Each service is refused for a program in a home folder, which the system's cannot see."""
    with pytest.raises(
        ServiceError, match=r"cannot see into home folders, and .* install under /opt"
    ):
        install(tmp_path / UNIT, replace(SYSTEM, exec_start=Path(place)), run=Systemd())
    assert not [*tmp_path.iterdir()]


def test_a_refusal_is_passed_on(tmp_path: Path) -> None:
    """When systemd refuses, its last line of output is in the error."""
    systemd = Systemd({"restart": Ran(1, "Warning.\nJob failed.")})
    with pytest.raises(ServiceError, match=r"systemd would not start the service: Job failed\."):
        service.install(tmp_path / "tracker.service", OWN, run=systemd)


def test_without_systemd_the_way_out_is_told(tmp_path: Path) -> None:
    """Without systemd each verb says what to do instead, and writes nothing."""
    unit = tmp_path / "tracker.service"
    for call in (
        lambda: service.install(unit, OWN, run=absent),
        lambda: service.status(user=True, run=absent),
    ):
        with pytest.raises(ServiceError, match=r"no systemd answers here: .* `tracker run`"):
            call()
    assert not unit.exists()


def test_a_shell_without_a_session_is_told_to_log_in() -> None:
    """Where only the person's own systemd is silent, as after su or sudo, no other way is named."""

    def machine(command: Sequence[str]) -> Ran:
        return Ran(1 if "--user" in command else 0, "")

    with pytest.raises(ServiceError, match=r"your own systemd does not answer .* log in"):
        service.status(user=True, run=machine)


def test_the_unit_follows_from_the_database() -> None:
    """Doctor looks at the service whose database it looks at, an instance included."""
    assert service.unit_of(service_folder(Path("/home/ann/tracker.db"))) == (UNIT, True)
    assert service.unit_of(service_folder(SYSTEM_STATE / "tracker.db")) == (UNIT, False)
    instance = service.unit_of(service_folder(SYSTEM_STATE / "ann/tracker.db"))
    assert instance == ("tracker@ann.service", False)


def test_status_is_one_sentence() -> None:
    """The status has the state, the process, the restarts and the daemon's own status line."""
    shown = (
        "ActiveState=active\nSubState=running\nStatusText=2 games live\nMainPID=71\n"
        "NRestarts=3\nLoadState=loaded\nResult=success"
    )
    assert service.status(user=True, run=Systemd({"show": Ran(0, shown)})) == (
        True,
        "The service is active (running), process 71, restarted 3 times, 2 games live.",
    )
    once = Systemd({"show": Ran(0, shown.replace("NRestarts=3", "NRestarts=1"))})
    assert "restarted 1 time, 2 games" in service.status(user=True, run=once)[1]
    failed = "ActiveState=failed\nSubState=failed\nMainPID=0\nLoadState=loaded\nResult=exit-code"
    assert service.status(user=True, run=Systemd({"show": Ran(0, failed)})) == (
        False,
        "The service is failed (failed), last result exit-code.",
    )
    at_work, said = service.status(user=True, run=Systemd({"show": Ran(0, "LoadState=not-found")}))
    assert not at_work
    assert "tracker service install" in said
    missing = Systemd({"show": Ran(0, "LoadState=not-found")})
    assert "`tracker service install --system`" in service.status(user=False, run=missing)[1]


def test_remove_stops_and_deletes(tmp_path: Path) -> None:
    """The service is stopped and only its unit deleted; a second time is fine."""
    systemd = Systemd()
    unit = tmp_path / "tracker.service"
    service.install(unit, OWN, run=systemd)
    said = service.remove(unit, user=True, run=systemd)
    assert ["disable", "tracker.service"] in systemd.asked
    assert not unit.exists()
    assert said[-1] == "Bets, history and settings are kept."
    assert "nothing to remove" in service.remove(unit, user=True, run=systemd)[0]


def test_the_timer_is_removed_as_well(tmp_path: Path) -> None:
    """Who installed the timer in the daemon's place is rid of it, and of what it starts."""
    systemd, unit = Systemd(), tmp_path / "tracker.service"
    service.install_timer(unit, OWN, run=systemd)
    said = service.remove(unit, user=True, run=systemd)
    assert ["disable", "tracker-refresh.timer"] in systemd.asked
    assert "tracker-refresh.timer" in said[0]
    assert [*tmp_path.iterdir()] == []
