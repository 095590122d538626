"""The state database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from returns.result import Result

from pypod.pure.database.facts import ContainerFacts, DatabaseFacts, Expectation, StateChange, StateObjects
from pypod.pure.effect import DatabaseEffect, Observation
from pypod.pure.facts import Changed
from pypod.pure.failure import HostError

if TYPE_CHECKING:
    from pypod.pure.machine import DatabaseChanged, Observing


class ReadDatabase(Observation[DatabaseFacts], frozen=True):
    """The buckets and the runtime configuration, from a consistent snapshot.  Failures carry bbolt's words
    (``invalid database``) as their reason and ``open`` with an errno where the file could not be opened.
    """

    answer = DatabaseFacts

    path: str

    def see(self, machine: Observing, /) -> Result[DatabaseFacts, HostError]:
        return machine.read_database(self.path)

    def describe(self) -> str:
        return f"read the database {self.path}"


class ReadObjects(Observation[StateObjects], frozen=True):
    """The containers, pods and volumes, declared fields only."""

    answer = StateObjects

    path: str

    def see(self, machine: Observing, /) -> Result[StateObjects, HostError]:
        return machine.read_objects(self.path)

    def describe(self) -> str:
        return f"read the containers, pods and volumes of {self.path}"


class ReadContainer(Observation[ContainerFacts | None], frozen=True):
    """One container as it is now, declared fields only; ``None`` where it has no bucket."""

    answer = ContainerFacts | None

    path: str
    container: str

    def see(self, machine: Observing, /) -> Result[ContainerFacts | None, HostError]:
        return machine.read_container(self.path, self.container)

    def describe(self) -> str:
        return f"read container {self.container} of {self.path}"


class CreateDatabase(DatabaseEffect, frozen=True):
    """Open the database for writing (``O_RDWR|O_CREAT``, 0600) and make it an empty one where there is no file or an
    empty one.  Failures name ``open``, also for a file that is there but may not be written.
    """

    path: str

    def change(self, machine: DatabaseChanged, /) -> Result[Changed, HostError]:
        return machine.create_database(self.path)

    def describe(self) -> str:
        return f"create the database {self.path}"


class UpdateDatabase(DatabaseEffect, frozen=True):
    """One transaction.  It is committed, and so changes the file, even where every change is already so: as bbolt does.

    Fails with ESTALE, and nothing is done, where an expectation is not met.
    """

    path: str
    changes: tuple[StateChange, ...]
    expected: tuple[Expectation, ...] = ()

    def change(self, machine: DatabaseChanged, /) -> Result[Changed, HostError]:
        return machine.update_database(self.path, self.changes, self.expected)

    def describe(self) -> str:
        return f"update the database {self.path} ({len(self.changes)} changes)"


class BackUpDatabase(DatabaseEffect, frozen=True):
    """Copy the database to a new file (0600), which is on the disk when this is answered.  EEXIST where ``to`` is there."""

    path: str
    to: str

    def change(self, machine: DatabaseChanged, /) -> Result[Changed, HostError]:
        return machine.back_up_database(self.path, self.to)

    def describe(self) -> str:
        return f"back up the database {self.path} to {self.to}"
