"""postgwas: what comes after a GWAS."""

from __future__ import annotations

__version__ = "0.1.0"
