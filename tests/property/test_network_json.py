"""Laws of JSON in Go's words.

- What Python writes is read, and gives the same value.
- Reading is total; a text is refused if and only if Python refuses it (Go and Python share RFC 8259 but for constants).
"""

from __future__ import annotations

import json

from hypothesis import example, given
from hypothesis import strategies as st
from returns.result import Failure, Success

from pypod.pure.network.gojson import decoded

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
)


@given(VALUES, st.sampled_from((None, 1)))
def test_what_python_writes_is_read(value: object, indent: int | None) -> None:
    assert decoded(json.dumps(value, indent=indent).encode()) == Success(value)


@given(st.text('{}[]",:0123456789.eE+-truefalsn\\u \n', max_size=24))
@example("[" * 100000)
@example('{"a":1}}')
def test_refused_as_python_refuses(text: str) -> None:
    read = decoded(text.encode())
    try:
        json.loads(text, parse_constant=float)
    except (ValueError, RecursionError):
        assert isinstance(read, Failure)
        return
    assert isinstance(read, Success) or text.strip() in {"NaN", "Infinity", "-Infinity"}
