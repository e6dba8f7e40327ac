"""Which annotations a run of LD scores takes, and from where."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from postgwas.errors import UsageError
from postgwas.genotypes import Genotypes
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    from postgwas.ld.annotations import Annotations

log = get_logger(__name__)


@dataclass(frozen=True)
class AnnotationFiles:
    """Where annotations come from: ``.annot`` files, or continuous variables to cut in bins.

    Attributes
    ----------
    annot : tuple of str
        Annotation files or prefixes; see :func:`postgwas.ld.annotations.read_annotations`.
    thin : bool
        They have annotation columns alone.
    cts_bin : tuple of str
        Files of ids and values.
    cts_breaks : str, optional
        As ``--cts-breaks``: ``1,2,4x0.5``.
    cts_names : tuple of str, optional
        Names of the variables.
    """

    annot: tuple[str, ...] = ()
    thin: bool = False
    cts_bin: tuple[str, ...] = ()
    cts_breaks: str | None = None
    cts_names: tuple[str, ...] | None = None

    def check(self, *, extract: bool) -> None:
        """Refuse combinations that have no meaning.

        Raises
        ------
        UsageError
        """
        if self.annot and self.cts_bin:
            raise UsageError("--annot and --cts_bin exclude each other")
        if self.annot and extract:
            raise UsageError(
                "--annot and --extract exclude each other: an annotation file goes with all variants of the "
                "genotypes",
                hint="extract the variants with PLINK first, or use --print_snps to write some of them",
            )
        if self.cts_bin and extract:
            raise UsageError("--cts_bin and --extract exclude each other")
        if bool(self.cts_bin) != (self.cts_breaks is not None):
            raise UsageError("--cts_bin and --cts_breaks must be given together")
        if self.cts_names and not self.cts_bin:
            raise UsageError("--cts_names names the files of --cts_bin, which is not given")
        if self.thin and not self.annot:
            raise UsageError("--thin_annot says how --annot is to be read, which is not given")


def load_annotations(wanted: AnnotationFiles, data: Genotypes, *, compat: bool = False) -> Annotations | None:
    """Read what is asked for, matched to the variants of the genotypes; None if nothing is.

    Raises
    ------
    InputError, ColumnError, UsageError
        As :func:`postgwas.ld.annotations.read_annotations` and :func:`postgwas.ld.continuous.read_bins`.
    """
    if wanted.annot:
        from postgwas.ld.annotations import read_annotations

        found = read_annotations(wanted.annot, data.variants, thin=wanted.thin, genotypes=data.path)
        files = ",".join(map(str, found.sources))
        log.info("Read %d annotations for %d SNPs from %s", found.n_annotations, len(found.values), files)
        for name, column in zip(found.names, found.values.T):
            if not column.any():
                log.warning("annotation %s is 0 for all variants", name)
        return found
    if wanted.cts_bin:
        from postgwas.ld.annotations import Annotations
        from postgwas.ld.continuous import parse_breaks, read_bins

        assert wanted.cts_breaks is not None
        breaks = parse_breaks(wanted.cts_breaks)
        log.info("Reading numbers with which to bin SNPs from %s", ",".join(map(str, wanted.cts_bin)))
        bins = read_bins(
            wanted.cts_bin, breaks, data.variants["SNPID"], names=wanted.cts_names, compat=compat
        )
        return Annotations(bins.values, bins.names, True, tuple(map(Path, wanted.cts_bin)))
    return None
