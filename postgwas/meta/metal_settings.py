"""What METAL's commands set: labels, scheme, filters, switches. One object is the state of a script."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

CONDITIONS = {
    ">": ">", ">=": ">=", "<": "<", "<=": "<=", "==": "=", "=": "=", "IS": "=", "!=": "!=", "<>": "!=",
    "ISNOT": "!=", "IN": "IN",
}  # fmt: skip
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True)
class Filter:
    """``ADDFILTER``: rows are used where ``label condition value`` holds.

    Attributes
    ----------
    label : str
    condition : {">", ">=", "<", "<=", "=", "!=", "IN"}
    value : str
        A number, a text, or texts in brackets.
    """

    label: str
    condition: str
    value: str

    @property
    def number(self) -> float | None:
        """The value, if the comparison is one of numbers."""
        if self.condition == "IN" or self.value[:1] not in "0123456789+-":
            return None
        return leading_number(self.value)

    @property
    def texts(self) -> frozenset[str]:
        """In small letters, the texts that a field is compared with."""
        listed = self.value.strip("()").split(",") if self.condition == "IN" else [self.value]
        return frozenset(text.lower() for text in listed)

    def __str__(self) -> str:
        return f"{self.label} {self.condition} {self.value}"


def leading_number(text: str) -> float:
    """The number that a text begins with, as C's ``atof``: 0 of a text that begins with none.

    Examples
    --------
    >>> [leading_number(text) for text in ("0.5", "1e-3x", "NA", "-")]
    [0.5, 0.001, 0.0, 0.0]
    """
    found = _NUMBER.match(text)
    return float(found.group()) if found else 0.0


def whole_number(text: str) -> float | None:
    """The number that a text is from end to end; None if it is none.

    Examples
    --------
    >>> [whole_number(text) for text in ("0.5", "10,000", "1:1000", "IN")]
    [0.5, None, None, None]
    """
    return float(text) if _NUMBER.fullmatch(text) else None


@dataclass
class MetalSettings:
    """The state of a script, apart from its data; names as METAL's commands, defaults as METAL's."""

    marker: str = "MARKER"
    weight: str = "N"
    pvalue: str = "PVALUE"
    effect: str = "EFFECT"
    stderr: str = "STDERR"
    strand: str = "STRAND"
    freq: str = "FREQ"
    allele1: str = "ALLELE1"
    allele2: str = "ALLELE2"
    chromosome: str = "CHROMOSOME"
    position: str = "POSITION"
    separator: str = "WHITESPACE"
    strict: bool = True
    by_stderr: bool = False
    use_strand: bool = False
    average_freq: bool = False
    minmax_freq: bool = False
    track_positions: bool = False
    log_p: bool = False
    flip: bool = False
    default_weight: float = 1.0
    min_weight: float = 1.0
    genomic_control: bool = False
    gc_lambda: float = 0.0
    gc_list: str | None = None
    overlap: bool = False
    z_cutoff: float = 1.0
    max_warnings: int = 20
    effect_decimals: int = 4
    stderr_decimals: int = 4
    out_prefix: str = "METAANALYSIS"
    out_suffix: str = ".TBL"
    out_round: int = 1
    filters: list[Filter] = field(default_factory=list)
    custom: dict[str, str] = field(default_factory=dict)

    @property
    def use_freq(self) -> bool:
        """Frequencies are looked at."""
        return self.average_freq or self.minmax_freq
