"""Lead loci of a finished meta-analysis: their tables, and what their forest plots show."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import NoVariantsError
from postgwas.meta.aligned import MetaBlock
from postgwas.meta.correlated_effects import combine_correlated
from postgwas.meta.lead_loci import gained_loci, sentinels
from postgwas.meta.leave_out import cumulative, leave_one_out
from postgwas.meta.methods import Columns, Context
from postgwas.meta.random_effects import random_effects
from postgwas.plot.forest import Forest, ForestRow
from postgwas.runlog import get_logger
from postgwas.sumstats.derive import mlog10p_from_z, p_from_mlog10p
from postgwas.sumstats.harmonise.formats import CHROMOSOME_NAMES

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]
log = get_logger("meta.loci")

#: A block's variants of note: names of fields -> arrays; "beta", "se", "z" and "parts" of shape (.., H).
Hits = dict[str, Any]
ENDINGS = (".loci.tsv", ".loci_studies.tsv", ".leave_one_out.tsv", ".cumulative.tsv")


def groups_of(context: Context) -> list[tuple[str, list[int]]]:
    """Ancestries and their studies; a study without one stands for itself."""
    found: dict[str, list[int]] = {}
    for at, name in enumerate(context.names):
        found.setdefault(context.ancestries[at] or name, []).append(at)
    return sorted(found.items())


def part_mlog10p(block: MetaBlock, context: Context) -> Floats:
    """-log10 P of each ancestry alone by fixed effects, shape (G, V)."""
    found = []
    shared = shared_people(context)
    for _, rows in groups_of(context):
        if shared is not None:
            scheme = str(context.options.get("scheme", "stderr"))
            combined = combine_correlated(
                *(values[rows] for values in (block.beta, block.se)), z=block.z[rows], n=block.n[rows],
                correlation=shared[np.ix_(rows, rows)], scheme=scheme,
            )  # fmt: skip
            found.append(mlog10p_from_z(combined.z))
        elif np.isfinite(block.se[rows]).any():
            found.append(random_effects(block.beta[rows], block.se[rows], method="FE").mlog10p)
        else:
            z, n = block.z[rows], np.nan_to_num(block.n[rows], nan=1.0)
            weight = np.where(np.isfinite(z), np.sqrt(n), 0.0)
            with np.errstate(divide="ignore", invalid="ignore"):
                total = (weight * np.nan_to_num(z)).sum(axis=0) / np.sqrt((weight**2).sum(axis=0))
            found.append(mlog10p_from_z(total))
    return np.array(found)


def shared_people(context: Context) -> Floats | None:
    """Correlations of studies that ``--method fixed`` was corrected by; None without."""
    corrected = isinstance(context.prepared, np.ndarray) and "scheme" in context.options
    return context.prepared if corrected else None


def hits_of(block: MetaBlock, columns: Columns, context: Context, limit: float) -> Hits | None:
    """Variants whose -log10 P, in all or in one ancestry alone, reaches the limit; None without any."""
    whole = columns["MLOG10P"]
    parts = part_mlog10p(block, context)
    with np.errstate(invalid="ignore"):
        rows = np.flatnonzero((whole >= limit) | (parts >= limit).any(axis=0))
    if not rows.size:
        return None
    empty = np.full(len(block), np.nan)
    return {
        "chr": block.chr[rows].astype(np.int64), "pos": block.pos[rows].astype(np.int64),
        "snpid": block.snpid[rows].to_bytes(),
        "ea": block.ea[rows].to_bytes(), "nea": block.nea[rows].to_bytes(),
        "whole": whole[rows], "parts": parts[:, rows], "beta": block.beta[:, rows], "se": block.se[:, rows],
        "z": block.z[:, rows], "eaf": block.eaf[:, rows],
        "meta_beta": columns.get("BETA", empty)[rows], "meta_se": columns.get("SE", empty)[rows],
    }  # fmt: skip


def joined(hits: Iterable[Hits | None]) -> Hits | None:
    """Of all blocks, in the order given."""
    some = [one for one in hits if one is not None]
    if not some:
        return None
    names = some[0].keys()
    return {
        name: [text for one in some for text in one[name]]
        if isinstance(some[0][name], list)
        else np.concatenate([one[name] for one in some], axis=-1)
        for name in names
    }


def loci_tables(
    hits: Hits | None, context: Context, *, method: str, limit: float, window: int, order: list[int]
) -> tuple[dict[str, pl.DataFrame], list[Forest]]:
    """Tables of the loci by the endings of their files, and a forest of each lead.

    Parameters
    ----------
    hits : Hits or None
    context : Context
    method : str
        For the names of the plots.
    limit, window
        As of :func:`~postgwas.meta.lead_loci.sentinels`.
    order : list of int
        The studies as given, places in the order of names: the rows of the plots, and the order in which
        studies are added.
    """
    import polars as pl

    if hits is None:
        log.info("No locus reaches -log10 P %.2f", limit)
        return {ending: pl.DataFrame() for ending in ENDINGS}, []
    if context.prepared is not None and "scheme" in context.options:
        log.warning(
            "OUT.leave_one_out.tsv, OUT.cumulative.tsv and forest plots take studies to share no people%s",
            "" if shared_people(context) is not None else "; so do single ancestries of OUT.loci.tsv",
        )
    chrom, pos = hits["chr"], hits["pos"]
    if not pos.all():
        raise NoVariantsError(
            f"{int((pos == 0).sum()):,} of {pos.size:,} hits of -log10 P {limit:.2f} have no place: "
            "loci cannot be told apart",
            hint="--chr_name and --pos_name, or without --loci",
        )
    groups = groups_of(context)
    leads = sentinels(chrom, pos, hits["whole"], limit=limit, window=window)
    parts = [sentinels(chrom, pos, one, limit=limit, window=window) for one in hits["parts"]]
    gained = gained_loci(chrom, pos, leads, parts, window=window)
    log.info(
        "%d loci at -log10 P %.2f; %s; %d of them in no ancestry alone; %d of one ancestry are lost",
        leads.size, limit,
        ", ".join(f"{rows.size} in {name} alone" for (name, _), rows in zip(groups, parts)),
        gained.n_gained, len(gained.lost),
    )  # fmt: skip
    tables = {
        ".loci.tsv": _loci(hits, leads, gained.known, gained.lost, groups),
        ".loci_studies.tsv": _by_study(hits, leads, context, order),
        ".leave_one_out.tsv": _left_out(hits, leads, context, order),
        ".cumulative.tsv": _added(hits, leads, context, order),
    }
    return tables, [_forest(hits, row, context, groups, order, method) for row in leads.tolist()]


def _who(hits: Hits, row: int) -> dict[str, Any]:
    return {
        "SNPID": hits["snpid"][row].decode() or None, "CHR": CHROMOSOME_NAMES.get(int(hits["chr"][row])),
        "POS": int(hits["pos"][row]), "EA": hits["ea"][row].decode(), "NEA": hits["nea"][row].decode(),
    }  # fmt: skip


def _loci(hits: Hits, leads: Any, known: Any, lost: Any, groups: list[tuple[str, list[int]]]) -> pl.DataFrame:
    import polars as pl

    rows = []
    for row, parts in [
        *zip(leads.tolist(), known),
        *((row, None) for row in dict.fromkeys(r for _, r in lost)),
    ]:
        made = _who(hits, row)
        size = float(hits["whole"][row])
        made |= {"BETA": float(hits["meta_beta"][row]), "SE": float(hits["meta_se"][row]), "MLOG10P": size}
        made |= {f"MLOG10P_{name}": float(hits["parts"][at, row]) for at, (name, _) in enumerate(groups)}
        if parts is None:
            names = [groups[part][0] for part, other in lost if other == row]
            made |= {"STATUS": "lost", "SINGLE_ANCESTRY": ",".join(names)}
        else:
            made["STATUS"] = "shared" if parts else "gained"
            made["SINGLE_ANCESTRY"] = ",".join(groups[part][0] for part in parts) or None
        rows.append(made)
    return pl.DataFrame(rows, infer_schema_length=None).fill_nan(None)


def _by_study(hits: Hits, leads: Any, context: Context, order: list[int]) -> pl.DataFrame:
    import polars as pl

    rows = []
    for row in leads.tolist():
        for at in order:
            z = float(hits["z"][at, row])
            rows.append(
                {
                    **_who(hits, row), "STUDY": context.names[at], "ANCESTRY": context.ancestries[at],
                    "EAF": float(hits["eaf"][at, row]), "BETA": float(hits["beta"][at, row]),
                    "SE": float(hits["se"][at, row]), "Z": z,
                    "MLOG10P": float(mlog10p_from_z(np.array([z]))[0]),
                }
            )  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None).fill_nan(None)


def _left_out(hits: Hits, leads: Any, context: Context, order: list[int]) -> pl.DataFrame:
    beta, se = hits["beta"][:, leads], hits["se"][:, leads]
    names = [("WITHOUT", context.names[at]) for at in order]
    fixed, mixed = leave_one_out(beta, se, method="FE"), leave_one_out(beta, se, method="DL")
    return _results(hits, leads, names, [fixed[at] for at in order], [mixed[at] for at in order])


def _added(hits: Hits, leads: Any, context: Context, order: list[int]) -> pl.DataFrame:
    beta, se, at = hits["beta"][:, leads], hits["se"][:, leads], np.array(order)
    names = [("ADDED", context.names[one]) for one in order]
    fixed, mixed = cumulative(beta, se, at, method="FE"), cumulative(beta, se, at, method="DL")
    return _results(hits, leads, names, fixed, mixed)


def _results(hits: Hits, leads: Any, names: Any, fixed: Any, mixed: Any) -> pl.DataFrame:
    import polars as pl

    rows = []
    for place, row in enumerate(leads.tolist()):
        for (label, name), one, other in zip(names, fixed, mixed):
            rows.append(
                {
                    **_who(hits, row), label: name, "N_STUDIES": int(one.k[place]),
                    "BETA_FIXED": float(one.beta[place]), "SE_FIXED": float(one.se[place]),
                    "MLOG10P_FIXED": float(one.mlog10p[place]), "BETA_DL": float(other.beta[place]),
                    "SE_DL": float(other.se[place]), "MLOG10P_DL": float(other.mlog10p[place]),
                    "Q": float(one.q[place]), "I2": float(one.i2[place]),
                }
            )  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None).fill_nan(None)


def _forest(hits: Hits, row: int, context: Context, groups: Any, order: list[int], method: str) -> Forest:
    beta, se = hits["beta"][:, [row]], hits["se"][:, [row]]
    rows = []
    several = len(groups) < len(context.names)
    for name, members in groups:
        mine = [at for at in order if at in members]
        rows += [
            ForestRow(context.names[at], float(beta[at, 0]), float(se[at, 0]), name, "study") for at in mine
        ]
        if several:
            part = random_effects(beta[mine], se[mine], method="FE")
            rows.append(ForestRow(name, float(part.beta[0]), float(part.se[0]), name, "subtotal"))
    fixed, mixed = random_effects(beta, se, method="FE"), random_effects(beta, se, method="DL")
    rows.append(ForestRow("Fixed effect", float(fixed.beta[0]), float(fixed.se[0]), None, "total"))
    rows.append(ForestRow("Random effects (DL)", float(mixed.beta[0]), float(mixed.se[0]), None, "total"))
    who = _who(hits, row)
    p = float(p_from_mlog10p(np.array([hits["whole"][row]]))[0])
    said = f"P {p:.2g}" if p > 0 else f"-log10 P {hits['whole'][row]:.0f}"
    title = f"{who['SNPID'] or 'variant'}  {who['CHR']}:{who['POS']:,}  {who['EA']}/{who['NEA']}   "
    title += f"{method} {said}"
    under = f"Q {fixed.q[0]:.2f} ({int(fixed.q_df[0])} df), P {10.0 ** -fixed.q_mlog10p[0]:.2g};  "
    under += f"$I^2$ {mixed.i2[0]:.0f} %;  $\\tau^2$ {mixed.tau2[0]:.2g}"
    return Forest(title, tuple(rows), f"effect of {who['EA']} (95 % interval)", under)
