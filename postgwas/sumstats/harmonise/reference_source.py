"""What the readers of reference files have in common: batches of sites, and what a header says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from postgwas.errors import UsageError
from postgwas.sumstats.harmonise.assembly import build_of_lengths
from postgwas.sumstats.values import chromosome_code

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Source:
    """One reference file, about to be read.

    Attributes
    ----------
    batches : iterator of polars.DataFrame
        CHR (Int8, null if unknown), POS (Int32), SNPID, REF, ALT (String; several ALT are parted
        by commas) and AF: String with one value an ALT, Float32, or absent. With AN (String), AF is
        a count of alleles to be divided by it.
    build : str or None
    ref_known : bool
    af_field : str or None
    warnings : tuple of str
    """

    batches: Iterator[pl.DataFrame]
    build: str | None
    ref_known: bool
    af_field: str | None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Info:
    """An INFO field as its header line declares it."""

    number: str
    description: str


_TOKENS = {
    "GRCh37": re.compile(
        r"grch37|hg19|hs37d5|human_g1k_v37|homo_sapiens_assembly19|\bb37\b|GCA_000001405\.(?:[1-9]|1[0-4])\b",
        re.I,
    ),
    "GRCh38": re.compile(
        r"grch38|hg38|homo_sapiens_assembly38|\bb38\b|GCA_000001405\.(?:1[5-9]|2\d)\b", re.I
    ),
}


def build_of_header(lines: Sequence[str]) -> str | None:
    """Build that the header of a VCF states for certain: by contig lengths, else by name.

    Examples
    --------
    >>> build_of_header(["##contig=<ID=chr22,length=50818468>"])
    'GRCh38'
    >>> build_of_header(["##reference=ftp://x/hs37d5.fa.gz"])
    'GRCh37'
    """
    lengths: dict[int, int] = {}
    named = ""
    for line in lines:
        if line.startswith("##contig"):
            found = re.search(r"[<,]ID=([^,>]+)", line)
            length = re.search(r"[<,]length=(\d+)", line)
            code = chromosome_code(found.group(1)) if found else None
            if code and length:
                lengths[code] = int(length.group(1))
            named += " ".join(re.findall(r"[<,]assembly=([^,>]+)", line)) + " "
        elif line.startswith("##reference"):
            named += line + " "
    return build_of_lengths(lengths) or build_named(named)


def build_named(text: str) -> str | None:
    """Build that a text names, in any usual spelling; None where it names none, or both.

    Examples
    --------
    >>> build_named("#!genome-build GRCh38.p14")
    'GRCh38'
    >>> build_named("mapped from GRCh38 to GRCh37") is None
    True
    """
    named = [build for build, token in _TOKENS.items() if token.search(text)]
    return named[0] if len(named) == 1 else None


def info_fields(lines: Sequence[str]) -> dict[str, Info]:
    """INFO fields that a VCF header declares."""
    fields = {}
    for line in lines:
        if found := re.match(r"##INFO=<ID=([^,>]+)", line):
            number = re.search(r",Number=([^,>]+)", line)
            text = re.search(r',Description="([^"]*)"', line)
            fields[found.group(1)] = Info(number.group(1) if number else ".", text.group(1) if text else "")
    return fields


def choose_frequency(
    fields: Mapping[str, Info], wanted: str | None, *, source: str
) -> tuple[str | None, tuple[str, ...]]:
    """INFO field to take ALT's frequency from: the one wanted, else AF, else "AC/AN".

    Returns
    -------
    name : str or None
    warnings : tuple of str

    Raises
    ------
    UsageError
        The field wanted is not declared, or is declared as a minor allele's frequency.
    """
    like = [name for name in fields if re.search(r"AF|FREQ", name, re.I)]
    if wanted is not None:
        if fields and wanted not in fields:
            found = ", ".join(like[:12]) or "none that looks like a frequency"
            raise UsageError(
                f"{source}: no INFO field {wanted!r}; found {found}", hint="--af_field names the field"
            )
        if wanted in fields and _minor(wanted, fields[wanted]):
            raise UsageError(
                f"{source}: INFO field {wanted!r} is a minor allele's frequency; expected one of ALT",
                hint="--af_field names the field",
            )
        return wanted, ()
    if "AF" in fields and not _minor("AF", fields["AF"]):
        return "AF", ()
    if "AC" in fields and "AN" in fields:
        return "AC/AN", ()
    if not fields:
        return "AF", ()
    choice = f"; --af_field can name one of {', '.join(like[:12])}" if like else ""
    return None, (f"{source}: no INFO field AF, nor AC with AN: frequencies are unknown{choice}",)


def _minor(name: str, info: Info) -> bool:
    return bool(re.search(r"\bMAF\b|minor", f"{name} {info.description}", re.I))
