"""The plan for a person: rendered from the JSON form and from nothing else.

The answer comes first, the reason second, the remedy third; changes stand in the host's order.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pypod.pure.plan.facts import STAGES, Action, Diagnostic, Failure, Origin, Plan, Setting
from pypod.pure.plan.layout import WIDTH, Page, many, tamed, wrapped

NOUNS: Final = {
    "make_directory": "+ directory",
    "create_file": "+ file",
    "write_file": "+ file",
    "append_file": "+ file",
    "write_token": "~ token",
    "remove": "- removed",
    "change_mode": "~ mode",
    "change_owner": "~ owner",
    "create_database": "+ database",
    "update_database": "~ database",
    "back_up_database": "+ backup",
    "create_locks": "+ segment",
    "remove_locks": "- segment",
    "allocate_lock": "+ lock",
    "free_locks": "- locks",
    "mount": "+ mount",
    "make_mount_private": "~ mount",
    "unmount": "- mount",
    "probe_overlay": "? probe",
    "write_event": "+ event",
    "start_scope": "+ scope",
    "signal_process": "! signal",
    "signal_container": "! signal",
    "enter_namespace": "> namespace",
}
"""How an action is named in the list of changes: made, altered, removed, tried, told, left for."""

_MINOR: Final = ("write_token", "probe_overlay", "make_mount_private")
_DONE: Final = {
    "ready": "Podman's runtime would be constructed.",
    "renumbered": "Podman would renumber its locks.",
    "migrated": "Podman would migrate its containers.",
}
_SOURCES: Final = {
    "builtin": "built-in",
    "file": "file",
    "environment": "environment",
    "option": "option",
    "database": "database",
    "computed": "computed",
}


def render(plan: Plan, *, verbose: bool = False, colour: bool = False, width: int = WIDTH) -> str:
    """The text of a plan, ending with a new line.  ``verbose`` shows every change with its reason, and every setting that
    is not a built-in default.
    """
    plan = tamed(plan)
    page = Page(colour=colour, width=width)
    if plan.failure is not None:
        _refusal(page, plan, plan.failure)
    else:
        _answer(page, plan)
    if plan.failure is None or verbose:
        listed(page, "Changes, in this order", plan.actions, verbose=verbose)
        _settings(page, plan, verbose=verbose)
    _warnings(page, plan, verbose=verbose)
    _unknown(page, plan, verbose=verbose)
    if plan.failure is not None:
        _nothing_changed(page, plan, verbose=verbose)
    return page.text()


def _answer(page: Page, plan: Plan) -> None:
    if not plan.actions and plan.outcome == "ready":
        page.ends("Nothing to do: the runtime is ready.", _circumstances(plan), "green")
        _rules(page, plan)
        page.hanging("Looked at  ", _looked_at(plan))
        return
    page.ends(_DONE.get(plan.outcome, _DONE["ready"]), _circumstances(plan), "green")
    _rules(page, plan)


def _circumstances(plan: Plan) -> str:
    parts = [
        "first run" if any(one.action == "create_database" for one in plan.actions) else "",
        "rootless" if plan.host.rootless else "root",
        f"cgroups {plan.host.cgroups}" if plan.host.cgroups else "",
        plan.host.source if plan.host.source != "live" else "",
    ]
    return " · ".join(part for part in parts if part)


def _rules(page: Page, plan: Plan) -> None:
    installed = f"podman {plan.podman_installed}" if plan.podman_installed else "no podman"
    page.add(page.paint("dim", f"Rules of libpod {plan.libpod}; installed here: {installed}."))
    # What a rootless user may not read, that user's Podman cannot read either.
    if plan.observations.denied and not plan.complete and not plan.host.rootless:
        count = many(len(plan.observations.denied), "path")
        page.hanging("", f"Not certain: {count} could not be read (listed below) and counted as absent.", how="yellow")


def _looked_at(plan: Plan) -> str:
    places = [f"{name} {plan.settings[key].value}" for key, name in _PLACES if key in plan.settings]
    return "; ".join([many(plan.observations.count, "fact"), *places]) + "."


_PLACES: Final = (
    ("engine.static_dir", "database in"),
    ("storage.graph_root", "graph root"),
    ("storage.run_root", "run root"),
    ("engine.tmp_dir", "temporary directory"),
)


def _refusal(page: Page, plan: Plan, failure: Failure) -> None:
    from pypod.pure.plan.diagnoses import reason

    place = f"in {failure.stage}" if failure.stage else ""
    if failure.stage in STAGES:
        place += f", stage {STAGES.index(failure.stage) + 1} of {len(STAGES)}"
    page.ends(f"{_STOP}{_gist(failure.message, page.width - len(_STOP))}", place, "red")
    _rules(page, plan)
    page.add()
    page.hanging("  Error: ", failure.message, 9)
    compared = failure.comparison
    if compared is not None:
        page.add()
        at = _origin_text(compared.origin) if compared.origin else ""
        side = max(len(compared.ours), len(compared.database))
        page.add(f"  ours       {compared.ours:<{side}}  {at}")
        page.add(f"  database   {compared.database:<{side}}  bolt_state.db, written by the first run")
    why = reason(failure.diagnosis)
    if why or failure.hint:
        page.add()
    if why:
        page.hanging("Why         ", why)
    if failure.hint:
        page.hanging("What to do  ", failure.hint + (f"  [{failure.diagnosis}]" if failure.diagnosis else ""))


_STOP: Final = "Podman would stop: "


def _gist(message: str, room: int) -> str:
    """The end of libpod's text, from as early a colon as there is room for; at least what follows the last one."""
    tail = message
    while len(tail) > room and ": " in tail:
        tail = tail.partition(": ")[2]
    return tail


