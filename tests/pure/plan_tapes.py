"""Hand-made tapes: a first run, a refusal, a second run, a rootless first run."""

from __future__ import annotations

from typing import Any

from returns.result import Failure, Result, Success

from pypod.pure.configuration import keys
from pypod.pure.database.facts import DatabaseFacts, EditJson, MakeBucket, Put
from pypod.pure.effect import Effect
from pypod.pure.facts import (
    NOTHING_CHANGED,
    Change,
    Changed,
    Entry,
    FileStatus,
    FileType,
    Handle,
    HostFacts,
    Identity,
    Level,
    Probed,
    ProgramOutput,
)
from pypod.pure.failure import DatabaseMismatch, HostError, Problem
from pypod.pure.plan.facts import Plan
from pypod.pure.plan.summarize import About, summarize
from pypod.pure.settings import BUILTIN, Claim, Origin, Settings, Source
from pypod.pure.table import Table
from pypod.pure.tape import Exchange
from pypod.pure.userns.facts import IdMappings, IdRange
from pypod.pure.vocabulary.changes import AppendFile, CreateFile, MakeDirectories
from pypod.pure.vocabulary.database import CreateDatabase, ReadDatabase, UpdateDatabase
from pypod.pure.vocabulary.files import ReadFile, Stat
from pypod.pure.vocabulary.host import DescribeHost, ReadClock
from pypod.pure.vocabulary.locks import CreateLockSegment, TakeFileLock
from pypod.pure.vocabulary.mounts import TestOverlay
from pypod.pure.vocabulary.namespaces import EnterUserNamespace
from pypod.pure.vocabulary.process import AskIdentity, RunProgram, SetVariable
from pypod.pure.vocabulary.telling import EnterStage, LeaveStage, Note

GRAPH_ROOT = "/var/lib/containers/storage"
STATIC = f"{GRAPH_ROOT}/libpod"
DATABASE = f"{STATIC}/bolt_state.db"
TOLD: Result[None, HostError] = Success(None)


def said(effect: Effect[Any], value: Any = None) -> Exchange:
    return effect, Success(value)


def refused(effect: Effect[Any], number: int, call: str, subject: str) -> Exchange:
    return effect, Failure(HostError(number, call, subject))


def stage(name: str, *within: Exchange) -> tuple[Exchange, ...]:
    return (said(EnterStage(name)), *within, said(LeaveStage(name)))


def made(path: str, mode: int = 0o700, kind: FileType = FileType.DIRECTORY, size: int = 0, detail: str = "") -> Change:
    return Change(path, None, Entry(kind, mode, size=size), detail)


CONF = b'[engine]\nruntime = "runc"\n'
CONFIGURED = stage("configuration", said(ReadFile("/etc/containers/containers.conf"), CONF))
LOOKED = (
    said(DescribeHost(), HostFacts(hostname="sirius", boot_id="9b2c")),
    said(AskIdentity(), Identity(uid=0, euid=0)),
)
PLUGIN = (
    "Error validating CNI config file /etc/cni/net.d/87-podman.conflist: [failed to find plugin "
    '"bridge" in path [/usr/local/libexec/cni /usr/libexec/cni /usr/local/lib/cni /usr/lib/cni /opt/cni/bin]]'
)

FIRST_RUN: tuple[Exchange, ...] = (
    *LOOKED,
    *CONFIGURED,
    *stage("conmon", said(RunProgram(("/usr/bin/conmon", "--version")), ProgramOutput(0, b"conmon version 2.0.25\n"))),
    *stage(
        "static-directory",
        said(MakeDirectories(STATIC, 0o700), Changed((made("/var/lib/containers"), made(GRAPH_ROOT), made(STATIC)))),
    ),
    *stage(
        "state",
        said(CreateDatabase(DATABASE), Changed((made(DATABASE, 0o600, FileType.FILE, 65536),))),
        said(
            UpdateDatabase(DATABASE, (MakeBucket(("ctr",)), MakeBucket(("runtime-config",)))),
            Changed((Change(DATABASE, Entry(FileType.FILE, 0o600), Entry(FileType.FILE, 0o600)),)),
        ),
        said(ReadDatabase(DATABASE), DatabaseFacts(2, 4096, 65536, ("ctr", "runtime-config"), ())),
    ),
    *stage(
        "database-validation",
        said(
            UpdateDatabase(DATABASE, (Put(("runtime-config",), "os", b"linux"), Put(("ctr",), "abc", b'{"env":1}'))),
            Changed((Change(DATABASE, Entry(FileType.FILE, 0o600), Entry(FileType.FILE, 0o600)),)),
        ),
    ),
    *stage(
        "store",
        said(Note(Level.DEBUG, "Using graph driver overlay")),
        said(TestOverlay(f"{GRAPH_ROOT}/overlay", False), Probed((), holds=True, known=False)),
        said(SetVariable("TMPDIR", "/var/tmp"), Changed((made("TMPDIR"),))),
    ),
    *stage("network-plugin", said(Note(Level.WARNING, PLUGIN)), said(Note(Level.WARNING, PLUGIN))),
    *stage(
        "alive",
        said(
            CreateFile("/run/libpod/alive.lck", 0o600), Changed((made("/run/libpod/alive.lck", 0o600, FileType.FILE),))
        ),
        said(TakeFileLock("/run/libpod/alive.lck"), Handle(1, "/run/libpod/alive.lck")),
        *stage(
            "locks",
            said(
                CreateLockSegment("/libpod_lock", 2048),
                Changed((made("/dev/shm/libpod_lock", 0o600, FileType.FILE, 82488),)),
            ),
        ),
        *stage("finish", said(ReadClock(), "2026-01-01T00:00:00Z")),
        *stage(
            "refresh",
            said(CreateFile("/run/libpod/alive", 0o644), Changed((made("/run/libpod/alive", 0o644, FileType.FILE),))),
            said(
                AppendFile("/run/libpod/events/events.log", 0o700, b'{"Type":"system"}\n'),
                Changed((made("/run/libpod/events/events.log", 0o700, FileType.FILE, 18, "system refresh"),)),
            ),
        ),
    ),
)

