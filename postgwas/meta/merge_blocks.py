"""A partition's rows of all studies to one block: matched by place (or identifier) and both alleles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from postgwas.columns.texts import Keeper, Texts, texts_of_list
from postgwas.meta.aligned import MetaBlock
from postgwas.meta.allele_pairs import FIRST_TEXT, LETTERS, letters_of
from postgwas.meta.common_strand import StrandRules
from postgwas.meta.settle_strands import StudyStrands, settle_strands
from postgwas.meta.spool import Floats, Part, numbers_of, read_part, take
from postgwas.meta.strand_panel import panel_frequencies

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

DUPLICATE = "duplicated variant; the row of the largest N, then the smallest SE, is used"
MISMATCH = "alleles do not match those of other studies"
_ALLELES = 25
"""Bits of a variant's key for its alleles; the site is above."""
_LETTER_KEYS = 16
_FIGURES = ("beta", "se", "z", "n", "eaf")


@dataclass(frozen=True, eq=False)
class Merged:
    """A block and what became of the rows that are not in it.

    Attributes
    ----------
    block : MetaBlock
        In the order of chromosome, position and alleles.
    strand : ndarray of bool, shape (V,)
        Alleles are printed on the other strand than that of A/C, A/G.
    n_flipped : ndarray of int64, shape (K,)
        Rows of each study whose letters are of the other strand than most studies have.
    rejected : tuple of (study, line, id, reason)
    strands : tuple of StudyStrands
        Of each study, where strands of A/T and C/G were inferred.
    """

    block: MetaBlock
    strand: Bools
    n_flipped: Ints
    rejected: tuple[tuple[int, int, str, str], ...]
    strands: tuple[StudyStrands, ...] = ()


def merge_partition(
    folder: Path,
    n_studies: int,
    partition: int,
    *,
    by_id: bool,
    separate: bool = False,
    strands: StrandRules | None = None,
) -> Merged:
    """Read a partition's rows of all studies and align them.

    Parameters
    ----------
    folder : Path
        Of the spool.
    n_studies : int
        K, in the order of names.
    partition : int
    by_id : bool
        Sites are identifiers rather than places.
    separate : bool
        Alleles of one study that differ from those of all others at its site are a variant of their own,
        rather than a mismatch that is set aside.
    strands : StrandRules, optional
        Infer the strands of A/T and C/G SNPs by these.
    """
    keeper = Keeper(2)
    found = [read_part(folder, at, partition, keeper) for at in range(n_studies)]
    present = [at for at, part in enumerate(found) if part is not None]
    parts = [part for part in found if part is not None]
    rejected: list[tuple[int, int, str, str]] = []
    keys, places = _keys(parts, by_id=by_id)
    variants, rows, repeated = _numbered(keys)
    if repeated:
        for at, key in enumerate(keys):
            again = _repeated(parts[at], key)
            if again is not None:
                _set_aside(rejected, present[at], parts[at], ~again, DUPLICATE)
                parts[at], keys[at] = take(parts[at], again), key[again]
        variants, rows, _ = _numbered(keys)
    if not separate:
        odd = _mismatched(parts, rows, variants, places)
        if odd is not None:
            for at in range(len(parts)):
                bad = odd[rows[at]]
                if bad.any():
                    _set_aside(rejected, present[at], parts[at], bad, MISMATCH)
                    parts[at], rows[at] = take(parts[at], ~bad), rows[at][~bad]
            renumbered = np.cumsum(~odd) - 1
            variants, rows = variants[~odd], [renumbered[one] for one in rows]
    told: list[StudyStrands] = []
    if strands is not None:
        told = [StudyStrands() for _ in range(n_studies)]
        af = None
        if strands.panel:
            af = panel_frequencies(folder, partition, variants >> _ALLELES, variants & ((1 << _ALLELES) - 1))
        variants, rows = _one_strand(parts, rows, variants, present, strands, af, rejected, told)
    merged = _aligned(parts, rows, present, n_studies, variants.size, rejected, keeper)
    return replace(merged, strands=tuple(told))


def _keys(parts: Sequence[Part], *, by_id: bool) -> tuple[list[Ints], Ints]:
    """A number for each row's variant, by site then alleles; and the keys of pairs that are no letters."""
    pair_keys = [part.arrays["key"].astype(np.uint64) for part in parts]
    texts = np.unique(np.concatenate([key[key >= FIRST_TEXT] for key in pair_keys]))
    if by_id:
        ids = [(part.arrays["id"], part.arrays["id2"]) for part in parts]
        whole = np.concatenate([np.stack([a, b], axis=1).astype(np.uint64) for a, b in ids])
        order = np.lexsort((whole[:, 1], whole[:, 0]))
        new = np.concatenate(([0], np.any(whole[order][1:] != whole[order][:-1], axis=1).astype(np.int64)))
        site = np.empty(len(whole), np.int64)
        site[order] = np.cumsum(new)
        sites = np.split(site, np.cumsum([len(part) for part in parts])[:-1])
    else:
        sites = [part.arrays["pos"].astype(np.int64) for part in parts]
    keys = []
    for site_of, key in zip(sites, pair_keys):
        alleles = key.astype(np.int64)
        long = np.flatnonzero(key >= FIRST_TEXT)
        if long.size:
            alleles[long] = _LETTER_KEYS + np.searchsorted(texts, key[long])
        keys.append((site_of << _ALLELES) | alleles)
    return keys, texts.astype(np.int64)


