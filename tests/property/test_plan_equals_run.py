"""A plan equals a run, over generated hosts and requests.

* The planning host, over a host that is only looked at, holds the conversation that the run on that host holds: effect
  by effect, answer by answer, to the same ending and the same runtime.
* It asks that host nothing but to be looked at, and leaves it as it was.
* After a construction that succeeded, the next plan has no action.
* A replay of the conversation ends as the run did.
* The same host and the same request give the same run.
* What has nothing to do with Podman does not alter the answer: another file, another variable, another program.

What no plan can foresee is left out of hosts and comparisons, and listed in ``docs/plan-format.md``: filesystems that
run full, the outcome of test mounts, the fields of containers, pods and volumes that are not looked at, and the size of a
database.
"""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from returns.result import Failure, Success

from pypod.api import rehearse
from pypod.hosts import Simulation
from pypod.pipeline import program_of
from pypod.pure.draft import Draft, Request
from pypod.pure.program import Program
from pypod.pure.tape import Tape
from pypod.testing.host import SimulatedHost, ran
from pypod.testing.program_laws import check_plan_equals_run, check_replay
from pypod.testing.strategies import hosts, requests, rich_hosts, rich_requests

FEWER = settings(max_examples=max(settings().max_examples // 3, 15))
"""A run takes some hundred effects: a third of the examples, in every profile."""


class Asked:
    """A request's program, made anew for each process."""

    def __init__(self, request: Request) -> None:
        self.request = request

    def __call__(self) -> Program[Draft]:
        return program_of(self.request)(Draft(self.request))


@FEWER
@given(hosts(rootless=None, containers=range(4), pods=range(3), volumes=range(4)), requests())
def test_a_plan_equals_a_run(host: SimulatedHost, request: Request) -> None:
    check_plan_equals_run(Asked(request), host)


@FEWER
@given(rich_hosts(limited=False), rich_requests())
def test_a_plan_equals_a_run_on_a_strange_host(host: SimulatedHost, request: Request) -> None:
    check_plan_equals_run(Asked(request), host)


@FEWER
@given(hosts(rootless=None, containers=range(3), history=(Request("info"),)), requests())
def test_a_plan_equals_a_run_on_a_host_that_was_used(host: SimulatedHost, request: Request) -> None:
    check_plan_equals_run(Asked(request), host)


@FEWER
@given(hosts(rootless=None, containers=range(3), pods=range(2), volumes=range(2)))
def test_after_a_construction_nothing_is_left_to_do(host: SimulatedHost) -> None:
    _check_second_plan(host)


@FEWER
@given(rich_hosts())
def test_after_a_construction_on_a_strange_host_nothing_is_left_to_do(host: SimulatedHost) -> None:
    _check_second_plan(host)


def _check_second_plan(host: SimulatedHost) -> None:
    construction = Request()
    assume(isinstance(host.run(Asked(construction)).result, Success))
    _, planning = host.after(construction).planning()
    second = ran(Asked(construction), planning)
    assert not isinstance(second.result, Failure)
    assert second.changes == ()


@FEWER
@given(rich_hosts(), rich_requests())
def test_a_replay_ends_as_the_run(host: SimulatedHost, request: Request) -> None:
    check_replay(Asked(request), host.run(Asked(request)))


@FEWER
@given(rich_hosts(), rich_requests())
def test_a_run_is_determined_by_its_host_and_its_request(host: SimulatedHost, request: Request) -> None:
    again = SimulatedHost(host.description, host.history)
    assert rehearse(request, Simulation(host.world)) == rehearse(request, Simulation(again.world))


UNRELATED: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("files", "/srv/unrelated/file", {"text": "x"}),
    ("files", "/etc/unrelated.conf", {"text": "[engine]\nnum_locks = 1\n"}),
    ("dirs", "/opt/unrelated", {"mode": "0700"}),
    ("programs", "/usr/bin/unrelated", {"stdout": "conmon version 1.0.0\n"}),
)


@FEWER
@given(hosts(rootless=None, containers=range(2)), requests(), st.sampled_from(UNRELATED))
def test_an_unrelated_file_does_not_alter_the_answer(
    host: SimulatedHost, request: Request, unrelated: tuple[str, str, dict[str, object]]
) -> None:
    field, path, entry = unrelated
    other = SimulatedHost({**host.description, field: {**host.description.get(field, {}), path: entry}})
    assert _answer(host, request) == _answer(other, request)


@given(
    hosts(rootless=None, containers=range(2)), requests(), st.sampled_from(("UNRELATED", "LANG", "CONTAINER", "RUNC"))
)
def test_an_unrelated_variable_does_not_alter_the_answer(host: SimulatedHost, request: Request, name: str) -> None:
    other = SimulatedHost({**host.description, "env": {**host.description["env"], name: "x"}})
    assert _answer(host, request) == _answer(other, request)


@FEWER
@given(hosts(rootless=None, containers=range(2)), requests())
def test_a_flag_that_says_what_holds_anyway_alters_no_change(host: SimulatedHost, request: Request) -> None:
    said = msgspec.structs.replace(request, flags=(*request.flags, ("--network-cmd-path", "/usr/bin/slirp4netns")))
    plain, flagged = host.run(Asked(request)), host.run(Asked(said))
    assert isinstance(plain.result, Failure) == isinstance(flagged.result, Failure)
    assert plain.changes == flagged.changes


def _answer(host: SimulatedHost, request: Request) -> tuple[Tape, object]:
    done = rehearse(request, Simulation(host.world))
    return done.tape, done.ending


@pytest.mark.parametrize("rootless", [False, True])
def test_a_plan_says_that_test_mounts_are_assumed(*, rootless: bool) -> None:
    """The one mark that the comparison leaves out is there: no plan takes an assumption for knowledge."""
    text = '[storage]\ndriver = "overlay"\nrunroot = "/run/r"\ngraphroot = "/var/lib/g"\n'
    host = SimulatedHost(
        {
            "uid": 1000 if rootless else 0,
            "files": {"/etc/containers/storage.conf": {"text": text}},
            "programs": {
                "/usr/bin/conmon": {"stdout": "conmon version 2.0.30\n"},
                "/usr/bin/runc": {},
                "/usr/bin/nsenter": {},
            },
            "dirs": {"/run/user/1000": {"mode": "0700", "uid": 1000, "gid": 1000}},
            "env": {"XDG_RUNTIME_DIR": "/run/user/1000"} if rootless else {},
        }
    )
    _, planning = host.planning()
    done = ran(Asked(Request("info")), planning).result
    assert not isinstance(done, Failure), done
    store = done.unwrap().store
    assert store is not None
    assert store.assumed
