"""Looking into a state database of either kind, ``bolt_state.db`` or ``db.sql``: from a consistent snapshot, without a lock.

The kind is told by the file's first bytes.  Failures are those of reading the database: ``open`` with an errno, else
what is wrong with the file, in the words of bbolt, SQLite or libpod.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from returns.result import Result

from pypod.pure.effect import Observation
from pypod.pure.failure import HostError
from pypod.pure.state.facts import Containers, Content, Listed, References

if TYPE_CHECKING:
    from pypod.pure.machine import Observing


class ListContainers(Observation[tuple[Listed, ...]], frozen=True):
    """The ids and names of the containers, in byte order of the ids; nothing else of them is read."""

    answer = tuple[Listed, ...]

    path: str

    def see(self, machine: Observing, /) -> Result[tuple[Listed, ...], HostError]:
        return machine.list_containers(self.path)

    def describe(self) -> str:
        return f"list the containers of {self.path}"


class ReadContainers(Observation[Containers], frozen=True):
    """The containers, as far as ``ps`` shows them."""

    answer = Containers

    path: str

    def see(self, machine: Observing, /) -> Result[Containers, HostError]:
        return machine.read_containers(self.path)

    def describe(self) -> str:
        return f"read the containers of {self.path}"


class ReadReferences(Observation[References], frozen=True):
    """What refers to what, and the configuration; declared fields only."""

    answer = References

    path: str

    def see(self, machine: Observing, /) -> Result[References, HostError]:
        return machine.read_references(self.path)

    def describe(self) -> str:
        return f"read what refers to what in {self.path}"


class CheckPages(Observation[tuple[str, ...]], frozen=True):
    """What is wrong with the pages of the file: bbolt's ``Check``, or SQLite's own checks."""

    answer = tuple[str, ...]

    path: str

    def see(self, machine: Observing, /) -> Result[tuple[str, ...], HostError]:
        return machine.check_pages(self.path)

    def describe(self) -> str:
        return f"check the pages of {self.path}"


class ReadContent(Observation[Content], frozen=True):
    """Everything that the database contains, secrets among it."""

    answer = Content

    path: str

    def see(self, machine: Observing, /) -> Result[Content, HostError]:
        return machine.read_content(self.path)

    def describe(self) -> str:
        return f"read everything in {self.path}"
