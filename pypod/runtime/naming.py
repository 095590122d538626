"""Names of containers and pods, of a constructed runtime."""

from __future__ import annotations

from pypod.pure.configuration.keys import NAMESPACE
from pypod.pure.draft import Draft
from pypod.pure.names.decide import DIGITS, drawn
from pypod.pure.program import Program, need, settle
from pypod.pure.state.lookup import is_free, name_with_id, names_of
from pypod.pure.vocabulary.database import ReadObjects
from pypod.pure.vocabulary.host import DrawToken
from pypod.runtime.accessors import valid


def name_of(draft: Draft, wanted: str) -> Program[str]:
    """``GetName``: the name of the container or pod with this full id; ErrNoSuchCtr where there is none."""
    at = yield from valid(draft)
    objects = yield from need(ReadObjects(at.database_path))
    return settle(name_with_id(names_of(objects), wanted, at.setting(NAMESPACE)))


def generate_name(draft: Draft) -> Program[str]:
    """``generateName``: a name that no container and no pod has; a look-up that fails otherwise ends it, as in libpod."""
    at = yield from valid(draft)
    names = names_of((yield from need(ReadObjects(at.database_path))))
    while True:
        name = drawn((yield from need(DrawToken(DIGITS))))
        if name is not None and settle(is_free(names, name, at.setting(NAMESPACE))):
            return name
