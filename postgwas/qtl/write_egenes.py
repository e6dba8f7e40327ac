"""eGenes from files to files: what ``postgwas eqtl egenes`` does."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import asdict

from postgwas.genotypes.stored import Origin, store_tables
from postgwas.qtl.outputs import Format, destination, told_paths, write_tables
from postgwas.qtl.permutation_options import DiscoveryOptions
from postgwas.qtl.run_egenes import EGenes, PairsBy, Source, egenes
from postgwas.runlog import get_logger, run_log

log = get_logger("qtl")

WHAT = "egenes"
PAIRS = "significant_pairs"


def egenes_files(
    results: Source,
    out: str,
    *,
    nominal: Sequence[Source] = (),
    discovery: DiscoveryOptions | None = None,
    pairs_by: PairsBy = "nominal",
    groups: Source | None = None,
    format: Format = "tsv",
    store: str | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    log_json: bool = False,
) -> EGenes:
    """Write OUT.egenes.tsv.gz, with nominal results OUT.significant_pairs.tsv.gz, and OUT.log.

    Parameters
    ----------
    results, nominal, discovery, pairs_by, groups
        As :func:`postgwas.qtl.egenes`.
    out : str
        Prefix of the files.
    format : {"tsv", "parquet", "both"}
    store : str, optional
        A study's store: ``qtl/egenes/<prefix>`` and ``qtl/significant_pairs/<prefix>``.
    overwrite, quiet, log_json : bool

    Raises
    ------
    PostgwasError
        Nothing is written then, the log apart.
    """
    wanted = discovery or DiscoveryOptions()
    wanted.check()
    whats = (WHAT, PAIRS) if nominal else (WHAT,)
    target = destination(out, whats, format, store=store, overwrite=overwrite, others=())
    began = time.perf_counter()
    with run_log(f"{out}.log", quiet=quiet, json_lines=log_json):
        found = egenes(
            results, nominal=list(nominal) or None, discovery=wanted, pairs_by=pairs_by, groups=groups
        )
        tables = {WHAT: found.table}
        if found.pairs is not None:
            tables[PAIRS] = found.pairs
        with target.together() as aside:
            write_tables(aside, tables, format)
        if store is not None:
            about = found.discoveries
            files = [os.fspath(one).partition("::")[0] for one in (results, *nominal)]
            origin = Origin(
                {**asdict(wanted), "pairs_by": pairs_by}, files, time.perf_counter() - began, about.n_tested,
                about.n_tested,
            )  # fmt: skip
            store_tables(
                target, {what: (frame, f"qtl-{what}") for what, frame in tables.items()}, origin,
                attrs={
                    "fdr": about.fdr, "pi0": about.pi0, "qvalue_method": about.method,
                    "n_significant": about.n_significant, "pval_beta_threshold": about.pval_beta_threshold,
                    "qvalue_note": about.note or "",
                },
            )  # fmt: skip
        log.info("Wrote %s", told_paths(target))
    return found
