"""List, show, add, fetch and verify the reference panels that analyses take by name."""

from __future__ import annotations

import argparse

from postgwas.cli.options import add_debug_option

HELP = "list, fetch and verify reference panels"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the actions of ``postgwas reference``."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION", parser_class=type(parser))
    _action(actions, "list", "list all registered panels, and which are on this machine")
    show = _action(actions, "show", "tell everything known of one panel")
    show.add_argument("name", help="as 'postgwas reference list' has it")
    add = _action(actions, "add", "register a panel of your own")
    add.add_argument("name", help="what --ld_ref_panel is to call it")
    place = add.add_mutually_exclusive_group(required=True)
    place.add_argument("--address", metavar="URL", help="http(s) address of a tar or zip archive")
    place.add_argument("--path", metavar="FOLDER|PREFIX", help="LD score files on this machine")
    add.add_argument("--sha256", metavar="SUM", help="of the archive, or of the content of --path")
    add.add_argument("--inside", default="", metavar="FOLDER", help="folder of the archive with the panel")
    for text in ("ancestry", "build", "purpose", "licence", "citation"):
        add.add_argument(f"--{text}", metavar="TEXT", help="for 'list' and 'show'")
    fetch = _action(actions, "fetch", "download a panel, check it and unpack it")
    fetch.add_argument("name", help="as 'postgwas reference list' has it")
    fetch.add_argument("--sha256", metavar="SUM", help="of the archive, where the registry has none")
    fetch.add_argument(
        "--accept_unverified",
        action="store_true",
        help="take an archive whose checksum nobody has recorded",
    )
    fetch.add_argument("--overwrite", action="store_true", help="fetch again what is here already")
    verify = _action(actions, "verify", "read a panel again and compare with what is recorded")
    verify.add_argument("name", help="as 'postgwas reference list' has it")


def _action(actions: argparse._SubParsersAction, name: str, help: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=help, description=help)
    add_debug_option(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    """Do the chosen action."""
    return {"list": _list, "show": _show, "add": _add, "fetch": _fetch, "verify": _verify}[args.action](args)


def _list(args: argparse.Namespace) -> int:
    from postgwas.reference.registry import panels

    known = panels()
    width = max(map(len, known))
    for name, panel in known.items():
        print(f"{name:<{width}}  {'here' if panel.is_here else '-':<4}  {panel.ancestry}; {panel.build}")
        print(f"{'':<{width}}        {panel.purpose}")
    return 0


def _show(args: argparse.Namespace) -> int:
    from postgwas.reference.registry import panel

    shown = panel(args.name)
    rows = [
        ("name", shown.name),
        ("ancestry", shown.ancestry),
        ("build", shown.build),
        ("purpose", shown.purpose),
        ("licence", shown.licence),
        ("citation", shown.citation),
        ("on this machine", str(shown.place) if shown.is_here else "no"),
    ]
    for source in shown.sources:
        rows.append(("address", source.address))
        rows.append(("  SHA-256", source.sha256 or "not recorded"))
    if shown.content.sha256:
        rows.append(("variants", f"{shown.content.variants}"))
        rows.append(("M", f"{shown.content.m:.0f}"))
        rows.append(("content SHA-256", shown.content.sha256))
    for label, value in rows:
        print(f"{label:<16} {value}")
    return 0


def _add(args: argparse.Namespace) -> int:
    from postgwas.reference.registry import add_panel, user_registry

    texts = {key: getattr(args, key) for key in ("ancestry", "build", "purpose", "licence", "citation")}
    added = add_panel(
        args.name, address=args.address, path=args.path, sha256=args.sha256, inside=args.inside, texts=texts
    )
    print(f"registered {added.name} in {user_registry()}")
    if added.content.variants:
        print(f"{added.content.variants} variants, M {added.content.m:.0f}, SHA-256 {added.content.sha256}")
    return 0


def _fetch(args: argparse.Namespace) -> int:
    from postgwas.reference.fetch import fetch_panel
    from postgwas.runlog import run_log

    with run_log(None):
        place = fetch_panel(
            args.name, sha256=args.sha256, accept_unverified=args.accept_unverified, overwrite=args.overwrite
        )
    print(f"{args.name} is at {place}")
    return 0


def _verify(args: argparse.Namespace) -> int:
    from postgwas.reference.fetch import verify_panel

    found = verify_panel(args.name)
    print(f"{args.name}: {found.files} files as they were fetched" if found.files else f"{args.name}: read")
    if found.content:
        print(f"{found.content.variants} variants, M {found.content.m:.0f}, SHA-256 {found.content.sha256}")
    print("checked against a recorded SHA-256" if found.proven else "no SHA-256 is recorded for it")
    return 0
