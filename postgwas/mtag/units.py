"""What MTAG's effects and sample sizes are counted in, in words."""

from __future__ import annotations

N_WORDS = {
    "total": "people, as in the file",
    "given": "the number given for all variants",
    "effective": "the effective sample size, that of a study with half cases: 4 / (1/cases + 1/controls)",
    "from SE": "1/(2 EAF (1-EAF) SE^2), which is people where the trait has variance one",
}


def effect_unit(*, std_betas: bool, in_units_of_beta: bool, log_odds: bool, n_kind: str) -> str:
    """The unit of ``mtag_beta``.

    Parameters
    ----------
    std_betas : bool
        Effects stay standardised.
    in_units_of_beta : bool
        Effects return to the units of the input's BETA (--use_beta_se).
    log_odds : bool
        The input's effects are odds ratios.
    n_kind : str
        What N is, see :class:`postgwas.sumstats.table.Sumstats`.
    """
    if std_betas:
        return "standard deviations of the trait per standard deviation of the genotype"
    if in_units_of_beta:
        return ("log odds" if log_odds else "units of the input's BETA") + " per effect allele"
    if n_kind == "effective":
        return (
            "standard deviations of a 0/1 trait with half cases per effect allele "
            "(about half the log odds ratio)"
        )
    if log_odds:
        return "standard deviations of the 0/1 trait per effect allele (not log odds)"
    return "standard deviations of the trait per effect allele"
