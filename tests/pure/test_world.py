"""The simulated kernel by example."""

from __future__ import annotations

from typing import Any

import msgspec

from pypod.pure.database.facts import TOP_LEVEL, MakeBucket
from pypod.pure.facts import Handle
from pypod.pure.failure import HostError
from pypod.pure.userns.facts import IdMappings, IdRange
from pypod.pure.vocabulary import changes, database, files, locks, namespaces, process, services
from pypod.pure.world import Simulated, reexecuted
from pypod.pure.world.describe import described, next_step

MAPS = IdMappings((IdRange(0, 1000, 1), IdRange(1, 100000, 65536)), (IdRange(0, 1000, 1), IdRange(1, 100000, 65536)))


def _host(**case: Any) -> Simulated:
    return Simulated(described(case).unwrap())


def test_root_of_a_user_namespace_owns_as_the_user_outside() -> None:
    outside = _host(uid=1000, dirs={"/run/user/1000": {"mode": "0700"}})
    outside.answer(namespaces.EnterUserNamespace("/run/user/1000/pause.pid", MAPS))
    inside = Simulated(reexecuted(outside.world))
    assert inside.answer(process.AskIdentity()).unwrap().has_sys_admin
    made = inside.answer(changes.MakeDirectories("/home/user/x", 0o700)).unwrap().changes[0].after
    assert made is not None
    assert (made.uid, made.gid) == (1000, 1000)
    assert inside.answer(files.Stat("/home/user/x")).unwrap().uid == 0
    pause = inside.world.nodes["/run/user/1000/pause.pid"]
    assert (pause.mode, pause.uid) == (0o600, 1000)
    refused = inside.answer(changes.MakeDirectories("/etc/x", 0o700))
    assert refused.failure().message == "mkdir /etc/x: permission denied"


def test_a_live_pause_process_is_not_replaced_but_joined() -> None:
    first = _host(uid=1000, dirs={"/run/user/1000": {"mode": "0700"}})
    first.answer(namespaces.EnterUserNamespace("/run/user/1000/pause.pid", MAPS))
    one = reexecuted(first.world)
    shared = {"nodes": one.nodes, "processes": one.processes, "pauses": one.pauses, "next_pid": one.next_pid}
    later = Simulated(msgspec.structs.replace(first.world, left=None, **shared))
    later.answer(namespaces.EnterUserNamespace("/run/user/1000/pause.pid", MAPS))
    two = reexecuted(later.world)
    assert two.nodes["/run/user/1000/pause.pid"].content == one.nodes["/run/user/1000/pause.pid"].content
    assert set(two.pauses) == set(one.pauses)
    assert two.inside == one.inside


def test_a_full_filesystem_keeps_what_went_on_it() -> None:
    host = _host(mounts=[{"path": "/srv/small", "size": "4k", "mode": "0777"}])
    refused = host.answer(database.CreateDatabase("/srv/small/d"))
    assert refused.failure().message == "write /srv/small/d: no space left on device"
    assert host.answer(files.Stat("/srv/small/d")).unwrap().size == 4096


def test_a_transaction_that_finds_no_room_leaves_the_file_grown_and_as_it_was() -> None:
    host = _host(mounts=[{"path": "/srv/small", "size": "16k", "mode": "0777"}])
    host.answer(database.CreateDatabase("/srv/small/d")).unwrap()
    before = host.answer(database.ReadDatabase("/srv/small/d")).unwrap()
    refused = host.answer(database.UpdateDatabase("/srv/small/d", (MakeBucket(("ctr",)),)))
    assert refused.failure().message == "write /srv/small/d: no space left on device"
    after = host.answer(database.ReadDatabase("/srv/small/d")).unwrap()
    assert (before.size, after.size) == (16384, 32768)
    assert (after.txid, after.buckets) == (before.txid, ())
    assert host.answer(files.Stat("/srv/small/d")).unwrap().size == 32768
    again = host.answer(database.UpdateDatabase("/srv/small/d", (MakeBucket(("ctr",)),)))
    assert again.failure().message == "write /srv/small/d: no space left on device"


def test_the_holes_of_a_database_leave_room_for_others() -> None:
    host = _host(mounts=[{"path": "/srv/small", "size": "40k", "mode": "0777"}])
    host.answer(database.CreateDatabase("/srv/small/d")).unwrap()
    buckets = tuple(MakeBucket((name,)) for name in TOP_LEVEL)
    host.answer(database.UpdateDatabase("/srv/small/d", buckets)).unwrap()
    assert host.answer(files.Stat("/srv/small/d")).unwrap().size == 32768  # eight pages long, not all of them written
    for name in ("a", "b", "c"):
        host.answer(changes.CreateFile(f"/srv/small/{name}", 0o644)).unwrap()
        host.answer(changes.WriteToken(f"/srv/small/{name}", "0" * 64)).unwrap()


