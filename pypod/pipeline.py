"""The construction of libpod's runtime, as one composed value.

Read it from top to bottom: these are the stages of ``newRuntimeFromConfig`` and ``makeRuntime`` (``libpod/runtime.go``,
v3.4.7) in libpod's order.  Each is a program from draft to draft: it observes, lets a pure function decide, and acts.
The two that hold something surround what runs while it is held.

A program says effects; a host answers them.  Nothing here can touch a machine, so a plan runs these very stages.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import msgspec

from pypod.pure.cgroups.stage import CGROUPS
from pypod.pure.configuration.stage import CONFIGURATION
from pypod.pure.conmon.stage import CONMON
from pypod.pure.draft import Draft, Request
from pypod.pure.facts import Level, Stream
from pypod.pure.failure import Problem
from pypod.pure.oci.stage import DEFAULT_OCI_RUNTIME
from pypod.pure.options.commands import REWRITING, makes_runtime
from pypod.pure.options.stage import OPTIONS, OPTIONS_MADE
from pypod.pure.program import Program, Stage, in_order, note, reworded, when_reached
from pypod.pure.shutdown.stage import SHUTDOWN_HANDLER
from pypod.pure.storage.stage import STORAGE_OPTIONS
from pypod.pure.xdg.stage import XDG_DIRECTORIES


@cache
def _runtime() -> Stage[Draft]:
    """What is loaded once there is a conmon, most of it while that is asked for its version."""
    from pypod.pure.database.stage import DATABASE_MERGE, DATABASE_VALIDATION, NAMESPACE, RUN_ROOT, STATE
    from pypod.pure.directories.stage import BOOT_DIRECTORY, EVENTS_DIRECTORY, STATIC_DIRECTORY, TMP_DIRECTORY
    from pypod.pure.events.stage import EVENTS
    from pypod.pure.image.stage import IMAGE_CONTEXT
    from pypod.pure.network.stage import NETWORK_DEFAULT, NETWORK_PLUGIN
    from pypod.pure.oci.stage import DEFAULT_OCI_RUNTIME_CHECK, OCI_RUNTIMES
    from pypod.pure.store.stage import CAPABILITIES, STORE

    return in_order(
        STATIC_DIRECTORY,
        STATE,
        DATABASE_MERGE,
        RUN_ROOT,
        DATABASE_VALIDATION,
        NAMESPACE,
        CAPABILITIES,
        STORE,
        EVENTS,
        IMAGE_CONTEXT,
        TMP_DIRECTORY,
        EVENTS_DIRECTORY,
        OCI_RUNTIMES,
        DEFAULT_OCI_RUNTIME_CHECK,
        BOOT_DIRECTORY,
        NETWORK_DEFAULT,
        NETWORK_PLUGIN,
    )


@cache
def _alive() -> Stage[Draft]:
    """What is loaded once the network plugins were asked, most of it meanwhile."""
    from pypod.pure.lifecycle.stage import FINISH, MIGRATE, REFRESH, RENUMBER, under_alive_lock
    from pypod.pure.locks.stage import with_lock_manager

    return under_alive_lock(with_lock_manager(in_order(RENUMBER, REFRESH, FINISH, MIGRATE)))


CONSTRUCTION: Final[Stage[Draft]] = in_order(
    CONFIGURATION,
    OPTIONS_MADE,
    CGROUPS,
    DEFAULT_OCI_RUNTIME,
    XDG_DIRECTORIES,
    STORAGE_OPTIONS,
    OPTIONS,
    SHUTDOWN_HANDLER,
    CONMON,
    when_reached(_runtime),
    when_reached(_alive),
)


def _plain(draft: Draft) -> Program[Draft]:
    """The runtime that every command starts with, also the one that renumbers or migrates afterwards."""
    request = draft.request
    plain = msgspec.structs.replace(request, command="construction")
    built = yield from CONSTRUCTION(msgspec.structs.replace(draft, request=plain))
    return msgspec.structs.replace(built, request=request)


def _again(draft: Draft) -> Program[Draft]:
    """A second construction in the same process, with the command's own options: how Podman renumbers and migrates.

    The first runtime's store is the second one's too.
    """
    second = Draft(draft.request, store=draft.store, runtimes_missing=draft.runtimes_missing)
    return (yield from reworded(CONSTRUCTION(second), _printed))


def _printed(problem: Problem) -> Program[Problem]:
    """These two commands print what went wrong on standard output, as it is."""
    yield from note(Level.ERROR, problem.message, Stream.STDOUT)
    return problem


def program_of(request: Request) -> Stage[Draft]:
    """What runs for a request: construction alone, or a Podman command from its first step to its last."""
    if request.command == "construction":
        return CONSTRUCTION
    return _of_command(request) if makes_runtime(request.command) else _without_runtime()


def _without_runtime() -> Stage[Draft]:
    """Podman reads the configuration as it starts, whatever is asked of it."""
    from pypod.pure.userns.stage import PAUSE_PROCESS

    return in_order(PAUSE_PROCESS, CONFIGURATION)


def _of_command(request: Request) -> Stage[Draft]:
    # Loaded here: planning a construction does without what only the commands do around it.
    from pypod.pure.events.reading_stage import EVENTS_READ
    from pypod.pure.exists.stage import EXISTS
    from pypod.pure.info.stage import ENGINE_ENVIRONMENT, INFO
    from pypod.pure.lifecycle.backup_stage import BACKUP
    from pypod.pure.lifecycle.loading_stage import CONTAINER_INSPECTION, CONTAINER_LISTING, VOLUME_INSPECTION
    from pypod.pure.store.shutdown_stage import SHUTDOWN
    from pypod.pure.userns.stage import PAUSE_PROCESS, REEXECUTION

    own: dict[str, Stage[Draft]] = {
        "info": INFO,
        "container exists": EXISTS,
        "pod exists": EXISTS,
        "image exists": EXISTS,
        "ps": CONTAINER_LISTING,
        "container ps": CONTAINER_LISTING,
        "container list": CONTAINER_LISTING,
        "container inspect": CONTAINER_INSPECTION,
        "volume inspect": VOLUME_INSPECTION,
        "events": EVENTS_READ,
    }
    if request.command in REWRITING:
        return in_order(PAUSE_PROCESS, _plain, ENGINE_ENVIRONMENT, REEXECUTION, SHUTDOWN, BACKUP, _again)
    named = (own[request.command],) if request.command in own else ()
    return in_order(PAUSE_PROCESS, CONSTRUCTION, ENGINE_ENVIRONMENT, REEXECUTION, *named, SHUTDOWN)
