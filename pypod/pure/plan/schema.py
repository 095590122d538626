"""How a JSON schema of pypod's is published."""

from __future__ import annotations

import json
from typing import Any

import msgspec


def published(title: str, body: dict[str, Any]) -> bytes:
    """The text of a schema.  Descriptions are docstrings without the indentation of their source."""
    cleaned: dict[str, Any] = json.loads(msgspec.json.encode(body), object_hook=_unindented)
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **cleaned}
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _unindented(part: dict[str, Any]) -> dict[str, Any]:
    text = part.get("description")
    if not isinstance(text, str):
        return part
    return {**part, "description": "\n".join(line.strip() for line in text.splitlines())}
