"""Registered reference panels: what they are, where they come from, where they are kept."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postgwas.errors import PanelError, UsageError
from postgwas.reference.folders import data_folder

if TYPE_CHECKING:
    from postgwas.ld.panel import LDScorePanel

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TEXTS = ("ancestry", "build", "purpose", "licence", "citation")


@dataclass(frozen=True)
class Source:
    """One place that a panel can be fetched from.

    Attributes
    ----------
    address : str
        http or https address of a tar or zip archive.
    sha256 : str or None
        Of the archive; None where nobody has recorded it.
    size : int or None
        Of the archive, bytes.
    inside : str
        Folder of the archive that holds the panel; "" to look for LD score files.
    """

    address: str
    sha256: str | None = None
    size: int | None = None
    inside: str = ""


@dataclass(frozen=True)
class Content:
    """What a panel must hold once it is read."""

    variants: int | None = None
    m: float | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class Panel:
    """A registered panel; `path` is set for one that lies on this machine already."""

    name: str
    ancestry: str = "not stated"
    build: str = "not stated"
    purpose: str = "not stated"
    licence: str = "not stated"
    citation: str = "not stated"
    sources: tuple[Source, ...] = ()
    content: Content = Content()
    path: Path | None = None
    built_in: bool = False

    @property
    def place(self) -> Path:
        """Where the panel is, or will be once it is fetched."""
        return self.path or panels_folder() / self.name

    @property
    def is_here(self) -> bool:
        """Whether there are LD score files at `place`."""
        from postgwas.ld.panel_files import find_files

        if self.path is None:
            return self.place.is_dir()
        return find_files(str(self.place)) is not None


def panels_folder() -> Path:
    """Folder that fetched panels are kept in, one folder each."""
    return data_folder() / "panels"


def user_registry() -> Path:
    """The user's own registry file."""
    return data_folder() / "panels.yaml"


def panels() -> dict[str, Panel]:
    """All registered panels by name, the user's own after those that come with postgwas.

    Raises
    ------
    PanelError
        If the user's registry file cannot be understood.
    """
    shipped = resources.files("postgwas.reference").joinpath("panels.yaml")
    found = _parsed(shipped.read_text("utf-8"), "panels.yaml", built_in=True)
    own = user_registry()
    if own.is_file():
        found |= {
            name: panel
            for name, panel in _parsed(own.read_text("utf-8"), str(own), built_in=False).items()
            if name not in found
        }
    return found


def panel(name: str) -> Panel:
    """One registered panel.

    Raises
    ------
    PanelError
        If the name is not registered.
    """
    known = panels()
    if name not in known:
        raise PanelError(
            f"'{name}' is neither an LD score folder or prefix on this machine nor a registered panel; "
            f"registered are {', '.join(known)}",
            hint="postgwas reference list",
        )
    return known[name]


def panel_folder(name: str) -> Path:
    """Folder or prefix of a registered panel that is on this machine.

    Raises
    ------
    PanelError
        If the name is not registered, or the panel is not here yet.
    """
    known = panel(name)
    if known.is_here:
        return known.place
    if known.path is not None:
        raise PanelError(f"panel '{name}' is registered at {known.path}, but it is not there")
    raise PanelError(
        f"panel '{name}' is not on this machine yet", hint=f"bring it with: postgwas reference fetch {name}"
    )


