"""Plain JSON values of the recordings, taken apart with their types."""

from __future__ import annotations

from typing import Any, TypeAlias

Object: TypeAlias = dict[str, Any]


def member(value: Object, name: str) -> Object:
    """An object below an object; the empty one where there is none."""
    found: Object = value.get(name) or {}
    return found


def as_object(value: object) -> Object | None:
    """The value if it is an object."""
    if not isinstance(value, dict):
        return None
    found: Object = value
    return found


def as_list(value: object) -> list[Any] | None:
    """The value if it is a list."""
    if not isinstance(value, list):
        return None
    found: list[Any] = value
    return found
