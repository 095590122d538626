from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

def valfilter(predicate: Callable[[V], bool], d: Mapping[K, V]) -> dict[K, V]: ...
