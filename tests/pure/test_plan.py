"""The plan of a hand-made tape, its JSON form and its text."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from pypod.cli.published import PUBLISHED, ROOT
from pypod.pure.effect import Kind
from pypod.pure.failure import Departed, Misconfigured, Refused
from pypod.pure.plan.actions import NAMES, OF_THE_PROCESS
from pypod.pure.plan.diff import difference
from pypod.pure.plan.facts import Plan, decoded, encoded
from pypod.pure.plan.layout import tamed
from pypod.pure.plan.summarize import summarize
from pypod.pure.plan.text import NOUNS, render, render_setting
from pypod.pure.settings import Settings
from pypod.pure.vocabulary.catalogue import CATALOGUE
from tests.golden.recordings import areas, recordings
from tests.pure import plan_tapes as tapes

SAMPLES = Path(__file__).parent / "plan_samples"
PLANS: dict[str, Callable[[], Plan]] = {
    "first-run": tapes.first_run,
    "second-run": tapes.second_run,
    "refusal": tapes.refusal,
    "rootless": tapes.rootless,
}
SCHEMA = json.loads((ROOT / "pypod/schemas/plan.schema.json").read_text(encoding="utf-8"))
HOST_SCHEMA = json.loads((ROOT / "pypod/schemas/host.schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", PUBLISHED)
def test_what_is_published_is_what_the_tables_say(path: str) -> None:
    assert (ROOT / path).read_bytes() == PUBLISHED[path](), "python -m pypod.cli.published renews it"


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_fits_the_schema_and_reads_back(name: str) -> None:
    plan = PLANS[name]()
    text = encoded(plan)
    jsonschema.validate(json.loads(text), SCHEMA)
    assert decoded(text) == plan


@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("name", PLANS)
def test_the_text_is_the_sample(name: str, verbose: bool) -> None:
    sample = SAMPLES / f"{name}{'-verbose' if verbose else ''}.txt"
    text = render(decoded(encoded(PLANS[name]())), verbose=verbose)
    assert text == sample.read_text(encoding="utf-8")


def test_the_schema_refuses_another_form() -> None:
    plain = json.loads(encoded(tapes.first_run()))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(plain | {"outcome": "splendid"}, SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(plain | {"format_version": "2.0"}, SCHEMA)


def test_every_changing_effect_has_an_action_and_every_action_a_noun() -> None:
    changing = {one for one in CATALOGUE.values() if one.kind in (Kind.CHANGE, Kind.LEAVE)}
    assert {one.__name__ for one in changing - set(OF_THE_PROCESS)} == set(NAMES)
    assert set(NAMES.values()) <= set(NOUNS)


def test_the_actions_of_a_first_run() -> None:
    plan = tapes.first_run()
    assert [(one.index, one.action, one.path) for one in plan.actions] == [
        (0, "make_directory", "/var/lib/containers"),
        (1, "make_directory", tapes.GRAPH_ROOT),
        (2, "make_directory", tapes.STATIC),
        (3, "create_database", tapes.DATABASE),
        (4, "update_database", tapes.DATABASE),
        (5, "update_database", tapes.DATABASE),
        (6, "create_file", "/run/libpod/alive.lck"),
        (7, "create_locks", "/dev/shm/libpod_lock"),
        (8, "create_file", "/run/libpod/alive"),
        (9, "write_event", "/run/libpod/events/events.log"),
    ]
    assert plan.actions[7].stage == "locks"
    assert plan.holds[0].lock == "/run/libpod/alive.lck"
    assert plan.after_unknown == ("test an overlay mount in /var/lib/containers/storage/overlay",)
    assert (plan.complete, plan.applyable, plan.errored, plan.outcome) == (False, True, False, "ready")
    assert plan.observations.programs == ("/usr/bin/conmon --version",)


def test_pins_are_facts_from_before_the_first_change() -> None:
    assert tapes.first_run().pins.database_txid is None
    pins = tapes.second_run().pins
    assert (pins.boot_id, pins.database_txid, pins.alive_mtime) == ("9b2c", 7, "1700000000000000001")
    assert list(pins.files) == ["/etc/containers/containers.conf"]


def test_no_secret_is_in_a_plan() -> None:
    plan = summarize((*tapes.FIRST_RUN, tapes.edited()), None, tapes.settings(), tapes.ABOUT)
    assert b"hunter2" not in encoded(plan)
    assert b'{\\"env' not in encoded(plan)
    assert plan.settings["containers.env"].value == ["TOKEN=(not shown)", "PATH=(not shown)"]
    assert plan.actions[-1].entries[0].value == "lockID 3"
    assert plan.actions[5].entries[0].value == "linux"
    assert plan.actions[5].entries[1].value is None


def test_what_follows_leaving_is_deferred() -> None:
    plan = tapes.rootless()
    assert [(one.action, one.deferred) for one in plan.actions] == [
        ("make_directory", False),
        ("enter_namespace", False),
        ("make_directory", True),
    ]
    assert (plan.complete, plan.applyable, plan.host.uid, plan.host.rootless) == (False, False, 1000, True)
    assert plan.observations.denied == ("/etc/shadow",)


def test_a_refusal_compares_both_sides_and_says_what_to_do() -> None:
    plan = tapes.refusal()
    failure = plan.failure
    assert failure is not None
    assert (failure.kind, failure.exit_status, failure.diagnosis) == ("ErrDBBadConfig", 125, "DB-01")
    comparison = failure.comparison
    assert comparison is not None
    assert (comparison.setting, comparison.ours, comparison.database) == (
        "storage.run_root",
        "/srv/run",
        "/run/containers/storage",
    )
    assert comparison.origin is not None
    assert comparison.origin.at == "--runroot"
    assert (plan.errored, plan.applyable, plan.outcome) == (True, False, "failed")


@pytest.mark.parametrize(
    ("ending", "errored"),
    [
        (Departed(0), False),
        (Departed(125), True),
        (Refused("mkdir /x: permission denied", stage="static-directory"), True),
        (
            Misconfigured("validating containers config: not a valid umask 9", stage="configuration", exit_status=1),
            True,
        ),
    ],
)
def test_endings(ending: Departed | Refused | Misconfigured, errored: bool) -> None:
    plan = summarize((), ending, Settings())
    assert plan.errored is errored
    assert (plan.failure is not None) is errored
    assert (plan.outcome == "failed") is errored


def test_a_terminal_gets_no_control_characters() -> None:
    ending = Refused("mkdir /a\x1b[2J\x07: permission denied", "/a\x1b", stage="static-directory")
    text = render(summarize((), ending, Settings()))
    assert "\x1b" not in text
    assert "\\x1b[2J" in text


@pytest.mark.parametrize(
    "nasty", ["\x1b", "\\\x1b", '"\x07', '\\"\r', "\x7f", "\u202e", "\x9b", "\udc80", "\t", "\\\\\x00"]
)
def test_every_text_is_shown_that_a_terminal_would_obey(nasty: str) -> None:
    plan = tamed(summarize((), Refused(f"mkdir /a{nasty}b: permission denied", f"/a{nasty}b"), Settings()))
    assert plan.failure is not None
    assert plan.failure.message.isprintable()


@pytest.mark.parametrize("harmless", ["", "\\", '"', '\\"', '"\\', "\\n", "é", "\\u001b"])
def test_a_plan_without_such_text_stays_as_it_is(harmless: str) -> None:
    plan = summarize((), Refused(f"mkdir /a{harmless}: permission denied", f"/a{harmless}"), Settings())
    assert tamed(plan) is plan


def test_colour_adds_nothing_but_colour() -> None:
    plan = tapes.first_run()
    coloured = render(plan, colour=True)
    assert "\x1b[" in coloured
    import re

    assert re.sub(r"\x1b\[\d+m", "", coloured) == render(plan)


def test_the_difference_of_two_plans() -> None:
    first, second = tapes.first_run(), tapes.second_run()
    assert not difference(first, first)
    found = difference(second, first)
    assert found.added == first.actions
    assert not found.removed
    assert not found.settings
    assert difference(first, tapes.refusal()).outcomes == ("ready", "failed")


def test_a_setting_explains_itself() -> None:
    settings = tapes.first_run().settings
    assert render_setting("engine.runtime", settings["engine.runtime"]) == (
        "engine.runtime = runc\n  from    file  /etc/containers/containers.conf:2\n  over    crun  built-in\n"
    )
    assert "ignored 96" in render_setting("engine.num_locks", settings["engine.num_locks"])


def _host_forms() -> list[dict[str, object]]:
    area = areas()[0]
    return [recording["case"] for recording in recordings(area)][:20]


@pytest.mark.parametrize("case", _host_forms(), ids=lambda case: str(case["name"]))
def test_the_recorded_hosts_fit_the_schema_of_descriptions(case: dict[str, object]) -> None:
    jsonschema.validate(case, HOST_SCHEMA)
    jsonschema.validate({"case": case, "recorded_from": "libpod 3.4.7"}, HOST_SCHEMA)


@pytest.mark.parametrize("wrong", [{"uid": "root"}, {"cgroup": "v3"}, {"files": {"/x": {"mode": "rw"}}}, {"case": []}])
def test_the_schema_of_descriptions_refuses(wrong: dict[str, object]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, HOST_SCHEMA)
