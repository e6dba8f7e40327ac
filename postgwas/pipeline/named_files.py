"""Which files a name in study.yaml stands for: a file, a prefix, a folder, one file a chromosome, a pattern.

Each function takes an absolute name and gives the files that the commands would read, none where there are
none. The commands have the same rules, but bring in libraries that an unchanged study must not wait for.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Iterable
from pathlib import Path

from postgwas.ld.panel_files import CHROMOSOMES, PanelFiles, find_files, found_place

#: Endings that a prefix of genotypes may stand for, in the order in which they are looked for.
GENOTYPES = (".pgen", ".bed", ".bgen", ".vcf", ".vcf.gz", ".vcf.bgz", ".bcf")
_BESIDE = {
    ".pgen": (".pvar", ".psam", ".bim", ".fam"), ".bed": (".bim", ".fam"), ".bgen": (".sample",)
}  # fmt: skip
_INDEX = (".tbi", ".csi", ".bgi")
#: What may stand for @ in names of genotypes and of variants.
_CHROMOSOMES = (*(str(code) for code in range(1, 27)), "X", "Y", "XY", "MT", "M")
#: In the order in which files of annotations and frequencies are looked for.
_COMPRESSIONS = (".gz", ".bz2", "", ".xz", ".zst")
#: ANC1,ANC2=FILE
_PAIR = re.compile(r"(?P<pair>[^=/]+,[^=/]+=)?(?P<place>.*)", re.DOTALL)


def one_file(name: str) -> list[str]:
    """A file."""
    return [name] if Path(name).is_file() else []


def chromosome_files(name: str) -> list[str]:
    """A file, or with @ for the chromosome all files."""
    if "@" not in name or Path(name).is_file():
        return one_file(name)
    return _present(name.replace("@", chromosome) for chromosome in _CHROMOSOMES)


def variant_files(name: str) -> list[str]:
    """As :func:`chromosome_files`; of PLINK files those with the variants."""
    lists = {".bed": (".bim",), ".pgen": (".pvar", ".pvar.zst")}.get(Path(name).suffix)
    if lists is None or "@" in Path(name).name:
        return chromosome_files(name)
    return _present(str(Path(name).with_suffix(ending)) for ending in lists)[:1]


def genotype_files(name: str) -> list[str]:
    """All files of genotypes that a name or a prefix stands for, with @ for the chromosome or without."""
    if "@" not in name or Path(name).is_file():
        main = _genotypes(name)[:1]
    else:
        named = (name.replace("@", chromosome) for chromosome in _CHROMOSOMES)
        main = [file for one in named for file in _genotypes(one)[:1]]
    found: list[str] = []
    for file in main:
        stem, ending = str(Path(file).with_suffix("")), Path(file).suffix
        beside = [stem + one + packed for one in _BESIDE.get(ending, ()) for packed in ("", ".gz", ".zst")]
        found += [file, *_present([*beside, *(file + one for one in _INDEX)])]
    return found


def _genotypes(name: str) -> list[str]:
    if name.endswith(GENOTYPES):
        return one_file(name)
    return _present(name + ending for ending in GENOTYPES)


def score_files(name: str, *, whole: bool = False) -> list[str]:
    """LD scores and numbers of variants of a panel: a folder, a prefix with or without @, or one file.

    Parameters
    ----------
    name : str
    whole : bool
        Take ``PREFIX.l2.ldscore`` first, as ``--ref_ld`` does.

    Raises
    ------
    PanelError
        A folder holds several panels.
    """
    found = find_files(found_place(name, by_chromosome=not whole))
    return [] if found is None else panel_contents(found)


def panel_contents(panel: PanelFiles) -> list[str]:
    """All files of a panel that are there."""
    counts = [*panel.counts(".l2.M_5_50"), *panel.counts(".l2.M")]
    return [*map(str, panel.scores), *_present(map(str, counts))]


def stem_files(name: str, ending: str, *, whole: bool = False) -> list[str]:
    """Frequencies (``.frq``) or annotations (``.annot``) of a prefix: one file, or one a chromosome."""
    if whole:
        return _first(name + ending)
    pattern = f"{name}/" if Path(name).is_dir() and not name.endswith("/") else name
    pattern = pattern if "@" in pattern else f"{pattern}@"
    return [file for code in CHROMOSOMES for file in _first(pattern.replace("@", str(code)) + ending)]


def annotation_files(name: str) -> list[str]:
    """Annotations to make LD scores of: a file, the prefix of one, or one a chromosome."""
    if "@" not in name and (found := _annotations(name)):
        return found
    pattern = name if "@" in name else f"{name}@"
    return [file for code in range(1, 27) for file in _annotations(pattern.replace("@", str(code)))]


def _annotations(name: str) -> list[str]:
    endings = (".annot.gz", ".annot.bz2", ".annot.zst", ".annot.xz", ".annot")
    return _present(name + ending for ending in ("", *endings))[:1]


def pattern_files(pattern: str, folder: Path) -> list[str]:
    """Files that a pattern with ``*``, ``?`` or ``[]`` matches, from a folder; absolute, in order."""
    found = sorted(glob.glob(pattern, root_dir=folder))
    return [str(folder / name) for name in found if (folder / name).is_file()]


def sums_of(scores: str) -> list[str]:
    """The sums of weights that lie beside LD scores across ancestries, where they do."""
    ending = ".cross.ldscore.gz"
    return _present([f"{scores.removesuffix(ending)}.cross.M"]) if scores.endswith(ending) else []


def split_pair(text: str) -> tuple[str, str]:
    """``ANC1,ANC2=FILE`` as what is before the file, and the file.

    Examples
    --------
    >>> split_pair("AFR,EUR=scores.gz"), split_pair("scores_*.gz")
    (('AFR,EUR=', 'scores.gz'), ('', 'scores_*.gz'))
    """
    match = _PAIR.fullmatch(text)
    assert match is not None
    return match["pair"] or "", match["place"]


def _first(stem: str) -> list[str]:
    return _present(stem + ending for ending in _COMPRESSIONS)[:1]


def _present(names: Iterable[str]) -> list[str]:
    return [name for name in names if Path(name).is_file()]
