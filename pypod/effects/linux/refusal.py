"""The one place where an ``OSError`` becomes a :class:`HostError`."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import TypeVar

from returns.result import Failure, Result, Success

from pypod.pure.failure import HostError

T = TypeVar("T")


def asked(call: str, subject: str, run: Callable[[], T]) -> Result[T, HostError]:
    """The answer of the kernel to ``run``, a refusal being named as Go names it.

    A name that no system call takes (a zero byte, characters that no byte stands for) is EINVAL, as in Go.
    """
    if "\0" in subject:
        return Failure(HostError(errno.EINVAL, call, subject))
    try:
        return Success(run())
    except UnicodeEncodeError:
        return Failure(HostError(errno.EINVAL, call, subject))
    except OSError as error:
        return Failure(HostError(error.errno or errno.EIO, call, subject))
