"""What can happen to a row: one final outcome, and remarks that do not end it.

Every row that is read ends with exactly one :class:`Outcome`, so a table of their counts
adds up to the rows of the file. A :class:`Remark` is said of a row besides its outcome.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag


class Outcome(IntEnum):
    """Final outcome of a row; the value fits uint8.

    Attributes
    ----------
    kept : bool
        Whether the row goes into the harmonised table.
    text : str
        The reason or remark for accounts and ``rejected.tsv.gz``.

    Examples
    --------
    >>> Outcome.SWAPPED.kept, Outcome(2) is Outcome.SWAPPED
    (True, True)
    >>> Outcome.ALLELES_DIFFER.text
    "alleles differ from the reference's at this position"
    """

    kept: bool
    text: str

    def __new__(cls, code: int, kept: bool, text: str) -> Outcome:
        member = int.__new__(cls, code)
        member._value_ = code
        member.kept = kept
        member.text = text
        return member

    PENDING = 0, False, "not decided"

    # Kept.
    MATCHED = 1, True, "alleles as in the reference"
    SWAPPED = 2, True, "effect and other allele exchanged"
    FLIPPED = 3, True, "alleles complemented: other strand"
    FLIPPED_SWAPPED = 4, True, "alleles complemented and exchanged"
    PALINDROMIC_FORWARD = 5, True, "palindromic, forward strand inferred from the frequencies"
    PALINDROMIC_REVERSE = 6, True, "palindromic, reverse strand inferred from the frequencies"
    PALINDROMIC_KEPT = 7, True, "palindromic, taken to be on the forward strand"
    INDEL_CODES = 8, True, "I/D codes written out as the only indel that the reference has there"
    INDEL_DASH = 9, True, "'-' alleles written out as the reference's indel"
    UNMATCHED_KEPT = 10, True, "not in the reference, kept as given"
    NOT_COMPARED = 11, True, "kept without a reference to compare with"
    INDEL_REF_GIVEN = 12, True, "indel, both alleles fit the sequence: reference allele as given"

    # Left out: the row itself.
    UNREADABLE = 40, False, "line could not be read as a row"
    CHROMOSOME_UNKNOWN = 41, False, "no or unknown chromosome"
    POSITION_MISSING = 42, False, "no position"
    ALLELES_UNREADABLE = 43, False, "alleles missing or not made of A, C, G, T"
    ALLELES_EQUAL = 44, False, "both alleles are the same"
    STATISTIC_BAD = 45, False, "effect, standard error or P missing or out of range"
    FREQUENCY_BAD = 46, False, "frequency outside [0, 1]"
    DUPLICATE = 47, False, "duplicate of another row of the same variant"
    NOT_SELECTED = 48, False, "filtered out by an option"

    # Left out: coordinates.
    LIFT_UNMAPPED = 60, False, "liftover: no block of the chain covers the position"
    LIFT_OTHER_CONTIG = 61, False, "liftover: maps to another contig"
    LIFT_AMBIGUOUS = 62, False, "liftover: maps to more than one place"
    LIFT_BROKEN_SPAN = 63, False, "liftover: the alleles' span is not inside one block"
    LIFT_REVERSED_INDEL = (
        64,
        False,
        "liftover: indel on the reverse strand: takes --fasta and written alleles",
    )
    LIFT_MITOCHONDRION = 65, False, "liftover: hg19's chrM is not the MT of GRCh37"

    # Left out: alleles against the sequence or the reference.
    SEQUENCE_MISMATCH = 70, False, "neither allele is the reference sequence's"
    SEQUENCE_OUTSIDE = 71, False, "position outside the reference sequence"
    REF_MISMATCH = 72, False, "the reference's REF is not what the sequence has there"
    NOT_IN_REFERENCE = 80, False, "no variant at this position in the reference"
    ALLELES_DIFFER = 81, False, "alleles differ from the reference's at this position"
    TWO_ALTS = 82, False, "both alleles are alternate alleles of the reference's multi-allelic site"
    FITS_SEVERAL = 83, False, "fits more than one variant of the reference"
    INDEL_CODES_AMBIGUOUS = 84, False, "I/D codes fit more than one indel of the reference"
    INDEL_NOT_ANCHORED = 85, False, "'-' alleles without a base to write them out with"
    ID_UNKNOWN = 86, False, "no position, and the reference has no such SNPID"
    ID_AMBIGUOUS = 87, False, "no position, and the reference has the SNPID at several positions"
    PALINDROMIC_DROPPED = 90, False, "palindromic, strand unknown"
    PALINDROMIC_NO_EAF = 91, False, "palindromic, and the file gives no usable frequency"
    PALINDROMIC_NO_AF = 92, False, "palindromic, and the reference gives no frequency"
    PALINDROMIC_MAF = 93, False, "palindromic, minor allele frequency above the limit"
    PALINDROMIC_CONTRADICTS = 94, False, "palindromic, frequency far from the reference's on either strand"


class Remark(IntFlag):
    """Said of a row besides its outcome; bits of uint8.

    Examples
    --------
    >>> Remark.EAF_DIFFERS.text
    "EAF differs from the reference's by more than the limit"
    """

    NONE = 0
    BY_ID = 1
    ID_REPLACED = 2
    ID_ASSIGNED = 4
    EAF_DIFFERS = 8
    P_DISAGREES = 16
    Z_DISAGREES = 32

    @property
    def text(self) -> str:
        """What a single remark says."""
        return _REMARKS[self]


_REMARKS = {
    Remark.NONE: "",
    Remark.BY_ID: "position taken from the reference by SNPID",
    Remark.ID_REPLACED: "SNPID replaced by the reference's for these alleles",
    Remark.ID_ASSIGNED: "SNPID assigned from the reference",
    Remark.EAF_DIFFERS: "EAF differs from the reference's by more than the limit",
    Remark.P_DISAGREES: "P disagrees with BETA/SE",
    Remark.Z_DISAGREES: "Z disagrees with BETA/SE",
}
