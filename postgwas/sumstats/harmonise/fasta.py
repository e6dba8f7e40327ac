"""Reference sequences from an indexed FASTA file, a chromosome at a time."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError
from postgwas.reference.folders import cache_folder
from postgwas.sumstats.compression import detect_compression
from postgwas.sumstats.harmonise.assembly import HG19_CHRM_LENGTH, build_of_lengths
from postgwas.sumstats.values import chromosome_code

ByteArray = NDArray[np.uint8]

_MITOCHONDRION = 25
_PIECE = 1 << 22
_UPPER = np.uint8(0xDF)


class Fasta:
    """An indexed FASTA file, plain or bgzip; contigs named in any usual style.

    A missing index (``.fai``, and ``.gzi`` for bgzip) is built beside the file, or in the cache
    where that cannot be written. hg19's chrM is passed over: it is not the MT of GRCh37.

    Parameters
    ----------
    path : path-like

    Raises
    ------
    InputError
        The file is missing, not FASTA, or compressed but not by bgzip; its index is of another
        file; two contigs are the same chromosome.

    Attributes
    ----------
    lengths : dict of int to int
        Bases of each chromosome, 1..22, X = 23, Y = 24, MT = 25.
    build : str or None
        By the lengths; None if they are no known build's.
    chromosomes : tuple of int
        Codes of those present, ascending.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        import pysam

        self.path = Path(path)
        bgzip = _is_bgzip(self.path)
        fai, gzi = _index(self.path, bgzip)
        verbosity = pysam.set_verbosity(0)  # htslib writes its own lines to stderr
        try:
            self._file = pysam.FastaFile(
                os.fspath(self.path),
                filepath_index=os.fspath(fai),
                filepath_index_compressed=os.fspath(gzi) if gzi else None,
            )
        except (OSError, ValueError) as error:
            raise _stale(self.path, fai, str(error)) from None
        finally:
            pysam.set_verbosity(verbosity)
        if not bgzip:
            _check_index(self.path, fai)
        self._names: dict[int, str] = {}
        self.lengths: dict[int, int] = {}
        for name, length in zip(self._file.references, self._file.lengths, strict=True):
            code = chromosome_code(name)
            if code is None or code > _MITOCHONDRION:
                continue
            if code == _MITOCHONDRION and length == HG19_CHRM_LENGTH:
                continue
            if code in self._names:
                raise InputError(
                    f"{path}: contigs '{self._names[code]}' and '{name}' are the same chromosome"
                )
            self._names[code], self.lengths[code] = name, int(length)
        self.build = build_of_lengths(self.lengths)
        self.chromosomes = tuple(sorted(self._names))

    def sequence(self, chromosome: int) -> ByteArray:
        """Bases of a whole chromosome as upper-case ASCII codes; position p is at index p - 1.

        Raises
        ------
        InputError
            The file has no such chromosome, or ends within it.
        """
        if chromosome not in self._names:
            have = ", ".join(self._names.values()) or "none of 1 to 22, X, Y, MT"
            raise InputError(f"{self.path}: no sequence of chromosome {chromosome}; it has {have}")
        name, length = self._names[chromosome], self.lengths[chromosome]
        bases = np.empty(length, dtype=np.uint8)
        # In pieces: as one text the chromosome would be in memory three times.
        for start in range(0, length, _PIECE):
            stop = min(start + _PIECE, length)
            try:
                piece = self._fetched(name, start, stop)
            except (OSError, ValueError) as error:
                raise self._damaged(name, stop, str(error)) from None
            if len(piece) != stop - start:
                raise self._damaged(name, stop, f"it ends after {start + len(piece):,} bases")
            bases[start:stop] = np.frombuffer(piece, dtype=np.uint8)
        bases &= _UPPER
        return bases

    def _fetched(self, name: str, start: int, stop: int) -> bytes:
        import pysam

        verbosity = pysam.set_verbosity(0)
        try:
            bases: str = self._file.fetch(name, start, stop)
            return bases.encode("ascii")
        finally:
            pysam.set_verbosity(verbosity)

    def _damaged(self, name: str, stop: int, found: str) -> InputError:
        return InputError(
            f"{self.path}: cannot read {name} up to base {stop:,}: {found}; the file is cut short or "
            "damaged, or its index is of another file",
            hint="copy the file again, or delete the index: it is built again",
        )

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Fasta:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _is_bgzip(path: Path) -> bool:
    try:
        with path.open("rb") as handle:
            first = handle.read(18)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise InputError(f"{path}: is a folder; expected a FASTA file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be opened: {error.strerror or error}") from None
    kind = detect_compression(first)
    if kind == "gzip" and len(first) == 18 and first[3] & 4 and first[12:14] == b"BC":
        return True
    if kind != "plain":
        raise InputError(
            f"{path}: a {kind} file cannot be read by position; expected plain FASTA or bgzip",
            hint="unpack it, and pack it with bgzip if it should be small",
        )
    if not first.startswith(b">"):
        raise InputError(f"{path}: not a FASTA file: expected '>' first, found {first[:10]!r}")
    return False


