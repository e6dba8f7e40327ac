"""Bring a registered panel to this machine, and check one that is here."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from postgwas.errors import OutputError, PanelError
from postgwas.ld.panel import read_without_cache
from postgwas.ld.panel_files import find_files
from postgwas.progress import progress
from postgwas.reference.download import download
from postgwas.reference.files import sha256_of, write_text
from postgwas.reference.registry import (
    Content,
    Panel,
    Source,
    checked_sha256,
    content_of,
    panel,
    panels_folder,
)
from postgwas.reference.unpack import unpack
from postgwas.runlog import get_logger

log = get_logger(__name__)


@dataclass(frozen=True)
class Verified:
    """What a check of a panel found.

    Attributes
    ----------
    files : int
        Files compared with what was fetched (0 for a panel on a path of its own).
    content : Content or None
        What the panel holds; None where it is not one LD score panel.
    proven : bool
        Whether a recorded SHA-256 of the content or the archive vouches for it.
    """

    files: int
    content: Content | None
    proven: bool


def fetch_panel(
    name: str, *, sha256: str | None = None, accept_unverified: bool = False, overwrite: bool = False
) -> Path:
    """Download, check and unpack a registered panel; returns its folder.

    Sources are tried in order. A panel appears under its name only after the
    SHA-256 of its archive or of its content has been found right.

    Parameters
    ----------
    name : str
    sha256 : str, optional
        Of the archive, where the registry has none.
    accept_unverified : bool
        Take an archive that neither the registry nor `sha256` vouches for.
    overwrite : bool
        Fetch again what is here already.

    Raises
    ------
    PanelError
        If the name is unknown, no checksum is recorded, or no source gives the right panel.
    OutputError
        If the panel is here already or cannot be written.
    """
    wanted = panel(name)
    if wanted.path is not None or not wanted.sources:
        raise PanelError(f"panel '{name}' lies at {wanted.path}; there is nothing to fetch")
    if wanted.is_here and not overwrite:
        raise OutputError(f"panel '{name}' is at {wanted.place} already", hint="--overwrite fetches it again")
    if sha256 is not None:
        sha256 = checked_sha256(sha256)
    sources = [replace(source, sha256=sha256) if sha256 else source for source in wanted.sources]
    trusted = [s for s in sources if s.sha256 or wanted.content.sha256 or accept_unverified]
    if not trusted:
        raise PanelError(
            f"panel '{name}': the published file's checksum is not recorded yet ({sources[0].address})",
            hint="--sha256 SUM if you know it, or --accept_unverified to trust the address",
        )
    failures = []
    for source in trusted:
        try:
            _fetch(wanted, source)
        except PanelError as error:
            failures.append(str(error))
            log.warning("%s", error)
            continue
        return wanted.place
    raise PanelError(f"panel '{name}' could not be fetched: {'; '.join(failures)}")


def verify_panel(name: str) -> Verified:
    """Read every byte of a panel again and compare with what is recorded.

    Raises
    ------
    PanelError
        If the panel is not here, or a file or its content is not what it was.
    """
    wanted = panel(name)
    if not wanted.is_here:
        raise PanelError(
            f"panel '{name}' is not at {wanted.place}", hint=f"bring it with: postgwas reference fetch {name}"
        )
    manifest = _manifest(name)
    listed: dict[str, dict[str, object]] = {}
    if wanted.path is None and manifest.is_file():
        listed = json.loads(manifest.read_text("utf-8"))["files"]
        with progress(f"Checking {name}", total=len(listed)) as advance:
            for relative, recorded in listed.items():
                file = wanted.place / relative
                if not file.is_file():
                    raise PanelError(f"{file}: missing", hint=f"postgwas reference fetch {name} --overwrite")
                found = sha256_of(file)
                if found != recorded["sha256"]:
                    raise PanelError(
                        f"{file}: its SHA-256 is {found}, when it was fetched it was {recorded['sha256']}",
                        hint=f"postgwas reference fetch {name} --overwrite",
                    )
                advance(1)
    content = _check_content(wanted, wanted.place)
    proven = wanted.content.sha256 is not None or any(source.sha256 for source in wanted.sources)
    return Verified(len(listed), content, proven)


def _fetch(wanted: Panel, source: Source) -> None:
    folder = panels_folder()
    archive = folder / f".{wanted.name}.archive"
    log.info("Fetching %s", source.address)
    with progress(f"Fetching {wanted.name} (bytes)", total=source.size) as advance:
        digest = download(source.address, archive, sha256=source.sha256, size=source.size, advance=advance)
    try:
        unpacked = Path(tempfile.mkdtemp(prefix=f".{wanted.name}.", dir=folder))
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written ({error.strerror})") from error
    try:
        count = unpack(archive, unpacked)
        log.info("Unpacked %d files, SHA-256 of the archive %s", count, digest)
        chosen = _choose(unpacked, source)
        content = _check_content(wanted, chosen)
        files = {
            path.relative_to(chosen).as_posix(): {"size": path.stat().st_size, "sha256": sha256_of(path)}
            for path in sorted(chosen.rglob("*"))
            if path.is_file()
        }
        _put(chosen, wanted.place)
        record = {
            "name": wanted.name,
            "address": source.address,
            "archive_sha256": digest,
            "fetched": datetime.now(UTC).isoformat(timespec="seconds"),
            "content": vars(content) if content else None,
            "files": files,
        }
        write_text(_manifest(wanted.name), json.dumps(record, indent=1))
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)
        archive.unlink(missing_ok=True)


def _manifest(name: str) -> Path:
    return panels_folder() / f"{name}.json"


def _choose(unpacked: Path, source: Source) -> Path:
    """The folder of an unpacked archive that holds the panel."""
    folders = [unpacked, *sorted(path for path in unpacked.rglob("*") if path.is_dir())]
    if source.inside:
        end = "/" + source.inside.strip("/")
        matching = [path for path in folders if f"/{path.relative_to(unpacked).as_posix()}".endswith(end)]
    else:
        matching = [path for path in folders if any(".l2.ldscore" in item.name for item in path.iterdir())]
    if len(matching) != 1:
        what = f"folder {source.inside}" if source.inside else "folder with LD score files"
        found = ", ".join(path.name for path in matching) or "none"
        raise PanelError(f"{source.address}: expected one {what} in the archive, found {found}")
    return matching[0]


def _check_content(wanted: Panel, place: Path) -> Content | None:
    """Read the panel and compare with the registry; None where it is not one panel with M."""
    expected = wanted.content
    try:
        files = find_files(str(place))
        if files is None:
            raise PanelError(f"{place}: there are no LD score files in it")
        content = content_of(read_without_cache(place))
    except PanelError:
        if expected == Content():
            return None  # regression weights without M, or several panels in one folder
        raise
    for key, value in vars(expected).items():
        if value is not None and value != getattr(content, key):
            label = {"sha256": "SHA-256 of the content", "m": "M", "variants": "number of variants"}[key]
            raise PanelError(f"panel '{wanted.name}': {label} is {getattr(content, key)}, expected {value}")
    return content


def _put(chosen: Path, place: Path) -> None:
    """Move the finished folder to its name, whatever was there before."""
    aside = place.with_name(f".{place.name}.old")
    try:
        shutil.rmtree(aside, ignore_errors=True)
        if place.exists():
            os.replace(place, aside)
        os.replace(chosen, place)
        place.chmod(0o755)
    except OSError as error:
        raise OutputError(f"{place}: cannot be written ({error.strerror})") from error
    shutil.rmtree(aside, ignore_errors=True)
