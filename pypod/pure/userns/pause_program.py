"""The program of the pause process: an executable of less than 300 bytes, which names itself and waits for ever.

Theory of operation.  A pause process does nothing but stay, so that its namespaces stay.  libpod's is podman executed
again, which pauses before its runtime starts.  An interpreter that stays would keep 10 MB per user for ever, ``sleep``
may not be there and is not known by that name in a process list, and what ``podman`` means on a search path (a wrapper,
a remote client) cannot be known.  So it is these few instructions: ``prctl(PR_SET_NAME, "podman pause")`` and
``pause()`` again and again.  Everything else, the ignored and the blocked signals, it inherits.

It is an ELF file for the kernel alone: one segment that holds everything, and the word that no stack is executable.
Where there is none for an architecture, the process pauses without executing anything, as libpod's does where it cannot
execute.
"""

from __future__ import annotations

import struct
from typing import Final

NAME: Final = "podman pause"
"""The name in a process list; the kernel keeps 15 bytes."""

_AT: Final = 0x400000
_HEADERS: Final = 64 + 2 * 56
_PAGE: Final = 0x10000  # the largest that there is

_CODE: Final = {
    # machine: ELF's number of it, then the instructions; the name follows them.
    "x86_64": (
        62,
        bytes.fromhex(
            "b89d000000"  # mov eax, 157 (prctl)
            "bf0f000000"  # mov edi, 15 (PR_SET_NAME)
            "488d350b000000"  # lea rsi, [rip + 11] (the name)
            "0f05"  # syscall
            "b822000000"  # again: mov eax, 34 (pause)
            "0f05"  # syscall
            "ebf7"  # jmp again
        ),
    ),
    "aarch64": (
        183,
        struct.pack(
            "<12I",
            0xD28001E0,  # mov x0, 15 (PR_SET_NAME)
            0x10000161,  # adr x1, 44 (the name)
            0xD28014E8,  # mov x8, 167 (prctl)
            0xD4000001,  # svc 0
            0xD2800000,  # again: mov x0, 0
            0xD2800001,  # mov x1, 0
            0xD2800002,  # mov x2, 0
            0xD2800003,  # mov x3, 0
            0xD2800004,  # mov x4, 0
            0xD2800928,  # mov x8, 73 (ppoll of nothing, for ever)
            0xD4000001,  # svc 0
            0x17FFFFF9,  # b again
        ),
    ),
}


def pause_program(machine: str) -> bytes | None:
    """The executable for a machine, named as the kernel names it (``x86_64``); None where there is none."""
    if machine not in _CODE:
        return None
    number, code = _CODE[machine]
    size = _HEADERS + len(code) + len(NAME) + 1
    header = struct.pack(
        "<16sHHIQQQIHHHHHH",
        b"\x7fELF\x02\x01\x01",  # 64 bits, little-endian, version 1
        2,  # an executable at fixed addresses
        number,
        1,
        _AT + _HEADERS,  # where it starts
        64,  # where the program headers are
        0,
        0,
        64,
        56,
        2,
        64,
        0,
        0,
    )
    loaded = struct.pack("<IIQQQQQQ", 1, 5, 0, _AT, _AT, size, size, _PAGE)  # to be read and executed
    stack = struct.pack("<IIQQQQQQ", 0x6474E551, 6, 0, 0, 0, 0, 0, 16)  # to be read and written
    return header + loaded + stack + code + NAME.encode() + b"\0"
