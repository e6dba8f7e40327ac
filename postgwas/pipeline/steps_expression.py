"""Steps of genotypes and expression: quality control, axes, normalisation, hidden factors, eQTLs."""

from __future__ import annotations

from dataclasses import dataclass

from postgwas.pipeline.build import make_step, wanted, written
from postgwas.pipeline.named_files import genotype_files
from postgwas.pipeline.step import Step
from postgwas.pipeline.study_file import StudyDescription
from postgwas.pipeline.study_schema import Expression


def expression_steps(study: StudyDescription) -> list[Step]:
    """All steps of the study's tissues."""
    return [
        step for tissue, data in study.content.expression.items() for step in _tissue(study, tissue, data)
    ]


@dataclass(frozen=True)
class _Source:
    """Words of a command that name something, the files behind them, and the steps that write those."""

    words: tuple[str, ...]
    reads: tuple[str, ...]
    after: tuple[Step, ...] = ()


def _tissue(study: StudyDescription, tissue: str, data: Expression) -> list[Step]:
    checks, people = _people(study, tissue, data)
    axes = _axes(study, tissue, data, people)
    steps = [*checks, *axes]
    matrix = _matrix(study, tissue, data)
    if matrix is None:
        return steps
    steps += matrix.after
    made, covariates = _covariates(study, tissue, data, matrix, axes[-1] if axes else None)
    steps += made
    steps += _eqtls(study, tissue, data, people, matrix, covariates)
    return steps


def _people(study: StudyDescription, tissue: str, data: Expression) -> tuple[list[Step], _Source]:
    """The genotypes; where their quality control has limits, what passes them."""
    path = study.file(data.genotypes)
    all_of_them = _Source(("--genotypes", path), tuple(genotype_files(path)))
    if not wanted(study, "genotypes_qc"):
        return [], all_of_them
    checks = make_step(study, "genotypes_qc", tissue, all_of_them.words, reads=all_of_them.reads)
    if not study.settings("genotypes_qc"):
        return [checks], all_of_them
    variants, samples = written(checks, ".extract.txt"), written(checks, ".keep.txt")
    words = (*all_of_them.words, "--extract", variants, "--keep", samples)
    return [checks], _Source(words, (*all_of_them.reads, variants, samples), (checks,))


def _axes(study: StudyDescription, tissue: str, data: Expression, people: _Source) -> list[Step]:
    """Pruning, then principal components."""
    if data.n_axes == 0 or not wanted(study, "genotypes_pca"):
        return []
    if not wanted(study, "genotypes_prune"):
        return [
            make_step(study, "genotypes_pca", tissue, people.words, reads=people.reads, after=people.after)
        ]
    pruned = make_step(study, "genotypes_prune", tissue, people.words, reads=people.reads, after=people.after)
    kept = written(pruned, ".prune.in")
    words = [*people.words, "--extract", kept]  # the last one counts
    reads, after = [*people.reads, kept], [*people.after, pruned]
    return [pruned, make_step(study, "genotypes_pca", tissue, words, reads=reads, after=after)]


def _matrix(study: StudyDescription, tissue: str, data: Expression) -> _Source | None:
    """The phenotype BED: the study's own, or made of counts; None where it is not to be made."""
    if data.phenotypes is not None:
        bed = study.file(data.phenotypes)
        return _Source((bed,), (bed,))
    if not wanted(study, "expression_prepare"):
        return None
    counts, gtf = study.file(data.counts or ""), study.file(study.content.reference.gtf or "")
    prepared = make_step(
        study, "expression_prepare", tissue, [counts, "--gtf", gtf, "--name", tissue], reads=[counts, gtf]
    )
    bed = written(prepared, ".expression.bed.gz")
    return _Source((bed,), (bed,), (prepared,))


def _covariates(
    study: StudyDescription, tissue: str, data: Expression, matrix: _Source, axes: Step | None
) -> tuple[list[Step], _Source | None]:
    """Hidden factors, then all covariates in one file; no steps where there is nothing to put together."""
    steps: list[Step] = []
    words, reads, after = ["--samples", *matrix.words], [*matrix.reads], [*matrix.after]
    if data.n_factors and wanted(study, "expression_peer"):
        number = ["--n_factors", str(data.n_factors)]
        factors = make_step(
            study, "expression_peer", tissue, [*matrix.words, *number], reads=reads, after=after
        )
        steps.append(factors)
        found = written(factors, ".peer_factors.txt")
        words, reads, after = [*words, "--factors", found], [*reads, found], [*after, factors]
    if data.covariate_table is not None:
        table = study.file(data.covariate_table)
        words, reads = [*words, "--known", table], [*reads, table]
    elif data.covariates and data.samples is not None:
        sheet = study.file(data.samples)
        words += ["--known", sheet, "--include", ",".join(data.covariates)]
        reads.append(sheet)
    if axes is not None:
        found = written(axes, ".eigenvec")
        words += ["--genotype_pcs", found, "--n_genotype_pcs", str(data.n_axes)]
        reads, after = [*reads, found], [*after, axes]
    if len(words) == 2 or not wanted(study, "expression_covariates"):
        return [], None
    words += _unmatched(study, "expression_covariates", data)
    together = make_step(study, "expression_covariates", tissue, words, reads=reads, after=after)
    found = written(together, ".covariates.txt")
    return [*steps, together], _Source(("--covariates", found), (found,), (together,))


def _unmatched(study: StudyDescription, kind: str, data: Expression) -> list[str]:
    given = "unmatched" in (study.settings(kind) or {})
    return [] if given or data.unmatched == "refuse" else ["--unmatched", data.unmatched]


def _eqtls(
    study: StudyDescription,
    tissue: str,
    data: Expression,
    people: _Source,
    matrix: _Source,
    covariates: _Source | None,
) -> list[Step]:
    sources = [people, matrix, *([] if covariates is None else [covariates])]
    words = [*people.words, "--phenotypes", *matrix.words, *(covariates.words if covariates else ())]
    reads = [name for one in sources for name in one.reads]
    after = [step for one in sources for step in one.after]

    def of(kind: str) -> list[str]:
        return [*words, *_unmatched(study, kind, data)]

    steps: list[Step] = []
    if wanted(study, "eqtl_cis"):
        steps.append(make_step(study, "eqtl_cis", tissue, of("eqtl_cis"), reads=reads, after=after))
    if not wanted(study, "eqtl_permute"):
        return steps
    seed = ["--seed", str(study.content.study.seed)]
    given = study.settings("eqtl_permute") or {}
    permuted = make_step(
        study,
        "eqtl_permute",
        tissue,
        [*of("eqtl_permute"), *([] if "seed" in given else seed)],
        reads=reads,
        after=after,
    )
    steps.append(permuted)
    results = written(permuted, ".cis_permutation.tsv.gz")
    more = {"reads": [*reads, results], "after": [*after, permuted]}
    if wanted(study, "eqtl_independent"):
        given = study.settings("eqtl_independent") or {}
        these = [
            *of("eqtl_independent"),
            "--permutation_results",
            results,
            *([] if "seed" in given else seed),
        ]
        steps.append(make_step(study, "eqtl_independent", tissue, these, **more))  # type: ignore[arg-type]
    if wanted(study, "eqtl_finemap"):
        these = [*of("eqtl_finemap"), "--egenes", results]
        steps.append(make_step(study, "eqtl_finemap", tissue, these, **more))  # type: ignore[arg-type]
    return steps
