"""Opening and shutting down a store on simulated hosts, as libpod's recordings and measurements show it."""

from __future__ import annotations

import msgspec
import pytest
from returns.result import Success

from pypod.pure.configured import Configured
from pypod.pure.facts import ALL_CAPABILITIES, BuildFacts, Identity, Probed
from pypod.pure.failure import DriverIncompatible, DriverPrerequisites, DriverUnsupported, StoreIncomplete
from pypod.pure.program import drive, in_order
from pypod.pure.store import overlay as decide
from pypod.pure.store.facts import Place
from pypod.pure.store.overlay_options import OverlayOptions
from pypod.pure.store.shutdown_stage import SHUTDOWN
from pypod.pure.store.stage import CAPABILITIES, STORE, count_images
from pypod.pure.surroundings.facts import Surroundings
from pypod.pure.world.state import Mount, Overlay
from tests.pure.store_hosts import GRAPH, RUN, Watched, asking, bare_world, directory, file

OPENED_VFS = {
    RUN: "0700",
    f"{RUN}/vfs-containers": "0700",
    f"{RUN}/vfs-locks": "0700",
    GRAPH: "0700",
    f"{GRAPH}/mounts": "0700",
    f"{GRAPH}/tmp": "0700",
    f"{GRAPH}/vfs": "0700",
    f"{GRAPH}/storage.lock": "0644 0",
    f"{GRAPH}/userns.lock": "0644 0",
    f"{GRAPH}/vfs-images": "0700",
    f"{GRAPH}/vfs-images/images.lock": "0644 0",
    f"{GRAPH}/vfs-containers": "0700",
    f"{GRAPH}/vfs-containers/containers.lock": "0644 0",
}
SHUT_VFS = {
    **OPENED_VFS,
    f"{GRAPH}/storage.lock": "0644 64",
    f"{GRAPH}/vfs-layers": "0700",
    f"{GRAPH}/vfs-layers/layers.lock": "0644 64",
    f"{RUN}/vfs-layers": "0700",
    f"{RUN}/vfs-layers/mountpoints.lock": "0644 0",
}
FIRST_OVERLAY = [
    ("debug", "overlay: test mount with multiple lowers succeeded"),
    ("debug", "Cached value indicated that overlay is supported"),
    ("debug", "overlay: test mount indicated that metacopy is not being used"),
    ("debug", "backingFs=tmpfs, projectQuotaSupported=false, useNativeDiff=true, usingMetacopy=false"),
]
LATER_OVERLAY = [
    ("debug", "Cached value indicated that overlay is supported"),
    ("debug", "Cached value indicated that overlay is supported"),
    ("debug", "Cached value indicated that metacopy is not being used"),
    ("debug", "Cached value indicated that native-diff is usable"),
    ("debug", "backingFs=tmpfs, projectQuotaSupported=false, useNativeDiff=true, usingMetacopy=false"),
]


def trying(driver: str) -> list[tuple[str, str]]:
    return [("debug", f'[graphdriver] trying provided driver "{driver}"')]


def test_vfs_opens_and_shuts_down() -> None:
    host = Watched(bare_world())
    draft = host.do(STORE, asking("vfs"))
    assert host.tree(GRAPH, RUN) == OPENED_VFS
    assert host.said == trying("vfs")
    host.do(SHUTDOWN, draft)
    assert host.tree(GRAPH, RUN) == SHUT_VFS
    assert draft.store is not None
    assert (draft.store.name, draft.store.driver, draft.store.status) == ("vfs", "vfs", ())


def test_opened_once_in_a_process() -> None:
    host = Watched(bare_world())
    draft = host.do(in_order(STORE, SHUTDOWN), asking("vfs"))
    effects = len(host.effects)
    assert host.do(STORE, draft) == draft
    assert len(host.effects) == effects + 2


def test_second_run_of_overlay_reads_what_the_first_wrote() -> None:
    host = Watched(bare_world())
    draft = host.do(STORE, asking("overlay"))
    assert host.said == [*trying("overlay"), *FIRST_OVERLAY]
    assert host.mounted() == (f"{GRAPH}/overlay",)
    before = {
        f"{GRAPH}/overlay": "0700",
        f"{GRAPH}/overlay/.has-mount-program": "0600 5",
        f"{GRAPH}/overlay/l": "0700",
        f"{RUN}/overlay": "0700",
        f"{RUN}/overlay/metacopy()-false": "0644 0",
        f"{RUN}/overlay/native-diff()-true": "0644 0",
        f"{RUN}/overlay/overlay-true": "0644 0",
    }
    assert host.tree(f"{GRAPH}/overlay", f"{RUN}/overlay") == before
    host.do(SHUTDOWN, draft)
    assert host.mounted() == ()
    host.said.clear()
    host.do(STORE, asking("overlay"))
    assert host.said == [*trying("overlay"), *LATER_OVERLAY]
    assert host.tree(f"{GRAPH}/overlay", f"{RUN}/overlay") == before


