"""Steps that join traits and genes, and the report."""

from __future__ import annotations

from collections.abc import Sequence

from postgwas.pipeline.build import make_step, wanted, written
from postgwas.pipeline.meta_methods import WITH_EFFECT, methods_of
from postgwas.pipeline.named_files import genotype_files
from postgwas.pipeline.step import Step
from postgwas.pipeline.study_file import StudyDescription
from postgwas.pipeline.study_schema import Gwas


def coloc_steps(study: StudyDescription, steps: Sequence[Step]) -> list[Step]:
    """Colocalisation of each GWAS, and of what meta-analysis found, with each tissue."""
    if not wanted(study, "coloc"):
        return []
    by_name = {step.name: step for step in steps}
    found = []
    for tissue in study.content.expression:
        if f"eqtl_cis/{tissue}" in by_name:
            for one in study.content.gwas:
                found += _of_gwas(study, tissue, one, by_name)
            found += _of_meta(study, tissue, by_name)
    return found


def _of_gwas(study: StudyDescription, tissue: str, gwas: Gwas, by_name: dict[str, Step]) -> list[Step]:
    """With LD where there are genotypes of the ancestry, and the fits of fine-mapped genes."""
    harmonised = by_name.get(f"harmonise/{gwas.name}")
    if harmonised is None:
        return []
    table = written(harmonised, ".tsv.gz")
    words, reads, after = _qtl(study, tissue, by_name)
    words = [table, "--names", gwas.name, "--type", "quant" if gwas.n_cases is None else "cc", *words]
    genotypes = study.content.ancestries[gwas.ancestry].genotypes
    uses_store = False
    if genotypes is not None:
        words += ["--genotypes", study.file(genotypes)]
        reads += genotype_files(study.file(genotypes))
        covariates = by_name.get(f"expression_covariates/{tissue}")
        if covariates is not None:
            words += ["--qtl_covariates", written(covariates, ".covariates.txt")]
            reads.append(written(covariates, ".covariates.txt"))
            after.append(covariates)
        fits = by_name.get(f"eqtl_finemap/{tissue}")
        if fits is not None:
            words += ["--qtl_fits", f"{study.store}::qtl/finemap_pip/{tissue}"]
            after.append(fits)
            uses_store = True
    return [
        make_step(
            study, "coloc", f"{gwas.name}_{tissue}", words, reads=[table, *reads],
            after=[harmonised, *after], uses_store=uses_store,
        )
    ]  # fmt: skip


def _of_meta(study: StudyDescription, tissue: str, by_name: dict[str, Step]) -> list[Step]:
    """What the first method with effects found: no one LD fits it, so one causal variant is assumed."""
    steps = []
    for trait in dict.fromkeys(one.trait for one in study.content.gwas):
        names = [f"meta/{trait}_{one}" for one in methods_of(study.content, trait) if one in WITH_EFFECT]
        meta = next((by_name[name] for name in names if name in by_name), None)
        if meta is None:
            continue
        table = written(meta, ".tbl")
        words, reads, after = _qtl(study, tissue, by_name)
        # Of log odds where all studies are; METAL's table does not tell.
        cases = all(one.n_cases is not None for one in study.content.gwas if one.trait == trait)
        words = [table, "--names", f"meta_{trait}", "--type", "cc" if cases else "quant", *words]
        steps.append(
            make_step(
                study, "coloc", f"meta_{trait}_{tissue}", words, reads=[table, *reads], after=[meta, *after]
            )
        )
    return steps


def _qtl(
    study: StudyDescription, tissue: str, by_name: dict[str, Step]
) -> tuple[list[str], list[str], list[Step]]:
    """Words, files and steps of the QTL side; its genotypes tell where variants are, and with others LD."""
    nominal = by_name[f"eqtl_cis/{tissue}"]
    pairs = written(nominal, ".cis_nominal.tsv.gz")
    words, reads, after = ["--qtl", pairs], [pairs], [nominal]
    # Phenotypes that were given need not be genes; their own places are in their file.
    places = study.content.expression[tissue].phenotypes or study.content.reference.gtf
    if places is not None:
        places = study.file(places)
        words, reads = [*words, "--genes", places], [*reads, places]
    people = study.file(study.content.expression[tissue].genotypes)
    words, reads = [*words, "--qtl_genotypes", people], [*reads, *genotype_files(people)]
    permuted = by_name.get(f"eqtl_permute/{tissue}")
    if permuted is not None:
        leads = written(permuted, ".cis_permutation.tsv.gz")
        words, reads, after = [*words, "--egenes", leads], [*reads, leads], [*after, permuted]
    return words, reads, after


def report_step(study: StudyDescription, steps: Sequence[Step]) -> list[Step]:
    """The page of the whole study, from its store."""
    if not wanted(study, "report"):
        return []
    words = [str(study.store), "--title", study.content.study.name]
    return [make_step(study, "report", "", words, after=steps, prefix="report.html", uses_store=True)]
