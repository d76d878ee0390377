"""The systemd service: renders its units, installs and removes them, and asks for its state."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tracker.domain import TrackerError
from tracker.domain.money import plural

UNIT = "tracker.service"
REFRESH_UNIT = "tracker-refresh.service"
REFRESH_TIMER = "tracker-refresh.timer"
FAILURE_UNIT = "tracker-failure@.service"
WEB_UNIT = "tracker-web.service"
SYSTEM_UNITS = Path("/etc/systemd/system")
ETC = Path("/etc/tracker")

_HEAD = """\
# {title}
[Unit]
Description=Follows bets on live games
OnFailure=tracker-failure@%n.service
{network}StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
ExecStart={exec_start}

# The watchdog is fed by progress, not by a timer: a daemon that hangs is restarted.
WatchdogSec=30s
TimeoutStartSec=60s
TimeoutStopSec=20s
Restart=always
RestartSec=2s
# 78 is the exit status of a bad configuration: a restart would not help.
RestartPreventExitStatus=78
# A chore that takes too much memory is stopped alone: the daemon keeps running.
OOMPolicy=continue
"""

_NETWORK = "Wants=network-online.target\nAfter=network-online.target\n"

_FAILURE = """\
# {title}
[Unit]
Description=Tells your channels that %i has failed
{network}# At most three messages an hour, however often the unit fails.
StartLimitIntervalSec=1h
StartLimitBurst=3

[Service]
Type=oneshot
ExecStart={exec_start}
TimeoutStartSec=60s
"""

# The forecast needs one thread; a pool for every core of a large machine would meet TasksMax.
_LIMITS = """\
MemoryMax=768M
TasksMax=64
Environment=OPENBLAS_NUM_THREADS=1
UMask=0077
"""

# Keeps a note across restarts: that a message about the end of the daemon was sent.
_RUNTIME = "RuntimeDirectory=tracker\nRuntimeDirectoryPreserve=restart\n"

# One user for the daemon, the page and the timer, which share the state: a service with another
# user would take the state over when it starts.
_CONFINED = """\
User=tracker
DynamicUser=yes
StateDirectory=tracker
StateDirectoryMode=0700
ConfigurationDirectory=tracker

CapabilityBoundingSet=
AmbientCapabilities=
DevicePolicy=closed
PrivateDevices=yes
PrivateMounts=yes
PrivateTmp=yes
PrivateUsers=yes
ProcSubset=pid
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProtectSystem=strict
RemoveIPC=yes
"""

_STATE = "StateDirectory=tracker\nStateDirectoryMode=0700\n"

# These settings need no rights that a person's own systemd lacks.
_ANYWHERE = """\
LockPersonality=yes
MemoryDenyWriteExecute=yes
NoNewPrivileges=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
"""

# The page runs at a lower priority than the daemon.
_WEB = """\
# {title}
[Unit]
Description=Shows your bets as a page, and answers programs
After=tracker.service
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart={exec_start}
TimeoutStopSec=20s
Restart=always
RestartSec=5s
# 78 is the exit status of a bad configuration: a restart would not help.
RestartPreventExitStatus=78
Nice=10
CPUWeight=20
IOWeight=20
MemoryMax=384M
TasksMax=64
Environment=OPENBLAS_NUM_THREADS=1
UMask=0077
"""

_SECRETS = """\
# Secrets, in files that only root can read. `#none` stands in for a file that is missing.
LoadCredential=notify-urls:{etc}/notify-urls
SetCredential=notify-urls:#none
LoadCredential=telegram-token:{etc}/telegram-token
SetCredential=telegram-token:#none
LoadCredential=odds-api-key:{etc}/odds-api-key
SetCredential=odds-api-key:#none
LoadCredential=heartbeat-url:{etc}/heartbeat-url
SetCredential=heartbeat-url:#none

"""

# The page makes no connections, and only this machine reaches it, be it by a proxy or a tunnel.
_ON_THIS_MACHINE = "IPAddressDeny=any\nIPAddressAllow=localhost\n"

_NO_SYSTEMD = "no systemd answers here: have whatever starts your programs start `tracker run`"

_NOT_LOGGED_IN = (
    "your own systemd does not answer in this shell: log in as yourself, by ssh or with "
    "`machinectl shell`, and not with su or sudo; --system is for the system's service"
)

_OF_A_DAEMON = (
    "NotifyAccess=", "# The watchdog", "WatchdogSec=", "TimeoutStartSec=", "TimeoutStopSec=",
    "Restart", "# 78 is", "# A chore", "OOMPolicy=", "StartLimitIntervalSec=", "OnFailure=",
)  # fmt: skip

# A run that the machine was off for is made up at its next start (Persistent).
_TIMER = """\
{title}
[Unit]
Description=Looks up results, form and injuries every morning

