"""VCF and BCF: the file, or regions of it, read once into packed calls or dosages on disk."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError, NoVariantsError
from postgwas.genotypes.alleles import Multiallelic, named_apart
from postgwas.genotypes.genotypes import BlockSource, Calls, Genotypes, SubsetSource
from postgwas.genotypes.regions import first_out_of_order, in_regions, no_chromosome, order_by_place
from postgwas.genotypes.samples import check_samples
from postgwas.genotypes.spool import Spool
from postgwas.genotypes.variants import variant_table
from postgwas.genotypes.vcf_index import Stretch, refuse_truncated, stretches, tabix_file, usable_index
from postgwas.genotypes.vcf_opening import htslib_reader
from postgwas.genotypes.vcf_records import RecordReader, Site
from postgwas.genotypes.vcf_text import TextReader, line_blocks, region_blocks
from postgwas.progress import progress
from postgwas.runlog import get_logger
from postgwas.store.position import Region

if TYPE_CHECKING:
    import polars as pl

log = get_logger("genotypes")

_SITES = 1 << 16
"""Sites that are gathered before they become a table, which takes less memory."""


def open_vcf(
    path: str | os.PathLike[str],
    *,
    dosage: bool = False,
    regions: Sequence[Region] | None = None,
    multiallelic: Multiallelic = "split",
    scratch: str | os.PathLike[str] | None = None,
) -> Genotypes:
    """Genotypes of a VCF or BCF file; A1 is ALT, A2 is REF.

    What is read is read once: its calls are kept, four in a byte (dosages: four bytes each),
    in a temporary file that goes with the returned object. With `regions` and an index only
    they are read. Records that are not in order are put in order.

    Parameters
    ----------
    path : path-like
        .vcf, .vcf.gz, .bcf.
    dosage : bool
        Read FORMAT/DS (float32) rather than FORMAT/GT (int8). A haploid call counts as
        two copies, a half-missing one as missing.
    regions : sequence of Region, optional
        Only variants whose POS lies there.
    multiallelic : {"split", "skip"}
        A record with several ALT alleles gives one variant for each, with ids ID:REF:ALT,
        or none. Of a split record, copies of the other ALTs count as copies of not-A1.
    scratch : path-like, optional
        Folder for the temporary file; the system's own if None. Workers on other machines
        must see it.

    Raises
    ------
    InputError
        If the file is missing, truncated or damaged, has no samples, a sample twice,
        lacks the field or the chromosome, or has a dosage outside 0 to 2.
    NoVariantsError
        If no usable record lies in the regions.
    """
    import polars as pl

    name = os.fspath(path)
    refuse_truncated(name)
    reader = htslib_reader(name)
    try:
        samples = check_samples(
            pl.DataFrame({"FID": None, "IID": reader.samples, "SEX": None},
                         schema={"FID": pl.String, "IID": pl.String, "SEX": pl.Int8}), name
        )  # fmt: skip
        keeper = tempfile.TemporaryDirectory(prefix="postgwas-genotypes-", dir=scratch)
        spool = Spool(keeper.name, samples.height, dosage=dosage)
        tables: list[pl.DataFrame] = []
        pending: list[Site] = []
        wanted = None
        if regions and name.endswith(".vcf"):
            log.warning(
                "%s: plain text has no index: the whole file is read for the region; bgzip, bcftools index",
                name,
            )
        elif regions and usable_index(name):
            wanted = stretches(name, regions, _contigs(reader, name))
        records, batches = _reading(reader, name, samples.height, dosage, wanted, multiallelic)
        with progress(f"Reading {Path(name).name}") as advance:
            for sites, calls in batches:
                pending += sites
                if len(pending) > _SITES:
                    tables.append(_table(pending))
                    pending.clear()
                spool.add(calls)
                advance(len(sites))
        tables.append(_table(pending))
        source: BlockSource = spool.finished()
    except UnicodeDecodeError as error:
        bad = error.object[error.start : error.start + 1].hex()
        raise InputError(
            f"{name}: damaged: byte 0x{bad} is no text (UTF-8) among its samples, ids or alleles"
        ) from None
    finally:
        reader.close()
    skipped = dict(records.skipped)
    table = pl.concat(tables)
    if not table.height and not regions:
        raise InputError(f"{name}: no record has an ALT allele to count ({_told(skipped)})")
    variants = named_apart(variant_table(table, name, plink=False), table["SPLIT"])
    rows = _rows(variants, name, regions, indexed=wanted is not None)
    if rows is not None:
        source, variants = SubsetSource(source, rows, None), variants[rows]
    return Genotypes(variants, samples, source, name, skipped, dict(records.notes), keeper)


def _reading(
    reader: Any,
    name: str,
    n_samples: int,
    dosage: bool,
    wanted: list[Stretch] | None,
    multiallelic: Multiallelic,
) -> tuple[RecordReader | TextReader, Iterator[tuple[list[Site], Calls]]]:
    """What turns records into batches, and the batches: of all records, or by the index of those wanted."""
    if dosage or name.endswith(".bcf"):
        records = RecordReader(name, n_samples, dosage=dosage, multiallelic=multiallelic)
        found = reader if wanted is None else chain.from_iterable(reader(str(one)) for one in wanted)
        return records, records.batches(found)
    lines = TextReader(name, n_samples, multiallelic=multiallelic)
    return lines, lines.batches(line_blocks(name) if wanted is None else region_blocks(name, wanted))


def _contigs(reader: Any, name: str) -> list[str]:
    """Contigs that have records (a BCF: that its header has), in the file's order."""
    if name.endswith(".bcf"):
        return list(reader.seqnames)
    with tabix_file(name) as index:
        return list(index.contigs)


def _rows(
    variants: pl.DataFrame, name: str, regions: Sequence[Region] | None, *, indexed: bool
) -> NDArray[np.int64] | None:
    """Rows inside the regions, by chromosomes as they first appear and then by position."""

    rows = np.arange(variants.height)
    if regions:
        inside = in_regions(variants, regions)
        rows = np.flatnonzero(inside)
        if not len(rows):
            codes = [region.chromosome for region in regions]
            if not indexed and not variants["CHR"].is_in(codes).any():
                contigs = variants["CHROM"].unique(maintain_order=True).to_list()
                raise no_chromosome(name, regions, contigs)
            raise NoVariantsError(f"{name}: no variant lies in the region")
    order = order_by_place(variants)
    if order is None:
        return None if len(rows) == variants.height else rows
    log.warning(
        "%s: not sorted (%s comes after %s): its variants are put in order",
        name, *first_out_of_order(variants, order),
    )  # fmt: skip
    wanted = np.zeros(variants.height, np.bool_)
    wanted[rows] = True
    return order[wanted[order]]


def _table(sites: list[Site]) -> pl.DataFrame:
    import polars as pl

    columns = [*zip(*sites)] or [()] * 6
    chrom, identifier, position, alt, ref, split = columns
    text = {"CHROM": chrom, "SNPID": identifier, "A1": alt, "A2": ref}
    frame = pl.DataFrame({name: pl.Series(values, dtype=pl.String) for name, values in text.items()})
    return frame.with_columns(
        pl.col("SNPID").fill_null("."),
        pl.Series("POS", position, pl.Int64).cast(pl.String),
        pl.Series("SPLIT", split, pl.Boolean),
    )


def _told(skipped: dict[str, int]) -> str:
    return ", ".join(f"{reason.replace('_', ' ')}: {n:,}" for reason, n in skipped.items()) or "no records"
