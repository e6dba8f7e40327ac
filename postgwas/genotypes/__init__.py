r"""Genotypes from PLINK 1, PLINK 2, VCF, BCF and BGEN files, and what is computed from them.

Every name below is imported when first used.

=====================  ======================================================================
``open_genotypes``     blocks of variants x samples, of any file
``open_selected``      the same with a ``Selection``; of indexed files only its regions are read
``convert``            any of them, or a selection, as PLINK 1, PLINK 2, VCF or BCF
``qc``                 call rates, frequencies, Hardy-Weinberg, heterozygosity, sex, relatives
``prune``              variants that are not correlated with their neighbours (plink's rule)
``king``               KING-robust kinship of all pairs, and whom to leave out
``hwe_exact``          exact tests of Hardy-Weinberg proportions, on arrays
``pca``                principal components, exact or randomised, with loadings
``project``            new samples on the axes of others
``ancestry``           groups and proportions of projected samples beside labelled ones
``fst``                F_ST of groups, Weir-Cockerham's or Hudson's, with standard errors
``grm``                the genomic relationship matrix
=====================  ======================================================================

What a command does has a second form that writes the command's files:
``qc_files``, ``prune_files``, ``king_files``, ``pca_files``, ``project_files``, ``ancestry_files``,
``fst_files``, ``grm_files``.

Examples
--------
A VCF of two populations of 20 people, whose frequencies differ at every other of 60 variants:

>>> import numpy as np
>>> from pathlib import Path
>>> from postgwas import genotypes
>>> rng = np.random.default_rng(1)
>>> south = np.repeat([False, True], 20)
>>> frequency = np.where(south & (np.arange(60)[:, None] % 2 == 0), 0.7, 0.3)
>>> calls = np.array(["0/0", "0/1", "1/1"])[rng.binomial(2, frequency)].tolist()
>>> people = [f"P{i}" for i in range(40)]
>>> head = ["##fileformat=VCFv4.2", "##contig=<ID=1>"]
>>> head.append('##FORMAT=<ID=GT,Number=1,Type=String,Description="">')
>>> names = "#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT".split() + people
>>> lines = [["1", f"{5000 * j + 1}", f"rs{j}", *"AC...", "GT", *calls[j]] for j in range(60)]
>>> text = [*head, *("\t".join(line) for line in [names, *lines])]
>>> _ = Path("people.vcf").write_text("\n".join(text) + "\n")
>>> data = genotypes.open_genotypes("people.vcf")
>>> data.n_variants, data.n_samples
(60, 40)
>>> axes = genotypes.pca(data, settings=genotypes.PcaSettings(n_axes=2))
>>> axes.scores.shape, bool(abs(np.corrcoef(axes.scores[:, 0], south)[0, 1]) > 0.9)
((40, 2), True)
>>> groups = dict(zip(people, np.where(south, "south", "north").tolist()))
>>> round(genotypes.fst(data, groups).table["FST"].item(), 3)  # 0.16 / 1 by the frequencies
0.185
>>> genotypes.grm(data).matrix.values.shape
(40, 40)
>>> genotypes.prune(data).dropped
{'do not vary': 0, 'correlated': 20}
>>> checked = genotypes.qc(data, settings=genotypes.QcSettings(maf_min=0.05, hwe=1e-6))
>>> int(checked.sites.mask.sum()), int(checked.people.mask.sum())
(60, 40)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from postgwas.genotypes.genotypes import BlockSource, Genotypes, Moments
from postgwas.genotypes.opening import open_genotypes

if TYPE_CHECKING:
    from postgwas.genotypes.hwe import hwe_exact as hwe_exact
    from postgwas.genotypes.qc_settings import QcSettings as QcSettings
    from postgwas.genotypes.run_ancestry import AncestrySettings as AncestrySettings
    from postgwas.genotypes.run_ancestry import ancestry as ancestry
    from postgwas.genotypes.run_ancestry import ancestry_files as ancestry_files
    from postgwas.genotypes.run_convert import convert as convert
    from postgwas.genotypes.run_fst import FstSettings as FstSettings
    from postgwas.genotypes.run_fst import fst as fst
    from postgwas.genotypes.run_grm import grm as grm
    from postgwas.genotypes.run_grm import grm_files as grm_files
    from postgwas.genotypes.run_king import KingSettings as KingSettings
    from postgwas.genotypes.run_king import king as king
    from postgwas.genotypes.run_pca import PcaSettings as PcaSettings
    from postgwas.genotypes.run_pca import pca as pca
    from postgwas.genotypes.run_project import ProjectSettings as ProjectSettings
    from postgwas.genotypes.run_project import project as project
    from postgwas.genotypes.run_prune import PruneSettings as PruneSettings
    from postgwas.genotypes.run_prune import prune as prune
    from postgwas.genotypes.run_qc import qc as qc
    from postgwas.genotypes.selection import Selection as Selection
    from postgwas.genotypes.selection import open_selected as open_selected
    from postgwas.genotypes.write_fst import fst_files as fst_files
    from postgwas.genotypes.write_king import king_files as king_files
    from postgwas.genotypes.write_pca import pca_files as pca_files
    from postgwas.genotypes.write_project import project_files as project_files
    from postgwas.genotypes.write_prune import prune_files as prune_files
    from postgwas.genotypes.write_qc import qc_files as qc_files

_HOMES = {
    "AncestrySettings": "postgwas.genotypes.run_ancestry",
    "FstSettings": "postgwas.genotypes.run_fst",
    "KingSettings": "postgwas.genotypes.run_king",
    "PcaSettings": "postgwas.genotypes.run_pca",
    "ProjectSettings": "postgwas.genotypes.run_project",
    "PruneSettings": "postgwas.genotypes.run_prune",
    "QcSettings": "postgwas.genotypes.qc_settings",
    "Selection": "postgwas.genotypes.selection",
    "ancestry": "postgwas.genotypes.run_ancestry",
    "ancestry_files": "postgwas.genotypes.run_ancestry",
    "convert": "postgwas.genotypes.run_convert",
    "fst": "postgwas.genotypes.run_fst",
    "fst_files": "postgwas.genotypes.write_fst",
    "grm": "postgwas.genotypes.run_grm",
    "grm_files": "postgwas.genotypes.run_grm",
    "hwe_exact": "postgwas.genotypes.hwe",
    "king": "postgwas.genotypes.run_king",
    "king_files": "postgwas.genotypes.write_king",
    "open_selected": "postgwas.genotypes.selection",
    "pca": "postgwas.genotypes.run_pca",
    "pca_files": "postgwas.genotypes.write_pca",
    "project": "postgwas.genotypes.run_project",
    "project_files": "postgwas.genotypes.write_project",
    "prune": "postgwas.genotypes.run_prune",
    "prune_files": "postgwas.genotypes.write_prune",
    "qc": "postgwas.genotypes.run_qc",
    "qc_files": "postgwas.genotypes.write_qc",
}

__all__ = [
    "AncestrySettings", "BlockSource", "FstSettings", "Genotypes", "KingSettings", "Moments",
    "PcaSettings", "ProjectSettings", "PruneSettings", "QcSettings", "Selection", "ancestry",
    "ancestry_files", "convert", "fst", "fst_files", "grm", "grm_files", "hwe_exact", "king",
    "king_files", "open_genotypes", "open_selected", "pca", "pca_files", "project", "project_files",
    "prune", "prune_files", "qc", "qc_files",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
