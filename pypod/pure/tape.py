"""Tapes: the conversation of a run, what was asked and what was answered, and its JSON form.

Two are kept: what the program said (a plan is a fold over it, a replay answers from it) and what the planning host
asked of the real machine (a snapshot is made of it).

Rule 1: reading a written tape gives back the tape, redacted: ``from_json(to_json(tape)) == tape.redacted()``.
Rule 2: no secret is in the JSON form.  Values of variables that look secret, such assignments inside files, passwords
        in addresses and whatever is written into the objects of the database are replaced by a mark or a digest.
Rule 3: redacting twice is redacting once, so a replay can compare the redacted forms.

Text may hold undecodable bytes as surrogate escapes, which only the standard library's JSON carries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any, Final, TypeAlias, cast

import msgspec
from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.pure.database.facts import EditJson, Expectation, ExpectSight, ExpectValue, Put, Sight, StateChange
from pypod.pure.digest import sha256
from pypod.pure.effect import Effect, Kind
from pypod.pure.facts import ProgramOutput
from pypod.pure.failure import HostError
from pypod.pure.vocabulary.changes import AppendFile, CreateFile, WriteFile
from pypod.pure.vocabulary.database import ReadPlaces, UpdateDatabase
from pypod.pure.vocabulary.files import ReadFile
from pypod.pure.vocabulary.process import ReadVariable, RunProgram, SetVariable
from pypod.pure.vocabulary.telling import Note

Answer: TypeAlias = Result[Any, HostError]
Exchange: TypeAlias = tuple[Effect[Any], Answer]
"""An effect and what it was answered."""

FORMAT: Final = "1.0"
REDACTED: Final = "redacted"

_SECRET_WORDS: Final = ("PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "CREDENTIAL", "APIKEY", "API_KEY",
                        "ACCESS_KEY", "PRIVATE_KEY")  # fmt: skip
_SECRET_TRACES: Final = ("PASS", "SECRET", "TOKEN", "CREDENTIAL", "KEY")
"""What every secret word has one of: fewer to look for."""
_SECRET_TRACES_IN_BYTES: Final = tuple(trace.encode() for trace in _SECRET_TRACES)
_DIGEST: Final = "redacted:sha256:"


class Tape(Struct, frozen=True):
    """What was said, in order."""

    exchanges: tuple[Exchange, ...] = ()

    def __iter__(self) -> Iterator[Exchange]:
        return iter(self.exchanges)

    def __len__(self) -> int:
        return len(self.exchanges)

    def without_told(self) -> Tape:
        """Without diagnostics and stages: only what a machine had to answer."""
        return Tape(tuple(one for one in self.exchanges if one[0].kind is not Kind.TELL))

    def of_kind(self, kind: Kind) -> Tape:
        """Only the effects of one kind."""
        return Tape(tuple(one for one in self.exchanges if one[0].kind is kind))

    def programs(self) -> tuple[tuple[str, ...], ...]:
        """The command lines of the programs that were run for an answer, in order, without secrets."""
        return tuple(
            _of_program(effect).argv
            for effect, answer in self.exchanges
            if isinstance(effect, RunProgram) and isinstance(answer, Success)
        )

    def redacted(self) -> Tape:
        """Without secrets."""
        return Tape(tuple(_redacted_exchange(effect, answer) for effect, answer in self.exchanges))


class UnreadableTape(Struct, frozen=True):
    """A text that is no tape: what is wrong, and at which exchange (counted from 0; -1 where it is the whole)."""

    reason: str
    index: int = -1

    @property
    def message(self) -> str:
        return f"not a tape: {self.reason}" if self.index < 0 else f"not a tape: exchange {self.index}: {self.reason}"


def to_builtins(tape: Tape) -> dict[str, Any]:
    """The JSON form as plain values, redacted."""
    said = [_written(effect, answer) for effect, answer in tape.redacted()]
    return {"tape": FORMAT, "said": said}


def to_json(tape: Tape) -> str:
    """The JSON text of a tape, redacted: an object with the format and one exchange a line."""
    import json

    said = ",\n".join(json.dumps(one, separators=(",", ":")) for one in to_builtins(tape)["said"])
    return f'{{"tape":"{FORMAT}","said":[\n{said}\n]}}\n' if said else f'{{"tape":"{FORMAT}","said":[]}}\n'


def from_json(text: str) -> Result[Tape, UnreadableTape]:
    """The tape of a JSON text; never raises."""
    import json

    try:
        plain = json.loads(text)
    except (ValueError, RecursionError) as error:
        return Failure(UnreadableTape(str(error)))
    return from_builtins(plain)


def from_builtins(plain: object) -> Result[Tape, UnreadableTape]:
    """The tape of its JSON form as plain values."""
    if not isinstance(plain, dict):
        return Failure(UnreadableTape("not an object"))
    fields = cast("dict[str, object]", plain)
    said, version = fields.get("said"), fields.get("tape")
    if not isinstance(version, str) or version.partition(".")[0] != FORMAT.partition(".")[0]:
        return Failure(UnreadableTape(f"format {version!r} is not {FORMAT}"))
    if not isinstance(said, list):
        return Failure(UnreadableTape("no list of exchanges"))
    exchanges: list[Exchange] = []
    for index, one in enumerate(cast("list[object]", said)):
        try:
            exchanges.append(_read(msgspec.convert(one, type=_Written)))
        except (msgspec.ValidationError, KeyError) as error:
            reason = f"no effect is named {error}" if isinstance(error, KeyError) else str(error)
            return Failure(UnreadableTape(reason, index))
    return Success(Tape(tuple(exchanges)))


class _Written(Struct, frozen=True):
    effect: dict[str, Any]
    answer: Any = None
    refused: HostError | None = None


def _written(effect: Effect[Any], answer: Answer) -> dict[str, Any]:
    plain: dict[str, Any] = {"effect": msgspec.to_builtins(effect)}
    if isinstance(answer, Failure):
        plain["refused"] = msgspec.to_builtins(answer.failure())
    elif (value := answer.unwrap()) is not None:
        plain["answer"] = msgspec.to_builtins(value)
    return plain


def _read(written: _Written) -> Exchange:
    # Only a tape that is read back needs every effect there is.
    from pypod.pure.vocabulary.catalogue import CATALOGUE

    kind = CATALOGUE[str(written.effect.get("type"))]
    effect: Effect[Any] = msgspec.convert(written.effect, type=kind)
    if written.refused is not None:
        return effect, Failure(written.refused)
    return effect, Success(msgspec.convert(written.answer, type=kind.answer))


def looks_secret(name: str) -> bool:
    """Whether a variable of this name is taken to hold a secret."""
    upper = name.upper()
    return _has_trace(upper) and any(word in upper for word in _SECRET_WORDS)


def _has_trace(upper: str) -> bool:
    """Whether a text in capitals may have a secret word in it."""
    for trace in _SECRET_TRACES:  # noqa: SIM110 - asked for every line of a log: a generator would take twice as long
        if trace in upper:
            return True
    return False


def _redacted_exchange(effect: Effect[Any], answer: Answer) -> Exchange:
    return redacted(effect), answer.map(_ANSWERS[type(effect)](effect)) if type(effect) in _ANSWERS else answer


def redacted(effect: Effect[Any]) -> Effect[Any]:
    """An effect as it is written on a tape: without the secrets that it carries."""
    rule = _EFFECTS.get(type(effect))
    return rule(effect) if rule else effect


def _redacted_bytes(content: bytes) -> bytes:
    """A file's content, with the values of secret-looking assignments and passwords in addresses replaced."""
    upper = content.upper()
    if b"://" not in content and not any(trace in upper for trace in _SECRET_TRACES_IN_BYTES):
        return content
    import re

    words = "|".join(_SECRET_WORDS).encode()
    # A bare number or truth value stays, so that a file that was read can be parsed after redaction too.
    plain = rb"""(?!(?:true|false|[0-9.]+)[ \t]*(?:[#\r\n]|\Z))"""
    # What follows a path (``/etc/passwd: not a directory``) is no value of it.
    name = rb"""(?:%s)[A-Z0-9_]*["']?[ \t]*""" % words
    assigned = rb"""(?i)((?:%s=|(?<!/)%s:)[ \t]*["']?)%s[^"'\[{\s][^"'\r\n]*""" % (name, name, plain)
    marked = re.sub(assigned, rb"\g<1>" + REDACTED.encode(), content)
    return re.sub(rb"""://[^/@\s"']+:[^/@\s"']*@""", b"://" + REDACTED.encode() + b"@", marked)


