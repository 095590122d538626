"""Laws of conmon versions.

- Reading is total: any bytes give a version or none, and a verdict.
- A version is taken if and only if it is not below the minimum, as tuples compare.
- What follows a version, and leading zeros, do not matter; what stands before it does.
- A number that does not fit 64 bits is only noticed where it is compared.
"""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from returns.result import Failure, Success

from pypod.pure.conmon.decide import refusal
from pypod.pure.conmon.version import MINIMUM, ConmonVersion, is_new_enough, parse_version
from pypod.pure.facts import ProgramOutput

NUMBERS = st.integers(0, 30) | st.integers(0, 2**63 - 1)


@given(st.binary() | st.binary().map(lambda tail: b"conmon version " + tail))
@example(b"conmon version " + b"9" * 5000 + b".1.1")
@example("conmon version 2é0é24".encode())
def test_reading_is_total(output: bytes) -> None:
    version = parse_version(output)
    assert (version is None) <= (refusal(Success(ProgramOutput(0, output))) == "")


@given(NUMBERS, NUMBERS, NUMBERS, st.integers(0, 3))
def test_taken_from_the_minimum_on(major: int, minor: int, patch: int, zeros: int) -> None:
    printed = (f"{'0' * zeros}{number}" for number in (major, minor, patch))
    assert is_new_enough(ConmonVersion(*printed)) == Success((major, minor, patch) >= MINIMUM)


@given(st.tuples(NUMBERS, NUMBERS, NUMBERS), st.binary().filter(lambda tail: not tail[:1].isdigit()))
def test_what_follows_is_ignored(numbers: tuple[int, int, int], tail: bytes) -> None:
    printed = "conmon version {}.{}.{}".format(*numbers).encode()
    assert parse_version(printed + tail) == ConmonVersion(*(str(number) for number in numbers))


@given(st.text("conmvers 1.\n", min_size=1))
def test_nothing_may_stand_before_it(before: str) -> None:
    if not before.startswith("conmon version 1"):
        assert parse_version(f"{before}conmon version 2.0.24".encode()) is None


@given(st.integers(0, 2), st.integers(2**63, 10**40))
def test_only_compared_numbers_must_fit(place: int, huge: int) -> None:
    decided = ConmonVersion("3", str(huge), str(huge))
    assert is_new_enough(decided) == Success(True)
    digits = ["2", "0", "24"]
    digits[place] = str(huge)
    assert isinstance(is_new_enough(ConmonVersion(*digits)), Failure)
