"""Genotypes from PLINK 1, PLINK 2 and VCF files behind one interface."""
