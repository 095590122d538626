"""Pools of values for generated hosts: what is usual, and beside it what is known to be nasty.

Plain data: nothing is imported and nothing is drawn here.
"""

# ruff: noqa: S108 - directories that anybody may write to are what is described here

from __future__ import annotations

from typing import Final

USER: Final = 1000
USER_RUN: Final = "/run/user/1000"
USER_HOME: Final = "/home/user"

CONMON_PATHS: Final = ("/usr/bin/conmon", "/usr/libexec/podman/conmon", "/usr/local/bin/conmon")
CONMON_VERSIONS: Final = ("2.0.24", "2.0.25", "2.0.30", "2.1.0")
NASTY_CONMON: Final[tuple[dict[str, object], ...]] = (
    {"stdout": "conmon version 2.0.23\n"}, {"stdout": "conmon version 1.99.99\n"}, {"stdout": "hello\n"}, {"stdout": ""},
    {"stdout": "conmon version 2.0\n"}, {"stdout": "warning\nconmon version 2.0.30\n"}, {"rc": 127},
    {"stdout": "conmon version 2.0.30\n", "rc": 1}, {"stdout": "conmon version 2.0.30\n", "mode": "0644"},
    {"stdout": "conmon version 99999999999999999999.0.0\n"},
)  # fmt: skip

RUNTIMES: Final = (("runc",), ("crun",), ("runc", "crun"))
NASTY_RUNTIMES: Final[tuple[dict[str, object], ...]] = (
    {"rc": 1},
    {"mode": "0644"},
    {"stdout": "odd\n"},
    {"stdout": ""},
)

CNI_DIRECTORIES: Final = ("/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni")
CNI_PLUGINS: Final = ("bridge", "portmap", "firewall", "tuning")
CNI_VERSIONS: Final = '{"cniVersion":"0.4.0","supportedVersions":["0.1.0","0.2.0","0.3.0","0.3.1","0.4.0","1.0.0"]}'
CNI_LISTS: Final = (
    '{"cniVersion":"0.4.0","name":"podman","plugins":[{"type":"bridge"}]}',
    '{"cniVersion":"0.4.0","name":"other","plugins":[{"type":"bridge","ipam":{"subnet":"10.9.0.0/16"}},{"type":"tuning"}]}',
)
NASTY_CNI_LISTS: Final = (
    "", "{", "[]", "null", '{"name": 3}', '{"cniVersion":"9.9.9","name":"new","plugins":[{"type":"bridge"}]}',
    '{"cniVersion":"0.4.0","name":"none","plugins":[]}', '{"cniVersion":"0.4.0","name":"gone","plugins":[{"type":"nope"}]}',
)  # fmt: skip

SETTINGS: Final = (
    ("engine", "num_locks = 64"), ("engine", "num_locks = 33"), ("engine", 'lock_type = "file"'),
    ("engine", 'events_logger = "file"'), ("engine", 'events_logger = "none"'), ("engine", 'namespace = "ns1"'),
    ("engine", 'cgroup_manager = "cgroupfs"'), ("engine", 'runtime = "crun"'), ("engine", "stop_timeout = 3"),
    ("engine", 'env = ["A=b"]'), ("engine", 'hooks_dir = ["/srv/hooks"]'), ("engine", 'infra_image = "example.org/pause:1"'),
    ("network", 'default_subnet = "10.77.3.9/24"'), ("network", 'default_network = "mynet"'),
    ("containers", 'log_driver = "k8s-file"'), ("containers", 'default_capabilities = ["CHOWN", "cap_kill"]'),
)  # fmt: skip
NASTY_SETTINGS: Final = (
    ("engine", "num_locks = 0"), ("engine", "num_locks = -1"), ("engine", 'lock_type = "posix"'),
    ("engine", 'events_logger = "bogus"'), ("engine", 'events_logger = "journald"'), ("engine", 'cgroup_manager = "bogus"'),
    ("engine", 'cgroup_manager = "systemd"'), ("engine", 'runtime = "/nope"'), ("engine", 'runtime = ""'),
    ("engine", 'tmp_dir = "relative"'), ("engine", 'static_dir = "/srv/with space"'), ("engine", 'tmp_dir = "/srv/x/../y"'),
    ("engine", 'conmon_path = ["/nope"]'), ("engine", "conmon_path = []"), ("engine", 'events_logfile_path = "e.log"'),
    ("network", 'default_subnet = "nonsense"'), ("network", 'default_network = "bad-name"'),
    ("network", 'network_config_dir = "/etc/passwd"'), ("network", "cni_plugin_dirs = []"),
    ("containers", 'default_capabilities = ["NOPE"]'), ("containers", 'log_driver = "\\u00fc"'), ("engine", "unknown_key = 1"),
    ("engine", "num_locks = 'many'"), ("engine", "= 3"), ("engine]", "x = 1"), ("containers", 'env = ["STORAGE_DRIVER=vfs"]'),
)  # fmt: skip
CONFIGURATION_FILES: Final = (
    "/usr/share/containers/containers.conf",
    "/etc/containers/containers.conf",
    "/etc/containers/containers.conf.d/10-x.conf",
)

