"""Run a command as root of a user namespace in which no further one may be made:  forbidden.py COMMAND ...

The switch is that namespace's own, so that the machine's stays as it is.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pypod.effects.linux import namespace_calls as calls


def main(command: list[str]) -> None:
    """Have a child write the maps, as it is still outside."""
    own = os.getpid()
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.read(reading, 1)
        for name in ("uid_map", "gid_map"):
            Path(f"/proc/{own}/{name}").write_text("0 0 65536\n", encoding="ascii")
        os._exit(0)
    calls.unshare(calls.CLONE_NEWUSER | calls.CLONE_NEWNS)
    os.write(writing, b"0")
    os.waitpid(child, 0)
    Path("/proc/sys/user/max_user_namespaces").write_text("0", encoding="ascii")
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
