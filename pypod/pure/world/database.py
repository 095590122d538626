"""The state database in the simulated kernel.

A file is a bolt database when its bytes are one; a transaction changes them as bbolt would, so its size comes out as
bbolt's.  In an open world what the real host answered is the base, and typed changes are laid over it.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

from returns.result import Failure, Result, Success

from pypod.pure.database.facts import ContainerFacts, DatabaseFacts, Expectation, ExpectTxid, StateChange, StateObjects
from pypod.pure.database.file import Database, database_of, empty_database
from pypod.pure.database.runtime_config import facts_of_database
from pypod.pure.facts import NOTHING_CHANGED, Changed, FileType, HostFacts
from pypod.pure.failure import HostError
from pypod.pure.vocabulary.database import ReadDatabase, ReadObjects
from pypod.pure.vocabulary.files import ReadFile
from pypod.pure.vocabulary.host import DescribeHost
from pypod.pure.world.namespaces import Namespaces
from pypod.pure.world.state import Node, Overlaid
from pypod.pure.world.tree import PAGE, READ, pages_of, refusal, replaced

if TYPE_CHECKING:
    from pypod.pure.database.tree import Tree

_NOTHING: Final[Result[Changed, HostError]] = Success(NOTHING_CHANGED)
_COMMITTED: Final = "transaction"
"""What changed where every change was so already: bbolt commits all the same, with the next transaction id."""
_USUAL_PAGE: Final = 4096
_SMALLEST: Final = 1 << 15
"""What a file has at least, in bytes, once bbolt has written to it."""


class Databases(Namespaces):
    """Opening fails as bbolt's ``Open`` does; a transaction is all or nothing."""

    def _page_size(self) -> int:
        facts = self.world.facts
        return facts.page_size if facts is not None else self.asked(DescribeHost()).map(_page).value_or(_USUAL_PAGE)

    def _file(self, path: str) -> tuple[str, Node] | HostError:
        found = self.found(path)
        if isinstance(found, int):
            return HostError(found, "open", path)
        node = found[1]
        if not (self.world.open and node.seen) and not self.permits(node, READ):
            return HostError(errno.EACCES, "open", path)
        return HostError(errno.EISDIR, "read", path) if node.type is FileType.DIRECTORY else found

    def _database(self, path: str, where: str, node: Node) -> Result[Database, HostError]:
        if isinstance(node.content, Database):
            return Success(node.content)
        content = self.bytes_of(where, node)
        if isinstance(content, int):
            return refusal(content, "open", path)
        return database_of(content, self._page_size(), path)

    def read_database(self, path: str, /) -> Result[DatabaseFacts, HostError]:
        found = self._file(path)
        if isinstance(found, HostError):
            return Failure(found)
        where, node = found
        if isinstance(node.content, Overlaid):
            return Success(node.content.facts)
        if node.seen and node.content is None:
            return self.asked(ReadDatabase(where))
        return self._database(path, where, node).map(facts_of_database)

    def read_objects(self, path: str, /) -> Result[StateObjects, HostError]:
        found = self._file(path)
        if isinstance(found, HostError):
            return Failure(found)
        where, node = found
        if isinstance(node.content, Overlaid):
            from pypod.pure.world.overlaid import objects_after

            changes = node.content.changes
            return self.asked(ReadObjects(where)).map(lambda objects: objects_after(objects, changes))
        if node.seen and node.content is None:
            return self.asked(ReadObjects(where))
        from pypod.pure.database.objects import objects_of_database

        return self._database(path, where, node).map(objects_of_database)

    def read_container(self, path: str, container: str, /) -> Result[ContainerFacts | None, HostError]:
        def picked(objects: StateObjects) -> ContainerFacts | None:
            known = (*objects.containers, *objects.unlisted_containers)
            return next((one for one in known if one.id == container and not one.listed_only), None)

        return self.read_objects(path).map(picked)

    def create_database(self, path: str, /) -> Result[Changed, HostError]:
        opened = self._opened(path, 0o600)
        if isinstance(opened, int):
            return refusal(opened, "open", path)
        where, node, created = opened
        if not created and node.size:
            return _NOTHING
        content = empty_database(self._page_size())
        size = content.size
        room = self.room_for(where, size)
        if room < size:
            self.put(where, replaced(node, content=bytes(room), size=room, seen=False))
            return refusal(errno.ENOSPC, "write", path)
        change = self.put(where, replaced(node, content=content, size=size, seen=False))
        return Success(Changed((replaced(change, detail="empty database"),)))

    def back_up_database(self, path: str, to: str, /) -> Result[Changed, HostError]:
        found = self._file(path)
        if isinstance(found, HostError):
            return Failure(found)
        content = self.bytes_of(*found)
        if isinstance(content, int):
            return refusal(content, "open", path)
        return self.create_file(to, 0o600, content, True)

    def update_database(
        self, path: str, changes: tuple[StateChange, ...], expected: tuple[Expectation, ...] = (), /
    ) -> Result[Changed, HostError]:
        found = self._file(path)
        if isinstance(found, HostError):
            return Failure(found)
        where, node = found
        refused = self._writing(where, node)
        if refused:
            return refusal(refused, "open", path)
        if expected:
            differs = self._unmet(path, where, node, expected)
            if isinstance(differs, Failure):
                return differs
            if differs.unwrap():
                return Failure(HostError(errno.ESTALE, "update", path, differs.unwrap()))
        if isinstance(node.content, Overlaid) or (node.seen and node.content is None):
            return self._overlaid(path, where, node, changes)
        database = self._database(path, where, node)
        if isinstance(database, Failure):
            return database
        return self._transaction(path, where, node, database.unwrap(), changes)

    def _unmet(self, path: str, where: str, node: Node, expected: tuple[Expectation, ...]) -> Result[str, HostError]:
        """What differs from the expectations; empty where they are met."""
        from pypod.pure.database.expectations import unmet
        from pypod.pure.database.tree import Tree

        facts = self.read_database(path)
        if isinstance(facts, Failure):
            return facts
        tree: Result[Tree, HostError] = Success(Tree())
        if not all(isinstance(one, ExpectTxid) for one in expected):
            tree = self._tree(path, where, node)
        txid = facts.unwrap().txid
        return tree.map(lambda content: unmet(expected, txid, content))

    def _tree(self, path: str, where: str, node: Node) -> Result[Tree, HostError]:
        """The whole content, what was laid over a real database included."""
        if not isinstance(node.content, Overlaid):
            return self._database(path, where, node).map(_content)
        read = self.asked(ReadFile(where))
        if isinstance(read, Failure):
            return read
        from pypod.pure.database.tree import applied

        base = database_of(read.unwrap(), self._page_size(), path)
        return base if isinstance(base, Failure) else applied(base.unwrap().tree, node.content.changes).map(_first)

    def _transaction(
        self, path: str, where: str, node: Node, database: Database, changes: tuple[StateChange, ...]
    ) -> Result[Changed, HostError]:
        outcome = database.updated(changes, path)
        if isinstance(outcome, Failure):
            return outcome
        content, details = outcome.unwrap()
        size = content.size
        written = replaced(node, content=content, size=size, seen=False)
        room = self.room_for(where, size)
        if room < size and pages_of(written) * PAGE > room:
            if size > node.size:
                # The file is made longer first, which takes no room: a page takes it that is written.
                grown = replaced(database, file=database.file.ljust(size, b"\0"))
                self.put(where, replaced(written, content=grown))
            return refusal(errno.ENOSPC, "write", path)
        change = self.put(where, written)
        return Success(Changed(tuple(replaced(change, detail=detail) for detail in details or (_COMMITTED,))))

    def _overlaid(
        self, path: str, where: str, node: Node, changes: tuple[StateChange, ...]
    ) -> Result[Changed, HostError]:
        """The changes over what the real host answered; objects are asked only where a change touches one."""
        from pypod.pure.world.overlaid import facts_after, place_of, touches_objects

        base = self.read_database(path)
        if isinstance(base, Failure):
            return base
        facts = base.unwrap()
        earlier = node.content.changes if isinstance(node.content, Overlaid) else ()
        after, details = facts_after(facts, changes)
        touching = tuple(change for change in changes if touches_objects(change))
        if touching:
            objects = self.read_objects(path)
            if isinstance(objects, Failure):
                return objects
            found = {*details, *_touched(objects.unwrap(), touching)}
            details = tuple(dict.fromkeys(place for place in map(place_of, changes) if place in found))
        size = max(node.size, _SMALLEST)
        content = Overlaid(replaced(after, txid=facts.txid + 1, size=size), (*earlier, *changes))
        change = self.put(where, replaced(node, content=content, size=size))
        return Success(Changed(tuple(replaced(change, detail=detail) for detail in details or (_COMMITTED,))))


def _touched(objects: StateObjects, changes: tuple[StateChange, ...]) -> tuple[str, ...]:
    """Where changes of objects change something, or may do so: a field that was not declared cannot be compared."""
    from pypod.pure.world.overlaid import may_change, place_of

    return tuple(dict.fromkeys(place_of(change) for change in changes if may_change(objects, change)))


def _content(database: Database) -> Tree:
    return database.tree


def _first(after: tuple[Tree, tuple[str, ...]]) -> Tree:
    return after[0]


def _page(facts: HostFacts) -> int:
    return facts.page_size
