"""QTL summary statistics of each format: the same rows, places and sample sizes come out."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from coloc.genome_study import GENES, N_PEOPLE, GenomeStudy, P, alleles, make_study, name, place, tss

from postgwas.coloc.qtl_genes import load_genes
from postgwas.coloc.qtl_regions import spool_regions
from postgwas.coloc.qtl_source import qtl_source
from postgwas.coloc.qtl_summary import SCHEMA
from postgwas.coloc.region_ld import sign_agreement
from postgwas.coloc.stored_fits import read_fits, spool_fits
from postgwas.errors import ColumnError, InputError, NoSignalError, StoreError, UsageError
from postgwas.finemap.region_list import MapRegion
from postgwas.store.position import Region


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> GenomeStudy:
    return make_study(tmp_path_factory.mktemp("genome"))


@pytest.fixture(scope="module")
def expected(made: GenomeStudy) -> pl.DataFrame:
    """What all formats say."""
    rows = []
    for gene, (region, _) in GENES.items():
        for at in range(P):
            row = region * P + at
            code, position = place(row)
            alt, ref = alleles(row)
            rows.append(
                (
                    gene,
                    int(code),
                    position,
                    alt,
                    ref,
                    made.slope[gene][at],
                    made.slope_se[gene][at],
                    tss(gene),
                )
            )
    names = ("GENE", "CHR", "POS", "EA", "NEA", "BETA", "SE", "TSS")
    return pl.DataFrame(rows, schema=names, orient="row").sort("GENE", "POS")


def text(made: GenomeStudy, path: Path, layout: str) -> Path:
    """The study's QTLs in another layout."""
    lines = []
    headers = {
        "fastqtl": None,
        "catalogue": "molecular_trait_id\tchromosome\tposition\tref\talt\tvariant\tma_samples\tmaf\tpvalue\t"
        "beta\tse\ttype\tac\tan\tr2\tmolecular_trait_object_id\tgene_id\tmedian_tpm\trsid",
        "gtex_v7": "gene_id\tvariant_id\ttss_distance\tma_samples\tma_count\tmaf\tpval_nominal\tslope\t"
        "slope_se",
        "ours": "phenotype_id\tvariant_id\ttss_distance\taf\tma_samples\tma_count\tpval_nominal\tslope\t"
        "slope_se\tmlog10p\teffect_allele\tother_allele",
    }
    for gene, (region, _) in GENES.items():
        for at in range(P):
            row = region * P + at
            (code, position), (alt, ref) = place(row), alleles(row)
            count = int(made.calls[row].sum())
            minor = min(count, 2 * N_PEOPLE - count)
            maf, away = minor / (2 * N_PEOPLE), position - tss(gene)
            beta, se = made.slope[gene][at], made.slope_se[gene][at]
            cells = {
                "fastqtl": (gene, name(row), away, 1, minor, maf, 0.5, beta, se),
                "gtex_v7": (gene, f"{code}_{position}_{ref}_{alt}_b37", away, 1, minor, maf, 0.5, beta, se),
                "catalogue": (gene, code, position, ref, alt, f"chr{code}_{position}_{ref}_{alt}", 1, maf,
                              0.5, beta, se, "SNP", count, 2 * N_PEOPLE, "NA", gene, gene, 1.0, f"rs{row}"),
                "ours": (gene, f"v{row}", away, count / (2 * N_PEOPLE), 1, minor, 0.5, beta, se, 1, alt, ref),
            }[layout]  # fmt: skip
            lines.append((" " if layout == "fastqtl" else "\t").join(map(str, cells)))
    header = headers[layout]
    content = "\n".join([*([header] if header else []), *lines]) + "\n"
    path.write_bytes(gzip.compress(content.encode()) if path.suffix == ".gz" else content.encode())
    return path


def check(frame: pl.DataFrame, expected: pl.DataFrame, *, with_tss: bool = True) -> None:
    assert frame.columns == list(SCHEMA)
    ordered = frame.sort("GENE", "POS")
    exact = ["GENE", "CHR", "POS", "EA", "NEA", *(["TSS"] if with_tss else [])]
    assert ordered.select(exact).rows() == expected.select(exact).rows()
    for column in ("BETA", "SE"):
        np.testing.assert_allclose(ordered[column], expected[column], rtol=1e-6)
    assert set(ordered["N"]) == {float(N_PEOPLE)}


