"""Summary statistics brought onto one build, strand and effect allele."""
