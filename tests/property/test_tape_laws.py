"""Laws of tapes.

1. Reading a written tape gives back the tape, redacted.
2. Redacting twice is redacting once.
3. A tape without secrets is its own redaction; a tape is longer than its parts by nothing: lengths are kept.
4. What is told can be left out, and leaving it out twice is leaving it out once.
5. No secret is in the JSON form, in clear or encoded.
6. A text that is no tape is a failure, never an exception.
7. The catalogue holds every effect class under its tag.
"""

from __future__ import annotations

import base64
import json
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st
from returns.result import Failure, Success

from pypod.pure.database.facts import EditJson, Put
from pypod.pure.effect import Effect, Kind, Observation, Telling
from pypod.pure.facts import FileStatus, FileType, Level, ProgramOutput
from pypod.pure.tape import Exchange, Tape, from_json, redacted, to_builtins, to_json
from pypod.pure.vocabulary.catalogue import CATALOGUE
from pypod.pure.vocabulary.changes import WriteFile
from pypod.pure.vocabulary.database import UpdateDatabase
from pypod.pure.vocabulary.files import ReadFile, Stat
from pypod.pure.vocabulary.process import ReadVariable, RunProgram, SetVariable
from pypod.pure.vocabulary.telling import Note
from tests.property.conversations import effects, tapes

NAMES = st.sampled_from(["DB_PASSWORD", "GITHUB_TOKEN", "aws_secret_access_key", "MyApiKey", "PassPhrase"])
SECRETS = st.text("abcdefgh0123456789", min_size=12, max_size=20).map(lambda text: "x" + text)


@given(tapes())
def test_reading_what_was_written_gives_the_redacted_tape(tape: Tape) -> None:
    assert from_json(to_json(tape)) == Success(tape.redacted())


@given(tapes())
def test_redacting_twice_is_redacting_once(tape: Tape) -> None:
    once = tape.redacted()
    assert once.redacted() == once
    assert len(once) == len(tape)


@given(effects())
def test_a_redacted_effect_keeps_its_class_and_its_redaction(effect: Effect[Any]) -> None:
    assert type(redacted(effect)) is type(effect)
    assert redacted(redacted(effect)) == redacted(effect)


@given(tapes())
def test_what_is_told_can_be_left_out(tape: Tape) -> None:
    quiet = tape.without_told()
    assert quiet.without_told() == quiet
    assert list(quiet) == [one for one in tape if not isinstance(one[0], Telling)]
    assert sum(len(tape.of_kind(kind)) for kind in Kind) == len(tape)


def _revealed(plain: object) -> str:
    """Every text of a JSON value, those that are base64 decoded as well."""
    if isinstance(plain, dict):
        return "\n".join(_revealed(one) for one in cast("dict[str, object]", plain).items())
    if isinstance(plain, list | tuple):
        return "\n".join(_revealed(one) for one in cast("list[object]", plain))
    text = str(plain)
    try:
        return text + "\n" + base64.b64decode(text, validate=True).decode("latin-1")
    except ValueError:
        return text


@given(NAMES, SECRETS, st.sampled_from(["{}={}", '{} = "{}"', '"{}": "{}"', "env = ['{}={}']", "{}: {} # why"]))
def test_no_secret_is_in_the_written_form(name: str, secret: str, form: str) -> None:
    assignment = form.format(name, secret)
    config = json.dumps({"spec": {"process": {"env": [f"PLAIN={secret}"]}}}).encode()
    output = ProgramOutput(0, f"proxy is http://me:{secret}@proxy:3128/\n".encode(), assignment.encode())
    said: tuple[Exchange, ...] = (
        (ReadVariable(name), Success(secret)),
        (ReadVariable("HTTP_PROXY"), Success(f"http://me:{secret}@proxy:3128")),
        (SetVariable(name, secret), Failure(_refusal())),
        (ReadFile("/etc/containers/containers.conf"), Success(assignment.encode())),
        (WriteFile("/x", 0o600, assignment.encode()), Failure(_refusal())),
        (RunProgram(("p", assignment), assignment.encode(), ((name, secret),)), Success(output)),
        (Note(Level.DEBUG, f"using {assignment}"), Success(None)),
        (UpdateDatabase("/db", (Put(("ctr", "1"), "config", config),)), Failure(_refusal())),
        (UpdateDatabase("/db", (EditJson(("ctr", "1"), "config", (("env", (secret,)),)),)), Failure(_refusal())),
    )
    assert secret not in _revealed(to_builtins(Tape(said)))
    assert secret not in to_json(Tape(said))


def _refusal() -> Any:
    from pypod.pure.failure import HostError

    return HostError(13, "open", "/x")


@given(st.text(max_size=40) | st.sampled_from(['{"tape":"1.0"}', '{"tape":"2.0","said":[]}', "[]", "[" * 10_000]))
def test_what_is_no_tape_is_a_failure(text: str) -> None:
    assert isinstance(from_json(text), Failure)


@given(tapes().filter(len), st.sampled_from(["effect", "answer"]))
def test_a_damaged_exchange_is_named(tape: Tape, part: str) -> None:
    plain = to_builtins(Tape((*tape, (Stat("/"), Success(FileStatus(FileType.FILE, 0))))))
    plain["said"][-1][part] = {"type": "nothing of the kind"}
    read = from_json(json.dumps(plain))
    assert isinstance(read, Failure)
    assert read.failure().index == len(tape)


def test_a_plain_configuration_stays_as_it_is() -> None:
    text = b'[engine]\nruntime = "crun"\n[secrets]\ndriver = "file"\n#token = true\npids_limit = 5\nsecret_ttl = 5\n'
    read: Exchange = (ReadFile("/etc/containers/containers.conf"), Success(text))
    assert Tape((read,)).redacted() == Tape((read,))


def test_the_catalogue_holds_every_effect() -> None:
    found: set[type] = set()
    waiting: list[type] = [Effect]
    while waiting:
        kinds: list[type] = waiting.pop().__subclasses__()
        for kind in kinds:
            waiting.append(kind)
            if kind not in (Observation, Telling) and kind.__module__.startswith("pypod.pure.vocabulary"):
                found.add(kind)
    assert set(CATALOGUE.values()) == found
    assert all(tag == kind.__name__ for tag, kind in CATALOGUE.items())


def test_what_follows_a_path_is_no_secret() -> None:
    said = Note(Level.WARNING, "invalid network_config_dir: /etc/passwd: not a directory")
    assert redacted(said) == said
    hidden = redacted(Note(Level.WARNING, "passwd: hunter2 password=hunter2 /x/token=hunter2"))
    assert "hunter2" not in hidden.describe()
