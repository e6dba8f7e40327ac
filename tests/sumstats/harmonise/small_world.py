"""A genome of a few hundred SNPs in two builds, whose harmonised table is known by construction."""

from __future__ import annotations

import gzip
import random
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from postgwas.reference.known_snps import known_snps
from postgwas.sumstats.harmonise.assembly import length_of

COMPLEMENT = str.maketrans("ACGT", "TGCA")
HEADER = ("SNP", "CHR", "BP", "A1", "A2", "EAF", "BETA", "SE", "P", "N")


@dataclass
class World:
    """Files, and what must come of them.

    Attributes
    ----------
    rows : list of tuple
        The file's rows, GRCh37.
    outcome : list of str
        What must become of each.
    table : dict
        (chromosome, position, effect allele, other allele) in GRCh38 -> (id, EAF, BETA).
    """

    folder: Path
    rows: list[tuple[object, ...]] = field(default_factory=list)
    outcome: list[str] = field(default_factory=list)
    table: dict[tuple[str, int, str, str], tuple[str, float, float]] = field(default_factory=dict)
    variants: list[tuple[str, int, str, str, str, float]] = field(default_factory=list)
    chains: list[str] = field(default_factory=list)

    @property
    def sumstats(self) -> Path:
        return self.folder / "trait.txt"

    @property
    def reference(self) -> Path:
        return self.folder / "reference.vcf.gz"

    @property
    def chain(self) -> Path:
        return self.folder / "hg19ToHg38.over.chain"

    def counts(self) -> dict[str, int]:
        """Rows by outcome."""
        return {code: self.outcome.count(code) for code in sorted(set(self.outcome))}

    def write(self, rows: list[tuple[object, ...]] | None = None) -> World:
        """Write the files; `rows` in another order, if given."""
        lines = ["\t".join(HEADER)] + ["\t".join(map(str, row)) for row in rows or self.rows]
        self.sumstats.write_text("\n".join(lines) + "\n")
        self.chain.write_text("".join(self.chains))
        vcf = ["##fileformat=VCFv4.2", '##INFO=<ID=AF,Number=A,Type=Float,Description="f">']
        vcf += [f"##contig=<ID={c},length={length_of('GRCh38', c)}>" for c in (20, 21, 22)]
        vcf.append("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO")
        order = sorted(self.variants, key=lambda v: (int(v[0]), v[1], v[3], v[4]))
        vcf += [f"{c}\t{p}\t{i}\t{r}\t{a}\t.\t.\tAF={f}" for c, p, i, r, a, f in order]
        with gzip.open(self.reference, "wt") as stream:
            stream.write("\n".join(vcf) + "\n")
        return self


def make_world(folder: Path, *, seed: int = 3, n: int = 400) -> World:
    """Known SNPs of chromosomes 20, 21 and 22, each with a fate."""
    world = World(folder)
    draw = random.Random(seed)
    known = known_snps()
    at = np.flatnonzero((known.chr >= 20) & (known.chr <= 22))
    chosen = sorted(draw.sample(list(at), n), key=lambda i: (known.chr[i], known.grch37[i]))
    fates = [fate for fate, weight in FATES.items() for _ in range(weight)]
    for number, i in enumerate(chosen):
        code, old, new = int(known.chr[i]), int(known.grch37[i]), int(known.grch38[i])
        _live(world, draw, fates[number % len(fates)], f"rs{known.rsid[i]}", code, old, new, number)
    return world.write()


FATES = {
    "plain": 10, "swapped": 10, "flipped": 3, "flipped_swapped": 3, "reversed": 4, "moved": 1,
    "palindromic": 3, "palindromic_common": 1, "absent": 1, "other_alleles": 1, "unmapped": 1,
    "bad_p": 1, "bad_eaf": 1, "bad_se": 1, "bad_allele": 1, "same_allele": 1, "duplicate": 1,
}  # fmt: skip


def _live(
    world: World, draw: random.Random, fate: str, snp: str, code: int, old: int, new: int, number: int
) -> None:
    palindromic = fate.startswith("palindromic")
    ref = draw.choice("ACGT")
    other = [b for b in "ACGT" if b not in (ref, ref.translate(COMPLEMENT))]
    alt = ref.translate(COMPLEMENT) if palindromic else draw.choice(other)
    frequency = 0.47 if fate == "palindromic_common" else round(draw.uniform(0.05, 0.3), 3)
    beta = round(draw.gauss(0, 0.1), 4) or 0.05
    target, strand = code, "+"
    if fate == "moved":
        target, new = (22 if code == 21 else 21), 30_000_000 + number
    # The source strand: where the chain's block is reversed, GRCh37 has the complement.
    turned = fate == "reversed"
    if turned:
        strand = "-"
    if fate != "unmapped":
        world.chains.append(_chain(code, old, target, new, strand, number))
    if fate not in ("absent", "unmapped"):
        there = ref.translate(COMPLEMENT) if fate == "other_alleles" else alt
        world.variants.append((str(target), new, snp, ref, there, frequency))
    either = fate in ("reversed", "palindromic") and draw.random() < 0.5
    swap = fate in ("swapped", "flipped_swapped") or either
    complemented = turned or fate in ("flipped", "flipped_swapped")
    alleles = [ref, alt] if swap else [alt, ref]
    if complemented:
        alleles = [a.translate(COMPLEMENT) for a in alleles]
    eaf = round(1 - frequency if swap else frequency, 3)
    effect = -beta if swap else beta
    p: object = 0.5
    se: object = 0.1
    if fate == "bad_p":
        p = 1.5
    if fate == "bad_se":
        se = 0
    if fate == "bad_allele":
        alleles[0] = "N"
    if fate == "same_allele":
        alleles[0] = alleles[1]
    name = f"chr{code}" if number % 2 else str(code)
    where = f"{old:.8e}" if number % 5 == 0 else old
    written = 1.2 if fate == "bad_eaf" else eaf
    if number % 3 == 0:
        alleles[0] = alleles[0].lower()
    row = (snp, name, where, *alleles, written, effect, se, p)
    world.rows.append((*row, 1000))
    outcome = {
        "plain": "matched", "duplicate": "matched", "moved": "matched",
        "reversed": "swapped" if swap else "matched",
        "palindromic": "palindromic_forward", "palindromic_common": "palindromic_maf",
        "absent": "not_in_reference", "other_alleles": "alleles_differ", "unmapped": "lift_unmapped",
        "bad_p": "statistic_bad", "bad_se": "statistic_bad", "bad_eaf": "frequency_bad",
        "bad_allele": "alleles_unreadable", "same_allele": "alleles_equal",
    }.get(fate, fate)  # fmt: skip
    world.outcome.append(outcome)
    if fate == "duplicate":
        # A second row of a smaller study: the larger is kept.
        world.rows.append((*row[:6], effect * 2, se, p, 900))
        world.outcome.append("duplicate")
    if outcome in ("matched", "swapped", "flipped", "flipped_swapped", "palindromic_forward"):
        world.table[(str(target), new, alt, ref)] = (snp, frequency, beta)


def _chain(source: int, old: int, target: int, new: int, strand: str, number: int) -> str:
    size, other = length_of("GRCh37", source) or 0, length_of("GRCh38", target) or 0
    start, goal = old - 1, new - 1
    if strand == "-":
        goal = other - new
    return (
        f"chain 1000 chr{source} {size} + {start} {start + 1} chr{target} {other} {strand} {goal} {goal + 1} "
        f"{number + 1}\n1\n\n"
    )
