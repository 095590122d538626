"""The layers inside ``pypod.pure``, held by the import graph.

plan > tape | world > */stage > program : draft > vocabulary > effect > machine > decisions > failure | settings > facts

Laws:
- every module of ``pypod.pure`` has a layer (a new one must choose);
- a module imports only modules of its own layer or of a lower one;
- outside of pypod, ``pypod.pure`` imports only the libraries and the value-only standard modules that are named here.
"""

from __future__ import annotations

import ast
from pathlib import Path

import grimp
import pytest

PURE = Path(__file__).parents[2] / "pypod" / "pure"

LAYERS = (
    ("facts", "gotext", "table", "digest"),
    ("failure", "settings"),
    ("decisions",),
    ("machine",),
    ("effect",),
    ("vocabulary",),
    ("program", "draft"),
    ("stage",),
    ("tape", "world"),
    ("plan",),
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}

SUBJECTS = {path.name for path in PURE.iterdir() if path.is_dir()} - {"vocabulary", "world", "plan", "__pycache__"}

ALLOWED = {
    "__future__", "base64", "binascii", "bisect", "collections", "dataclasses", "enum", "errno", "functools", "hashlib",
    "ipaddress", "itertools", "json", "math", "operator", "posixpath", "re", "string", "struct", "tomllib", "types",
    "typing", "typing_extensions", "zlib",
    "_sha2", "_sha256", "msgspec", "pyrsistent", "returns", "toolz", "pypod",
}  # fmt: skip


def layer(module: str) -> str:
    """The layer of a module of ``pypod.pure``; a KeyError is a module that has not chosen."""
    parts = module.split(".")[2:]
    if parts[0] in SUBJECTS:
        return "stage" if "stage" in parts[-1] or parts[-1] in {"program", "programs"} else "decisions"
    if parts == ["configured"]:
        return "decisions"
    RANK[parts[0]]
    return parts[0]


def _modules() -> list[str]:
    graph = grimp.build_graph("pypod")
    return sorted(name for name in graph.modules if name.startswith("pypod.pure."))


GRAPH = grimp.build_graph("pypod")


@pytest.mark.parametrize("module", _modules())
def test_imports_only_downwards(module: str) -> None:
    here = RANK[layer(module)]
    for imported in GRAPH.find_modules_directly_imported_by(module):
        if imported.startswith("pypod.pure."):
            assert RANK[layer(imported)] <= here, f"{module} ({layer(module)}) imports {imported} ({layer(imported)})"
        else:
            assert not imported.startswith("pypod."), f"{module} imports {imported}"


@pytest.mark.parametrize("path", sorted(PURE.rglob("*.py")), ids=lambda path: str(path.relative_to(PURE)))
def test_imports_only_values(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        )  # fmt: skip
        for name in names:
            assert name.split(".")[0] in ALLOWED, f"{path} imports {name}"