[Timer]
OnCalendar=*-*-* 06:30:00 America/New_York
Persistent=true
RandomizedDelaySec=10min

[Install]
WantedBy=timers.target
"""

_INSTALL = """\

[Install]
WantedBy={target}
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """The outcome of a command: its exit status and what it printed."""

    status: int
    output: str


Runner = Callable[[Sequence[str]], Ran]
"""Runs a command and waits for its end. Raises FileNotFoundError when there is no such command."""


class ServiceError(TrackerError):
    """The service cannot be installed, queried or removed."""


def run_command(command: Sequence[str]) -> Ran:
    """Run a command of this machine; `output` joins its standard output and standard error."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    return Ran(done.returncode, (done.stdout + done.stderr).strip())


def _quoted(part: str | Path) -> str:
    # systemd.service(5): % and $ are specifiers, and words with spaces are quoted.
    text = str(part).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{text}"' if any(c.isspace() or c in "\"'\\;" for c in text) else text


def carried(env: Mapping[str, str]) -> dict[str, str]:
    """The variables of a shell's environment that the service needs, to behave as in that shell.

    They are the folders of settings and state, the proxies and the trusted certificates. A value
    with an `@` is left out, since it may be a proxy with a password, and everybody can read a unit.
    """
    names = ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "SSL_CERT_FILE", "SSL_CERT_DIR")
    proxies = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
    both = (*names, *proxies, *(x.lower() for x in proxies))
    return {x: env[x] for x in both if env.get(x) and "@" not in env[x]}


@dataclass(frozen=True, slots=True)
class Installed:
    """What every unit of an installation has in common; `exec_start` is its `tracker` command.

    With `user` the units are for a person's own systemd: settings that need root's rights are left
    out, and the database stays where that person's commands look for it. `environment` is what
    `carried` takes from the shell.
    """

    exec_start: Path
    config: Path | None
    user: bool
    environment: Mapping[str, str] = field(default_factory=dict)

    def head(self, template: str, *words: str) -> str:
        """The beginning of a unit that runs `tracker` with these words."""
        named = () if self.config is None else ("--config", _quoted(self.config))
        return template.format(
            title="For a person's own systemd." if self.user else "For the system's systemd.",
            # A person's own systemd knows no network target.
            network="" if self.user else _NETWORK,
            exec_start=" ".join((_quoted(self.exec_start), *named, *words)),
        )

    @property
    def variables(self) -> str:
        """The lines of a unit that set the environment."""
        named = self.environment.items()
        return "".join(f"Environment={_quoted(f'{name}={value}')}\n" for name, value in named)

    @property
    def confinement(self) -> str:
        """The settings that only the system's own systemd can apply, secrets included."""
        return "\n" if self.user else f"\n{_SECRETS.format(etc=ETC)}{_CONFINED}"

    @property
    def target(self) -> str:
        """The end of a unit that starts by itself."""
        return _INSTALL.format(target="default.target" if self.user else "multi-user.target")


def render_unit(of: Installed) -> str:
    """The text of the daemon's unit."""
    body = f"{_LIMITS}{_RUNTIME}{of.variables}{of.confinement}{_ANYWHERE}"
    return of.head(_HEAD, "run") + body + of.target


def render_web_unit(of: Installed, *, loopback: bool = True) -> str:
    """The text of the unit that serves the page. `loopback` is whether it listens only there.

    It gets no secret. With `loopback` the system's unit may not connect to other machines.
    """
    near = _ON_THIS_MACHINE if loopback else ""
    confined = "\n" if of.user else f"\n{_CONFINED}{near}"
    return of.head(_WEB, "web", "--no-link") + of.variables + confined + _ANYWHERE + of.target