@pytest.mark.parametrize("layout", ["fastqtl", "gtex_v7", "catalogue", "ours"])
def test_text_of_each_layout(made: GenomeStudy, expected: pl.DataFrame, tmp_path: Path, layout: str) -> None:
    path = text(made, tmp_path / f"{layout}.txt.gz", layout)
    variants = None
    if layout == "ours":
        rows = range(len(made.calls))
        variants = pl.DataFrame(
            {"SNPID": [f"v{row}" for row in rows], "CHR": [int(place(row)[0]) for row in rows],
             "POS": [place(row)[1] for row in rows]}, schema_overrides={"CHR": pl.Int8},
        )  # fmt: skip
    source = qtl_source(path, variants=variants)
    check(pl.concat(source.pieces()), expected, with_tss=layout != "catalogue")


def test_parquet_of_tensorqtl_a_file_a_chromosome(
    made: GenomeStudy, expected: pl.DataFrame, tmp_path: Path
) -> None:
    frame = pl.read_csv(text(made, tmp_path / "all.txt", "fastqtl"), separator=" ", has_header=False)
    names = ("phenotype_id", "variant_id", "start_distance", "ma_samples", "ma_count", "af", "pval_nominal",
             "slope", "slope_se")  # fmt: skip
    frame.columns = list(names)
    for code in ("1", "2"):
        part = frame.filter(pl.col("variant_id").str.starts_with(f"chr{code}_"))
        part.write_parquet(tmp_path / f"x.cis_qtl_pairs.{code}.parquet")
    source = qtl_source(tmp_path / "x.cis_qtl_pairs.@.parquet")
    assert len(source.parts) == 2
    check(pl.concat(source.pieces()), expected)


def test_an_index_is_used_for_regions(made: GenomeStudy, expected: pl.DataFrame, tmp_path: Path) -> None:
    import pysam

    plain = text(made, tmp_path / "all.tsv", "catalogue")
    header, *lines = plain.read_text().splitlines()
    lines.sort(key=lambda line: (line.split("\t")[1], int(line.split("\t")[2])))
    plain.write_text("\n".join([header, *lines]) + "\n")
    pysam.tabix_compress(str(plain), str(plain) + ".gz")
    pysam.tabix_index(str(plain) + ".gz", seq_col=1, start_col=2, end_col=2, line_skip=1)
    source = qtl_source(f"{plain}.gz")
    start = place(10)[1]
    some = pl.concat(source.pieces([Region(1, start, start + 20_000)]))
    inside = expected.filter((pl.col("CHR") == 1) & pl.col("POS").is_between(start, start + 20_000))
    check(some, inside, with_tss=False)


