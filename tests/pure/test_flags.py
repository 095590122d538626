"""Podman's command line: what it takes, and the words in which it refuses."""

from __future__ import annotations

import pytest

from pypod.pure.options.flag_values import comma_list, whole_number
from pypod.pure.options.flags import CommandLine, parse


def refused(*argv: str) -> tuple[str, int]:
    problem = parse(argv).failure()
    return problem.message, problem.exit_status


def taken(*argv: str) -> CommandLine:
    return parse(argv).unwrap()


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        (("--volumepath", "/srv/v", "info"), "unknown flag: --volumepath"),
        (("--max-workers", "0", "--volumepath", "/v", "--log-level=debug", "info"), "unknown flag: --volumepath"),
        (("ps", "--nosuchflag"), "unknown flag: --nosuchflag"),
        (("ps", "-Z"), "unknown shorthand flag: 'Z' in -Z"),
        (("ps", "-aZq"), "unknown shorthand flag: 'Z' in -Zq"),
        (("info", "--root"), "flag needs an argument: --root"),
        (("info", "-f"), "flag needs an argument: 'f' in -f"),
        (("info", "---"), "bad flag syntax: ---"),
        (("info", "--=x"), "bad flag syntax: --=x"),
        (("--syslog=x", "info"), 'invalid argument "x" for "--syslog" flag: strconv.ParseBool: parsing "x": invalid syntax'),
        (("--max-workers", "x", "info"),
         'invalid argument "x" for "--max-workers" flag: strconv.ParseInt: parsing "x": invalid syntax'),
        (("ps", "-n", "x"), 'invalid argument "x" for "-n, --last" flag: strconv.ParseInt: parsing "x": invalid syntax'),
        (("info", "--url", "x"), "unknown flag: --url"),
        (("nosuchcommand",), "unrecognized command `podman nosuchcommand`\nTry 'podman --help' for more information."),
        ((), "missing command 'podman COMMAND'\nTry 'podman --help' for more information."),
        (("--log-level=debug",), "missing command 'podman COMMAND'\nTry 'podman --help' for more information."),
        (("healthcheck",), "missing command 'podman healthcheck COMMAND'\nTry 'podman healthcheck --help' for more information."),
        (("inf",), "unrecognized command `podman inf`\n\nDid you mean this?\n\tinfo\n\nTry 'podman --help' for more information."),
        (("info", "x"), "`podman info` takes no arguments"),
        (("container", "exists"), "accepts 1 arg(s), received 0"),
        (("import",), "accepts between 1 and 2 arg(s), received 0"),
        (("network", "inspect"), "requires at least 1 arg(s), only received 0"),
    ],
)  # fmt: skip
def test_refusals(argv: tuple[str, ...], text: str) -> None:
    assert refused(*argv) == (text, 125)


def test_an_unsupported_log_level_ends_with_1_before_the_words_are_counted() -> None:
    text = 'Log Level "foo" is not supported, choose from: trace, debug, info, warn, warning, error, fatal, panic'
    assert refused("--log-level", "foo", "info", "x") == (text, 1)


@pytest.mark.parametrize(
    ("argv", "flags"),
    [
        (("--root", "/a", "info"), (("root", "/a"),)),
        (("info", "--root=/a"), (("root", "/a"),)),
        (("--root", "", "--runroot=", "info"), (("root", ""), ("runroot", ""))),
        (("--syslog", "info"), (("syslog", "true"),)),
        (("--syslog=false", "info"), (("syslog", "false"),)),
        (("--hooks-dir", "/a,/b", "info", "--hooks-dir", "/c"), (("hooks-dir", "/a,/b"), ("hooks-dir", "/c"))),
    ],
)
def test_flags_before_and_behind_the_command(argv: tuple[str, ...], flags: tuple[tuple[str, str], ...]) -> None:
    line = taken(*argv)
    assert (line.command, line.flags) == ("info", flags)


def test_the_commands_own_flags_are_told_apart() -> None:
    line = taken("--log-level=debug", "ps", "-a", "--format", "{{.Names}} {{.Status}}", "--namespace")
    assert line.own == (("all", "true"), ("format", "{{.Names}} {{.Status}}"), ("ns", "true"))
    assert (line.command, line.log_level) == ("ps", "debug")


def test_letters_together_and_with_values() -> None:
    assert taken("ps", "-aqn3").own == (("all", "true"), ("quiet", "true"), ("last", "3"))
    assert taken("info", "-f=json").own == (("format", "json"),)
    assert taken("info", "-fjson").own == (("format", "json"),)


def test_after_two_dashes_everything_is_a_word() -> None:
    line = taken("container", "exists", "--", "--root")
    assert (line.command, line.arguments, line.flags) == ("container exists", ("--root",), ())


def test_aliases_name_the_command() -> None:
    assert taken("pod", "ls").command == "pod ps"
    assert taken("volume", "list").command == "volume ls"


def test_help_and_version() -> None:
    assert taken("info", "--help").help
    assert taken("-h").help
    assert taken("--version").version
    assert taken("info", "x", "--help").help


def test_a_command_whose_flags_are_not_listed_keeps_its_words() -> None:
    line = taken("--root", "/r", "run", "--rm", "tiny", "sh")
    assert (line.listed, line.command, line.arguments) == (False, "run", ("--rm", "tiny", "sh"))
    assert line.flags == (("root", "/r"),)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("3", 3),
        ("-3", -3),
        ("0x1f", 31),
        ("010", 8),
        ("0b11", 3),
        ("1_0", None),
        ("0x_1f", 31),
        ("", None),
        ("9" * 90, None),
    ],
)
def test_whole_numbers(text: str, number: int | None) -> None:
    assert whole_number(text) == number


def test_comma_lists() -> None:
    assert comma_list("").unwrap() == ()
    assert comma_list('a,"b,c","d""e",').unwrap() == ("a", "b,c", 'd"e', "")
    assert comma_list('a,b"c').failure() == 'parse error on line 1, column 4: bare " in non-quoted-field'
    assert comma_list('"a').failure().endswith('extraneous or missing " in quoted-field')
