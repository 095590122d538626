"""Laws of RuntimeOptions.

* Folding is associative over concatenation: a list may be cut anywhere.
* No option is the identity.
* Every option refuses a finished runtime.
* The last of two options of a kind wins.
* Options that set different things commute.
* A failure keeps its text whatever comes behind it.
"""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from returns.result import Failure, Result

from pypod.pure.configuration.keys import TMP_DIR
from pypod.pure.configured import Configured
from pypod.pure.failure import Problem, RuntimeFinalized
from pypod.pure.options import all as every
from pypod.pure.options.apply import apply_all
from pypod.pure.options.option import RuntimeOption
from pypod.pure.options.storage import WithStorageConfig
from pypod.pure.settings import BUILTIN, Settings

FRESH = Configured(
    settings=Settings().claim(TMP_DIR, "/run/libpod", BUILTIN),
    default_run_root="/run/containers/storage",
    default_graph_root="/var/lib/containers/storage",
)
WORDS = st.sampled_from(("", "/a", "/b/", "relative", "ü", "file", "systemd", "none"))
LISTS = st.lists(WORDS, max_size=3).map(tuple)
ONE_TEXT = (
    every.WithDefaultTransport, every.WithSignaturePolicy, every.WithOCIRuntime, every.WithConmonPath,
    every.WithNetworkCmdPath, every.WithCgroupManager, every.WithStaticDir, every.WithRegistriesConf,
    every.WithDefaultMountsFile, every.WithTmpDir, every.WithCNIConfigDir, every.WithCNIPluginDir, every.WithNamespace,
    every.WithVolumePath, every.WithDefaultInfraImage, every.WithDefaultInfraCommand, every.WithDefaultInfraName,
    every.WithMigrateRuntime, every.WithEventsLogger,
)  # fmt: skip
GOOD = {"WithEventsLogger": ("file", "none"), "WithCgroupManager": ("cgroupfs", "systemd")}
"""Words that an option takes, where it does not take any."""
SWITCHES = (every.WithNoStore, every.WithNoPivotRoot, every.WithRenumber, every.WithMigrate, every.WithEnableSDNotify)


def with_text(kind: type[every.WithTmpDir], text: str) -> RuntimeOption:
    """An option that takes one text."""
    return kind(text)


def with_list(kind: type[every.WithHooksDir], items: tuple[str, ...]) -> RuntimeOption:
    """An option that takes a list."""
    return kind(items)


def options() -> st.SearchStrategy[RuntimeOption]:
    """Any option, good or bad."""
    return st.one_of(
        st.builds(with_text, st.sampled_from(ONE_TEXT), WORDS),
        st.sampled_from(SWITCHES).map(lambda kind: kind()),
        st.integers(0, 3).map(every.WithStateType),
        st.builds(with_list, st.sampled_from((every.WithConmonEnv, every.WithHooksDir, every.WithRuntimeFlags)), LISTS),
        st.builds(WithStorageConfig, run_root=WORDS, graph_root=WORDS, graph_driver=WORDS,
                  graph_options=st.none() | LISTS),
    )  # fmt: skip


LISTS_OF_OPTIONS = st.lists(options(), max_size=6)


def values(result: Result[Configured, Problem]) -> object:
    """What counts of an outcome: the values in force and the marks, or the failure; not what lost on the way."""
    if isinstance(result, Failure):
        return result.failure()
    after = result.unwrap()
    in_force = {name: setting.claim for name, setting in after.settings.entries.items()}
    return in_force, msgspec.structs.replace(after, settings=Settings())


@given(LISTS_OF_OPTIONS, LISTS_OF_OPTIONS)
def test_folding_is_associative(first: list[RuntimeOption], second: list[RuntimeOption]) -> None:
    halfway = apply_all(first, FRESH)
    in_two = halfway if isinstance(halfway, Failure) else apply_all(second, halfway.unwrap())
    assert apply_all([*first, *second], FRESH) == in_two


def test_nothing_is_the_identity() -> None:
    assert apply_all([], FRESH).unwrap() is FRESH


@given(options())
def test_a_finished_runtime_is_refused(option: RuntimeOption) -> None:
    refusal = option.apply(msgspec.structs.replace(FRESH, valid=True)).failure()
    assert refusal == RuntimeFinalized("runtime has been finalized")


@given(st.sampled_from(ONE_TEXT), st.booleans())
def test_the_last_of_a_kind_wins(kind: type[every.WithTmpDir], turned: bool) -> None:
    first, second = GOOD.get(kind.__name__, ("/a", "/b"))[:: -1 if turned else 1]
    assert not isinstance(apply_all([kind(first)], FRESH), Failure)
    assert values(apply_all([kind(first), kind(second)], FRESH)) == values(apply_all([kind(second)], FRESH))


def touched(option: RuntimeOption) -> set[str]:
    """What an option sets or reads: settings by name, and fields of the configuration."""
    after = option.apply(FRESH).value_or(FRESH)
    settings = {name for name, setting in after.settings.entries.items() if setting != FRESH.settings.entries.get(name)}
    fields = {name for name in Configured.__struct_fields__ if getattr(after, name) != getattr(FRESH, name)}
    reads = {TMP_DIR.name} if isinstance(option, every.WithEventsLogger) else set[str]()
    return settings | (fields - {"settings"}) | reads | {type(option).__name__}


@given(options(), options())
def test_unrelated_options_commute(first: RuntimeOption, second: RuntimeOption) -> None:
    both = apply_all([first, second], FRESH)
    if touched(first) & touched(second) or isinstance(both, Failure):
        return
    assert values(both) == values(apply_all([second, first], FRESH))


@given(LISTS_OF_OPTIONS, LISTS_OF_OPTIONS)
def test_nothing_behind_a_failure_changes_it(first: list[RuntimeOption], second: list[RuntimeOption]) -> None:
    failed = apply_all(first, FRESH)
    if isinstance(failed, Failure):
        assert apply_all([*first, *second], FRESH) == failed
        assert failed.failure().message.startswith("error configuring runtime: ")
