"""The columns of one file that METAL's settings name, as arrays, read as METAL reads them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from postgwas.columns.cells import PAD, Cells, Column, find_cells
from postgwas.columns.decimals import parse_decimals
from postgwas.columns.texts import Keeper, Texts, texts_of_column, texts_of_list
from postgwas.errors import InputError
from postgwas.meta.metal_alleles import FoldedPairs, PairBook
from postgwas.meta.metal_settings import Filter, MetalSettings, leading_number, whole_number
from postgwas.sumstats.chunks import Block, Readable, iter_blocks, squeeze
from postgwas.sumstats.compression import ByteStream
from postgwas.sumstats.layout import WHITESPACE, Layout

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
_CHUNK_BYTES = 2 << 20
_HEAD = 1 << 20
_TINY = 1e-290
_MARGIN = b"." * PAD
_SIGNED = np.zeros(256, np.bool_)
_SIGNED[list(b"+-.0123456789")] = True
"""What an effect begins with whose sign can be told."""
_HASHED = 1 << 14
"""Names hashed at once: they stay in the cache."""


@dataclass(frozen=True, eq=False)
class MetalRows:
    """Rows that pass the filters.

    Attributes
    ----------
    line : ndarray of uint32, shape (M,)
    marker : Texts
    numbers : mapping
        "p", "effect", "stderr", "weight", "freq" and custom variables: what ``atof`` gives, 0 of words.
    minus : ndarray of bool
        The effect's text begins with a minus sign.
    mlog10p : dict of int to float
        Row -> -log10 P, of P-values too small for a double.
    pairs : FoldedPairs, optional
    chromosome, position : Texts, optional
    """

    line: npt.NDArray[np.uint32]
    marker: Texts
    numbers: Mapping[str, Floats]
    minus: Bools
    mlog10p: Mapping[int, float]
    pairs: FoldedPairs | None
    chromosome: Texts | None
    position: Texts | None
    first_allele: tuple[bytes, ...] = ()


@dataclass
class MetalFile:
    """One file under the settings of the moment.

    Attributes
    ----------
    path : str
    places : dict
        What a column is -> its number.
    missing : list of str
        Labels that the header lacks and the analysis needs: METAL passes such a file over.
    notes : list of str
    n_wrong_width, n_filtered : int
        After the rows were read.
    filtered : dict of str to int
    odd : dict of str to int
        Column -> fields that are no numbers though their rows are used.
    """

    path: str
    settings: MetalSettings
    book: PairBook
    places: dict[str, int] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    n_wrong_width: int = 0
    n_short: int = 0
    filtered: dict[str, int] = field(default_factory=dict)
    odd: dict[str, int] = field(default_factory=dict)
    log_effect: bool = False
    guess: bool = False

    def __post_init__(self) -> None:
        self._stream = ByteStream(found_path(self.path))
        self._keeper = Keeper(2)
        head = self._stream.read(_HEAD)
        while b"\n" not in head:
            more = self._stream.read(_HEAD)
            if not more:
                break
            head += more
        head = head.removeprefix(b"\xef\xbb\xbf")
        line, _, _ = head.partition(b"\n")
        self._commas = self.settings.separator == "BOTH"
        separator = {"TAB": "\t", "COMMAS": ","}.get(self.settings.separator, WHITESPACE)
        text = line.decode("utf-8", "replace").rstrip("\r")
        if self._commas:
            text = text.replace(",", " ")
        names = text.split() if separator == WHITESPACE else [name.strip() for name in text.split(separator)]
        if not names or not any(names):
            self._stream.close()
            raise InputError(f"{self.path}: the first line is empty; expected the names of columns")
        self._head = head
        if separator == WHITESPACE and not self._commas and _only_tabs(head):
            separator = "\t"
        self.layout = Layout(tuple(names), separator, 2, len(line) + 1)
        self._find_columns([name.lower() for name in names])

    def _find_columns(self, names: list[str]) -> None:
        wish = self.settings
        labels = {
            "marker": wish.marker, "p": wish.pvalue, "effect": wish.effect, "weight": wish.weight,
            "allele1": wish.allele1, "allele2": wish.allele2, "stderr": wish.stderr, "freq": wish.freq,
            "strand": wish.strand, "chromosome": wish.chromosome, "position": wish.position,
        }  # fmt: skip
        self.places = {
            what: names.index(label.lower()) for what, label in labels.items() if label.lower() in names
        }
        effect = wish.effect.lower()
        if "effect" not in self.places and effect.startswith("log(") and effect.endswith(")"):
            inner = effect[4:-1].strip()
            if inner in names:
                self.places["effect"], self.log_effect = names.index(inner), True
        needed = ["marker", "effect", "stderr"] if wish.by_stderr else ["marker", "p"]
        needed += ["freq"] * wish.use_freq + ["strand"] * wish.use_strand
        needed += ["chromosome", "position"] * wish.track_positions
        self.missing = [labels[what] for what in needed if what not in self.places]
        for name, label in wish.custom.items():
            if label.lower() in names:
                self.places[f"custom {name}"] = names.index(label.lower())
            else:
                self.missing.append(label)
        for rule in wish.filters:
            if rule.label.lower() in names:
                self.places[f"filter {rule}"] = names.index(rule.label.lower())
            else:
                self.notes.append(f"no column {rule.label}: the filter {rule} is passed over")
        if "effect" not in self.places and not wish.by_stderr:
            self.notes.append(f"no column {wish.effect}: all effects are taken to be positive")
        if "weight" not in self.places and not wish.by_stderr:
            self.notes.append(f"no column {wish.weight}: DEFAULTWEIGHT {wish.default_weight:g} is used")
        if "allele1" not in self.places:
            self.notes.append(f"no column {wish.allele1}: effects are taken to be of one and the same allele")
        elif "allele2" not in self.places:
            self.notes.append(f"no column {wish.allele2}: the second allele is guessed from other files")
            self.guess = True

    @property
    def least_width(self) -> int:
        """Fields that a line must have where lines may be of any length."""
        wish = self.settings
        unused = set() if wish.by_stderr else {"stderr"}
        unused |= {"weight", "p"} if wish.by_stderr else set()
        unused |= set() if wish.use_freq else {"freq"}
        unused |= set() if wish.use_strand else {"strand"}
        unused |= set() if wish.track_positions else {"chromosome", "position"}
        return 1 + max(at for what, at in self.places.items() if what not in unused)

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def rows(self) -> Iterator[MetalRows]:
        """Rows that pass the filters, a chunk at a time."""
        stream: Readable = _NoCommas(self._stream) if self._commas else self._stream
        head = self._head.replace(b",", b" ") if self._commas else self._head
        for block in iter_blocks(stream, head, self.layout, chunk_bytes=_CHUNK_BYTES):
            if self.settings.separator == "WHITESPACE" and block.separator == "\t" and _loose(block):
                text = squeeze(block.data[PAD:-PAD])
                block = Block(_MARGIN + text + _MARGIN, " ", block.width, block.first_line)
            cells, lines = self._cells(block)
            if cells is None or not len(cells):
                continue
            keep = self._kept(cells)
            yield self._of_cells(cells, lines, keep)

    def _cells(self, block: Block) -> tuple[Cells | None, npt.NDArray[np.uint32]]:
        cells = block.cells
        if cells is not None:
            return cells, np.arange(block.first_line, block.first_line + len(cells), dtype=np.uint32)
        chunk = block.chunk
        data, lines = chunk.data, chunk.lines
        if chunk.bad_lines.size:
            self.n_wrong_width += chunk.bad_lines.size
            if not self.settings.strict:
                data, lines = self._lenient(block)
        return find_cells(_MARGIN + data + _MARGIN, block.separator, block.width), lines

    def _lenient(self, block: Block) -> tuple[bytes, npt.NDArray[np.uint32]]:
        """Lines of any length that reach far enough, cut or filled to the header's."""
        kept, numbers = [], []
        separator = block.separator.encode()
        for number, line in enumerate(block.data[PAD:-PAD].split(b"\n")[:-1], block.first_line):
            if not line.strip() or line.startswith(b"#"):
                continue
            fields = line.split(separator)
            if len(fields) < self.least_width:
                self.n_short += 1
                continue
            kept.append(separator.join([*fields, *[b""] * block.width][: block.width]) + b"\n")
            numbers.append(number)
        return b"".join(kept), np.array(numbers, np.uint32)

    def _kept(self, cells: Cells) -> npt.NDArray[np.intp] | None:
        good = cells.column(0).text[cells.column(0).start] != ord("#")
        for rule in self.settings.filters:
            at = self.places.get(f"filter {rule}")
            if at is None:
                continue
            passes = _passes(cells.column(at), rule)
            failed = int((good & ~passes).sum())
            if failed:
                self.filtered[str(rule)] = self.filtered.get(str(rule), 0) + failed
            good &= passes
        return None if good.all() else np.flatnonzero(good)

    def _of_cells(
        self, cells: Cells, lines: npt.NDArray[np.uint32], keep: npt.NDArray[np.intp] | None
    ) -> MetalRows:
        def column(what: str) -> Column:
            found = cells.column(self.places[what])
            return found if keep is None else found.take(keep)

        wish = self.settings
        wanted = ["effect", "stderr"] if wish.by_stderr else ["p", "weight"]
        if self.log_effect and not wish.by_stderr:
            wanted.append("effect")
        wanted += ["freq"] * wish.use_freq
        wanted += [what for what in self.places if what.startswith("custom ")]
        numbers = {what: self._numbers(what, column(what)) for what in wanted if what in self.places}
        size = len(cells) if keep is None else keep.size
        minus = np.zeros(size, np.bool_)
        if "effect" in self.places:
            effect = column("effect")
            minus = effect.text[effect.start] == ord("-")
            if "effect" not in numbers:
                self._count_odd("effect", ~_SIGNED[effect.text[effect.start]] | (effect.length == 0))
        tiny = _tiny(column("p"), numbers["p"]) if "p" in numbers else {}
        pairs = None
        if "allele1" in self.places and "allele2" in self.places:
            strand = column("strand").is_one_of(["-"]) if wish.use_strand else None
            pairs = self.book.of_columns(column("allele1"), column("allele2"), strand)
        first: tuple[bytes, ...] = ()
        if self.guess:
            alleles = column("allele1")
            first = tuple(alleles.get(row) for row in range(size))
        chromosome = position = None
        if wish.track_positions:
            chromosome, position = (
                texts_of_column(column(what), Keeper(2)) for what in ("chromosome", "position")
            )
        return MetalRows(
            lines if keep is None else lines[keep], texts_of_column(column("marker"), self._keeper), numbers,
            minus, tiny, pairs, chromosome, position, first,
        )  # fmt: skip

    def _numbers(self, what: str, column: Column) -> Floats:
        values, odd = numbers_of(column)
        # A P-value or an error of 0 is said where its row is set aside.
        self._count_odd(what, odd & (values != 0) if what in ("p", "stderr") else odd)
        return values

    def _count_odd(self, what: str, odd: Bools) -> None:
        if odd.any():
            label = self.layout.names[self.places[what]]
            self.odd[label] = self.odd.get(label, 0) + int(odd.sum())


