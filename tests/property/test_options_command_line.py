"""Laws of the command line.

* Any words are taken or refused; nothing raises.
* A flag means the same before and behind the command, and as one word or two.
* Unrelated flags may come in any order: the options and their order stay the same.
* What is refused is told in words that name the flag or the command.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from returns.result import Failure

from pypod.pure.configured import Configured
from pypod.pure.options.commands import COMMANDS, GLOBAL_FLAGS, FlagKind
from pypod.pure.options.flag_values import comma_list, whole_number
from pypod.pure.options.flags import parse
from pypod.pure.options.from_flags import options_of
from pypod.pure.surroundings.facts import Surroundings

NASTY = (
    "",
    "-",
    "--",
    "---",
    "-h",
    "--help",
    "-=",
    "--=",
    "--root",
    "--root=",
    "-f",
    "info",
    "system",
    "ps",
    "-an3",
    '"',
    "ü",
    "-ü",
)
ARGV = st.lists(st.sampled_from(NASTY) | st.text(max_size=6), max_size=8).map(tuple)
TEXT_FLAGS = [flag.name for flag in GLOBAL_FLAGS if flag.kind is FlagKind.TEXT and flag.option]
VALUES = st.text(st.characters(codec="utf-8"), max_size=8)


@given(ARGV)
def test_any_words_are_taken_or_refused(argv: tuple[str, ...]) -> None:
    result = parse(argv)
    if isinstance(result, Failure):
        assert result.failure().message
    else:
        line = result.unwrap()
        assert not line.listed or line.help or line.version or line.command in COMMANDS


@given(st.sampled_from(TEXT_FLAGS), VALUES)
def test_places_and_spellings_of_a_flag_are_the_same(name: str, value: str) -> None:
    flag = f"--{name}"
    lines = {
        parse(argv).unwrap()
        for argv in (
            (flag, value, "info"),
            ("info", flag, value),
            (f"{flag}={value}", "info"),
            ("info", f"{flag}={value}"),
        )
    }
    assert len(lines) == 1


@given(st.data())
def test_the_order_of_unrelated_flags_does_not_matter(data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from(TEXT_FLAGS), unique=True, max_size=6))
    flags = tuple((name, "x") for name in names)
    mixed = tuple(data.draw(st.permutations(flags)))
    assert options_of(flags, Configured(), Surroundings()) == options_of(mixed, Configured(), Surroundings())


@given(st.text(max_size=30))
def test_values_never_raise(text: str) -> None:
    comma_list(text)
    whole_number(text)


@given(st.lists(st.text(st.characters(codec="ascii", exclude_characters='",\r\n'), min_size=1, max_size=4), max_size=4))
def test_a_joined_list_is_read_back(parts: list[str]) -> None:
    assert comma_list(",".join(parts)).unwrap() == tuple(parts)