def _index(path: Path, bgzip: bool) -> tuple[Path, Path | None]:
    """The index beside the file or in the cache; built where there is none."""
    beside = Path(f"{path}.fai"), Path(f"{path}.gzi") if bgzip else None
    if _all_there(*beside):
        return beside
    with suppress(OSError):
        _build(path, *beside)
        return beside
    status = path.stat()
    described = f"{path.resolve()} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"
    stem = cache_folder() / "fasta" / hashlib.sha256(described.encode()).hexdigest()[:24]
    cached = stem.with_suffix(".fai"), stem.with_suffix(".gzi") if bgzip else None
    if not _all_there(*cached):
        try:
            stem.parent.mkdir(parents=True, exist_ok=True)
            _build(path, *cached)
        except OSError as error:
            raise InputError(
                f"{path}: it has no index, and none can be written beside it or in {stem.parent}: "
                f"{error.strerror or error}",
                hint="samtools faidx, or POSTGWAS_CACHE with a folder that can be written",
            ) from None
    return cached


def _all_there(fai: Path, gzi: Path | None) -> bool:
    return fai.is_file() and (gzi is None or gzi.is_file())


def _build(path: Path, fai: Path, gzi: Path | None) -> None:
    """Write the index under a temporary name, then rename it: workers may do so at the same time."""
    import pysam

    made = [place for place in (fai, gzi) if place is not None]
    temporary = [place.with_name(f".{place.name}.{os.getpid()}.tmp") for place in made]
    if not os.access(fai.parent, os.W_OK):
        raise PermissionError(13, "Permission denied", os.fspath(fai.parent))
    options = ["--fai-idx", os.fspath(temporary[0])]
    if gzi is not None:
        options += ["--gzi-idx", os.fspath(temporary[1])]
    verbosity = pysam.set_verbosity(0)
    try:
        pysam.faidx(os.fspath(path), *options)
        for place, name in zip(reversed(made), reversed(temporary), strict=True):
            os.replace(name, place)
    except pysam.SamtoolsError:
        raise InputError(
            f"{path}: cannot be indexed as FASTA: expected lines '>name', each followed by lines of letters "
            "that are all as long as the first, the last of a contig apart"
        ) from None
    finally:
        pysam.set_verbosity(verbosity)
        for name in temporary:
            name.unlink(missing_ok=True)


def _check_index(path: Path, fai: Path) -> None:
    """Each contig must begin after its own header line: an index of another file gives wrong bases.

    After the last one the file must end, or the index lacks contigs, whose variants would be nowhere.
    """
    end = 0
    with path.open("rb") as handle:
        for line in fai.read_text("utf-8", "replace").splitlines():
            words = line.split("\t")
            if len(words) < 5 or not all(word.isdecimal() for word in words[1:5]):
                raise _stale(path, fai, f"its line '{line[:60]}' is none of an index")
            length, offset, bases, width = map(int, words[1:5])
            end = max(end, offset + (length // bases * width + length % bases if bases else length))
            start = max(offset - 4096, 0)
            handle.seek(start)
            before = handle.read(offset - start).split(b"\n")
            header = before[-2].rstrip(b"\r") if len(before) > 1 else b""
            if before[-1] or header.lstrip(b">").split()[:1] != [words[0].encode()]:
                raise _stale(path, fai, f"it does not find '{words[0]}' there")
        handle.seek(end)
        if b">" in handle.read(4096):
            raise _stale(path, fai, "it ends before the last contig of the file")


def _stale(path: Path, fai: Path, found: str) -> InputError:
    return InputError(
        f"{path}: its index {fai} is not of this file: {' '.join(found.split())[:200]}",
        hint="delete the index: it is built again",
    )