def add_panel(
    name: str,
    *,
    address: str | None = None,
    path: str | Path | None = None,
    sha256: str | None = None,
    inside: str = "",
    texts: Mapping[str, str | None] | None = None,
) -> Panel:
    """Register a panel in the user's registry file.

    Parameters
    ----------
    name : str
        Letters, digits, ``.``, ``_`` and ``-``; not that of a panel registered before.
    address, path
        One of them: an archive to fetch, or LD score files on this machine.
    sha256 : str, optional
        Of the archive, or of the content of the panel at `path` (computed if not given).
    inside : str
        Folder of the archive.
    texts : mapping, optional
        ancestry, build, purpose, licence, citation.

    Raises
    ------
    UsageError
        If the arguments contradict each other or are malformed.
    PanelError
        If the name is taken, or there is no readable panel at `path`.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"'{name}': a panel's name has letters, digits, '.', '_' and '-' only")
    if name in panels():
        raise PanelError(
            f"a panel named '{name}' is registered already",
            hint=f"choose another name; your own panels are in {user_registry()}",
        )
    if (address is None) == (path is None):
        raise UsageError("give either an address or a path", hint="--address URL or --path FOLDER")
    if sha256 is not None:
        sha256 = checked_sha256(sha256)
    described: dict[str, Any] = {key: value for key, value in (texts or {}).items() if value is not None}
    if address is not None:
        check_address(address)
        added = Panel(name, **described, sources=(Source(address, sha256, None, inside),))
    else:
        from postgwas.ld.panel import read_without_cache

        place = Path(str(path)).expanduser().absolute()
        content = content_of(read_without_cache(place))
        if sha256 is not None and sha256 != content.sha256:
            raise PanelError(f"{place}: its content has SHA-256 {content.sha256}, expected {sha256}")
        added = Panel(name, **described, content=content, path=place)
    _save(added)
    return added


def content_of(scores: LDScorePanel) -> Content:
    """Numbers of variants, M and digest of a panel that was read."""
    return Content(scores.n_variants, float(scores.m.sum()), content_digest(scores))


def content_digest(scores: LDScorePanel) -> str:
    """SHA-256 of ids, chromosomes, positions, LD scores and M; not of files or their compression."""
    digest = hashlib.sha256()
    digest.update("\t".join(scores.annotations).encode())
    digest.update("\n".join(scores.snpid.to_list()).encode())
    for values, kind in ((scores.chr, "i1"), (scores.pos, "<i4"), (scores.l2, "<f8"), (scores.m, "<f8")):
        digest.update(values.astype(kind, copy=False).tobytes())
    return digest.hexdigest()


def checked_sha256(value: str) -> str:
    """A SHA-256 in lower case, or a UsageError."""
    value = value.lower().removeprefix("sha256:")
    if not _SHA256.fullmatch(value):
        raise UsageError(f"'{value}' is not a SHA-256: expected 64 hexadecimal digits")
    return value


def check_address(address: str) -> None:
    """Complain about an address that is not http or https."""
    if not address.lower().startswith(("http://", "https://")):
        raise UsageError(f"'{address}': expected an address that begins with https:// or http://")


def _parsed(text: str, file: str, *, built_in: bool) -> dict[str, Panel]:
    import yaml

    try:
        document = yaml.safe_load(text) or {}
        entries = document["panels"] or {}
        return {str(name): _panel(str(name), entry, built_in) for name, entry in entries.items()}
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
        reason = " ".join(str(error).split())[:120]
        raise PanelError(f"{file}: not a registry of panels: {type(error).__name__} {reason}") from error


def _panel(name: str, entry: Mapping[str, Any], built_in: bool) -> Panel:
    content = entry.get("content") or {}
    path = entry.get("path")
    described: dict[str, Any] = {key: str(entry[key]) for key in _TEXTS if entry.get(key) is not None}
    return Panel(
        name=name,
        **described,
        sources=tuple(
            Source(
                str(source["address"]),
                checked_sha256(str(source["sha256"])) if source.get("sha256") else None,
                int(source["size"]) if source.get("size") else None,
                str(source.get("inside") or ""),
            )
            for source in entry.get("sources") or ()
        ),
        content=Content(content.get("variants"), content.get("m"), content.get("sha256")),
        path=Path(str(path)) if path else None,
        built_in=built_in,
    )


def _save(added: Panel) -> None:
    import yaml

    from postgwas.reference.files import write_text

    file = user_registry()
    document = yaml.safe_load(file.read_text("utf-8")) if file.is_file() else None
    document = document or {"panels": {}}
    entry: dict[str, Any] = {key: getattr(added, key) for key in _TEXTS}
    if added.path is not None:
        entry["path"] = str(added.path)
    if added.sources:
        entry["sources"] = [vars(source) for source in added.sources]
    if added.content != Content():
        entry["content"] = vars(added.content)
    document["panels"][added.name] = json.loads(json.dumps(entry))
    write_text(file, yaml.safe_dump(document, sort_keys=False, allow_unicode=True))
