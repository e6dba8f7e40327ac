"""``postgwas COMMAND ...``: find the command, import it alone, run it, report errors in one line.

A command is a module of this package with ``HELP`` (one line), ``add_arguments(parser)``
and ``run(args) -> int``. The table below repeats its one line so that
``postgwas --help`` imports no command.
"""

from __future__ import annotations

import atexit
import difflib
import gc
import importlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType, ModuleType

from postgwas.cli.parser import HelpParser, Parser, underscored, wants_help
from postgwas.errors import OutputError, PostgwasError, UsageError, full_disk

# polars' allocator keeps freed memory for ten seconds unless told otherwise before it loads: on ten
# million rows that is half a gigabyte.
ALLOCATOR = "_RJEM_MALLOC_CONF"
SPARING = "dirty_decay_ms:100,muzzy_decay_ms:0"
os.environ.setdefault(ALLOCATOR, SPARING)

# Importing NumPy makes a hundred thousand objects that stay; to look for rubbish among them each 700 new
# ones, as Python does unless told otherwise, is a tenth of a short run.
gc.set_threshold(50_000, 20, 20)
# Nor is there any use in looking at all of them three more times when the process ends.
atexit.register(gc.freeze)

#: command -> (module of this package, one-line help)
COMMANDS: dict[str, tuple[str, str]] = {
    "harmonise": ("harmonise", "bring summary statistics onto one build, strand and effect allele"),
    "munge": ("munge", "summary statistics to .sumstats.gz: the flags of munge_sumstats.py"),
    "ldsc": ("ldsc_command", "heritability, genetic correlation, LD scores: the flags of ldsc.py"),
    "make_annot": ("make_annot", "an annotation file for LD scores from a gene set or a BED file"),
    "mtag": ("mtag_command", "multi-trait analysis of GWAS summary statistics, with maxFDR"),
    "meta": ("meta", "meta-analysis: fixed and random effects, ancestry; or a METAL command file"),
    "genotypes": ("genotypes", "quality control, pruning, PCA, kinship, F_ST, conversion of genotypes"),
    "expression": ("expression", "counts to normalised expression, hidden factors and covariates"),
    "eqtl": ("eqtl", "QTL mapping: cis, permutations, independent signals, interactions, trans"),
    "finemap": (
        "finemap",
        "credible sets and PIPs of GWAS regions: SuSiE with LD, or approximate Bayes factors",
    ),
    "report": ("report", "one HTML page of a study's store, with a search box"),
    "coloc": (
        "coloc",
        "colocalisation of traits: one or several causal variants, many traits, whole genomes",
    ),
    "store": ("store", "list, show, query, export, verify or pack a study's HDF5 store"),
    "reference": ("reference", "list, fetch and verify reference panels"),
    "init": ("init", "write a commented study.yaml from the files of a folder"),
    "run": ("run", "run a study.yaml from end to end; what is there already is kept"),
    "batch": ("batch", "run several studies one after the other"),
    "demo": ("demo", "run a simulated study from end to end, and compare with the truth"),
}

EXIT_ERROR = 2
EXIT_BROKEN_PIPE = 141  # what a shell reports for a program that a closed pipe ended


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit status; never raises for a user's mistake.

    Examples
    --------
    >>> main(["--version"])
    postgwas 0.1.0
    0
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    return guarded(_dispatch, arguments)


def run_command(name: str, argv: Sequence[str], *, prog: str | None = None) -> int:
    """Parse ``argv`` for one command and run it, with errors reported as :func:`main` does.

    Scripts that stand in for a peer's program (``cli/mtag.py``) call this.
    """
    return guarded(lambda arguments: _run(name, arguments, prog=prog), list(argv))


def run_module(module: str, argv: Sequence[str], *, prog: str) -> int:
    """As :func:`run_command`, for a module of this package that is no command by itself.

    Scripts that stand in for a peer's program whose method is one of several of ours
    (``cli/mama.py``) call this.
    """
    return guarded(lambda arguments: _run_module(_module(module), arguments, prog=prog), list(argv))


def run_words(argv: Sequence[str]) -> int:
    """Run one command in this process; what it raises is the caller's to tell."""
    return _run(argv[0], list(argv[1:]))


def _dispatch(argv: list[str]) -> int:
    if len(argv) > 1 and argv[0] == "--debug":
        argv = [*argv[1:], "--debug"]
    if not argv or argv == ["--debug"]:
        _print_help()
        return 0
    first, rest = argv[0], argv[1:]
    if first in COMMANDS:
        return _run(first, rest)
    if first == "help" and rest and rest[0] in COMMANDS:
        return _run(rest[0], ["--help"])
    if first == "help" or wants_help([first]):
        _print_help()
        return 0
    if first == "--version":
        from postgwas import __version__

        print(f"postgwas {__version__}")
        return 0
    near = difflib.get_close_matches(first, COMMANDS, n=1)
    what = "option" if first.startswith("-") else "command"
    raise UsageError(
        f"unknown {what} '{first}'; the commands are {', '.join(COMMANDS)}",
        hint=f"did you mean {near[0]}?" if near else "see postgwas --help",
    )


