"""User namespaces in the simulated kernel.

Entering one leaves the process: the world remembers the effect (``World.left``) and the answer is success; whoever runs
the program then runs it again on :func:`reexecuted`.
"""

from __future__ import annotations

import errno
from typing import Final

from returns.result import Result, Success

from pypod.pure.facts import ALL_CAPABILITIES, FileStatus, FileType, Identity
from pypod.pure.failure import HostError
from pypod.pure.userns.facts import IdMappings, IdRange
from pypod.pure.world.mounts import Mounts
from pypod.pure.world.state import EMPTY, Node, Pause, World
from pypod.pure.world.tree import Place, above, refusal, replaced

PAUSE: Final = "podman pause"
_ID_MAPS: Final = ("uid_map", "gid_map")


class Namespaces(Mounts):
    """The answer to leaving is the exit status that the surrounding host will decide; here 0."""

    def read_file(self, path: str, /) -> Result[bytes, HostError]:
        """``/proc/self`` follows from the process: its mounts, and its id maps, also those of a namespace only planned."""
        if path.startswith("/proc/self/"):
            name = path[len("/proc/self/") :]
            followed = not self.world.open or (self.world.mappings is not None and name in _ID_MAPS)
            written = _about_process(self.world, name) if followed else None
            if written is not None:
                return Success(written)
        if not self.world.open and path.startswith("/proc/") and path.endswith(_ID_MAPS):
            _, _, pid, name = path.split("/", 3)
            pause = self.world.pauses.get(int(pid)) if pid.isdecimal() else None
            if pause is not None:
                return Success(_written_map(pause.mappings, name))
        return super().read_file(path)

    def stat(self, path: str, /) -> Result[FileStatus, HostError]:
        """A live process has namespace files, which its own user may look at."""
        if path.startswith("/proc/") and not self.world.open and "/ns/" in path:
            pid = path.split("/")[2]
            if pid.isdecimal() and self.world.processes.get(int(pid)):
                return Success(FileStatus(FileType.FILE, 0o444))
        return super().stat(path)

    def enter_user_namespace(self, pause_path: str, mappings: IdMappings, /) -> Result[int, HostError]:
        from pypod.pure.vocabulary.namespaces import EnterUserNamespace

        self.world = replaced(self.world, left=EnterUserNamespace(pause_path, mappings))
        return Success(0)

    def join_user_namespace(self, pid: int, pause_path: str, /) -> Result[int, HostError]:
        if not self.is_alive(pid).value_or(default_value=False):
            return refusal(errno.ENOENT, "open", f"/proc/{pid}/ns/user")
        from pypod.pure.vocabulary.namespaces import JoinUserNamespace

        self.world = replaced(self.world, left=JoinUserNamespace(pid, pause_path))
        return Success(0)

    def read_in_user_namespace(self, path: str, mappings: IdMappings, /) -> Result[bytes, HostError]:
        """What was seen of a real host is read there again: only its root of the namespace may be let in."""
        from pypod.pure.vocabulary.namespaces import MOST, ReadInUserNamespace

        if self.world.open:
            return self.asked(ReadInUserNamespace(path, mappings))
        inside = Namespaces(self.world)
        inside._become_root(Pause(mappings, self.world.mounts), 0)
        return inside.read_file(path).map(lambda content: content[:MOST])

    # -- the child

    def become_child(self) -> None:
        """Go on as the process that was left for."""
        from pypod.pure.vocabulary.namespaces import EnterUserNamespace, JoinUserNamespace

        left = self.world.left
        if isinstance(left, EnterUserNamespace):
            there = self._pause_there(left.pause_path) if left.pause_path else 0
            if there:
                # The file is never replaced: a new pause process ends again, and the one that was first is joined.
                self.join(there)
                return
            kept = Pause(left.mappings, self.world.mounts)
            pid = self._pause(left.pause_path, kept) if left.pause_path else 0
            self._become_root(kept, pid)
        elif isinstance(left, JoinUserNamespace):
            self.join(left.pid, left.pause_path)

    def _pause_there(self, path: str) -> int:
        """The live process whose id is in a pause file, 0 for none."""
        from pypod.pure.userns.decide import parse_pid

        pid = parse_pid(self.read_file(path).value_or(b"")) or 0
        return pid if pid > 0 and self.is_alive(pid).value_or(default_value=False) else 0

    def join(self, pid: int, pause_path: str = "") -> None:
        """Become root in the namespaces that a process keeps, and leave a pause process of one's own in them if there is a
        path for it that nobody took.
        """
        kept = self.world.pauses.get(pid) or Pause(self._mappings_of(pid), self.world.mounts)
        if pause_path and isinstance(self.found(pause_path, follow=False), int):
            pid = self._pause(pause_path, kept)
        self._become_root(kept, pid)

    def _mappings_of(self, pid: int) -> IdMappings:
        """The ids of a process as its namespace maps them; where nothing tells them, those of this process alone."""
        who = self.identity()
        return IdMappings(
            self._ranges_of(f"/proc/{pid}/uid_map") or (IdRange(0, who.euid, 1),),
            self._ranges_of(f"/proc/{pid}/gid_map") or (IdRange(0, who.egid, 1),),
        )

    def _ranges_of(self, path: str) -> tuple[IdRange, ...]:
        lines = self.read_file(path).value_or(b"").decode("ascii", "replace").splitlines()
        fields = (line.split() for line in lines)
        return tuple(IdRange(*map(int, one)) for one in fields if len(one) == 3 and all(map(str.isdecimal, one)))

    def _pause(self, path: str, kept: Pause) -> int:
        """A pause process, with its id in a file of mode 0600."""
        world = self.world
        pid = world.next_pid
        self.world = replaced(
            world,
            next_pid=pid + 1,
            processes=world.processes.set(pid, PAUSE),
            pauses=world.pauses.set(pid, kept),
        )
        place = self.walk(path, follow=False)
        if isinstance(place, Place) and not self.enterable(above(place.path)):
            who = self.identity()
            text = str(pid).encode()
            node = Node(FileType.FILE, 0o600, who.euid, who.egid, len(text), text)
            self.put(place.path, node)
        return pid

    def _become_root(self, kept: Pause, pid: int) -> None:
        world = self.world
        who = self.identity()
        environment = (
            world.environment.set("_CONTAINERS_USERNS_CONFIGURED", "init")
            .set("_CONTAINERS_ROOTLESS_UID", str(who.euid))
            .set("_CONTAINERS_ROOTLESS_GID", str(who.egid))
        )
        self.world = replaced(
            world,
            identity=Identity(capabilities=ALL_CAPABILITIES),
            mappings=kept.mappings,
            environment=environment,
            outer=world.mounts if world.outer is None else world.outer,
            mounts=kept.mounts,
            inside=pid,
            handles=0,
            held=EMPTY,
            handlers=(),
            left=None,
        )


