"""Opening a VCF or BCF by htslib, which else writes lines of its own to stderr."""

from __future__ import annotations

from typing import Any

from postgwas.errors import InputError
from postgwas.genotypes.vcf_text import check_header


def htslib_reader(name: str) -> Any:
    """cyvcf2's reader of a file.

    Raises
    ------
    InputError
        If it is no VCF or BCF, or its samples cannot be told apart.
    """
    from cyvcf2 import VCF, cyvcf2

    cyvcf2.set_htslib_log_level(0)  # what it would say is in the errors that it raises
    try:
        return VCF(name, lazy=False)
    except Exception as error:
        check_header(name)
        raise InputError(f"{name}: not a readable VCF or BCF file ({error})") from None
