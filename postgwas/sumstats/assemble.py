"""From the fields of a file to canonical columns: chunk by chunk where possible."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from postgwas.sumstats.values import chromosomes_from_text


def canonical_chunk(frame: pl.DataFrame, wanted: Collection[str]) -> pl.DataFrame:
    """Alleles, position, frequency, N and log odds of one chunk; drops the raw material.

    Everything here looks at one row at a time, so the size of chunks cannot matter.

    Parameters
    ----------
    frame : polars.DataFrame
        ROW and fields as parsed.
    wanted : collection of str
        Columns that the caller will need, the ingredients of derived ones included.
    """
    have = set(frame.columns)
    if "VARIANT" in have:
        frame = _split_variant(frame)
        have = set(frame.columns)
    new: list[pl.Expr] = []
    if "NEA" not in have and {"EA", "REF", "ALT"} <= have:
        new.append(_other_allele().alias("NEA"))
    elif {"EA", "NEA", "REF", "ALT"} <= have:
        new.append(pl.coalesce("NEA", _other_allele()).alias("NEA"))
    if "EAF" not in have and {"EAF_CAS", "EAF_CON"} <= have:
        new.append(_pooled_frequency(have).alias("EAF"))
    elif "EAF" not in have and {"AC", "N"} <= have:
        new.append((pl.col("AC") / (2.0 * pl.col("N"))).alias("EAF"))
    elif "EAF" not in have and {"HOM_EA", "HET", "HOM_NEA"} <= have:
        people = pl.col("HOM_EA") + pl.col("HET") + pl.col("HOM_NEA")
        new.append(((pl.col("HET") + 2.0 * pl.col("HOM_EA")) / (2.0 * people)).alias("EAF"))
    if "BETA" not in have and "OR" in have:
        new.append(pl.when(pl.col("OR") > 0).then(pl.col("OR").log()).alias("BETA"))
    if "MLOG10P" not in have and "LOG10P" in have:
        new.append((-pl.col("LOG10P")).alias("MLOG10P"))
    effective = _effective_n(have)
    if effective is not None:
        new.append(effective.alias("N"))
    frame = frame.with_columns(new) if new else frame
    keep = [c for c in frame.columns if c in wanted or c in {"ROW", "OR_LOW", "OR_HIGH", "MLOG10P_TEXT"}]
    return frame.select(keep)


def _other_allele() -> pl.Expr:
    ea, ref, alt = (pl.col(c).str.to_uppercase() for c in ("EA", "REF", "ALT"))
    one_alt = ~pl.col("ALT").str.contains(",", literal=True)
    in_alts = (ea == alt) | (
        pl.concat_str(pl.lit(","), alt, pl.lit(",")).str.contains(
            pl.concat_str(pl.lit(","), ea, pl.lit(",")), literal=True
        )
    )
    return pl.when((ea == ref) & one_alt).then(pl.col("ALT")).when(in_alts).then(pl.col("REF"))


def _split_variant(frame: pl.DataFrame) -> pl.DataFrame:
    parts = frame["VARIANT"].str.extract_groups(
        r"^(?:chr)?([0-9]+|X|Y|XY|MT|M)[:_](\d+)[:_]([A-Za-z*]+)[:_]([A-Za-z*,]+)"
    )
    made = {
        "CHR": chromosomes_from_text(parts.struct.field("1")),
        "POS": parts.struct.field("2").cast(pl.Int32, strict=False),
        "NEA": parts.struct.field("3"),
        "EA": parts.struct.field("4"),
    }
    return frame.with_columns(**{k: v for k, v in made.items() if k not in frame.columns}).drop("VARIANT")


def _pooled_frequency(have: Collection[str]) -> pl.Expr:
    cases, controls = pl.col("EAF_CAS"), pl.col("EAF_CON")
    if {"N_CAS", "N_CON"} <= set(have):
        n_cases, n_controls = pl.col("N_CAS"), pl.col("N_CON")
        return (cases * n_cases + controls * n_controls) / (n_cases + n_controls)
    return controls


def _effective_n(have: Collection[str]) -> pl.Expr | None:
    if "NEFF" in have:
        return pl.col("NEFF")
    if "NEFF_HALF" in have:
        return 2.0 * pl.col("NEFF_HALF")
    if {"N_CAS", "N_CON"} <= set(have):
        cases, controls = pl.col("N_CAS"), pl.col("N_CON")
        effective = 4.0 * cases * controls / (cases + controls)
        return pl.when((cases > 0) & (controls > 0)).then(effective)
    return None
