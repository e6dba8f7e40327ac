"""The column names that munge_sumstats.py knows, and the rule by which it compares them.

Fields have this library's names (SNPID, EA, NEA, EAF); :data:`CALLED` gives munge_sumstats.py's, which
messages and logs use.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

ALIASES: dict[str, tuple[str, ...]] = {
    "SNPID": ("SNP", "MARKERNAME", "SNPID", "RS", "RSID", "RS_NUMBER", "RS_NUMBERS"),
    "NSTUDY": ("NSTUDY", "N_STUDY", "NSTUDIES", "N_STUDIES"),
    "P": ("P", "PVALUE", "P_VALUE", "PVAL", "P_VAL", "GC_PVALUE"),
    "EA": ("A1", "ALLELE1", "ALLELE_1", "EFFECT_ALLELE", "REFERENCE_ALLELE", "INC_ALLELE", "EA"),
    "NEA": ("A2", "ALLELE2", "ALLELE_2", "OTHER_ALLELE", "NON_EFFECT_ALLELE", "DEC_ALLELE", "NEA"),
    "N": ("N", "WEIGHT"),
    "N_CAS": ("N_CAS", "NCASE", "CASES_N", "N_CASE", "N_CASES"),
    "N_CON": ("N_CON", "NCONTROL", "CONTROLS_N", "N_CONTROL", "N_CONTROLS"),
    "Z": ("Z", "ZSCORE", "GC_ZSCORE"),
    "OR": ("OR",),
    "BETA": ("BETA", "B", "EFFECT", "EFFECTS"),
    "LOG_ODDS": ("LOG_ODDS",),
    "INFO": ("INFO",),
    "EAF": ("FRQ", "EAF", "MAF", "FRQ_U", "F_U"),
}
"""Field -> names, as :func:`clean` gives them."""

DESCRIPTIONS = {
    "SNPID": "Variant ID (e.g., rs number)",
    "P": "p-Value",
    "EA": "Allele 1, interpreted as ref allele for signed sumstat.",
    "NEA": "Allele 2, interpreted as non-ref allele for signed sumstat.",
    "N": "Sample size",
    "N_CAS": "Number of cases",
    "N_CON": "Number of controls",
    "Z": "Z-score (0 --> no effect; above 0 --> A1 is trait/risk increasing)",
    "OR": "Odds ratio (1 --> no effect; above 1 --> A1 is risk increasing)",
    "BETA": "[linear/logistic] regression coefficient "
    "(0 --> no effect; above 0 --> A1 is trait/risk increasing)",
    "LOG_ODDS": "Log odds ratio (0 --> no effect; above 0 --> A1 is risk increasing)",
    "INFO": "INFO score (imputation quality; higher --> better imputation)",
    "EAF": "Allele frequency",
    "SIGNED": "Directional summary statistic as specified by --signed-sumstats.",
    "NSTUDY": "Number of studies in which the SNP was genotyped.",
    "MLOG10P": "-log10 of the p-value",
    "LOG10P": "log10 of the p-value",
    "SE": "Standard error",
    "NEFF": "Effective sample size",
    "NEFF_HALF": "Half of the effective sample size",
    "EAF_CAS": "Allele frequency in cases",
    "EAF_CON": "Allele frequency in controls",
    "REF": "Reference allele",
    "ALT": "Alternative allele",
    "VARIANT": "Chromosome, position and alleles",
}
"""What the log says of each field: the sentences of munge_sumstats.py's log, which users' parsers know."""

NO_EFFECT = {"Z": 0.0, "BETA": 0.0, "LOG_ODDS": 0.0, "OR": 1.0}
"""Signed fields, in the order of preference where a dialect has several, and their null values."""

CALLED = {"SNPID": "SNP", "EA": "A1", "NEA": "A2", "EAF": "FRQ", "SIGNED": "SIGNED_SUMSTAT"}
"""Field -> munge_sumstats.py's name, where it differs."""

_FIELD_OF = {alias: field for field, aliases in ALIASES.items() for alias in aliases}


def clean(name: str) -> str:
    """A column name as it is compared: upper case, ``-`` and ``.`` as ``_``.

    Examples
    --------
    >>> clean("p.wald"), clean("Z-score")
    ('P_WALD', 'Z_SCORE')
    """
    return name.upper().replace("-", "_").replace(".", "_").replace("\n", "")


def called(field: str) -> str:
    """munge_sumstats.py's name of a field.

    Examples
    --------
    >>> called("EA"), called("P"), called("INFO_2")
    ('A1', 'P', 'INFO')
    """
    return CALLED.get(field, "INFO" if field.startswith("INFO_") else field)


def known_fields(names: Sequence[str], *, without: Iterable[str] = ()) -> list[tuple[str, str]]:
    """(column, field) of the columns whose names munge_sumstats.py knows, in the order of the file.

    Parameters
    ----------
    names : sequence of str
        Columns of the file.
    without : iterable of str
        Clean names to pass over.

    Examples
    --------
    >>> known_fields(["MarkerName", "Allele1", "P-value", "chr"])
    [('MarkerName', 'SNPID'), ('Allele1', 'EA'), ('P-value', 'P')]
    """
    passed = set(without)
    return [(name, _FIELD_OF[clean(name)]) for name in names if clean(name) in _FIELD_OF.keys() - passed]
