"""GWAS-VCF: the lines of a part, and the header of the file.

Lyon et al. (2021) Genome Biol 22:32, and version 1.2 of
https://github.com/MRCIEU/gwas-vcf-specification: effects are those of ALT, LP is -log10 P.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import polars as pl

from postgwas.sumstats.harmonise.assembly import length_of

_NAMES = {**{c: str(c) for c in range(1, 23)}, 23: "X", 24: "Y", 25: "MT"}

_KEYS = {
    "ES": "BETA",
    "SE": "SE",
    "LP": "MLOG10P",
    "AF": "EAF",
    "SS": "N",
    "EZ": "Z",
    "SI": "INFO",
}

_FORMAT_FIELDS = (
    ("ES", "A", "Float", "Effect size estimate relative to the alternative allele"),
    ("SE", "A", "Float", "Standard error of effect size estimate"),
    ("LP", "A", "Float", "-log10 p-value for effect estimate"),
    ("AF", "A", "Float", "Alternate allele frequency in the association study"),
    ("SS", "A", "Float", "Sample size used to estimate genetic effect"),
    ("EZ", "A", "Float", "Z-score provided if it was used to derive the EFFECT and SE fields"),
    ("SI", "A", "Float", "Accuracy score of summary data imputation"),
    ("NC", "A", "Float", "Number of cases used to estimate genetic effect"),
)


def vcf_lines(
    frame: pl.DataFrame, *, columns: Collection[str], counts: tuple[float, float] | None = None
) -> pl.DataFrame:
    """The ten columns of a GWAS-VCF, of the rows in which REF is told from ALT.

    Parameters
    ----------
    frame : polars.DataFrame
        A finished part.
    columns : collection of str
        Those with a value somewhere in the file.
    counts : (total, cases), optional
        Given numbers of people, which then stand as SS and NC.
    """
    frame = frame.filter(pl.col("EFFECT_IS_ALT").is_not_null())
    alt = pl.col("EFFECT_IS_ALT")
    # A Z-score stands beside an effect only where there is no effect.
    keys = [key for key, name in _KEYS.items() if name in columns and not (key == "EZ" and "BETA" in columns)]
    values = [_text(_value(key, counts)) for key in keys]
    if counts is not None:
        keys.append("NC")
        values.append(pl.lit(f"{counts[1]:g}"))
    return frame.select(
        pl.col("CHR").replace_strict(_NAMES, return_dtype=pl.String).alias("#CHROM"),
        "POS",
        # Blanks and semicolons part the columns of a VCF and the ids of a record.
        pl.col("SNPID").str.replace_all(r"[\s;]", "_").alias("ID"),
        pl.when(alt).then("NEA").otherwise("EA").alias("REF"),
        pl.when(alt).then("EA").otherwise("NEA").alias("ALT"),
        pl.lit(".").alias("QUAL"),
        pl.lit("PASS").alias("FILTER"),
        pl.lit(".").alias("INFO"),
        pl.lit(":".join(keys)).alias("FORMAT"),
        pl.concat_str(values, separator=":").alias("SAMPLE"),
    )


def vcf_header(
    study: str,
    *,
    build: str,
    chromosomes: Iterable[int],
    n_kind: str,
    counts: tuple[float, float] | None,
    source: str,
) -> bytes:
    """The lines before the first variant."""
    name = study.replace("\t", "_").replace(" ", "_")
    lines = [
        "##fileformat=VCFv4.2",
        '##FILTER=<ID=PASS,Description="All filters passed">',
        f"##source={source}",
    ]
    lines += [f"##reference={build}"]
    for code in chromosomes:
        length = length_of(build, code)
        size = f",length={length}" if length else ""
        lines.append(f"##contig=<ID={_NAMES[code]}{size},assembly={build}>")
    lines += [
        f'##FORMAT=<ID={key},Number={number},Type={kind},Description="{text}">'
        for key, number, kind, text in _FORMAT_FIELDS
    ]
    if n_kind == "effective" and counts is None:
        lines.append("##postgwas_SS=effective sample size, 4 / (1/cases + 1/controls)")
    totals = ""
    if counts is not None:
        totals = f",TotalControls={counts[0] - counts[1]:g},TotalCases={counts[1]:g}"
    kind = ",StudyType=CaseControl" if counts is not None or n_kind == "effective" else ""
    lines += [
        '##META=<ID=TotalCases,Number=1,Type=Integer,Description="Total number of cases">',
        '##META=<ID=TotalControls,Number=1,Type=Integer,Description="Total number of controls">',
        '##META=<ID=StudyType,Number=1,Type=String,Description="Type of GWAS study">',
        f"##SAMPLE=<ID={name}{totals}{kind}>",
        "\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", name]),
    ]
    return ("\n".join(lines) + "\n").encode()


def _value(key: str, counts: tuple[float, float] | None) -> pl.Expr:
    alt = pl.col("EFFECT_IS_ALT")
    column = pl.col(_KEYS[key])
    if key in {"ES", "EZ"}:
        return pl.when(alt).then(column).otherwise(0.0 - column)
    if key == "AF":
        return pl.when(alt).then(column).otherwise((1.0 - column).round(12))
    if key == "SS" and counts is not None:
        return pl.lit(counts[0])
    return column


def _text(number: pl.Expr) -> pl.Expr:
    return number.cast(pl.String).fill_null(".")
