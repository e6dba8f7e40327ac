"""Which files an LD score panel consists of: of a folder, a prefix with or without ``@``, or one file.

Nothing is read here, and nothing heavy is imported: a study looks panels up each time it is run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from postgwas.errors import PanelError

CHROMOSOMES = range(1, 23)
# The order in which ldsc looks, then what it does not know.
COMPRESSIONS = (".bz2", ".gz", "", ".xz", ".zst", ".parquet")
SUFFIX = ".l2.ldscore"
_FILE = re.compile(r"(?P<prefix>.*?)(?P<chromosome>\d+)?\.l2\.ldscore(?P<suffix>\.(gz|bz2|xz|zst|parquet))?$")


@dataclass(frozen=True)
class PanelFiles:
    """The files of one panel.

    Attributes
    ----------
    scores : tuple of Path
        LD score files in chromosome order.
    stems : tuple of Path
        The same without ``.l2.ldscore`` and what follows; counts are at stem + ``.l2.M_5_50``.
    """

    scores: tuple[Path, ...]
    stems: tuple[Path, ...]

    def counts(self, suffix: str) -> tuple[Path, ...]:
        """The files with the numbers of variants; `suffix` is ``.l2.M_5_50`` or ``.l2.M``."""
        return tuple(stem.with_name(stem.name + suffix) for stem in self.stems)


def find_files(place: str) -> PanelFiles | None:
    """Files of a folder, a prefix with or without ``@``, or one file; None if there are none.

    As in ldsc, chromosomes 1 to 22 are taken as far as they exist, and other
    files (``6_old.l2.ldscore.gz``) are not read.

    Raises
    ------
    PanelError
        If a folder holds several panels, an LD score file lacks its chromosome's place, or its name
        is that of a folder.
    """
    path = Path(place).expanduser()
    if path.is_dir():
        return _in_folder(path)
    if path.is_file() and (match := _FILE.match(path.name)):
        stem = path.name[: match.start("suffix")] if match["suffix"] else path.name
        return PanelFiles((path,), (path.with_name(stem.removesuffix(SUFFIX)),))
    return _by_chromosome(str(path)) or _single(str(path))


def _by_chromosome(prefix: str) -> PanelFiles | None:
    pattern = prefix if "@" in prefix else prefix + "@"
    found = [files for i in CHROMOSOMES if (files := _single(pattern.replace("@", str(i))))]
    if not found:
        return None
    return PanelFiles(
        tuple(path for files in found for path in files.scores),
        tuple(path for files in found for path in files.stems),
    )


def _single(stem: str) -> PanelFiles | None:
    for suffix in COMPRESSIONS:
        path = Path(stem + SUFFIX + suffix)
        if path.is_file():
            return PanelFiles((path,), (Path(stem),))
        if path.is_dir():
            raise PanelError(f"{path}: is a folder; expected a file of LD scores")
    return None


def _in_folder(folder: Path) -> PanelFiles | None:
    if files := _by_chromosome(f"{folder}/"):
        return files
    matches = [match for path in sorted(folder.iterdir()) if (match := _FILE.match(path.name))]
    prefixes = sorted({match["prefix"] for match in matches if match["chromosome"]})
    whole = sorted({match["prefix"] for match in matches if not match["chromosome"]})
    if len(prefixes) + len(whole) > 1:
        choices = ", ".join(
            [f"{folder}/{name}@" for name in prefixes] + [f"{folder}/{name}" for name in whole]
        )
        raise PanelError(f"{folder} holds several LD score panels", hint=f"name one of {choices}")
    if prefixes:
        return _by_chromosome(f"{folder}/{prefixes[0]}@")
    return _single(f"{folder}/{whole[0]}") if whole else None


def found_place(name: str, by_chromosome: bool) -> str:
    """The one file of a prefix where one file was asked for and there is one."""
    if not by_chromosome:
        for ending in COMPRESSIONS:
            if Path(name + SUFFIX + ending).is_file():
                return name + SUFFIX + ending
    return name
