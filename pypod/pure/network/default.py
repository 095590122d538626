"""Whether and how the default network is made (containers/common ``pkg/defaultnet``, ``Create``)."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final

from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.pure.facts import Diagnostic, DirectoryEntry, FileType, Level
from pypod.pure.failure import HostError, InvalidArgument, Problem, Refused
from pypod.pure.gotext import joined
from pypod.pure.network.gojson import decoded_object, text_of

SENTINEL: Final = "defaultCNINetExists"
FIRST_NUMBER: Final = 87
LAST_NUMBER: Final = 186
SENTINEL_MODE: Final = 0o666
DIRECTORY_MODE: Final = 0o755
CONFLIST_MODE: Final = 0o644


class DefaultNetwork(Struct, frozen=True):
    """What is asked for: the network's name, its subnet in CIDR form, the directory for its file, the static
    directory for the sentinel, and whether Podman runs in a machine of its own.
    """

    name: str
    subnet: str
    config_dir: str
    static_dir: str
    machine: bool

    @property
    def sentinel(self) -> str:
        """The file whose presence says that a default network was made once; it is never looked into."""
        return joined(self.static_dir, SENTINEL)


def checked(wanted: DefaultNetwork) -> Result[DefaultNetwork, Problem]:
    """What is asked for, if it can be made: nothing is empty, and the name is of letters, digits and underscores."""
    if not (wanted.name and wanted.subnet and wanted.config_dir and wanted.static_dir):
        return Failure(InvalidArgument("must provide values for all arguments to MakeDefaultNetwork"))
    letters = wanted.name.replace("_", "a")
    if wanted.name[0] == "_" or not (letters.isascii() and letters.isalnum()):
        text = f"invalid default network name {wanted.name} - letters, numbers, and underscores only"
        return Failure(InvalidArgument(text, "network.default_network"))
    return Success(wanted)


def refusal(wrapping: str) -> Callable[[HostError], Problem]:
    """A refusal of the host in the wrapping of one step."""

    def problem(error: HostError) -> Problem:
        return Refused(error.message, error.subject, cause=error).wrapped(wrapping)

    return problem


def is_there(error: HostError) -> bool:
    """Whether the directory could not be made because it is there."""
    return error.errno == errno.EEXIST


def conflists(wanted: DefaultNetwork, entries: tuple[DirectoryEntry, ...]) -> tuple[str, ...]:
    """The files in which the network may be configured already."""
    names = (entry.name for entry in entries if entry.type is not FileType.DIRECTORY)
    return tuple(joined(wanted.config_dir, name) for name in names if extension(name) == ".conflist")


def extension(name: str) -> str:
    """``filepath.Ext``: from the last dot on, the dot included."""
    return name[name.rfind(".") :] if "." in name else ""


def configured_name(path: str, content: Result[bytes, HostError]) -> Result[str, str]:
    """The name of the network that a file configures; the failure is what libpod logs."""
    if isinstance(content, Failure):
        return Failure(content.failure().message)
    name = text_of(decoded_object(content.unwrap(), "defaultnet.network"), "name", "network")
    return name.alt(lambda text: f"error decoding CNI configuration {path.rpartition('/')[2]}: {text}")


def unreadable(text: str) -> Diagnostic:
    """A configuration file that could not be read or decoded is passed over."""
    return Diagnostic(Level.ERROR, f"Error reading CNI configuration file: {text}")


# Nearly every host makes the same default network.
@lru_cache(maxsize=16)
def content(wanted: DefaultNetwork) -> Result[bytes | None, Problem]:
    """The file's content; ``None`` where the subnet is a single address.

    There libpod means to fail but wraps an error that is nil, and so makes no network and says nothing.
    """
    # Loaded here: the network is made once in the life of a static directory.
    from pypod.pure.network.conflist import conflist
    from pypod.pure.network.subnet import parse_subnet

    parsed = parse_subnet(wanted.subnet)
    if isinstance(parsed, Failure):
        text = f"default network subnet {wanted.subnet} is invalid: {parsed.failure()}"
        return Failure(InvalidArgument(text, "network.default_subnet"))
    subnet = parsed.unwrap()
    return Success(None if subnet.single else conflist(wanted.name, subnet, machine=wanted.machine))


def candidates(wanted: DefaultNetwork) -> Iterator[str]:
    """The files that are tried in turn; the first is nearly always free."""
    numbers = range(FIRST_NUMBER, LAST_NUMBER + 1)
    return (joined(wanted.config_dir, f"{number}-{wanted.name}.conflist") for number in numbers)


def unwritten(error: HostError) -> Problem | None:
    """The problem of a file that was made but could not be written; ``None`` where it could not be made."""
    return refusal("error writing default CNI config to file")(error) if error.call == "write" else None


def not_made(error: HostError) -> Diagnostic:
    """What libpod says before it tries the next number."""
    return Diagnostic(Level.INFO, f"Attempt to create default CNI network config file failed: {error.message}")


def none_free(wanted: DefaultNetwork) -> Problem:
    """Every number was tried."""
    return InvalidArgument("no available default network configuration file was found", wanted.config_dir)


def only_logged(problem: Problem) -> Diagnostic:
    """Construction goes on without a default network; the wording is libpod's."""
    return Diagnostic(Level.ERROR, f"Failed to created default CNI network: {problem.message}")
