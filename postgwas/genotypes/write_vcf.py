"""Writes VCF (bgzip and .tbi) and BCF (.csi)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import OutputError
from postgwas.genotypes.genotypes import MISSING, Calls

if TYPE_CHECKING:
    import polars as pl

_WORDS = {call: np.frombuffer(text, "<u4")[0] for call, text in
          ((0, b"0/0\t"), (1, b"0/1\t"), (2, b"1/1\t"), (MISSING, b"./.\t"))}  # fmt: skip
_TEXT = {0: "0/0", 1: "0/1", 2: "1/1", MISSING: "./."}


def write_vcf(
    stem: Path, variants: pl.DataFrame, samples: pl.DataFrame, blocks: Iterable[Calls], *, dosage: bool
) -> list[Path]:
    """Write GT, or with dosages GT:DS, as bgzip with an index; ALT is A1, REF is A2.

    An allele that PLINK does not know (0 or .) is ALT ``.`` or REF ``N``.

    Parameters
    ----------
    stem : Path
        Files get the endings .vcf.gz and .vcf.gz.tbi.
    variants, samples : polars.DataFrame
        As of :class:`postgwas.genotypes.Genotypes`; chromosomes together, positions ascending.
    blocks : iterable of ndarray of int8 or float32
        All variants in order.
    dosage : bool
        Whether they are float32.

    Returns
    -------
    list of Path
        The two files.
    """
    import pysam

    path = stem.with_name(stem.name + ".vcf.gz")
    compressed: Any = pysam.BGZFile  # its stub asks for an index that is optional
    with compressed(str(path), "wb") as file:
        file.write(_header(variants, samples, dosage=dosage).encode())
        done = 0
        for block in blocks:
            heads = _heads(variants[done : done + len(block)], "GT:DS" if dosage else "GT")
            rows = _dosage_rows(block) if dosage else _call_rows(cast("NDArray[np.int8]", block))
            file.write(b"".join(part for head, row in zip(heads, rows) for part in (head, row)))
            done += len(block)
    _indexed(pysam.tabix_index, str(path), preset="vcf", force=True)
    return [path, Path(f"{path}.tbi")]


def write_bcf(
    stem: Path, variants: pl.DataFrame, samples: pl.DataFrame, blocks: Iterable[Calls], *, dosage: bool
) -> list[Path]:
    """As :func:`write_vcf`, then as .bcf with a .csi."""
    import pysam.bcftools

    text, index = write_vcf(stem, variants, samples, blocks, dosage=dosage)
    path = stem.with_name(stem.name + ".bcf")
    _indexed(pysam.bcftools.view, "--no-version", "-Ob", "-o", str(path), str(text), catch_stdout=False)
    _indexed(pysam.bcftools.index, "-f", str(path))
    text.unlink()
    index.unlink()
    return [path, Path(f"{path}.csi")]


def _indexed(call: Any, *arguments: Any, **named: Any) -> None:
    try:
        call(*arguments, **named)
    except Exception as error:
        raise OutputError(f"the VCF cannot be compressed or indexed: {str(error).strip()}") from None


def _header(variants: pl.DataFrame, samples: pl.DataFrame, *, dosage: bool) -> str:
    import postgwas

    contigs = variants["CHROM"].unique(maintain_order=True).to_list()
    lines = ["##fileformat=VCFv4.3", f"##source=postgwas-{postgwas.__version__}"]
    lines += [f"##contig=<ID={name}>" for name in contigs]
    lines += ['##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">']
    if dosage:
        lines += ['##FORMAT=<ID=DS,Number=A,Type=Float,Description="Expected copies of ALT">']
    columns = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", *samples["IID"]]
    return "\n".join([*lines, "\t".join(columns)]) + "\n"


def _heads(variants: pl.DataFrame, form: str) -> list[bytes]:
    import polars as pl

    unknown = ["0", "."]
    alt = pl.when(pl.col("A1").is_in(unknown)).then(pl.lit(".")).otherwise("A1")
    ref = pl.when(pl.col("A2").is_in(unknown)).then(pl.lit("N")).otherwise("A2")
    position = pl.col("POS").cast(pl.String)
    end = pl.lit(f".\t.\t.\t{form}\t")
    whole = pl.concat_str("CHROM", position, "SNPID", ref, alt, end, separator="\t")
    return [head.encode() for head in variants.select(whole).to_series()]


def _call_rows(calls: NDArray[np.int8]) -> Iterator[bytes]:
    words = np.full(256, _WORDS[MISSING], np.uint32)
    for call, word in _WORDS.items():
        words[call % 256] = word
    text = words[calls.view(np.uint8)]
    text[:, -1] += np.uint32((ord("\n") - ord("\t")) << 24)
    for row in text:
        yield row.tobytes()


def _dosage_rows(dosages: Calls) -> Iterator[bytes]:
    """GT:DS; GT is missing where the dosage is more than 0.1 from a whole number."""
    from postgwas.genotypes.bgen import hard_calls

    shown = np.ascontiguousarray(dosages, dtype=np.float32)
    values, where = np.unique(shown.view(np.uint32), return_inverse=True)
    numbers = values.view(np.float32)
    words = [
        f"{_TEXT[int(call)]}:{'.' if np.isnan(number) else np.format_float_positional(number, trim='-')}"
        for call, number in zip(hard_calls(numbers), numbers)
    ]
    lines: Any = where.reshape(shown.shape).tolist()
    for line in lines:
        yield ("\t".join([words[at] for at in line]) + "\n").encode()
