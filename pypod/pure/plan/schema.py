"""How a JSON schema of pypod's is published."""

from __future__ import annotations

from inspect import cleandoc
from typing import Any, cast

import msgspec


def published(title: str, body: dict[str, Any]) -> bytes:
    """The text of a schema.  Descriptions are docstrings without the indentation of their source."""
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **_cleaned(body)}
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _cleaned(part: Any) -> Any:
    if isinstance(part, dict):
        entries = cast("dict[str, Any]", part)
        return {
            key: cleandoc(value) if key == "description" and isinstance(value, str) else _cleaned(value)
            for key, value in entries.items()
        }
    if isinstance(part, list | tuple):
        return [_cleaned(one) for one in cast("list[Any] | tuple[Any, ...]", part)]
    return part
