"""Who owns the homes of graph drivers where storage.conf maps ids (observed on libpod 3.4.7)."""

from __future__ import annotations

from pypod.api import rehearse
from pypod.hosts import Simulation
from pypod.pure.draft import Request
from pypod.pure.failure import Departed
from pypod.pure.world.describe import described


def _storage_host(options: str, driver: str = "vfs") -> dict[str, object]:
    text = f'[storage]\ndriver = "{driver}"\ngraphroot = "/srv/g"\nrunroot = "/run/r"\n[storage.options]\n{options}\n'
    return {"files": {"/etc/containers/storage.conf": {"text": text}}}


def _opened(options: str, driver: str = "vfs") -> tuple[dict[str, tuple[int, int]], str]:
    """Who owns what, once a runtime was constructed with these options of storage.conf; and the error."""
    programs = {"/usr/bin/conmon": {"stdout": "conmon version 2.0.30\n"}, "/usr/bin/runc": {}, "/usr/bin/nsenter": {}}
    host = Simulation(described({**_storage_host(options, driver), "programs": programs}).unwrap())
    done = rehearse(Request("construction"), host)
    owners = {
        path: (node.uid, node.gid) for path, node in host.world.nodes.items() if path.startswith(("/srv", "/run"))
    }
    return owners, "" if done.ending is None or isinstance(done.ending, Departed) else done.ending.message


def test_remapped_ids_own_the_homes_of_drivers() -> None:
    owners, _ = _opened('remap-uids = "0:100000:65536"\nremap-gids = "0:200000:65536"')
    assert (owners["/srv/g/vfs"], owners["/srv/g"], owners["/srv/g/vfs-images"]) == ((100000, 200000), (0, 0), (0, 0))
    owners, _ = _opened('remap-uids = "0:100000:65536"', "overlay")
    assert (owners["/srv/g/overlay"], owners["/srv/g/overlay/l"], owners["/run/r/overlay"]) == (
        (0, 0),
        (100000, 0),
        (100000, 0),
    )


def test_a_home_that_the_driver_makes_itself_is_given_away_with_what_is_below() -> None:
    owners, _ = _opened('remap-uids = "0:100000:65536"', "")
    assert (owners["/srv/g/overlay"], owners["/srv/g/overlay/l"]) == ((100000, 0), (100000, 0))


def test_id_maps_without_root() -> None:
    assert _opened('remap-uids = "5:100000:65536"', "overlay")[1] == "Container ID 0 cannot be mapped to a host ID"
    owners, error = _opened('remap-uids = "5:100000:65536"')
    assert (owners["/srv/g/vfs"], error) == ((0, 0), "")
    owners, _ = _opened('remap-uids = "5:100000:1"')
    assert owners["/srv/g/vfs"] == (100000, 0)
