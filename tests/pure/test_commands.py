"""What Podman's commands do around the construction of a runtime, on described hosts (observed on libpod 3.4.7)."""

from __future__ import annotations

from typing import Any

import pytest

from pypod.api import Rehearsal, rehearse
from pypod.hosts import Simulation
from pypod.pure.draft import Request
from pypod.pure.effect import Kind
from pypod.pure.facts import Stream
from pypod.pure.failure import Departed, Misused
from pypod.pure.options.flags import parse
from pypod.pure.vocabulary.namespaces import JoinUserNamespace
from pypod.pure.vocabulary.telling import Note
from pypod.pure.world.describe import described, next_step
from tests.pure.described_commands import HOST, ran

_LOCK = "/var/lib/containers/storage/storage.lock"


def _lines(done: Rehearsal) -> list[str]:
    return [effect.message for effect, _ in done.tape if isinstance(effect, Note)]


def _conf(text: str) -> dict[str, Any]:
    return {**HOST["files"], "/etc/containers/containers.conf": {"text": text}}


_NO_SESSION: dict[str, Any] = {"uid": 1000, "cgroup": "v2", "init": "systemd"}
_FALLBACK = "The cgroupv2 manager is set to systemd but there is no systemd user session available"


def test_a_run_root_that_is_too_long_is_refused_before_the_session_is_looked_for() -> None:
    done, _, _ = ran("--runroot", "/run/" + "x" * 46, "info", **_NO_SESSION)
    assert isinstance(done.ending, Misused)
    assert done.ending.message == "the specified runroot is longer than 50 characters"
    assert _FALLBACK not in _lines(done)


def test_another_registries_file_is_told_of_before_the_session_is_looked_for() -> None:
    done, _, _ = ran("--registries-conf", "/r.conf", "info", **_NO_SESSION)
    lines = _lines(done)
    assert lines.index('Setting custom registries.conf: "/r.conf"') < lines.index(_FALLBACK)


def test_engine_environment_without_a_value_ends_the_command() -> None:
    done, _, after = ran("info", files=_conf('[engine]\nenv = ["NOEQUALS"]\n'))
    text = "invalid environment variable for engine NOEQUALS, valid configuration is KEY=value pair"
    assert isinstance(done.ending, Misused)
    assert (done.ending.message, done.ending.exit_status) == (text, 125)
    assert after.nodes[_LOCK].size == 0  # constructed, and never shut down


def test_engine_environment_that_is_set_is_skipped() -> None:
    done, _, _ = ran("info", files=_conf('[engine]\nenv = ["HOME=/x", "Y=z=1"]\n'))
    text = "environment variable HOME is already defined, skip the settings from containers.conf"
    assert text in _lines(done)
    assert done.ending is None


@pytest.mark.parametrize("there", [False, True])
def test_events_of_a_journal_that_is_not_there(there: bool) -> None:
    conf = _conf('[engine]\nevents_logger = "journald"\n')
    done, _, _ = ran("events", "--stream=false", files=conf, dirs={"/run/log/journal": {}} if there else {})
    text = "failed to get journal cursor: failed to get cursor: cannot assign requested address"
    said = None if done.ending is None or isinstance(done.ending, Departed) else done.ending.message
    assert said == (None if there else text)


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        (("--max-workers", "0"), "maximum workers must be set to a positive number (got 0)"),
        (("--max-workers=-3",), "maximum workers must be set to a positive number (got -3)"),
        (
            ("--context", "other"),
            'Podman does not support swarm, the only --context value allowed is "default"',
        ),
    ],
)
def test_flags_that_are_checked_after_construction(flags: tuple[str, ...], text: str) -> None:
    done, _, after = ran(*flags, "info")
    assert isinstance(done.ending, Misused)
    assert (done.ending.message, done.ending.exit_status) == (text, 125)
    assert after.nodes[_LOCK].size == 0


@pytest.mark.parametrize(
    "words",
    [
        ("help",),
        ("help", "info"),
        ("--version",),
        ("--help",),
        ("info", "--help"),
        ("system", "service", "--help"),
        ("system", "connection", "list"),
        ("machine", "list"),
        ("completion", "bash"),
    ],
)
def test_commands_without_a_runtime_change_nothing(words: tuple[str, ...]) -> None:
    done, before, after = ran(*words)
    assert done.ending is None
    assert set(after.nodes) == set(before.nodes)


def test_a_rootless_user_who_asks_for_help_gets_directories() -> None:
    directories = {"/run/user/1000": {"mode": "0700"}}
    rootless = {"uid": 1000, "env": {"XDG_RUNTIME_DIR": "/run/user/1000"}, "dirs": directories, "files": {}}
    _, before, after = ran("help", **rootless)
    assert set(after.nodes) - set(before.nodes) == {"/run/user/1000/containers", "/run/user/1000/libpod"}


def test_help_behind_two_dashes_is_an_argument() -> None:
    assert parse(("run", "x", "--", "--help")).unwrap().runs == "run"
    assert parse(("run", "--help")).unwrap().runs == "help"


def test_reading_events_makes_a_second_eventer() -> None:
    done, _, _ = ran("events", "--stream=false")
    assert _lines(done).count("Initializing event backend file") == 2


def test_engine_environment_without_a_name() -> None:
    done, _, _ = ran("info", files=_conf('[engine]\nenv = ["=x"]\n'))
    assert isinstance(done.ending, Misused)
    assert done.ending.message == "setenv: invalid argument"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("--version", "--log-level=debug", "info"), "unknown flag: --version"),
        (("-v", "--log-level=debug", "info"), "unknown shorthand flag: 'v' in -v"),
        (("-h", "--log-level=debug", "info"), "pflag: help requested"),
    ],
)
def test_help_and_version_before_a_command(words: tuple[str, ...], text: str) -> None:
    assert parse(words).failure().message == text


def test_help_before_a_command_is_that_of_the_command() -> None:
    assert parse(("--help", "info")).unwrap().runs == "help"
    assert parse(("-v",)).unwrap().runs == "help"
    assert parse(("-v", "info")).unwrap().version
    assert parse(("system", "-h", "connection", "list")).unwrap().command == "system"
    assert parse(("info", "-h")).unwrap().runs == "help"


def test_what_goes_wrong_in_the_second_runtime_is_printed() -> None:
    done, _, _ = ran("system", "migrate", "--new-runtime", "nope")
    text = 'change to runtime "nope" requested but no such runtime is defined: invalid argument'
    said = [effect for effect, _ in done.tape if isinstance(effect, Note) and effect.stream is Stream.STDOUT]
    assert [note.message for note in said] == [text]
    assert not isinstance(done.ending, Departed | None)
    assert (done.ending.message, done.ending.exit_status) == (text, 125)


def test_migrating_works_from_within_a_live_pause_process() -> None:
    rootless: dict[str, Any] = {
        **HOST,
        "uid": 1000,
        "dirs": {"/run/user/1000": {"mode": "0700"}},
        "env": {"STORAGE_DRIVER": "vfs", "XDG_RUNTIME_DIR": "/run/user/1000"},
        "steps": [{"args": ["info"]}, {"args": ["system", "migrate"]}],
    }
    host = Simulation(described(rootless).unwrap())
    rehearse(Request("info"), host)
    after = Simulation(next_step(host.world, rootless, 1).unwrap())
    done = rehearse(Request("system migrate"), after)
    assert "Not configuring container store" in _lines(done)  # the first process stays outside
    left = [type(effect) for effect, _ in done.tape if effect.kind is Kind.LEAVE]
    assert left == [JoinUserNamespace]  # no new namespace is made
    assert done.ending is None