def _nothing_changed(page: Page, plan: Plan, *, verbose: bool) -> None:
    page.add()
    said = "Nothing was changed."
    if plan.actions:
        said += f" {many(len(plan.actions), 'change')} would have been made before the stop"
        said += "." if verbose else ": --verbose shows them."
    page.hanging("", said)


def listed(page: Page, title: str, actions: tuple[Action, ...], *, verbose: bool) -> None:
    """Changes under a heading; nothing where there are none.  Without ``verbose`` those on the way to others are left out."""
    if not actions:
        return
    chosen = actions if verbose else tuple(_major(actions)) or actions
    hidden = f" ({len(chosen)} of {len(actions)} shown, --verbose for all)"
    page.section(title + (hidden if len(chosen) < len(actions) else ""))
    column = max(len(one.stage) for one in chosen)
    deferred = False
    last = said = ""
    for one in chosen:
        if one.deferred and not deferred:
            deferred, last, said = True, "", ""
            page.add(page.paint("dim", "  then, in the re-executed process inside the user namespace"))
        stage = one.stage if one.stage != last else ""
        last = one.stage
        head = f"  {stage:<{column}}  {_noun(one):<11} "
        _with_detail(page, head + one.path, _detail(one, () if verbose else actions), len(head))
        if verbose and one.because and one.because != said:
            page.hanging(" " * len(head), one.because, how="dim")
        said = one.because
        for entry in one.entries if verbose else ():
            value = f" = {entry.value}" if entry.value is not None else ""
            page.add(f"{' ' * len(head)}{entry.change.replace('_', ' ')} {entry.bucket} {entry.key}".rstrip() + value)


def _major(actions: tuple[Action, ...]) -> Iterator[Action]:
    """Without directories on the way to others, lock files and what the store keeps for itself; a new database and what is
    put into it are one.
    """
    created: set[str] = set()
    for index, one in enumerate(actions):
        if one.action == "create_database":
            created.add(one.path)
        filled = one.action == "update_database" and one.path in created
        on_the_way = one.action == "make_directory" and any(
            later.path.startswith(one.path.rstrip("/") + "/") and later.stage == one.stage
            for later in actions[index + 1 :]
        )
        own_file = one.action in ("create_file", "write_file") and (
            one.stage == "store" or one.path.endswith((".lock", ".lck"))
        )
        if not (on_the_way or own_file or filled or one.action in _MINOR):
            yield one


def _noun(action: Action) -> str:
    noun = NOUNS.get(action.action, action.action)
    return "~" + noun[1:] if noun == "+ file" and action.before is not None else noun


def _detail(action: Action, all_actions: tuple[Action, ...]) -> str:
    """What type and path do not say.  ``all_actions``: those whose details may be told with this one's."""
    if action.action in ("create_database", "update_database"):
        told = (one for one in all_actions if action.action == "create_database" and one.path == action.path)
        entries = [*action.entries, *(entry for one in told for entry in one.entries)]
        buckets = sum(entry.change == "make_bucket" for entry in entries)
        emptied = sum(entry.change == "empty_bucket" for entry in entries)
        values = len(entries) - buckets - emptied
        parts = [
            many(buckets, "bucket") if buckets else "",
            many(values, "value") if values else "",
            # Of a database that is just made nothing can be emptied.
            f"{many(emptied, 'bucket')} emptied" if emptied and action.action == "update_database" else "",
        ]
        return ", ".join(part for part in parts if part)
    if action.action == "create_locks" and action.after:
        return f"{action.detail}, {many(action.after.size, 'byte')}"
    if action.action == "make_directory":
        return action.mode or ""
    if action.action in ("change_mode", "change_owner") and action.before and action.after:
        return f"{_owned(action.before.mode, action.before.uid, action.before.gid)} to " + _owned(
            action.after.mode, action.after.uid, action.after.gid
        )
    return action.detail


def _owned(mode: str, uid: int, gid: int) -> str:
    return f"{mode} {uid}:{gid}"


def _with_detail(page: Page, line: str, detail: str, indent: int) -> None:
    if not detail:
        page.add(line)
    elif len(line) + 2 + len(detail) <= page.width:
        page.add(f"{line}{' ' * (page.width - len(line) - len(detail))}{page.paint('dim', detail)}")
    else:
        page.add(line)
        page.hanging(" " * (indent + 2), detail, how="dim")


