"""Meta-analysis of studies and populations."""
