"""Whole runs on a small study: what is corrected against mtag.py, what must not change a bit."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from mtag.study import OMEGA, SIGMA, N, write

import postgwas
from postgwas.errors import ColumnError, NoVariantsError, OutputError
from postgwas.mtag.run import mtag

COMPLEMENT = {"A": "T", "T": "A", "C": "G", "G": "C"}


def swapped(frame, rows):
    """The same results with the other allele as effect allele in some rows."""
    return frame.with_columns(
        a1=pl.when(rows).then(pl.col("a2")).otherwise(pl.col("a1")),
        a2=pl.when(rows).then(pl.col("a1")).otherwise(pl.col("a2")),
        z=pl.when(rows).then(-pl.col("z")).otherwise(pl.col("z")),
        freq=pl.when(rows).then(1 - pl.col("freq")).otherwise(pl.col("freq")),
    )


def other_strand(frame, rows):
    """The same alleles read on the other strand in some rows."""
    return frame.with_columns(
        pl.when(rows).then(pl.col(c).replace_strict(COMPLEMENT)).otherwise(pl.col(c)).alias(c)
        for c in ("a1", "a2")
    )


def some(n_rows, seed, share=0.4):
    return pl.Series(np.random.default_rng(seed).random(n_rows) < share)


def run(frames, study, **options):
    options.setdefault("n_min", 0)
    options.setdefault("trait_names", [f"t{i}" for i in range(1, len(frames) + 1)])
    return mtag(frames, ld_ref_panel=study.panel, **options)


def same_bits(one, two, traits=(0, 1)):
    for t in traits:
        a, b = one.frame(t).sort("SNP"), two.frame(t).sort("SNP")
        for column in ("SNP", "A1", "A2", "mtag_beta", "mtag_se", "mtag_z"):
            assert a[column].equals(b[column]), column


def test_estimates_the_truth(study):
    found = run(study.frames, study)
    l2_mean = np.mean([pl.read_csv(p, separator="\t")["L2"].mean() for p in study.panel.glob("*.ldscore")])
    assert np.all(np.abs(found.omega - OMEGA * l2_mean) < 5 * found.omega_se)
    assert np.all(np.abs(found.sigma - SIGMA) < 5 * found.sigma_se)
    assert found.summaries[0].mtag_mean_chi2 > 1
    assert all(s.gwas_equivalent_n > n for s, n in zip(found.summaries, N))


def test_reports_are_readable(study):
    text = run(study.frames, study).summary()
    for part in ("Summary of MTAG results", "Estimated Omega", "Estimated Sigma", "standard errors", "t3"):
        assert part in text
    assert "fewer than 200,000" in text


@pytest.mark.parametrize("union", [False, True])
def test_no_bit_depends_on_the_order_of_rows(study, union):
    shuffled = [f.sample(fraction=1, shuffle=True, seed=s) for s, f in enumerate(study.frames)]
    if union:
        frames = [f.filter(some(f.height, t + 30, 0.9)) for t, f in enumerate(study.frames)]
        shuffled = [f.sample(fraction=1, shuffle=True, seed=s) for s, f in enumerate(frames)]
    else:
        frames = study.frames
    one = run(frames, study, meta_format=union, no_chr_data=False)
    two = run(shuffled, study, meta_format=union)
    assert np.array_equal(one.omega, two.omega)
    assert np.array_equal(one.sigma, two.sigma)
    assert np.array_equal(one.omega_se, two.omega_se)
    same_bits(one, two, range(3))


def test_rows_come_back_in_the_order_of_the_first_file(study):
    shuffled = study.frames[0].sample(fraction=1, shuffle=True, seed=5)
    found = run([shuffled, *study.frames[1:]], study)
    assert found.frame(1)["SNP"].to_list() == shuffled["snpid"].to_list()


def test_no_bit_depends_on_the_order_of_traits(study):
    one = run(study.frames, study)
    order = [2, 0, 1]
    two = run([study.frames[i] for i in order], study, trait_names=["t3", "t1", "t2"])
    assert np.array_equal(one.omega[np.ix_(order, order)], two.omega)
    assert np.array_equal(one.sigma[np.ix_(order, order)], two.sigma)
    for place, t in enumerate(order):
        assert one.frame(t)["mtag_beta"].equals(two.frame(place)["mtag_beta"])


def test_swapped_alleles_and_strands_change_no_bit(study):
    one = run(study.frames, study)
    moved = [study.frames[0]]
    for t in (1, 2):
        frame = swapped(study.frames[t], some(4000, t))
        moved.append(other_strand(frame, some(4000, t + 10, 0.2)))
    two = run(moved, study)
    assert two.aligned.counts[1].swapped > 1000
    assert two.aligned.counts[1].other_strand > 500
    for t in range(3):
        a, b = one.frame(t), two.frame(t)
        assert a["mtag_z"].equals(b["mtag_z"])
        np.testing.assert_allclose(a["FRQ"], b["FRQ"], rtol=1e-12)


def test_effect_alleles_of_the_first_trait_turn_everything(study):
    rows = some(4000, 3)
    one, two = run(study.frames, study), run([swapped(study.frames[0], rows), *study.frames[1:]], study)
    sign = np.where(rows.to_numpy(), -1.0, 1.0)
    for t in range(3):
        a = one.frame(t)["mtag_z"].to_numpy()
        assert np.array_equal(a * sign, two.frame(t)["mtag_z"].to_numpy())
    assert np.array_equal(one.omega, two.omega)


def test_no_allele_flipping_drops_swapped_variants(study):
    rows = some(4000, 4)
    found = run([study.frames[0], swapped(study.frames[1], rows)], study, no_allele_flipping=True)
    assert set(found.frame(0)["SNP"]) == set(study.frames[0]["snpid"].filter(~rows))


def test_the_maf_filter_applies_to_a_column_called_freq(study):
    rare = study.frames[1].with_columns(
        freq=pl.when(pl.col("freq") > 0.5).then(0.005).otherwise(pl.col("freq"))
    )
    found = run([study.frames[0], rare], study)
    assert set(found.frame(0)["SNP"]) == set(rare.filter(pl.col("freq") > 0.01)["snpid"])
    compat = run([study.frames[0], rare], study, mtag_compat=True)
    assert len(compat.frame(0)) == 4000


def test_p_of_zero_keeps_its_row(study):
    hit = study.frames[0].with_columns(
        z=pl.when(pl.int_range(pl.len()) == 7).then(45.0).otherwise(pl.col("z")),
        pval=pl.when(pl.int_range(pl.len()) == 7).then(0.0).otherwise(pl.col("pval")),
    )
    snp = hit["snpid"][7]
    assert snp in run([hit, study.frames[1]], study).frame(0)["SNP"]
    assert snp not in run([hit, study.frames[1]], study, mtag_compat=True).frame(0)["SNP"]


def test_of_duplicates_the_first_good_row_is_kept(study):
    frame = study.frames[0]
    bad = frame[:1].with_columns(z=pl.lit(None, dtype=pl.Float64))
    worse = frame[:1].with_columns(z=pl.col("z") + 3)
    doubled = pl.concat([bad, frame, worse])
    found = run([doubled, study.frames[1]], study).frame(0).filter(pl.col("SNP") == frame["snpid"][0])
    assert found["Z"].to_list() == [frame["z"][0]]


def test_n_max_and_n_min(study):
    frame = study.frames[0].with_columns(n=pl.Series(np.linspace(50_000, 150_000, 4000)))
    found = run([frame, study.frames[1]], study, n_min=[60_000, None], n_max=[120_000, None])
    kept = frame.filter(pl.col("n").is_between(60_000, 120_000))["snpid"]
    assert set(found.frame(0)["SNP"]) == set(kept)


def test_beta_and_se_equal_z_and_n(study):
    with_effects = []
    for frame in study.frames[:2]:
        se = 1 / (2 * pl.col("freq") * (1 - pl.col("freq")) * pl.col("n")).sqrt()
        with_effects.append(frame.with_columns(se=se).with_columns(beta=pl.col("z") * pl.col("se")))
    one = run(study.frames[:2], study)
    two = run([f.drop("z", "n") for f in with_effects], study, use_beta_se=True)
    three = run([f.drop("z", "freq") for f in with_effects], study, use_beta_se=True, maf_min=None)
    for other in (two, three):
        np.testing.assert_allclose(other.omega, one.omega, rtol=1e-9)
        for t in range(2):
            for column in ("mtag_beta", "mtag_se", "mtag_z"):
                np.testing.assert_allclose(other.frame(t)[column], one.frame(t)[column], rtol=1e-7)


def test_effects_keep_the_units_of_the_input(study):
    """Without a frequency, BETA in centimetres gives MTAG effects in centimetres."""
    se = 1 / (2 * pl.col("freq") * (1 - pl.col("freq")) * pl.col("n")).sqrt()
    plain = [f.with_columns(se=se).with_columns(beta=pl.col("z") * pl.col("se")) for f in study.frames[:2]]
    scaled = [plain[0].with_columns(beta=pl.col("beta") * 6.5, se=pl.col("se") * 6.5), plain[1]]
    one = run([f.drop("z", "freq") for f in plain], study, use_beta_se=True, maf_min=None)
    two = run([f.drop("z", "freq") for f in scaled], study, use_beta_se=True, maf_min=None)
    np.testing.assert_allclose(two.frame(0)["mtag_beta"], one.frame(0)["mtag_beta"] * 6.5, rtol=1e-9)
    np.testing.assert_allclose(two.frame(1)["mtag_beta"], one.frame(1)["mtag_beta"], rtol=1e-9)


def test_union_aligns_alleles_and_takes_any_number_of_traits(study):
    kept = [some(4000, t + 20, 0.8) for t in range(3)]
    frames = [f.filter(k) for f, k in zip(study.frames, kept)]
    turned = [frames[0], swapped(frames[1], some(frames[1].height, 2)), frames[2]]
    one, two = run(frames, study, meta_format=True), run(turned, study, meta_format=True)
    for t in range(3):
        ids = set(study.frames[t]["snpid"].filter(kept[t]))
        assert set(one.frame(t)["SNP"]) == ids
    both = one.frame(0).join(two.frame(0), on="SNP", suffix="_two")
    assert both["mtag_z"].equals(both["mtag_z_two"])
    # A variant that one trait has alone keeps its GWAS, Sigma's share apart.
    alone = one.frame(0).filter(~pl.col("SNP").is_in([*frames[1]["snpid"], *frames[2]["snpid"]]))
    assert alone.height > 50
    np.testing.assert_allclose(alone["mtag_z"], alone["Z"] / np.sqrt(one.sigma[0, 0]), rtol=1e-9)
    # What all traits have is what a run without --meta_format gives.
    shared = run(frames, study).frame(1).join(one.frame(1), on="SNP", suffix="_union")
    assert shared["mtag_z"].equals(shared["mtag_z_union"])


def test_ambiguous_variants_are_reported_but_never_estimate(study):
    ambiguous = pl.int_range(pl.len()) % 10 == 0
    frames = [
        f.with_columns(
            a1=pl.when(ambiguous).then(pl.lit("A")).otherwise("a1"),
            a2=pl.when(ambiguous).then(pl.lit("T")).otherwise("a2"),
        )
        for f in study.frames[:2]
    ]
    without, with_them = run(frames, study), run(frames, study, incld_ambig_snps=True)
    assert len(with_them.frame(0)) == 4000
    assert len(without.frame(0)) == 3600
    assert np.array_equal(without.omega, with_them.omega)
    assert np.array_equal(without.sigma, with_them.sigma)


def test_formats_may_differ(study, tmp_path):
    one = run(study.frames[:2], study)
    ssf = study.frames[1].select(
        chromosome="chr", base_pair_location="bpos", effect_allele="a1", other_allele="a2",
        beta=pl.col("z") / 100, standard_error=pl.lit(0.01), effect_allele_frequency="freq",
        p_value="pval", rsid="snpid", n="n",
    )  # fmt: skip
    path = write(ssf, tmp_path / "ssf.tsv")
    two = run([study.paths[0], path], study)
    np.testing.assert_allclose(two.frame(0)["mtag_z"], one.frame(0)["mtag_z"], rtol=1e-6, atol=1e-9)


def test_without_positions(study):
    bare = [f.drop("chr", "bpos") for f in study.frames[:2]]
    found = run(bare, study)
    assert "CHR" not in found.frame(0).columns
    one = run(study.frames[:2], study)
    a, b = one.frame(0).sort("SNP"), found.frame(0).sort("SNP")
    np.testing.assert_allclose(a["mtag_z"], b["mtag_z"], rtol=1e-8, atol=1e-12)


def test_a_frequency_is_needed_unless_effects_are_standardised(study):
    bare = [f.drop("freq") for f in study.frames[:2]]
    with pytest.raises(ColumnError, match="std_betas"):
        run(bare, study)
    found = run(bare, study, std_betas=True)
    np.testing.assert_allclose(
        found.frame(0)["mtag_beta"] / found.frame(0)["mtag_se"], found.frame(0)["mtag_z"]
    )


def test_traits_without_common_variants(study):
    other = study.frames[1].with_columns(snpid=pl.col("snpid") + "x")
    with pytest.raises(NoVariantsError, match="no variant is left after merging"):
        run([study.frames[0], other], study)


def test_nothing_is_overwritten_unasked(study, tmp_path):
    out = tmp_path / "run"
    run(study.frames[:2], study, out=out)
    before = (tmp_path / "run_trait_1.txt").read_bytes()
    with pytest.raises(OutputError, match="--overwrite"):
        run(study.frames[:2], study, out=out)
    run(study.frames[:2], study, out=out, overwrite=True)
    assert (tmp_path / "run_trait_1.txt").read_bytes() == before


def test_the_public_interface(study, tmp_path):
    found = postgwas.mtag(study.paths, ld_ref_panel=study.panel, n_min=0, fdr=True, intervals=4)
    assert list(found.traits) == ["trait1", "trait2", "trait3"]
    table = found.traits["trait2"]
    assert {"SNP", "CHR", "BP", "A1", "A2", "Z", "N", "FRQ", "mtag_beta", "mtag_pval"} <= set(table.columns)
    assert found.max_fdr.shape == (3,)
    keys = found.to_store(tmp_path / "study.h5")
    stored = postgwas.Study.open(tmp_path / "study.h5")
    assert "mtag/trait2" in keys
    back = stored.read_table("mtag/trait2")
    assert np.array_equal(np.sort(back["Z"]), np.sort(table["mtag_z"]))
    assert np.array_equal(stored.read_arrays("mtag/covariances")["omega"], found.omega)
    assert found.plot("trait1") is not None
    with pytest.raises(postgwas.PostgwasError):
        found.to_store(tmp_path / "study.h5")
