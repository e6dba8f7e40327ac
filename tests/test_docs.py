"""The documents tell the truth about the repository."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAP = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`([\w./-]+/(?:[\w.-]+\.(?:py|yaml|md))?)`", MAP)))
DOCUMENTS = [
    path
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
    if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
]


def test_the_map_names_files() -> None:
    assert len(NAMED) > 30


@pytest.mark.parametrize("name", NAMED)
def test_what_the_map_names_exists(name: str) -> None:
    if name.startswith("study."):  # what a run makes, not what the repository holds
        return
    path = ROOT / name
    assert path.is_dir() if name.endswith("/") else path.is_file()


def test_every_package_folder_is_on_the_map() -> None:
    packages = [
        path.parent
        for root in ("postgwas", "cli", "reference")
        for path in (ROOT / root).rglob("__init__.py")
    ]
    missing = {f"{folder.relative_to(ROOT)}/" for folder in packages} - set(NAMED)
    assert missing == set()


def test_every_module_is_on_the_map() -> None:
    after_the_action = re.compile(r"cli/(coloc|eqtl|expression|genotypes)(_\w+)?\.py")
    modules = {
        str(path.relative_to(ROOT))
        for root in ("postgwas", "cli", "reference")
        for path in (ROOT / root).rglob("*.py")
        if path.name != "__init__.py"
    }
    assert {name for name in modules if not after_the_action.fullmatch(name)} - set(NAMED) == set()


def test_every_package_folder_is_installed() -> None:
    import tomllib

    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    homes = {"postgwas": "postgwas", "cli": "postgwas.cli", "reference": "postgwas.reference"}
    expected = set()
    for root, package in homes.items():
        for init in (ROOT / root).rglob("__init__.py"):
            expected.add(".".join([package, *init.parent.relative_to(ROOT / root).parts]))
    assert set(settings["packages"]) == expected


def test_every_method_page_is_in_the_index() -> None:
    folder = ROOT / "docs" / "methods"
    index = (folder / "README.md").read_text(encoding="utf-8")
    pages = {path.name for path in folder.glob("*.md")} - {"README.md"}
    assert pages
    assert {page for page in pages if f"({page})" not in index} == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" not in target and not target.startswith(("#", "mailto:")):
            assert (document.parent / target.partition("#")[0]).exists(), f"{document.name} links to {target}"


def test_make_targets_in_the_documents_exist() -> None:
    targets = set(
        re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    )
    for document in (ROOT / "README.md", ROOT / "CONTRIBUTING.md"):
        used = set(
            re.findall(r"make ([a-z-]+)`|^\$ make ([a-z-]+)", document.read_text("utf-8"), flags=re.MULTILINE)
        )
        assert {name for pair in used for name in pair if name} - targets == set()


def test_versions_agree() -> None:
    import tomllib

    import postgwas

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert project["version"] == postgwas.__version__
    assert f"\nversion: {postgwas.__version__}\n" in citation
