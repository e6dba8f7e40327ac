"""mtag.py 1.0.8's flags: all there with its defaults, and each one seen to do something by default.

The list is that of mtag.py's own help (commit 9e17f3c). Column names have no default here: columns
are found from the header, and mtag.py's own default names are among those that are found.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from mtag.study import SmallStudy, small_study

from postgwas.cli import mtag_flags
from postgwas.cli.main import main
from postgwas.cli.parser import Parser, underscored

DEFAULTS = {
    "sumstats": None, "gencov_path": None, "residcov_path": None, "out": "./mtag_results",
    "make_full_path": False, "meta_format": False, "n_value": None, "no_chr_data": False, "include": None,
    "exclude": None, "only_chr": None, "homogNs_frac": None, "homogNs_dist": None, "maf_min": "0.01",
    "n_min": None, "n_max": None, "info_min": None, "incld_ambig_snps": False, "no_allele_flipping": False,
    "use_beta_se": False, "no_overlap": False, "perfect_gencov": False, "equal_h2": False, "force": False,
    "fdr": False, "skip_mtag": False, "grid_file": None, "fit_ss": False, "intervals": 10, "cores": 1,
    "p_sig": 5e-8, "time_limit": 100.0, "std_betas": False, "tol": 1e-6, "numerical_omega": False,
    "verbose": False, "chunksize": 1e7, "stream_stdout": False, "median_z_cutoff": 0.1,
}  # fmt: skip
NAMES = ("snp_name", "z_name", "beta_name", "se_name", "n_name", "eaf_name", "chr_name", "bpos_name",
         "a1_name", "a2_name", "p_name")  # fmt: skip
OTHERS = ("n_approx", "ld_ref_panel")


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> SmallStudy:
    return small_study(tmp_path_factory.mktemp("flags"))


@pytest.fixture(scope="module")
def plain(study, tmp_path_factory) -> dict[str, bytes]:
    """What a run without any flag writes."""
    found = files(study, tmp_path_factory.mktemp("plain"), [])
    assert {"run_trait_1.txt", "run_trait_2.txt", "run_omega_hat.txt", "run_sigma_hat.txt"} <= set(found)
    return found


def files(study: SmallStudy, folder: Path, flags: list[str], paths=None) -> dict[str, bytes]:
    sumstats = ",".join(str(path) for path in paths or study.paths[:2])
    out = folder / "run"
    common = ["--sumstats", sumstats, "--ld_ref_panel", str(study.panel), "--out", str(out), "--n_min", "0"]
    common = [*common, "--quiet"] if "--stream_stdout" not in flags else common
    assert main(["mtag", *common, *flags]) == 0
    return {p.name: p.read_bytes() for p in folder.glob("run*") if p.suffix == ".txt"}


def parser() -> Parser:
    one = Parser(prog="postgwas mtag")
    mtag_flags.add_arguments(one)
    return one


def test_every_flag_is_there_with_its_default():
    found = vars(parser().parse_args([]))
    assert {name: found[name] for name in DEFAULTS} == DEFAULTS
    assert {*NAMES, *OTHERS} <= set(found)


@pytest.mark.parametrize("name", [*DEFAULTS, *NAMES, *OTHERS])
def test_dashes_stand_for_underscores(name):
    value = [] if isinstance(DEFAULTS.get(name, ""), bool) or name == "n_approx" else ["1"]
    dashed = underscored([f"--{name.replace('_', '-')}", *value])
    assert parser().parse_args(dashed) == parser().parse_args([f"--{name}", *value])


@pytest.mark.parametrize("name", [*DEFAULTS, *NAMES, *OTHERS])
def test_shortest_prefixes_of_mtag_py_stay_unambiguous(name):
    own = [*DEFAULTS, *NAMES, *OTHERS, "excludeSNPs", "help"]
    length = next(
        k for k in range(1, len(name) + 1)
        if sum(other.startswith(name[:k]) for other in own) == 1 or name[:k] == name
    )  # fmt: skip
    value = [] if isinstance(DEFAULTS.get(name, ""), bool) or name == "n_approx" else ["1"]
    given = parser().parse_args([f"--{name[:length]}", *value])
    assert given == parser().parse_args([f"--{name}", *value])


@pytest.mark.parametrize(
    "flags",
    [
        ["--only_chr", "1,2,3"], ["--maf_min", "0.2"], ["--n_max", "120000,200000", "--force"],
        ["--no_overlap"], ["--perfect_gencov"], ["--numerical_omega"], ["--std_betas"],
        ["--n_value", "9e4,8e4"], ["--n_blocks", "50"],
    ],
    ids=lambda flags: flags[0],
)  # fmt: skip
def test_flags_that_change_numbers(flags, study, plain, tmp_path):
    if flags[0] == "--n_max":
        low = study.frames[0].with_columns(n=pl.Series(np.linspace(1e5, 1.5e5, 4000)))
        paths = [tmp_path / "low.txt", study.paths[1]]
        low.write_csv(paths[0], separator="\t")
        before = files(study, _folder(tmp_path / "before"), [], paths)
        assert files(study, _folder(tmp_path / "after"), flags, paths) != before
        return
    assert files(study, tmp_path, flags) != plain


@pytest.mark.parametrize(
    "flags",
    [
        ["--chunksize", "500"], ["--verbose"], ["--stream_stdout"], ["--n_approx"], ["--cores", "2"],
        ["--time_limit", "1", "--tol", "1e-4"], ["--median_z_cutoff", "0.5"], ["--homogNs_frac", "0.5"],
        ["--homogNs_dist", "10"], ["--make_full_path"], ["--force"], ["--no_allele_flipping"],
        ["--incld_ambig_snps"], ["--snp_name", "snpid"],
        ["--z_name", "z", "--n_name", "n", "--p_name", "pval"],
        ["--a1_name", "a1", "--a2_name", "a2", "--eaf_name", "freq"],
        ["--chr_name", "chr", "--bpos_name", "bpos"], ["--beta_name", "nowhere", "--se_name", "nowhere"],
    ],
    ids=lambda flags: flags[0],
)  # fmt: skip
def test_flags_that_change_no_number_of_this_study(flags, study, plain, tmp_path):
    assert files(study, tmp_path, flags) == plain


def test_columns_of_any_name(study, plain, tmp_path):
    """Two files whose columns have names that no dialect knows, other ones in each."""
    flags: list[str] = []
    names = {"snp": "snpid", "chr": "chr", "bpos": "bpos", "a1": "a1", "a2": "a2", "eaf": "freq", "z": "z",
             "n": "n", "p": "pval"}  # fmt: skip
    for flag, column in names.items():
        flags += [f"--{flag}_name", f"x_{column},y_{column}"]
    paths = []
    for prefix, frame in zip("xy", study.frames[:2]):
        paths.append(tmp_path / f"trait{'xy'.index(prefix) + 1}.txt")
        frame.rename({c: f"{prefix}_{c}" for c in frame.columns}).write_csv(paths[-1], separator="\t")
    assert files(study, tmp_path, flags, paths) == plain


def test_info_min(study, tmp_path):
    info = pl.Series("info", np.where(np.arange(4000) % 4, 0.95, 0.5))
    paths = []
    for t, frame in enumerate(study.frames[:2]):
        paths.append(tmp_path / f"trait{t + 1}.txt")
        frame.with_columns(info).write_csv(paths[-1], separator="\t")
    found = files(study, _folder(tmp_path / "out"), ["--info_min", "0.9"], paths)
    assert len(found["run_trait_1.txt"].splitlines()) == 3001


def test_make_full_path_makes_the_folder(study, tmp_path):
    out = tmp_path / "a/b"
    files(study, out, ["--make_full_path"])
    assert (out / "run_trait_1.txt").exists()


def test_stream_stdout_and_verbose(study, tmp_path, capsys):
    files(study, tmp_path, ["--stream_stdout", "--verbose"])
    told = capsys.readouterr().out
    assert "Summary of MTAG results" in told
    assert "LD score regression 1-2" in told
    assert "s CPU" in told


def _folder(path: Path) -> Path:
    path.mkdir()
    return path
