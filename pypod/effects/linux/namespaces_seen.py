"""What can be seen of the real machine from within other namespaces."""

from __future__ import annotations

from returns.result import Result

from pypod.pure.failure import HostError
from pypod.pure.userns.facts import IdMappings


class LinuxNamespacesSeen:
    """Looks from within a namespace of its own."""

    def read_in_user_namespace(self, path: str, mappings: IdMappings, /) -> Result[bytes, HostError]:
        # Only a rootless user whose containers run without a pause process needs it.
        from pypod.effects.linux.reading_inside import read_inside

        return read_inside(path, mappings)
