"""Reading registries.conf and its drop-ins, as ``info`` does."""

from __future__ import annotations

from returns.result import Failure, Success

from pypod.pure.draft import Draft
from pypod.pure.program import Program, attempt, debug, need, settle
from pypod.pure.registries.decide import (
    SYSTEM_FILE,
    VARIABLES,
    Registries,
    directories,
    drop_ins,
    is_fine,
    read,
    unread,
    user_file,
)
from pypod.pure.vocabulary.files import ListDirectory, ReadFile, Stat
from pypod.pure.vocabulary.process import LookUpUser, ReadVariable


def read_registries(draft: Draft) -> Program[Registries]:
    """All that the files say; a file that was named must be there."""
    home = yield from _home(draft)
    named = yield from _named(draft)
    own = named is None and isinstance((yield from attempt(Stat(user_file(home)))), Success)
    path = named if named is not None else user_file(home) if own else SYSTEM_FILE
    registries = yield from _main_file(path, explicit=named is not None)
    for directory in directories(home, own=own):
        entries = (yield from attempt(ListDirectory(directory))).value_or(())
        for one in drop_ins(directory, entries):
            yield from debug(f'Loading registries configuration "{one}"')
            content = yield from need(ReadFile(one), unread(one))
            registries = registries.joined_with(settle(read(one, content, drop_in=True)))
    return registries


def _main_file(path: str, *, explicit: bool) -> Program[Registries]:
    yield from debug(f'Loading registries configuration "{path}"')
    content = yield from attempt(ReadFile(path))
    if isinstance(content, Failure):
        if is_fine(content.failure(), explicit=explicit):
            return Registries()
        return settle(content.alt(unread(path)).map(lambda _: Registries()))
    return settle(read(path, content.unwrap(), drop_in=False))


def _named(draft: Draft) -> Program[str | None]:
    """The file that an option or the environment names."""
    if draft.configured.image is not None and draft.configured.image.registries_conf:
        return draft.configured.image.registries_conf
    for variable in VARIABLES:
        value = yield from need(ReadVariable(variable))
        if value is not None:
            return value or None
    return None


def _home(draft: Draft) -> Program[str]:
    value = yield from need(ReadVariable("HOME"))
    if value:
        return value
    user = yield from need(LookUpUser(draft.surroundings.identity.euid))
    return user.home if user is not None else "/"
