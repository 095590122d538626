"""What a state database holds, for the few commands that ask for it: what reads it is loaded when one does."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from returns.result import Result

    from pypod.effects.linux.state import LinuxState
    from pypod.pure.database.facts import Look, Sight
    from pypod.pure.failure import HostError
    from pypod.pure.state.facts import Containers, Content, Listed, References


class LinuxStored:
    """:class:`LinuxState`, loaded late."""

    def list_containers(self, path: str, /) -> Result[tuple[Listed, ...], HostError]:
        return _state().list_containers(path)

    def read_containers(self, path: str, /) -> Result[Containers, HostError]:
        return _state().read_containers(path)

    def read_references(self, path: str, /) -> Result[References, HostError]:
        return _state().read_references(path)

    def check_pages(self, path: str, /) -> Result[tuple[str, ...], HostError]:
        return _state().check_pages(path)

    def read_content(self, path: str, /) -> Result[Content, HostError]:
        return _state().read_content(path)

    def read_places(self, path: str, looks: tuple[Look, ...], /) -> Result[tuple[Sight, ...], HostError]:
        return _state().read_places(path, looks)


def _state() -> LinuxState:
    from pypod.effects.linux.state import LinuxState

    return LinuxState()
