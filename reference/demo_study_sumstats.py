"""GWAS files of the demo study, each ancestry's in another program's format, with everyday faults.

Planted: swapped alleles, alleles on the other strand, missing values, P out of range, duplicates, ids that
the reference does not have.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from postgwas.reference.demo_files import significant, whole_numbers, write_table
from postgwas.reference.demo_study import SimulatedStudy
from postgwas.reference.demo_study_design import N_SAMPLES, TRAITS
from postgwas.sumstats.derive import mlog10p_from_z

_COMPLEMENT = {"A": "T", "T": "A", "C": "G", "G": "C"}
#: Least minor allele frequency of a variant in a GWAS file.
_MAF_MIN = 0.005

Rows = dict[str, NDArray[Any]]


def write_gwas(folder: Path, study: SimulatedStudy, ancestry: str, trait: int) -> Path:
    """Write one GWAS: GWAS-SSF for AFR, REGENIE for EUR, PLINK 2 for EAS.

    Returns
    -------
    Path
    """
    rng = np.random.default_rng([study.seed, 7, sorted(N_SAMPLES).index(ancestry), trait])
    rows = _with_faults(rng, _rows(study, ancestry, trait), swap=ancestry == "EAS")
    name = f"{ancestry}_{TRAITS[trait]}"
    if ancestry == "AFR":
        path, columns, separator = folder / f"{name}.tsv.gz", _ssf(rows), "\t"
    elif ancestry == "EUR":
        path, columns, separator = folder / f"{name}.regenie.gz", _regenie(rows), " "
    else:
        path, columns, separator = folder / f"{name}.glm.linear.gz", _plink2(rows), "\t"
    write_table(path, columns, separator=separator)
    return path


def _rows(study: SimulatedStudy, ancestry: str, trait: int) -> Rows:
    parts: dict[str, list[NDArray[Any]]] = {}
    for one in study.regions:
        gwas = one.gwas[ancestry]
        rare = np.minimum(gwas.eaf, 1 - gwas.eaf) < _MAF_MIN
        keep = ~rare & np.isfinite(gwas.z[:, trait])
        columns: Rows = {
            "chrom": np.full(int(keep.sum()), one.region.chromosome),
            "pos": one.position[keep],
            "snpid": one.snpid[keep],
            "ref": one.ref[keep],
            "alt": one.alt[keep],
            "eaf": gwas.eaf[keep],
            "beta": gwas.beta[keep, trait],
            "se": gwas.se[keep, trait],
            "z": gwas.z[keep, trait],
        }
        for key, values in columns.items():
            parts.setdefault(key, []).append(values)
    rows = {key: np.concatenate(values) for key, values in parts.items()}
    rows["ea"], rows["nea"] = rows["alt"].astype(object), rows["ref"].astype(object)
    rows["n"] = np.full(rows["z"].size, float(N_SAMPLES[ancestry]))
    return rows


def _with_faults(rng: np.random.Generator, rows: Rows, *, swap: bool) -> Rows:
    size = rows["z"].size

    def some(share: float) -> NDArray[np.bool_]:
        return rng.random(size) < share

    turned = some(0.3 if swap else 0.05)
    rows["ea"][turned], rows["nea"][turned] = rows["nea"][turned], rows["ea"][turned]
    rows["turned"] = turned
    for key in ("z", "beta"):
        rows[key][turned] *= -1
    rows["eaf"][turned] = 1 - rows["eaf"][turned]
    for row in np.flatnonzero(some(0.004)):
        rows["ea"][row], rows["nea"][row] = _COMPLEMENT[rows["ea"][row]], _COMPLEMENT[rows["nea"][row]]
    rows["eaf"] = np.round(rows["eaf"], 5)
    rows["info"] = np.round(np.clip(rng.beta(40, 1.5, size), 0, 1), 3)
    rows["mlog10p"] = mlog10p_from_z(rows["z"])
    rows["se"], rows["beta"] = significant(rows["se"], 6), significant(rows["beta"], 6)
    # Weak rows alone, so that the truth is still to be found.
    weak = np.abs(rows["z"]) < 4
    rows["beta"][some(0.002) & weak] = np.nan
    rows["se"][some(0.001) & weak] = 0.0
    rows["bad_p"] = some(0.001) & weak
    rows["snpid"] = np.where(some(0.003) & weak, np.char.add(rows["snpid"], "99"), rows["snpid"])
    order = np.sort(np.concatenate([np.arange(size), np.flatnonzero(some(0.001))]))
    return {key: values[order] for key, values in rows.items()}


def _p_text(rows: Rows) -> list[str]:
    """P with four digits, whatever its size; a few are out of range."""
    exponent = np.floor(-rows["mlog10p"])
    mantissa = np.round(10.0 ** (-rows["mlog10p"] - exponent), 3)
    carried = mantissa >= 10.0
    mantissa[carried] /= 10.0
    exponent[carried] += 1
    return [
        "1.2" if bad else f"{m:.3f}e{int(k):+03d}" for m, k, bad in zip(mantissa, exponent, rows["bad_p"])
    ]


def _ssf(rows: Rows) -> dict[str, Any]:
    return {
        "chromosome": rows["chrom"],
        "base_pair_location": rows["pos"],
        "effect_allele": rows["ea"],
        "other_allele": rows["nea"],
        "beta": rows["beta"],
        "standard_error": rows["se"],
        "effect_allele_frequency": rows["eaf"],
        "p_value": _p_text(rows),
        "rsid": rows["snpid"],
        "n": whole_numbers(rows["n"]),
    }


def _regenie(rows: Rows) -> dict[str, Any]:
    size = rows["z"].size
    return {
        "CHROM": rows["chrom"],
        "GENPOS": rows["pos"],
        "ID": rows["snpid"],
        "ALLELE0": rows["nea"],
        "ALLELE1": rows["ea"],
        "A1FREQ": rows["eaf"],
        "INFO": rows["info"],
        "N": whole_numbers(rows["n"]),
        "TEST": ["ADD"] * size,
        "BETA": rows["beta"],
        "SE": rows["se"],
        "CHISQ": significant(rows["z"] ** 2, 6),
        "LOG10P": significant(np.where(rows["bad_p"], np.nan, rows["mlog10p"]), 6),
        "EXTRA": ["NA"] * size,
    }


def _plink2(rows: Rows) -> dict[str, Any]:
    size = rows["z"].size
    return {
        "#CHROM": rows["chrom"],
        "POS": rows["pos"],
        "ID": rows["snpid"],
        "REF": np.where(rows["turned"], rows["ea"], rows["nea"]),
        "ALT": np.where(rows["turned"], rows["nea"], rows["ea"]),
        "A1": rows["ea"],
        "OMITTED": rows["nea"],
        "A1_FREQ": rows["eaf"],
        "TEST": ["ADD"] * size,
        "OBS_CT": whole_numbers(rows["n"]),
        "BETA": rows["beta"],
        "SE": rows["se"],
        "T_STAT": significant(rows["z"], 6),
        "P": _p_text(rows),
    }
