"""Facts of OCI runtimes."""

from __future__ import annotations

from msgspec import Struct


class OciRuntime(Struct, frozen=True):
    """An OCI runtime that was found: libpod's ConmonOCIRuntime."""

    name: str
    path: str
    flags: tuple[str, ...] = ()
    supports_json: bool = False
    supports_nocgroups: bool = False
    supports_kvm: bool = False
