"""The export form.

Laws:
- it is total: every content is exported, whatever bytes keys and values are, and the text is UTF-8 JSON;
- it is deterministic: the same content gives the same bytes;
- nothing is lost: what is imported is the content, also after another program has re-indented the document;
- importing is total: whatever the document is, the answer is a content or a text that says what is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st
from returns.result import Failure, Success

from pypod.pure.database.buckets import key_of, name_of
from pypod.pure.database.tree import Tree, go_json
from pypod.pure.state.content import content_of_tree
from pypod.pure.state.export import exported, imported, value_form
from pypod.pure.state.facts import Backend, Cell, Content, StateFile, Table

FILE = StateFile(Backend.BOLT, 32768, 4096, 6, 2, txid=4)
SQLITE_FILE = StateFile(Backend.SQLITE, 32768, 4096, 8, 0, schema=1)
NASTY = (
    b"", b"{}", b"[]", b'{"a":1}', b'{ "a":1}', b'{"a":1,"a":2}', b'{"a":1e400}', b'{"a":1.0}', b'{"a":"\\u003c"}', b'{"a":"<"}',
    b"{", b"[1,2", b'{"a":123456789012345678901234567890}', b'{"a":"\\ud800"}', b"\xff\xfe", b"137", "é\u2028".encode(), b"\0",
    b'{"time":"2026-11-23T14:09:10.838841213Z"}', b'{"a":"\\/"}', b'{"b":1,"a":[null,true,{}]}', b"[" * 3000,
)  # fmt: skip

values = st.sampled_from(NASTY) | st.binary(max_size=20)
keys = st.binary(min_size=1, max_size=6).map(name_of) | st.text("ab/.é", min_size=1, max_size=4)


def _tree(held: Mapping[str, bytes | Tree]) -> Tree:
    tree = Tree()
    for name, value in held.items():
        tree = tree.holding(name, value)
    return tree


trees = st.recursive(
    st.dictionaries(keys, values, max_size=4).map(_tree),
    lambda below: st.dictionaries(keys, values | below, max_size=3).map(_tree),
    max_leaves=12,
)


def _cells() -> st.SearchStrategy[Cell]:
    numbers = st.integers(-(2**63), 2**63 - 1).map(lambda number: Cell("integer", str(number).encode()))
    reals = st.floats().map(lambda number: Cell("real", repr(number).encode()))
    raw = st.builds(Cell, st.sampled_from(("text", "blob")), values)
    return st.just(Cell("null")) | numbers | reals | raw


@st.composite
def tables(draw: st.DrawFn) -> Table:
    columns = tuple(draw(st.lists(st.text(max_size=5), min_size=1, max_size=3)))
    rows = draw(st.lists(st.tuples(*(_cells() for _ in columns)), max_size=3))
    return Table(draw(st.text(max_size=5)), draw(st.text(max_size=9)), columns, tuple(rows))


def bolt_contents() -> st.SearchStrategy[Content]:
    return trees.map(lambda tree: content_of_tree(tree, FILE))


@st.composite
def sqlite_contents(draw: st.DrawFn) -> Content:
    held = tuple(draw(st.lists(tables(), max_size=3)))
    others = tuple(draw(st.lists(st.text(max_size=6), max_size=2)))
    numbers = st.integers(-(2**31), 2**31 - 1)
    return Content(SQLITE_FILE, (), held, others, draw(numbers), draw(numbers))


@given(bolt_contents() | sqlite_contents())
def test_nothing_is_lost(content: Content) -> None:
    document = exported(content)
    assert document == exported(content)
    assert imported(document) == Success(content)
    plain = json.loads(document)
    assert imported(json.dumps(plain, indent=3, ensure_ascii=True).encode()) == Success(content)
    assert imported(json.dumps(plain, separators=(",", ":")).encode()) == Success(content)


@given(values)
def test_a_value_is_json_only_where_that_is_exact(raw: bytes) -> None:
    form = value_form(raw)
    assert len(form) == 1
    if "json" in form:
        assert go_json(form["json"]) == raw
    elif "text" in form:
        assert form["text"].encode() == raw
    else:
        assert key_of(name_of(raw)) == raw


def test_sequences_are_kept() -> None:
    content = content_of_tree(_tree({"a": _tree({"b": b"x"})}), FILE)
    entries = tuple(type(one)(one.at, one.key, one.value, 7 if one.value is None else 0) for one in content.entries)
    changed = Content(FILE, entries)
    assert b'"sequence": 7' in exported(changed)
    assert imported(exported(changed)) == Success(changed)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from(
        ("format", "format_version", "database", "file", "content", "bucket", "tables", "text", "json", "base64", "name",
         "sql", "columns", "rows", "integer", "real", "blob", "sequence", "bucket_base64", "others")), below, max_size=4),
    max_leaves=10,
)  # fmt: skip


@given(JSON, st.sampled_from(("boltdb", "sqlite")), st.booleans())
def test_importing_is_total(part: object, kind: str, framed: bool) -> None:
    frame: dict[str, object] = {
        "format": "pypod-state", "format_version": "1.0", "database": kind, "application_id": 0, "user_version": 0,
        "file": {"size": 1, "page_size": 2, "pages": 3, "free_pages": 4}, "content": part, "tables": part, "others": [],
    }  # fmt: skip
    answer = imported(json.dumps(frame if framed else part).encode())
    assert not isinstance(answer, Failure) or answer.failure()


@given(st.binary(max_size=30))
def test_garbage_is_no_export(document: bytes) -> None:
    assert imported(document).failure()
