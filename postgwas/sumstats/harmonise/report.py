"""The report of one harmonised trait, and its figures."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

import postgwas
from postgwas.plot.eaf import eaf_figure
from postgwas.plot.qq import QQ, qq_points
from postgwas.plot.scan import Scan, manhattan_figure, qq_figure
from postgwas.report.page import count, data_uri, png, render
from postgwas.runlog import running_command
from postgwas.sumstats.derive import abs_z_from_mlog10p
from postgwas.sumstats.harmonise.account import KEPT, LEFT_OUT, OF_KEPT, UNREADABLE
from postgwas.sumstats.harmonise.options import HarmoniseOptions
from postgwas.sumstats.harmonise.results import Harmonised
from postgwas.sumstats.harmonise.run_file import Work
from postgwas.sumstats.harmonise.spill import NOWHERE


@dataclass(frozen=True)
class Pictures:
    """PNG of each figure that the data allow, and the QQ plot's numbers."""

    images: Mapping[str, bytes]
    qq: QQ | None


def draw(work: Work, options: HarmoniseOptions) -> Pictures:
    """Manhattan and QQ plot, and frequencies against the reference's."""
    images: dict[str, bytes] = {}
    qq = qq_points(_z(work)) if {"Z", "MLOG10P"} & set(work.columns) else None
    scan = _scan(work)
    if scan.pos.size:
        images["manhattan"] = png(manhattan_figure(scan))
    if qq is not None and qq.n_variants:
        images["qq"] = png(qq_figure(qq))
    counts = np.sum([result.picture.eaf for result in work.results], axis=0)
    if counts.any():
        images["eaf"] = png(eaf_figure(counts, limit=options.eaf_difference))
    return Pictures(images, qq if qq is not None and qq.n_variants else None)


def write_report(
    path: Path,
    result: Harmonised,
    work: Work,
    options: HarmoniseOptions,
    pictures: Pictures,
    *,
    seconds: float,
) -> None:
    """Write the page."""
    uris = {name: data_uri(image) for name, image in pictures.images.items()}
    lines = result.account.lines()
    by_group = {
        title: [line for line in lines if line.group in groups and line.code != "total"]
        for title, groups in (("Left out", (UNREADABLE, LEFT_OUT)), ("Kept", (KEPT,)))
    }
    values: dict[str, Any] = {
        "version": postgwas.__version__,
        "date": datetime.datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"),
        "name": result.name,
        "source": result.source,
        "account": result.account,
        "groups": [(title, found) for title, found in by_group.items() if found],
        "remarks": [line for line in lines if line.group == OF_KEPT],
        "builds": _builds(result),
        "build_evidence": result.plan.evidence[:1].upper() + result.plan.evidence[1:],
        "build_text": _build_text(result),
        "effect_allele": _effect_allele(options, work.ref_known),
        "ref_known": work.ref_known,
        "n_text": _n_text(work),
        "n_kind": result.n_kind,
        "warnings": result.warnings,
        "manhattan": uris.get("manhattan"),
        "qq_picture": uris.get("qq"),
        "qq": pictures.qq,
        "eaf": uris.get("eaf"),
        "eaf_text": _eaf_text(result),
        "consistency": _consistency(result),
        "dialect": result.dialect,
        "columns": sorted(result.columns.items()),
        "derived": result.derived,
        "files": {kind: file.name for kind, file in result.files.items()},
        "n_written": result.n_written,
        "provenance": _provenance(options, seconds),
    }
    path.write_text(render("harmonise.html", values), encoding="utf-8")


def _z(work: Work) -> npt.NDArray[np.float64]:
    """Size of Z of all kept rows; single precision suffices for a picture."""
    name = "Z" if "Z" in work.columns else "MLOG10P"
    found = []
    for result in work.results:
        with open(result.part, "rb") as stream:
            values = pl.read_ipc(stream, columns=[name])[name].fill_null(np.nan).to_numpy()
        size = np.abs(values) if name == "Z" else abs_z_from_mlog10p(values)
        found.append(size.astype(np.float32))
    return np.concatenate(found).astype(np.float64)


def _scan(work: Work) -> Scan:
    chrom, pos, height = [], [], []
    names: dict[int, str] = {}
    at = 0
    for result in work.results:
        picture = result.picture
        if result.chromosome == NOWHERE or not picture.pos.size:
            continue
        names.update({at + i: name for i, name in picture.names.items()})
        at += picture.pos.size
        chrom.append(np.full(picture.pos.size, result.chromosome, dtype=np.int64))
        pos.append(picture.pos.astype(np.int64))
        height.append(picture.mlog10p)
    if not pos:
        return Scan(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0), {})
    return Scan(np.concatenate(chrom), np.concatenate(pos), np.concatenate(height), names)


def _builds(result: Harmonised) -> str:
    source, target = result.plan.source, result.plan.target
    if result.plan.lift:
        return f"{source} \u2192 {target}"
    return target or "unknown"


def _build_text(result: Harmonised) -> str:
    if result.plan.lift:
        return f"Positions were lifted over from {result.plan.source} to {result.plan.target}."
    if result.plan.source is None:
        return "Positions are as in the file or, by SNPID, as in the reference."
    return f"Positions are {result.plan.target} as in the file."


def _effect_allele(options: HarmoniseOptions, ref_known: bool) -> str:
    if not options.compares:
        return "as given"
    alt, ref = ("ALT", "REF") if ref_known else ("A1", "A2")
    return {"alt": alt, "ref": ref, "given": "as given"}[options.effect_allele or "alt"]


def _n_text(work: Work) -> str:
    if "N" not in work.columns:
        return "unknown"
    low, high = np.inf, -np.inf
    for result in work.results:
        with open(result.part, "rb") as stream:
            n = pl.read_ipc(stream, columns=["N"])["N"]
        if n.null_count() < len(n):
            low, high = min(low, float(str(n.min()))), max(high, float(str(n.max())))
    least, most = count(round(low)), count(round(high))
    return most if low == high else f"{least} to {most}"


def _eaf_text(result: Harmonised) -> str:
    found = result.frequencies
    if not found.n:
        return ""
    return (
        f"Correlation {found.correlation:.4f} over {found.n:,} variants that are not palindromic; "
        f"{found.n_differ:,} differ by more than {found.limit:g} (dashed lines)."
    )


def _consistency(result: Harmonised) -> list[tuple[str, int, int]]:
    found = result.consistency
    lines = [("P from BETA/SE", found.n_p, found.n_p_differ), ("Z from BETA/SE", found.n_z, found.n_z_differ)]
    return [line for line in lines if line[1]]


def _provenance(options: HarmoniseOptions, seconds: float) -> list[tuple[str, str]]:
    palindromic: str = options.palindromic if options.compares else "kept: compared with nothing"
    if options.palindromic == "infer":
        palindromic += f", minor allele frequency to {options.palindromic_maf:g}"
    chosen = {
        "reference": options.reference,
        "sequence": options.fasta,
        "chain": options.chain,
        "palindromic SNPs": palindromic,
        "rows not in the reference": options.unmatched if options.reference else None,
        "store": options.store,
        "command": running_command() or None,
        "time": f"{seconds:.1f} s",
    }
    return [(key, value) for key, value in chosen.items() if value]
