"""Writing: to people, to programs, to files; a reader that goes away is no error."""

from __future__ import annotations

import errno
import os
import stat
import sys

from pypod import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final, TextIO

DONE: Final = 0
FAILED: Final = 1
PENDING: Final = 2
MISUSED: Final = 64
INTERRUPTED: Final = 130


def say(text: str) -> None:
    """Write to standard output.  If its reader has gone, what is left goes nowhere; raises UnwritableError, which ``main``
    turns into a line, where it takes nothing.
    """
    _write(sys.stdout, text)


def complain(text: str) -> None:
    """Write ``pypod: text`` to standard error, on one line."""
    tell("pypod: " + " ".join(shown(text).split("\n")) + "\n")


def complain_like_podman(text: str) -> None:
    """Write ``Error: text``, as the command of Podman's does."""
    tell(f"Error: {text}\n")


def tell(text: str) -> None:
    """Write to standard error as it stands; where that takes nothing, the exit status has to do."""
    try:
        _write(sys.stderr, text)
    except UnwritableError:
        return


def shown(text: str) -> str:
    """The text with control characters made visible, new lines excepted."""
    if text.isprintable():
        return text
    return "".join(
        one if one.isprintable() or one == "\n" else one.encode("unicode_escape", "backslashreplace").decode("ascii")
        for one in text
    )


class UnwritableError(Exception):
    """Standard output takes nothing: a full disk, or nothing there."""


def finish() -> None:
    """Push out what is buffered, while a missing reader can still be forgiven."""
    for stream in (sys.stdout, sys.stderr):
        try:
            _write(stream, "")
        except UnwritableError:
            continue


def _write(stream: TextIO | None, text: str) -> None:
    if stream is None:
        # Closed by whoever started us.
        raise UnwritableError(os.strerror(errno.EBADF).lower())
    try:
        stream.write(_encodable(text, stream.encoding or "utf-8"))
        stream.flush()
    except BrokenPipeError:
        _divert(stream)
    except OSError as error:
        _divert(stream)
        raise UnwritableError((error.strerror or str(error)).lower()) from error
    except ValueError:
        # Closed meanwhile: there is nobody to write to.
        return


def _divert(stream: TextIO) -> None:
    """Send what is still buffered nowhere: the interpreter flushes once more at its end."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(devnull, stream.fileno())
    except (OSError, ValueError):
        return
    finally:
        os.close(devnull)


_PLAIN: Final = str.maketrans({"·": "-", "…": "...", "→": "->"})
"""What stands in for our own signs on a terminal that has only ASCII."""


def _encodable(text: str, encoding: str) -> str:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(_PLAIN).encode(encoding, "backslashreplace").decode(encoding)
    return text


def write_whole(path: str, content: bytes, mode: int = 0o666) -> str:
    """Put a file in place whole: written beside it, then renamed.  The empty text, or why it could not be done.

    A link is followed; what is no regular file (``/dev/stdout``, a pipe) is written to.  ``mode`` is before the umask.
    """
    try:
        real = os.path.realpath(path)
        status = os.stat(real) if os.path.lexists(real) else None  # noqa: PTH116 - pathlib costs more than all of this module
        if status is not None and not stat.S_ISREG(status.st_mode):
            return _written_into(real, path, content)
    except (OSError, ValueError) as error:
        return _reason(path, error)
    temporary = f"{real}.{os.getpid()}.new"
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    except (OSError, ValueError) as error:
        return _reason(path, error)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, real)  # noqa: PTH105 - as above
    except OSError as error:
        _discard(temporary)
        return _reason(path, error)
    except BaseException:
        _discard(temporary)
        raise
    return ""


def _written_into(real: str, path: str, content: bytes) -> str:
    try:
        descriptor = os.open(real, os.O_WRONLY | os.O_CLOEXEC)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    except BrokenPipeError:
        return ""
    except OSError as error:
        return _reason(path, error)
    return ""


def _discard(path: str) -> None:
    try:
        os.unlink(path)  # noqa: PTH108 - as above
    except OSError:
        return


def _reason(path: str, error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"cannot write {path}: {text[:1].lower()}{text[1:]}"


def wants_colour(choice: bool | None) -> bool:
    """Whether to colour: as chosen, else on a terminal without ``NO_COLOR`` (any non-empty value)."""
    if choice is not None:
        return choice
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    try:
        return bool(sys.stdout) and sys.stdout.isatty()
    except ValueError:
        return False
