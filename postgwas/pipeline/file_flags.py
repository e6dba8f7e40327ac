"""Settings that name files: which files they stand for, and what is said where there are none."""

from __future__ import annotations

import argparse
import glob
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from postgwas.errors import PostgwasError
from postgwas.pipeline.named_files import (
    annotation_files,
    chromosome_files,
    genotype_files,
    one_file,
    panel_contents,
    pattern_files,
    score_files,
    split_pair,
    stem_files,
    sums_of,
    variant_files,
)

Find = Callable[[str], list[str]]


class NoSuchFile(Exception):
    """Nothing is called so; the message says what was looked for."""


@dataclass(frozen=True)
class Named:
    """What one value of a setting stands for.

    Attributes
    ----------
    words : tuple of str
        For the command line: absolute where there are such files.
    files : tuple of str
        All that would be read; absolute.
    """

    words: tuple[str, ...]
    files: tuple[str, ...] = ()


#: Words of flags' metavars that say that a file is meant.
_FILE_WORDS = re.compile(r"\b(FILE|YAML|PREFIX|SUMSTATS)")
#: Flags that name several files by one word; true where one file goes before one a chromosome.
_PANELS = {"ref_ld": True, "w_ld": True, "ref_ld_chr": False, "w_ld_chr": False}
_FREQUENCIES = {"frqfile": True, "frqfile_chr": False}
_OTHER: dict[str, tuple[Find, str]] = {
    "genotypes": (genotype_files, "genotypes, or their prefix"),
    "annot": (annotation_files, "a file, or the prefix of .annot[.gz] files"),
    "cm_map": (chromosome_files, "a file, or one a chromosome with @"),
    "reference": (variant_files, "a file of variants, or one a chromosome with @"),
}
#: These take lists too, though their metavars do not say so.
_LISTS = ("annot",)
#: Values that are no files, where there is none by that name.
_MAYBE = {
    "region": re.compile(r"[^/]*:[^/]*-[^/]*|(chr)?([0-9]{1,2}|X|Y|XY|MT?)", re.IGNORECASE),
    "leads": re.compile(r"(?!.*\.(txt|tsv|csv|gz|list|bed|snps?)$)[^/]+", re.IGNORECASE),
    "sentinels": re.compile(r"windows|clump"),
}


def names_files(action: argparse.Action) -> bool:
    """Whether a flag's values are names of files, always or sometimes.

    Examples
    --------
    >>> parser = argparse.ArgumentParser()
    >>> names_files(parser.add_argument("--keep", metavar="FILE"))
    True
    >>> names_files(parser.add_argument("--chr", metavar="NAME,NAME,..."))
    False
    """
    if action.nargs == 0 or action.choices is not None:
        return False
    return bool(_FILE_WORDS.search(str(action.metavar or "")))


def takes_list(action: argparse.Action) -> bool:
    """Whether one word of a flag may hold several values with commas between."""
    return "," in str(action.metavar or "") or action.dest in _LISTS


def resolve(action: argparse.Action, text: str, folder: Path, settings: Mapping[str, Any]) -> Named:
    """What one value of a flag that names files stands for.

    Parameters
    ----------
    action : argparse.Action
        For which :func:`names_files` holds.
    text : str
        Without commas where the flag takes a list of files.
    folder : Path
        Of study.yaml: names count from there.
    settings : mapping
        Of the same step: annotations that overlap are read beside LD scores.

    Raises
    ------
    NoSuchFile
    """
    name, place = action.dest, str(os.path.join(folder, text))
    if name in _PANELS:
        overlap = name.startswith("ref") and overlaps(settings)
        return _panel(text, folder, whole=_PANELS[name], overlap=overlap)
    if name in _FREQUENCIES:
        ending = "PREFIX.frq[.gz]" if _FREQUENCIES[name] else "PREFIX1.frq[.gz] ... PREFIX22"
        return _found(text, place, partial(stem_files, ending=".frq", whole=_FREQUENCIES[name]), ending)
    if name == "ld_scores":
        return _pattern(text, folder)
    if name in _MAYBE and _MAYBE[name].fullmatch(text) and not Path(place).is_file():
        return Named((text,))
    find, expected = _OTHER.get(name, (one_file, "a file"))
    return _found(text, place, find, expected)


def overlaps(settings: Mapping[str, Any]) -> bool:
    """Whether a regression reads annotations too."""
    return bool(settings.get("overlap_annot", settings.get("overlap-annot")))


def panel_of(text: str, folder: Path, *, overlap: bool = False) -> Named:
    """LD scores that study.yaml names: a folder, a prefix, a file, or a registered panel.

    Raises
    ------
    NoSuchFile
    """
    named = _panel(text, folder, whole=False, overlap=overlap)
    if "," in named.words[0]:
        raise NoSuchFile(f"{named.words[0]}: panels are parted by commas, which no name may have")
    return named


def _found(text: str, place: str, find: Find, expected: str) -> Named:
    files = find(place)
    if not files:
        kind = "is a folder" if Path(place).is_dir() else "no such file"
        raise NoSuchFile(f"'{text}': {kind}; expected {expected}, from the study's folder")
    return Named((place,), tuple(files))


def _panel(text: str, folder: Path, *, whole: bool, overlap: bool) -> Named:
    place = str(os.path.join(folder, text))
    try:
        files = score_files(place, whole=whole)
        if files:
            more = stem_files(place, ".annot", whole=whole) if overlap else []
            return Named((place,), (*files, *more))
        if Path(place).is_dir():
            raise NoSuchFile(f"'{text}': no LD scores (N.l2.ldscore.gz) in this folder")
        return _registered(text)
    except PostgwasError as error:
        raise NoSuchFile(str(error).replace(f"{folder}/", "")) from None


def _registered(text: str) -> Named:
    from postgwas.ld.panel_files import find_files
    from postgwas.reference.registry import panel_folder

    found = find_files(str(panel_folder(text)))
    if found is None:
        raise NoSuchFile(f"'{text}': the registered panel has no LD scores")
    return Named((text,), tuple(panel_contents(found)))


def _pattern(text: str, folder: Path) -> Named:
    pair, place = split_pair(text)
    files = pattern_files(place, folder)
    if not files:
        raise NoSuchFile(f"'{text}': no such file; expected LD scores across ancestries, or a pattern with *")
    sums = [one for file in files for one in sums_of(file)]
    # The folder's own name may look like a pattern.
    return Named((pair + os.path.join(glob.escape(str(folder)), place),), (*files, *sums))