SECOND_RUN: tuple[Exchange, ...] = (
    *LOOKED,
    *CONFIGURED,
    *stage("static-directory", said(MakeDirectories(STATIC, 0o700), NOTHING_CHANGED)),
    *stage("state", said(ReadDatabase(DATABASE), DatabaseFacts(7, 4096, 65536, ("ctr",), ()))),
    *stage("alive", said(Stat("/run/libpod/alive"), FileStatus(FileType.FILE, 0o644, mtime_ns=1700000000000000001))),
)

MISMATCH: Problem = DatabaseMismatch.saying(
    'database storage temporary directory (runroot) "/run/containers/storage" does not match our '
    'storage temporary directory (runroot) "/srv/run"',
    "storage.run_root",
).within("database-validation")

REFUSED: tuple[Exchange, ...] = (
    *LOOKED,
    *CONFIGURED,
    *stage("static-directory", said(MakeDirectories("/srv/run", 0o700), Changed((made("/srv/run"),)))),
    *stage("state", said(ReadDatabase(DATABASE), DatabaseFacts(7, 4096, 65536, ("ctr",), ()))),
    said(EnterStage("database-validation")),
    said(LeaveStage("database-validation")),
)

MAPPINGS = IdMappings((IdRange(0, 1000, 1),), (IdRange(0, 1000, 1),))
HOME = "/home/user/.local/share/containers/storage"
ROOTLESS: tuple[Exchange, ...] = (
    said(AskIdentity(), Identity(uid=1000, euid=1000)),
    *stage("static-directory", said(MakeDirectories(f"{HOME}/libpod", 0o700), Changed((made(f"{HOME}/libpod"),)))),
    said(EnterStage("alive")),
    said(EnterStage("user-namespace")),
    said(EnterUserNamespace("/run/user/1000/libpod/tmp/pause.pid", MAPPINGS), 0),
    said(LeaveStage("user-namespace")),
    said(LeaveStage("alive")),
    said(AskIdentity(), Identity(uid=0, euid=0)),
    *stage("store", said(MakeDirectories(f"{HOME}/overlay", 0o700), Changed((made(f"{HOME}/overlay"),)))),
    *stage("migrate", refused(ReadFile("/etc/shadow"), 13, "open", "/etc/shadow")),
)


def settings() -> Settings:
    conf = Origin(Source.FILE, "/etc/containers/containers.conf:2")
    return (
        Settings()
        .claim(keys.STATIC_DIR, STATIC, BUILTIN)
        .claim(keys.TMP_DIR, "/run/libpod", BUILTIN)
        .claim(keys.RUN_ROOT, "/run/containers/storage", BUILTIN)
        .claim(keys.RUN_ROOT, "/srv/run", Origin(Source.OPTION, "--runroot"))
        .claim(keys.RUNTIME, "crun", BUILTIN)
        .claim(keys.RUNTIME, "runc", conf)
        .claim(keys.CGROUP_VERSION, "v1", Origin(Source.COMPUTED))
        .claim(keys.EVENTS_LOGFILE_PATH, "/run/libpod/events/events.log", BUILTIN)
        .claim(keys.CONTAINER_ENV, ("TOKEN=hunter2", "PATH=/bin"), conf)
        .claims((("secrets.opts", Claim(Table({"path": "hunter2"}), conf)),))
        .claim(keys.REMOTE_URI, "ssh://root:hunter2@host/run", conf)
        .claim(keys.NUM_LOCKS, 2048, BUILTIN)
        .ignore(keys.NUM_LOCKS, 96, Origin(Source.FILE, "/home/user/containers.conf:3"), "root does not read it")
    )


ABOUT = About(pypod_version="0.1.0", podman_installed="3.4.4", runtimes=(("crun", "/usr/bin/crun"),))


def first_run() -> Plan:
    return summarize(FIRST_RUN, None, settings(), ABOUT)


def second_run() -> Plan:
    return summarize(SECOND_RUN, None, settings(), ABOUT)


def refusal() -> Plan:
    return summarize(REFUSED, MISMATCH, settings(), ABOUT)


def rootless() -> Plan:
    return summarize(ROOTLESS, None, settings(), ABOUT)


def edited() -> Exchange:
    change = EditJson(("ctr",), "abc", (("lockID", 3), ("env", ["TOKEN=hunter2"])))
    return said(UpdateDatabase(DATABASE, (change,)), Changed((Change(DATABASE),)))
