"""Laws of the merge with a database and of the validation against it.

1. A value that was set explicitly is never replaced.
2. Otherwise the database's value wins, unless it is empty.
3. Merging twice is merging once.
4. After what validation calls missing has been written, validation passes and nothing is missing.
5. A mismatch is about the first entry that differs, and then nothing is written.
6. An unrelated entry of the bucket changes nothing.
"""

from __future__ import annotations

import msgspec
from hypothesis import assume, given
from hypothesis import strategies as st
from returns.result import Failure

from pypod.pure.configuration.keys import (
    EVENTS_LOGFILE_PATH,
    GRAPH_DRIVER,
    GRAPH_ROOT,
    RUN_ROOT,
    STATIC_DIR,
    TMP_DIR,
    VOLUME_PATH,
)
from pypod.pure.configured import Configured, StorageSet
from pypod.pure.database import decide
from pypod.pure.database.facts import TOP_LEVEL, DatabaseFacts
from pypod.pure.settings import Key, Origin, Settings, Source

KEYS: dict[str, Key[str]] = {
    "run-root": RUN_ROOT,
    "graph-root": GRAPH_ROOT,
    "graph-driver-name": GRAPH_DRIVER,
    "static-dir": STATIC_DIR,
    "tmp-dir": TMP_DIR,
    "volume-path": VOLUME_PATH,
}
FLAGS = {
    "run-root": "run_root",
    "graph-root": "graph_root",
    "graph-driver-name": "graph_driver",
    "static-dir": "static_dir",
    "tmp-dir": "tmp_dir",
    "volume-path": "volume_path",
}
ODD = ("", "/a", "/b/", "/b", "//c/../d", "vfs", "overlay", ".", "/é", "/with space")

values = st.sampled_from(ODD)
storage_sets = st.builds(StorageSet, *[st.booleans() for _ in range(6)])
stored_values = st.dictionaries(st.sampled_from(("os", *KEYS)), st.one_of(values, st.just("linux")))


@st.composite
def configurations(draw: st.DrawFn) -> Configured:
    """A configuration with each setting from a file, and a choice of explicit ones."""
    settings = Settings().claim(EVENTS_LOGFILE_PATH, draw(values), Origin(Source.BUILTIN))
    for name, key in KEYS.items():
        settings = settings.claim(key, draw(values), Origin(Source.FILE, f"containers.conf:{len(name)}"))
    return Configured(
        settings=settings,
        storage_set=draw(storage_sets),
        default_run_root=draw(values),
        default_graph_root=draw(values),
        default_graph_driver=draw(st.sampled_from(("", "vfs", "overlay"))),
    )


def facts(stored: dict[str, str]) -> DatabaseFacts:
    return DatabaseFacts(1, 4096, 32768, TOP_LEVEL, tuple(sorted(stored.items())))


@given(configurations(), stored_values)
def test_explicit_values_stay_and_others_give_way(configured: Configured, stored: dict[str, str]) -> None:
    after, said = decide.merged(configured, facts(stored))
    for name, key in KEYS.items():
        explicit = getattr(configured.storage_set, FLAGS[name])
        theirs, ours = stored.get(name, ""), configured.settings.get(key)
        replaced = bool(theirs) and not explicit
        assert after.settings.get(key) == (theirs if replaced else ours)
        if replaced and theirs != ours:
            assert after.settings.origin(key) == Origin(Source.DATABASE, f"bolt_state.db: runtime-config/{name}")
        else:
            assert after.settings.origin(key) == configured.settings.origin(key)
    changed = [
        name
        for name, key in KEYS.items()
        if configured.settings.get(key) and configured.settings.get(key) != after.settings.get(key)
    ]
    assert len(said) == len(changed)


@given(configurations(), stored_values)
def test_the_events_log_follows_the_tmp_dir(configured: Configured, stored: dict[str, str]) -> None:
    after, _ = decide.merged(configured, facts(stored))
    log = after.settings.get(EVENTS_LOGFILE_PATH)
    if stored.get("tmp-dir") and not configured.storage_set.tmp_dir:
        assert log.endswith("events/events.log")
    else:
        assert log == configured.settings.get(EVENTS_LOGFILE_PATH)


@given(configurations(), stored_values)
def test_merging_twice_is_merging_once(configured: Configured, stored: dict[str, str]) -> None:
    once, _ = decide.merged(configured, facts(stored))
    twice, said = decide.merged(once, facts(stored))
    assert twice == once
    assert said == ()


@given(configurations(), stored_values)
def test_validation_passes_after_the_missing_is_written(configured: Configured, stored: dict[str, str]) -> None:
    before = facts(stored)
    missing = decide.validated(configured, before)
    assume(not isinstance(missing, Failure))
    assert [put.key for put in missing.unwrap()] == [name for name in decide.ENTRIES if name not in stored]
    after = decide.completed(before, missing.unwrap())
    assert decide.validated(configured, after).unwrap() == ()


@given(configurations())
def test_an_empty_database_is_filled_whole(configured: Configured) -> None:
    missing = decide.validated(configured, facts({})).unwrap()
    assert tuple(put.key for put in missing) == decide.ENTRIES


@given(configurations(), stored_values)
def test_a_mismatch_is_about_the_first_entry_that_differs(configured: Configured, stored: dict[str, str]) -> None:
    result = decide.validated(configured, facts(stored))
    assume(isinstance(result, Failure))
    subject = result.failure().subject
    position = decide.ENTRIES.index(subject)
    earlier = {name: value for name, value in stored.items() if name in decide.ENTRIES[:position]}
    assert not isinstance(decide.validated(configured, facts(earlier)), Failure)
    alone = decide.validated(configured, facts({subject: stored[subject]}))
    assert alone.failure() == result.failure()


@given(configurations(), stored_values)
def test_an_unrelated_entry_changes_nothing(configured: Configured, stored: dict[str, str]) -> None:
    more = facts({**stored, "something-newer": "/x"})
    assert decide.merged(configured, more) == decide.merged(configured, facts(stored))
    assert decide.validated(configured, more) == decide.validated(configured, facts(stored))


@given(configurations(), stored_values)
def test_without_the_bucket_nothing_is_merged(configured: Configured, stored: dict[str, str]) -> None:
    none = msgspec.structs.replace(facts(stored), config=None)
    assert decide.merged(configured, none) == (configured, ())
    text = "runtime configuration bucket not found in DB: database configuration mismatch"
    assert decide.validated(configured, none).failure().message == text