def render_failure_unit(of: Installed) -> str:
    """The text of the unit that messages the channels when the daemon's unit has failed."""
    log = f"journalctl {'--user ' if of.user else ''}--unit %i"
    text = f'"⚠ %i has failed on %H: nothing is watched. {log}"'
    # It needs no state folder; with one, systemd would give the daemon's to this unit's user.
    body = f"{_LIMITS}{of.variables}{of.confinement.replace(_STATE, '')}{_ANYWHERE}"
    return of.head(_FAILURE, "test-alert", "--text", text) + body


def render_refresh_units(of: Installed) -> tuple[str, str]:
    """The texts of a unit that runs `tracker refresh`, and of the timer that starts it daily.

    They are for an installation without a daemon, which would look these things up itself.
    """
    daemon = render_unit(of).partition("\n[Install]")[0]
    kept = (x for x in daemon.splitlines() if not x.startswith(_OF_A_DAEMON))
    unit = "\n".join(kept).replace(" run\n", " refresh\n", 1) + "\n"
    unit = unit.replace("Follows bets on live games", "Looks up results, form and injuries")
    unit = unit.replace("Type=notify", "Type=oneshot")
    timer = _TIMER.format(title=daemon.splitlines()[0])
    return unit, timer


def unit_path(*, user: bool, config_home: Path) -> Path:
    """The path of the daemon's unit. `config_home` is the person's XDG configuration folder."""
    return (config_home / "systemd" / "user" if user else SYSTEM_UNITS) / UNIT


def unit_of(folder: Path | None) -> tuple[str, bool]:
    """The name of the daemon's unit, and whether it is a person's own.

    `folder` is that of a system service's settings (`settings.service_folder`), or None.
    """
    name = UNIT if folder in (None, ETC) else f"tracker@{folder.name}.service"
    return name, folder is None


def _systemctl(run: Runner, *words: str, user: bool) -> Ran:
    try:
        return run(["systemctl", *(["--user"] if user else []), "--no-pager", *words])
    except FileNotFoundError:
        raise ServiceError(_NO_SYSTEMD) from None


def _must(ran: Ran, what: str) -> None:
    if ran.status != 0:
        reason = ran.output.splitlines()[-1] if ran.output else f"exit status {ran.status}"
        raise ServiceError(f"systemd would not {what}: {reason}")


def _must_answer(run: Runner, *, user: bool) -> None:
    def answers(*, user: bool) -> bool:
        return _systemctl(run, "show", "--property=Version", user=user).status == 0

    if not answers(user=user):
        raise ServiceError(_NOT_LOGGED_IN if user and answers(user=False) else _NO_SYSTEMD)


def _check(of: Installed, run: Runner) -> None:
    """Raise ServiceError where no systemd answers, or it could not see the installation."""
    interpreter = of.exec_start.with_name("python").resolve()
    for path in (of.exec_start, interpreter, *([of.config] if of.config else [])):
        hidden = any(path.is_relative_to(home) for home in ("/home", "/root", "/run/user"))
        if hidden and not of.user:
            raise ServiceError(
                f"the system service cannot see into home folders, and {path} is in one: install "
                "under /opt with the system's Python, or make the service your own instead"
            )
    _must_answer(run, user=of.user)


def install(unit: Path, of: Installed, run: Runner = run_command) -> tuple[str, ...]:
    """Write the daemon's unit, enable and start it; may be repeated. Returns what was done.

    Raises ServiceError when systemd is missing or refuses, or the unit cannot be written.
    """
    _check(of, run)
    failure = unit.with_name(FAILURE_UNIT)
    _write({unit: render_unit(of), failure: render_failure_unit(of)}, user=of.user)
    log = _start(UNIT, "the service", user=of.user, run=run)
    done = (f"Wrote {unit}.", "The service is enabled and started.", log)
    stays = "To keep it running while you are logged out: loginctl enable-linger"
    return (*done, stays) if of.user else done


def install_timer(unit: Path, of: Installed, run: Runner = run_command) -> tuple[str, ...]:
    """Write and start the timer of `tracker refresh`, for an installation without a daemon.

    `unit` is the path that the daemon's unit would have. Raises ServiceError.
    """
    _check(of, run)
    paths = unit.with_name(REFRESH_UNIT), unit.with_name(REFRESH_TIMER)
    _write(dict(zip(paths, render_refresh_units(of), strict=True)), user=of.user)
    _must(_systemctl(run, "daemon-reload", user=of.user), "read the timer")
    _must(_systemctl(run, "enable", "--now", REFRESH_TIMER, user=of.user), "start the timer")
    return (f"Wrote {paths[1]}.", "Results, form and injuries are looked up every morning.")


