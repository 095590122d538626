"""Types of the parts of PyYAML that pypod uses."""
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

class ScalarNode:
    def __init__(self, tag: str, value: str, *, style: str | None = None) -> None: ...

class SafeDumper:
    @classmethod
    def add_representer(cls, data_type: type[T], representer: Callable[[Any, T], ScalarNode]) -> None: ...

def dump(
    data: object, *, Dumper: type[SafeDumper], default_flow_style: bool = ..., allow_unicode: bool = ...
) -> str: ...
def safe_load(stream: str | bytes) -> Any: ...
