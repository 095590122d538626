"""Store options: what storage.conf, the environment and a rootless user make of each other."""

from __future__ import annotations

import errno
from typing import Any

import pytest
from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.pure.configuration.keys import CONFIG_FILE, GRAPH_DRIVER, GRAPH_OPTIONS, GRAPH_ROOT, RUN_ROOT
from pypod.pure.draft import Draft
from pypod.pure.effect import Effect
from pypod.pure.facts import Changed, FileStatus, FileType, Identity, Stream
from pypod.pure.failure import HostError
from pypod.pure.program import Program, run
from pypod.pure.storage.driver_options import symbolic_mode
from pypod.pure.storage.expand import expanded, variables_in, with_uid
from pypod.pure.storage.facts import StorageUser, StoreOptions, SubordinateFiles
from pypod.pure.storage.id_maps import parse_id_map, subordinate_maps
from pypod.pure.storage.stage import STORAGE_OPTIONS, default_store_options
from pypod.pure.surroundings.facts import Surroundings
from pypod.pure.vocabulary.changes import MakeDirectories
from pypod.pure.vocabulary.files import LookAt, ReadFile, ResolveLinks, Stat
from pypod.pure.vocabulary.process import LookUpUser, ReadVariable
from pypod.pure.vocabulary.telling import Note

ROOT = Surroundings()
USER = Surroundings(
    identity=Identity(1000, 1000, 1000, 1000), rootless=True, rootless_uid=1000, unshared=True, unshared_uid=1000
)
FOLDER = FileStatus(FileType.DIRECTORY, 0o755)
OWN_FOLDER = FileStatus(FileType.DIRECTORY, 0o700, 1000, 1000)


class Host:
    """A host of a few files, folders and variables, which remembers what was said and made."""

    def __init__(
        self,
        files: dict[str, str] | None = None,
        variables: dict[str, str] | None = None,
        folders: dict[str, FileStatus] | None = None,
        refused: dict[str, int] | None = None,
    ) -> None:
        self.files = files or {}
        self.variables = variables or {}
        self.folders = {"/tmp": FOLDER, **(folders or {})}
        self.refused = refused or {}
        self.made: list[tuple[str, int]] = []
        self.said: list[str] = []
        self.reads: list[str] = []

    def answer(self, effect: Effect[Any], /) -> Result[Any, HostError]:
        if isinstance(effect, ReadVariable):
            return Success(self.variables.get(effect.name))
        if isinstance(effect, Stat | LookAt):
            return self.status(effect.path)
        if isinstance(effect, ReadFile):
            self.reads.append(effect.path)
            if effect.path in self.files:
                return Success(self.files[effect.path].encode())
            return Failure(HostError(errno.ENOENT, "open", effect.path))
        if isinstance(effect, ResolveLinks):
            return self.status(effect.path).map(lambda _: effect.path)
        if isinstance(effect, MakeDirectories):
            self.made.append((effect.path, effect.mode))
            return Success(Changed())
        if isinstance(effect, LookUpUser):
            return Success(None)
        if isinstance(effect, Note):
            self.said.append(effect.message)
        return Success(None)

    def status(self, path: str) -> Result[FileStatus, HostError]:
        if path in self.refused:
            return Failure(HostError(self.refused[path], "stat", path))
        if path in self.folders:
            return Success(self.folders[path])
        if path in self.files:
            return Success(FileStatus(FileType.FILE, 0o644))
        return Failure(HostError(errno.ENOENT, "stat", path))


class Outcome(Struct, frozen=True):
    options: StoreOptions | None
    message: str
    host: Host


def looked(host: Host, surroundings: Surroundings = ROOT) -> Outcome:
    result = run(default_store_options(surroundings), host).result
    if isinstance(result, Failure):
        return Outcome(None, getattr(result.failure(), "message", ""), host)
    return Outcome(result.unwrap(), "", host)


def options_of(host: Host, surroundings: Surroundings = ROOT) -> StoreOptions:
    options = looked(host, surroundings).options
    assert options is not None
    return options


