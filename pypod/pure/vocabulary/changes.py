"""Changing files.  Modes are as asked for, before the umask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from returns.result import Result

from pypod.pure.effect import Effect, Kind
from pypod.pure.facts import Changed
from pypod.pure.failure import HostError

if TYPE_CHECKING:
    from pypod.pure.machine import Machine


class MakeDirectories(Effect[Changed], frozen=True):
    """Make a directory and those above it (Go's ``os.MkdirAll``); present ones are left as they are.  Failures name ``mkdir``
    and the directory that could not be made.
    """

    kind = Kind.CHANGE
    answer = Changed

    path: str
    mode: int

    def via(self, machine: Machine, /) -> Result[Changed, HostError]:
        return machine.make_directories(self.path, self.mode)

    def describe(self) -> str:
        return f"make directory {self.path} ({self.mode:04o})"


class CreateFile(Effect[Changed], frozen=True):
    """Create a file with this content if it is missing (``O_CREAT``); ``exclusive``: fail with EEXIST if it is there
    (``O_EXCL``).  A present file keeps its content; it is opened for writing too, unless the mode lets nobody write.
    """

    kind = Kind.CHANGE
    answer = Changed

    path: str
    mode: int
    content: bytes = b""
    exclusive: bool = False

    def via(self, machine: Machine, /) -> Result[Changed, HostError]:
        return machine.create_file(self.path, self.mode, self.content, self.exclusive)

    def describe(self) -> str:
        return f"create file {self.path} ({self.mode:04o})"


class WriteFile(Effect[Changed], frozen=True):
    """Write a file whole (``O_CREAT|O_TRUNC``); nothing changed if it holds just that."""

    kind = Kind.CHANGE
    answer = Changed

    path: str
    mode: int
    content: bytes

    def via(self, machine: Machine, /) -> Result[Changed, HostError]:
        return machine.write_file(self.path, self.mode, self.content)

    def describe(self) -> str:
        return f"write {self.path}"


class ReplaceFile(Effect[Changed], frozen=True):
    """Put a new file in the place of what is there, whole or not at all: written beside it, on the disk, and renamed
    (containers/storage's ``AtomicWriteFile``).  The mode is not subject to the umask.
    """

    kind = Kind.CHANGE
    answer = Changed

    path: str
    mode: int
    content: bytes

    def via(self, machine: Machine, /) -> Result[Changed, HostError]:
        return machine.replace_file(self.path, self.mode, self.content)

    def describe(self) -> str:
        return f"replace {self.path}"


class AppendFile(Effect[Changed], frozen=True):
    """Append to a file, made if missing (``O_APPEND|O_CREAT|O_WRONLY``)."""

    kind = Kind.CHANGE
    answer = Changed

    path: str
    mode: int
    content: bytes

    def via(self, machine: Machine, /) -> Result[Changed, HostError]:
        return machine.append_file(self.path, self.mode, self.content)

    def describe(self) -> str:
        return f"append to {self.path}"


class WriteToken(Effect[Changed], frozen=True):
    """Write a last-writer token: 64 bytes at offset 0 of a lock file (containers/storage's ``lockfile.Touch``)."""

    kind = Kind.CHANGE
    answer = Changed

    path: str
    token: str

    def via(self, machine: Machine, /) -> Result[Changed, HostError]:
        return machine.write_token(self.path, self.token)

    def describe(self) -> str:
        return f"write the last-writer token of {self.path}"


class RemoveFile(Effect[Changed], frozen=True):
    """Remove a file or an empty directory (Go's ``os.Remove``); failures name ``remove``."""

    kind = Kind.CHANGE
    answer = Changed

    path: str

    def via(self, machine: Machine, /) -> Result[Changed, HostError]:
        return machine.remove_file(self.path)

    def describe(self) -> str:
        return f"remove {self.path}"


class RemoveTree(Effect[Changed], frozen=True):
    """Remove a path and all below it (Go's ``os.RemoveAll``); a missing one is no failure."""

    kind = Kind.CHANGE
    answer = Changed

    path: str

    def via(self, machine: Machine, /) -> Result[Changed, HostError]:
        return machine.remove_tree(self.path)

    def describe(self) -> str:
        return f"remove {self.path} and all below it"


class ChangeMode(Effect[Changed], frozen=True):
    """Set the twelve permission bits of a path."""

    kind = Kind.CHANGE
    answer = Changed

    path: str
    mode: int

    def via(self, machine: Machine, /) -> Result[Changed, HostError]:
        return machine.change_mode(self.path, self.mode)

    def describe(self) -> str:
        return f"set the mode of {self.path} to {self.mode:04o}"


class ChangeOwner(Effect[Changed], frozen=True):
    """Set the owner of a path."""

    kind = Kind.CHANGE
    answer = Changed

    path: str
    uid: int
    gid: int

    def via(self, machine: Machine, /) -> Result[Changed, HostError]:
        return machine.change_owner(self.path, self.uid, self.gid)

    def describe(self) -> str:
        return f"give {self.path} to {self.uid}:{self.gid}"