def test_tables_of_a_store(made: GenomeStudy, tmp_path: Path, expected: pl.DataFrame) -> None:
    """Those that eqtl cis writes; regions are read alone."""
    from postgwas.cli.main import main

    rng = np.random.default_rng(3)
    people = "\t".join(f"S{number}" for number in range(N_PEOPLE))
    fam = (made.folder / "people.fam").read_text().split()[1::6]
    lines = [f"#chr\tstart\tend\tgene_id\t{people if not fam else chr(9).join(fam)}"]
    for gene in ("SHARED", "SECOND"):
        region, causal = GENES[gene]
        y = made.calls[region * P + causal[0]] + rng.normal(size=N_PEOPLE)
        lines.append("\t".join(map(str, ("1", tss(gene) - 1, tss(gene), gene, *y.round(6)))))
    bed = tmp_path / "genes.bed"
    bed.write_text("\n".join(lines) + "\n")
    store = tmp_path / "study.h5"
    argv = ["eqtl", "cis", "--genotypes", made.bed, "--phenotypes", bed, "--out", tmp_path / "lcl",
            "--store", store, "--quiet"]  # fmt: skip
    assert main([str(one) for one in argv]) == 0
    source = qtl_source(f"{store}::qtl/cis_nominal_chr*/lcl")
    whole = pl.concat(source.pieces())
    written = pl.read_csv(tmp_path / "lcl.cis_nominal.tsv.gz", separator="\t")
    assert whole.height == written.height == 2 * P
    assert source.n == N_PEOPLE and set(whole["TSS"]) == {tss("SHARED"), tss("SECOND")}
    order = dict(written.filter(phenotype_id="SHARED").select("variant_id", "slope").iter_rows())
    ours = whole.filter(GENE="SHARED")
    np.testing.assert_allclose(ours["BETA"], [order[one] for one in ours["SNPID"]], rtol=1e-5)
    part = pl.concat(source.pieces([Region(1, place(0)[1], place(9)[1])]))
    assert part.height == 10 and set(part["GENE"]) == {"SHARED"}
    genes = load_genes(source).frame
    assert genes.rows() == [("SHARED", 1, tss("SHARED")), ("SECOND", 1, tss("SECOND"))]
    argv = ["eqtl", "finemap", *argv[2:]]
    assert main([str(one) for one in argv]) == 0
    sets = dict(
        pl.read_csv(tmp_path / "lcl.finemap_genes.tsv.gz", separator="\t")
        .select("phenotype_id", "n_sets")
        .iter_rows()
    )
    fits, chosen = read_fits(f"{store}::qtl/finemap_pip/lcl", list(sets))
    spooled = spool_fits(fits, list(sets), "x", tmp_path, chosen=chosen, coverage=0.95)
    assert chosen and spooled is not None
    back = spooled.read(list(sets))
    assert {gene: len(one.side.signals) for gene, one in back.items()} == sets and max(sets.values()) > 0
    assert all(np.isfinite(one.side.log_bf).all() for one in back.values())
    with pytest.raises(ColumnError, match="no log Bayes factors"):
        read_fits(f"{store}::qtl/cis_nominal_chr1/lcl", ["SHARED"])
    with pytest.raises(StoreError, match="no result is called qtl/none"):
        qtl_source(f"{store}::qtl/none")


def test_genes_from_each_kind_of_file(made: GenomeStudy, tmp_path: Path) -> None:
    source = qtl_source(made.qtl)
    every = dict(load_genes(source).frame.select("GENE", "TSS").iter_rows())
    assert every == {gene: tss(gene) for gene in GENES}
    permutation = tmp_path / "perm.tsv"
    permutation.write_text(
        "gene_id\tvariant_id\ttss_distance\tqval\n"
        + "".join(
            f"{gene}\t{name(GENES[gene][0] * P)}\t{place(GENES[gene][0] * P)[1] - tss(gene)}\t{q}\n"
            for gene, q in (("SHARED", 0.01), ("FAR", 0.04), ("NONE", 0.5))
        )
    )
    some = load_genes(source, egenes=permutation).frame
    assert some.rows() == [("SHARED", 1, tss("SHARED")), ("FAR", 2, tss("FAR"))]
    assert load_genes(source, egenes=permutation, fdr=0.02).frame["GENE"].to_list() == ["SHARED"]
    with pytest.raises(NoSignalError, match="no gene in it has qval <= 1e-05"):
        load_genes(source, egenes=permutation, fdr=1e-5)
    (tmp_path / "odd.tsv").write_text(permutation.read_text().replace("0.04", "O.04"))
    with pytest.raises(ColumnError, match=r"row 2, column qval: 'O\.04' is not a number"):
        load_genes(source, egenes=tmp_path / "odd.tsv")
    gtex = tmp_path / "egenes.tsv"
    gtex.write_text(
        "gene_id\tgene_chr\tgene_start\tgene_end\tstrand\tqval\n"
        "SHARED\tchr1\t500\t900\t-\t0.001\nFAR\tchr2\t70\t80\t+\t0.001\n"
    )
    assert load_genes(source, egenes=gtex).frame.rows() == [("SHARED", 1, 900), ("FAR", 2, 70)]
    gtf = tmp_path / "genes.gtf"
    line = '{}\tx\tgene\t{}\t{}\t.\t{}\t.\tgene_id "{}"; gene_name "n";\n'
    gtf.write_text(line.format("chr1", 11, 99, "-", "SHARED.7") + line.format("chr1", 5, 9, "+", "NONE.2"))
    ids = tmp_path / "ids.txt"
    ids.write_text("SHARED\nNONE\nFAR\n")
    found = load_genes(source, egenes=ids, places=gtf)
    assert found.frame.rows() == [("NONE", 1, 5), ("SHARED", 1, 99)] and found.lost == ("FAR",)
    ids.write_text("SHARED\n")
    assert load_genes(source, egenes=ids, places=gtf).frame.rows() == [("SHARED", 1, 99)]
    ids.write_text("gene_id\n")
    with pytest.raises(InputError, match="no lines below the header"):
        load_genes(source, egenes=ids, places=gtf)
    bed = tmp_path / "expression.bed"
    bed.write_text("#chr\tstart\tend\tgene_id\ts1\n1\t41\t42\tSHARED\t0.5\n")
    assert load_genes(source, egenes=["SHARED"], places=bed).frame.rows() == [("SHARED", 1, 42)]