def test_lock_segments_refuse_as_libpod_says() -> None:
    host = _host(files={"/dev/shm/bad": {"shm": {"num_locks": 64, "magic": 1}}})
    assert host.answer(locks.MapLockSegment("/bad", 64)).failure().reason == "bad file descriptor"
    assert host.answer(locks.MapLockSegment("/none", 64)).failure().reason == "no such file or directory"
    host.answer(locks.CreateLockSegment("/good", 2048)).unwrap()
    assert host.answer(locks.MapLockSegment("/good", 1024)).failure().reason == "numerical result out of range"
    handle = host.answer(locks.MapLockSegment("/good", 2047)).unwrap()
    assert handle == Handle(1, "/good")
    assert host.answer(locks.AllocateLock(handle)).unwrap().number == 0
    assert host.answer(locks.AllocateLock(handle, 0)).failure().reason == "file exists"
    assert host.answer(files.Stat("/dev/shm/good")).unwrap().size == 82488


def test_a_cut_segment_reads_as_its_first_page_maps_it() -> None:
    cut = {"shm": {"num_locks": 64}, "truncate": 10}
    host = _host(files={"/dev/shm/cut": cut, "/dev/shm/zeroes": {"size": 10}, "/dev/shm/empty": {"text": ""}})
    assert host.answer(locks.MapLockSegment("/cut", 64)).failure().reason == "numerical result out of range"
    assert host.answer(locks.MapLockSegment("/zeroes", 64)).failure().reason == "bad file descriptor"
    assert host.answer(locks.MapLockSegment("/empty", 64)).failure().reason == "bad file descriptor"


def test_of_a_segment_only_the_magic_and_the_number_of_locks_are_checked() -> None:
    host = _host(
        files={
            "/dev/shm/few": {"shm": {"num_locks": 2048, "num_bitmaps": 1, "unused": 7}},
            "/dev/shm/many": {"shm": {"num_locks": 64}, "patch": [[48, "ffffff7f"]]},
            "/dev/shm/unrounded": {"shm": {"num_locks": 33}},
        }
    )
    few = host.answer(locks.MapLockSegment("/few", 2048)).unwrap()
    assert host.answer(locks.AllocateLock(few, 40)).failure().reason == "bad address"
    assert not host.answer(locks.FreeAllLocks(few)).unwrap().changes
    many = host.answer(locks.MapLockSegment("/many", 64)).unwrap()
    assert host.answer(locks.AllocateLock(many)).unwrap().number == 0
    assert host.answer(locks.FreeAllLocks(many)).failure().reason == "bad address"
    assert host.answer(locks.MapLockSegment("/unrounded", 33)).failure().reason == "numerical result out of range"


def test_without_a_journal_libpod_says_so() -> None:
    refused = _host().answer(services.SendToJournal(b"x"))
    assert refused.failure().message == (
        "write unixgram @<rand>->/run/systemd/journal/socket: sendmsg: no such file or directory"
    )


def test_programs_answer_as_described() -> None:
    host = _host(
        programs={"/usr/bin/conmon": {"stdout": "conmon version 2.0.29\n", "rc": 3}, "/opt/x": {"mode": "0644"}}
    )
    assert host.answer(process.RunProgram(("conmon", "--version"))).unwrap().status == 3
    assert host.answer(process.RunProgram(("/opt/x",))).failure().message == "fork/exec /opt/x: permission denied"
    missing: HostError = host.answer(process.RunProgram(("zfs",))).failure()
    assert missing.message == 'exec: "zfs": executable file not found in $PATH'


def test_a_reboot_empties_what_is_volatile() -> None:
    case: dict[str, Any] = {"dirs": {"/run/kept": {}}, "steps": [{}, {"reboot_before": True}]}
    host = Simulated(described(case).unwrap())
    for path in ("/run/gone", "/var/stays"):
        host.answer(changes.MakeDirectories(path, 0o755)).unwrap()
    nodes = next_step(host.world, case, 1).unwrap().nodes
    assert "/run/kept" in nodes
    assert "/run/gone" not in nodes
    assert "/var/stays" in nodes


def test_a_wrong_shape_is_named_by_its_place() -> None:
    wrong = described({"files": {"/x": {"text": "", "mode": 7}}}).failure()
    assert wrong.message.startswith('$.files["/x"].mode: expected ')


def test_slashes_and_dots_lead_where_they_lead_on_linux() -> None:
    host = _host(dirs={"/srv/a": {}}, files={"/srv/a/f": {"text": "x"}})
    for path in ("//srv/a/f", "///srv//a/f", "/srv/./a/f", "/srv/../srv/a/f", "/srv/a//f", "/srv//a/../a/f"):
        assert host.answer(files.Stat(path)).unwrap().size == 1, path
    for path in ("//none", "/none//", "/srv/a/none/", "/srv/none/..", "/srv/none//x", "/srv/a/./none", "/none/./x"):
        assert host.answer(files.Stat(path)).failure().message == f"stat {path}: no such file or directory"
    assert host.answer(files.Stat("/srv/a/f/x")).failure().message == "stat /srv/a/f/x: not a directory"
    made = host.answer(changes.MakeDirectories("//srv//b/c", 0o755)).unwrap()
    assert made.paths == ("/srv/b", "/srv/b/c")
