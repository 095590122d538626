"""What ``info`` prints: YAML, JSON, or a text with fields in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, cast

import msgspec
from returns.result import Failure, Result, Success

from pypod.pure.info.form import shown_in_order

_FIELD: Final = re.compile(r"{{-?\s*(json\s+)?((?:\.[A-Za-z0-9]+)+|\.)\s*-?}}")
_RENAMED: Final = {"cgroupsversion": "cgroupversion"}
"""Go's names of fields where they are not the JSON names in another case."""


def rendered(info: Mapping[str, Any], form: str) -> Result[str, str]:
    """The text of ``--format FORM``; the empty form is YAML.  The failure says what of a template is not understood."""
    shown = shown_in_order(info)
    if form == "":
        return Success(_yaml(shown))
    if form == "json":
        return Success(_json(shown, 2) + "\n")
    return _templated(shown, form).map(lambda text: text + "\n")


def _json(value: Any, indent: int = 0) -> str:
    """As Go writes it: what HTML would take for markup is escaped."""
    text = msgspec.json.encode(value)
    whole = (msgspec.json.format(text, indent=indent) if indent else text).decode()
    return whole.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _yaml(shown: dict[str, Any]) -> str:
    import yaml

    class Dumper(yaml.SafeDumper):
        """Texts as Go's library writes them: of several lines as blocks, in double quotes what would else be something
        other than a text.
        """

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        tag = "tag:yaml.org,2002:str"
        is_text = dumper.resolve(yaml.ScalarNode, value, (True, False)) == tag
        return yaml.ScalarNode(tag, value, style="|" if "\n" in value else None if is_text else '"')

    Dumper.add_representer(str, text)
    return yaml.dump(shown, Dumper=Dumper, default_flow_style=False, allow_unicode=True)


def _templated(shown: dict[str, Any], form: str) -> Result[str, str]:
    """Fields and ``json`` of fields; Go's templates can do more than that."""
    parts: list[str] = []
    end = 0
    for found in _FIELD.finditer(form):
        parts.append(form[end : found.start()])
        value = _field(shown, found.group(2))
        if isinstance(value, Failure):
            return Failure(f"template: info: {found.group(2)}: {value.failure()}")
        parts.append(_json(value.unwrap()) if found.group(1) else _plain(value.unwrap()))
        end = found.end()
    parts.append(form[end:])
    if any("{{" in part for part in parts[::2]):
        return Failure(f"template: info: {form!r}: only {{{{.Field.Field}}}} and {{{{json .Field}}}} are understood")
    return Success("".join(parts))


def _field(shown: dict[str, Any], path: str) -> Result[Any, str]:
    value: Any = shown
    for name in path.split(".")[1:]:
        if not name:
            break
        held = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
        wanted = _RENAMED.get(name.lower(), name.lower())
        key = next((key for key in held if key.lower() == wanted), None)
        if key is None:
            return Failure(f"can't evaluate field {name}")
        value = held[key]
    return Success(value)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "<nil>"
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else _json(value)
