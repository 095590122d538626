"""Each rule of the check finds what it is for, in a database that is sound but for that."""

from __future__ import annotations

import pytest

from pypod.pure.database.facts import Delete, MakeBucket, Put, StateChange
from pypod.pure.database.tree import Tree, applied, tree_of
from pypod.pure.state.check import RULES, findings
from pypod.pure.state.facts import Backend, StateFile
from pypod.pure.state.references import references_of
from pypod.pure.state.report import render, report_of
from tests.fixtures.state_databases import DATABASES

BASE = "9758e3c5e794fb0a2249db41a37264c6c8c2478f08e52debaf07315dd6cda0d1"
CHILD = "3c5727030bbc66ef0d1c0bb9e362e5a8e88774eb6bc4b468bcdbdf595edd5fd2"
FILE = StateFile(Backend.BOLT, 131072, 4096, 28, 9)
SOUND: Tree = tree_of(DATABASES["bolt-3.4.7-full"]).unwrap()[0]
INPOD = next(key for key, _ in SOUND.at(("all-ctrs",)).names() if key not in (BASE, CHILD))  # type: ignore[union-attr]  # it is there
WEB = (SOUND.at(("ctr", INPOD)) or Tree()).get("pod-id").decode()  # type: ignore[union-attr]  # as above


def found(*changes: StateChange) -> set[str]:
    tree = applied(SOUND, changes).unwrap()[0]
    return {one.rule for one in findings(references_of(tree, FILE))}


def config(kind: str, key: str, old: bytes, new: bytes) -> Put:
    """An edit of a configuration."""
    raw = (SOUND.at((kind, key)) or Tree()).get("config") or b""
    assert old in raw
    return Put((kind, key), "config", raw.replace(old, new))


GHOST = "f" * 64

CASES: tuple[tuple[str, tuple[StateChange, ...]], ...] = (
    ("ids", (Put(("id-registry",), GHOST, b"ghost"), Put(("name-registry",), "ghost", GHOST.encode()))),
    ("ids", (Delete(("id-registry",), BASE), Delete(("name-registry",), "base"))),
    ("names", (Put(("name-registry",), "ghost", GHOST.encode()),)),
    ("names", (Delete(("name-registry",), "base"),)),
    ("namespaces", (Put(("ns-registry",), GHOST, b"alpha"),)),
    ("namespaces", (Put(("ns-registry",), BASE, b"alpha"),)),
    ("namespaces", (Put(("ctr", BASE), "namespace", b"alpha"),)),
    ("lists", (Put(("all-ctrs",), GHOST, b"ghost"),)),
    ("lists", (Delete(("all-ctrs",), BASE),)),
    ("lists", (Put(("allVolumes",), "ghost", b"ghost"),)),
    ("lists", (Put(("allPods",), WEB, b"other"),)),
    ("documents", (Put(("ctr", BASE), "state", b"{"),)),
    ("documents", (Delete(("ctr", BASE), "state"),)),
    ("documents", (Put(("vol", "data1"), "config", b"[]"), Delete(("ctr", BASE), "nothing"))),
    ("own-ids", (config("ctr", BASE, b'"id":"9758', b'"id":"8758'),)),
    ("dependencies", (Delete(("ctr", BASE, "dependencies"), CHILD),)),
    ("dependencies", (Put(("ctr", CHILD, "dependencies"), BASE, b"base"),)),
    ("dependencies", (Put(("ctr", CHILD, "dependencies"), GHOST, b"ghost"),)),
    ("pods", (Delete(("ctr", INPOD), "pod-id"),)),
    ("pods", (Delete(("pod", WEB, "containers"), INPOD),)),
    ("pods", (Put(("pod", WEB, "containers"), GHOST, b"ghost"),)),
    ("pods", (Put(("pod", WEB), "state", b'{"cgroupPath":"","InfraContainerID":"x"}'),)),
    ("volumes", (Delete(("vol", "data1", "vol-dependencies"), BASE),)),
    ("exec-sessions", (Put(("exec",), "s", BASE.encode()),)),
    ("exec-sessions", (Put(("exec",), "s", GHOST.encode()),)),
    ("exec-sessions", (Put(("ctr", BASE, "exec"), "s", BASE.encode()),)),
    ("locks", (config("ctr", BASE, b'"lockID":13', b'"lockID":14'),)),
    ("locks", (config("vol", "data1", b'"lockID":9', b'"lockID":13'),)),
)


@pytest.mark.parametrize(("rule", "changes"), CASES)
def test_a_rule_finds_what_it_is_for(rule: str, changes: tuple[StateChange, ...]) -> None:
    assert found(*changes) == {rule}


def test_what_libpod_leaves_behind_is_no_finding() -> None:
    assert found(Put(("vol", "data1", "vol-dependencies"), GHOST, GHOST.encode())) == set()
    assert found(Put(("ctr", BASE, "dependencies"), CHILD, b"former name")) == set()


def test_missing_buckets() -> None:
    tree = SOUND.without("exec").without("ns-registry")
    assert [one.message for one in findings(references_of(tree, FILE)) if one.rule == "buckets"] == [
        "bucket exec is missing"
    ]


def test_a_volume_that_is_not_there() -> None:
    tree = SOUND.placed(("vol",), (SOUND.at(("vol",)) or Tree()).without("data1"))
    assert {one.rule for one in findings(references_of(tree, FILE))} == {"lists", "volumes"}


def test_every_rule_is_tried() -> None:
    assert {rule for rule, _ in CASES} | {"buckets"} == {name for name, _, _ in RULES}


def test_reports() -> None:
    held = references_of(SOUND, FILE)
    assert render(report_of("/x", (), held)) == "/x: sound (28 pages, 3 containers, 2 pods, 2 volumes)\n"
    broken = references_of(applied(SOUND, (MakeBucket(("ctr", GHOST)),)).unwrap()[0], FILE)
    report = report_of("/x", ("page 3: unreachable unfreed (page 3, byte 12288)",), broken)
    assert not report.sound
    assert render(report).startswith("file: page 3: unreachable unfreed")
    assert f"ids: container {GHOST} is not in the registry of ids" in render(report)
    assert not report_of("/x", ("damage",), None).sound
