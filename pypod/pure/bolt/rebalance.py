"""Merging: what becomes of nodes from which something was deleted (``node.rebalance``)."""

from __future__ import annotations

from typing import Final

from pypod.pure.bolt.errors import DamagedError
from pypod.pure.bolt.node import Branch, Leaf, Node
from pypod.pure.bolt.space import Space
from pypod.pure.bolt.working import Source, Working

_FILLED_ENOUGH: Final = 4
"""A node that takes more than this part of a page is left alone."""


def rebalance(bucket: Working, source: Source, space: Space) -> None:
    """Merge what has become small, in this bucket and in those opened in it."""
    merging = _Merging(bucket, source, space)
    for node in bucket.unbalanced:
        merging.node(node)
    for _, inside in sorted(bucket.opened.items()):
        rebalance(inside, source, space)


class _Merging:
    def __init__(self, bucket: Working, source: Source, space: Space) -> None:
        self._bucket = bucket
        self._source = source
        self._space = space

    def node(self, node: Node) -> None:
        if not node.unbalanced:
            return
        node.unbalanced = False
        if node.size() > self._space.page_size // _FILLED_ENOUGH and len(node.keys) > node.fewest:
            return
        parent = node.parent
        if parent is None:
            self._collapse(node)
        elif not node.keys:
            self._drop(parent, node)
            self.node(parent)
        elif len(parent.keys) > 1:
            self._merge(parent, node)
            self.node(parent)

    def _collapse(self, root: Node) -> None:
        """A root with a single child gives way to the child."""
        if isinstance(root, Leaf) or len(root.keys) != 1:
            return
        child = self._bucket.taken(root, 0)
        child.parent = None
        child.unbalanced = False
        self._bucket.node = child
        self._release(root)

    def _merge(self, parent: Branch, node: Node) -> None:
        """With the next sibling for the first child, else into the one before."""
        index = parent.index_of(node)
        if index:
            into, gone = self._bucket.taken(parent, index - 1), node
        else:
            into, gone = node, self._bucket.taken(parent, 1)
        into.keys += gone.keys
        if isinstance(into, Leaf) and isinstance(gone, Leaf):
            into.values += gone.values
            into.flags += gone.flags
        elif isinstance(into, Branch) and isinstance(gone, Branch):
            into.children += gone.children
            for child in gone.children:
                if not isinstance(child, int):
                    child.parent = into
        else:
            raise DamagedError(f"page {parent.page}: children of two types", parent.page, -1)
        self._drop(parent, gone)

    def _drop(self, parent: Branch, node: Node) -> None:
        parent.drop(node)
        node.unbalanced = False
        self._release(node)

    def _release(self, node: Node) -> None:
        if node.page:
            self._space.release(node.page, self._source.extent(node.page))
            node.page = 0
