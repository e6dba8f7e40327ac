"""Steps that map QTLs of one tissue, and those that hold tissues against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from postgwas.pipeline.build import make_step, wanted, written
from postgwas.pipeline.source import Source, written_by
from postgwas.pipeline.step import Step
from postgwas.pipeline.study_file import StudyDescription
from postgwas.pipeline.study_schema import Expression


@dataclass(frozen=True)
class Tissue:
    """What the steps of one tissue start from.

    Attributes
    ----------
    name : str
    data : Expression
    people : Source
        Genotypes.
    matrix : Source
        Phenotypes, ready to be mapped.
    covariates : Source, optional
    """

    name: str
    data: Expression
    people: Source
    matrix: Source
    covariates: Source | None

    def step(self, study: StudyDescription, kind: str, *more: Source | None) -> Step:
        """One mapping step: genotypes, phenotypes, covariates, and what it needs beside."""
        phenotypes = Source(("--phenotypes", *self.matrix.words), self.matrix.reads, self.matrix.after)
        return self._step(study, kind, self.people, phenotypes, self.covariates, *more)

    def step_from_counts(self, study: StudyDescription, kind: str, *more: Source | None) -> Step:
        """The same from raw counts instead of phenotypes."""
        counts = study.file(self.data.counts or "")
        return self._step(
            study, kind, self.people, Source(("--counts", counts), (counts,)), self.covariates, *more
        )

    def _step(self, study: StudyDescription, kind: str, *sources: Source | None) -> Step:
        all_of_it = sum((one for one in sources if one is not None), Source((), ()))
        words = [*all_of_it.words, *unmatched(study, kind, self.data)]
        return make_step(study, kind, self.name, words, reads=all_of_it.reads, after=all_of_it.after)


def unmatched(study: StudyDescription, kind: str, data: Expression) -> list[str]:
    """What is done about people that not all files have."""
    given = "unmatched" in (study.settings(kind) or {})
    return [] if given or data.unmatched == "refuse" else ["--unmatched", data.unmatched]


def eqtl_steps(study: StudyDescription, tissue: Tissue) -> list[Step]:
    """Mapping of one tissue: pairs, permutations, what follows from them, and what is asked for beside."""
    groups = _groups(study, tissue.data)
    steps: list[Step] = []
    independent: Step | None = None
    if wanted(study, "eqtl_cis"):
        steps.append(tissue.step(study, "eqtl_cis"))
    if wanted(study, "eqtl_permute"):
        permuted = tissue.step(study, "eqtl_permute", groups, _seed(study, "eqtl_permute"))
        steps.append(permuted)
        if wanted(study, "eqtl_independent"):
            results = written_by(permuted, "--permutation_results", ".cis_permutation.tsv.gz")
            seed = _seed(study, "eqtl_independent")
            independent = tissue.step(study, "eqtl_independent", results, groups, seed)
            steps.append(independent)
        if wanted(study, "eqtl_finemap"):
            egenes = written_by(permuted, "--egenes", ".cis_permutation.tsv.gz")
            steps.append(tissue.step(study, "eqtl_finemap", egenes))
    steps += _interaction(study, tissue, independent)
    if wanted(study, "eqtl_trans"):
        steps.append(tissue.step(study, "eqtl_trans"))
    if wanted(study, "eqtl_afc") and independent is not None and tissue.data.counts is not None:
        signals = written_by(independent, "--qtl", ".cis_independent.tsv.gz")
        steps.append(tissue.step_from_counts(study, "eqtl_afc", signals))
    return steps


def sharing_steps(study: StudyDescription, steps: Sequence[Step]) -> list[Step]:
    """The signals of all tissues held against each other."""
    if not wanted(study, "eqtl_sharing"):
        return []
    by_name = {step.name: step for step in steps}
    leads, nominal, after = [], [], []
    for tissue in study.content.expression:
        one, other = by_name.get(f"eqtl_permute/{tissue}"), by_name.get(f"eqtl_cis/{tissue}")
        if one is None or other is None:
            return []
        leads.append(f"{tissue}={written(one, '.cis_permutation.tsv.gz')}")
        nominal.append(f"{tissue}={written(other, '.cis_nominal.tsv.gz')}")
        after += [one, other]
    reads = [word.split("=", 1)[1] for word in (*leads, *nominal)]
    words = ["--leads", *leads, "--nominal", *nominal]
    return [make_step(study, "eqtl_sharing", "", words, reads=reads, after=after, prefix="tissues")]


def _groups(study: StudyDescription, data: Expression) -> Source | None:
    """Introns of a gene, isoforms: the best of each group is what counts."""
    if data.phenotype_groups is None:
        return None
    path = study.file(data.phenotype_groups)
    return Source(("--phenotype_groups", path), (path,))


def _seed(study: StudyDescription, kind: str) -> Source | None:
    given = study.settings(kind) or {}
    return None if "seed" in given else Source(("--seed", str(study.content.study.seed)), ())


def _interaction(study: StudyDescription, tissue: Tissue, independent: Step | None) -> list[Step]:
    """Terms of the sheet of samples, or the effects of independent signals in each group of people."""
    if not wanted(study, "eqtl_interaction"):
        return []
    given = study.settings("eqtl_interaction") or {}
    if "groups" in given:
        if independent is None:
            return []
        more = written_by(independent, "--leads", ".cis_independent.tsv.gz")
    elif "interaction" in given:
        more = Source((), ())
    else:
        sheet = study.file(tissue.data.samples or "")
        more = Source(("--interaction", sheet), (sheet,))
    return [tissue.step(study, "eqtl_interaction", more)]