def etc(text: str) -> dict[str, str]:
    return {"/etc/containers/storage.conf": text}


def own(text: str) -> dict[str, str]:
    return {"/run/h/.config/containers/storage.conf": text}


AT_HOME = {"HOME": "/run/h", "XDG_RUNTIME_DIR": "/run/user/1000"}


def test_root_without_any_file() -> None:
    options = options_of(Host(variables={"STORAGE_DRIVER": "vfs", "STORAGE_OPTS": "a=b"}))
    assert (options.run_root, options.graph_root) == ("/run/containers/storage", "/var/lib/containers/storage")
    assert (options.graph_driver, options.graph_options) == ("", None)
    assert [field for field, _ in options.ignored] == ["graph_driver", "graph_options"]


def test_a_file_of_roots_leaves_out_what_it_does_not_set() -> None:
    options = options_of(Host(etc('[storage]\ndriver = "vfs"\n')))
    assert (options.run_root, options.graph_root, options.graph_driver) == ("", "", "vfs")


def test_root_has_variables_and_links_expanded() -> None:
    text = '[storage]\ndriver="vfs"\nrunroot="/run/$UID/${UID}x/$NAME"\ngraphroot="/srv/slash/"\n'
    options = options_of(Host(etc(text), {"NAME": "named"}))
    assert (options.run_root, options.graph_root) == ("/run/0/x/named", "/srv/slash")


def test_a_file_without_a_driver() -> None:
    outcome = looked(Host(etc("[storage]\n")))
    assert outcome.host.said == [
        "The storage 'driver' option must be set in /etc/containers/storage.conf, guarantee proper operation."
    ]


def test_a_damaged_file_changes_nothing_and_is_said_on_stdout() -> None:
    host = Host(etc('[storage]\ndriver = "vfs"\n[broken\n'))
    assert options_of(host).graph_driver == ""
    assert host.said[0].startswith("Failed to read /etc/containers/storage.conf Near line ")


def test_a_wrong_type() -> None:
    host = Host(etc("[storage]\ndriver = 5\n"))
    options_of(host)
    assert host.said == [
        "Failed to read /etc/containers/storage.conf toml: cannot load TOML value of type int64 into a Go string"
    ]


def test_unknown_keys_are_named_in_order() -> None:
    host = Host(etc('[storage]\ndriver = "overlay"\nrunroot = ""\n[storage.other]\nunknown = 1\n'))
    options_of(host)
    assert host.said == [
        'Failed to decode the keys ["storage.other" "storage.other.unknown"] from "/etc/containers/storage.conf".'
    ]


def test_options_stand_twice_and_in_libpods_order() -> None:
    text = """
    [storage]
    driver = "overlay"
    [storage.options]
    additionalimagestores = ["/a", "/b"]
    size = "1G"
    mount_program = "/usr/bin/fuse-overlayfs"
    force_mask = 0o755
    [storage.options.overlay]
    mountopt = "nodev"
    """
    assert options_of(Host(etc(text))).graph_options == (
        "overlay.imagestore=/a",
        "overlay.imagestore=/b",
        "overlay.size=1G",
        "overlay.mount_program=/usr/bin/fuse-overlayfs",
        "overlay.force_mask=755",
        "overlay.mount_program=/usr/bin/fuse-overlayfs",
        "overlay.mountopt=nodev",
        "overlay.size=1G",
        "overlay.force_mask=-rwxr-xr-x",
    )


