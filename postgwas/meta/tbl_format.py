"""METAL's ``.tbl``: its columns, names and digits; what METAL does not know comes after its last column."""

from __future__ import annotations

import numpy as np

from postgwas.columns.text_table import Characters, Fixed, General, Printed, Shortest, Whole, lines_of
from postgwas.columns.texts import Keeper, Texts, texts_of_list
from postgwas.meta.aligned import MetaBlock
from postgwas.meta.methods import Columns, Context
from postgwas.sumstats.derive import p_from_mlog10p
from postgwas.sumstats.harmonise.formats import CHROMOSOME_NAMES

_SMALL = np.uint64(0x20)
_FREQUENCIES = {"Freq1": "EAF", "FreqSE": "EAF_SD", "MinFreq": "EAF_MIN", "MaxFreq": "EAF_MAX"}
_OWN = frozenset(
    {
        "EAF", "EAF_SD", "EAF_MIN", "EAF_MAX", "BETA", "SE", "WEIGHT", "Z", "MLOG10P", "Q", "Q_DF", "I2",
        "MLOG10P_HET",
    }
)  # fmt: skip


def tbl_text(
    block: MetaBlock, columns: Columns, context: Context, display: tuple[int, ...]
) -> tuple[bytes, bytes]:
    """Header and lines of a block.

    Chromosome, Position, MarkerName, Allele1, Allele2, then Freq1, FreqSE, MinFreq, MaxFreq where there are
    frequencies, Effect and StdErr or Weight and Zscore, P-value, Direction, HetISq, HetChiSq, HetDf, HetPVal,
    N, and the method's own columns.
    """
    from postgwas.meta.block_tables import _total_n, direction_bytes, tiny_p

    decimals = int(context.options.get("decimals", 4))
    made: dict[str, Printed] = {
        "Chromosome": _chromosomes(block),
        "Position": Whole(block.pos.astype(np.int64)),
        "MarkerName": named(block),
        "Allele1": lower(block.ea),
        "Allele2": lower(block.nea),
    }
    if "EAF_SD" in columns:
        for name, column in _FREQUENCIES.items():
            made[name] = Fixed(columns[column], 4)
    if "WEIGHT" in columns or "BETA" not in columns:
        if "WEIGHT" in columns:
            made["Weight"] = Fixed(columns["WEIGHT"], 2)
        if "Z" in columns:
            made["Zscore"] = Fixed(columns["Z"], 3)
    else:
        made["Effect"] = Fixed(columns["BETA"], decimals)
        made["StdErr"] = Fixed(columns["SE"], decimals)
    if "MLOG10P" in columns:
        size = columns["MLOG10P"]
        p = p_from_mlog10p(size)
        small = np.flatnonzero(size > 290).tolist()
        made["P-value"] = General(p, {row: tiny_p(float(size[row])) for row in small})
    made["Direction"] = Characters(direction_bytes(block, display))
    if "Q" in columns:
        made["HetISq"] = Fixed(columns["I2"], 1)
        made["HetChiSq"] = Fixed(columns["Q"], 3)
        made["HetDf"] = Whole(columns["Q_DF"].astype(np.int64))
        made["HetPVal"] = General(p_from_mlog10p(columns["MLOG10P_HET"]))
    if "n" in context.has:
        made["N"] = Fixed(_total_n(block), 0)
    for name, values in columns.items():
        if name in _OWN and (name != "Z" or "Zscore" in made or "Effect" in made):
            continue
        if values.dtype.kind == "S":
            made[name] = Characters(values.view(np.uint8).reshape(values.size, -1))
            continue
        made[name] = (
            Whole(values.astype(np.int64)) if values.dtype.kind in "iub" else Shortest(values.astype(float))
        )
    return ("\t".join(made) + "\n").encode(), b"".join(lines_of(list(made.values())))


def lower(alleles: Texts) -> Texts:
    """Alleles in small letters, as METAL prints them."""
    words = alleles.words.copy()
    one = words[:, 0] < 256 if words.shape[1] == 1 else (words[:, 0] < 256) & ~words[:, 1:].any(axis=1)
    letters = one & (words[:, 0] > 64)
    words[letters, 0] |= _SMALL
    rest = np.flatnonzero(~one)
    if not rest.size:
        return Texts(words, alleles.keeper)
    texts = Texts(words, alleles.keeper).to_bytes()
    for row in rest.tolist():
        texts[row] = texts[row].lower()
    return texts_of_list(texts, Keeper(words.shape[1]))


def named(block: MetaBlock) -> Texts:
    """Identifiers; CHR:POS:NEA:EA where there is none."""
    missing = np.flatnonzero(block.snpid.missing())
    if not missing.size:
        return block.snpid
    names = block.snpid.to_bytes()
    ea, nea = block.ea[missing].to_bytes(), block.nea[missing].to_bytes()
    for at, row in enumerate(missing.tolist()):
        where = f"{CHROMOSOME_NAMES.get(int(block.chr[row]), 'NA')}:{block.pos[row]}:"
        names[row] = where.encode() + nea[at] + b":" + ea[at]
    return texts_of_list(names, Keeper())


def _chromosomes(block: MetaBlock) -> Characters:
    table = np.zeros((26, 2), np.uint8)
    for code in range(26):
        text = CHROMOSOME_NAMES.get(code, "NA").encode()
        table[code, : len(text)] = list(text)
    return Characters(table[block.chr])