def test_overlay2_keeps_its_name_where_its_home_is() -> None:
    host = Watched(bare_world())
    draft = host.do(STORE, asking("overlay2", ("overlay2.mountopt=nodev",)))
    assert f"{RUN}/overlay2/metacopy(nodev)-false" in host.tree(RUN)
    assert f"{GRAPH}/overlay-images" in host.tree(GRAPH)
    assert host.mounted() == (f"{GRAPH}/overlay2",)
    assert draft.store is not None
    assert (draft.store.name, draft.store.driver) == ("overlay2", "overlay")


def test_left_mount_is_used_again() -> None:
    host = Watched(bare_world())
    host.do(STORE, asking("overlay"))
    host.do(STORE, asking("overlay"))
    assert host.mounted() == (f"{GRAPH}/overlay",)


def test_automatic_choice_takes_what_is_there() -> None:
    host = Watched(bare_world({f"{GRAPH}/overlay": directory(0o700)}))
    draft = host.do(STORE, asking(""))
    assert host.said == [*FIRST_OVERLAY, ("info", "[graphdriver] using prior storage driver: overlay")]
    assert draft.store is not None
    assert draft.store.name == "overlay"


def test_several_prior_drivers() -> None:
    host = Watched(bare_world({f"{GRAPH}/overlay": directory(0o700), f"{GRAPH}/overlay2": directory(0o700)}))
    problem = host.problem(STORE, asking(""))
    assert problem.message == (
        f"{GRAPH} contains several valid graphdrivers: overlay, overlay2; "
        "Please cleanup or explicitly choose storage driver (-s <DRIVER>)"
    )
    assert host.mounted() == (f"{GRAPH}/overlay",)


def overlay_on_overlay() -> Watched:
    return Watched(bare_world({GRAPH: directory()}, mounts=(Mount(GRAPH, "overlay", 0x794C7630),)))


def test_automatic_choice_falls_back_once_and_never_again() -> None:
    host = overlay_on_overlay()
    draft = host.do(STORE, asking(""))
    assert draft.store is not None
    assert draft.store.driver == "vfs"
    assert host.said[-2:] == [
        ("error", f"Failed to built-in GetDriver graph btrfs {GRAPH}"),
        ("debug", 'zfs command is not available: exec: "zfs": executable file not found in $PATH'),
    ]
    again = host.problem(STORE, asking(""))
    assert isinstance(again, DriverIncompatible)
    text = f"'overlay' is not supported over overlayfs, a mount_program is required: {DriverIncompatible.sentinel}"
    assert again.message == text
    assert host.said[-1] == ("error", f"[graphdriver] prior storage driver overlay failed: {text}")


def test_unsupported_overlay_is_no_reason_to_fall_back() -> None:
    host = Watched(bare_world(overlay=Overlay(supported=False)))
    problem = host.problem(STORE, asking(""))
    assert problem.message.startswith("kernel does not support overlay fs: 'overlay' is not supported over tmpfs at ")
    assert problem.message.endswith(DriverIncompatible.sentinel)
    assert not isinstance(problem, DriverIncompatible)
    assert host.said[-1] == ("debug", "Cached value indicated that overlay is not supported")


def test_without_d_type() -> None:
    host = Watched(bare_world(overlay=Overlay(d_type=False)))
    problem = host.problem(STORE, asking("overlay"))
    assert problem.message == (
        "kernel does not support overlay fs: overlay: the backing tmpfs filesystem is formatted without d_type support, "
        "which leads to incorrect behavior. Running without d_type is not supported.: driver not supported"
    )


@pytest.mark.parametrize(
    ("refused", "said", "message"),
    [
        (
            decide.refused_mounts("invalid argument", "invalid argument"),
            (
                "overlay: test mount with multiple lowers failed invalid argument",
                "overlay: test mount with a single lower failed invalid argument",
                "'overlay' is not supported over tmpfs at \"/srv/overlay\"",
            ),
            DriverIncompatible.saying("'overlay' is not supported over tmpfs at \"/srv/overlay\"").message,
        ),
        (
            decide.refused_mounts("invalid argument", "operation not permitted"),
            (
                "overlay: test mount with multiple lowers failed invalid argument",
                "overlay: test mount with a single lower failed operation not permitted",
                "'overlay' is not supported over tmpfs at \"/srv/overlay\"",
            ),
            DriverIncompatible.saying("'overlay' is not supported over tmpfs at \"/srv/overlay\"").message,
        ),
        (
            decide.refused_mounts("invalid argument", ""),
            (
                "overlay: test mount with multiple lowers failed invalid argument",
                "overlay: test mount with multiple lowers failed, but succeeded with a single lower",
            ),
            DriverUnsupported.saying("kernel too old to provide multiple lowers feature for overlay").message,
        ),
    ],
)
def test_the_lines_of_a_refused_test_mount(refused: str, said: tuple[str, ...], message: str) -> None:
    overlay = decide.Overlay(Place("/srv", "/run", "overlay"), OverlayOptions(), 0x01021994)
    outcome = decide.support(overlay, Success(Probed(holds=False, because=refused)))
    assert tuple(line.message for line in outcome.said) == said
    assert outcome.problem is not None
    assert outcome.problem.message == f"kernel does not support overlay fs: {message}"


