"""Lists, QTL files, indexes, caches and archives, damaged."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pysam
import pytest
from genotypes.vcf_files import binary, compressed, random_rows, vcf_text
from hypothesis import given
from hypothesis import strategies as st
from reliability.damage import FUZZ, Reader, lay, lines, read_damaged, simple
from reliability.sound_inputs import BYTES, IDS, SCORES, SUMSTATS, pack, parquet

SAMPLES = pl.DataFrame({"FID": list("abcd"), "IID": list("abcd")})
NOMINAL = lines(
    "phenotype_id\tvariant_id\ttss_distance\taf\tma_samples\tma_count\tpval_nominal\tslope\tslope_se",
    *(f"G{i % 3}\tchr1_{100 + i}_A_G_b38\t{i}\t0.2\t5\t6\t0.0{i + 1}\t0.3\t0.1" for i in range(9)),
)
CATALOGUE = lines(
    "molecular_trait_id\tchromosome\tposition\tref\talt\tvariant\tma_samples\tmaf\tpvalue\tbeta\tse\ttype"
    "\tac\tan\tr2\tmolecular_trait_object_id\tgene_id\tmedian_tpm\trsid",
    *(
        f"G{i % 3}\t1\t{100 + i}\tA\tG\tchr1_{100 + i}_A_G\t5\t0.2\t0.0{i + 1}\t0.3\t0.1\tSNP"
        f"\t6\t40\tNA\tG\tG\t1\trs{i}"
        for i in range(9)
    ),
)
PAIRS = pl.DataFrame({"phenotype_id": ["G0", "G1"], "variant_id": ["chr1_100_A_G_b38", "chr1_101_A_G_b38"]})
ANNOT = lines(
    "CHR\tBP\tSNP\tCM\tbase\tx", *(f"1\t{1000 + i}\t{name}\t0\t1\t{i % 2}" for i, name in enumerate(IDS))
)
FRQ = lines("CHR SNP A1 A2 MAF NCHROBS", *(f"1 {name} A G 0.{10 + i} 40" for i, name in enumerate(IDS)))
RESULTS = lines(
    "SNP\tCHR\tBP\tA1\tA2\tZ\tN", *(f"{name}\t1\t{i}\tA\tG\t0.{i}\t100" for i, name in enumerate(IDS))
)


def _qtl() -> dict[str, Reader]:
    from postgwas.coloc.genome_settings import GwasInput
    from postgwas.coloc.phenotype_rows import load_trait
    from postgwas.coloc.qtl_genes import load_genes
    from postgwas.coloc.qtl_source import qtl_source
    from postgwas.qtl.inputs import group_of_phenotype
    from postgwas.qtl.pair_lookup import heights, look_up
    from postgwas.qtl.significant_pairs import significant_pairs

    limits = pl.DataFrame({"phenotype_id": ["G0", "G1"], "threshold": [0.05, 0.5]})
    places = lines("gene_id\tchromosome\ttss", *(f"G{i}\t1\t{100 * i}" for i in range(4)))
    trait = SUMSTATS.replace(b"SNP\t", b"gene\tSNP\t").replace(b"\nrs", b"\nG1\trs")

    def pieces(path: Path) -> Any:
        return list(qtl_source(path).pieces(heights=True))

    def genes(where: Path) -> Any:
        return load_genes(qtl_source(where / "q.tsv"), places=where / "p.tsv")

    def one_gene(where: Path) -> Any:
        return load_trait(GwasInput(where / "t.tsv", "t"), "gene=G1", where)

    return {
        "nominal pass": simple("q.tsv", NOMINAL, pieces),
        "nominal pass, gzip": simple("q.tsv.gz", pack("gz", NOMINAL), pieces),
        "nominal pass, Parquet": Reader(
            {"q.parquet": parquet(NOMINAL)}, lambda where: pieces(where / "q.parquet"), BYTES
        ),
        "eQTL Catalogue": simple("q.tsv", CATALOGUE, pieces),
        "genes": Reader({"q.tsv": NOMINAL, "p.tsv": places}, genes),
        "one phenotype": Reader({"t.tsv": trait}, one_gene),
        "pairs looked up": simple("q.tsv", NOMINAL, lambda path: look_up(path, PAIRS)),
        "pairs looked up, Parquet": Reader(
            {"q.parquet": parquet(NOMINAL)}, lambda where: look_up(where / "q.parquet", PAIRS), BYTES
        ),
        "heights": simple("q.tsv", NOMINAL, heights),
        "significant pairs": simple("q.tsv", NOMINAL, lambda path: significant_pairs(path, limits)),
        "significant pairs, Parquet": Reader(
            {"q.parquet": parquet(NOMINAL)},
            lambda where: significant_pairs(where / "q.parquet", limits),
            BYTES,
        ),
        "groups of phenotypes": simple("g.txt", lines("G1\tA", "G2\tA"), group_of_phenotype),
    }


def _lists() -> dict[str, Reader]:
    from postgwas.expression.run_covariates import samples_of
    from postgwas.finemap.region_list import RegionChoice, choose_regions
    from postgwas.genotypes.groups import groups_of
    from postgwas.genotypes.samples import keep_samples
    from postgwas.ld.run_l2 import rows_to_print
    from postgwas.ldsc.annotation_overlap import overlap_of, overlap_tasks
    from postgwas.mtag.run_fdr import read_results
    from postgwas.mtag.run_filters import variant_list

    stats = pl.DataFrame({"SNPID": IDS, "CHR": [1] * 20, "POS": range(20), "MLOG10P": [9.0] * 20})

    def overlap(where: Path) -> Any:
        return [
            overlap_of(task)
            for task in overlap_tasks([str(where / "a")], str(where / "f"), by_chromosome=False)
        ]

    def regions(path: Path) -> Any:
        return choose_regions(stats, RegionChoice(regions=path), "x")

    mtag = {
        "m_trait_1.txt": RESULTS,
        "m_trait_2.txt": RESULTS,
        "m_omega_hat.txt": b"1 0.5\n0.5 1\n",
        "m_sigma_hat.txt": b"1 0\n0 1\n",
    }
    return {
        "overlap of annotations": Reader({"a.annot.gz": pack("gz", ANNOT), "f.frq": FRQ}, overlap),
        "regions": simple("r.txt", lines("1:5-9", "X:1-70"), regions),
        "regions, BED": simple("r.bed", lines("1\t5\t9\tone", "2\t6\t9\ttwo"), regions),
        "groups of samples": simple(
            "g.txt",
            lines("#IID\tgroup", "a\tx", "b\ty", "c\tx", "d\ty"),
            lambda path: groups_of(SAMPLES, path),
        ),
        "keep": simple("k.txt", lines("#FID\tIID", "a\ta", "b\tb"), lambda path: keep_samples(SAMPLES, path)),
        "samples": simple("s.txt", lines("S1", "S2"), samples_of),
        "print_snps": simple(
            "p.txt", lines("rs1", "rs2"), lambda path: rows_to_print(pl.Series(IDS), str(path))
        ),
        "include": simple("i.txt", lines("SNP", *IDS), lambda path: variant_list([str(path)])),
        "skip_mtag": Reader(mtag, lambda where: read_results(str(where / "m"))),
    }


def _made(folder: Path) -> dict[str, Reader]:
    """Indexes and caches, which programs made, and archives."""
    from postgwas.genotypes.selection import Selection, open_selected
    from postgwas.ld.panel import load_panel
    from postgwas.reference.unpack import unpack
    from postgwas.sumstats.harmonise.fasta import Fasta

    (folder / "v.vcf").write_text(vcf_text(random_rows(2, 12, 5, odd=False), 5))
    packed, bcf = compressed(folder / "v.vcf"), binary(folder / "v.vcf")
    (folder / "r.fa").write_bytes(lines(">1", *["ACGTACGTAC" * 5] * 8, ">2", "ACGT"))
    pysam.faidx(str(folder / "r.fa"))

    def region(name: str) -> Callable[[Path], Any]:
        def read(where: Path) -> None:
            genotypes = open_selected(where / name, Selection(chromosomes="1")).genotypes
            genotypes.block(0, genotypes.n_variants)

        return read

    def fasta(where: Path) -> None:
        with Fasta(where / "r.fa") as sequence:
            for chromosome in sequence.chromosomes:
                sequence.sequence(chromosome)

    def kept(where: Path) -> None:
        """The cache is spoilt, of which another run must give the same scores."""
        os.environ["XDG_CACHE_HOME"] = str(where / "cache")
        lay(where, {"p/1.l2.ldscore": SCORES, "p/1.l2.M_5_50": b"20\n"})
        expected = load_panel(where / "p", cache=False)
        load_panel(where / "p")
        spoilt = (where / "spoilt").read_bytes()
        for file in (where / "cache").rglob("*"):
            if file.is_file():
                content = file.read_bytes()
                file.write_bytes(
                    bytes(a ^ b for a, b in zip(content, spoilt.ljust(len(content), b"\0"), strict=False))
                )
        again = load_panel(where / "p")
        assert again.pos.tolist() == expected.pos.tolist()
        assert again.l2.tolist() == expected.l2.tolist()

    def unpacked(name: str) -> Callable[[Path], Any]:
        return lambda where: unpack(where / name, where / "made")

    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("p/1.l2.ldscore", SCORES)
    return {
        "tabix index": Reader(
            {"v.vcf.gz": packed.read_bytes(), "v.vcf.gz.tbi": Path(f"{packed}.tbi").read_bytes()},
            region("v.vcf.gz"),
            BYTES,
        ),
        "BCF index": Reader(
            {"v.bcf": bcf.read_bytes(), "v.bcf.csi": Path(f"{bcf}.csi").read_bytes()}, region("v.bcf"), BYTES
        ),
        "FASTA index": Reader(
            {"r.fa": (folder / "r.fa").read_bytes(), "r.fa.fai": (folder / "r.fa.fai").read_bytes()}, fasta
        ),
        "cache of a panel": Reader({"spoilt": bytes(300)}, kept, ("byte",)),
        "archive, zip": Reader({"a.zip": (folder / "a.zip").read_bytes()}, unpacked("a.zip"), BYTES),
        **{
            f"archive, tar.{kind}": Reader(
                {f"a.tar.{kind}": _tar(folder, kind)}, unpacked(f"a.tar.{kind}"), BYTES
            )
            for kind in ("gz", "bz2", "xz")
        },
    }


def _tar(folder: Path, kind: str) -> bytes:
    import tarfile

    (folder / "scores").write_bytes(SCORES)
    with tarfile.open(folder / f"a.tar.{kind}", f"w:{kind}") as archive:  # type: ignore[call-overload]
        archive.add(folder / "scores", "p/1.l2.ldscore")
    return (folder / f"a.tar.{kind}").read_bytes()


def _readers(folder: Path) -> dict[str, Reader]:
    return _qtl() | _lists() | _made(folder)


NAMES = (
    "nominal pass", "nominal pass, gzip", "nominal pass, Parquet", "eQTL Catalogue", "genes",
    "one phenotype", "pairs looked up", "pairs looked up, Parquet", "heights", "significant pairs",
    "significant pairs, Parquet", "groups of phenotypes", "overlap of annotations", "regions",
    "regions, BED", "groups of samples", "keep", "samples", "print_snps", "include", "skip_mtag",
    "tabix index", "BCF index", "FASTA index", "cache of a panel", "archive, zip", "archive, tar.gz",
    "archive, tar.bz2", "archive, tar.xz",
)  # fmt: skip


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Reader]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        found = _readers(tmp_path_factory.mktemp("sound"))
        assert set(found) == set(NAMES)
        yield found


@pytest.mark.parametrize("name", NAMES)
def test_sound_lists_are_read(name: str, readers: dict[str, Reader], tmp_path: Path) -> None:
    lay(tmp_path, readers[name].files)
    readers[name].read(tmp_path)


@pytest.mark.parametrize("name", NAMES)
@FUZZ
@given(data=st.data())
def test_damaged_lists_end_in_our_errors(
    name: str, readers: dict[str, Reader], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    read_damaged(readers[name], tmp_path_factory.mktemp("damaged"), data)
