"""Writing: every node that was taken gets new pages, children before parents, buckets before the bucket that holds them.

Follows ``node.spill`` and ``Bucket.spill``.
"""

from __future__ import annotations

from typing import Final

from pypod.pure.bolt import branch, leaf
from pypod.pure.bolt.bucket import HEADER
from pypod.pure.bolt.leaf import BUCKET_FLAG
from pypod.pure.bolt.node import Branch, Leaf, Node, parts
from pypod.pure.bolt.space import Space
from pypod.pure.bolt.working import Source, Working
from pypod.pure.bolt.writes import Write

INLINE_SHARE: Final = 4
"""A bucket is written into the value of its key where it takes no more than this part of a page."""


class Spill:
    """Where the new pages go: ``writes`` are theirs, in the order of allocation."""

    def __init__(self, source: Source, space: Space) -> None:
        self._source = source
        self._space = space
        self.writes: list[Write] = []
        self._written_nodes: list[tuple[int, Node, int]] = []

    def remember(self) -> None:
        """Keep what was written as what the next transaction reads."""
        for number, node, overflow in self._written_nodes:
            node.page, node.parent = number, None
            self._source.nodes.put(number, node, overflow)

    def bucket(self, bucket: Working) -> None:
        """The buckets opened in it, then its own nodes; ``root`` is then its new root page."""
        for key, inside in sorted(bucket.opened.items()):
            value = self._value(inside)
            if value:
                bucket.leaf_for(key).put(key, value, BUCKET_FLAG)
        if bucket.node is not None:
            bucket.root = self._tree(bucket.node)

    def _value(self, bucket: Working) -> bytes:
        """What stands for a bucket in the one that holds it; nothing where it did not change."""
        if isinstance(bucket.node, Leaf) and fits_inline(bucket.node, self._space.page_size):
            self._release(bucket.node)
            return HEADER.pack(0, bucket.sequence) + leaf.encoded(bucket.node)
        self.bucket(bucket)
        return b"" if bucket.node is None else HEADER.pack(bucket.root, bucket.sequence)

    def _tree(self, root: Node) -> int:
        pages = self._pages(root)
        while len(pages) > 1:
            pages = self._pages(Branch([key for key, _ in pages], [page for _, page in pages]))
        return pages[0][1]

    def _pages(self, node: Node) -> list[tuple[bytes, int]]:
        """The pages that a node becomes: the first key and the id of each."""
        if isinstance(node, Branch):
            node = self._spilled_below(node)
        self._release(node)
        return [self._written(part) for part in parts(node, self._space.page_size)]

    def _spilled_below(self, node: Branch) -> Branch:
        keys, children = list(node.keys), list(node.children)
        shift = 0
        for index, held in enumerate(node.children):
            if isinstance(held, int):
                continue
            below = self._pages(held)
            at = index + shift
            keys[at : at + 1] = [first or node.keys[index] for first, _ in below]
            children[at : at + 1] = [page for _, page in below]
            shift += len(below) - 1
        return Branch(keys, children, node.page)

    def _written(self, node: Node) -> tuple[bytes, int]:
        count = -(-node.size() // self._space.page_size)
        number = self._space.allocate(count)
        kind = (
            leaf.encoded(node, number, count - 1) if isinstance(node, Leaf) else branch.encoded(node, number, count - 1)
        )
        self.write(number, count, kind)
        self._written_nodes.append((number, node, count - 1))
        return node.keys[0] if node.keys else b"", number

    def write(self, number: int, count: int, page: bytes) -> None:
        """A page and those that belong to it, zeroes to the end."""
        size = self._space.page_size
        self.writes.append(Write(number * size, page.ljust(count * size, b"\0")))

    def _release(self, node: Node) -> None:
        if node.page:
            self._space.release(node.page, self._source.extent(node.page))
            node.page = 0


def fits_inline(node: Leaf, page_size: int) -> bool:
    """Whether a bucket with this leaf as its root has no pages of its own (``Bucket.inlineable``)."""
    return not any(flags & BUCKET_FLAG for flags in node.flags) and node.size() <= page_size // INLINE_SHARE