class _NoCommas:
    """A stream in which commas are blanks."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream

    def read(self, size: int, /) -> bytes:
        return self._stream.read(size).replace(b",", b" ")


def _only_tabs(text: bytes) -> bool:
    """Whether fields are parted by single tabs, so that white space needs no tidying."""
    return not any(pattern in text for pattern in (b" ", b"\t\t", b"\t\n", b"\n\t", b"\r"))


def _loose(block: Block) -> bool:
    """Whether a block that seemed to be parted by single tabs is not, or has empty fields."""
    if b" " in block.data or block.cells is None:
        return True
    return bool((np.diff(block.cells.ends.ravel()) == 1).any())


def found_path(path: str) -> str:
    """The file, or the same compressed by gzip where it is only there so."""
    return f"{path}.gz" if not os.path.exists(path) and os.path.exists(f"{path}.gz") else path


def numbers_of(column: Column) -> tuple[Floats, Bools]:
    """A column of numbers as C's ``atof`` reads it, and which fields are none.

    0 where a field begins with none; NaN of ``nan``.
    """
    found = parse_decimals(column)
    values = found.values
    odd = np.isnan(values)
    values[odd] = 0.0
    for row in found.odd.tolist():
        text = column.get(row).decode("utf-8", "replace")
        low = text.strip().lower().lstrip("+-")
        values[row] = np.nan if low.startswith(("nan", "inf")) else leading_number(text)
        odd[row] = whole_number(text.strip()) is None
    return values, odd


def _tiny(column: Column, values: Floats) -> dict[int, float]:
    """-log10 of P-values below the least double, from their texts."""
    rows = np.flatnonzero(np.abs(values) < _TINY)
    if not rows.size:
        return {}
    import polars as pl

    from postgwas.sumstats.tiny import mlog10p_from_text

    texts = pl.Series([column.get(row).decode("utf-8", "replace") for row in rows.tolist()])
    sizes = mlog10p_from_text(texts)
    return {row: size for row, size in zip(rows.tolist(), sizes.to_list()) if size is not None}


def _passes(column: Column, rule: Filter) -> Bools:
    """Which fields a filter lets through; where numbers are compared, a field must be one."""
    number = rule.number
    if number is None:
        texts = [column.get(row).decode("utf-8", "replace").lower() for row in range(column.start.size)]
        inside = np.array([text in rule.texts for text in texts], np.bool_)
        return ~inside if rule.condition == "!=" else inside
    values, _ = numbers_of(column)
    first, second = column.text[column.start], column.text[column.start + 1]
    digit = (first >= 48) & (first <= 57)
    signed = ((first == ord("-")) | (first == ord("+")) | (first == ord("."))) & (
        ((second >= 48) & (second <= 57)) | (second == ord("."))
    )
    compare = {
        ">": np.greater, ">=": np.greater_equal, "<": np.less, "<=": np.less_equal, "=": np.equal,
        "!=": np.not_equal,
    }[rule.condition]  # fmt: skip
    with np.errstate(invalid="ignore"):
        result: Bools = compare(values, number) & (digit | signed) & (column.length > 0)
    return result


def folded_hashes(names: Texts) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """Hashes of names in capital letters: METAL does not tell rs1 from RS1."""
    first, second = np.empty(len(names), np.uint64), np.empty(len(names), np.uint64)
    for at in range(0, len(names), _HASHED):
        part = slice(at, at + _HASHED)
        first[part], second[part] = _folded(names[part]).hashes()
    return first, second


def _folded(names: Texts) -> Texts:
    words = names.words.copy()
    text = words.view(np.uint8)
    # Letters from a to z are the only bytes that end below 26 here.
    text -= ((text - np.uint8(ord("a"))) < 26).view(np.uint8) << np.uint8(5)
    aside = names.aside()
    if not aside.size:
        return Texts(words, names.keeper)
    keeper = Keeper(words.shape[1])
    long = [names.keeper.texts[int(names.words[row, 0]) >> 8].upper() for row in aside.tolist()]
    words[aside] = texts_of_list(long, keeper).words
    return Texts(words, keeper)