def test_mount_program_is_not_probed() -> None:
    host = Watched(bare_world({"/usr/bin/fuse-overlayfs": file(mode=0o755)}))
    draft = host.do(STORE, asking("overlay", (".mount_program=/usr/bin/fuse-overlayfs",)))
    assert host.said[1:] == [
        ("debug", "overlay: mount_program=/usr/bin/fuse-overlayfs"),
        ("debug", "backingFs=tmpfs, projectQuotaSupported=false, useNativeDiff=false, usingMetacopy=false"),
    ]
    assert host.tree(f"{GRAPH}/overlay")[f"{GRAPH}/overlay/.has-mount-program"] == "0600 4"
    assert draft.store is not None
    assert dict(draft.store.status)["Native Overlay Diff"] == "false"


def test_fuse_overlayfs_steps_in() -> None:
    host = Watched(bare_world({"/usr/bin/fuse-overlayfs": file(mode=0o755)}, overlay=Overlay(supported=False)))
    host.do(STORE, asking("overlay"))
    assert host.tree(f"{GRAPH}/overlay")[f"{GRAPH}/overlay/.has-mount-program"] == "0600 4"


@pytest.mark.parametrize(
    ("driver", "options", "text"),
    [
        ("overlay", ("bad",), "Unable to parse key/value option: bad"),
        ("overlay", ("vfs.ignore_chown_errors=true",), "overlay: Unknown option vfs.ignore_chown_errors"),
        ("overlay", ("overlay.force_mask=700",), "'force_mask' is supported only with 'mount_program'"),
        (
            "overlay",
            ("size=1G",),
            "Storage option overlay.size and overlay.inodes only supported for backingFS XFS. Found tmpfs",
        ),
        (
            "overlay",
            ("mount_program=/nope",),
            'overlay: can\'t stat program "/nope": stat /nope: no such file or directory',
        ),
        ("vfs", ("overlay.mountopt=nodev",), "vfs driver does not support overlay.mountopt options"),
        ("bogus", (), f"failed to GetDriver graph bogus {GRAPH}: driver not supported"),
        ("OVERLAY", (), f"failed to GetDriver graph OVERLAY {GRAPH}: driver not supported"),
        ("aufs", (), "kernel does not support aufs: driver not supported"),
        ("zfs", (), f"the 'zfs' command is not available: {DriverPrerequisites.sentinel}"),
    ],
)
def test_refusals(driver: str, options: tuple[str, ...], text: str) -> None:
    host = Watched(bare_world())
    assert host.problem(STORE, asking(driver, options)).message == text
    assert host.tree(GRAPH)[f"{GRAPH}/storage.lock"] == "0644 0"
    assert f"{GRAPH}/{driver}" in host.tree(GRAPH)


def test_unknown_driver_is_said_and_named() -> None:
    host = Watched(bare_world())
    assert isinstance(host.problem(STORE, asking("btrfs")), DriverUnsupported)
    assert host.said[-1] == ("error", f"Failed to GetDriver graph btrfs {GRAPH}")


def test_btrfs_in_the_build_wants_btrfs() -> None:
    build = BuildFacts(drivers=("overlay", "btrfs", "vfs"))
    host = Watched(bare_world(build=build))
    problem = host.problem(STORE, asking("btrfs", build=build))
    assert problem.message == f'"{GRAPH}/btrfs" is not on a btrfs filesystem: {DriverPrerequisites.sentinel}'


@pytest.mark.parametrize(
    ("graph_root", "run_root", "text"),
    [
        ("", RUN, "no storage root specified: missing necessary StoreOptions"),
        (GRAPH, "", "no storage runroot specified: missing necessary StoreOptions"),
    ],
)
def test_missing_roots(graph_root: str, run_root: str, text: str) -> None:
    host = Watched(bare_world())
    problem = host.problem(STORE, asking("vfs", graph_root=graph_root, run_root=run_root))
    assert isinstance(problem, StoreIncomplete)
    assert problem.message == text