def install_web(
    unit: Path, of: Installed, *, loopback: bool = True, run: Runner = run_command
) -> tuple[str, ...]:
    """Write, enable and start the page's unit; `loopback` is as of `render_web_unit`.

    `unit` is the path that the daemon's unit would have. Raises ServiceError.
    """
    _check(of, run)
    target = unit.with_name(WEB_UNIT)
    _write({target: render_web_unit(of, loopback=loopback)}, user=of.user)
    log = _start(WEB_UNIT, "the page", user=of.user, run=run)
    advice = "The page is served. `tracker web link` prints a link that opens it."
    return (f"Wrote {target}.", advice, log)


def _write(texts: Mapping[Path, str], *, user: bool) -> None:
    """Write unit files into one folder. Raises ServiceError, which names the first of them."""
    first = next(iter(texts))
    try:
        first.parent.mkdir(parents=True, exist_ok=True)
        for path, text in texts.items():
            path.write_text(text, encoding="utf-8")
    except OSError as why:
        advice = "check that the folder is yours" if user else "use sudo"
        raise ServiceError(f"{first} cannot be written ({why.strerror}): {advice}") from None


def _start(name: str, what: str, *, user: bool, run: Runner) -> str:
    """Enable and restart a unit that was written; returns a sentence that says where its log is."""
    _must(_systemctl(run, "daemon-reload", user=user), "read the unit")
    _must(_systemctl(run, "enable", name, user=user), f"enable {what}")
    _must(_systemctl(run, "restart", name, user=user), f"start {what}")
    return f"Its log: journalctl {'--user ' if user else ''}--unit {name} --follow"


def status(*, user: bool, name: str = UNIT, run: Runner = run_command) -> tuple[bool, str]:
    """Whether a service is active, and a sentence about its state. Raises ServiceError."""
    fields = "ActiveState,SubState,StatusText,MainPID,NRestarts,LoadState,Result"
    _must_answer(run, user=user)
    ran = _systemctl(run, "show", name, f"--property={fields}", user=user)
    properties = dict(line.split("=", 1) for line in ran.output.splitlines() if "=" in line)
    if properties.get("LoadState") == "not-found":
        option = ("" if user else " --system") + (" --web" if name == WEB_UNIT else "")
        return False, (
            f"The service is not installed: `tracker service install{option}` puts it in place."
        )
    state = f"{properties.get('ActiveState', 'unknown')} ({properties.get('SubState', 'unknown')})"
    parts = [f"The service is {state}"]
    if properties.get("MainPID", "0") != "0":
        parts.append(f"process {properties['MainPID']}")
    if properties.get("NRestarts", "0") != "0":
        parts.append(f"restarted {plural(int(properties['NRestarts']), 'time')}")
    if properties.get("StatusText"):
        parts.append(properties["StatusText"])
    if properties.get("Result", "success") != "success":
        parts.append(f"last result {properties['Result']}")
    return properties.get("ActiveState") == "active", ", ".join(parts) + "."


def remove(unit: Path, *, user: bool, run: Runner = run_command) -> tuple[str, ...]:
    """Stop and disable the service and delete its unit; bets and history stay.

    With the daemon's unit goes the timer that may be there in its place. Returns what was done.
    Raises ServiceError.
    """
    of_daemon = {UNIT: FAILURE_UNIT, REFRESH_TIMER: REFRESH_UNIT}
    beside = of_daemon if unit.name == UNIT else {unit.name: unit.name}
    there = [x for x in map(unit.with_name, beside) if x.exists()]
    if not there:
        return (f"There is no {unit}: nothing to remove.",)
    for one in there:
        _must(_systemctl(run, "disable", "--now", one.name, user=user), "stop the service")
        try:
            one.unlink()
            one.with_name(beside[one.name]).unlink(missing_ok=True)
        except OSError as why:
            raise ServiceError(f"{one} cannot be removed ({why.strerror}): use sudo") from None
    _must(_systemctl(run, "daemon-reload", user=user), "forget the unit")
    done = (f"Stopped the service and removed {x}." for x in there)
    return (*done, "Bets, history and settings are kept.")
