"""The version of pypod; nothing else, so that everything may load it."""

from __future__ import annotations

VERSION = "0.1.0"
