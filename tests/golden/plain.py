"""Plain JSON values of the recordings, taken apart with their types."""

from __future__ import annotations

from typing import Any, TypeAlias, TypeGuard

Object: TypeAlias = dict[str, Any]


def member(value: Object, name: str) -> Object:
    """An object below an object; the empty one where there is none."""
    found: Object = value.get(name) or {}
    return found


def is_object(value: object) -> TypeGuard[Object]:
    """Whether a value is an object."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether a value is a list."""
    return isinstance(value, list)