def _run(name: str, argv: list[str], *, prog: str | None = None) -> int:
    return _run_module(_load(name), argv, prog=prog or f"postgwas {name}")


def _run_module(command: ModuleType, argv: list[str], *, prog: str) -> int:
    kind = HelpParser if wants_help(argv) else Parser
    parser = kind(prog=prog, description=command.__doc__, allow_abbrev=True)
    command.add_arguments(parser)
    status = command.run(parser.parse_args(underscored(argv)))
    return 0 if status is None else int(status)


def _load(name: str) -> ModuleType:
    return _module(COMMANDS[name][0])


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"postgwas.cli.{name}")


def _print_help() -> None:
    width = max(map(len, COMMANDS)) + 2
    print("postgwas: what comes after a GWAS\n")
    print("Usage: postgwas COMMAND [options]\n\nCommands:")
    for name, (_, summary) in COMMANDS.items():
        print(f"  {name:<{width}}{summary}")
    print("\nOptions:")
    print("  --help     this text; postgwas COMMAND --help for a command's own")
    print("  --version  print the version")
    print("  --debug    show the traceback of an error")


def guarded(action: Callable[[list[str]], int], argv: list[str]) -> int:
    """Call ``action(argv)``; turn what a user can meet into one line on stderr and an exit status."""
    debug = "--debug" in argv
    try:
        with _interruptible(silent=not debug):
            status = action(argv)
        sys.stdout.flush()
        return status
    except SystemExit as stop:  # argparse after --help
        return stop.code if isinstance(stop.code, int) else EXIT_ERROR if stop.code else 0
    except BrokenPipeError:
        # The reader of our output is gone: `postgwas store ls | head`. Nothing to tell anyone;
        # Python would complain once more when it flushes stdout at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return EXIT_BROKEN_PIPE
    except BaseException as error:
        if not isinstance(error, TOLD) and not _interrupted_in_polars(error):
            raise
        if debug:
            import traceback

            traceback.print_exc()
        with suppress(OSError):
            sys.stdout.flush()
        print(f"postgwas: error: {one_line(error)}", file=sys.stderr)
        return EXIT_ERROR


#: What is the user's to know in one line; anything else is a defect of ours and keeps its traceback.
TOLD = (PostgwasError, KeyboardInterrupt, OSError, MemoryError)


def _interrupted_in_polars(error: BaseException) -> bool:
    # Polars turns a KeyboardInterrupt that reaches it into a panic.
    return type(error).__name__ == "PanicException" and "KeyboardInterrupt" in str(error)


class _KeyboardInterrupt(KeyboardInterrupt):
    """Where a plain one has passed an ``exec``, Python ends itself by SIGINT, whatever the status."""


@contextmanager
def _interruptible(*, silent: bool) -> Iterator[None]:
    """Ctrl-C, and SIGTERM by which a queue ends a job, raise KeyboardInterrupt and hush stderr till the end.

    An interrupt that lands where a library written in Rust calls Python makes that library print a panic
    and its stack; what the user is to read is our one line, which follows this block.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    saved: list[int] = []

    def interrupt(signum: int, frame: FrameType | None) -> None:
        if silent and not saved:
            saved.append(os.dup(2))
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 2)
            os.close(nowhere)
        raise _KeyboardInterrupt

    before = {signal.SIGTERM: signal.signal(signal.SIGTERM, interrupt)}
    # A run started by nohup or in the background ignores Ctrl-C, and goes on doing so.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        before[signal.SIGINT] = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if saved:
            with suppress(OSError, ValueError):
                sys.stderr.flush()
            os.dup2(saved[0], 2)
            os.close(saved[0])
            if os.isatty(2):
                os.write(2, b"\x1b[?25h")  # the progress bar hid the cursor


def one_line(error: BaseException) -> str:
    """The one line that says what went wrong, for the errors that are not defects of ours."""
    if isinstance(error, PostgwasError):
        return str(error)
    if isinstance(error, KeyboardInterrupt) or _interrupted_in_polars(error):
        return "interrupted; no partial result stands under a final name"
    if isinstance(error, MemoryError):
        return "out of memory (fewer --cores need less)"
    if isinstance(error, OSError):
        return str(explained(error))
    return " ".join(str(error).split())


def explained(error: OSError) -> PostgwasError:
    """What an operating system error means for the user's files."""
    name = f"'{error.filename}'" if error.filename else "a file"
    if full_disk(error):
        return OutputError(f"disk full while writing {name}; nothing partial is left under the final name")
    if isinstance(error, PermissionError):
        return OutputError(f"{name}: permission denied")
    if isinstance(error, FileNotFoundError):
        return PostgwasError(f"{name}: no such file or folder")
    return PostgwasError(f"{name}: {error.strerror or error}")


if __name__ == "__main__":
    sys.exit(main())
