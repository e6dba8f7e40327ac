"""``postgwas ldsc --l2``: flags into the arguments of :func:`postgwas.ld.run_l2.ld_score_files`."""

from __future__ import annotations

import argparse
import math
from typing import Any

from postgwas.cli.options import engine_arguments
from postgwas.errors import UsageError

#: Flags that name genotypes, and how the files end that they stand for.
_ENDINGS = {"genotypes": "", "bfile": ".bed", "pfile": ".pgen", "vcf": ""}

#: Flags of the other analyses; here they would say nothing.
_OTHERS = (
    "ref_ld", "ref_ld_chr", "w_ld", "w_ld_chr", "M", "not_M_5_50", "no_intercept", "intercept_h2",
    "intercept_gencov", "two_step", "chisq_max", "samp_prev", "pop_prev", "overlap_annot", "frqfile",
    "frqfile_chr", "ref_ld_chr_cts", "print_all_cts", "print_coefficients", "print_cov", "print_delete_vals",
    "print_pseudovalues", "no_check_alleles", "invert_anyway", "return_silly_things", "rg_matrix", "figures",
    "trait_names",
)  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Check the flags and compute LD scores."""
    genotypes = _genotypes(args)
    if genotypes is None:
        raise UsageError("--l2 needs genotypes", hint="--genotypes FILE")
    second = _genotypes(args, "2")
    window, unit = _window(args)
    _check(args)
    _check_second(args, second)
    common = {"quiet": args.quiet, "log_json": args.log_json, **engine_arguments(args)}
    from postgwas.ld.run_annotations import AnnotationFiles
    from postgwas.ld.run_l2 import ScoreOptions, ld_score_files
    from postgwas.ld.write_scores import Destination

    options = ScoreOptions(
        window=window, unit=unit, keep=args.keep, extract=args.extract, maf=args.maf, pq_exp=args.pq_exp,
        per_allele=args.per_allele, cm_map=args.cm_map, whole_chromosome=args.yes_really,
        print_snps=args.print_snps, compat=args.ldsc_compat, chunk_size=args.chunk_size,
    )  # fmt: skip
    destination = Destination(
        args.out, store=args.store, overwrite=args.overwrite,
        binned=bool(args.cts_bin) and not args.no_print_annot, compat=args.ldsc_compat,
    )  # fmt: skip
    if second is not None:
        from postgwas.ld.run_l2_cross import cross_ld_score_files

        cross_ld_score_files(
            genotypes, second, options, destination, keep2=args.keep2, match=args.match_by or "position",
            **common,
        )  # fmt: skip
        return 0
    annotations = AnnotationFiles(
        annot=_listed(args.annot), thin=args.thin_annot, cts_bin=_listed(args.cts_bin),
        cts_breaks=args.cts_breaks, cts_names=_listed(args.cts_names) or None,
    )  # fmt: skip
    ld_score_files(genotypes, options, destination, annotations=annotations, **common)
    return 0


def _genotypes(args: argparse.Namespace, which: str = "") -> str | None:
    """The one genotype file of --genotypes, --bfile, --pfile and --vcf, or of the same with a 2."""
    given = [flag for flag in _ENDINGS if getattr(args, flag + which)]
    if len(given) > 1:
        raise UsageError(f"{' and '.join(f'--{flag}{which}' for flag in given)} exclude each other")
    if not given:
        return None
    # With its ending, because PLINK 1 and 2 files may share a prefix.
    ending = _ENDINGS[given[0]]
    return str(getattr(args, given[0] + which)).removesuffix(ending) + ending


def _check_second(args: argparse.Namespace, second: str | None) -> None:
    """Refuse what has no meaning with one population, or with two."""
    if second is None:
        for flag in ("keep2", "match_by"):
            if getattr(args, flag):
                raise UsageError(f"--{flag} goes with a second population", hint="--genotypes2 FILE")
        return
    for flag in ("annot", "cts_bin", "ldsc_compat"):
        if getattr(args, flag):
            raise UsageError(f"--{flag} has no meaning with LD scores of two populations")


def _window(args: argparse.Namespace) -> tuple[float, Any]:
    given = [unit for unit in ("cm", "kb", "snps") if getattr(args, f"ld_wind_{unit}") is not None]
    if len(given) != 1:
        flags = " and ".join(f"--ld_wind_{unit}" for unit in given) or "none"
        raise UsageError(
            f"expected exactly one of --ld_wind_cm, --ld_wind_kb and --ld_wind_snps, found {flags}",
            hint="--ld_wind_cm 1",
        )
    value = getattr(args, f"ld_wind_{given[0]}")
    if not (value > 0 and math.isfinite(value)):
        raise UsageError(f"--ld_wind_{given[0]} {value}: expected a number above 0")
    return value, given[0]


def _check(args: argparse.Namespace) -> None:
    if args.per_allele and args.pq_exp is not None:
        raise UsageError("--per_allele and --pq_exp exclude each other; --per_allele is --pq_exp 1")
    if args.pq_exp is not None and not math.isfinite(args.pq_exp):
        raise UsageError(f"--pq_exp {args.pq_exp}: expected a number")
    if args.maf is not None and not 0 <= args.maf < 0.5:
        raise UsageError(f"--maf {args.maf}: expected a frequency from 0 to below 0.5")
    if args.chunk_size < 1:
        raise UsageError(f"--chunk_size {args.chunk_size}: expected at least 1")
    given = {flag: getattr(args, flag) for flag in _OTHERS}
    if args.pickle and not args.ldsc_compat:
        raise UsageError(
            "--pickle is refused: pickled tables are tied to versions of pandas, and ldsc.py 1.0.1 writes "
            "gzipped text even with it",
            hint="leave it out; --store keeps binary tables",
        )
    useless = [flag for flag, value in given.items() if value is not None and value is not False]
    if useless:
        raise UsageError(f"--{useless[0]} has no meaning with --l2")


def _listed(text: str | None) -> tuple[str, ...]:
    if text is None:
        return ()
    items = tuple(item.strip() for item in text.split(","))
    if not all(items):
        raise UsageError(f"'{text}': expected names separated by commas, found an empty one")
    return items
