"""One HTML page of a study's store: tables, figures, methods text, provenance."""

from __future__ import annotations

import argparse

from postgwas.cli.options import add_debug_option, add_engine_options, engine_arguments

HELP = "one HTML page of a study's store, with a search box"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("study", metavar="STUDY.h5", help="the study's store")
    parser.add_argument(
        "--out", default="report.html", metavar="FILE", help="the page to write [default: report.html]"
    )
    parser.add_argument("--title", metavar="TEXT", help="heading of the page [default: the store's name]")
    parser.add_argument(
        "--remark", action="append", default=[], metavar="TEXT",
        help="shown at the top of the page; may be given several times",
    )  # fmt: skip
    parser.add_argument("--overwrite", action="store_true", help="replace an existing page")
    add_engine_options(parser)
    add_debug_option(parser)


def run(args: argparse.Namespace) -> int:
    """Write the page and say where it is."""
    from postgwas.report.study_page import study_page

    page = study_page(
        args.study, args.out, title=args.title, remarks=args.remark, overwrite=args.overwrite,
        **engine_arguments(args),
    )  # fmt: skip
    print(f"Wrote {page}; figures and tables are in {page.with_name(page.stem + '_files')}")
    return 0
