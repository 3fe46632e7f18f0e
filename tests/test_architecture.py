"""The shape of the house: who may import whom, what is public, one tree of errors."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import index.errors
from tests.conftest import REPOSITORY

PACKAGES = ("index", "qa", "ui", "eval")
MAY_IMPORT = {"index": {"index"}, "qa": {"index", "qa"}, "ui": {"index", "qa", "ui"}, "eval": {"index", "qa", "eval"}}
ONLY_IN = {
    # The benchmarks run it beside the index, as one would without Byline.
    "faiss": {"index/vectors.py", "eval/bench/index.py", "eval/bench/peers/faiss_peer.py"},
    "tantivy": {"index/words.py"},
    "sqlite3": {"index/store.py"},
    "gradio": {"ui/web/app.py", "ui/web/server.py"},
    "mcp": {"ui/mcp.py"},
    "httpcore": {"index/wire.py"},
    "datasketch": {"index/copies.py"},
    "trafilatura": {"index/readers/pages.py"},
    "pypdf": {"index/readers/pdf.py"},
    "openai": {"qa/llm.py"},
    "httpx2": {"qa/wire.py"},
}


def sources(*packages: str) -> Iterator[tuple[str, ast.Module]]:
    for package in packages:
        for path in sorted((REPOSITORY / package).rglob("*.py")):
            yield path.relative_to(REPOSITORY).as_posix(), ast.parse(path.read_text("utf-8"))


def imported(tree: ast.Module) -> set[str]:
    """The full names of modules imported anywhere in a file, within functions too."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names.add(node.module or "")
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_run_one_way(package: str) -> None:
    for name, tree in sources(package):
        ours = {module.split(".")[0] for module in imported(tree)} & set(PACKAGES)
        assert ours <= MAY_IMPORT[package], name


def test_no_module_imports_in_a_circle() -> None:
    graph = {}
    for name, tree in sources(*PACKAGES):
        module = name.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        graph[module] = imported(tree)
    graph = {
        module: {other for other in wanted if other in graph and other != module} for module, wanted in graph.items()
    }
    # A package's __init__ gathers its modules; within the package they import each other
    # by module, never through it.
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join((*path, module))
        if module not in done:
            for other in graph[module]:
                visit(other, (*path, module))
            done.add(module)

    for module in graph:
        visit(module, ())


@pytest.mark.parametrize(("library", "places"), ONLY_IN.items())
def test_a_library_has_one_home(library: str, places: set[str]) -> None:
    users = {name for name, tree in sources(*PACKAGES) if library in {m.split(".")[0] for m in imported(tree)}}
    assert users
    assert users <= places


@pytest.mark.parametrize("package", ["index", "qa"])
def test_public_names_are_sorted_and_complete(package: str) -> None:
    module = importlib.import_module(package)
    public = [name for name, value in vars(module).items() if not name.startswith("_") and not inspect.ismodule(value)]
    constants = sorted(name for name in public if name.isupper())
    assert module.__all__ == constants + sorted(name for name in public if not name.isupper())


def test_every_module_names_what_it_offers() -> None:
    for name, tree in sources(*PACKAGES):
        if name.endswith(("__init__.py", "__main__.py")):
            continue
        declared = [
            ast.literal_eval(node.value)
            for node in tree.body
            if isinstance(node, ast.Assign) and [ast.unparse(t) for t in node.targets] == ["__all__"]
        ]
        assert len(declared) == 1, f"{name} has no __all__"
        defined = {n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef)}
        defined |= {ast.unparse(t) for n in tree.body if isinstance(n, ast.Assign) for t in n.targets}
        defined |= {ast.unparse(n.target) for n in tree.body if isinstance(n, ast.AnnAssign)}
        assert set(declared[0]) <= defined, name


def test_the_error_tree_is_the_one_drawn() -> None:
    classes = {n: c for n, c in vars(index.errors).items() if inspect.isclass(c) and issubclass(c, Exception)}
    drawn = re.findall(r"^\s*(?:[│ ]*[├└]── )?(\w*Error)\b", inspect.getdoc(index.errors) or "", re.MULTILINE)
    assert sorted(drawn) == sorted(classes)
    assert sorted(classes) == sorted(index.errors.__all__)
    assert all(issubclass(c, index.errors.BylineError) for c in classes.values())


def test_help_imports_nothing_heavy() -> None:
    heavy = {"torch", "faiss", "gradio", "mcp", "tantivy", "sentence_transformers", "numpy", "openai"}
    for name, tree in sources("ui"):
        if name == "ui/cli.py":
            top = ast.Module([n for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom)], [])
            assert not {m.split(".")[0] for m in imported(top)} & (heavy | {"index", "qa"})


def test_tests_mirror_the_packages() -> None:
    folders = {path.name for path in (REPOSITORY / "tests").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == set(PACKAGES)


def test_the_sources_are_found() -> None:
    assert Path(sys.modules["index"].__file__ or "").parent == REPOSITORY / "index"
    assert len(list(sources(*PACKAGES))) > 20


def test_the_page_s_scripts_read_nothing_as_html_or_code() -> None:
    """Text of articles becomes text nodes; what could read it otherwise isn't used at all."""
    scripts = sorted((REPOSITORY / "ui" / "web" / "page").glob("*.js"))
    assert scripts
    readers = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|DOMParser|\beval\b|\bFunction\(|setHTML"
    for script in scripts:
        assert re.findall(readers, script.read_text("utf-8")) == [], script.name


def test_only_one_script_makes_elements() -> None:
    for script in (REPOSITORY / "ui" / "web" / "page").glob("*.js"):
        makes = "createElement" in script.read_text("utf-8")
        assert makes is (script.name == "dom.js"), script.name


def test_the_page_names_no_other_place() -> None:
    """No address but the name of SVG's elements, which nobody fetches."""
    for file in (REPOSITORY / "ui" / "web" / "page").iterdir():
        named = set(re.findall(r"(?:https?:)?//[\w-]+\.[\w./-]+", file.read_text("utf-8")))
        assert named <= {"http://www.w3.org/2000/svg"}, file.name
