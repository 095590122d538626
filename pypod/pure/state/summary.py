"""``state show``: a database at a glance, from its references; the text is made from the record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct

from pypod.pure.state.check import Finding, findings
from pypod.pure.state.facts import Backend, References, StateFile
from pypod.pure.state.ps import columns, state_text


class ContainerLine(Struct, frozen=True):
    """A container: ``state`` is libpod's text, ``pod`` the name of its pod."""

    id: str
    name: str
    state: str
    pod: str
    image: str
    lock: int


class PodLine(Struct, frozen=True):
    """A pod, with how many containers it has and the id of its infra container."""

    id: str
    name: str
    containers: int
    infra: str
    lock: int


class VolumeLine(Struct, frozen=True):
    """A volume, with how many of the containers that are there use it."""

    name: str
    driver: str
    users: int
    lock: int


class Summary(Struct, frozen=True):
    """A database: where it is, why it is the one in use (empty for a named file), what it holds, what is wrong.

    ``other`` is the path of a database of the other kind that is there too.
    """

    path: str
    because: str
    file: StateFile
    config: dict[str, str]
    containers: tuple[ContainerLine, ...]
    pods: tuple[PodLine, ...]
    volumes: tuple[VolumeLine, ...]
    exec_sessions: int
    other: str = ""
    warnings: tuple[str, ...] = ()
    problems: tuple[Finding, ...] = ()


_KINDS = {Backend.BOLT: "BoltDB", Backend.SQLITE: "SQLite"}


def summary_of(
    held: References, path: str, because: str = "", other: str = "", elsewhere: References | None = None
) -> Summary:
    """The summary; ``elsewhere`` are the references of the other database, as far as it can be read."""
    pods = {one.id: one.name for one in held.pods}
    there = {one.id for one in held.containers if one.stored}
    return Summary(
        path=path,
        because=because,
        file=held.file,
        config=dict(held.config or ()),
        containers=tuple(
            ContainerLine(one.id, one.name, _state(one.state), pods.get(one.pod_key, one.pod_key), one.image, one.lock)
            for one in held.containers
        ),
        pods=tuple(PodLine(one.id, one.name, len(one.members or ()), one.infra, one.lock) for one in held.pods),
        volumes=tuple(
            VolumeLine(one.name, one.driver or "local", len(there.intersection(one.users or ())), one.lock)
            for one in held.volumes
        ),
        exec_sessions=len(held.sessions),
        other=other,
        warnings=_warnings(held, path, other, elsewhere),
        problems=findings(held),
    )


def _state(number: int) -> str:
    return "-" if number < 0 else state_text(number)


def _warnings(held: References, path: str, other: str, elsewhere: References | None) -> tuple[str, ...]:
    if not other:
        return ()
    lost = "" if elsewhere is None else _counted(elsewhere)
    if elsewhere is None:
        return (f"{other} is there too and cannot be read",)
    if not lost:
        return (f"{other} is there too; it is empty, and Podman does not look at it",)
    ours = _counted(held)
    if not ours:
        return (f"{other} holds {lost}, which Podman does not see: it uses {path}, which is empty",)
    return (f"the state is split: Podman sees the {ours} of {path}, and not the {lost} of {other}",)


def _counted(held: References) -> str:
    """``3 containers, 1 pod``; empty where there is nothing."""
    counts = ((len(held.containers), "container"), (len(held.pods), "pod"), (len(held.volumes), "volume"))
    return ", ".join(number_of(count, name) for count, name in counts if count)


def number_of(count: int, name: str) -> str:
    """``1 pod``, ``2 pods``."""
    return f"{count} {name}" if count == 1 else f"{count} {name}s"


def render(summary: Summary) -> str:
    """The text for people."""
    return "\n".join((*_head(summary), *_config(summary), *_objects(summary), *_wrong(summary)))


def _head(summary: Summary) -> Iterable[str]:
    file = summary.file
    yield f"{_KINDS[file.backend]} database {summary.path}"
    if summary.because:
        yield f"  In use, because {summary.because}."
    version = f"transaction {file.txid}" if file.backend is Backend.BOLT else f"schema version {file.schema}"
    yield f"  {version} · {file.pages} pages of {file.page_size} bytes, {file.free_pages} free · {file.size} bytes"
    yield ""


def _config(summary: Summary) -> Iterable[str]:
    yield "Configuration" if summary.config else "No configuration yet: Podman's first command writes it."
    width = max(map(len, summary.config), default=0)
    for name, value in summary.config.items():
        yield f"  {name:<{width}}  {value}"
    yield ""


def _objects(summary: Summary) -> Iterable[str]:
    states = Counter(one.state for one in summary.containers)
    shown = f" ({', '.join(f'{count} {state}' for state, count in sorted(states.items()))})" if states else ""
    yield (
        f"{number_of(len(summary.containers), 'container')}{shown} · {number_of(len(summary.pods), 'pod')} · "
        f"{number_of(len(summary.volumes), 'volume')} · {number_of(summary.exec_sessions, 'exec session')}"
    )
    yield from _rows(
        ("CONTAINER ID", "NAME", "STATE", "POD", "LOCK", "IMAGE"),
        [(one.id[:12], one.name, one.state, one.pod, str(one.lock), one.image) for one in summary.containers],
    )
    yield from _rows(
        ("POD ID", "NAME", "CONTAINERS", "INFRA ID", "LOCK"),
        [(one.id[:12], one.name, str(one.containers), one.infra[:12], str(one.lock)) for one in summary.pods],
    )
    yield from _rows(
        ("VOLUME", "DRIVER", "CONTAINERS", "LOCK"),
        [(one.name, one.driver, str(one.users), str(one.lock)) for one in summary.volumes],
    )
    yield ""


def _rows(headings: Sequence[str], rows: list[tuple[str, ...]]) -> Iterable[str]:
    if rows:
        yield ""
        yield from (f"  {line}" for line in columns([headings, *rows]).splitlines())


def _wrong(summary: Summary) -> Iterable[str]:
    for warning in summary.warnings:
        yield f"Warning: {warning}."
    if summary.problems:
        yield f"{number_of(len(summary.problems), 'problem')}, which `pypod state check` tells in full"
        yield from (f"  {one.message}" for one in summary.problems[:5])
        yield ""
