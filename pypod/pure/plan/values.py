"""Settings and problems in the plan's form."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final, TypeAlias, cast

from pypod.pure import settings as spine
from pypod.pure.configuration import keys
from pypod.pure.configuration.defaults import static_defaults
from pypod.pure.failure import Problem
from pypod.pure.plan.facts import Claim, Comparison, Failure, Ignored, Origin, Setting
from pypod.pure.storage.decide import builtin_options

KINDS: Final = {
    "InvalidArgument": "ErrInvalidArg",
    "RuntimeFinalized": "ErrRuntimeFinalized",
    "RuntimeStopped": "ErrRuntimeStopped",
    "ConmonOutdated": "ErrConmonOutdated",
    "DatabaseMismatch": "ErrDBBadConfig",
    "DatabaseClosed": "ErrDBClosed",
    "NoSuchContainer": "ErrNoSuchCtr",
    "NoSuchPod": "ErrNoSuchPod",
    "NoSuchVolume": "ErrNoSuchVolume",
    "ContainerStopped": "ErrCtrStopped",
    "ContainerStateInvalid": "ErrCtrStateInvalid",
    "ConmonDead": "ErrConmonDead",
    "RuntimeNotFound": "ErrOCIRuntimeNotFound",
    "ContainerExists": "ErrCtrExists",
    "PodExists": "ErrPodExists",
    "VolumeExists": "ErrVolumeExists",
    "EmptyName": "ErrEmptyID",
    "NamespaceMismatch": "ErrNSMismatch",
    "Internal": "ErrInternal",
    "StoreIncomplete": "ErrIncompleteOptions",
    "DriverUnsupported": "ErrNotSupported",
    "DriverPrerequisites": "ErrPrerequisites",
    "DriverIncompatible": "ErrIncompatibleFS",
}
"""libpod's and containers/storage's names of the sentinels; a problem without one keeps the name of its class."""

COMPARED: Final = {
    "libpod root directory (staticdir)": keys.STATIC_DIR.name,
    "libpod temporary files directory (tmpdir)": keys.TMP_DIR.name,
    "storage temporary directory (runroot)": keys.RUN_ROOT.name,
    "storage graph root directory (graphroot)": keys.GRAPH_ROOT.name,
    "storage graph driver": keys.GRAPH_DRIVER.name,
    "volume path": keys.VOLUME_PATH.name,
    "OS": "",
}
"""The setting behind each name in ``database NAME "A" does not match our NAME "B"``."""

SHOWN: Final = "(not shown)"
_SCALARS: Final = frozenset({str, bool, int, float, type(None)})
_BUILTIN: Final = Origin(spine.BUILTIN.source.value, spine.BUILTIN.at)
_ASSIGNMENTS: Final = frozenset({keys.CONTAINER_ENV.name, keys.ENGINE_ENV.name})
_HIDDEN_TABLES: Final = frozenset({keys.SECRETS_OPTS.name})
_ADDRESSES: Final = frozenset({keys.REMOTE_URI.name, keys.SERVICE_DESTINATIONS.name})


def settings_shown(settings: spine.Settings) -> dict[str, Setting]:
    """Every setting by name, in order, without secrets."""
    usual = _defaults_shown()
    found: dict[str, Setting] = {}
    for name, setting in sorted(settings.entries.items()):
        default, known, texts = usual.get(name, _NO_DEFAULT)
        if default is not setting:
            found[name] = _setting(name, setting)
        else:
            # Whoever gets a plan may change its lists: each plan has its own.
            found[name] = known or Setting([*texts], _BUILTIN)
    return found


@cache
def _defaults_shown() -> dict[str, _Default]:
    """The defaults that depend on nothing, shown once for all plans: those that are plain, and lists of texts."""
    found: dict[str, _Default] = {}
    for name, setting in (*static_defaults().entries.items(), *builtin_options().entries.items()):
        value = setting.claim.value
        if isinstance(value, tuple):
            found[name] = setting, None, cast("tuple[str, ...]", value)
        elif not isinstance(value, Mapping):
            found[name] = setting, _setting(name, setting), ()
    return found


_Default: TypeAlias = tuple[spine.Setting | None, Setting | None, tuple[str, ...]]
_NO_DEFAULT: Final[_Default] = (None, None, ())


def failure_shown(problem: Problem, settings: spine.Settings) -> Failure:
    """A problem with our advice: its own hint, or the catalogue's."""
    from pypod.pure.plan.diagnoses import of_problem

    kind = type(problem).__name__
    kind = KINDS.get(kind, kind)
    known = of_problem(kind, problem.stage, problem.message)
    return Failure(
        kind=kind,
        message=problem.message,
        exit_status=problem.exit_status,
        stage=problem.stage,
        subject=problem.subject,
        hint=sentence(problem.hint) or (known.remedy if known else ""),
        diagnosis=problem.diagnosis or (known.id if known else ""),
        comparison=_comparison(problem.message, settings) if kind == "ErrDBBadConfig" else None,
    )


