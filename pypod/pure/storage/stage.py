"""The store options: storage.conf and the environment, read as containers/storage reads them."""

from __future__ import annotations

from pypod.pure.program import Program, attempt
from pypod.pure.storage.facts import StoreOptions
from pypod.pure.surroundings.facts import Surroundings
from pypod.pure.vocabulary.process import ReadVariable


def default_store_options(surroundings: Surroundings) -> Program[StoreOptions]:
    """containers/storage's ``DefaultStoreOptions``: what a store is opened with unless the caller says otherwise."""
    yield from attempt(ReadVariable("HOME" if surroundings.rootless else "CONTAINERS_STORAGE_CONF"))
    return StoreOptions()
