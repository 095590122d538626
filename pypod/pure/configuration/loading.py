"""The small decisions of a load: homes, files that are not read, and what is heard of a load that fails."""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.pure.configuration.defaults import DefaultProbes, default_settings
from pypod.pure.configuration.layers import (
    REPLACED,
    ROOT_DOES_NOT_READ,
    SYSTEM_FILE,
    VENDOR_FILE,
    Stack,
    merged,
    user_file,
)
from pypod.pure.facts import Diagnostic, Level, UserEntry
from pypod.pure.failure import HostError
from pypod.pure.gotext import joined
from pypod.pure.settings import Settings
from pypod.pure.surroundings.facts import Surroundings

ONLY_FILE: Final = "CONTAINERS_CONF"


class Homes(Struct, frozen=True):
    """A user's home and configuration directory; empty where the process has no home and needs none."""

    home: str = ""
    configuration: str = ""


class Loaded(Struct, frozen=True):
    """An outcome of loading: the settings, what was said on the way, and the text of what is wrong, if anything is."""

    settings: Settings
    said: tuple[Diagnostic, ...] = ()
    wrong: str = ""


class Probed(Struct, frozen=True):
    """What a process observes only once: the runtime directory, the default OCI runtime, the limit of processes."""

    runtime_directory: str = ""
    runtime: str = ""
    process_limit: int = 0
    said: tuple[Diagnostic, ...] = ()


def homes(around: Surroundings, variable: str | None, user: UserEntry | None, given: str | None) -> Result[Homes, str]:
    """The homes from HOME, else the user database, and XDG_CONFIG_HOME; or containers/storage's text why there is none.

    Only a rootless user must have a home.
    """
    home = variable or (user.home if user else "")
    if not home and around.unshared:
        return Failure(f"unable to resolve HOME directory: user: unknown userid {around.unshared_uid}")
    return Success(Homes(home, given or (joined(home, ".config") if home else "")))


def libpod_directory(runtime_directory: str) -> str:
    """Libpod's part of a runtime directory."""
    return joined(runtime_directory, "libpod")


def sticky_bit_refused(error: HostError) -> str:
    """The text where that directory is there but may not be given its mode."""
    return f"set sticky bit on: {error.message}"


def nowhere_to_make(directory: str, above: HostError) -> str:
    """The text where the directory above one that is to be made is missing (Go's ``os.Mkdir``)."""
    return f"mkdir {directory}: {above.reason}"


def files_to_read(around: Surroundings, configuration: str) -> tuple[tuple[str, bool], ...]:
    """The files that may be there, lowest first, and whether each has a directory of additions."""
    system = ((VENDOR_FILE, False), (SYSTEM_FILE, True))
    return (*system, (user_file(configuration), True)) if around.unshared else system


def files_not_read(around: Surroundings, configuration: str, only: str) -> tuple[tuple[str, str], ...]:
    """The files that users expect to count but that do not, and why."""
    own = (user_file(configuration),) if configuration else ()
    if only:
        return tuple((path, REPLACED) for path in (VENDOR_FILE, SYSTEM_FILE, *own) if path != only)
    return () if around.unshared else tuple((path, ROOT_DOES_NOT_READ) for path in own)


def heard_of_failure(said: tuple[Diagnostic, ...], wrong: str) -> tuple[Diagnostic, ...]:
    """What is heard of a load that fails: the flags are not read yet, so nothing below a warning; then the error."""
    heard = (one for one in said if one.level in (Level.WARNING, Level.ERROR))
    return (*heard, Diagnostic(Level.ERROR, wrong))


def stacked(around: Surroundings, probes: DefaultProbes, said: tuple[Diagnostic, ...], stack: Stack) -> Loaded:
    """The defaults with the layers of a stack on top, and all that is said of it."""
    settings = default_settings(around, probes)
    for layer in stack.layers:
        settings = merged(settings, layer)
    return Loaded(settings, (*said, *(one for layer in stack.layers for one in layer.said)), stack.wrong)