@pytest.mark.parametrize(
    ("driver", "options", "made"),
    [
        ("", '[storage.options]\nsize="1G"', (".size=1G",)),
        ("btrfs", '[storage.options.btrfs]\nmin_space="1"\nsize="2"', ("btrfs.min_space=1",)),
        ("btrfs", '[storage.options]\nsize="2"', ("btrfs.size=2", "btrfs.size=2")),
        ("zfs", '[storage.options.zfs]\nsize="2"\nfsname="pool"', ("zfs.fsname=pool", "zfs.size=2")),
        ("vfs", '[storage.options.vfs]\nignore_chown_errors="true"', ("vfs.ignore_chown_errors=true",)),
        ("overlay2", '[storage.options.overlay]\nmountopt="nodev"', ("overlay2.mountopt=nodev",)),
        ("devicemapper", '[storage.options.thinpool]\nfs="xfs"\nsize="1"', ("dm.fs=xfs", "devicemapper.size=1")),
        ("vfs", '[storage.options.overlay]\nmountopt="nodev"', None),
    ],
)
def test_driver_tables(driver: str, options: str, made: tuple[str, ...] | None) -> None:
    assert options_of(Host(etc(f'[storage]\ndriver="{driver}"\n{options}\n'))).graph_options == made


def test_the_environment_wins_over_a_file() -> None:
    host = Host(etc('[storage]\ndriver="overlay"\n[storage.options]\nsize="1"\n'),
                {"STORAGE_DRIVER": "vfs", "STORAGE_OPTS": "a.b=c,d"})  # fmt: skip
    options = options_of(host)
    assert (options.graph_driver, options.graph_options) == ("vfs", ("a.b=c", "d"))


def test_an_empty_list_in_the_environment_is_none() -> None:
    assert options_of(Host(etc('[storage]\ndriver="vfs"\n[storage.options]\nsize="1"\n'),
                           {"STORAGE_OPTS": ""})).graph_options is None  # fmt: skip


def test_the_explicit_file_counts_for_root_and_its_absence_is_silent() -> None:
    variables = {"CONTAINERS_STORAGE_CONF": "/srv/st.conf"}
    there = options_of(Host({"/srv/st.conf": '[storage]\ndriver="vfs"\ngraphroot="/srv/g"\n'}, variables))
    assert (there.graph_root, there.run_root, there.config_file) == ("/srv/g", "", "/srv/st.conf")
    gone = options_of(Host(variables=variables))
    assert (gone.graph_root, gone.config_file) == ("/var/lib/containers/storage", "/srv/st.conf")


def test_a_refused_file_ends_it() -> None:
    outcome = looked(Host(refused={"/etc/containers/storage.conf": errno.EACCES}))
    assert outcome.message == "stat /etc/containers/storage.conf: permission denied"
    assert outcome.host.said == [
        "Failed to read /etc/containers/storage.conf stat /etc/containers/storage.conf: permission denied"
    ]


def test_remapped_ids_that_are_not_there_stop_the_parsing() -> None:
    text = '[storage]\ndriver="vfs"\n[storage.options]\nsize="1"\nremap-user="nobody"\ndisable-volatile=true\n'
    host = Host({**etc(text), "/etc/subuid": "user:100000:65536\n", "/etc/subgid": ""}, {"STORAGE_OPTS": "x"})
    options = options_of(host)
    assert host.said == [
        'Error initializing ID mappings for nobody:nobody No subuid ranges found for user "nobody" in /etc/subuid'
    ]
    assert (options.graph_options, options.disable_volatile) == (("vfs.size=1",), False)


def test_a_malformed_map_is_said_and_left_out() -> None:
    host = Host(etc('[storage]\ndriver="vfs"\n[storage.options]\nremap-uids="bad"\nremap-gids="0:100000:65536"\n'))
    options = options_of(host)
    assert host.said == [
        'error initializing ID mappings: remap-uids setting is malformed expected ["uint32:uint32:uint32"]: ["bad"]'
    ]
    assert (options.uid_map, len(options.gid_map)) == ((), 1)


def test_rootless_with_nothing() -> None:
    host = Host(variables=AT_HOME)
    options = options_of(host, USER)
    assert options.graph_root == "/run/h/.local/share/containers/storage"
    assert (options.run_root, options.graph_driver) == ("/run/user/1000/containers", "vfs")
    assert options.config_file == "/run/h/.config/containers/storage.conf"
    assert host.made == [("/run/user/1000/containers", 0o700)]


