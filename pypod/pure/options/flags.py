"""Podman's command line (cobra and pflag, as Podman 3.4 uses them).

Flags before the command are read with Podman's own; behind it, with the command's own and Podman's persistent ones.
What is wrong is told in the libraries' words, in their order: flags, log level, number of words, the missing command.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import takewhile
from typing import Final

from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.pure.failure import Misused
from pypod.pure.gotext import quoted
from pypod.pure.options.commands import (
    COMMANDS,
    GLOBAL_FLAGS,
    Arguments,
    Command,
    Flag,
    FlagKind,
    is_group,
    next_command,
    suggestions,
)
from pypod.pure.options.flag_values import is_true, refusal

LOG_LEVELS: Final = ("trace", "debug", "info", "warn", "warning", "error", "fatal", "panic")

_HELP: Final = frozenset({"--help", "-h"})
_BEFORE: Final = {flag.name: flag for flag in GLOBAL_FLAGS}
_PERSISTENT: Final = {flag.name: flag for flag in GLOBAL_FLAGS if not flag.before}

Given = tuple[tuple[str, str], ...]


class CommandLine(Struct, frozen=True):
    """A command line that Podman takes.

    ``command`` is its path below ``podman``; ``flags`` are Podman's own in the order given, ``own`` the command's.
    ``help``: the command's help is asked for; ``version``: Podman's version.  ``listed``: the command's flags are known
    here; of another one ``arguments`` are all words behind it as they stand.
    """

    command: str = ""
    flags: Given = ()
    own: Given = ()
    arguments: tuple[str, ...] = ()
    help: bool = False
    version: bool = False
    listed: bool = True

    @property
    def runs(self) -> str:
        """The command that runs: instead of one whose help, or Podman's version, is asked for it is ``help``."""
        return "help" if self.help or self.version else self.command

    @property
    def log_level(self) -> str:
        """The level of the log; ``warn`` unless given."""
        return last(self.flags, "log-level", "warn")


class _Read(Struct, frozen=True):
    """What one level of the command line holds."""

    flags: Given = ()
    own: Given = ()
    words: tuple[str, ...] = ()
    help: bool = False


def last(given: Given, name: str, default: str = "") -> str:
    """The value of a flag; of one given several times the last."""
    return next((value for flag, value in reversed(given) if flag == name), default)


def parse(argv: tuple[str, ...]) -> Result[CommandLine, Misused]:
    """A command line without the program's name; :class:`Misused` with Podman's text and exit status.

    An unsupported log level is told without ``Error:`` in front, with status 1; everything else ends with 125.
    """
    path = ""
    before = _Read()
    rest = argv
    while True:
        known = _known(path)
        # On the way to a command below, cobra does not know of ``--version`` yet.
        passed = {name: flag for name, flag in known.items() if name != "version"}
        mine, word, rest = _split(rest, passed, path)
        if path and not is_group(path) and path not in COMMANDS:
            asked = before.help or any(word in _HELP for word in takewhile(lambda word: word != "--", mine))
            return Success(CommandLine(path, before.flags, (), mine, asked, listed=False))
        passing = word is not None
        read = _read(mine, passed if passing else known, COMMANDS.get(path, Command(path)), passing=passing)
        if isinstance(read, Failure):
            return Failure(Misused(read.failure()))
        before = _joined(before, read.unwrap())
        if word is None:
            return _finished(path, before)
        path = word


def _finished(path: str, read: _Read) -> Result[CommandLine, Misused]:
    """The checks of a command whose flags are read, in cobra's order."""
    line = CommandLine(path, read.flags, read.own, read.words, read.help)
    if read.help:
        return Success(line)
    if is_true(last(read.flags, "version", "false")):
        return Success(CommandLine("", read.flags, version=True))
    level = line.log_level
    if level.lower() not in LOG_LEVELS:
        text = f"Log Level {quoted(level)} is not supported, choose from: {', '.join(LOG_LEVELS)}"
        return Failure(Misused(text, "log-level", exit_status=1))
    if is_group(path):
        return Failure(Misused(_no_command(f"podman {path}".strip(), path, read.words)))
    wrong = _wrong_number(path, COMMANDS[path].arguments, len(read.words))
    return Failure(Misused(wrong)) if wrong else Success(line)


def _no_command(called: str, path: str, words: tuple[str, ...]) -> str:
    follows = f"Try '{called} --help' for more information."
    if not words:
        return f"missing command '{called} COMMAND'\n{follows}"
    near = suggestions(path, words[0])
    meant = "\nDid you mean this?\n\t" + "\n\t".join(near) + "\n\n" if near else ""
    return f"unrecognized command `{called} {words[0]}`\n{meant}{follows}"


def _wrong_number(path: str, wanted: Arguments, given: int) -> str:
    least, most = wanted.least, wanted.most
    if given >= least and (most is None or given <= most):
        return ""
    if most == 0:
        return f"`podman {path}` takes no arguments"
    if most is None:
        return f"requires at least {least} arg(s), only received {given}"
    if least == most:
        return f"accepts {least} arg(s), received {given}"
    return f"accepts between {least} and {most} arg(s), received {given}"


