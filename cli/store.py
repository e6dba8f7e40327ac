"""Look into a study's HDF5 store: list, show, query, export, verify, pack."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from postgwas.cli.options import add_debug_option
from postgwas.errors import StoreError

if TYPE_CHECKING:
    from postgwas.store.index import Entry
    from postgwas.store.provenance import Provenance

HELP = "list, show, query, export, verify or pack a study's HDF5 store"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register ``ls``, ``show``, ``query``, ``export``, ``verify`` and ``pack``."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION", parser_class=type(parser))

    ls = _action(actions, "ls", "list all results")
    ls.add_argument("--json", action="store_true", help="as JSON")

    show = _action(actions, "show", "tell where a result comes from")
    show.add_argument("key", help="a result's key, such as mtag/height")
    show.add_argument("--json", action="store_true", help="as JSON")

    query = _action(actions, "query", "print the rows of a region, or of SNPs")
    query.add_argument("--region", metavar="CHR:START-END", help="such as 1:100000-200000, chrX or 7:5000-")
    query.add_argument("--snp", action="append", metavar="ID", help="a SNPID; may be given again")
    query.add_argument(
        "--gene", action="append", metavar="ID", help="a gene or other phenotype; may be given again"
    )
    query.add_argument("--trait", metavar="NAME", help="only tables of this trait")
    query.add_argument("--key", help="only this table")
    query.add_argument("--columns", nargs="+", metavar="NAME", help="only these columns")
    query.add_argument("--out", metavar="FILE", help="write there (.gz compresses) instead of printing")
    query.add_argument("--overwrite", action="store_true", help="replace an existing file")

    export = _action(actions, "export", "write a result as TSV, Parquet or GWAS-SSF")
    export.add_argument("key", help="a result's key, such as mtag/height")
    export.add_argument(
        "--out", required=True, metavar="FILE", help="such as height.tsv.gz or height.parquet"
    )
    export.add_argument("--format", choices=("tsv", "parquet", "ssf"), help="[default: by the file's ending]")
    export.add_argument("--genome_build", metavar="BUILD", help="of the positions, for ssf: GRCh37 or GRCh38")
    export.add_argument("--overwrite", action="store_true", help="replace an existing file")

    _action(actions, "verify", "read everything again and compare with the checksums")

    pack = _action(actions, "pack", "make one self-contained file")
    pack.add_argument("--out", required=True, metavar="FILE", help="such as packed.h5")
    pack.add_argument(
        "--portable", action="store_true", help="gzip, for HDF5 readers without the Zstd plugin"
    )
    pack.add_argument("--overwrite", action="store_true", help="replace an existing file")


def run(args: argparse.Namespace) -> int:
    """Run one action; 0, or 2 where `verify` found something."""
    from postgwas.store import Study

    study = Study.open(args.study)
    if args.action == "ls":
        _print_entries(study.ls(), as_json=args.json)
    elif args.action == "show":
        entry = next((entry for entry in study.ls() if entry.key == args.key), None)
        provenance = study.provenance(args.key)
        _print_result(entry, study.attrs(args.key), provenance, as_json=args.json)
    elif args.action == "query":
        _query(args)
    elif args.action == "export":
        study.export(
            args.key, args.out, args.format, genome_build=args.genome_build, overwrite=args.overwrite
        )
        print(f"{args.key} -> {args.out}", file=sys.stderr)
    elif args.action == "verify":
        return _verify(args)
    else:
        study.pack(args.out, portable=args.portable, overwrite=args.overwrite)
        print(f"{len(study.ls())} results -> {args.out}", file=sys.stderr)
    return 0


def _action(actions: argparse._SubParsersAction, name: str, help: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=help, description=help)
    parser.add_argument("study", metavar="STUDY.h5", help="the study's store, or a packed file")
    add_debug_option(parser)
    return parser


def _query(args: argparse.Namespace) -> None:
    import polars as pl

    from postgwas.store import Study
    from postgwas.store.export import as_tsv, with_chromosome_names

    found = Study.open(args.study).query(
        args.region, snp=args.snp, gene=args.gene, trait=args.trait, key=args.key, columns=args.columns
    )
    frame = pl.from_pandas(found)
    if args.out:
        from postgwas.sumstats.write import write_delimited

        write_delimited(with_chromosome_names(frame), args.out, overwrite=args.overwrite)
        print(f"{len(frame)} rows -> {args.out}", file=sys.stderr)
    else:
        sys.stdout.write(as_tsv(frame))
        if frame.is_empty():
            how = (
                ": genes and variants are found by the ids that tables have" if args.gene or args.snp else ""
            )
            print(f"postgwas: warning: {args.study} has no such rows{how}", file=sys.stderr)


def _verify(args: argparse.Namespace) -> int:
    from postgwas.store import Study

    report = Study.open(args.study).verify()
    for problem in report.problems:
        print(problem)
    if report.problems:
        raise StoreError(f"{args.study}: {len(report.problems)} problems in {report.results} results")
    print(f"{args.study}: {report.results} results, {report.datasets} datasets: all as they were written")
    return 0


def _print_entries(entries: list[Entry], *, as_json: bool) -> None:
    if as_json:
        import json
        from dataclasses import asdict

        print(json.dumps([asdict(entry) for entry in entries], indent=2))
        return
    rows = [
        (e.key, e.kind, str(e.rows) if e.encoding == "table" else "", _size(e.size), e.created)
        for e in entries
    ]
    header = ("KEY", "KIND", "ROWS", "BYTES", "CREATED")
    if not sys.stdout.isatty():
        for row in (header, *rows):
            print("\t".join(row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None)
    for name in header:
        table.add_column(name, justify="right" if name in ("ROWS", "BYTES") else "left")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)


def _size(size: int | None) -> str:
    return "" if size is None else str(size)


def _print_result(
    entry: Entry | None, attrs: dict[str, object], provenance: Provenance, *, as_json: bool
) -> None:
    import json

    if as_json:
        print(json.dumps({"attrs": attrs, "provenance": provenance.to_json()}, indent=2))
        return
    lines: list[tuple[str, str]] = []
    if entry is not None:
        lines += [("key", entry.key), ("kind", entry.kind), ("created", entry.created)]
        lines += [("columns", " ".join(entry.columns))] if entry.columns else []
    lines.append(("command", provenance.command))
    lines += [("parameter", f"{name} = {value}") for name, value in provenance.parameters.items()]
    lines += [("input", f"{i.name}  {i.size} bytes  sha256 {i.sha256}") for i in provenance.inputs]
    rows = (("rows in", provenance.rows_in), ("rows out", provenance.rows_out), ("seed", provenance.seed))
    lines += [(label, str(value)) for label, value in rows if value is not None]
    lines += [("dropped", f"{count}  {reason}") for reason, count in provenance.dropped.items()]
    if provenance.wall_seconds is not None:
        lines.append(("wall time", f"{provenance.wall_seconds:.3g} s"))
    lines += [("version", f"{name} {version}") for name, version in provenance.versions.items()]
    lines += [("attribute", f"{name} = {json.dumps(value)}") for name, value in attrs.items()]
    for label, value in lines:
        print(f"{label:<10} {value}")
