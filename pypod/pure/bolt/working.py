"""A bucket while it is changed: which of its pages were taken into memory, and the search for a key through both.

What a change touches is decided here as bbolt decides it: the pages from the root to the leaf of a key that is put or
deleted are taken, nothing else; every page that was taken is written anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from msgspec import Struct

from pypod.pure.bolt import branch, leaf
from pypod.pure.bolt.bucket import DEEPEST, HEADER
from pypod.pure.bolt.errors import DamagedError
from pypod.pure.bolt.leaf import BUCKET_FLAG
from pypod.pure.bolt.node import Branch, Leaf, Node
from pypod.pure.bolt.page import BRANCH, LEAF, Pages, inline_page, of_tree


class FreePages(Struct, frozen=True):
    """The free pages of a file, ascending: those that the next transaction may use; and the same as the file has them.  The
    freelist is ``page`` with as many that belong to it as ``overflow`` says.
    """

    page: int
    overflow: int
    ids: Sequence[int]
    packed: bytes


class Nodes:
    """Pages of a file as nodes, by id, with their overflow.  They are shared: nobody changes them.

    Kept from one transaction to the next they are right as long as nobody else writes the file: a page that is
    in use is never written.  ``free`` are the free pages as they were written last, and the freelist's own pages.
    """

    __slots__ = ("_held", "free")

    def __init__(self) -> None:
        self._held: dict[int, tuple[Node, int]] = {}
        self.free: FreePages | None = None

    def get(self, number: int) -> tuple[Node, int] | None:
        """What is known of a page."""
        return self._held.get(number)

    def put(self, number: int, node: Node, overflow: int) -> None:
        """Keep a node that was read from a page, or was written to it."""
        # As the newest: what all transactions go through is written by each, and so is not forgotten.
        self._held.pop(number, None)
        self._held[number] = node, overflow

    def forget(self, *, most: int) -> None:
        """Forget those that were kept first where they are more than so many."""
        for number in list(islice(self._held, max(len(self._held) - most, 0))):
            del self._held[number]


class Source:
    """The pages of the former snapshot as nodes."""

    __slots__ = ("nodes", "pages")

    def __init__(self, pages: Pages, nodes: Nodes) -> None:
        self.pages = pages
        self.nodes = nodes

    def node(self, number: int) -> Node:
        """A page of a tree."""
        known = self.nodes.get(number)
        if known is not None:
            return known[0]
        page = of_tree(self.pages.page(number))
        self.pages.spend(page.count, number, page.start)
        found = branch.node(page) if page.flags & BRANCH else leaf.node(page)
        self.nodes.put(number, found, page.overflow)
        return found

    def extent(self, number: int) -> int:
        """How many pages belong to the one with this id, itself included."""
        known = self.nodes.get(number)
        return self.room(number, self.pages.page(number).overflow if known is None else known[1])

    def room(self, number: int, overflow: int) -> int:
        """How many pages belong to one with this overflow, itself included; they must lie in the file."""
        if number + overflow >= self.pages.high_water:
            start = number * self.pages.page_size
            raise DamagedError(f"page {number}: out of bounds: {self.pages.high_water}", number, start)
        return overflow + 1


class Working:
    """A bucket of a write transaction.  ``node`` is its root where that was taken; ``opened`` the buckets in it that
    changes went through; ``unbalanced`` the nodes from which something was deleted.
    """

    __slots__ = ("_depth", "_read", "_source", "node", "opened", "root", "sequence", "unbalanced")

    def __init__(self, source: Source, root: int, sequence: int, inside: Leaf | None = None, depth: int = 0) -> None:
        self._source = source
        self._read = inside
        self._depth = depth
        self.root = root
        self.sequence = sequence
        self.node: Node | None = None
        self.opened: dict[bytes, Working] = {}
        self.unbalanced: list[Node] = []

    def look(self, key: bytes) -> tuple[int, bytes] | None:
        """Flags and value of a key; takes nothing."""
        node = self.node if self.node is not None else self._root_as_read()
        for _ in range(DEEPEST):
            if isinstance(node, Leaf):
                index = node.find(key)
                return None if index < 0 else (node.flags[index], node.values[index])
            held = node.children[node.index_for(key)]
            node = self._source.node(held) if isinstance(held, int) else held
        raise DamagedError(f"page {self.root}: the tree is too deep", self.root, -1)

    def leaf_for(self, key: bytes) -> Leaf:
        """The leaf where a key is or belongs, taken with all nodes above it."""
        node: Node = self.taken_root()
        for _ in range(DEEPEST):
            if isinstance(node, Leaf):
                return node
            node = self.taken(node, node.index_for(key))
        raise DamagedError(f"page {self.root}: the tree is too deep", self.root, -1)

    def delete(self, key: bytes) -> None:
        """Delete a key that is there, whatever it holds."""
        node = self.leaf_for(key)
        node.delete(key)
        self.unbalanced.append(node)

    def taken_root(self) -> Node:
        """The root, taken."""
        if self.node is None:
            self.node = self._root_as_read().copy()
        return self.node

    def taken(self, parent: Branch, index: int) -> Node:
        """A child, taken."""
        held = parent.children[index]
        if isinstance(held, int):
            held = self._source.node(held).copy()
            held.parent = parent
            parent.children[index] = held
        return held

    def bucket(self, key: bytes) -> Working | None:
        """A bucket in this one; ``None`` where it is absent or a plain key."""
        found = self.opened.get(key)
        if found is None:
            held = self.look(key)
            if held is None or not held[0] & BUCKET_FLAG:
                return None
            found = self.opened[key] = self._nested(held[1])
        return found

    def flagged(self) -> list[tuple[bytes, int]]:
        """The keys that are in it now, in their order, each with its flags."""
        nodes = [self.node if self.node is not None else self._root_as_read()]
        found: list[tuple[bytes, int]] = []
        while nodes:
            node = nodes.pop()
            self._source.pages.spend(1, node.page, -1)
            if isinstance(node, Branch):
                below = [self._source.node(held) if isinstance(held, int) else held for held in node.children]
                nodes += reversed(below)
            else:
                found += zip(node.keys, node.flags, strict=True)
        return found

    def pages_as_read(self) -> list[int]:
        """The pages of the tree in the former snapshot; none of an inline bucket's."""
        found = [self.root] if self.root else []
        for number in found:
            node = self._source.node(number)
            self._source.pages.spend(1, number, -1)
            if isinstance(node, Branch):
                found += [held for held in node.children if isinstance(held, int)]
        return found

    def names_of_buckets(self) -> list[bytes]:
        """The keys of the buckets that are in it now."""
        return [key for key, flags in self.flagged() if flags & BUCKET_FLAG]

    def _root_as_read(self) -> Node:
        return self._source.node(self.root) if self._read is None else self._read

    def _nested(self, value: bytes) -> Working:
        if len(value) < HEADER.size:
            raise DamagedError(f"page {self.root}: bucket without a header", self.root, -1)
        if self._depth == DEEPEST:
            raise DamagedError(f"page {self.root}: buckets are nested too deep", self.root, -1)
        root, sequence = HEADER.unpack_from(value)
        inside = None if root else inline_leaf(value, self.root)
        return Working(self._source, root, sequence, inside, self._depth + 1)


def inline_leaf(value: bytes, holder: int) -> Leaf:
    """The leaf in the value of an inline bucket."""
    page = inline_page(holder, 0, value[HEADER.size :])
    if not page.flags & LEAF:
        raise DamagedError(f"page {holder}: inline bucket that is no leaf", holder, -1)
    found = leaf.node(page)
    found.page = 0
    return found
