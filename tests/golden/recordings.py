"""The recorded hosts: what libpod 3.4.7 did on 282 hosts, an area a file.

A file holds one recording a line (JSON), packed with xz:  ``{"case": …, "outcome": …}``.  To pack a folder of
recordings made by a newer run of the recorder:  ``python tests/golden/recordings.py FOLDER``.
"""

from __future__ import annotations

import json
import lzma
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

Recording: TypeAlias = dict[str, Any]

HERE = Path(__file__).parent / "libpod-3.4.7"


def areas() -> list[str]:
    """The areas that are recorded."""
    return sorted(path.name.removesuffix(".jsonl.xz") for path in HERE.glob("*.jsonl.xz"))


def recordings(area: str) -> Iterator[Recording]:
    """The recordings of an area, by name."""
    with lzma.open(HERE / f"{area}.jsonl.xz", "rt", encoding="utf-8") as lines:
        for line in lines:
            recording: Recording = json.loads(line)
            yield recording


def every_recording() -> Iterator[Recording]:
    """All recordings."""
    for area in areas():
        yield from recordings(area)


def folder_recordings(folder: Path) -> Iterator[Recording]:
    """The recordings of a folder with a file each, as the recorder writes them."""
    for path in sorted(folder.glob("*.json")):
        recording: Recording = json.loads(path.read_text(encoding="utf-8"))
        yield recording


def pack(folder: Path) -> None:
    """Pack a folder of recordings, area by area."""
    found: dict[str, list[str]] = {}
    for recording in folder_recordings(folder):
        found.setdefault(recording["case"]["area"], []).append(json.dumps(recording, separators=(",", ":")))
    HERE.mkdir(exist_ok=True)
    for area, lines in found.items():
        text = "".join(line + "\n" for line in lines)
        (HERE / f"{area}.jsonl.xz").write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))


if __name__ == "__main__":
    pack(Path(sys.argv[1]))