DRIVERS: Final = ("vfs", "overlay")
NASTY_DRIVERS: Final = ("", "btrfs", "zfs", "aufs", "overlay2", "devicemapper", "nope")
NASTY_STORAGE_OPTIONS: Final = (
    'mount_program = "/nope"', 'mountopt = "nodev,metacopy=on"', 'mountopt = "bogus=1"', 'ignore_chown_errors = "true"',
    'size = "1G"', "size = 3", 'additionalimagestores = ["/srv/images"]', 'additionalimagestores = ["relative"]',
    'remap-user = "user"', 'skip_mount_home = "true"', 'force_mask = "shared"',
)  # fmt: skip

NASTY_DIRECTORIES: Final = (
    ("/var/lib/containers", "0000"), ("/var/lib/containers/storage", "0500"), ("/run/libpod", "0555"),
    ("/etc/cni/net.d", "0000"), ("/home/user/.config", "0500"), ("/home/user", "0555"), ("/run/user/1000", "0777"),
    ("/etc/containers", "0700"), ("/tmp", "0755"), ("/dev/shm", "0755"),
)  # fmt: skip
NASTY_READ_ONLY: Final = (
    "/var/lib", "/run", "/etc", "/dev/shm", "/tmp", "/home", "/var/lib/containers", "/etc/cni/net.d",
)  # fmt: skip
NASTY_LIMITED: Final = ("/var/lib/containers", "/run/libpod", "/etc/cni", "/home/user/.local")
NASTY_FILES: Final[tuple[tuple[str, dict[str, object]], ...]] = (
    ("/var/lib/containers/storage", {"text": "x"}), ("/run/libpod", {"text": ""}), ("/run/containers", {"text": ""}),
    ("/etc/cni/net.d", {"text": ""}), ("/run/libpod/alive.lck", {"symlink": "/nope"}), ("/dev/shm/libpod_lock", {"text": "x"}),
    ("/dev/shm/libpod_lock", {"symlink": "/srv/lock"}), ("/run/.containerenv", {"text": "graphRootMounted=1\n"}),
    ("/run/libpod/events", {"text": ""}), ("/run/systemd/journal/socket", {"socket": True}),
    ("/run/user/1000/libpod", {"text": ""}), ("/run/user/1000/libpod/tmp/pause.pid", {"text": "99999999"}),
    ("/run/user/1000/libpod/tmp/pause.pid", {"text": "no number"}), ("/etc/subuid", {"text": "user:x:y\n"}),
    ("/etc/containers/storage.conf", {"symlink": "/nope"}), ("/var/lib/containers/storage/overlay/.x", {"text": ""}),
)  # fmt: skip
NASTY_VARIABLES: Final = (
    ("PATH", ""), ("PATH", "/nope"), ("PATH", None), ("HOME", None), ("HOME", ""), ("HOME", "/home/gone"),
    ("XDG_RUNTIME_DIR", "relative"), ("XDG_RUNTIME_DIR", ""), ("XDG_DATA_HOME", "/home/user/odd"),
    ("XDG_CONFIG_HOME", "/home/user/odd"), ("STORAGE_DRIVER", "nope"), ("STORAGE_DRIVER", "overlay"),
    ("STORAGE_OPTS", "overlay.mountopt=nodev"), ("CONTAINERS_CONF", "/nope"), ("CONTAINERS_STORAGE_CONF", "/nope"),
    ("TMPDIR", "/nope"), ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nope"), ("LISTEN_FDS", "x"),
)  # fmt: skip

SEGMENTS: Final[tuple[dict[str, object], ...]] = (
    {"shm": {"num_locks": 2048}}, {"shm": {"num_locks": 2048, "allocated": [0, 1, 40]}},
)  # fmt: skip
NASTY_SEGMENTS: Final[tuple[dict[str, object], ...]] = (
    {"shm": {"num_locks": 64}}, {"shm": {"num_locks": 2048, "magic": 1}}, {"shm": {"num_locks": 2048, "unused": 7}},
    {"shm": {"num_locks": 2048, "num_bitmaps": 1}}, {"size": 100}, {"size": 82488}, {"size": 0},
)  # fmt: skip

FLAGS: Final = (
    (), (("--cgroup-manager", "cgroupfs"),), (("--events-backend", "none"),), (("--tmpdir", "/srv/t"),),
    (("--runtime", "runc"),), (("--namespace", "ns1"),), (("--storage-driver", "vfs"),),
)  # fmt: skip
NASTY_FLAGS: Final = (
    (("--runroot", ""),), (("--root", "relative"),), (("--root", "/srv/a"), ("--runroot", "/srv/r")),
    (("--storage-driver", "nope"),), (("--tmpdir", ""),), (("--runtime", "/nope"),), (("--conmon", "/nope"),),
    (("--cgroup-manager", "bogus"),), (("--events-backend", "bogus"),), (("--cni-config-dir", "/etc/passwd"),),
    (("--storage-opt", "overlay.size=1"),), (("--network-cmd-path", "/nope"),), (("--hooks-dir", "/a"), ("--hooks-dir", "/b")),
)  # fmt: skip
COMMANDS: Final = ("construction", "info", "container exists", "system renumber", "system migrate")
