"""Taking a command line apart: the command, pypod's own flags, and Podman's, which are left as they stand.

Podman's flags come before the command or after it, as Podman takes them; pypod's own follow the command, except for
those of :data:`~pypod.cli.commands.EVERYWHERE`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from returns.result import Failure, Result, Success

from pypod.cli.commands import BY_NAME, EVERYWHERE, GROUPS, OwnFlag, Words, below

SHORT = {"-h": "--help", "-v": "--version"}


def taken_apart(argv: list[str], takes_value: Callable[[str], bool]) -> Result[Words, str]:
    """The words of a command line, or what is wrong with it.  ``takes_value`` says it of Podman's flags, by name with
    their dashes, as far as there are such.
    """
    own: dict[str, str] = {}
    podman: list[str] = []
    arguments: list[str] = []
    line: list[str] = []
    known = {form: flag for flag in EVERYWHERE for form in flag.forms}
    command = group = ""
    rest = iter(argv)
    for word in rest:
        if word == "--":
            left = list(rest)
            arguments.extend(left)
            line.extend((word, *left))
        elif not word.startswith("-") or word == "-":
            line.append(word)
            if command:
                arguments.append(word)
                continue
            if word in GROUPS and not group:
                group = word
                continue
            name = f"{group} {word}".strip()
            if name not in BY_NAME and "help" not in own:
                return Failure(_unknown_command(name))
            command = name if name in BY_NAME else ""
            known |= {form: flag for flag in (BY_NAME[name].flags if name in BY_NAME else ()) for form in flag.forms}
        elif _are_switches(word, known):
            own |= {known[f"-{letter}"].name: "true" for letter in word[1:]}
        else:
            name, equals, value = word.partition("=")
            name = SHORT.get(name, name)
            if name in known:
                wrong = _own(known[name], equals + value, rest, own)
                if wrong:
                    return Failure(wrong)
            else:
                wanted = not equals and takes_value(name)
                value_of = _next(rest) if wanted else []
                if wanted and not value_of:
                    return Failure(f"flag needs an argument: {name}")
                podman.extend((word, *value_of))
                line.extend((word, *value_of))
    if group and not command and "help" not in own:
        return Failure(f"{group} needs one of {', '.join(below(group))}")
    return Success(Words(command, own, tuple(podman), tuple(arguments), tuple(line)))


def _are_switches(word: str, known: Mapping[str, OwnFlag]) -> bool:
    """Whether a word is several of the short flags that take no value: ``-aq``."""
    return (
        len(word) > 2
        and word[1] != "-"
        and all(f"-{letter}" in known and not known[f"-{letter}"].value for letter in word[1:])
    )


def _own(flag: OwnFlag, given: str, rest: Iterator[str], own: dict[str, str]) -> str:
    """Take one of pypod's own flags; the empty text, or what is wrong."""
    if not flag.value:
        if given not in ("", "=true", "=false"):
            return f"--{flag.name} takes no value"
        own.pop(flag.name, None)
        if given != "=false":
            own[flag.name] = "true"
        return ""
    value = given[1:] if given else next(rest, None)
    if value is None:
        return f"--{flag.name} needs a value: {flag.value}"
    if flag.choices and value not in flag.choices:
        return f"--{flag.name} is one of {', '.join(flag.choices)}, not {value!r}"
    own[flag.name] = value
    return ""


def _next(rest: Iterator[str]) -> list[str]:
    value = next(rest, None)
    return [] if value is None else [value]


def _unknown_command(word: str) -> str:
    close = min(BY_NAME, key=lambda name: _distance(name, word))
    hint = f" (did you mean {close}?)" if _distance(close, word) <= min(2, len(word) - 1) else ""
    return f"no command {word!r} in this version{hint}; `pypod --help` lists what there is"


def _distance(one: str, other: str) -> int:
    """How many letters have to be changed, added or dropped."""
    row = list(range(len(other) + 1))
    for index, letter in enumerate(one, 1):
        before, row[0] = row[0], index
        for place, against in enumerate(other, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (letter != against))
    return row[-1]