def test_nothing_asked_for_is_the_default() -> None:
    host = Watched(bare_world())
    draft = asking("", graph_root="", run_root="")
    defaults = Configured(
        settings=draft.settings, default_run_root=RUN, default_graph_root=GRAPH, default_graph_driver="vfs"
    )
    host.do(STORE, draft.with_configured(defaults))
    assert host.tree(GRAPH, RUN) == OPENED_VFS


def test_dot_is_the_working_directory() -> None:
    host = Watched(bare_world(cwd="/srv"))
    draft = host.do(STORE, asking("vfs", graph_root="."))
    assert draft.store is not None
    assert draft.store.graph_root == "/srv"
    assert "/srv/storage.lock" in host.tree("/srv")


def test_a_lock_that_is_a_directory() -> None:
    host = Watched(bare_world({f"{GRAPH}/storage.lock": directory()}))
    problem = host.problem(STORE, asking("vfs"))
    assert problem.message == f'error opening "{GRAPH}/storage.lock": is a directory'


def test_image_stores_are_made_where_they_are_missing() -> None:
    host = Watched(bare_world(cwd="/srv"))
    host.do(STORE, asking("vfs", ("vfs.imagestore=/nope,rel", "vfs.imagestore=")))
    assert host.tree("/nope") == {
        "/nope": "0700",
        "/nope/vfs-images": "0700",
        "/nope/vfs-images/images.lock": "0000 0",
    }
    assert set(host.tree("/srv/rel", "/srv/vfs-images")) >= {"/srv/rel/vfs-images", "/srv/vfs-images/images.lock"}


def test_images_are_counted_over_all_stores() -> None:
    own = file(b'[{"id":"a","names":["x"]},{"id":"b"}]')
    other = file(b'[{"id":"b"},{"id":"c","names":null}]')
    host = Watched(bare_world({f"{GRAPH}/vfs-images/images.json": own, "/more/vfs-images/images.json": other}))
    store = host.do(STORE, asking("vfs", ("vfs.imagestore=/more",))).store
    assert store is not None
    assert drive(count_images(store), host).unwrap() == 3


def test_broken_tables_are_empty_without_a_word() -> None:
    broken = {f"{GRAPH}/vfs-{what}s/{what}s.json": file(b"{bad") for what in ("image", "container", "layer")}
    host = Watched(bare_world(broken))
    host.do(in_order(STORE, SHUTDOWN), asking("vfs"))
    assert host.said == trying("vfs")


def test_two_images_of_a_read_only_store_with_one_name() -> None:
    table = file(b'[{"id":"a","names":["x"]},{"id":"b","names":["x"]}]')
    host = Watched(bare_world({"/more/vfs-images/images.json": table}))
    problem = host.problem(STORE, asking("vfs", ("vfs.imagestore=/more",)))
    assert problem.message == "read-only image store assigns the same name to multiple images"


def test_mounted_layer_keeps_a_store_from_shutting_down() -> None:
    mounts = file(b'[{"id":"ab","path":"/x","count":1}]')
    host = Watched(bare_world({f"{RUN}/overlay-layers/mountpoints.json": mounts}))
    host.do(in_order(STORE, SHUTDOWN), asking("overlay"))
    assert host.mounted() == (f"{GRAPH}/overlay",)
    assert host.tree(GRAPH)[f"{GRAPH}/storage.lock"] == "0644 0"


@pytest.mark.parametrize(
    ("needs_userns", "no_store", "line"),
    [
        (True, True, "Not configuring container store"),
        (False, True, "No store required. Not opening container store."),
    ],
)
def test_no_store(needs_userns: bool, no_store: bool, line: str) -> None:
    host = Watched(bare_world())
    around = Surroundings(identity=Identity(capabilities=ALL_CAPABILITIES), needs_userns=needs_userns)
    draft = asking("vfs", surroundings=around)
    asked = draft.with_configured(msgspec.structs.replace(draft.configured, no_store=no_store))
    after = host.do(in_order(CAPABILITIES, STORE, SHUTDOWN), asked)
    assert after.store is None
    assert host.said == [("debug", line)]
    assert host.tree(GRAPH, RUN) == {}


def test_overlay_that_is_mounted_read_only_cannot_be_asked_about_metacopy() -> None:
    host = Watched(bare_world())
    problem = host.problem(STORE, asking("overlay", ("overlay.mountopt=nodev,ro",)))
    assert problem.message.startswith(f"error changing permissions on file for metacopy check: chmod {GRAPH}/overlay/")
    assert problem.message.endswith("/merged/f: read-only file system")
    assert host.said[-1][1].startswith("overlay: test mount did not indicate whether or not metacopy is being used: ")
    assert not host.problem(STORE, asking("overlay", ("overlay.mountopt=ro,rw,bogus/",))).message.endswith("system")
