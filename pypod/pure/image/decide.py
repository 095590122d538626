"""The image context of a runtime (containers/image's SystemContext, as ``makeRuntime`` fills it in)."""

from __future__ import annotations

import msgspec

from pypod.pure.configured import ImageContext


def temporary_directory(tmpdir: str | None) -> str:
    """Where big files go while they are pulled: ``TMPDIR`` if it is there at all, even empty (``parse.GetTempDir``)."""
    return "/var/tmp" if tmpdir is None else tmpdir  # noqa: S108 - buildah's default


def image_context(present: ImageContext | None, tmpdir: str | None, signature_policy: str) -> ImageContext:
    """The runtime's context: one that an option made already keeps its temporary directory and registries file."""
    context = present or ImageContext(big_files_temporary_dir=temporary_directory(tmpdir))
    return msgspec.structs.replace(context, signature_policy_path=signature_policy)