def _about_process(world: World, name: str) -> bytes | None:
    """The text of a file in ``/proc/self``; ``None`` where the simulated kernel has no such file."""
    if name == "mountinfo":
        lines = (
            f"{21 + number} {20 if number else 1} 0:{20 + number} / {mount.point} {'ro' if mount.read_only else 'rw'},relatime "
            f"{f'shared:{number + 1} ' if mount.shared else ''}- {mount.filesystem} {mount.filesystem} rw\n"
            for number, mount in enumerate(world.mounts)
        )
        return "".join(lines).encode("utf-8", "surrogateescape")
    if name not in _ID_MAPS:
        return None
    if world.mappings is None:
        return b"         0          0 4294967295\n"
    return _written_map(world.mappings, name)


def _written_map(mappings: IdMappings, name: str) -> bytes:
    """The text of an id map in ``/proc``."""
    ranges = mappings.uids if name == "uid_map" else mappings.gids
    return "".join(f"{one.inside:10} {one.outside:10} {one.length:10}\n" for one in ranges).encode()


def reexecuted(world: World) -> World:
    """The world as the process sees it for which the previous one was left (``World.left``)."""
    child = Namespaces(world)
    child.become_child()
    return child.world


def joined(world: World, pid: int) -> World:
    """The world as a process sees it that joined the namespaces of a pause process before it did anything else."""
    child = Namespaces(world)
    child.join(pid)
    return child.world


def returned(world: World, parent: World) -> World:
    """The world as the process sees it that was left, once its child has ended; ``parent`` is how it saw it before."""
    return replaced(
        departed(world),
        identity=parent.identity,
        environment=parent.environment,
        cwd=parent.cwd,
        limits=parent.limits,
        handles=parent.handles,
        held=parent.held,
        handlers=parent.handlers,
    )


def departed(world: World) -> World:
    """The world after the process ended: what its namespace held lives on with the pause process alone."""
    pauses = world.pauses
    if world.inside in pauses:
        pauses = pauses.set(world.inside, replaced(pauses[world.inside], mounts=world.mounts))
    mounts = world.mounts if world.outer is None else world.outer
    return replaced(
        world,
        mounts=mounts,
        outer=None,
        inside=0,
        mappings=None,
        pauses=pauses,
        held=EMPTY,
        handles=0,
        handlers=(),
        left=None,
    )


def with_pause_process(world: World, pid: int, mappings: IdMappings) -> World:
    """The world with a pause process that keeps a user namespace with these mappings alive."""
    return replaced(
        world,
        processes=world.processes.set(pid, PAUSE),
        pauses=world.pauses.set(pid, Pause(mappings, world.mounts)),
        next_pid=max(world.next_pid, pid + 1),
    )
