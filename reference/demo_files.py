"""The demo study's files: a panel, and one raw file per trait with the faults of everyday files.

The three files are what three programs write: an SSGAC table as mtag.py reads it, REGENIE
(LOG10P instead of P, the effect allele in ALLELE1) and GWAS-SSF (no Z, P as text). Planted in
them: swapped alleles, alleles on the other strand or in lower case, strand-ambiguous and rare
variants, indels, missing values, P out of range, duplicates, variants absent from a file or
from the panel, and one P value too small for a floating-point number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from postgwas.sumstats.derive import mlog10p_from_z

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
StrArray = NDArray[np.str_]


@dataclass(frozen=True)
class Variants:
    """The panel's variants, each array of shape (n_variants,), sorted by position.

    `freq` is that of the allele `ea`; `common` is M_5_50 of each chromosome.
    """

    snpid: StrArray
    chrom: IntArray
    pos: IntArray
    ea: StrArray
    nea: StrArray
    freq: FloatArray
    maf: FloatArray
    l2: FloatArray
    common: IntArray


def write_panel(folder: Path, variants: Variants) -> None:
    """Write @.l2.ldscore.gz and @.l2.M_5_50 for each chromosome."""
    for number, common in enumerate(variants.common, start=1):
        here = variants.chrom == number
        columns = {
            "CHR": variants.chrom[here],
            "SNP": variants.snpid[here],
            "BP": variants.pos[here],
            "CM": np.round(variants.pos[here] / 1e6, 4),
            "MAF": np.round(variants.maf[here], 4),
            "L2": np.round(variants.l2[here], 6),
        }
        write_table(folder / f"{number}.l2.ldscore.gz", columns)
        write_text(folder / f"{number}.l2.M_5_50", f"{common}\n")


def write_effects(path: Path, variants: Variants, names: Sequence[str], effects: FloatArray) -> None:
    """Write the true standardised effects, shape (n_variants, n_traits)."""
    columns: dict[str, Any] = {"SNPID": variants.snpid, "EA": variants.ea, "NEA": variants.nea}
    columns |= {name: significant(effects[:, t], 8) for t, name in enumerate(names)}
    write_table(path, columns)


def write_sumstats(
    rng: np.random.Generator,
    folder: Path,
    variants: Variants,
    names: Sequence[str],
    z: FloatArray,
    n: FloatArray,
) -> tuple[Path, ...]:
    """Write one raw file per trait.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides where the faults lie.
    folder : Path
    variants : Variants
    names : sequence of str, shape (n_traits,)
    z, n : ndarray, shape (n_variants, n_traits)

    Returns
    -------
    tuple of Path
    """
    writers = (_ssgac, _regenie, _ssf)
    # Variants that no panel knows have the same name in every file.
    unknown = rng.random(variants.snpid.size) < 0.01
    snpid = np.where(unknown, np.char.add(variants.snpid, "9"), variants.snpid)
    paths = []
    for t, (name, writer) in enumerate(zip(names, writers, strict=True)):
        raw = _Raw(snpid, variants, z[:, t], n[:, t])
        raw.plant_faults(rng, swap=t > 0)
        paths.append(writer(folder, name, raw))
    return tuple(paths)


class _Raw:
    """The columns of one raw file while faults are planted in them."""

    def __init__(self, snpid: StrArray, variants: Variants, z: FloatArray, n: FloatArray) -> None:
        self.snpid = snpid.astype(object)
        self.chrom, self.pos = variants.chrom, variants.pos
        self.ea, self.nea = variants.ea.astype(object), variants.nea.astype(object)
        self.freq, self.z, self.n = variants.freq.copy(), z.copy(), n.copy()

    def plant_faults(self, rng: np.random.Generator, *, swap: bool) -> None:
        size = self.z.size

        def some(share: float) -> NDArray[np.bool_]:
            return rng.random(size) < share

        # Sampling noise of the frequency, and an imputation quality.
        self.freq = np.clip(
            self.freq + rng.normal(0, 0.004, size) * self.freq * (1 - self.freq), 5e-4, 0.9995
        )
        self.info = np.round(np.clip(rng.beta(40, 1.5, size), 0, 1), 3)
        if swap:
            turned = some(0.15)
            self.ea[turned], self.nea[turned] = self.nea[turned], self.ea[turned]
            self.z[turned] *= -1
            self.freq[turned] = 1 - self.freq[turned]
            complement = {"A": "T", "T": "A", "C": "G", "G": "C"}
            for row in np.flatnonzero(some(0.003)):
                self.ea[row], self.nea[row] = complement[self.ea[row]], complement[self.nea[row]]
        for row in np.flatnonzero(some(0.01)):
            self.ea[row], self.nea[row] = self.ea[row].lower(), self.nea[row].lower()
        indel = some(0.001)
        self.ea[indel], self.nea[indel] = "I", "D"
        self.scale = np.sqrt(2 * self.freq * (1 - self.freq))
        self.se = significant(1 / (self.scale * np.sqrt(self.n)), 6)
        self.beta = significant(self.z / (self.scale * np.sqrt(self.n)), 6)
        self.mlog10p = mlog10p_from_z(self.z)
        self.beta[some(0.002)] = np.nan
        self.se[some(0.001)] = np.nan
        self.n[some(0.001)] = np.nan
        self.freq[some(0.001)] = np.nan
        self.snpid[some(0.0005)] = None
        self.bad_p = some(0.0005)
        rows = np.flatnonzero(rng.random(size) > 0.03)
        repeated = rows[rng.random(rows.size) < 0.001]
        self._take(np.sort(np.concatenate([rows, repeated])))

    def _take(self, rows: IntArray) -> None:
        for name, values in list(vars(self).items()):
            setattr(self, name, values[rows])

    def p_text(self) -> list[str]:
        """P with three digits, whatever its size; a few are out of range."""
        exponent = np.floor(-self.mlog10p)
        mantissa = np.round(10.0 ** (-self.mlog10p - exponent), 3)
        carried = mantissa >= 10.0
        mantissa[carried] /= 10.0
        exponent[carried] += 1
        text = [f"{m:.3f}e{int(k):+03d}" for m, k in zip(mantissa, exponent)]
        return ["1.2" if bad else p for p, bad in zip(text, self.bad_p)]


def _ssgac(folder: Path, name: str, raw: _Raw) -> Path:
    path = folder / f"{name}.txt.gz"
    columns = {
        "snpid": raw.snpid,
        "chr": raw.chrom,
        "bpos": raw.pos,
        "a1": raw.ea,
        "a2": raw.nea,
        "freq": np.round(raw.freq, 5),
        "beta": raw.beta,
        "se": raw.se,
        "z": significant(np.where(np.isfinite(raw.beta), raw.z, np.nan), 6),
        "pval": raw.p_text(),
        "n": whole_numbers(raw.n),
    }
    write_table(path, columns)
    return path


def _regenie(folder: Path, name: str, raw: _Raw) -> Path:
    path = folder / f"{name}.regenie.gz"
    size = raw.z.size
    columns = {
        "CHROM": raw.chrom,
        "GENPOS": raw.pos,
        "ID": raw.snpid,
        "ALLELE0": raw.nea,
        "ALLELE1": raw.ea,
        "A1FREQ": np.round(raw.freq, 6),
        "INFO": raw.info,
        "N": whole_numbers(raw.n),
        "TEST": ["ADD"] * size,
        "BETA": raw.beta,
        "SE": raw.se,
        "CHISQ": significant(raw.z**2, 6),
        "LOG10P": significant(np.where(raw.bad_p, np.nan, raw.mlog10p), 6),
        "EXTRA": ["NA"] * size,
    }
    write_table(path, columns, separator=" ")
    return path


def _ssf(folder: Path, name: str, raw: _Raw) -> Path:
    path = folder / f"{name}.tsv.gz"
    columns: dict[str, Any] = {
        "chromosome": raw.chrom,
        "base_pair_location": raw.pos,
        "effect_allele": raw.ea,
        "other_allele": raw.nea,
        "beta": raw.beta,
        "standard_error": raw.se,
        "effect_allele_frequency": np.round(raw.freq, 5),
        "p_value": raw.p_text(),
        "rsid": raw.snpid,
        "n": whole_numbers(raw.n),
    }
    # A variant of this file alone, Z = 43.6: as a floating-point number its P would be 0.
    extra: dict[str, Any] = {
        "chromosome": 6,
        "base_pair_location": 32_600_000,
        "effect_allele": "T",
        "other_allele": "C",
        "beta": 0.3205,
        "standard_error": 0.007351,
        "effect_allele_frequency": 0.114,
        "p_value": "1.2e-415",
        "rsid": "rs19999999",
        "n": "90000",
    }
    at = int(np.searchsorted(raw.chrom * 1e9 + raw.pos, 6e9 + 32_600_000))
    for key, values in columns.items():
        columns[key] = np.insert(np.array(values, dtype=object), at, extra[key])
    for key in ("beta", "standard_error", "effect_allele_frequency"):
        columns[key] = columns[key].astype(np.float64)
    write_table(path, columns)
    return path


def whole_numbers(values: FloatArray) -> list[str]:
    return ["NA" if v != v else str(int(v)) for v in values.tolist()]


def significant(values: FloatArray, digits: int) -> FloatArray:
    """Round to so many significant digits; NaN stays."""
    with np.errstate(divide="ignore", invalid="ignore"):
        power = digits - 1 - np.floor(np.log10(np.abs(values)))
        return np.where(
            (values == 0) | ~np.isfinite(values), values, np.round(values * 10**power) / 10**power
        )


def write_table(path: Path, columns: dict[str, Any], *, separator: str = "\t") -> None:
    import polars as pl
    from isal import igzip

    frame = pl.DataFrame({key: pl.Series(key, list(v) if _is_text(v) else v) for key, v in columns.items()})
    text = frame.with_columns(pl.col(pl.Float64).fill_nan(None)).write_csv(
        separator=separator, null_value="NA", quote_style="never"
    )
    # No time in the header: same seed, same bytes.
    write_bytes(path, igzip.compress(text.encode(), 2, mtime=0))


def _is_text(values: Any) -> bool:
    return isinstance(values, np.ndarray) and values.dtype.kind in "OU"


def write_text(path: Path, text: str) -> None:
    """Write a small text file whole or not at all."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, data: bytes) -> None:
    from postgwas.sumstats.write import atomic_file

    with atomic_file(path) as stream:
        stream.write(data)
