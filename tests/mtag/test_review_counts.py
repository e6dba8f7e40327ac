"""Every row is accounted for, and positions that are missing are said to be so."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from mtag.study import write
from mtag.test_run import run, some, swapped

import postgwas
from postgwas.errors import UsageError

ROW = pl.int_range(pl.len())


def spoilt(frame: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Missing variants, ambiguous pairs, third alleles, bad values, duplicates."""
    ids = pl.col("snpid").hash(7)
    frame = frame.with_columns(
        a1=pl.when(ids % 10 == 0)
        .then(pl.lit("A"))
        .when((ROW + seed) % 50 == 1)
        .then(pl.lit("T"))
        .otherwise("a1"),
        a2=pl.when(ids % 10 == 0)
        .then(pl.lit("T"))
        .when((ROW + seed) % 50 == 1)
        .then(pl.lit("A"))
        .otherwise("a2"),
        z=pl.when((ROW + seed) % 97 == 2).then(None).otherwise("z"),
        n=pl.when((ROW + seed) % 89 == 3).then(0.0).when((ROW + seed) % 20 == 9).then(10.0).otherwise("n"),
        pval=pl.when((ROW + seed) % 83 == 4).then(2.0).otherwise("pval"),
        freq=pl.when((ROW + seed) % 79 == 5).then(0.001).otherwise("freq"),
    )
    other = pl.when((ROW + seed) % 31 == 6).then(pl.lit("G")).otherwise("a2")
    frame = frame.with_columns(a2=other).filter(~some(frame.height, seed, 0.1))
    return pl.concat([frame, frame[5:15]])


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"meta_format": True},
        {"incld_ambig_snps": True},
        {"meta_format": True, "incld_ambig_snps": True, "no_allele_flipping": True},
        {"only_chr": ["1", "2", "3", "4"], "homog_ns_frac": 0.1},
        {"meta_format": True, "only_chr": ["1", "2", "3", "4"]},
        {"mtag_compat": True},
        {"mtag_compat": True, "meta_format": True},
    ],
)
@pytest.mark.parametrize("n_traits", [2, 3])
def test_every_row_is_counted(study, tmp_path, options, n_traits):
    if options.get("mtag_compat") and options.get("meta_format") and n_traits == 3:
        pytest.skip("mtag.py cannot")
    frames = [spoilt(f, t) for t, f in enumerate(study.frames[:n_traits])]
    frames[1] = swapped(frames[1], some(frames[1].height, 9))
    paths = [write(f, tmp_path / f"t{t}.txt") for t, f in enumerate(frames)]
    found = run(paths, study, n_min=1000, out=tmp_path / "run", force=True, **options)
    for t, name in enumerate(found.trait_names):
        rows = found.provenance[name]
        assert rows["rows_in"] == frames[t].height
        assert rows["rows_out"] == found.frame(t).height
        assert min(rows["dropped"].values()) >= 0
        assert rows["rows_in"] == rows["rows_out"] + sum(rows["dropped"].values())
    # Bad rows are in the rejected file, with their reasons: all but those that other traits lack.
    rejected = pl.read_csv(tmp_path / "run.rejected.tsv.gz", separator="\t")
    fine = ("strand-ambiguous", "not in all traits with these alleles", "left out by --include, --exclude, "
            "--only_chr or --homogNs")  # fmt: skip
    bad = [k for k, v in found.provenance[found.trait_names[1]]["dropped"].items() if v and k not in fine]
    assert set(bad) == set(rejected.filter(pl.col("FILE") == str(paths[1]))["REASON"])
    for t, name in enumerate(found.trait_names):
        mine = rejected.filter(pl.col("FILE") == str(paths[t]))["REASON"].value_counts()
        dropped = {k: v for k, v in found.provenance[name]["dropped"].items() if v}
        for reason, count in mine.iter_rows():
            assert dropped[reason] == count


def test_the_store_gets_each_trait_its_own_counts(study, tmp_path):
    frames = [spoilt(f, t) for t, f in enumerate(study.frames)]
    found = run(frames, study, n_min=1000, meta_format=True, store=tmp_path / "study.h5")
    stored = postgwas.Study.open(tmp_path / "study.h5")
    for t, name in enumerate(found.trait_names):
        kept = stored.provenance(f"mtag/{name}")
        assert kept.rows_out == found.frame(t).height == len(stored.read_table(f"mtag/{name}"))
        assert kept.rows_in == kept.rows_out + sum(kept.dropped.values())


