"""Steps of genotypes and expression: quality control, axes, normalisation, hidden factors, eQTLs."""

from __future__ import annotations

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


def _tissue(study: StudyDescription, tissue: str, data: Expression) -> list[Step]:
    genotypes = study.file(data.genotypes)
    files = genotype_files(genotypes)
    people = ["--genotypes", genotypes]
    steps: list[Step] = []
    if wanted(study, "genotypes_qc"):
        steps.append(make_step(study, "genotypes_qc", tissue, people, reads=files))
    axes = _axes(study, tissue, data, people, files)
    steps += axes
    if not wanted(study, "expression_prepare"):
        return steps
    counts = study.file(data.counts)
    gtf = study.file(study.content.reference.gtf or "")
    prepared = make_step(
        study, "expression_prepare", tissue, [counts, "--gtf", gtf, "--name", tissue], reads=[counts, gtf]
    )
    steps.append(prepared)
    made = _covariates(study, tissue, data, prepared, axes[-1] if axes else None)
    steps += made
    steps += _eqtls(study, tissue, people, files, prepared, made[-1] if made else None)
    return steps


def _axes(
    study: StudyDescription, tissue: str, data: Expression, people: list[str], files: list[str]
) -> list[Step]:
    """Pruning, then principal components."""
    if data.genotype_pcs == 0 or not wanted(study, "genotypes_pca"):
        return []
    if not wanted(study, "genotypes_prune"):
        return [make_step(study, "genotypes_pca", tissue, people, reads=files)]
    pruned = make_step(study, "genotypes_prune", tissue, people, reads=files)
    kept = written(pruned, ".prune.in")
    words = [*people, "--extract", kept]
    return [
        pruned,
        make_step(study, "genotypes_pca", tissue, words, reads=[*files, kept], after=[pruned]),
    ]


def _covariates(
    study: StudyDescription, tissue: str, data: Expression, prepared: Step, axes: Step | None
) -> list[Step]:
    """Hidden factors, then all covariates in one file; nothing where there are none."""
    steps: list[Step] = []
    bed = written(prepared, ".expression.bed.gz")
    words, reads, after = ["--samples", bed], [bed], [prepared]
    if data.factors and wanted(study, "expression_peer"):
        number = ["--n_factors", str(data.factors)]
        factors = make_step(study, "expression_peer", tissue, [bed, *number], reads=[bed], after=[prepared])
        steps.append(factors)
        found = written(factors, ".peer_factors.txt")
        words, reads, after = [*words, "--factors", found], [*reads, found], [*after, factors]
    if data.covariates and data.samples is not None:
        sheet = study.file(data.samples)
        words += ["--known", sheet, "--include", ",".join(data.covariates)]
        reads.append(sheet)
    if axes is not None:
        found = written(axes, ".eigenvec")
        words += ["--genotype_pcs", found, "--n_genotype_pcs", str(data.genotype_pcs)]
        reads, after = [*reads, found], [*after, axes]
    if len(words) > 2 and wanted(study, "expression_covariates"):
        steps.append(make_step(study, "expression_covariates", tissue, words, reads=reads, after=after))
        return steps
    return []


def _eqtls(
    study: StudyDescription,
    tissue: str,
    people: list[str],
    files: list[str],
    prepared: Step,
    covariates: Step | None,
) -> list[Step]:
    bed = written(prepared, ".expression.bed.gz")
    words, reads, after = [*people, "--phenotypes", bed], [*files, bed], [prepared]
    if covariates is not None:
        found = written(covariates, ".covariates.txt")
        words, reads, after = [*words, "--covariates", found], [*reads, found], [*after, covariates]
    steps: list[Step] = []
    if wanted(study, "eqtl_cis"):
        steps.append(make_step(study, "eqtl_cis", tissue, words, reads=reads, after=after))
    if not wanted(study, "eqtl_permute"):
        return steps
    seed = ["--seed", str(study.content.study.seed)]
    given = study.settings("eqtl_permute") or {}
    permuted = make_step(
        study, "eqtl_permute", tissue, [*words, *([] if "seed" in given else seed)], reads=reads, after=after
    )
    steps.append(permuted)
    results = written(permuted, ".cis_permutation.tsv.gz")
    more = {"reads": [*reads, results], "after": [*after, permuted]}
    if wanted(study, "eqtl_independent"):
        given = study.settings("eqtl_independent") or {}
        these = [*words, "--permutation_results", results, *([] if "seed" in given else seed)]
        steps.append(make_step(study, "eqtl_independent", tissue, these, **more))  # type: ignore[arg-type]
    if wanted(study, "eqtl_finemap"):
        these = [*words, "--egenes", results]
        steps.append(make_step(study, "eqtl_finemap", tissue, these, **more))  # type: ignore[arg-type]
    return steps
