"""Signs that a column is not what it is called."""

from __future__ import annotations

from postgwas.errors import InputError
from postgwas.sumstats.harmonise.account import Account
from postgwas.sumstats.harmonise.consistency import ConsistencySummary
from postgwas.sumstats.harmonise.explanations import BOTH_OF_ODDS_RATIO, ODDS_RATIO
from postgwas.sumstats.harmonise.outcomes import Outcome

#: Share of rows with values out of range, from which on columns are likelier mistaken than rows.
_MANY = 0.1


def column_doubts(path: str, account: Account, agreement: ConsistencySummary, column: str) -> list[str]:
    """Warnings of many bad values and of statistics that disagree; odds ratios called BETA are refused.

    All effects would be positive then.

    Parameters
    ----------
    path : str
    account : Account
    agreement : ConsistencySummary
        Of all rows.
    column : str
        What the file calls BETA.

    Raises
    ------
    InputError
        P is that of log BETA by SE in most rows, or by the SE of the logarithm where SE is of the ratio.
    """
    differ, checked = agreement.n_p_differ, agreement.n_p
    of = {ODDS_RATIO: "SE", BOTH_OF_ODDS_RATIO: f"SE/{column}"}.get(agreement.explained.cause(differ) or "")
    if of and 2 * differ > checked:
        raise InputError(
            f"{path}: column {column} holds odds ratios, not their logarithms: P is that of log {column} by "
            f"{of}, not of {column} by SE, in {differ:,} of {checked:,} rows",
            hint=f"--or_name {column}",
        )
    bad = account.outcomes.get(Outcome.STATISTIC_BAD, 0)
    if bad < _MANY * account.n_read:
        return list(agreement.warnings(path))
    many = (
        f"{path}: {bad / account.n_read:.1%} of the rows have an effect, a standard error or a P that is "
        "missing or out of range: are the columns right?"
    )
    return [many, *agreement.warnings(path)]