def test_genes_of_a_region_are_those_whose_tss_is_in_it(made: GenomeStudy, tmp_path: Path) -> None:
    source = qtl_source(made.qtl)
    genes = load_genes(source).frame
    edge = tss("DISTINCT")
    regions = [MapRegion("a", 1, 9_900_000, edge), MapRegion("b", 1, edge + 1, edge + 1_000)]
    spool = spool_regions(source, genes, regions, tmp_path)
    first = spool.regions[1, 9_900_000, edge]
    assert first.genes == ("SHARED", "DISTINCT") and first.n == (N_PEOPLE, N_PEOPLE)
    block = first.read()
    inside = [row for row in range(P) if place(row)[1] <= edge]
    assert block.beta.shape == (2, len(inside))
    turned = np.array([-1.0 if alleles(row)[0] > alleles(row)[1] else 1.0 for row in inside])
    np.testing.assert_allclose(block.beta[0], made.slope["SHARED"][inside] * turned, rtol=1e-12)
    # The second gene's stretch has its TSS but none of its variants that are on whole kilobases.
    assert spool.tested >= {"SHARED", "DISTINCT"}


def test_standard_errors_from_p_values(tmp_path: Path) -> None:
    path = tmp_path / "old.txt"
    path.write_text("G1 chr1_5_A_C 4 0.05 0.2\nG1 chr1_6_A_C 5 1 0.1\n")
    frame = pl.concat(qtl_source(path, n=100).pieces())
    assert frame["SE"][0] == pytest.approx(0.2 / 1.959964, rel=1e-6)
    assert not np.isfinite(frame["SE"][1])


def test_fits_with_gaps_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "fits.txt"
    rows = "".join(f"G\tchr1_{at}_A_C\t{value}\tNA\n" for at, value in ((1, 2.0), (2, "NA")))
    path.write_text("molecular_trait_id\tvariant\tlbf_variable1\tlbf_variable2\n" + rows)
    with pytest.raises(InputError, match="lbf_variable1 of G is missing at 1 of 2 variants"):
        read_fits(path, ["G"])
    with pytest.raises(InputError, match="none of 1 genes is in it"):
        read_fits(path, ["H"])


