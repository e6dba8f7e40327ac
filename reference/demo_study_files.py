"""The demo study's files: genotypes, a reference of variants, counts, GTF, samples, truth, study.yaml."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from postgwas.reference.demo_files import write_bytes, write_table, write_text
from postgwas.reference.demo_study import SimulatedRegion, SimulatedStudy, sigma
from postgwas.reference.demo_study_design import GENETIC_CORRELATION, N_SAMPLES, TRAITS
from postgwas.reference.demo_study_sumstats import write_gwas
from postgwas.reference.demo_study_yaml import DEMO_YAML
from postgwas.reference.population_history import POPULATIONS

if TYPE_CHECKING:
    import polars as pl

_REFERENCE_HEADER = """##fileformat=VCFv4.2
##reference=GRCh38
##INFO=<ID=AF_AFR,Number=A,Type=Float,Description="Frequency of ALT in AFR">
##INFO=<ID=AF_EUR,Number=A,Type=Float,Description="Frequency of ALT in EUR">
##INFO=<ID=AF_EAS,Number=A,Type=Float,Description="Frequency of ALT in EAS">
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO
"""


def write_study_files(folder: Path, study: SimulatedStudy) -> None:
    """Write everything; study.yaml comes last, so that its presence means that the study is whole."""
    for name in ("genotypes", "gwas", "expression", "reference", "truth"):
        (folder / name).mkdir(exist_ok=True)
    for ancestry in POPULATIONS:
        _write_genotypes(folder / "genotypes" / ancestry, study, {ancestry: study.plan.n_people})
        for trait in range(len(TRAITS)):
            write_gwas(folder / "gwas", study, ancestry, trait)
    _write_genotypes(
        folder / "genotypes" / "expressed", study, dict.fromkeys(POPULATIONS, study.plan.n_expressed)
    )
    _write_reference(folder / "reference" / "variants.vcf.gz", study)
    _write_expression(folder / "expression", study)
    _write_truth(folder / "truth", study)
    write_text(folder / "study.yaml", DEMO_YAML)


def _write_genotypes(stem: Path, study: SimulatedStudy, people: dict[str, int]) -> None:
    """Hard calls of so many people of each ancestry, as PLINK 2 files."""
    import polars as pl

    from postgwas.genotypes.write_plink import write_plink2

    names = [one for ancestry, n in people.items() for one in study.people[ancestry][:n]]
    samples = pl.DataFrame({"IID": names}).select(
        pl.lit(None, pl.String).alias("FID"), "IID", pl.lit(None, pl.Int8).alias("SEX")
    )
    blocks = (
        np.concatenate([one.haplotypes.dosages(ancestry)[:, :n] for ancestry, n in people.items()], axis=1)
        for one in study.regions
    )
    write_plink2(stem, _variant_table(study), samples, blocks, ref_known=True)


def _variant_table(study: SimulatedStudy) -> pl.DataFrame:
    import polars as pl

    return pl.concat(
        [
            pl.DataFrame(
                {
                    "CHROM": [one.region.chromosome] * one.snpid.size,
                    "SNPID": one.snpid,
                    "CM": one.position / 1e6,
                    "POS": one.position,
                    "A1": one.alt,
                    "A2": one.ref,
                }
            )
            for one in study.regions
        ]
    )


def _write_reference(path: Path, study: SimulatedStudy) -> None:
    from isal import igzip

    lines = [_REFERENCE_HEADER]
    for one in study.regions:
        shares = [one.haplotypes.alleles[name].mean(axis=1) for name in POPULATIONS]
        for row in range(one.snpid.size):
            info = ";".join(f"AF_{name}={share[row]:.5f}" for name, share in zip(POPULATIONS, shares))
            fields = (one.region.chromosome, one.position[row], one.snpid[row], one.ref[row], one.alt[row])
            lines.append("\t".join(map(str, fields)) + f"\t.\tPASS\t{info}\n")
    write_bytes(path, igzip.compress("".join(lines).encode(), 2, mtime=0))


def _write_expression(folder: Path, study: SimulatedStudy) -> None:
    genes = [gene for one in study.regions for gene in one.genes]
    columns: dict[str, Any] = {"gene_id": np.array(genes, dtype=object)}
    columns |= {name: study.counts[:, number] for number, name in enumerate(study.expressed)}
    write_table(folder / "counts.tsv.gz", columns)
    lines = ["sample\tsex\tancestry"]
    for name, sex in zip(study.expressed, study.sex):
        lines.append(f"{name}\t{'male' if sex == 1 else 'female'}\t{name[:3]}")
    write_text(folder / "samples.tsv", "\n".join(lines) + "\n")
    gtf = []
    for one in study.regions:
        for gene, tss in zip(one.genes, one.planted.tss):
            start = one.region.start + int(tss)
            what = f'gene_id "{gene}"; gene_name "{gene_name(gene)}"; gene_type "protein_coding";'
            for kind, more in (
                ("gene", ""),
                ("transcript", f' transcript_id "{gene}-1";'),
                ("exon", f' transcript_id "{gene}-1";'),
            ):
                place = f"chr{one.region.chromosome}\tdemo\t{kind}\t{start}\t{start + 2999}"
                gtf.append(f"{place}\t.\t+\t.\t{what}{more}")
    write_text(folder / "genes.gtf", "\n".join(gtf) + "\n")


def gene_name(gene: str) -> str:
    """The short name of a gene of the demo study.

    Examples
    --------
    >>> gene_name("ENSG00000003007")
    'DEMO3007'
    """
    return f"DEMO{int(gene[4:])}"


def _write_truth(folder: Path, study: SimulatedStudy) -> None:
    """causal.tsv, eqtls.tsv, genes.tsv and traits.json."""
    causal = ["region\tkind\ttrait\tancestry\tSNPID\tCHR\tPOS\tEA\tNEA\tBETA\tEAF"]
    eqtls = ["gene_id\tSNPID\tCHR\tPOS\tEA\tNEA\tlog2_aFC"]
    genes = ["gene_id\tgene_name\tregion\tkind\ttraits\teqtl\tgwas_variant"]
    for number, one in enumerate(study.regions, start=1):
        causal += _causal_lines(number, one)
        for gene, row, fold in zip(one.genes, one.planted.eqtl, one.planted.fold):
            if row >= 0:
                cells = (
                    gene, one.snpid[row], one.region.chromosome, one.position[row], one.alt[row], one.ref[row]
                )  # fmt: skip
                eqtls.append("\t".join(map(str, cells)) + f"\t{fold:.6g}")
        if one.planted.candidate >= 0:
            gene = one.genes[one.planted.candidate]
            traits = ",".join(TRAITS[trait] for trait in one.region.traits)
            pair = one.snpid[one.planted.eqtl[one.planted.candidate]], one.snpid[one.planted.causal]
            genes.append("\t".join([gene, gene_name(gene), str(number), one.region.kind, traits, *pair]))
    for name, lines in (("causal", causal), ("eqtls", eqtls), ("genes", genes)):
        write_text(folder / f"{name}.tsv", "\n".join(lines) + "\n")
    write_text(folder / "traits.json", json.dumps(trait_truth(study), indent=1) + "\n")


def _causal_lines(number: int, one: SimulatedRegion) -> list[str]:
    row = one.planted.causal
    if row < 0:
        return []
    lines = []
    where = ("AFR",) if one.region.kind == "one ancestry" else POPULATIONS
    for trait in one.region.traits:
        for ancestry in where:
            cells = (
                number, one.region.kind, TRAITS[trait], ancestry, one.snpid[row], one.region.chromosome,
                one.position[row], one.alt[row], one.ref[row],
            )  # fmt: skip
            effect = one.planted.effects[ancestry][row, trait]
            share = one.haplotypes.alleles[ancestry][row].mean()
            lines.append("\t".join(map(str, cells)) + f"\t{effect:.6g}\t{share:.5f}")
    return lines


def trait_truth(study: SimulatedStudy) -> dict[str, Any]:
    """Heritability and genetic correlation of each ancestry: sums of squared standardised effects.

    Over variants of MAF 5 % or more, as LD score regression counts them.
    """
    ancestries: dict[str, Any] = {}
    for name in POPULATIONS:
        total = np.zeros((len(TRAITS), len(TRAITS)))
        for one in study.regions:
            dosages = one.haplotypes.dosages(name)
            share = dosages.mean(axis=1) / 2
            common = (np.minimum(share, 1 - share) >= 0.05)[:, None]
            b = np.where(common, one.planted.effects[name] * dosages.std(axis=1)[:, None], 0.0)
            total += b.T @ b
        ancestries[name] = {
            "n": N_SAMPLES[name],
            "h2": [round(float(value), 6) for value in np.diag(total)],
            "rg": round(float(total[0, 1] / np.sqrt(total[0, 0] * total[1, 1])), 6),
        }
    return {
        "seed": study.seed,
        "traits": list(TRAITS),
        "polygenic_rg": GENETIC_CORRELATION,
        "sigma": sigma().tolist(),
        "ancestries": ancestries,
    }