def test_an_unknown_place_is_missing_and_not_chromosome_0(study):
    lost = pl.col("chr") == 21
    frames = [
        f.with_columns(
            chr=pl.when(lost).then(None).when(pl.col("chr") == 22).then(pl.lit("chrX")).otherwise("chr"),
            bpos=pl.when(lost).then(None).otherwise("bpos"),
        )
        for f in study.frames[:2]
    ]
    table = run(frames, study).frame(0)
    unknown = table.filter(pl.col("SNP").is_in(study.frames[0].filter(lost)["snpid"].to_list()))
    assert unknown.height > 50
    assert unknown["CHR"].null_count() == unknown["BP"].null_count() == unknown.height
    assert set(table["CHR"].drop_nulls()) == {*map(str, range(1, 21)), "X"}


def test_a_place_that_one_trait_lacks_comes_from_another(study):
    bare = study.frames[0].with_columns(
        chr=pl.when(pl.col("chr") == 21).then(None).otherwise("chr"),
    )
    one, two = run(study.frames[:2], study), run([bare, study.frames[1]], study)
    back = run([study.frames[1], bare], study, trait_names=["t2", "t1"])
    assert two.frame(0).equals(one.frame(0))
    assert np.array_equal(two.omega, one.omega)
    assert np.array_equal(back.omega[::-1, ::-1], one.omega)


def test_the_store_names_every_file_that_was_read(study, tmp_path):
    listed = tmp_path / "list.txt"
    listed.write_text("\n".join(study.frames[0]["snpid"][:3500]))
    run(study.paths, study, include=[str(listed)], store=tmp_path / "study.h5")
    stored = postgwas.Study.open(tmp_path / "study.h5").provenance("mtag/t1")
    names = {one.name for one in stored.inputs}
    assert {*map(str, study.paths), str(listed), str(study.panel / "7.l2.ldscore")} <= names
    assert str(study.panel / "22.l2.M_5_50") in names
    assert all(len(one.sha256) == 64 for one in stored.inputs)


def test_one_chromosome_and_one_list_stand_alone(study, tmp_path):
    """The letters of "22" are not chromosomes 2 and 2."""
    np.savetxt(tmp_path / "omega.txt", np.eye(3) * 1e-6)
    np.savetxt(tmp_path / "sigma.txt", np.eye(3))
    given = {"gencov_path": tmp_path / "omega.txt", "residcov_path": tmp_path / "sigma.txt"}
    for alone in ("22", 22):
        found = run(study.paths, study, only_chr=alone, **given)
        assert set(found.frame(0)["CHR"].to_list()) == {22}
    listed = tmp_path / "list.txt"
    listed.write_text("\n".join(study.frames[0]["snpid"][:3500]))
    several = run(study.paths, study, include=[str(listed)])
    assert run(study.paths, study, include=listed).frame(0).equals(several.frame(0))
    assert run(study.paths, study, include=str(listed)).frame(0).equals(several.frame(0))


@pytest.mark.parametrize("name", ["sumstats", "trait_names", "header"])
def test_a_text_is_no_list_of_its_letters(study, name):
    """Three traits were called a, b and c."""
    given = {"sumstats": study.paths, name: "abc"}
    with pytest.raises(UsageError, match=f"{name} is 'abc' alone; expected a list"):
        postgwas.mtag(**given)


def test_the_store_holds_unknown_places_as_missing(study, tmp_path):
    lost = pl.when(ROW < 10).then(None)
    frames = [
        f.with_columns(chr=lost.otherwise("chr"), bpos=lost.otherwise("bpos")) for f in study.frames[:2]
    ]
    run(frames, study, store=tmp_path / "study.h5")
    stored = postgwas.Study.open(tmp_path / "study.h5")
    table = stored.read_table("mtag/t1")
    assert table["CHR"].isna().sum() == table["POS"].isna().sum() == 10
    assert len(stored.query(region="1:1-10000000", trait="t1")) == (frames[0]["chr"] == 1).sum()


def test_many_sets_of_traits_take_one_pass():
    rng = np.random.default_rng(3)
    present = rng.random((20_000, 20)) < 0.8
    from postgwas.mtag.run_estimates import _sets_of_traits

    covered = []
    for rows, traits in _sets_of_traits(present):
        assert np.all(np.diff(rows) > 0)
        assert np.array_equal(present[rows], np.isin(np.arange(20), traits)[None].repeat(len(rows), axis=0))
        covered.append(rows)
    assert np.array_equal(np.sort(np.concatenate(covered)), np.arange(20_000))


def test_results_of_an_earlier_run_are_told_apart(study, tmp_path):
    run(study.frames, study, out=tmp_path / "run", fdr=True, intervals=4)
    log = tmp_path / "run.log"
    assert "earlier run" not in log.read_text()
    run(study.frames[:2], study, out=tmp_path / "run", overwrite=True)
    line = next(x for x in log.read_text().splitlines() if "of an earlier run" in x)
    for name in ("run_trait_3.txt", "run_fdr_mat.txt", "run_prob_grid.txt"):
        assert name in line
    assert "run_trait_1.txt" not in line
