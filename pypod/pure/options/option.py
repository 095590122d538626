"""What a RuntimeOption is: a value that changes a configuration, or says why it may not."""

from __future__ import annotations

from msgspec import Struct
from returns.result import Failure, Result

from pypod.pure.configured import Configured
from pypod.pure.failure import Problem, RuntimeFinalized
from pypod.pure.settings import Origin, Source


class RuntimeOption(Struct, frozen=True, tag=True):
    """A RuntimeOption of libpod's (``libpod/options.go``).

    Applying a list of them is a fold: ``reduce`` of :meth:`apply` over a Configured.  ``at`` names the flag or the
    caller for the origin of what it sets.
    """

    def checked(self, configured: Configured) -> Result[Configured, Problem]:
        """The effect of the option on a runtime that is not finished."""
        raise NotImplementedError

    def apply(self, configured: Configured) -> Result[Configured, Problem]:
        """The configuration with this option; ErrRuntimeFinalized on a finished runtime."""
        if configured.valid and self.refuses_finalized:
            return Failure(RuntimeFinalized.saying(""))
        return self.checked(configured)

    @property
    def origin(self) -> Origin:
        """The origin of what the option sets: the flag or caller that it names, else its own name."""
        at: str = getattr(self, "at", "")
        return Origin(Source.OPTION, at or type(self).__name__)

    @property
    def refuses_finalized(self) -> bool:
        """All do in pypod; three of libpod's forget to ask (``docs/differences.md``)."""
        return True