def _numbered(keys: Sequence[Ints]) -> tuple[Ints, list[Ints], bool]:
    """Variants in order, the number of each row's variant, and whether a study has one twice.

    Keys that leave room for the number of their row are sorted together with it, which is much faster than
    to sort their order.
    """
    together = np.concatenate(keys)
    ends = np.cumsum([key.size for key in keys])[:-1]
    least = int(together.min() >> _ALLELES) if together.size else 0
    most_alleles = int((together & ((1 << _ALLELES) - 1)).max(initial=0))
    for_alleles, for_rows = most_alleles.bit_length(), together.size.bit_length()
    for_sites = (int(together.max(initial=0) >> _ALLELES) - least).bit_length()
    study = np.repeat(np.arange(len(keys)), [key.size for key in keys])
    if for_sites + for_alleles + for_rows > 63:
        variants, which = np.unique(together, return_inverse=True)
        pairs = variants.size * study + which
        return variants, np.split(which, ends), bool(np.unique(pairs).size < pairs.size)
    packed = ((together >> _ALLELES) - least) << (for_alleles + for_rows)
    packed |= (together & ((1 << _ALLELES) - 1)) << for_rows
    packed |= np.arange(together.size)
    packed.sort()
    row = packed & ((1 << for_rows) - 1)
    packed >>= for_rows
    new = np.ones(packed.size, np.bool_)
    np.not_equal(packed[1:], packed[:-1], out=new[1:])
    # Rows of one variant are in the order of studies.
    of = study[row]
    repeated = bool((~new[1:] & (of[1:] == of[:-1])).any())
    which = np.empty(together.size, np.int64)
    which[row] = np.cumsum(new) - 1
    return together[row[new]], np.split(which, ends), repeated


def _repeated(part: Part, key: Ints) -> Bools | None:
    """Which rows stay, if any variant is there twice: whatever the order of rows, the same."""
    if (key[1:] > key[:-1]).all():
        return None
    ordered = np.sort(key)
    again = ordered[1:][ordered[1:] == ordered[:-1]]
    if not again.size:
        return None
    near = np.minimum(np.searchsorted(again, key), again.size - 1)
    rows = np.flatnonzero(again[near] == key)
    n, se, z, eaf = (numbers_of(part, name)[rows] for name in ("n", "se", "z", "eaf"))
    order = rows[
        np.lexsort(
            (
                eaf,
                z,
                np.abs(z),
                np.nan_to_num(se, nan=np.inf),
                -np.nan_to_num(n, nan=-1.0),
                key[rows],
            )
        )
    ]
    first = np.concatenate(([True], key[order][1:] != key[order][:-1]))
    keep = np.ones(key.size, np.bool_)
    keep[order[~first]] = False
    return keep


def _mismatched(parts: Sequence[Part], rows: Sequence[Ints], variants: Ints, places: Ints) -> Bools | None:
    """Variants of letters that one study has alone where others agree on other letters, [shape: (V,)].

    Of the variants at a site, the one with the most studies, then the largest total N, then the first
    alleles in order, is what the others are held against. Any variant of one study that lacks that one
    itself is a mismatch; a study with both has two variants there.
    """
    site = variants >> _ALLELES
    letters = (variants & ((1 << _ALLELES) - 1)) < _LETTER_KEYS
    at = np.flatnonzero(letters)
    shared = np.flatnonzero(site[at][1:] == site[at][:-1])
    if not shared.size:
        return None
    # A site with one variant has nothing to be held against.
    at = at[np.union1d(shared, shared + 1)]
    count = np.zeros(variants.size, np.int64)
    total = np.zeros(variants.size)
    holder = np.zeros(variants.size, np.int64)
    for study, (part, row) in enumerate(zip(parts, rows)):
        count[row] += 1
        total[row] += np.nan_to_num(numbers_of(part, "n"), nan=0.0)
        holder[row] = study
    order = at[np.lexsort((variants[at], -total[at], -count[at], site[at]))]
    new = np.concatenate(([True], site[order][1:] != site[order][:-1]))
    reference = order[new][np.cumsum(new) - 1]
    other = ~new & (count[order] == 1)
    odd = np.zeros(variants.size, np.bool_)
    candidates, against = order[other], reference[other]
    for study, row in enumerate(rows):
        has = np.zeros(variants.size, np.bool_)
        has[row] = True
        mine = holder[candidates] == study
        odd[candidates[mine]] = ~has[against[mine]]
    return odd if odd.any() else None


