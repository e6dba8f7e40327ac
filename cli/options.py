"""Option groups that several commands share, so that a flag means the same everywhere."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from postgwas.cli.parser import Parser
from postgwas.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from postgwas.genotypes.selection import Selection

#: Flag -> (field, what it names): columns of summary statistics by name, in `meta`, `finemap` and `coloc`.
COLUMN_FLAGS = {
    "snpid_name": ("SNPID", "variant ids"),
    "chr_name": ("CHR", "chromosomes"),
    "pos_name": ("POS", "positions"),
    "ea_name": ("EA", "effect alleles"),
    "nea_name": ("NEA", "other alleles"),
    "eaf_name": ("EAF", "effect allele frequencies"),
    "beta_name": ("BETA", "effects"),
    "or_name": ("OR", "odds ratios"),
    "se_name": ("SE", "standard errors"),
    "z_name": ("Z", "z-scores"),
    "p_name": ("P", "P-values"),
    "n_name": ("N", "sample sizes"),
    "info_name": ("INFO", "imputation quality"),
}
#: All but imputation quality, which these analyses do not use.
ANALYSIS_FIELDS = tuple(name for name, _ in COLUMN_FLAGS.values() if name != "INFO")
JOB_QUEUES = ("slurm", "pbs", "lsf", "sge")
#: Flags of :func:`add_genotype_options` that say what to use.
_SELECTING = (
    "keep", "remove", "extract", "exclude", "chr", "region", "maf_min", "max_missing", "sex", "haploid"
)  # fmt: skip


def add_engine_options(parser: argparse.ArgumentParser, *, cores: bool = True) -> None:
    """``--cores``, ``--dask_scheduler``, ``--dask_jobqueue``: where the work runs.

    With ``cores=False`` the command registers ``--cores`` itself.
    """
    group = parser.add_argument_group("where the work runs (results are the same bits everywhere)")
    if cores:
        group.add_argument("--cores", type=int, default=1, metavar="N", help="worker processes [default: 1]")
    group.add_argument(
        "--dask_scheduler",
        metavar="ADDRESS|FILE",
        help="run on an existing Dask cluster: tcp://host:port or a scheduler file",
    )
    group.add_argument(
        "--dask_jobqueue",
        choices=JOB_QUEUES,
        help="start --cores workers as jobs of this queue (needs pip install 'postgwas[jobqueue]')",
    )
    group.add_argument(
        "--dask_jobqueue_options",
        metavar="KEY=VALUE,...",
        help="for the queue, for instance queue=short,memory=8GB,walltime=02:00:00",
    )
    _give_way(parser, "dask_scheduler", "dask_jobqueue", "dask_jobqueue_options")


def engine_arguments(args: argparse.Namespace) -> dict[str, Any]:
    """The keyword arguments of :func:`postgwas.compute.engine.engine` that the flags ask for.

    Raises
    ------
    UsageError
        If the flags contradict each other or are out of range.
    """
    if args.cores < 1:
        raise UsageError(f"--cores {args.cores}: expected at least 1")
    if args.dask_scheduler and args.dask_jobqueue:
        raise UsageError("--dask_scheduler and --dask_jobqueue exclude each other", hint="give one of them")
    if args.dask_jobqueue_options and not args.dask_jobqueue:
        raise UsageError("--dask_jobqueue_options without --dask_jobqueue", hint="--dask_jobqueue slurm")
    return {
        "cores": args.cores,
        "scheduler": args.dask_scheduler,
        "jobqueue": args.dask_jobqueue,
        "jobqueue_options": _key_values(args.dask_jobqueue_options, "--dask_jobqueue_options"),
    }


def add_genotype_options(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """``--genotypes`` and what to use of it: the same flags for every command and every kind of file."""
    group = parser.add_argument_group("genotypes")
    group.add_argument(
        "--genotypes",
        required=required,
        metavar="FILE",
        help="PLINK 1 (.bed), PLINK 2 (.pgen), VCF, BCF or BGEN, or their prefix; @ stands for chromosomes",
    )
    group.add_argument("--dosage", action="store_true", help="dosages rather than hard calls")
    group.add_argument("--keep", metavar="FILE", help="only these samples: IID, or FID and IID")
    group.add_argument("--remove", metavar="FILE", help="not these samples")
    group.add_argument("--extract", metavar="FILE", help="only these variant ids")
    group.add_argument("--exclude", metavar="FILE", help="not these variant ids")
    group.add_argument("--chr", metavar="NAME,NAME,...", help="only these chromosomes, in any style")
    group.add_argument("--region", metavar="CHR:START-END", help="only this region")
    group.add_argument("--maf_min", type=float, metavar="MAF", help="least minor allele frequency")
    group.add_argument("--max_missing", type=float, metavar="SHARE", help="largest share of missing calls")
    group.add_argument("--sex", metavar="FILE", help="sexes: IID SEX, FID IID SEX, or a .psam or .fam file")
    group.add_argument(
        "--haploid",
        metavar="BUILD",
        help="GRCh37 or GRCh38: set missing what its X (in men, outside the pseudo-autosomal regions), Y and "
        "MT exclude",
    )


def genotype_selection(args: argparse.Namespace) -> Selection:
    """What :func:`add_genotype_options` was told.

    Raises
    ------
    UsageError
        If there are no genotypes to select from.
    """
    from postgwas.genotypes.selection import Selection

    flags = (*_SELECTING, "dosage")
    given = [flag for flag in flags if getattr(args, flag) not in (None, False)]
    if args.genotypes is None and given:
        raise UsageError(f"--{given[0]} has no meaning without --genotypes", hint="--genotypes FILE")
    names = [name.strip() for name in args.chr.split(",") if name.strip()] if args.chr else None
    return Selection(
        keep=args.keep, remove=args.remove, extract=args.extract, exclude=args.exclude, chromosomes=names,
        region=args.region, maf_min=args.maf_min, max_missing=args.max_missing, sex=args.sex,
        haploid=args.haploid,
    )  # fmt: skip


def add_column_flags(
    parser: argparse.ArgumentParser,
    group: argparse._ArgumentGroup,
    fields: Iterable[str],
    *,
    more: str = "",
    **given: Any,
) -> None:
    """``--snpid_name`` to ``--info_name``: which column holds which of `fields`.

    `more` ends the help text; `given` goes to argparse (``nargs``, ``metavar``).
    """
    wanted = set(fields)
    for flag, (name, what) in COLUMN_FLAGS.items():
        if name in wanted:
            group.add_argument(f"--{flag}", **{"metavar": "NAME", **given}, help=f"column of {what}{more}")
    _give_way(parser, "or_name")


def named_columns(args: argparse.Namespace) -> dict[str, Any]:
    """Field -> what :func:`add_column_flags` was given for it, of those that were given."""
    given = {name: getattr(args, flag, None) for flag, (name, _) in COLUMN_FLAGS.items()}
    return {name: value for name, value in given.items() if value}


def add_header_flag(
    parser: argparse.ArgumentParser, group: argparse._ArgumentGroup, *, each: bool = False
) -> None:
    """``--columns``: files that have no header line; with `each` one value for all, or one a file."""
    what = "the files have no header: names of all their columns, in order; - leaves one out"
    if each:
        what += ". One for all, or one a file, and a - alone for a file that has one"
    many: dict[str, Any] = {"nargs": "+"} if each else {}
    group.add_argument("--columns", metavar="NAME,NAME,...", help=what, **many)
    _give_way(parser, "columns")


def header_names(text: str | None) -> tuple[str, ...] | None:
    """What one value of ``--columns`` names; None where it is absent, or a - alone.

    Raises
    ------
    UsageError
        If it names no column.

    Examples
    --------
    >>> header_names("SNPID,-,P")
    ('SNPID', '-', 'P')
    """
    if text is None or text.strip() == "-":
        return None
    names = tuple(name.strip() or "-" for name in text.split(","))
    if set(names) <= {"-", "_"}:
        raise UsageError(f"--columns {text}: names no column", hint="--columns SNPID,CHR,POS,...")
    return names


def header_each(given: list[str] | None, n_files: int) -> list[tuple[str, ...] | None]:
    """The header of each file, of :func:`add_header_flag` with `each`.

    Raises
    ------
    UsageError
        If there is neither one value nor one a file.
    """
    values = given or ["-"]
    if len(values) not in (1, n_files):
        raise UsageError(
            f"--columns: {len(values)} values for {n_files} files",
            hint="one for all, or one a file; - for one with a header; no blanks between names",
        )
    return [header_names(value) for value in (values * n_files if len(values) == 1 else values)]


def add_dialect_flags(parser: argparse.ArgumentParser, group: argparse._ArgumentGroup) -> None:
    """``--dialect``, ``--dialect_file``: which format summary statistics have."""
    group.add_argument("--dialect", metavar="NAME", help="take this format instead of recognising it")
    group.add_argument(
        "--dialect_file",
        action="append",
        default=[],
        metavar="YAML",
        help="describe a format of your own; may be repeated",
    )
    _give_way(parser, "dialect_file")


def add_matrix_input(group: argparse._ArgumentGroup, help_text: str, *, several: bool = False) -> None:
    """FILE, ``--counts FILE`` or ``--expression FILE``: the matrix, by place or by either name."""
    group.add_argument("files", nargs="*" if several else "?", metavar="FILE", help=help_text)
    group.add_argument(
        "--counts",
        "--expression",
        dest="named_file",
        metavar="FILE",
        help="the same by name instead of by place",
    )


def matrix_inputs(args: argparse.Namespace) -> list[str]:
    """The files that :func:`add_matrix_input` was given.

    Raises
    ------
    UsageError
        If they are given by place and by name too.
    """
    placed = [args.files] if isinstance(args.files, str) else list(args.files or [])
    if placed and args.named_file:
        raise UsageError(
            f"{placed[0]} and {args.named_file}: the matrix is given twice",
            hint="by place, or with --counts or --expression",
        )
    return [args.named_file] if args.named_file else placed


def matrix_input(args: argparse.Namespace) -> str:
    """The one matrix.

    Raises
    ------
    UsageError
        If there is none, or it is given twice.
    """
    given = matrix_inputs(args)
    if not given:
        raise UsageError("no matrix is given", hint="FILE, --counts FILE or --expression FILE")
    return given[0]


def add_store_options(parser: argparse.ArgumentParser) -> None:
    """``--store``: also keep the results in a study's HDF5 store."""
    group = parser.add_argument_group("store")
    group.add_argument("--store", metavar="STUDY.h5", help="also put the results into this study's store")
    _give_way(parser, "store")


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """``--overwrite``, ``--quiet``, ``--log_json``, ``--debug``: how a run behaves and what it tells."""
    group = parser.add_argument_group("running and logging")
    group.add_argument("--overwrite", action="store_true", help="replace existing results")
    group.add_argument("--quiet", action="store_true", help="only warnings and errors on the terminal")
    group.add_argument("--log_json", action="store_true", help="write the log file as JSON lines")
    group.add_argument("--debug", action="store_true", help="show the traceback of an error")
    _give_way(parser, "overwrite", "quiet", "log_json", "debug")


def add_debug_option(parser: argparse.ArgumentParser) -> None:
    """``--debug`` alone, for commands that write no log."""
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    _give_way(parser, "debug")


def _give_way(parser: argparse.ArgumentParser, *dests: str) -> None:
    if isinstance(parser, Parser):
        parser.give_way(*dests)


def _key_values(text: str | None, flag: str) -> dict[str, str] | None:
    if text is None:
        return None
    pairs = [item.partition("=") for item in text.split(",") if item.strip()]
    bad = [key for key, equals, value in pairs if not (key.strip() and equals and value.strip())]
    if bad or not pairs:
        raise UsageError(f"{flag} {text}: expected KEY=VALUE,KEY=VALUE")
    return {key.strip(): value.strip() for key, _, value in pairs}
