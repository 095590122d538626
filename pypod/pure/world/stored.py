"""Looking into state databases in the simulated kernel; only ``bolt_state.db`` is simulated.

What reads them is loaded by the few commands that ask for it: construction never does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeVar

from returns.result import Failure, Result

from pypod.pure.failure import HostError
from pypod.pure.world.database import Databases
from pypod.pure.world.state import Overlaid
from pypod.pure.world.tree import refusal

if TYPE_CHECKING:
    from pypod.pure.bolt.errors import BoltError
    from pypod.pure.bolt.snapshot import Snapshot
    from pypod.pure.effect import Effect
    from pypod.pure.state.facts import Containers, Content, Listed, References

T = TypeVar("T")

_NOT_SIMULATED: Final = "a described host's db.sql is not read"


class Stored(Databases):
    """In an open world the real machine is asked; a plan's own changes are not in what it answers."""

    def list_containers(self, path: str, /) -> Result[tuple[Listed, ...], HostError]:
        from pypod.pure.state.reading import listed_in
        from pypod.pure.vocabulary.state import ListContainers

        return self._look_into(path, ListContainers, listed_in)

    def read_containers(self, path: str, /) -> Result[Containers, HostError]:
        from pypod.pure.state.reading import containers_in
        from pypod.pure.vocabulary.state import ReadContainers

        return self._look_into(path, ReadContainers, containers_in)

    def read_references(self, path: str, /) -> Result[References, HostError]:
        from pypod.pure.state.reading import references_in
        from pypod.pure.vocabulary.state import ReadReferences

        return self._look_into(path, ReadReferences, references_in)

    def check_pages(self, path: str, /) -> Result[tuple[str, ...], HostError]:
        from pypod.pure.state.reading import damage_in
        from pypod.pure.vocabulary.state import CheckPages

        return self._look_into(path, CheckPages, damage_in)

    def read_content(self, path: str, /) -> Result[Content, HostError]:
        from pypod.pure.state.reading import content_in
        from pypod.pure.vocabulary.state import ReadContent

        return self._look_into(path, ReadContent, content_in)

    def _look_into(
        self, path: str, ask: Callable[[str], Effect[T]], reading: Callable[[Snapshot], Result[T, BoltError]]
    ) -> Result[T, HostError]:
        from pypod.pure.bolt.snapshot import open_snapshot
        from pypod.pure.database.buckets import damage
        from pypod.pure.state.choice import SQLITE_MAGIC

        found = self._file(path)
        if isinstance(found, HostError):
            return Failure(found)
        where, node = found
        if isinstance(node.content, Overlaid) or (node.seen and node.content is None):
            return self.asked(ask(where))
        content = self.bytes_of(where, node)
        if isinstance(content, int):
            return refusal(content, "open", path)
        if content.startswith(SQLITE_MAGIC):
            return Failure(HostError(0, "", path, _NOT_SIMULATED))
        snapshot = open_snapshot(content, self._page_size())
        read = snapshot if isinstance(snapshot, Failure) else reading(snapshot.unwrap())
        return read.alt(lambda error: damage(error, path))