def _known(path: str) -> Mapping[str, Flag]:
    """The flags at a command; its own come before Podman's of the same name."""
    if not path:
        return _BEFORE
    own = COMMANDS[path].flags if path in COMMANDS else ()
    return {**_PERSISTENT, **{flag.name: flag for flag in own}}


def _split(
    words: tuple[str, ...], known: Mapping[str, Flag], path: str
) -> tuple[tuple[str, ...], str | None, tuple[str, ...]]:
    """The words of this command, the path of the next one if there is one, and the words behind it.

    As cobra's ``Traverse``: a flag that is not known takes the next word with it.
    """
    if not is_group(path):
        return words, None, ()
    takes_next = False
    for index, word in enumerate(words):
        if word.startswith("--") and "=" not in word:
            takes_next = not _is_boolean(known.get(word[2:]))
        elif len(word) == 2 and word[0] == "-" and "=" not in word and not _is_boolean(_by_letter(known, word[1])):
            takes_next = True
        elif takes_next:
            takes_next = False
        elif not (len(word) >= 2 and word[0] == "-"):
            following = next_command(path, word)
            return (words, None, ()) if following is None else (words[:index], following, words[index + 1 :])
    return words, None, ()


def _is_boolean(flag: Flag | None) -> bool:
    return flag is not None and flag.kind is FlagKind.BOOLEAN


def _by_letter(known: Mapping[str, Flag], letter: str) -> Flag | None:
    return next((flag for flag in known.values() if flag.short == letter), None)


def _joined(first: _Read, second: _Read) -> _Read:
    return _Read((*first.flags, *second.flags), second.own, second.words, first.help or second.help)


def _read(
    words: tuple[str, ...], known: Mapping[str, Flag], command: Command, *, passing: bool = False
) -> Result[_Read, str]:
    """The flags and the other words of one command (pflag's ``parseArgs``); ``passing`` on to one below it."""
    reading = _Reading(words, known, command)
    wrong = reading.all()
    own = {flag.name for flag in command.flags}
    asked = is_true(last(tuple(reading.flags), "help", "false"))
    if reading.asks_help and passing:
        return Failure("pflag: help requested")
    if wrong and not reading.asks_help:
        return Failure(wrong)
    flags = tuple(one for one in reading.flags if one[0] not in own)
    mine = tuple(one for one in reading.flags if one[0] in own)
    return Success(_Read(flags, mine, tuple(reading.plain), asked or reading.asks_help))


class _Reading:
    """A walk over the words of one command: what was found so far."""

    def __init__(self, words: tuple[str, ...], known: Mapping[str, Flag], command: Command) -> None:
        self.words = list(words)
        self.known = known
        self.command = command
        self.renamed = dict(command.renamed)
        self.flags: list[tuple[str, str]] = []
        self.plain: list[str] = []
        self.asks_help = False

    def all(self) -> str:
        """Read to the end; what is wrong, or nothing."""
        while self.words:
            word = self.words.pop(0)
            if word == "--" or (not _is_flag(word) and not self.command.interspersed):
                self.plain.extend([] if word == "--" else [word])
                self.plain.extend(self.words)
                return ""
            if not _is_flag(word):
                self.plain.append(word)
                continue
            wrong = self.long(word) if word[1] == "-" else self.short(word[1:])
            if wrong or self.asks_help:
                return wrong
        return ""

    def long(self, word: str) -> str:
        """``--name``, ``--name=value`` or ``--name value``."""
        name, equals, value = word[2:].partition("=")
        if not name or name.startswith("-"):
            return f"bad flag syntax: {word}"
        flag = self.known.get(self.renamed.get(name, name))
        if flag is None:
            return f"unknown flag: --{name}"
        if not equals:
            if flag.kind is FlagKind.BOOLEAN:
                value = "true"
            elif self.words:
                value = self.words.pop(0)
            else:
                return f"flag needs an argument: {word}"
        return self.take(flag, value)

    def short(self, letters: str) -> str:
        """``-x``, ``-xvalue``, ``-x=value``, ``-x value`` or several booleans at once."""
        while letters:
            flag = _by_letter(self.known, letters[0])
            if flag is None:
                self.asks_help = letters[0] == "h"
                return "" if self.asks_help else f"unknown shorthand flag: '{letters[0]}' in -{letters}"
            if len(letters) > 2 and letters[1] == "=":
                return self.take(flag, letters[2:])
            if flag.kind is not FlagKind.BOOLEAN:
                if len(letters) == 1 and not self.words:
                    return f"flag needs an argument: '{letters[0]}' in -{letters}"
                return self.take(flag, letters[1:] or self.words.pop(0))
            wrong = self.take(flag, "true")
            if wrong:
                return wrong
            letters = letters[1:]
        return ""

    def take(self, flag: Flag, value: str) -> str:
        """A flag with its value; what is wrong with it, or nothing."""
        wrong = refusal(flag.kind, value)
        if wrong:
            name = f"-{flag.short}, --{flag.name}" if flag.short else f"--{flag.name}"
            return f"invalid argument {quoted(value)} for {quoted(name)} flag: {wrong}"
        self.flags.append((flag.name, value))
        return ""


def _is_flag(word: str) -> bool:
    return len(word) > 1 and word[0] == "-"
