"""What json-iterator says of documents, as its source makes the texts."""

from __future__ import annotations

import pytest

from pypod.pure.database.json_errors import complaint, is_null


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (
            b"not json at all",
            (
                "skipThreeBytes: expect ull, error found in #2 byte of ...|not json at |..., "
                "bigger context ...|not json at all|..."
            ),
        ),
        (
            b'x"spec":{"ociVersion":"1.0.2-dev","process":{"user":{"uid":0,"gid":0}',
            (
                'readObjectStart: expect { or n, but found x, error found in #1 byte of ...|x"spec":{"o|..., '
                'bigger context ...|x"spec":{"ociVersion":"1.0.2-dev","process":{"user"|...'
            ),
        ),
        (
            b"",
            "readObjectStart: expect { or n, but found \0, error found in #0 byte of ...||..., bigger context ...||...",
        ),
        (
            b"  [1]",
            (
                "readObjectStart: expect { or n, but found [, error found in #3 byte of ...|  [1]|..., "
                "bigger context ...|  [1]|..."
            ),
        ),
        (
            b"null 1",
            (
                "Unmarshal: there are bytes left after unmarshal, error found in #6 byte of ...|null 1|..., "
                "bigger context ...|null 1|..."
            ),
        ),
    ],
)
def test_documents_that_are_no_object(raw: bytes, text: str) -> None:
    assert complaint(raw, "ours") == text


def test_bytes_behind_a_document() -> None:
    assert complaint(b"{}x", "JSON is malformed: trailing characters (byte 2)") == (
        "Unmarshal: there are bytes left after unmarshal, error found in #3 byte of ...|{}x|..., "
        "bigger context ...|{}x|..."
    )


def test_other_damage_keeps_our_words() -> None:
    assert complaint(b"{", "Input data was truncated") == "Input data was truncated"


def test_null_is_a_document() -> None:
    assert is_null(b" null\n")
    assert not is_null(b"nul")
