"""The catalogue: what goes wrong when a runtime is constructed, why, and what to do about it.

One table serves the plan's hints, its text and ``docs/diagnoses.md``.  A row is found by the kind of the problem, the
stage that named it, and a part of libpod's text; the first row that fits is taken, so the narrower ones stand first.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct


class Diagnosis(Struct, frozen=True):
    """A row: ``symptom`` as libpod words it, ``why`` it happens, ``remedy`` is what to do.

    It fits where every condition holds that is given: one of ``kinds``, one of ``stages``, one of ``fragments`` in the
    text.
    """

    id: str
    symptom: str
    why: str
    remedy: str
    kinds: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    fragments: tuple[str, ...] = ()

    def fits(self, kind: str, stage: str, text: str) -> bool:
        """Whether a problem or a diagnostic (of the empty kind) is this one."""
        return (
            (not self.kinds or kind in self.kinds)
            and (not self.stages or stage in self.stages)
            and (not self.fragments or any(fragment in text for fragment in self.fragments))
        )


PROBLEMS: Final = (
    Diagnosis(
        "DB-02",
        'database storage graph driver "" does not match our storage graph driver "vfs": database configuration mismatch',
        "The first run let the driver be chosen by itself and stored an empty name; a driver that is now named counts "
        "as another one, unless it is the configured default.",
        "Set driver in storage.conf instead of --storage-driver, or leave the flag out.",
        kinds=("ErrDBBadConfig",),
        fragments=('graph driver "" does not match',),
    ),
    Diagnosis(
        "DB-01",
        "database … does not match our …: database configuration mismatch",
        "The first run fixes Podman's directories in its database, and later runs compare them letter by letter; a flag "
        "or a configuration file cannot move them afterwards.",
        "Leave the flag or the line out, or give the database's value in its spelling. To really move: stop and export "
        "what runs, `podman system reset`, then start with the new directory.",
        kinds=("ErrDBBadConfig",),
    ),
    Diagnosis(
        "DB-06",
        "error opening database …: invalid database",
        "The database file is damaged: both of its meta pages, or the pages they lead to, are not what they should be. "
        "Power loss and full disks do this.",
        "Do not delete it: copy it first. The other meta page often still leads to the state before the last change; "
        "what cannot be read again has to be created again.",
        kinds=("DatabaseUnreadable",),
        fragments=("invalid database", "checksum", "version mismatch", "file size too small", "invalid page", "EOF"),
    ),
    Diagnosis(
        "DB-11",
        "error opening database …: permission denied",
        "The database file cannot be opened: its owner, its mode, a read-only or full filesystem, or something that is "
        "no file stands in its way.",
        "Look at the path named in the error; it must be a file that this user may write, on a filesystem with room.",
        kinds=("DatabaseUnreadable", "Refused"),
        stages=("state",),
    ),
    Diagnosis(
        "LK-02",
        "failed to open … locks in …: numerical result out of range",
        "The lock segment was made for another number of locks (num_locks was changed), or by a Podman of another "
        "architecture that shares /dev/shm.",
        "Set num_locks back; or stop every container, remove the segment from /dev/shm, run any Podman command, and then "
        "`podman system renumber`.",
        fragments=("locks in /libpod", "locks in "),
        stages=("locks",),
        kinds=("Refused", "ErrInternal"),
    ),
    Diagnosis(
        "LK-01",
        "failed to create … locks in …: no such file or directory",
        "The shared memory for the locks cannot be made or used: no /dev/shm, or not ours to write.",
        'Mount a tmpfs on /dev/shm (mode 1777) with at least 82,488 bytes free, or set lock_type = "file".',
        stages=("locks", "alive"),
        fragments=("locks in", "lock manager"),
    ),
    Diagnosis(
        "LK-04",
        "… share lock ID …: deadlock due to lock mismatch",
        "Two objects have the same lock number after a restored or upgraded database.",
        "Stop every container, then `podman system renumber`.",
        fragments=("deadlock due to lock mismatch",),
    ),
    Diagnosis(
        "LK-08",
        "number of locks must be greater than 0: invalid argument",
        "num_locks in containers.conf is 0.",
        "Remove num_locks, or set it to 2048.",
        fragments=("number of locks must be greater than 0",),
    ),
    Diagnosis(
        "LK-09",
        "error acquiring runtime init lock: …",
        "The file that keeps two constructions apart, alive.lck in the temporary directory, cannot be opened or locked.",
        "Look at the path named in the error: it must be a file that this user may write.",
        fragments=("error acquiring runtime init lock",),
    ),
    Diagnosis(
        "ST-05",
        "mkdir …: read-only file system",
        "Podman has to write there, and the filesystem is mounted read-only: on purpose, or after an error of the disk.",
        "Look at the mount (`findmnt -T PATH`) and at the kernel's log; remount it writable, or choose other directories.",
        fragments=("read-only file system",),
    ),
    Diagnosis(
        "ST-06",
        "…: no space left on device",
        "The filesystem is full, or has no inodes left.",
        "Make room (`df -h PATH`, `df -i PATH`).",
        fragments=("no space left on device",),
    ),
    Diagnosis(
        "ST-07",
        "overlay: Unknown option …",
        "A storage option is not one of the graph driver's; options are not checked until the store is opened.",
        "Correct or remove the option in storage.conf or in --storage-opt.",
        kinds=("StoreRefused",),
        fragments=("nknown option",),
    ),
    Diagnosis(
        "EV-02",
        "unknown event logger type: …",
        "The events logger is none of file, journald and none.",
        "Correct events_logger in containers.conf, or --events-backend.",
        fragments=("unknown event logger type",),
    ),
    Diagnosis(
        "RL-06",
        "cannot resolve …: lstat …: no such file or directory",
        "The home directory of the user is not there: HOME names another one, or it was never made.",
        "Set HOME to a directory of this user, or make it (`mkhomedir_helper USER`).",
        stages=("configuration", "storage-options", "xdg-directories"),
        fragments=("cannot resolve ",),
    ),
    Diagnosis(
        "RT-01",
        "could not find a working conmon binary (configured options: […]); outdated conmon version",
        "Every conmon on the list is missing, cannot be run, or is older than 2.0.24; libpod calls a conmon that it "
        "could not even start outdated.",
        "Install conmon 2.0.24 or newer, or name one with --conmon or conmon_path; remove older copies earlier on the "
        "list.",
        stages=("conmon",),
    ),
    Diagnosis(
        "RT-02",
        'default OCI runtime "…" not found: invalid argument',
        "None of the paths configured for this OCI runtime is a usable program, or its exit directory could not be made: "
        "libpod says the real reason only in its debug log.",
        "Install the runtime, or choose another with --runtime; the debug lines of the stage oci-runtimes tell why "
        "each was refused.",
        stages=("oci-runtimes", "default-oci-runtime-check", "default-oci-runtime"),
    ),
    Diagnosis(
        "RL-02",
        "cannot setup namespace using newuidmap: exit status 1",
        "newuidmap and newgidmap write the id maps of a rootless user; they are missing, have lost their privilege, or "
        "may not map the configured range.",
        "Install uidmap (shadow-utils); give both their setuid bit or file capabilities back; check that no ranges in "
        "/etc/subuid and /etc/subgid overlap.",
        fragments=("newuidmap", "newgidmap", "uid_map", "gid_map"),
    ),
    Diagnosis(
        "RL-01",
        "No subuid ranges found for user … in /etc/subuid",
        "The user has no range of subordinate ids, or one that is too short or includes the user itself.",
        "`usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER`, then `podman system migrate`.",
        fragments=("subuid", "subgid"),
    ),
    Diagnosis(
        "RL-03",
        "user namespaces are not enabled in /proc/sys/user/max_user_namespaces",
        "The kernel does not let this user make a user namespace.",
        "`sysctl user.max_user_namespaces=15000`; where an AppArmor or seccomp profile forbids it, that profile has to "
        "allow it.",
        fragments=("user namespaces are not enabled", "cannot clone", "cannot re-exec"),
    ),
    Diagnosis(
        "RB-02",
        "invalid internal status, try resetting the pause process with …",
        "The pause process that keeps the user namespace is gone, but its pid file stayed.",
        "Remove the pause.pid that the error names, or run `podman system migrate`.",
        fragments=("invalid internal status", "pause.pid"),
    ),
    Diagnosis(
        "RL-04",
        "XDG_RUNTIME_DIR directory … is not owned by the current user",
        "XDG_RUNTIME_DIR names a directory of another user, as after su or sudo -E, or none at all.",
        "Log in as the user (`machinectl shell user@`), run `loginctl enable-linger`, or unset XDG_RUNTIME_DIR.",
        fragments=("XDG_RUNTIME_DIR", "/run/user/"),
    ),
    Diagnosis(
        "CF-02",
        "decode configuration …: Near line …",
        "A configuration file is not valid TOML, or a key of it has the wrong type.",
        "Correct the file that the error names, at the line if it names one.",
        fragments=("decode configuration",),
    ),
    Diagnosis(
        "CF-04",
        "finding config on system: CONTAINERS_CONF file: stat …: no such file or directory",
        "CONTAINERS_CONF names a file that is not there.",
        "Unset CONTAINERS_CONF, or create the file.",
        fragments=("CONTAINERS_CONF file",),
    ),
    Diagnosis(
        "CF-03",
        "validating … config: …",
        "A value in containers.conf is not one that Podman knows.",
        "Correct the value; the text says which.",
        kinds=("Misconfigured",),
        fragments=("validating ",),
    ),
    Diagnosis(
        "ST-01",
        "'overlay' is not supported over … at …",
        "The filesystem under the graph root cannot carry this graph driver.",
        "Put the graph root on ext4 or xfs, use fuse-overlayfs as mount_program, or the vfs driver (slow, and large).",
        kinds=("ErrPrerequisites", "ErrIncompatibleFS", "ErrNotSupported"),
    ),
    Diagnosis(
        "ST-04",
        "no storage root specified: missing necessary StoreOptions",
        "storage.conf is read whole in place of the defaults: a file without graphroot or runroot leaves them empty.",
        "Set graphroot and runroot in storage.conf.",
        kinds=("ErrIncompleteOptions",),
    ),
    Diagnosis(
        "ST-02",
        "error creating runtime static files directory: mkdir …: permission denied",
        "A directory that libpod keeps its files in cannot be made: the first parent that cannot be written belongs to "
        "another user, is read-only, or is no directory.",
        "Give the parent to the user who runs Podman (chown), or check HOME after sudo.",
        kinds=("Refused",),
        stages=("static-directory", "tmp-directory", "events-directory", "store", "boot-directory"),
    ),
)  # fmt: skip
"""What ends construction, narrower rows first."""

WARNINGS: Final = (
    Diagnosis(
        "DB-03",
        "User-selected graph driver … overwritten by graph driver … from database - delete libpod local files to resolve",
        "The graph driver of the first run is kept in the database and wins over the configuration.",
        "To keep the containers, set driver in storage.conf to the database's; to switch, export what is needed and "
        "`podman system reset`. Do not delete files by hand.",
        fragments=("overwritten by graph driver",),
    ),
    Diagnosis(
        "NW-02",
        'failed to find plugin "bridge" in path […]',
        "The CNI plugins are in none of the plugin directories: containers on this network will not start.",
        "Install containernetworking-plugins, or set cni_plugin_dirs.",
        fragments=("failed to find plugin",),
    ),
    Diagnosis(
        "NW-01",
        'plugin … does not support config version "1.0.0"',
        "The network configuration asks for a newer CNI version than the installed plugins speak.",
        "Set cniVersion to 0.4.0 in the file, or install newer plugins.",
        fragments=("does not support config version",),
    ),
    Diagnosis(
        "NW-04",
        "Failed to created default CNI network: …",
        "The default network's configuration could not be written: containers will have no default network.",
        "Correct default_network, default_subnet or network_config_dir in containers.conf, or make the directory "
        "writable.",
        fragments=("default CNI network",),
    ),
    Diagnosis(
        "NW-05",
        "Error loading CNI config list file …",
        "A file in the network configuration directory cannot be read as a CNI configuration; it is left out.",
        "Correct or remove the file that is named.",
        fragments=("CNI config file", "CNI config list file", "CNI configuration file"),
    ),
    Diagnosis(
        "CF-01",
        "Failed to decode the keys […] from …",
        "The file has keys that this Podman does not know: a newer file, or a misspelt key.",
        "Check the spelling of the keys; if they belong to a newer Podman, the warning is harmless.",
        fragments=("Failed to decode the keys",),
    ),
    Diagnosis(
        "CF-05",
        "The storage 'driver' option must be set in …",
        "storage.conf names no driver: Podman chooses one, and what it chooses depends on what it finds.",
        "Set driver in storage.conf.",
        fragments=("The storage 'driver' option must be set", "Storage configuration is unset"),
    ),
    Diagnosis(
        "RT-01",
        "Conmon at … invalid: …",
        "A conmon on the list was passed over: it could not be run, or is older than 2.0.24.",
        "Remove or upgrade that conmon.",
        fragments=("Conmon at",),
    ),
    Diagnosis(
        "RT-02",
        "OCI Runtime … is in use by a container, but is not available",
        "A container was created with an OCI runtime that is not installed or not configured any more.",
        "Install that runtime, or `podman system migrate --new-runtime=NAME`.",
        fragments=("is in use by a container, but is not available",),
    ),
    Diagnosis(
        "RL-01",
        "cannot find UID/GID for user …: …",
        "The user has no usable range of subordinate ids: only one id exists inside, and most images will not unpack.",
        "`usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER`, then `podman system migrate`.",
        fragments=("cannot find UID/GID for user", "rootless single mapping"),
    ),
    Diagnosis(
        "RL-04",
        "XDG_RUNTIME_DIR is pointing to a path which is not writable",
        "The run root cannot be written by this user; XDG_RUNTIME_DIR is often another user's after su or sudo -E.",
        "Log in as the user (`machinectl shell user@`), run `loginctl enable-linger`, or unset XDG_RUNTIME_DIR.",
        fragments=("XDG_RUNTIME_DIR",),
    ),
    Diagnosis(
        "RL-05",
        "The cgroupv2 manager is set to systemd but there is no systemd user session available",
        "There is no systemd user session: Podman falls back to cgroupfs, and containers made with the other manager "
        "will not start.",
        '`loginctl enable-linger USER`, or set cgroup_manager = "cgroupfs".',
        fragments=(
            "there is no systemd user session available", "you may need to login using an user session",
            "you can enable lingering with", "Falling back to --cgroup-manager=cgroupfs",
        ),
    ),
    Diagnosis(
        "LK-06",
        "error acquiring lock … for container …: file exists",
        "The lock segment outlived the alive file: something cleaned the temporary directory of a running system, and "
        "a refresh would run over live containers.",
        "Keep the temporary directory out of tmpfiles and tmpreaper; stop all containers before the next command.",
        fragments=("error acquiring lock", "error retrieving lock"),
    ),
    Diagnosis(
        "CF-06",
        "Failed to read …/storage.conf …",
        "The file is no valid TOML: the built-in storage options are used instead of all that it says.",
        "Correct the file.",
        fragments=("Failed to read ",),
    ),
    Diagnosis(
        "RL-07",
        '"/" is not a shared mount, this could cause issues or missing mounts with rootless containers',
        "Mounts that are made later do not reach the containers; nothing else suffers.",
        "`mount --make-rshared /` at boot, if volumes are to see later mounts.",
        fragments=("is not a shared mount",),
    ),
    Diagnosis(
        "EV-01",
        "unable to write system event: …",
        "The journal cannot be written: events are lost.",
        'Set events_logger = "file" in containers.conf.',
        fragments=("unable to write system event", "unable to write pod event", "unable to write volume event",
                   "unable to write container event"),
    ),
)  # fmt: skip
"""What a construction goes on with."""


def of_problem(kind: str, stage: str, text: str) -> Diagnosis | None:
    """The diagnosis of a problem: its kind (libpod's sentinel, or the class of the problem), stage and message."""
    return next((row for row in PROBLEMS if row.fits(kind, stage, text)), None)


def of_warning(stage: str, text: str) -> Diagnosis | None:
    """The diagnosis of a warning or error in the log."""
    return next((row for row in WARNINGS if row.fits("", stage, text)), None)


def reason(diagnosis: str) -> str:
    """Why a diagnosed failure happens, by the diagnosis's name; empty where the catalogue has none of that name."""
    return next((row.why for row in PROBLEMS if row.id == diagnosis), "")


def document() -> str:
    """``docs/diagnoses.md``."""
    parts = [_HEAD]
    for title, rows in (("What ends construction", PROBLEMS), ("What construction goes on with", WARNINGS)):
        parts.append(f"\n## {title}\n")
        parts.extend(
            f"\n### {row.id}\n\n`{row.symptom}`\n\nWhy: {row.why}\n\nWhat to do: {row.remedy}\n"
            for row in sorted(rows, key=lambda row: row.id)
        )
    return "".join(parts)


_HEAD: Final = """# Diagnoses

What a plan can meet, by the name that it prints in brackets. Texts in code are libpod's; `…` stands for what varies.
This page is written from the table in `pypod/pure/plan/diagnoses.py`: `python -m pypod.cli.published` renews it.
"""