def test_rootless_takes_driver_and_path_of_the_systems_file_only() -> None:
    text = '[storage]\ndriver="zfs"\ngraphroot="/srv/etc"\nrootless_storage_path="/run/h/$USER/$UID/${UID}x"\n'
    options = options_of(Host(etc(text), {**AT_HOME, "USER": "bob"}), USER)
    assert (options.graph_driver, options.graph_root) == ("vfs", "/run/h/bob/1000/x")
    assert {field for field, _ in options.ignored} == {
        "run_root",
        "graph_root",
        "graph_driver",
        "rootless_storage_path",
    }


def test_a_users_own_file_counts_alone() -> None:
    text = '[storage]\ndriver="overlay"\nrootless_storage_path="$HOME/foo"\n'
    options = options_of(Host({**etc('[storage]\ndriver="btrfs"\n'), **own(text)}, AT_HOME), USER)
    assert (options.graph_root, options.run_root) == ("/run/h/foo", "/run/user/1000/containers")
    assert options.graph_driver == "overlay"


def test_a_users_own_file_does_not_inherit_the_driver() -> None:
    host = Host({**etc('[storage]\ndriver="btrfs"\n'), **own("[storage]\n")}, AT_HOME)
    assert options_of(host, USER).graph_driver == ""
    assert host.said[-1].startswith("The storage 'driver' option must be set in /run/h/.config")


def test_the_explicit_file_gives_a_rootless_user_the_driver_only() -> None:
    variables = {**AT_HOME, "CONTAINERS_STORAGE_CONF": "/srv/st.conf"}
    files = {"/srv/st.conf": '[storage]\ndriver="overlay"\ngraphroot="/srv/g"\nrunroot="/srv/r"\n'}
    options = options_of(Host(files, variables), USER)
    assert (options.graph_driver, options.run_root) == ("overlay", "/run/user/1000/containers")
    assert options.graph_root == "/run/h/.local/share/containers/storage"


def test_without_a_runtime_directory_one_below_tmp_is_made() -> None:
    host = Host({"/proc/1/comm": "systemd\n"}, {"HOME": "/run/h"}, {"/run/user/1000": OWN_FOLDER})
    assert options_of(host, USER).run_root == "/tmp/containers-user-1000/containers"
    assert host.made[0] == ("/tmp/containers-user-1000", 0o700)


def test_where_process_1_is_unreadable_run_user_counts() -> None:
    host = Host(variables={"HOME": "/run/h"}, folders={"/run/user/1000": OWN_FOLDER})
    assert options_of(host, USER).run_root == "/run/user/1000/containers"


def test_a_temporary_directory_of_somebody_else_leads_home() -> None:
    folders = {"/tmp/containers-user-1000": FOLDER, "/run/h": FOLDER}
    host = Host({"/proc/1/comm": "init\n"}, {"HOME": "/run/h"}, folders)
    assert options_of(host, USER).run_root == "/run/h/rundir/containers"


def test_a_temporary_directory_that_cannot_be_made_is_said() -> None:
    host = Host({"/proc/1/comm": "init\n"}, {"HOME": "/run/h", "TMPDIR": "/gone"}, {"/run/h": FOLDER})
    options_of(host, USER)
    assert host.said == [
        "Failed to create temp directory for user: mkdir /gone/containers-user-1000: no such file or directory"
    ]


def test_without_a_home() -> None:
    assert looked(Host(), USER).message == "cannot determine user's homedir"


def test_the_second_look_says_nothing_again_and_claims_every_setting() -> None:
    host = Host(etc('[storage]\ngraphroot="/opt/c"\nnonsense=1\n'))
    options_of(host)
    before = list(host.said)
    draft = run(STORAGE_OPTIONS(Draft(surroundings=ROOT)), host).result.unwrap()
    assert host.said == before
    assert draft.setting(GRAPH_ROOT) == "/opt/c"
    assert draft.settings.origin(GRAPH_ROOT).at == "/etc/containers/storage.conf:2"
    assert (draft.setting(RUN_ROOT), draft.setting(GRAPH_DRIVER), draft.setting(GRAPH_OPTIONS)) == ("", "", ())
    assert draft.setting(CONFIG_FILE) == "/etc/containers/storage.conf"
    assert draft.configured.default_graph_root == "/opt/c"