# The log of one construction is much like that of another.
@lru_cache(maxsize=1024)
def redacted_text(text: str) -> str:
    """A line of the log, or a word of a command line, without secrets."""
    # Nearly every line of the log is told as it is.
    if "://" not in text and not _has_trace(text.upper()):
        return text
    return _redacted_bytes(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


def _redacted_variable(name: str, value: str) -> str:
    return REDACTED if looks_secret(name) else redacted_text(value)


def _digest(content: bytes) -> str:
    return _DIGEST + sha256(content).hexdigest()


def _redacted_json(value: Any) -> Any:
    """A field of an object of the database: numbers and truth stay, everything else may hold an environment."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str) and value.startswith(_DIGEST):
        return value
    return _digest(repr(value).encode("utf-8", "surrogateescape"))


def _redacted_state_change(change: StateChange) -> StateChange:
    if isinstance(change, EditJson):
        return msgspec.structs.replace(change, set=tuple((name, _redacted_json(value)) for name, value in change.set))
    if isinstance(change, Put) and change.value[:1] in (b"{", b"["):
        return msgspec.structs.replace(change, value=_digest(change.value).encode())
    return change


def _redacted_expectation(expected: Expectation) -> Expectation:
    if isinstance(expected, ExpectValue):
        return msgspec.structs.replace(expected, value=_redacted_document(expected.value))
    return ExpectSight(_redacted_sight(expected.sight)) if isinstance(expected, ExpectSight) else expected


def _redacted_document(value: bytes | None) -> bytes | None:
    return _digest(value).encode() if value is not None and value[:1] in (b"{", b"[") else value


def _redacted_sight(sight: Sight) -> Sight:
    entries = sight.entries
    if entries is not None:
        entries = tuple((name, _redacted_document(value)) for name, value in entries)
    return msgspec.structs.replace(sight, value=_redacted_document(sight.value), entries=entries)


def _from_places(_effect: ReadPlaces) -> Callable[[tuple[Sight, ...]], tuple[Sight, ...]]:
    return lambda sights: tuple(map(_redacted_sight, sights))


def _of_update(effect: UpdateDatabase) -> UpdateDatabase:
    return UpdateDatabase(
        effect.path,
        tuple(_redacted_state_change(change) for change in effect.changes),
        tuple(_redacted_expectation(expected) for expected in effect.expected),
    )


def _of_program(effect: RunProgram) -> RunProgram:
    environment = tuple((name, _redacted_variable(name, value)) for name, value in effect.environment)
    argv = tuple(map(redacted_text, effect.argv))
    return RunProgram(argv, _redacted_bytes(effect.stdin), environment)


def _of_variable(effect: SetVariable) -> SetVariable:
    return SetVariable(effect.name, _redacted_variable(effect.name, effect.value))


def _of_note(effect: Note) -> Note:
    message = redacted_text(effect.message)
    return effect if message == effect.message else Note(effect.level, message, effect.stream)


def _of_content(effect: CreateFile | WriteFile | AppendFile) -> Effect[Any]:
    return msgspec.structs.replace(effect, content=_redacted_bytes(effect.content))


def _from_variable(effect: ReadVariable) -> Callable[[str | None], str | None]:
    return lambda value: None if value is None else _redacted_variable(effect.name, value)


def _from_file(_effect: ReadFile) -> Callable[[bytes], bytes]:
    return _redacted_bytes


def _from_program(_effect: RunProgram) -> Callable[[ProgramOutput], ProgramOutput]:
    return lambda output: msgspec.structs.replace(
        output, stdout=_redacted_bytes(output.stdout), stderr=_redacted_bytes(output.stderr)
    )


_EFFECTS: Final[dict[type, Callable[[Any], Effect[Any]]]] = {
    UpdateDatabase: _of_update,
    RunProgram: _of_program,
    SetVariable: _of_variable,
    Note: _of_note,
    CreateFile: _of_content,
    WriteFile: _of_content,
    AppendFile: _of_content,
}
_ANSWERS: Final[dict[type, Callable[[Any], Callable[[Any], Any]]]] = {
    ReadVariable: _from_variable,
    ReadFile: _from_file,
    RunProgram: _from_program,
    ReadPlaces: _from_places,
}


def tape_of(exchanges: Iterable[Exchange]) -> Tape:
    """The tape of a conversation."""
    return Tape(tuple(exchanges))
