"""Summary statistics as ldsc reads them: the rules of munge_sumstats.py.

:func:`postgwas.sumstats.munge.run.munge` is the way in.
"""
