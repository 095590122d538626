"""Nodes: pages taken into memory to be changed, and how a node is cut into pages.

A branch holds for each key the id of a page, or the node into which that page was taken.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from pypod.pure.bolt.page import ELEMENT_SIZE, HEADER_SIZE

FEWEST: Final = 2
"""A page that comes out of a cut has so many elements at least."""


class Leaf:
    """Keys with their values, ascending.  ``flags`` are the elements'; ``page`` is where it was read, 0 for nowhere."""

    __slots__ = ("flags", "keys", "page", "parent", "unbalanced", "values")
    fewest: Final = 1

    def __init__(self, keys: list[bytes], values: list[bytes], flags: list[int], page: int = 0) -> None:
        self.keys = keys
        self.values = values
        self.flags = flags
        self.page = page
        self.parent: Branch | None = None
        self.unbalanced = False

    def find(self, key: bytes) -> int:
        """The index of a key, -1 where it is absent."""
        index = bisect_left(self.keys, key)
        return index if index < len(self.keys) and self.keys[index] == key else -1

    def put(self, key: bytes, value: bytes, flags: int) -> None:
        """Set a key."""
        index = bisect_left(self.keys, key)
        if index < len(self.keys) and self.keys[index] == key:
            self.values[index], self.flags[index] = value, flags
            return
        self.keys.insert(index, key)
        self.values.insert(index, value)
        self.flags.insert(index, flags)

    def delete(self, key: bytes) -> None:
        """Delete a key that is there; the node may then have to be merged."""
        index = self.find(key)
        del self.keys[index], self.values[index], self.flags[index]
        self.unbalanced = True

    def sizes(self) -> list[int]:
        """The bytes that each element takes in a page."""
        return [ELEMENT_SIZE + len(key) + len(value) for key, value in zip(self.keys, self.values, strict=True)]

    def size(self) -> int:
        """The bytes that it takes as a page, its header included."""
        count = len(self.keys)
        return HEADER_SIZE + ELEMENT_SIZE * count + sum(map(len, self.keys)) + sum(map(len, self.values))

    def copy(self) -> Leaf:
        """The node to change; the original stays as it was read."""
        return Leaf(list(self.keys), list(self.values), list(self.flags), self.page)

    def part(self, start: int, end: int) -> Leaf:
        """Some of its elements as a node of its own."""
        return Leaf(self.keys[start:end], self.values[start:end], self.flags[start:end])


class Branch:
    """Keys with their children: the first key of a child, and its page id or node."""

    __slots__ = ("children", "keys", "page", "parent", "unbalanced")
    fewest: Final = 2

    def __init__(self, keys: list[bytes], children: list[int | Leaf | Branch], page: int = 0) -> None:
        self.keys = keys
        self.children = children
        self.page = page
        self.parent: Branch | None = None
        self.unbalanced = False

    def index_for(self, key: bytes) -> int:
        """The last child whose key is not above the wanted one, or the first."""
        return max(bisect_right(self.keys, key) - 1, 0)

    def index_of(self, child: Node) -> int:
        """Where a child is."""
        return next(index for index, held in enumerate(self.children) if held is child)

    def drop(self, child: Node) -> None:
        """Without a child; the node may then have to be merged."""
        index = self.index_of(child)
        del self.keys[index], self.children[index]
        self.unbalanced = True

    def sizes(self) -> list[int]:
        """The bytes that each element takes in a page."""
        return [ELEMENT_SIZE + len(key) for key in self.keys]

    def size(self) -> int:
        """The bytes that it takes as a page, its header included."""
        return HEADER_SIZE + ELEMENT_SIZE * len(self.keys) + sum(map(len, self.keys))

    def copy(self) -> Branch:
        """The node to change; the original stays as it was read."""
        return Branch(list(self.keys), list(self.children), self.page)

    def part(self, start: int, end: int) -> Branch:
        """Some of its elements as a node of its own."""
        return Branch(self.keys[start:end], self.children[start:end])


Node: TypeAlias = Leaf | Branch


def parts(node: Node, page_size: int) -> list[Node]:
    """A node as the nodes of one page each that it becomes."""
    if len(node.keys) <= 2 * FEWEST or node.size() < page_size:
        return [node]
    return [node.part(start, end) for start, end in parts_of(node.sizes(), page_size)]


def _is_cut(count: int, size: int, page_size: int) -> bool:
    return count > 2 * FEWEST and size >= page_size


def parts_of(sizes: Sequence[int], page_size: int) -> Iterator[tuple[int, int]]:
    """Where a node with elements of these sizes is cut: the beginning and end of each part (``node.split``).

    Nothing is cut with fewer than five elements or less than a page.  A part is filled to half a page, and each
    has two elements at least: so a page can be bigger than ``page_size``.
    """
    start, rest = 0, HEADER_SIZE + sum(sizes)
    while _is_cut(len(sizes) - start, rest, page_size):
        end, filled = start, HEADER_SIZE
        for end in range(start, len(sizes) - FEWEST):
            if end - start >= FEWEST and filled + sizes[end] > page_size // 2:
                break
            filled += sizes[end]
        rest -= sum(sizes[start:end])
        yield start, end
        start = end
    yield start, len(sizes)
