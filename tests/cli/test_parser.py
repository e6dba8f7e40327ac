"""Dashes, prefixes and shared options."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgwas.cli import options
from postgwas.cli.parser import HelpParser, Parser, underscored, wants_help
from postgwas.errors import UsageError


def parser_with_shared_options() -> Parser:
    parser = Parser(prog="postgwas mtag")
    for flag in ("--n_min", "--out", "--ld_ref_panel", "--sumstats", "--std_betas", "--columns"):
        parser.add_argument(flag)
    options.add_engine_options(parser)
    options.add_store_options(parser)
    options.add_run_options(parser)
    return parser


def test_dashes_stand_for_underscores_in_names_only() -> None:
    argv = ["--n-min", "my-value", "--out=a-b=c-d", "-x-y", "--", "--stays-so"]
    assert underscored(argv) == ["--n_min", "my-value", "--out=a-b=c-d", "-x-y", "--", "--stays-so"]


@given(st.lists(st.text(alphabet="-_=ab", max_size=6), max_size=5))
def test_rewriting_touches_nothing_but_dashes_in_long_names(argv: list[str]) -> None:
    once = underscored(argv)
    assert underscored(once) == once
    assert [len(token) for token in once] == [len(token) for token in argv]
    assert [token.replace("-", "_") for token in once] == [token.replace("-", "_") for token in argv]
    for before, after in zip(argv, once):
        if before == "--":
            break
        if not before.startswith("--"):
            assert after == before
        else:
            assert after.partition("=")[2] == before.partition("=")[2]
            assert "-" not in after[2:].partition("=")[0]


@pytest.mark.parametrize(
    ("argv", "name", "value"),
    [
        (["--n-min", "3"], "n_min", "3"),
        (["--n-min=3"], "n_min", "3"),
        (["--n-m", "3"], "n_min", "3"),
        (["--o", "x"], "out", "x"),  # --overwrite gives way
        (["--l", "panel"], "ld_ref_panel", "panel"),  # --log_json gives way
        (["--st", "x"], "std_betas", "x"),  # --store gives way
        (["--over"], "overwrite", True),
        (["--dask-scheduler", "tcp://a-b:1"], "dask_scheduler", "tcp://a-b:1"),
    ],
)
def test_prefixes_of_a_peers_flags_keep_their_meaning(argv: list[str], name: str, value: object) -> None:
    args = parser_with_shared_options().parse_args(underscored(argv))
    assert getattr(args, name) == value


def test_truly_ambiguous_prefixes_are_refused() -> None:
    with pytest.raises(UsageError, match="ambiguous option: --co could match --columns, --cores"):
        parser_with_shared_options().parse_args(["--co", "1"])


def test_an_ambiguous_flag_in_the_wrong_case_is_told_its_own() -> None:
    parser = Parser(prog="postgwas munge")
    for flag in ("--N", "--nstudy", "--n_min"):
        parser.add_argument(flag)
    with pytest.raises(UsageError, match="ambiguous option: --n ") as raised:
        parser.parse_args(["--n", "1000"])
    assert str(raised.value.hint).startswith("did you mean --N?")


def test_engine_arguments() -> None:
    parser = parser_with_shared_options()
    args = parser.parse_args(
        ["--cores", "3", "--dask_jobqueue", "slurm", "--dask_jobqueue_options", "queue=a, memory=8GB"]
    )
    assert options.engine_arguments(args) == {
        "cores": 3,
        "scheduler": None,
        "jobqueue": "slurm",
        "jobqueue_options": {"queue": "a", "memory": "8GB"},
    }


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        (["--cores", "0"], "--cores 0: expected at least 1"),
        (["--dask_scheduler", "a:1", "--dask_jobqueue", "pbs"], "exclude each other"),
        (["--dask_jobqueue_options", "queue=a"], "without --dask_jobqueue"),
        (["--dask_jobqueue", "pbs", "--dask_jobqueue_options", "queue"], "expected KEY=VALUE"),
    ],
)
def test_contradicting_engine_flags(argv: list[str], text: str) -> None:
    args = parser_with_shared_options().parse_args(argv)
    with pytest.raises(UsageError, match=text):
        options.engine_arguments(args)


def test_help_is_asked_for() -> None:
    assert wants_help(["--out", "x", "--hel"])
    assert not wants_help(["--", "--help"])
    assert not wants_help(["--homogNs_frac", "--h2"])


def test_help_with_brackets_and_percent_signs(capsys: pytest.CaptureFixture[str]) -> None:
    parser = HelpParser(prog="postgwas mtag", description="Shapes [M, N].")
    parser.add_argument("--level", help="95 %% of [0, 1] [default: 0.95]")
    with pytest.raises(SystemExit):
        parser.parse_args(["--help"])
    text = capsys.readouterr().out
    assert "Shapes [M, N]." in text
    assert "95 % of [0, 1] [default: 0.95]" in text
