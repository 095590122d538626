"""Help and completion, written from the table of commands and the table of Podman's flags."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pypod.cli.commands import COMMANDS, EVERYWHERE, GROUPS, Command, OwnFlag, below

WIDTH: Final = 80
_INTRODUCTION: Final = """Usage: pypod [PODMAN FLAGS] COMMAND [FLAGS]

Tells what Podman (libpod 3.4.7) will do to a host when its runtime is
constructed, and why, without changing anything; then does it. Podman's global
flags are taken as Podman takes them.
"""


def overview(podman_flags: Iterable[tuple[str, str]]) -> str:
    """``pypod --help``; Podman's flags as name and help."""
    commands = "".join(f"  {command.name:<16} {command.summary}\n" for command in COMMANDS)
    examples = "".join(f"  {line}\n" for command in COMMANDS for line, _ in command.examples[:2])
    named = "".join(_row(name, text, 28) for name, text in podman_flags)
    return (
        f"{_INTRODUCTION}\nCommands:\n{commands}\nFlags:\n{_flags(EVERYWHERE)}\n"
        + (f"Podman's global flags:\n{named}\n" if named else "")
        + f"Examples:\n{examples}\n`pypod COMMAND --help` tells more of a command.\n"
    )


def of_command(command: Command) -> str:
    """``pypod COMMAND --help``."""
    examples = "".join(f"  {line}\n      {text}\n" for line, text in command.examples)
    return (
        f"Usage: {command.usage}\n\n{command.about}\n\nFlags:\n{_flags((*command.flags, *EVERYWHERE[:4]))}\n"
        f"Examples:\n{examples}"
    )


def _flags(flags: Iterable[OwnFlag]) -> str:
    return "".join(_row(f"{', '.join(reversed(flag.forms))} {flag.value}".rstrip(), flag.help, 22) for flag in flags)


def _row(name: str, text: str, column: int) -> str:
    """A name and what it means, the meaning wrapped in its own column."""
    import textwrap

    lines = textwrap.wrap(text, WIDTH - column - 3)
    return "".join(f"  {name if index == 0 else '':<{column}} {line}\n" for index, line in enumerate(lines))


def completion(shell: str, podman_flags: Iterable[str]) -> str:
    """A completion script for bash, zsh or fish: commands, flags and their choices; paths where a value is one."""
    flags = " ".join([*podman_flags, *(f"--{flag.name}" for flag in EVERYWHERE)])
    if shell == "fish":
        return _fish(flags)
    cases = "".join(
        f'        "{command.name}") words="{" ".join(f"--{flag.name}" for flag in command.flags)} $words" ;;\n'
        for command in COMMANDS
    ) + "".join(f'        {group}) words="{" ".join(below(group))}" ;;\n' for group in sorted(GROUPS))
    first = " ".join(dict.fromkeys(command.name.partition(" ")[0] for command in COMMANDS))
    names = "|".join([*sorted(GROUPS), *(command.name for command in COMMANDS)])
    values = "".join(
        f'        --{flag.name}) COMPREPLY=($(compgen -W "{" ".join(flag.choices)}" -- "$current")); return ;;\n'
        for flag in _with_choices()
    )
    head = "autoload -U +X bashcompinit && bashcompinit\n" if shell == "zsh" else ""
    return f"""{head}_pypod() {{
    local current="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD-1]}}" words="{flags}" command="" word
    for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        case "|{names}|" in *"|${{command:+$command }}$word|"*) command="${{command:+$command }}$word" ;; esac
    done
    case "$before" in
{values}        --host|--out|--database) COMPREPLY=($(compgen -f -- "$current")); return ;;
    esac
    case "$command" in
{cases}        *) words="{first} $words" ;;
    esac
    COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o default -F _pypod pypod
"""


def _with_choices() -> tuple[OwnFlag, ...]:
    found = {flag.name: flag for command in COMMANDS for flag in command.flags if flag.choices}
    found |= {flag.name: flag for flag in EVERYWHERE if flag.choices}
    return tuple(found.values())


def _fish(flags: str) -> str:
    lines = [
        f"complete -c pypod -n __fish_use_subcommand -a {one.name} -d '{_plain(one.summary)}'"
        for one in COMMANDS
        if " " not in one.name
    ]
    for group in sorted(GROUPS):
        lines.append(f"complete -c pypod -n __fish_use_subcommand -a {group}")
        lines.append(f"complete -c pypod -n '__fish_seen_subcommand_from {group}' -a '{' '.join(below(group))}'")
    lines += [f"complete -c pypod -l {name.removeprefix('--')}" for name in flags.split() if name.startswith("--")]
    lines += [
        f"complete -c pypod -n '{_seen(command.name)}' -l {flag.name}"
        f" -d '{_plain(flag.help)}'" + (" -r" if flag.value else "")
        for command in COMMANDS
        for flag in command.flags
    ]
    return "\n".join(lines) + "\n"


def _seen(name: str) -> str:
    return "; and ".join(f"__fish_seen_subcommand_from {word}" for word in name.split())


def _plain(text: str) -> str:
    return text.replace("'", "\\'")