def _settings(page: Page, plan: Plan, *, verbose: bool) -> None:
    chosen = [(name, one) for name, one in plan.settings.items() if _worth_showing(one, verbose=verbose)]
    if not chosen:
        return
    page.section("Settings that are not built-in defaults")
    column = max(len(name) for name, _ in chosen)
    for name, one in chosen:
        head = f"  {name:<{column}}  "
        lost = next((claim for claim in one.overrode if claim.value not in (one.value, *_EMPTY)), None)
        room = page.width - len(head) if not verbose else 0
        over = f"over {_short(value_text(lost.value), room // 2)} ({_origin_text(lost.origin)})" if lost else ""
        first = f"{head}{_short(value_text(one.value), room)}"
        _with_detail(page, first, "  ".join(part for part in (_origin_text(one.origin), over) if part), len(head))
        for ignored in one.ignored:
            said = f"ignored {value_text(ignored.value)} ({_origin_text(ignored.origin)}): {ignored.because}"
            page.hanging(" " * (len(head) + 2), said, how="dim")


_EMPTY: Final[tuple[object, ...]] = ("", None, [], (), {})


def _short(text: str, room: int) -> str:
    """A list cut to the room there is, and how many more there are; a path stays whole, and so does everything where the
    room is 0.
    """
    parts = text.split(", ")
    if not room or len(text) <= max(room, 12) or len(parts) == 1:
        return text
    kept = len(parts) - 1
    while kept > 1 and len(_cut(parts, kept)) > max(room, 12):
        kept -= 1
    return _cut(parts, kept)


def _cut(parts: list[str], kept: int) -> str:
    return f"{', '.join(parts[:kept])} and {len(parts) - kept} more"


def _worth_showing(setting: Setting, *, verbose: bool) -> bool:
    source = setting.origin.source
    if setting.ignored:
        return True
    if source == "builtin" or (source == "computed" and not verbose):
        return False
    repeated = bool(setting.overrode) and all(one.value == setting.value for one in setting.overrode)
    return verbose or not repeated


def value_text(value: Any) -> str:
    """A value of a setting on one line; the empty text shows as ``""``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value or '""'
    if value is None:
        return "none"
    if isinstance(value, (list, tuple)):
        return ", ".join(value_text(one) for one in value) or "[]"  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] - plain JSON
    if isinstance(value, dict):
        return ", ".join(f"{key}={value_text(one)}" for key, one in value.items()) or "{}"  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] - plain JSON
    return str(value)


def _origin_text(origin: Origin) -> str:
    return origin.at or _SOURCES[origin.source]


def _warnings(page: Page, plan: Plan, *, verbose: bool) -> None:
    told = plan.failure.message if plan.failure is not None else None
    worrying = [one for one in plan.diagnostics if one.level in ("warning", "error") and one.message != told]
    if not worrying:
        return
    groups: dict[str, dict[str, Diagnostic]] = {}
    for one in worrying:
        # The same line in a later stage is the same trouble.
        groups.setdefault(one.diagnosis or one.stage, {}).setdefault(one.message, one)
    page.section(many(len(groups), "warning"))
    for group in groups.values():
        _warning(page, tuple(group.values()), verbose=verbose)


def _warning(page: Page, group: tuple[Diagnostic, ...], *, verbose: bool) -> None:
    first = group[0]
    page.add(
        page.paint("yellow", f"  {first.stage or first.level}") + (f"  [{first.diagnosis}]" if first.diagnosis else "")
    )
    for one in group:
        lines = wrapped(one.message, page.width - 4)
        kept = lines if verbose or len(lines) <= 3 else [*lines[:3], "…"]
        for line in kept:
            page.add(f"    {line}")
    if first.hint:
        page.hanging("    What to do: ", first.hint)


def _unknown(page: Page, plan: Plan, *, verbose: bool) -> None:
    if plan.after_unknown:
        page.section("Not known before it is done")
        for sentence in plan.after_unknown:
            page.hanging("  ", sentence)
    if plan.observations.denied and not plan.complete and (verbose or not plan.host.rootless):
        page.section("Could not be read: permission denied")
        for path in plan.observations.denied:
            page.hanging("  ", path)


def render_setting(name: str, setting: Setting) -> str:
    """A setting for ``explain``: its value, where it comes from, what it overrode, and what was ignored."""
    page = Page(colour=False)
    page.add(f"{name} = {value_text(setting.value)}")
    rows = [("from", _SOURCES[setting.origin.source], setting.origin.at)]
    rows += [("over", value_text(one.value), _origin_text(one.origin)) for one in setting.overrode]
    rows += [
        ("ignored", value_text(one.value), f"{_origin_text(one.origin)}  ({one.because})") for one in setting.ignored
    ]
    column = max(len(value) for _, value, _ in rows)
    for label, value, at in rows:
        page.add(f"  {label:<7} {value:<{column}}  {at}")
    return page.text()
