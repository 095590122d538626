"""Why an action is there: one sentence for each stage and action."""

from __future__ import annotations

from typing import Final

BECAUSE: Final = {
    ("static-directory", "make_directory"): "libpod keeps its database and the files of containers here",
    ("state", "create_database"): "there is no state database yet",
    ("state", "update_database"): "the database lacks buckets that libpod expects",
    ("database-validation", "update_database"): "the first run fixes its directories in the database",
    ("user-namespace", "enter_namespace"): "a user without privileges runs containers in a user namespace",
    ("re-execution", "enter_namespace"): "a user without privileges runs containers in a user namespace",
    ("pause-scope", "start_scope"): "what keeps the namespace must outlive the session of its maker",
    ("locks", "create_locks"): "there is no lock segment yet; it goes with every reboot",
    ("locks", "remove_locks"): "the segment was made for another number of locks",
    ("locks", "make_directory"): "lock_type is file: every lock is a file in this directory",
    ("alive", "create_file"): "the lock that keeps two constructions apart",
    ("finish", "create_file"): "marks that the runtime has been refreshed since the last boot",
    ("network-default", "create_file"): "there is no network configuration: the default one is written",
    ("network-default", "write_file"): "there is no network configuration: the default one is written",
    ("store", "mount"): "the overlay driver wants a mount of its own",
    ("store", "make_mount_private"): "mounts of containers must not reach the host",
    ("store", "probe_overlay"): "only a test mount tells what the kernel's overlay can do",
}
"""By stage and action."""

IN_STAGE: Final = {
    "store": "containers/storage keeps images and layers here",
    "tmp-directory": "libpod's files that go with a reboot",
    "events-directory": "the events log's directory",
    "oci-runtimes": "conmon leaves exit statuses here",
    "boot-directory": "files that go with a reboot",
    "network-default": "network configurations are kept here",
    "renumber": "renumbering gives every container, pod and volume a new lock",
    "refresh": "the host was rebooted, or this is the first run: state that a reboot invalidates is reset",
    "migrate": "migration stops containers and rewrites their configuration",
    "shutdown": "the store is shut down",
}
"""By stage, where the action has no sentence of its own."""


def because(stage: str, action: str) -> str:
    """Why the action happens; empty where the table has nothing to say."""
    return BECAUSE.get((stage, action)) or IN_STAGE.get(stage, "")