def test_root_without_privileges_keeps_the_systems_paths() -> None:
    assert not StorageUser(rootless=True, uid=0).has_own_store


@pytest.mark.parametrize(
    ("mode", "text"),
    [(0o755, "-rwxr-xr-x"), (0, "----------"), (1 << 31 | 0o700, "drwx------"), (1 << 23, "u---------")],
)
def test_symbolic_modes(mode: int, text: str) -> None:
    assert symbolic_mode(mode) == text


@pytest.mark.parametrize(
    ("text", "names", "after"),
    [
        ("$HOME/x", ("HOME",), "/h/x"),
        ("${HOME}x", ("HOME",), "/hx"),
        ("$", (), "$"),
        ("a$/b", (), "a$/b"),
        ("${}x", (), "x"),
        ("${x", (), "x"),
        ("$1x", ("1",), "x"),
        ("${?}", ("?",), ""),
        ("$$HOME", ("$",), "HOME"),
    ],
)
def test_variables(text: str, names: tuple[str, ...], after: str) -> None:
    assert variables_in(text) == names
    assert expanded(text, {"HOME": "/h"}) == after


def test_uid_is_replaced_as_text() -> None:
    assert with_uid("/$UID/$UIDS/${UID}", 7) == "/7/7S/${UID}"


@pytest.mark.parametrize("bad", ["0:1", "0:1:2:3", "a:1:2", "0:1:4294967296", "+0:1:2", ":1:2", "0:1:" + "9" * 5000])
def test_malformed_maps(bad: str) -> None:
    shape = '["uint32:uint32:uint32"]'
    text = f'error initializing ID mappings: UID setting is malformed expected {shape}: ["{bad}"]'
    assert parse_id_map((bad,), "UID").failure() == text


def test_subordinate_ids_by_name_number_and_all() -> None:
    files = SubordinateFiles(
        users="bob:x:7:7::/:/bin/sh\n", subuid="# c\nbob:300:10\n7:100:5\neve:1:1\n", subgid="staff:5:2\n"
    )
    uids, gids = subordinate_maps("bob", "staff", files).unwrap()
    assert [(one.inside, one.outside, one.length) for one in uids] == [(0, 100, 5), (5, 300, 10)]
    assert [(one.inside, one.outside, one.length) for one in gids] == [(0, 5, 2)]
    assert len(subordinate_maps("ALL", "ALL", files).unwrap()[0]) == 3


@pytest.mark.parametrize(
    ("files", "text"),
    [
        (SubordinateFiles(subuid_refusal="open /etc/subuid: no such file or directory"),
         "open /etc/subuid: no such file or directory"),
        (SubordinateFiles(subuid="bob:1\n"), "Cannot parse subuid/gid information: Format not correct for /etc/subuid file"),
        (SubordinateFiles(subuid="bob:x:1\n"),
         'String to int conversion failed during subuid/gid parsing of /etc/subuid: strconv.Atoi: parsing "x": invalid syntax'),
        (SubordinateFiles(subuid="bob:1:1\n"), 'No subgid ranges found for group "bob" in /etc/subgid'),
    ],
)  # fmt: skip
def test_subordinate_ids_refused(files: SubordinateFiles, text: str) -> None:
    assert subordinate_maps("bob", "bob", files).failure() == text


def test_stdout_is_where_the_damaged_file_is_told() -> None:
    streams: list[Stream] = []

    class Listening(Host):
        def answer(self, effect: Effect[Any], /) -> Result[Any, HostError]:
            if isinstance(effect, Note):
                streams.append(effect.stream)
            return super().answer(effect)

    program: Program[StoreOptions] = default_store_options(ROOT)
    run(program, Listening(etc("[")))
    assert streams == [Stream.STDOUT]