def test_refusals(made: GenomeStudy, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.tsv: no such file"):
        qtl_source(tmp_path / "none.tsv")
    with pytest.raises(InputError, match="is a folder; expected a file"):
        qtl_source(tmp_path)
    junk = tmp_path / "junk.txt"
    junk.write_bytes(bytes(range(128, 256)) * 20)
    with pytest.raises(InputError, match="not text, nor Parquet"):
        list(qtl_source(junk).pieces())
    with pytest.raises(UsageError, match="--qtl_n 2: expected more than 3"):
        qtl_source(made.qtl, n=2)
    for header, told in (
        ("variant_id\tslope\tslope_se", "no column of genes"),
        ("gene_id\tslope\tslope_se", "no column of variants"),
        ("gene_id\tvariant_id\tslope_se", "no column of effects"),
        ("gene_id\tvariant_id\tslope", "neither standard errors nor P-values"),
    ):
        path = tmp_path / "bad.tsv"
        path.write_text(f"{header}\n1\t2\t3\n")
        with pytest.raises(ColumnError, match=told):
            list(qtl_source(path).pieces())
    path.write_text("gene_id\tvariant_id\tslope\tslope_se\nG\trs1\t1\t1\n")
    with pytest.raises(InputError, match=r"ids such as 'rs1' do not tell where variants are.*--qtl_variants"):
        load_genes(qtl_source(path))
    path.write_text("gene_id\tvariant_id\tslope\tslope_se\nG\tchr1_5_A_C\t1\t1\n")
    with pytest.raises(InputError, match="does not tell where genes begin"):
        load_genes(qtl_source(path))
    with pytest.raises(InputError, match="none of 1 genes is in it, such as XYZ"):
        load_genes(qtl_source(made.qtl), egenes=["XYZ"])
    path.write_text("gene_id\tvariant_id\tslope\tslope_se\nG\tchr1_5_A_C\t1\n")
    with pytest.raises(InputError, match="cells"):
        list(qtl_source(path).pieces())


def test_signs_of_many_genes_as_pair_by_pair() -> None:
    rng = np.random.default_rng(2)
    matrix = np.corrcoef(rng.normal(size=(60, 12)))
    z = rng.normal(scale=4, size=(3, 60))
    z[2, 5:] = 0.1
    expected = []
    for scores in z:
        there = [row for row in range(60) if abs(scores[row]) >= 2]
        pairs = [(a, b) for a in there for b in there if abs(matrix[a, b]) > 0.2]
        agree = sum(matrix[a, b] * scores[a] * scores[b] > 0 for a, b in pairs)
        few = sum(a < b for a, b in pairs) < 100
        expected.append(np.nan if few else agree / len(pairs))
    assert np.isnan(expected[2]) and np.isfinite(expected[:2]).all()
    np.testing.assert_allclose(sign_agreement(z, matrix), expected, rtol=1e-6)


def test_of_a_row_that_repeats_the_best_is_used_whatever_the_order(tmp_path: Path) -> None:
    """The largest N, then the smallest error; swapped effects and errors are refused."""
    from random import Random

    head = "gene_id\tvariant_id\ttss_distance\tslope\tslope_se\tn"
    rows = [
        "g\tchr1_1000_A_G\t0\t0.1\t0.05\t100", "g\tchr1_1000_A_G\t0\t0.2\t0.04\t300",
        "g\tchr1_1000_A_G\t0\t0.3\t0.03\t300", "g\tchr1_1000_G_A\t0\t-0.4\t0.02\t200",
        "g\tchr1_2000_C_T\t1000\t-0.1\t0.05\t300",
    ]  # fmt: skip
    genes = pl.DataFrame({"GENE": ["g"], "CHR": [1], "TSS": [1000]})
    region = [MapRegion("1:1-5000", 1, 1, 5000, None)]
    digests = set()
    for seed in range(4):
        folder = tmp_path / str(seed)
        folder.mkdir()
        Random(seed).shuffle(rows)
        path = folder / "qtl.tsv"
        path.write_text("\n".join([head, *rows]) + "\n")
        spool = spool_regions(qtl_source(path), genes, region, folder)
        (one,) = spool.regions.values()
        block = one.read()
        assert np.abs(block.beta).tolist() == [[0.3, 0.1]] and block.se.tolist() == [[0.03, 0.05]]
        assert spool.rejected == {"occurs_twice": 3}
        digests.add(one.digest)
    assert len(digests) == 1
    path.write_text(head.replace("slope\tslope_se", "slope_se\tslope") + "\n" + "\n".join(rows) + "\n")
    with pytest.raises(ColumnError, match="look swapped: 2 standard errors are negative"):
        spool_regions(qtl_source(path), genes, region, tmp_path)