def sentence(text: str) -> str:
    """A piece of advice as a sentence; a path or a name at its beginning stays as it is."""
    if not text:
        return ""
    first = text.partition(" ")[0]
    start = text[:1].upper() + text[1:] if first.isalpha() and first.islower() else text
    return start if start.endswith((".", "`")) else f"{start}."


def plain(value: Any) -> Any:
    """A value of a setting as plain JSON."""
    if type(value) in _SCALARS:
        return value
    if isinstance(value, (tuple, list)):
        held = cast("tuple[Any, ...]", value)
        return [one if type(one) is str else plain(one) for one in held]
    if isinstance(value, Mapping):
        table: Mapping[Any, Any] = cast("Any", value)
        return {str(key): plain(table[key]) for key in sorted(table, key=str)}
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if value is None or isinstance(value, str | bool | int | float) else str(value)


def shown(name: str, value: Any, origin: spine.Origin) -> Any:
    """A value without secrets: of variables only the names, of secret options nothing, of addresses no password."""
    if origin.source is spine.Source.BUILTIN:
        return plain(value)
    if name in _ASSIGNMENTS and isinstance(value, (tuple, list)):
        return [f"{str(one).partition('=')[0]}={SHOWN}" for one in cast("tuple[Any, ...]", value)]
    if name in _HIDDEN_TABLES and isinstance(value, Mapping):
        return {str(key): SHOWN for key in sorted(cast("Mapping[str, Any]", value))}
    return _without_passwords(plain(value)) if name in _ADDRESSES else plain(value)


def _without_passwords(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_passwords(one) for key, one in cast("dict[str, Any]", value).items()}
    if not isinstance(value, str):
        return value
    scheme, separator, rest = value.partition("://")
    authority, slash, path = rest.partition("/")
    user, at, host = authority.rpartition("@")
    if not (separator and at and ":" in user):
        return value
    return f"{scheme}://{user.partition(':')[0]}:{SHOWN}@{host}{slash}{path}"


def _setting(name: str, setting: spine.Setting) -> Setting:
    claim = setting.claim
    if claim.origin is spine.BUILTIN and not setting.overrode and not setting.ignored:
        return Setting(plain(claim.value), _BUILTIN)
    return Setting(
        shown(name, claim.value, claim.origin),
        _origin(claim.origin),
        tuple(Claim(shown(name, one.value, one.origin), _origin(one.origin)) for one in setting.overrode),
        tuple(Ignored(shown(name, one.value, one.origin), _origin(one.origin), one.because) for one in setting.ignored),
    )


def _origin(origin: spine.Origin) -> Origin:
    return Origin(origin.source._value_, origin.at)


def _comparison(message: str, settings: spine.Settings) -> Comparison | None:
    """The two sides of a mismatch, from libpod's own words."""
    before, separator, after = message.partition(" does not match our ")
    what, quote, theirs = before.removeprefix("database ").partition(' "')
    _, our_quote, ours = after.partition(' "')
    if not (separator and quote and our_quote):
        return None
    setting = COMPARED.get(what, what)
    held = settings.entries.get(setting)
    end = ours.rfind('": ')
    return Comparison(
        setting,
        ours[:end] if end >= 0 else ours.removesuffix('"'),
        theirs.removesuffix('"'),
        _origin(held.claim.origin) if held else None,
    )
