"""Which conmon libpod takes, what it says of the others, and why it found none (``findConmon``)."""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.pure.conmon.version import MINIMUM, is_new_enough, parse_version
from pypod.pure.facts import Diagnostic, FileStatus, Level, ProgramOutput
from pypod.pure.failure import ConmonOutdated, HostError, InvalidArgument, Problem
from pypod.pure.gotext import listed, quoted, signal_text

VERSION_FORMAT: Final = "conmon version changed format"
"""libpod's ErrConmonVersionFormat."""


class Probe(Struct, frozen=True):
    """A conmon that was tried: its path as configured or as found on PATH, why it was refused (empty: it was not),
    what libpod says about it, and its version as ``info`` shows it.
    """

    path: str
    refusal: str
    said: Diagnostic
    shown: str = ""
    started: bool = True
    """False where it could not be run at all, which libpod reports as outdated too."""

    @property
    def accepted(self) -> bool:
        return not self.refusal


def worth_probing(status: Result[FileStatus, HostError]) -> bool:
    """Whether libpod runs what is at a configured path: anything that can be looked at and is no directory."""
    return not isinstance(status, Failure) and not status.unwrap().is_directory


def exit_text(output: ProgramOutput) -> str:
    """How a program failed, in the words of Go's ``exec.ExitError``; empty where it did not."""
    if output.signal:
        return f"signal: {signal_text(output.signal)}"
    return f"exit status {output.status}" if output.status else ""


def refusal(answer: Result[ProgramOutput, HostError]) -> str:
    """Why libpod does not take a conmon that answered so; empty where it does.

    An answer in another form is accepted: libpod wraps an error that is nil there.
    """
    if isinstance(answer, Failure):
        error: HostError = answer.failure()
        return error.message
    output = answer.unwrap()
    if output.timed_out or exit_text(output):
        return exit_text(output) or f"signal: {signal_text(9)}"
    version = parse_version(output.stdout)
    if version is None:
        return ""
    enough = is_new_enough(version)
    if isinstance(enough, Failure):
        return f"{VERSION_FORMAT}: {enough.failure()}"
    return "" if enough.unwrap() else ConmonOutdated.sentinel


def shown_version(output: bytes) -> str:
    """The version as ``info`` shows it: the first newline becomes a comma, the last one goes."""
    text = output.decode("utf-8", "replace").replace("\n", ", ", 1)
    return text.removesuffix("\n")


def probed(path: str, answer: Result[ProgramOutput, HostError], *, on_path: bool) -> Probe:
    """The verdict on a conmon; ``on_path``: it was found over ``$PATH``."""
    why = refusal(answer)
    if why:
        is_ = "is " if on_path else ""
        warning = Diagnostic(Level.WARNING, f"Conmon at {path} {is_}invalid: {why}")
        return Probe(path, why, warning, started=isinstance(answer, Success))
    where = " from $PATH" if on_path else ""
    said = Diagnostic(Level.DEBUG, f"Using conmon{where}: {quoted(path)}")
    return Probe(path, "", said, shown_version(answer.map(lambda output: output.stdout).value_or(b"")))


def none_found(configured: tuple[str, ...], tried: tuple[Probe, ...]) -> Problem:
    """Why there is no conmon: one that was refused counts as outdated, whatever was wrong with it."""
    if not tried:
        return InvalidArgument.saying(
            f"could not find a working conmon binary (configured options: {listed(configured)})",
            "conmon",
            hint="install conmon, or name it in engine.conmon_path or with --conmon",
            diagnosis="RT-01",
        )
    least = ".".join(str(number) for number in MINIMUM)
    return ConmonOutdated.saying(
        f"please update to v{least} or later",
        tried[-1].path,
        hint="; ".join(_advice(probe) for probe in tried),
        diagnosis="RT-01",
    )


def _advice(probe: Probe) -> str:
    if probe.refusal == ConmonOutdated.sentinel:
        return f"{probe.path} is too old: upgrade or remove it"
    if probe.started:
        return f"{probe.path} did not tell its version ({probe.refusal}): repair or remove it"
    return f"{probe.path} could not be run ({probe.refusal}), which is not a matter of its version: repair or remove it"
