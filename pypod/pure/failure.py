"""Why something did not work: what a host refused, and what libpod would have said.

:class:`HostError` is the answer of a machine that could not.  A :data:`Problem` is the end of an operation, in
libpod's own words.  A machine never makes a Problem and a decision never makes a HostError.

Rule 1: a Problem's ``message`` is libpod's whole text, as it stands after ``Error: ``.
Rule 2: the innermost stage names it; wrapping adds text in front and keeps everything else.
Rule 3: the class is libpod's sentinel (``libpod/define/errors.go``); texts belong to the decisions.
"""

from __future__ import annotations

from typing import ClassVar, Self, TypeAlias

import msgspec
from msgspec import Struct

from pypod.pure.gotext import errno_text


class HostError(Struct, frozen=True):
    """A machine could not do what an effect asked.

    ``errno`` is the number of the errno or 0 where the failure is not the kernel's (a damaged database);
    ``call`` the operation as Go's ``os.PathError`` names it (``open``, ``mkdir``, ``stat``, ``fork/exec``);
    ``subject`` the path or name; ``text`` replaces the errno's text where there is none or another.
    """

    errno: int
    call: str
    subject: str
    text: str = ""

    @property
    def reason(self) -> str:
        """The last part: ``no such file or directory``."""
        return self.text or errno_text(self.errno)

    @property
    def message(self) -> str:
        """As Go prints a PathError: ``open /x: permission denied``."""
        return f"{self.call} {self.subject}: {self.reason}" if self.call else self.reason


class _Problem(Struct, frozen=True, tag_field="kind"):
    """What every problem has.

    ``message``: libpod's text.  ``stage``: the innermost stage that ran.  ``subject``: the file, setting or object
    it is about.  ``cause``: what the host answered, if it was the host.  ``exit_status``: the one Podman would give.
    ``hint``: what to do about it, in our words.  ``diagnosis``: the entry of ``docs/diagnoses.md``, such as ``RT-01``.
    """

    sentinel: ClassVar[str] = ""

    message: str
    subject: str = ""
    stage: str = ""
    cause: HostError | None = None
    exit_status: int = 125
    hint: str = ""
    diagnosis: str = ""

    @classmethod
    def saying(
        cls, text: str, subject: str = "", *, cause: HostError | None = None, hint: str = "", diagnosis: str = ""
    ) -> Self:
        """The problem with libpod's wrapped text: ``text: sentinel`` (``errors.Wrapf(ErrX, text)``)."""
        message = f"{text}: {cls.sentinel}" if text and cls.sentinel else text or cls.sentinel
        return cls(message, subject, cause=cause, hint=hint, diagnosis=diagnosis)

    def wrapped(self, text: str) -> Self:
        """With ``text: `` in front: Go's ``errors.Wrap``."""
        return msgspec.structs.replace(self, message=f"{text}: {self.message}") if text else self

    def within(self, stage: str) -> Self:
        """Named after the stage, unless an inner one named it already."""
        return self if self.stage else msgspec.structs.replace(self, stage=stage)

    def hinting(self, hint: str, diagnosis: str = "") -> Self:
        """With our advice added."""
        return msgspec.structs.replace(self, hint=hint, diagnosis=diagnosis or self.diagnosis)


class Refused(_Problem, frozen=True):
    """The host refused: the message ends with the kernel's word."""


class Misconfigured(_Problem, frozen=True):
    """A configuration that Podman's command does not start with (status 1, said in its log)."""


class Misused(_Problem, frozen=True):
    """A command line that Podman's command does not take."""


class InvalidArgument(_Problem, frozen=True):
    """libpod's ErrInvalidArg."""

    sentinel = "invalid argument"


class RuntimeFinalized(_Problem, frozen=True):
    """libpod's ErrRuntimeFinalized."""

    sentinel = "runtime has been finalized"


class RuntimeStopped(_Problem, frozen=True):
    """libpod's ErrRuntimeStopped."""

    sentinel = "runtime has already been stopped"


class ConmonOutdated(_Problem, frozen=True):
    """libpod's ErrConmonOutdated."""

    sentinel = "outdated conmon version"


