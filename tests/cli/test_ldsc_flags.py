"""The flags of ldsc.py 1.0.1 with their defaults, and what goes with what."""

from __future__ import annotations

from pathlib import Path

import pytest

from postgwas.cli import ldsc_command
from postgwas.cli.main import COMMANDS, main
from postgwas.cli.parser import Parser, underscored

#: Every option of ldsc.py 1.0.1 and its default (False for switches).
UPSTREAM = {
    "--out": "ldsc", "--bfile": None, "--l2": False, "--extract": None, "--keep": None,
    "--ld-wind-snps": None, "--ld-wind-kb": None, "--ld-wind-cm": None, "--print-snps": None,
    "--annot": None, "--thin-annot": False, "--cts-bin": None, "--cts-breaks": None, "--cts-names": None,
    "--per-allele": False, "--pq-exp": None, "--no-print-annot": False, "--maf": None, "--h2": None,
    "--h2-cts": None, "--rg": None, "--ref-ld": None, "--ref-ld-chr": None, "--w-ld": None,
    "--w-ld-chr": None, "--overlap-annot": False, "--print-coefficients": False, "--frqfile": None,
    "--frqfile-chr": None, "--no-intercept": False, "--intercept-h2": None, "--intercept-gencov": None,
    "--M": None, "--two-step": None, "--chisq-max": None, "--ref-ld-chr-cts": None, "--print-all-cts": False,
    "--print-cov": False, "--print-delete-vals": False, "--chunk-size": 50, "--pickle": False,
    "--yes-really": False, "--invert-anyway": False, "--n-blocks": 200, "--not-M-5-50": False,
    "--return-silly-things": False, "--no-check-alleles": False, "--samp-prev": None, "--pop-prev": None,
}  # fmt: skip
VALUES = {"--ld-wind-snps": "5", "--chunk-size": "7", "--n-blocks": "9"}


@pytest.fixture
def parser() -> Parser:
    parser = Parser(prog="postgwas ldsc")
    ldsc_command.add_arguments(parser)
    return parser


@pytest.mark.parametrize("flag", UPSTREAM)
def test_flag_and_default(parser: Parser, flag: str) -> None:
    name = flag.strip("-").replace("-", "_")
    default = UPSTREAM[flag]
    assert getattr(parser.parse_args([]), name) == default
    if default is False:
        assert getattr(parser.parse_args(underscored([flag])), name) is True
    else:
        value = VALUES.get(flag, "2.5")
        assert str(getattr(parser.parse_args(underscored([flag, value])), name)) == value


@pytest.mark.parametrize(
    ("short", "full"), [("--ov", "overlap_annot"), ("--q", "quiet"), ("--inv", "invert_anyway")]
)
def test_prefixes_of_upstream_stay_unambiguous(parser: Parser, short: str, full: str) -> None:
    assert getattr(parser.parse_args([short]), full) is True


def test_help_says_what_the_list_of_commands_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert COMMANDS["ldsc"] == ("ldsc_command", ldsc_command.HELP)
    assert main(["ldsc", "--help"]) == 0
    assert "--overlap_annot" in capsys.readouterr().out


def refusal(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    assert main(["ldsc", *argv]) == 2
    printed = capsys.readouterr()
    (line,) = printed.err.splitlines()
    assert printed.out == ""
    return line.removeprefix("postgwas: error: ")


LD = ("--ref-ld-chr", "panel/", "--w-ld-chr", "panel/")


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        ((), "no analysis selected"),
        (("--h2", "a", "--rg", "a,b", *LD), "--h2 and --rg exclude each other"),
        (("--l2", "--h2", "a", *LD), "--h2 and --l2 exclude each other"),
        (("--h2", "a"), "--h2 needs LD scores (--ref_ld_chr"),
        (("--h2", "a", "--ref-ld-chr", "p/"), "--h2 needs LD scores (--w_ld_chr"),
        (("--h2", "a", *LD, "--ref-ld", "p"), "--ref_ld and --ref_ld_chr exclude each other"),
        (("--h2", "a", *LD, "--w-ld", "p"), "--w_ld and --w_ld_chr exclude each other"),
        (("--h2", "a", *LD, "--samp-prev", "0.5"), "--samp_prev and --pop_prev must be given together"),
        (("--h2", "a", *LD, "--bfile", "x"), "--bfile goes with --l2, not with --h2"),
        (("--h2", "a", *LD, "--ld-wind-cm", "1"), "--ld_wind_cm goes with --l2, not with --h2"),
        (("--h2", "a", *LD, "--figures"), "--figures goes with --rg, not with --h2"),
        (("--h2", "a", *LD, "--rg-matrix"), "--rg_matrix goes with --rg, not with --h2"),
        (("--h2-cts", "a", *LD, "--print-pseudovalues"), "--print_pseudovalues goes with --h2, not with"),
        (("--h2", "a", *LD, "--n-blocks", "1"), "--n_blocks 1: expected a whole number above 1"),
        (("--h2", "a", *LD, "--no-intercept", "--intercept-h2", "1.1"), "--no_intercept and --intercept_h2"),
        (("--h2", "a", *LD, "--intercept-h2", "1,2"), "--intercept_h2 1,2: expected one number"),
        (("--h2", "a", *LD, "--intercept-h2", "x"), "--intercept_h2 x: expected a number"),
        (("--h2", "a", *LD, "--intercept-h2", "nan"), "--intercept_h2 nan: expected a number"),
        (("--h2", "a", *LD, "--M", "many"), "--M many: expected a number"),
        (("--h2", "a", *LD, "--M", "-5"), "--M: expected numbers of variants above 0"),
        (("--h2", "a", *LD, "--two-step", "-1"), "--two_step -1: expected a chi-square above 0"),
        (("--h2", "a", *LD, "--chisq-max", "0"), "--chisq_max 0: expected a chi-square above 0"),
        (("--h2", "a", *LD, "--two-step", "30", "--no-intercept"), "--two_step estimates the intercept"),
        (("--h2", "a", *LD, "--samp-prev", "0.5", "--pop-prev", "5"), "--pop_prev 5: expected a share"),
        (("--h2", "a", *LD, "--overlap-annot"), "--overlap_annot needs allele frequencies"),
        (("--h2", "a", *LD, "--overlap-annot", "--frqfile", "f"), "--frqfile goes with --ref_ld"),
        (("--h2", "a", *LD, "--trait-names", "a/b"), "--trait_names a/b: expected one name"),
        (("--h2-cts", "a", *LD), "--h2_cts needs the list of cell types"),
        (("--h2-cts", "a", *LD, "--ref-ld-chr-cts", "f", "--two-step", "9"), "--two_step takes one"),
        (("--h2", "a", *LD, "--cores", "0"), "--cores 0: expected at least 1"),
    ],
)
def test_what_does_not_go_together(
    argv: tuple[str, ...],
    told: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert refusal(capsys, *argv).startswith(told)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("argv", "flag"),
    [
        (("--h2", "none", "--print-all-cts"), "print_all_cts"),
        (("--h2-cts", "none", "--print-cov"), "print_cov"),
        (("--rg", "none,none", "--overlap-annot"), "overlap_annot"),
    ],
)
def test_what_ldsc_passes_over_is_told(
    argv: tuple[str, ...], flag: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """ldsc.py takes these flags and does nothing with them."""
    assert main(["ldsc", *argv, *LD, "--out", str(tmp_path / "run"), "--quiet"]) == 2
    warning = capsys.readouterr().err.splitlines()[0]
    assert warning == f"warning: --{flag} has no effect with {argv[0].replace('-', '_').replace('__', '--')}"
