"""Summary statistics as ldsc reads them: the rules of munge_sumstats.py."""
