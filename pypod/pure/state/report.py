"""``state check``: what is wrong with the pages of a database and with what refers to what in it."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from pypod.pure.state.check import Finding, findings
from pypod.pure.state.facts import References
from pypod.pure.state.summary import number_of


class Report(Struct, frozen=True):
    """``pages``: what is wrong with the file itself; ``references``: with what is in it."""

    path: str
    pages: tuple[str, ...] = ()
    references: tuple[Finding, ...] = ()
    looked_at: str = ""
    """What there was to look at, in words."""

    @property
    def sound(self) -> bool:
        return not self.pages and not self.references


def report_of(path: str, pages: tuple[str, ...], held: References | None) -> Report:
    """The report; without references where the pages are too damaged to read any."""
    if held is None:
        return Report(path, pages)
    counts = ((len(held.containers), "container"), (len(held.pods), "pod"), (len(held.volumes), "volume"))
    looked_at = ", ".join(number_of(count, name) for count, name in ((held.file.pages, "page"), *counts))
    return Report(path, pages, findings(held), looked_at)


def render(report: Report) -> str:
    """The text for people: a line for each finding, or one that says that there is none."""
    if report.sound:
        return f"{report.path}: sound ({report.looked_at})\n"
    return "".join(f"{line}\n" for line in _lines(report))


def _lines(report: Report) -> Iterable[str]:
    for text in report.pages:
        yield f"file: {text}"
    for one in report.references:
        yield f"{one.rule}: {one.message}"
