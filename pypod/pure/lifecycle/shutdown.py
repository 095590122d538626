"""The end of a runtime: what it says of containers, and that nothing can be done with it any more (``Runtime.Shutdown``)."""

from __future__ import annotations

import msgspec

from pypod.pure.configured import Configured
from pypod.pure.database.facts import ContainerFacts
from pypod.pure.facts import Diagnostic, Level
from pypod.pure.failure import Problem


def closed(configured: Configured) -> Configured:
    """The configuration of a runtime that was shut down."""
    return msgspec.structs.replace(configured, valid=False)


def containers_unread(problem: Problem) -> Diagnostic:
    """What is said where it is not known which containers there are; the store is shut down all the same."""
    return Diagnostic(Level.ERROR, f"Error retrieving containers from database: {problem.message}")


def not_stopped(container: ContainerFacts, problem: Problem) -> Diagnostic:
    """What is said of a container that was not stopped, be it only because it was already."""
    return Diagnostic(Level.ERROR, f"Error stopping container {container.id}: {problem.message}")
