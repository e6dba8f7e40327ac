"""What is known of finished steps: their keys and outputs, a small file each in RESULTS/.steps."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from postgwas.pipeline.digests import Digests, write_whole
from postgwas.pipeline.step import Step

FOLDER = ".steps"
#: Outputs that tell of the run (times, pictures made from tables), and hence are no one's input.
_OF_THE_RUN = (".log", ".html", ".png", ".svg")
_VERSION = 1


@dataclass(frozen=True)
class Marker:
    """A finished step.

    Attributes
    ----------
    name, key : str
    files : dict of str to str
        Output, below the results' folder, to SHA-256.
    parts : dict of str to str
        Part of the store to SHA-256 of its file.
    results : dict of str to str
        Key of the store to checksum of its content.
    seconds : float
        Wall time.
    note : str
        Why there is nothing to show, where a step found nothing to do.
    warnings : list of str
    status : int
        Exit status of its command; above zero part of the results is missing.
    """

    name: str
    key: str
    files: dict[str, str] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)
    results: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    note: str = ""
    warnings: list[str] = field(default_factory=list)
    status: int = 0

    @property
    def what_is_missing(self) -> str:
        """Where part of the results is missing, the last that was said of it."""
        return self.warnings[-1] if self.warnings else "its log says what"

    @property
    def content(self) -> str:
        """One checksum of all that it found, however often it was run."""
        lasting = {name: value for name, value in self.files.items() if not name.endswith(_OF_THE_RUN)}
        text = json.dumps([lasting, self.results, self.note], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


class Markers:
    """The markers of one study's results.

    Parameters
    ----------
    out : Path
        Results' folder.
    store : Path
    """

    def __init__(self, out: Path, store: Path) -> None:
        self.out, self.store, self.folder = out, store, out / FOLDER

    def read(self, name: str) -> Marker | None:
        """The marker of a step; None where it has not finished, or the marker cannot be read."""
        try:
            document = json.loads(self._path(name).read_text())
            if document.pop("version") != _VERSION:
                return None
            marker = Marker(**document)
            if not _sound(marker) or not all(map(_within, [*marker.files, *marker.parts])):
                return None  # what a marker names may be removed; it came with a folder of someone else
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None
        return marker if marker.name == name else None

    def write(self, marker: Marker) -> None:
        """Record a finished step, whole or not at all."""
        text = json.dumps({"version": _VERSION, **asdict(marker)}, indent=1, sort_keys=True)
        write_whole(self._path(marker.name), text)

    def remove(self, name: str) -> None:
        """Forget a step that is about to run again."""
        self._path(name).unlink(missing_ok=True)

    def names(self) -> list[str]:
        """All steps that have a marker."""
        found = []
        for path in sorted(self.folder.glob("*.json")):
            try:
                found.append(str(json.loads(path.read_text())["name"]))
            except (OSError, ValueError, KeyError, TypeError):
                continue
        return found

    def damage(self, marker: Marker, digests: Digests) -> str | None:
        """The first output that is gone or is not what the step wrote; None: all are there."""
        from postgwas.pipeline.store_parts import parts_folder

        places = {name: self.out / name for name in marker.files}
        places |= {name: parts_folder(self.store) / name for name in marker.parts}
        for name, path in places.items():
            if not path.is_file():
                return f"{name} is gone"
            if digests.of(str(path)) != (marker.files | marker.parts)[name]:
                return f"{name} was changed"
        return None

    def begun(self, name: str) -> Path:
        """A file that says that the folder of a step's results is ours to empty; it has the command line."""
        return self.folder / f"{_plain(name)}.begun"

    def command(self, name: str) -> str:
        """The command line with which a step was last begun; empty where it never was."""
        try:
            return self.begun(name).read_text(encoding="utf-8")
        except (OSError, ValueError):
            return ""

    def begun_names(self) -> list[str]:
        """All steps that were ever begun."""
        return sorted(path.stem.replace("__", "/", 1) for path in self.folder.glob("*.begun"))

    def _path(self, name: str) -> Path:
        return self.folder / f"{_plain(name)}.json"


def _sound(marker: Marker) -> bool:
    """Whether all is of the type that was written."""
    texts = [marker.name, marker.key, marker.note]
    for one in (marker.files, marker.parts, marker.results):
        texts += one.values()
    return (
        isinstance(marker.seconds, int | float)
        and isinstance(marker.status, int)
        and isinstance(marker.warnings, list)
        and all(isinstance(text, str) for text in [*texts, *marker.warnings])
    )


def _within(name: str) -> bool:
    """Whether a name leads to no other place than below a folder."""
    return not os.path.isabs(name) and ".." not in Path(name).parts and "\\" not in name


def _plain(name: str) -> str:
    return name.replace("/", "__")


def outputs_in(folder: Path, out: Path, digests: Digests) -> dict[str, str]:
    """All files of a step's folder, below `out`, with their checksums."""
    found: dict[str, str] = {}
    for parent, _, names in os.walk(folder):
        for name in sorted(names):
            path = Path(parent) / name
            found[str(path.relative_to(out))] = digests.of(str(path))
    return dict(sorted(found.items()))


def marker_of(step: Step, key: str, **found: Any) -> Marker:
    """A marker for a step that has just finished."""
    return Marker(name=step.name, key=key, **found)