class DatabaseMismatch(_Problem, frozen=True):
    """libpod's ErrDBBadConfig."""

    sentinel = "database configuration mismatch"


class DatabaseClosed(_Problem, frozen=True):
    """libpod's ErrDBClosed."""

    sentinel = "database connection already closed"


class DatabaseUnreadable(_Problem, frozen=True):
    """The database could not be opened or read: a bbolt error, or a panic of bbolt's that pypod reports instead."""


class NoSuchContainer(_Problem, frozen=True):
    """libpod's ErrNoSuchCtr."""

    sentinel = "no such container"


class ContainerStopped(_Problem, frozen=True):
    """libpod's ErrCtrStopped."""

    sentinel = "container is stopped"


class ContainerStateInvalid(_Problem, frozen=True):
    """libpod's ErrCtrStateInvalid."""

    sentinel = "container state improper"


class ConmonDead(_Problem, frozen=True):
    """libpod's ErrConmonDead."""

    sentinel = "conmon process killed"


class RuntimeNotFound(_Problem, frozen=True):
    """libpod's ErrOCIRuntimeNotFound."""

    sentinel = "OCI runtime attempted to invoke a command that was not found"


class ContainerExists(_Problem, frozen=True):
    """libpod's ErrCtrExists, which it also gives for an ambiguous id."""

    sentinel = "container already exists"


class PodExists(_Problem, frozen=True):
    """libpod's ErrPodExists, which it also gives for an ambiguous id."""

    sentinel = "pod already exists"


class EmptyName(_Problem, frozen=True):
    """libpod's ErrEmptyID."""

    sentinel = "name or ID cannot be empty"


class NamespaceMismatch(_Problem, frozen=True):
    """libpod's ErrNSMismatch."""

    sentinel = "target is in a different namespace"


class NoSuchPod(_Problem, frozen=True):
    """libpod's ErrNoSuchPod."""

    sentinel = "no such pod"


class NoSuchVolume(_Problem, frozen=True):
    """libpod's ErrNoSuchVolume."""

    sentinel = "no such volume"


class VolumeExists(_Problem, frozen=True):
    """libpod's ErrVolumeExists, which it also gives for an ambiguous name."""

    sentinel = "volume already exists"


class Internal(_Problem, frozen=True):
    """libpod's ErrInternal."""

    sentinel = "internal libpod error"


class StoreIncomplete(_Problem, frozen=True):
    """containers/storage's ErrIncompleteOptions."""

    sentinel = "missing necessary StoreOptions"


class DriverUnsupported(_Problem, frozen=True):
    """containers/storage's graphdriver.ErrNotSupported: the driver is not in the build or not in the kernel."""

    sentinel = "driver not supported"


class DriverPrerequisites(_Problem, frozen=True):
    """containers/storage's graphdriver.ErrPrerequisites."""

    sentinel = "prerequisites for driver not satisfied (wrong filesystem?)"


class DriverIncompatible(_Problem, frozen=True):
    """containers/storage's graphdriver.ErrIncompatibleFS."""

    sentinel = "backing file system is unsupported for this graph driver"


class StoreRefused(_Problem, frozen=True):
    """Any other failure of opening the store: a bad driver option, a probe that broke, an unusable layer table."""


Problem: TypeAlias = (
    Refused
    | Misconfigured
    | Misused
    | InvalidArgument
    | RuntimeFinalized
    | RuntimeStopped
    | ConmonOutdated
    | DatabaseMismatch
    | DatabaseClosed
    | DatabaseUnreadable
    | NoSuchContainer
    | ContainerStopped
    | ContainerStateInvalid
    | ConmonDead
    | RuntimeNotFound
    | ContainerExists
    | PodExists
    | EmptyName
    | NamespaceMismatch
    | NoSuchPod
    | NoSuchVolume
    | VolumeExists
    | Internal
    | StoreIncomplete
    | DriverUnsupported
    | DriverPrerequisites
    | DriverIncompatible
    | StoreRefused
)
"""Every way an operation can end badly."""


class Departed(Struct, frozen=True):
    """The process was left: the exit status with which it would have ended."""

    status: int


Ending: TypeAlias = Problem | Departed
"""How a program can end early."""
