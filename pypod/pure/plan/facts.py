"""The serialized shape of a plan, format version 1.0.

Rule 1: this is the published form.  A minor version adds fields, a major one breaks; what programs are made of is free
        to change behind it.
Rule 2: values are plain JSON.  Modes are octal text (``"0700"``), sizes are bytes, times are decimal nanoseconds.
Rule 3: no secret is here in clear: no container's configuration, no value of ``env``, no payload of an event.

The text for people is rendered from these values and from nothing else.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec
from msgspec import Struct, field

FORMAT_VERSION: Final = "1.0"
LIBPOD_VERSION: Final = "3.4.7"

STAGES: Final = (
    "configuration", "cgroups", "default-oci-runtime", "xdg-directories", "storage-options", "options",
    "shutdown-handler", "conmon", "static-directory", "state", "database-merge", "run-root", "database-validation",
    "namespace", "capabilities", "store", "events", "image-context", "tmp-directory", "events-directory",
    "oci-runtimes", "default-oci-runtime-check", "boot-directory", "network-default", "network-plugin", "alive",
    "user-namespace", "locks", "renumber", "refresh", "finish", "migrate",
)  # fmt: skip
"""The stages of construction, in libpod's order."""


class Host(Struct, frozen=True):
    """The host that the plan is for.  ``source``: the live machine, a recording of one, or a description."""

    hostname: str = ""
    boot_id: str = ""
    uid: int = 0
    rootless: bool = False
    cgroups: Literal["v1", "v2", ""] = ""
    source: Literal["live", "snapshot", "description"] = "live"


class Origin(Struct, frozen=True):
    """Where a value comes from; ``at`` is a file and line, a variable, a flag, a key of the database."""

    source: Literal["builtin", "file", "environment", "option", "database", "computed"]
    at: str = ""


class Claim(Struct, frozen=True):
    """A value that lost to a later source."""

    value: Any
    origin: Origin


class Ignored(Struct, frozen=True):
    """A value that was set where libpod does not look, and why."""

    value: Any
    origin: Origin
    because: str


class Setting(Struct, frozen=True):
    """A setting in force, what it overrode (latest first), and what was set but does not count."""

    value: Any
    origin: Origin
    overrode: tuple[Claim, ...] = ()
    ignored: tuple[Ignored, ...] = ()


class Comparison(Struct, frozen=True):
    """A refusal that sets our value against the database's.  ``setting`` is the dotted key, ``origin`` ours."""

    setting: str
    ours: str
    database: str
    origin: Origin | None = None


class Failure(Struct, frozen=True):
    """Why libpod would stop.

    ``kind`` is libpod's sentinel (``ErrConmonOutdated``) or the class of the problem; ``message`` libpod's text, whole,
    as after ``Error: ``; ``hint`` what to do; ``diagnosis`` an entry of ``docs/diagnoses.md``, which also explains why.
    """

    kind: str
    message: str
    exit_status: int
    stage: str = ""
    subject: str = ""
    hint: str = ""
    diagnosis: str = ""
    comparison: Comparison | None = None


class Entry(Struct, frozen=True):
    """What is at a path before or after an action."""

    type: str
    mode: str
    uid: int = 0
    gid: int = 0
    size: int = 0


class DatabaseEntry(Struct, frozen=True):
    """A change to the database.  ``value`` is given for the runtime configuration and lock numbers only."""

    bucket: str
    key: str = ""
    value: str | None = None
    change: Literal["put", "edit", "delete", "make_bucket", "empty_bucket"] = "put"


class Action(Struct, frozen=True):
    """One change to the host, in order.

    ``deferred``: it happens in the re-executed process, inside the user namespace.  ``detail`` says what type, mode and
    owner do not.  ``entries`` belong to ``update_database``.
    """

    index: int
    stage: str
    action: str
    path: str
    mode: str | None = None
    uid: int | None = None
    gid: int | None = None
    before: Entry | None = None
    after: Entry | None = None
    detail: str = ""
    describe: str = ""
    because: str = ""
    deferred: bool = False
    entries: tuple[DatabaseEntry, ...] = ()


class Hold(Struct, frozen=True):
    """A lock or mapping that is taken."""

    stage: str
    lock: str


class Observations(Struct, frozen=True):
    """What was looked at: how often, a digest of what was seen, programs that were run for an answer, and what could
    not be read.
    """

    count: int = 0
    digest: str = ""
    programs: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()


class Diagnostic(Struct, frozen=True):
    """A line that libpod says.  ``stream`` is ``log``, or ``stdout`` and ``stderr`` for what it prints raw.  A warning that
    the catalogue knows has our ``hint`` and its ``diagnosis``.
    """

    level: Literal["trace", "debug", "info", "warning", "error"]
    message: str
    stage: str = ""
    stream: Literal["log", "stdout", "stderr"] = "log"
    hint: str = ""
    diagnosis: str = ""


class Pins(Struct, frozen=True):
    """What the plan rests on, to be checked again before it is applied.  ``files`` are digests, ``sha256:…``."""

    boot_id: str = ""
    database_txid: int | None = None
    alive_mtime: str | None = None
    files: dict[str, str] = {}


class Plan(Struct, frozen=True, kw_only=True):
    """A plan.

    ``flags`` are Podman's global flags that were given, name and value, ``arguments`` the words of the command: with them
    the plan is applied.  ``complete``: nothing is left that can only be known once the plan is applied.  ``applyable``: it may be applied:
    libpod would succeed, nothing is deferred, and the host is this machine.  ``errored``: libpod would fail.
    """

    format_version: Literal["1.0"] = FORMAT_VERSION
    pypod_version: str
    libpod: str = LIBPOD_VERSION
    podman_installed: str = ""
    host: Host
    command: str = field(name="for", default="construction")
    flags: tuple[tuple[str, str], ...] = ()
    arguments: tuple[str, ...] = ()
    complete: bool = True
    applyable: bool = True
    errored: bool = False
    outcome: Literal["ready", "failed", "renumbered", "migrated"] = "ready"
    failure: Failure | None = None
    settings: dict[str, Setting] = {}
    runtimes: dict[str, str] = {}
    stages: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    holds: tuple[Hold, ...] = ()
    observations: Observations = Observations()
    diagnostics: tuple[Diagnostic, ...] = ()
    after_unknown: tuple[str, ...] = ()
    pins: Pins = Pins()


def encoded(plan: Plan) -> bytes:
    """The plan as JSON on one line.  Text that is not Unicode (surrogates in paths) is shown with U+FFFD."""
    try:
        return msgspec.json.encode(plan)
    except UnicodeEncodeError:
        return msgspec.json.encode(legible(msgspec.to_builtins(plan)))


def legible(value: Any) -> Any:
    """A plain value in which every text is Unicode."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {legible(key): legible(one) for key, one in value.items()}  # pyright: ignore[reportUnknownVariableType] - plain JSON
    if isinstance(value, (list, tuple)):
        return [legible(one) for one in value]  # pyright: ignore[reportUnknownVariableType] - plain JSON
    return value


def decoded(text: bytes | str) -> Plan:
    """A plan from its JSON; raises ``msgspec.MsgspecError`` where it is not one of this format."""
    return msgspec.json.decode(text, type=Plan)


def schema() -> bytes:
    """The JSON schema of the format, as it is published in ``pypod/schemas/plan.schema.json``."""
    from pypod.pure.plan.schema import published

    return published(f"A plan of pypod, format version {FORMAT_VERSION}", msgspec.json.schema(Plan))
