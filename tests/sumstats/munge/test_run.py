"""A whole munging: what comes out, and what must not change it."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from postgwas.errors import NoVariantsError
from postgwas.sumstats.derive import mlog10p_from_z, p_from_z
from postgwas.sumstats.munge import source
from postgwas.sumstats.munge.run import munge

N = 400


def simulate(seed: int = 1) -> pl.DataFrame:
    """A file with a bit of everything that is removed."""
    rng = np.random.default_rng(seed)
    z = rng.standard_normal(N)
    pairs = rng.choice(["AG", "CT", "GT", "CA", "AT"], N, p=[0.3, 0.3, 0.2, 0.15, 0.05])
    freq = rng.uniform(0.005, 0.995, N)
    n = rng.choice([1000, 900, 300], N, p=[0.8, 0.1, 0.1])
    return pl.DataFrame(
        {
            "SNP": [f"rs{i % 390}" for i in range(N)],
            "A1": [p[0] for p in pairs],
            "A2": [p[1] for p in pairs],
            "FRQ": freq.round(4),
            "INFO": rng.uniform(0.85, 1.0, N).round(3),
            "BETA": (z / 30).round(6),
            "SE": np.full(N, 1 / 30),
            "P": p_from_z(z),
            "N": n,
        }
    )


def write(frame: pl.DataFrame, path: Path, separator: str = "\t") -> Path:
    frame.write_csv(path, separator=separator, null_value="NA")
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(simulate(), tmp_path / "trait.txt")


def naive(frame: pl.DataFrame) -> list[tuple[str, str, str, float, int]]:
    """The rules of munge_sumstats.py, a row at a time."""
    kept = []
    for row in frame.iter_rows(named=True):
        regular = row["A1"] + row["A2"] in {"AC", "AG", "CA", "CT", "GA", "GT", "TC", "TG"}
        if row["INFO"] >= 0.9 and 0.01 < row["FRQ"] < 1 - 0.01 and regular:
            kept.append(row)
    seen: set[str] = set()
    kept = [row for row in kept if not (row["SNP"] in seen or seen.add(row["SNP"]))]  # type: ignore[func-returns-value]
    limit = np.quantile([row["N"] for row in kept], 0.9) / 1.5
    return [
        (row["SNP"], row["A1"], row["A2"], row["BETA"] * 30, row["N"]) for row in kept if row["N"] >= limit
    ]


def test_rows_and_z_are_those_of_the_rules(file: Path) -> None:
    found = munge(file)
    expected = naive(simulate())
    assert found.frame.columns == ["SNP", "A1", "A2", "Z", "N"]
    assert found.frame.drop("Z").rows() == [row[:3] + row[4:] for row in expected]
    # BETA has six decimals.
    assert np.allclose(found.frame["Z"], [row[3] for row in expected], atol=5e-5)
    assert found.n_rows == N
    assert sum(found.counts.values()) == N - len(found)
    assert found.rejected.height == N - len(found)


def test_every_row_is_either_kept_or_rejected_with_its_line(file: Path) -> None:
    found = munge(file)
    lines = file.read_text().splitlines()
    rejected = {row: snp for row, snp, _ in found.rejected.iter_rows()}
    assert all(lines[row - 1].split("\t")[0] == snp for row, snp in rejected.items())
    kept = [line.split("\t")[0] for i, line in enumerate(lines[1:], 2) if i not in rejected]
    assert kept == found.frame["SNP"].to_list()


def test_swapped_alleles_turn_the_sign_and_nothing_else(tmp_path: Path, file: Path) -> None:
    frame = simulate()
    swapped = frame.with_columns(A1="A2", A2="A1", BETA=-pl.col("BETA"), FRQ=1 - pl.col("FRQ"))
    one, two = munge(file).frame, munge(write(swapped, tmp_path / "swapped.txt")).frame
    assert two["Z"].to_list() == (-one["Z"]).to_list()
    assert two["A1"].to_list() == one["A2"].to_list()
    assert two["SNP"].equals(one["SNP"])


@pytest.mark.parametrize("separator", [" ", ",", ";"])
def test_separators_change_nothing(tmp_path: Path, file: Path, separator: str) -> None:
    other = write(simulate(), tmp_path / "other.txt", separator)
    assert munge(other).frame.equals(munge(file).frame)


@pytest.mark.parametrize("ending", ["crlf", "gz", "latin", "lowercase"])
def test_ways_of_writing_change_nothing(tmp_path: Path, file: Path, ending: str) -> None:
    text = file.read_bytes()
    other = tmp_path / "other.txt"
    if ending == "crlf":
        other.write_bytes(text.replace(b"\n", b"\r\n"))
    elif ending == "gz":
        other.write_bytes(gzip.compress(text))
    elif ending == "latin":
        lines = text.decode().splitlines()
        header, *rows = [f"{line}\t{'Süd' if i else 'gene'}" for i, line in enumerate(lines)]
        other.write_bytes("\n".join([header, *rows, ""]).encode("latin-1"))
    else:
        frame = simulate().with_columns(pl.col("A1", "A2").str.to_lowercase())
        write(frame.rename(str.lower), other)
    assert munge(other).frame.equals(munge(file).frame)


@pytest.mark.parametrize("size", [200, 1000, 100_000])
def test_the_size_of_chunks_changes_nothing(file: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    whole = munge(file)

    monkeypatch.setattr(source, "_CHUNK_BYTES", size)
    monkeypatch.setattr(source, "_HEAD", 300)
    parts = munge(file)
    assert parts.frame.equals(whole.frame)
    assert parts.rejected.equals(whole.rejected)
    assert parts.summary == whole.summary


def test_the_order_of_rows_changes_only_the_order(tmp_path: Path) -> None:
    frame = simulate().filter(pl.col("SNP").is_unique())
    one = munge(write(frame, tmp_path / "one.txt"))
    two = munge(write(frame.sample(fraction=1, shuffle=True, seed=3), tmp_path / "two.txt"))
    assert two.frame.sort("SNP").equals(one.frame.sort("SNP"))
    assert two.counts == one.counts


def test_p_below_the_least_double_is_read_as_text(tmp_path: Path) -> None:
    path = tmp_path / "tiny.txt"
    path.write_text(
        "SNP A1 A2 BETA P N\nrs1 A G 0.1 5.27e-1756 100\nrs2 C T -0.1 0.3 100\nrs3 C T -0.1 0.2 100\n"
    )
    found = munge(path)
    size = mlog10p_from_z(found.frame["Z"].to_numpy())[0]
    assert size == pytest.approx(1756 - np.log10(5.27), rel=1e-13)
    assert munge(path, ldsc_compat=True).frame["SNP"].to_list() == ["rs2", "rs3"]


def test_p_of_zero_is_believed_where_z_tells_its_size(tmp_path: Path) -> None:
    path = tmp_path / "zero.txt"
    path.write_text(
        "SNP A1 A2 Z P N\nrs1 A G -50 0 100\nrs2 C T 0.5 0 100\nrs3 C T 1 0.317 100\nrs4 C T -0.1 0.9 100\n"
    )
    found = munge(path, signed_sumstats=None)
    assert found.frame["SNP"].to_list() == ["rs1", "rs3", "rs4"]
    assert found.frame["Z"].to_list()[0] == -50
    assert found.counts["P out of bounds"] == 1


def test_log10_p_gives_the_same_z(tmp_path: Path, file: Path) -> None:
    frame = simulate().with_columns(LOG10P=-pl.col("P").log10()).drop("P")
    found = munge(write(frame, tmp_path / "log.txt"))
    assert np.allclose(found.frame["Z"], munge(file).frame["Z"], rtol=1e-12)


def test_beta_over_se_stands_in_for_p(tmp_path: Path, file: Path) -> None:
    found = munge(write(simulate().drop("P"), tmp_path / "nop.txt"))
    assert np.allclose(found.frame["Z"], munge(file).frame["Z"], atol=5e-5)


def test_merge_alleles_keeps_the_list_and_its_order(tmp_path: Path, file: Path) -> None:
    listed = tmp_path / "list.txt"
    whole = munge(file).frame
    first = whole.head(40).sample(fraction=1, shuffle=True, seed=2)
    complement = {"A": "T", "C": "G", "G": "C", "T": "A"}
    rows = [f"{s} {complement[b]} {complement[a]}" for s, a, b, *_ in first.rows()]
    # The last has other alleles; two are not in the file.
    rows[-1] = f"{first['SNP'][-1]} A T"
    listed.write_text("\n".join(["SNP A1 A2", "rsX A G", *rows, "rsY C T", ""]))
    found = munge(file, merge_alleles=listed)
    assert found.frame.equals(first.head(39))
    assert found.counts["alleles differ from --merge_alleles"] == 1
    assert found.rejected.filter(REASON="not in the list of --merge_alleles").height == 0
    compat = munge(file, merge_alleles=listed, ldsc_compat=True)
    assert compat.frame["SNP"].to_list() == ["rsX", *first["SNP"].to_list(), "rsY"]
    assert compat.frame["Z"].null_count() == 3


def test_a_snp_listed_twice_is_written_twice_as_upstream(tmp_path: Path, file: Path) -> None:
    snp, a1, a2, *_ = munge(file).frame.row(0)
    (tmp_path / "list.txt").write_text(f"SNP A1 A2\n{snp} {a1} {a2}\n{snp} {a1} {a1}\n{snp} {a2} {a1}\n")
    found = munge(file, merge_alleles=tmp_path / "list.txt")
    assert found.frame["SNP"].to_list() == [snp, snp]


def test_no_alleles_writes_none(file: Path) -> None:
    found = munge(file, no_alleles=True)
    assert found.frame.columns == ["SNP", "Z", "N"]
    assert found.counts["not a SNP, or strand-ambiguous"] == 0
    assert munge(file, no_alleles=True, ldsc_compat=True).frame.columns == ["SNP", "A1", "A2", "Z", "N"]


def test_a1_inc_makes_z_positive(file: Path) -> None:
    found = munge(file, a1_inc=True)
    assert (found.frame["Z"] >= 0).all()
    assert np.isnan(found.median)


def test_n_min(file: Path) -> None:
    assert munge(file, n_min=0).frame["N"].min() == 300
    assert munge(file, n_min=950).frame["N"].min() == 1000
    assert munge(file, n_min=0, ldsc_compat=True).frame["N"].min() == 900


def test_frequencies_are_written_on_request(file: Path) -> None:
    found = munge(file, keep_maf=True).frame
    joined = found.join(simulate().unique("SNP", keep="first"), on="SNP")
    assert found.columns[-1] == "FRQ"
    assert (joined["FRQ"] == joined["FRQ_right"]).mean() > 0.9


def test_n_of_cases_and_controls_given(file: Path) -> None:
    assert set(munge(file, n_cas=100, n_con=250).frame["N"]) == {350}


def test_nothing_left_says_where_the_rows_went(file: Path) -> None:
    with pytest.raises(
        NoVariantsError, match=r"no SNPs remain of 400 after filtering \(INFO below limit: 400\)"
    ):
        munge(file, info_min=2)


def test_the_file_reads_back_as_the_table(tmp_path: Path, file: Path) -> None:
    found = munge(file, out=tmp_path / "run")
    assert found.path == tmp_path / "run.sumstats.gz"
    again = pl.read_csv(found.path, separator="\t")
    assert again.equals(found.frame.with_columns(pl.col("A1", "A2").cast(pl.String)))
    rejected = pl.read_csv(tmp_path / "run.rejected.tsv.gz", separator="\t")
    assert rejected["LINE"].to_list() == found.rejected["ROW"].to_list()


def test_the_store_has_the_table(tmp_path: Path, file: Path) -> None:
    from postgwas.store.study import Study

    found = munge(file, out=tmp_path / "run", store=tmp_path / "study.h5")
    study = Study.open(tmp_path / "study.h5")
    assert study.read_polars("sumstats/run")["Z"].to_list() == found.frame["Z"].to_list()
    assert study.provenance("sumstats/run").rows_in == N


def test_a_word_among_numbers_is_missing_or_refused(tmp_path: Path) -> None:
    from postgwas.errors import InputError

    path = write(simulate().with_columns(pl.col("N").cast(pl.String)), tmp_path / "word.txt")
    text = path.read_text().splitlines()
    fields = text[7].split("\t")
    text[7] = "\t".join([*fields[:-1], "many"])
    path.write_text("\n".join([*text, ""]))
    found = munge(path)
    assert "'many' in line 8" in found.warnings[0]
    with pytest.raises(InputError, match="column N is expected to be numeric; line 8 has 'many'"):
        munge(path, ldsc_compat=True)


def test_a_gwas_vcf_gives_what_its_table_gives(tmp_path: Path, file: Path) -> None:
    head = (
        '##fileformat=VCFv4.2\n##FORMAT=<ID=ES,Number=A,Type=Float,Description="">\n'
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ttrait\n"
    )
    frame = simulate(seed=2).filter(pl.col("SNP").is_unique()).drop("INFO")
    rows = [
        f"1\t{i + 1}\t{r['SNP']}\t{r['A2']}\t{r['A1']}\t.\tPASS\t.\tES:SE:LP:AF:SS\t"
        f"{r['BETA']}:{r['SE']}:{-np.log10(r['P'])}:{r['FRQ']}:{r['N']}\n"
        for i, r in enumerate(frame.iter_rows(named=True))
    ]
    path = tmp_path / "trait.vcf"
    path.write_text(head + "".join(rows))
    vcf = munge(path)
    table = munge(write(frame, tmp_path / "table.txt"))
    assert vcf.columns.dialect == "gwas-vcf"
    assert vcf.frame["SNP"].to_list() == table.frame["SNP"].to_list()
    assert vcf.frame["A1"].to_list() == table.frame["A1"].to_list()
    assert np.allclose(vcf.frame["Z"], table.frame["Z"], atol=5e-5)
    assert set(munge(path, n=77).frame["N"]) == {77}


def test_an_effective_n_of_the_file_is_taken(tmp_path: Path) -> None:
    path = write(simulate().rename({"N": "N_EFF"}), tmp_path / "neff.txt")
    assert munge(path).frame["N"].max() == 1000


def test_cases_and_controls_give_the_peers_n(tmp_path: Path) -> None:
    frame = simulate().with_columns(N_CAS=pl.col("N") * 0.4, N_CON=pl.col("N") * 0.6).drop("N")
    found = munge(write(frame, tmp_path / "cc.txt"))
    assert found.frame["N"].to_list() == pytest.approx(
        munge(write(simulate(), tmp_path / "n.txt")).frame["N"].to_list()
    )


def odd_lines() -> list[str]:
    """Rows with all that the quick reader of plain fields leaves to the other one, and long identifiers."""
    values = ["0.2", "1e-3", "NA", "nan", "0", "1e-320", "3e-400", "word", "+0.5", ".5", "5.", "-1", "1.5"]
    rows = [f"rs{i}\tA\tG\t0.3\t0.95\t{(-1) ** i * i / 1000}\t0.5\t1\t1000" for i in range(1, 60)]
    rows += [f"rs9{i}\tc\tt\t0.3\t1\t-0.1\t0.5\t{p}\t1000" for i, p in enumerate(values)]
    rows += [
        f"1:{i}:{'ACGT' * (i % 40)}:T\tG\tA\t0.3\t1\t{(-1) ** i * 0.05}\t1\t0.25\t1000" for i in range(100)
    ]
    rows += ["NA\tA\tG\t0.3\t1\t0.2\t1\t0.25\t1000", ".\tA\tG\t0.3\t1\t0.2\t1\t0.25\t1000", "rs1\tA\tG\t0.3"]
    rows += [
        f"rs8{i}\t{a}\tG\t0.3\t1\t-0.2\t1\t0.25\t1000" for i, a in enumerate(["NA", ".", "", "AT", "N", "é"])
    ]
    return rows


@pytest.mark.parametrize("options", [{}, {"keep_maf": True}, {"no_alleles": True}, {"merge_alleles": True}])
def test_both_readers_of_rows_give_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, bool]
) -> None:
    header = "SNP\tA1\tA2\tFRQ\tINFO\tBETA\tSE\tP\tN\n"
    path, listed = tmp_path / "odd.txt", tmp_path / "list.txt"
    path.write_text(header + "\n".join(odd_lines()) + "\n", encoding="utf-8")
    rows = [line.split("\t") for line in odd_lines()[::2]]
    listed.write_text("SNP\tA1\tA2\n" + "".join(f"{r[0]}\t{r[1]}\t{r[2]}\n" for r in rows), encoding="utf-8")
    given: dict[str, object] = {
        **options,
        **({"merge_alleles": listed} if "merge_alleles" in options else {}),
    }

    def both(chunk: int) -> tuple[bytes, bytes, object]:
        monkeypatch.setattr(source, "_CHUNK_BYTES", chunk)
        monkeypatch.setattr(source, "_HEAD", 300)
        out = tmp_path / f"out{chunk}"
        found = munge(path, out=out, overwrite=True, quiet=True, **given)  # type: ignore[arg-type]
        read = [gzip.decompress(Path(f"{out}{s}").read_bytes()) for s in (".sumstats.gz", ".rejected.tsv.gz")]
        assert found.frame.height == read[0].count(b"\n") - 1
        return read[0], read[1], (found.counts, found.summary, found.n_min, found.median)

    mixed, whole = both(100), both(1 << 20)
    monkeypatch.setattr(source.Source, "_cell_reader", lambda *_, **__: None)
    assert mixed == whole == both(200)


def test_an_identifier_that_the_list_lacks_is_nobodys(tmp_path: Path, file: Path) -> None:
    one, two = (row[:3] for row in munge(file).frame.select("SNP", "A1", "A2").head(2).rows())
    none = ("NA", "A", "G")
    listed = tmp_path / "list.txt"
    lines = ["\t".join(row) for row in (("SNP", "A1", "A2"), one, none, one, none, two)]
    listed.write_text("\n".join(lines) + "\n")
    found = munge(file, merge_alleles=listed, ldsc_compat=True).frame
    assert found["SNP"].to_list() == [one[0], None, one[0], None, two[0]]
    assert found["Z"].is_null().to_list() == [False, True, False, True, False]
    assert munge(file, merge_alleles=listed).frame["SNP"].to_list() == [one[0], one[0], two[0]]