def _one_strand(
    parts: list[Part],
    rows: list[Ints],
    variants: Ints,
    present: Sequence[int],
    strands: StrandRules,
    af: Floats | None,
    rejected: list[tuple[int, int, str, str]],
    told: list[StudyStrands],
) -> tuple[Ints, list[Ints]]:
    """A/T and C/G SNPs turned or set aside, in `parts`, `rejected` and `told`; variants and rows left."""
    parts[:], aside, found = settle_strands(
        parts, rows, variants & ((1 << _ALLELES) - 1), letters_below=_LETTER_KEYS, rules=strands, af=af
    )
    left = np.zeros(variants.size, np.bool_)
    for at, gone in enumerate(aside):
        keep = np.ones(len(parts[at]), np.bool_)
        for which, why in gone:
            bad = np.zeros(keep.size, np.bool_)
            bad[which] = True
            _set_aside(rejected, present[at], parts[at], bad, why)
            keep &= ~bad
        if gone:
            parts[at], rows[at] = take(parts[at], keep), rows[at][keep]
        left[rows[at]] = True
        told[present[at]] = found[at]
    renumbered = np.cumsum(left) - 1
    return variants[left], [renumbered[one] for one in rows]


def _set_aside(
    rejected: list[tuple[int, int, str, str]], study: int, part: Part, rows: Bools, why: str
) -> None:
    gone = take(part, rows)
    chr, pos, line = (gone.arrays[name].tolist() for name in ("chr", "pos", "line"))
    rejected.extend(
        (study, line[row], gone.snpid.text(row) or f"{chr[row]}:{pos[row]}", why) for row in range(len(gone))
    )


def _aligned(
    parts: Sequence[Part],
    rows: Sequence[Ints],
    present: Sequence[int],
    n_studies: int,
    n_variants: int,
    rejected: list[tuple[int, int, str, str]],
    keeper: Keeper,
) -> Merged:
    figures: dict[str, Floats] = {name: np.full((n_studies, n_variants), np.nan) for name in _FIGURES}
    chr, pos = np.zeros(n_variants, np.int8), np.zeros(n_variants, np.int32)
    key = np.zeros(n_variants, np.uint64)
    first_strand = np.zeros(n_variants, np.bool_)
    width = max((part.snpid.words.shape[1] for part in parts), default=2)
    words = np.zeros((n_variants, width), np.uint64)
    flipped = np.zeros(n_studies, np.int64)
    texts: dict[int, tuple[bytes, bytes]] = {}
    strands = [part.arrays["strand"].astype(np.bool_) for part in parts]
    balance = np.zeros(n_variants, np.int32)
    # The last to write is the first study that has something. A study has each variant once.
    for part, row, study, strand in reversed(list(zip(parts, rows, present, strands))):
        sign = part.arrays["sign"].astype(np.float64)
        for name in _FIGURES:
            if name in part.arrays:
                values: Any = part.arrays[name]
                if name in ("beta", "z"):
                    values = values * sign
                elif name == "eaf":
                    values = (sign < 0) + values * sign
                figures[name][study][row] = values
        balance[row] += np.where(strand, np.int32(-1), np.int32(1))
        first_strand[row], key[row] = strand, part.arrays["key"]
        mine, at = _some(row, part.arrays["pos"].astype(np.int32, copy=False) > 0)
        chr[at], pos[at] = part.arrays["chr"][mine], part.arrays["pos"][mine]
        mine, at = _some(row, ~part.snpid.missing())
        given = part.snpid.words[mine]
        words[at, : given.shape[1]], words[at, given.shape[1] :] = given, 0
        texts.update(part.texts)
    strand_out = (balance < 0) | ((balance == 0) & first_strand)
    for row, study, strand in zip(rows, present, strands):
        flipped[study] = int((strand != strand_out[row]).sum())
    ea, nea = _allele_texts(key, strand_out, texts)
    block = MetaBlock(chr, pos, Texts(words, keeper), ea, nea, *(figures[name] for name in _FIGURES))
    return Merged(block, strand_out, flipped, tuple(rejected))


def _some(row: Ints, able: Bools) -> tuple[Any, Ints]:
    """Which rows of a study are able, and their variants."""
    return (slice(None), row) if able.all() else (able, row[able])


def _allele_texts(
    key: npt.NDArray[np.uint64], strand: Bools, texts: dict[int, tuple[bytes, bytes]]
) -> tuple[Texts, Texts]:
    letters = np.array(list(LETTERS), np.uint64)
    long = np.flatnonzero(key >= FIRST_TEXT)
    plain = np.where(key >= FIRST_TEXT, np.uint64(1), key)
    made = []
    for which, code in enumerate(letters_of(plain, strand)):
        keeper = Keeper(1)
        words = letters[code].reshape(-1, 1)
        if long.size:
            words[long] = texts_of_list([texts[k][which] for k in key[long].tolist()], keeper).words
        made.append(Texts(words, keeper))
    return made[0], made[1]
