"""The plan as a fold over a tape.

Rule 1: whatever the plan says was said on the tape, in its order.  Nothing is decided again here.
Rule 2: an answer to a CHANGE that names no path is no action.
Rule 3: after the process was left, everything happens in the re-executed one: later actions are deferred, and the plan
        is not complete.
Rule 4: a pin is a fact of the host as it was before the first change to it.

The same fold reports an apply, whose tape has the real answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Struct
from returns.result import Failure

from pypod.pure.configuration import keys
from pypod.pure.database.facts import DatabaseFacts
from pypod.pure.digest import sha256
from pypod.pure.effect import Effect, Kind
from pypod.pure.facts import (
    CGROUP2_MAGIC,
    Changed,
    FileStatus,
    FilesystemStatus,
    HostFacts,
    Identity,
    Level,
    Probed,
    ProgramOutput,
    Ran,
)
from pypod.pure.failure import Departed, Ending, HostError
from pypod.pure.locks.layout import lock_subject
from pypod.pure.plan import facts
from pypod.pure.plan.actions import actions_of, departure
from pypod.pure.plan.values import failure_shown, settings_shown
from pypod.pure.settings import Settings
from pypod.pure.tape import Exchange, redacted_text
from pypod.pure.vocabulary.containers import AskRuntime
from pypod.pure.vocabulary.database import ReadContainer, ReadDatabase, ReadObjects
from pypod.pure.vocabulary.files import HoldsFuseOverlayRemains, ListDirectory, LookAt, ReadFile, Stat, StatFilesystem
from pypod.pure.vocabulary.host import DescribeHost, DrawToken, ReadClock
from pypod.pure.vocabulary.locks import MapLockSegment, ReadLockSegment, TakeFileLock, TakeLock
from pypod.pure.vocabulary.process import AskIdentity, ReadVariable, RunProgram
from pypod.pure.vocabulary.telling import EnterStage, LeaveStage, Note

if TYPE_CHECKING:
    from pypod.pure.plan.diagnoses import Diagnosis

EPERM, EACCES = 1, 13

_Seen: TypeAlias = tuple[Effect[Any], bool, Any]
"""What was looked at, whether the host refused, and what it answered."""
_OBSERVE: Final = Kind.OBSERVE
_TELL: Final = Kind.TELL
_CHANGE: Final = Kind.CHANGE
_HOLD: Final = Kind.HOLD
_LEAVE: Final = Kind.LEAVE

_DENIED: Final = frozenset({EPERM, EACCES})
_READING: Final = frozenset({
    ReadFile, ListDirectory, Stat, LookAt, HoldsFuseOverlayRemains, ReadDatabase, ReadObjects, ReadContainer,
    ReadLockSegment,
})  # fmt: skip
_RUNNING: Final = frozenset({RunProgram, AskRuntime})
_NEVER_THE_SAME: Final = frozenset({ReadClock, DrawToken})
_LOUD: Final = (Level.WARNING, Level.ERROR)
_CONFIGURATION: Final = ("configuration", "cgroups", "default-oci-runtime", "storage-options", "options")
_OUTCOMES: Final[dict[str, Literal["renumbered", "migrated"]]] = {
    "system renumber": "renumbered",
    "system migrate": "migrated",
}


class About(Struct, frozen=True, kw_only=True):
    """What the tape does not say: for which command and which host the plan is, and who makes it.

    ``runtimes`` are the OCI runtimes that were found, name and path.  ``hostname``, ``boot_id`` and ``uid`` stand in
    where the program did not ask for them.  ``programs`` are the command lines that were really run, ``None`` where they
    are those of the tape; ``assumed``: it is for another user than the one who looks; ``denied`` what could not be read besides those of the tape.
    """

    command: str = "construction"
    flags: tuple[tuple[str, str], ...] = ()
    arguments: tuple[str, ...] = ()
    source: Literal["live", "snapshot", "description"] = "live"
    pypod_version: str = ""
    podman_installed: str = ""
    runtimes: tuple[tuple[str, str], ...] = ()
    hostname: str = ""
    boot_id: str = ""
    uid: int = 0
    rootless: bool | None = None
    assumed: bool = False
    programs: tuple[str, ...] | None = None
    denied: tuple[str, ...] = ()


def summarize(
    tape: Iterable[Exchange], ending: Ending | None, settings: Settings, about: About | None = None
) -> facts.Plan:
    """The plan of a run: ``ending`` is how it ended early, ``None`` for a construction that came to its end; ``settings``
    are those of the last draft that was reached.
    """
    about = about or About()
    fold = _Fold(settings)
    fold.hear(tape)
    failed = not (ending is None or (isinstance(ending, Departed) and ending.status == 0))
    failure = _failure(ending, settings) if failed else None
    denied = tuple(dict.fromkeys((*fold.denied, *about.denied)))
    programs = tuple(fold.programs) if about.programs is None else tuple(dict.fromkeys(about.programs))
    complete = not (fold.left or fold.unknown or (denied and about.source == "live"))
    uid = fold.identity.euid if fold.identity else about.uid
    rootless = uid != 0 or fold.configured_namespace if about.rootless is None else about.rootless
    cgroups = settings.get(keys.CGROUP_VERSION) if keys.CGROUP_VERSION in settings else fold.cgroups
    return facts.Plan(
        pypod_version=about.pypod_version,
        podman_installed=about.podman_installed,
        host=facts.Host(
            hostname=fold.host.hostname if fold.host else about.hostname,
            boot_id=fold.host.boot_id if fold.host else about.boot_id,
            uid=uid,
            rootless=rootless,
            cgroups="v2" if cgroups == "v2" else "v1" if cgroups == "v1" else "",
            source=about.source,
        ),
        command=about.command,
        flags=about.flags,
        arguments=about.arguments,
        complete=complete,
        applyable=not failed and not fold.left and about.source == "live" and not about.assumed,
        errored=failed,
        outcome="failed" if failed else _OUTCOMES.get(about.command, "ready"),
        failure=failure,
        settings=settings_shown(settings),
        runtimes=dict(about.runtimes),
        stages=tuple(fold.stages),
        actions=tuple(fold.actions),
        holds=tuple(fold.holds),
        observations=facts.Observations(
            fold.count, f"sha256:{sha256(_canonical(fold.seen)).hexdigest()}", programs, denied
        ),
        diagnostics=tuple(fold.diagnostics),
        after_unknown=tuple(fold.unknown),
        pins=facts.Pins(fold.host.boot_id if fold.host else about.boot_id, fold.txid, fold.alive, fold.files),
    )


def _failure(ending: Ending | None, settings: Settings) -> facts.Failure:
    if ending is None or isinstance(ending, Departed):
        status = ending.status if ending else 0
        return facts.Failure("Departed", f"the re-executed process ended with status {status}", status)
    return failure_shown(ending, settings)


class _Fold:
    """What was heard so far.  Dictionaries stand for ordered sets."""

    def __init__(self, settings: Settings) -> None:
        self.events_log = settings.get(keys.EVENTS_LOGFILE_PATH) if keys.EVENTS_LOGFILE_PATH in settings else ""
        self.alive_path = f"{settings.get(keys.TMP_DIR)}/alive" if keys.TMP_DIR in settings else ""
        self.stage = ""
        """The innermost stage that runs."""
        self.open_stages: list[str] = []
        self.stages: dict[str, None] = {}
        self.actions: list[facts.Action] = []
        self.holds: list[facts.Hold] = []
        self.diagnostics: list[facts.Diagnostic] = []
        self.programs: dict[str, None] = {}
        self.denied: dict[str, None] = {}
        self.unknown: dict[str, None] = {}
        self.files: dict[str, str] = {}
        self.changed: set[str] = set()
        self.count = 0
        """How many observations there were that are not among those ``seen``, until the end of the tape."""
        self.seen: list[_Seen] = []
        self.left = False
        self.txid: int | None = None
        self.alive: str | None = None
        self.host: HostFacts | None = None
        self.identity: Identity | None = None
        self.configured_namespace = False
        self.cgroups = ""

    def hear(self, tape: Iterable[Exchange]) -> None:
        """All that was said, in order."""
        see = self.seen.append
        for effect, answer in tape:
            kind = effect.kind
            if kind is _TELL:
                _TOLD[type(effect)](self, effect)
                continue
            # Nobody derives from Failure, and its metaclass makes isinstance slow: this is asked for everything.
            answered: type = type(answer)
            if kind is not _OBSERVE:
                if answered is not Failure:
                    self._done(kind, effect, answer.unwrap())
                continue
            of = type(effect)
            if answered is Failure:
                error: HostError = answer.failure()
                see((effect, True, error))
                if error.errno in _DENIED and of in _READING:
                    self.denied[error.subject] = None
                elif of in _RUNNING:
                    _KEPT[of](self, effect, None)
            elif of in _NEVER_THE_SAME:
                self.count += 1
            else:
                value = answer.unwrap()
                see((effect, False, value))
                if of in _KEPT:
                    _KEPT[of](self, effect, value)
        self.count += len(self.seen)

    def _done(self, kind: Kind, effect: Effect[Any], value: Any) -> None:
        if kind is _CHANGE:
            self._changed(effect, value)
        elif kind is _HOLD:
            self.holds.append(facts.Hold(self.stage, _held(effect)))
        elif kind is _LEAVE:
            index = len(self.actions)
            self.actions.append(departure(effect, stage=self.stage, index=index, deferred=self.left))
            self.left = True
            self.stage = ""
            self.open_stages.clear()

    def entered(self, effect: EnterStage) -> None:
        self.stage = effect.name
        self.open_stages.append(effect.name)
        self.stages[effect.name] = None

    def gone_from(self, effect: LeaveStage) -> None:
        # A stage of the process that was left may still be closing.
        if effect.name in self.open_stages:
            del self.open_stages[self.open_stages.index(effect.name) :]
            self.stage = self.open_stages[-1] if self.open_stages else ""

    def noted(self, effect: Note) -> None:
        message = redacted_text(effect.message)
        known = _of_warning(self.stage, message) if effect.level in _LOUD else None
        self.diagnostics.append(
            facts.Diagnostic(
                effect.level._value_,
                message,
                self.stage,
                effect.stream._value_,
                known.remedy if known else "",
                known.id if known else "",
            )
        )

    def _changed(self, effect: Effect[Any], changed: Changed) -> None:
        if changed.changes:
            for change in changed.changes:
                self.changed.add(change.path)
            made = actions_of(
                effect,
                changed,
                stage=self.stage,
                first=len(self.actions),
                deferred=self.left,
                events_log=self.events_log,
            )
            self.actions.extend(made)
        if (type(changed) is Probed and not changed.known) or (type(changed) is Ran and changed.assumed):
            self.unknown[effect.describe()] = None

    # -- what the plan keeps of an observation

    def program(self, effect: RunProgram | AskRuntime, _ended: ProgramOutput | None) -> None:
        self.programs[" ".join(map(redacted_text, effect.argv))] = None

    def file(self, effect: ReadFile, content: bytes) -> None:
        path = effect.path
        of_configuration = self.stage in _CONFIGURATION or path.endswith((".conf", ".conflist"))
        if of_configuration and not path.startswith(("/proc/", "/sys/")) and path not in self.changed:
            self.files.setdefault(path, f"sha256:{sha256(content).hexdigest()}")

    def database(self, effect: ReadDatabase, found: DatabaseFacts) -> None:
        if self.txid is None and effect.path not in self.changed:
            self.txid = found.txid

    def status(self, effect: Stat, found: FileStatus) -> None:
        if effect.path == self.alive_path and self.alive is None and effect.path not in self.changed:
            self.alive = str(found.mtime_ns)

    def filesystem(self, effect: StatFilesystem, found: FilesystemStatus) -> None:
        if effect.path == "/sys/fs/cgroup":
            self.cgroups = "v2" if found.magic == CGROUP2_MAGIC else "v1"

    def described(self, _effect: DescribeHost, host: HostFacts) -> None:
        self.host = self.host or host

    def identified(self, _effect: AskIdentity, identity: Identity) -> None:
        self.identity = self.identity or identity

    def variable(self, effect: ReadVariable, value: str | None) -> None:
        if effect.name == "_CONTAINERS_USERNS_CONFIGURED" and not self.left:
            self.configured_namespace = bool(value)


def _of_warning(stage: str, message: str) -> Diagnosis | None:
    """The diagnosis of a warning; the catalogue is loaded where there is one."""
    from pypod.pure.plan.diagnoses import of_warning

    return of_warning(stage, message)


_TOLD: Final[dict[type, Callable[[_Fold, Any], None]]] = {
    EnterStage: _Fold.entered,
    LeaveStage: _Fold.gone_from,
    Note: _Fold.noted,
}
_KEPT: Final[dict[type, Callable[[_Fold, Any, Any], None]]] = {
    ReadFile: _Fold.file,
    ReadDatabase: _Fold.database,
    Stat: _Fold.status,
    StatFilesystem: _Fold.filesystem,
    DescribeHost: _Fold.described,
    AskIdentity: _Fold.identified,
    ReadVariable: _Fold.variable,
    RunProgram: _Fold.program,
    AskRuntime: _Fold.program,
}
"""The observations of which the plan keeps something."""


def _held(effect: Effect[Any]) -> str:
    if isinstance(effect, TakeLock):
        return lock_subject(effect.handle.subject, effect.number)
    if isinstance(effect, TakeFileLock):
        return effect.path
    return effect.name if isinstance(effect, MapLockSegment) else effect.describe()


def _canonical(seen: list[_Seen]) -> bytes:
    """All that was seen, in a form that is the same for the same answers."""
    try:
        return msgspec.json.encode(seen, order="deterministic")
    except UnicodeEncodeError:
        return repr(seen).encode("utf-8", "backslashreplace")
