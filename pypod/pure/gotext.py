"""How Go prints: the forms that libpod's messages are made of.

``%q`` of a string, ``%v`` of a list, the texts of ``syscall.Errno`` (they differ from C's only in their first
letter being lower case) and of ``os.Signal``, and ``filepath.Clean`` and ``Join``.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

ERRNO_TEXT: Final[dict[int, str]] = {
    errno.EPERM: "operation not permitted",
    errno.ENOENT: "no such file or directory",
    errno.ESRCH: "no such process",
    errno.EINTR: "interrupted system call",
    errno.EIO: "input/output error",
    errno.ENXIO: "no such device or address",
    errno.E2BIG: "argument list too long",
    errno.ENOEXEC: "exec format error",
    errno.EBADF: "bad file descriptor",
    errno.ECHILD: "no child processes",
    errno.EAGAIN: "resource temporarily unavailable",
    errno.ENOMEM: "cannot allocate memory",
    errno.EACCES: "permission denied",
    errno.EFAULT: "bad address",
    errno.EBUSY: "device or resource busy",
    errno.EEXIST: "file exists",
    errno.EXDEV: "invalid cross-device link",
    errno.ENODEV: "no such device",
    errno.ENOTDIR: "not a directory",
    errno.EISDIR: "is a directory",
    errno.EINVAL: "invalid argument",
    errno.ENFILE: "too many open files in system",
    errno.EMFILE: "too many open files",
    errno.ETXTBSY: "text file busy",
    errno.EFBIG: "file too large",
    errno.ENOSPC: "no space left on device",
    errno.EROFS: "read-only file system",
    errno.EMLINK: "too many links",
    errno.EPIPE: "broken pipe",
    errno.ERANGE: "numerical result out of range",
    errno.EDEADLK: "resource deadlock avoided",
    errno.ENAMETOOLONG: "file name too long",
    errno.ENOLCK: "no locks available",
    errno.ENOSYS: "function not implemented",
    errno.ENOTEMPTY: "directory not empty",
    errno.ELOOP: "too many levels of symbolic links",
    errno.ENODATA: "no data available",
    errno.EOVERFLOW: "value too large for defined data type",
    errno.EOPNOTSUPP: "operation not supported",
    errno.EADDRNOTAVAIL: "cannot assign requested address",
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "connection reset by peer",
    errno.ETIMEDOUT: "connection timed out",
    errno.ESTALE: "stale NFS file handle",
    errno.EDQUOT: "disk quota exceeded",
    errno.EOWNERDEAD: "owner died",
    errno.ENOTRECOVERABLE: "state not recoverable",
}

SIGNAL_TEXT: Final[dict[int, str]] = {
    1: "hangup", 2: "interrupt", 3: "quit", 4: "illegal instruction", 5: "trace/breakpoint trap", 6: "aborted",
    7: "bus error", 8: "floating point exception", 9: "killed", 10: "user defined signal 1", 11: "segmentation fault",
    12: "user defined signal 2", 13: "broken pipe", 14: "alarm clock", 15: "terminated",
}  # fmt: skip

_SHORT: Final = {
    "\a": r"\a", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v", '"': r"\"", "\\": r"\\",
}  # fmt: skip


def errno_text(number: int) -> str:
    """The text of ``syscall.Errno(number)``."""
    return ERRNO_TEXT.get(number, f"errno {number}")


def signal_text(number: int) -> str:
    """The text of ``syscall.Signal(number)``."""
    return SIGNAL_TEXT.get(number, f"signal {number}")


def quoted(text: str) -> str:
    """``%q``: double quotes and Go's escapes; bytes that are not UTF-8 (surrogate escapes) print in hexadecimal."""
    # Nearly every text is printable ASCII that needs no escape.
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return '"' + "".join(_quoted_character(character) for character in text) + '"'


def _quoted_character(character: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if character.isprintable():
        return character
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def listed(items: Iterable[str]) -> str:
    """``%v`` of a list of strings: brackets, one blank between, no quotes."""
    return "[" + " ".join(items) + "]"


def uppered(text: str) -> str:
    """``strings.ToUpper``: character by character, so that the length stays."""
    return "".join(upper if len(upper := character.upper()) == 1 else character for character in text)


def lowered(text: str) -> str:
    """``strings.ToLower``: character by character, so that the length stays."""
    return "".join(lower if len(lower := character.lower()) == 1 else character for character in text)


def cleaned(path: str) -> str:
    """``filepath.Clean``: the shortest lexical equivalent; the empty path becomes ``.``."""
    rooted = path.startswith("/")
    # Nearly every path that is asked for is clean already.
    if rooted and "//" not in path and "/." not in path and (path[-1] != "/" or path == "/"):
        return path
    kept: list[str] = []
    for part in path.split("/"):
        if part in ("", "."):
            continue
        if part == ".." and kept and kept[-1] != "..":
            kept.pop()
        elif part == ".." and rooted:
            continue
        else:
            kept.append(part)
    return "/" + "/".join(kept) if rooted else "/".join(kept) or "."


# A run joins the same few hundred paths again and again, and so does the next one.
@lru_cache(maxsize=2048)
def joined(*parts: str) -> str:
    """``filepath.Join``: the non-empty parts joined and cleaned; nothing at all gives the empty path."""
    present = [part for part in parts if part]
    return cleaned("/".join(present)) if present else ""


def parent(path: str) -> str:
    """``filepath.Dir``: all but the last element, cleaned."""
    return cleaned(path[: path.rfind("/") + 1])
