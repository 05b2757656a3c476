"""The rooms of the package and which way imports run: down the data's way, as the README's architecture section draws it."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "plugins" / "contact_audit"
GROUND = "ground"
MAY_IMPORT = {
    GROUND: set[str](),
    "evidence": {GROUND},
    "attribution": {GROUND, "evidence"},
    "sources": {GROUND, "evidence"},
    "log": {GROUND, "evidence", "attribution"},
    "runs": {GROUND, "evidence", "attribution", "sources", "log", "export", "act"},
    "export": {GROUND},
    "act": {GROUND, "evidence", "export"},
    "web": {GROUND, "evidence", "export", "act"},  # of the evidence: how values are written
    "demo": {GROUND},
    "local": {GROUND, "evidence", "attribution", "sources", "log", "runs", "export", "act", "web", "demo"},
}
"""Room → the rooms below it. The ground is the package's own files: errors, settings, windows, model, sql, database."""


def room_of(module: str) -> str:
    """The room of a module's dotted name within the package."""
    first = module.removeprefix("contact_audit").lstrip(".").split(".")[0]
    return first if (PACKAGE / first).is_dir() and first else GROUND


def imports_of(source: str) -> set[str]:
    """The package's own modules that a source text imports, wherever in it, by their dotted names."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.split(".")[0] == "contact_audit"}


def wrong_arrows(module: str, source: str) -> set[str]:
    """What a module imports from a room that is not below its own."""
    room = room_of(module)
    return {name for name in imports_of(source) if room_of(name) not in MAY_IMPORT[room] | {room}}


def modules() -> list[tuple[str, Path]]:
    """Every module of the package: its dotted name and its file."""
    return [
        (".".join(("contact_audit", *path.relative_to(PACKAGE).with_suffix("").parts)), path)
        for path in sorted(PACKAGE.rglob("*.py"))
    ]


@pytest.mark.parametrize(("module", "path"), modules(), ids=[name for name, _ in modules()])
def test_imports_run_down_the_datas_way(module: str, path: Path) -> None:
    assert wrong_arrows(module, path.read_text(encoding="utf-8")) == set()


def test_an_arrow_turned_round_is_found() -> None:
    assert wrong_arrows("contact_audit.evidence.states", "from contact_audit.log.load import AuditLog") == {
        "contact_audit.log.load.AuditLog"
    }
    assert wrong_arrows("contact_audit.model", "def f():\n    import contact_audit.runs.sync") == {
        "contact_audit.runs.sync"
    }


def test_no_two_modules_import_each_other_in_a_circle() -> None:
    names = {name for name, _ in modules()}
    graph: dict[str, set[str]] = {}
    for name, path in modules():
        imported = imports_of(path.read_text(encoding="utf-8"))
        graph[name] = {
            found for one in imported for found in (one, one.rpartition(".")[0]) if found in names and found != name
        } - {name.removesuffix(".__init__")}
    circles = [name for name in graph if _reaches(graph, name, name)]
    assert circles == []


def _reaches(graph: dict[str, set[str]], start: str, goal: str) -> bool:
    seen: set[str] = set()
    todo = list(graph[start])
    while todo:
        one = todo.pop()
        if one == goal:
            return True
        if one not in seen:
            seen.add(one)
            todo += graph.get(one, ())
    return False


def test_each_room_says_what_it_is_for() -> None:
    for room in MAY_IMPORT.keys() - {GROUND}:
        text = ast.get_docstring(ast.parse((PACKAGE / room / "__init__.py").read_text(encoding="utf-8")))
        assert text, room
