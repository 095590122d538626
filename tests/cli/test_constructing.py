"""The commands that Podman has too, on a simulated host: Podman's streams, texts and exit status.

Laws:
- the log goes to standard error in logrus's form, as far as ``--log-level`` wants it, and nothing of it to standard output;
- what Podman says with ``Error:`` is said once, with Podman's exit status;
- where the installed Podman follows other rules nothing is constructed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from pypod.cli.main import main
from pypod.hosts import Simulation
from pypod.pure.world import World
from pypod.pure.world.describe import described
from tests.pure.described_commands import HOST

ONE_STEP: dict[str, Any] = {"steps": [{"args": []}]}
Host = Callable[..., Simulation]
LINE = re.compile(r'time="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)" level=(debug|info|warning|error) msg=.+')


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Host:
    """Makes every construction of a test happen on the described host."""

    def on(**more: Any) -> Simulation:
        world: World = described({**HOST, **more, **ONE_STEP}).unwrap()
        simulation = Simulation(world)

        def command_host(_say: object) -> Simulation:
            return simulation

        monkeypatch.setattr("pypod.cli.constructing.command_host", command_host)
        monkeypatch.setattr("pypod.effects.live.planning_host", lambda: Simulation(world))
        return simulation

    return on


def test_info_is_json_and_nothing_else(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    host()
    assert main(["--log-level=error", "info", "--format", "json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["store"]["graphDriverName"] == "vfs"
    assert err == ""


def test_the_log_has_podmans_form(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    host()
    assert main(["--log-level=debug", "container", "exists", "none"]) == 1
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert out == ""
    assert all(LINE.fullmatch(line) for line in lines)
    assert any(line.endswith(' level=debug msg="Using graph driver vfs"') for line in lines)


def test_a_runtime_that_cannot_be_had_ends_with_125(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    host(programs={**HOST["programs"], "/usr/bin/conmon": {"stdout": "conmon version 2.0.1\n"}})
    assert main(["info"]) == 125
    out, err = capsys.readouterr()
    assert out == ""
    assert sum(line.startswith("Error: ") for line in err.splitlines()) == 1
    assert "please update to v2.0.24 or later: outdated conmon version" in err


def test_a_configuration_that_podman_does_not_start_with_is_told_in_the_log(
    host: Host, capsys: pytest.CaptureFixture[str]
) -> None:
    host(files={"/etc/containers/containers.conf": {"text": "[engine\n"}})
    assert main(["info"]) == 1
    err = capsys.readouterr().err
    assert "Error: " not in err
    assert " level=error msg=" in err


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["--nosuch", "info"], 125, "Error: unknown flag: --nosuch"),
        (["--volumepath", "/srv/v", "info"], 125, "Error: unknown flag: --volumepath"),
        (["info", "--nosuch"], 125, "Error: unknown flag: --nosuch"),
        (["container", "exists"], 125, "Error: "),
        (["--log-level=loud", "info"], 1, 'Log Level "loud" is not supported'),
        (["system", "renumber", "x"], 125, "Error: "),
    ],
)
def test_bad_words_get_podmans_text(
    words: list[str], status: int, says: str, host: Host, capsys: pytest.CaptureFixture[str]
) -> None:
    before = host().world
    assert main(words) == status
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(says)
    assert host().world == before


def test_another_line_of_podman_is_left_alone(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    simulation = host(podman_installed="4.3.1")
    before = simulation.world
    assert main(["info"]) == 125
    assert "the installed Podman is 4.3.1" in capsys.readouterr().err
    assert simulation.world == before
    assert main(["--any-podman", "info", "--format", "{{.Host.OS}}"]) == 0
    assert capsys.readouterr().out == "linux\n"


def test_a_second_runtime_that_fails_is_told_on_standard_output(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    host()
    assert main(["system", "migrate", "--new-runtime", "nosuch"]) == 125
    out, err = capsys.readouterr()
    assert 'change to runtime "nosuch" requested but no such runtime is defined: invalid argument' in out
    assert "Error: " not in err
