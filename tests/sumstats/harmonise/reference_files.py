"""Small references in every format, all of the same variants."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pysam

HEAD = (
    "##fileformat=VCFv4.2\n"
    "##contig=<ID=21,length=48129895>\n##contig=<ID=22,length=51304566>\n##contig=<ID=GL1,length=9>\n"
    '##INFO=<ID=AF,Number=A,Type=Float,Description="Frequency of ALT">\n'
    '##INFO=<ID=AFR_AF,Number=A,Type=Float,Description="In AFR">\n'
    '##INFO=<ID=MAF,Number=1,Type=Float,Description="Minor allele frequency">\n'
    '##INFO=<ID=AC,Number=A,Type=Integer,Description="Count">\n'
    '##INFO=<ID=AN,Number=1,Type=Integer,Description="Total">\n'
    '##INFO=<ID=NS,Number=1,Type=Integer,Description="People">\n'
    '##INFO=<ID=XAF,Number=1,Type=Float,Description="Other">\n'
    '##INFO=<ID=END,Number=1,Type=Integer,Description="End">\n'
    '##ALT=<ID=DEL,Description="Deletion">\n'
)
COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
SITES = [
    "22\t300\trs3\tA\tG,T\t.\tPASS\tNS=5;AF=0.25,0.5;AFR_AF=0.1,0.2;AC=5,10;AN=20",
    "22\t200\trs2;rs22\tCTT\tC,CT\t.\tPASS\tAF=0.125,.;AC=2,1;AN=16",
    "22\t100\t.\tG\tC\t.\tPASS\tXAF=0.9",
    "21\t50\trs1\tCA\tTA\t.\tPASS\tAF=0.5",
    "GL1\t5\trs9\tA\tG\t.\tPASS\tAF=0.5",
    "22\t400\trs4\tA\t<DEL>\t.\tPASS\tAF=0.5",
    "22\t401\trs5\tA\t.\t.\tPASS\tAF=0.5",
    "22\t402\trs6\tN\tG\t.\tPASS\tAF=0.5",
    "22\t300\trs3\tA\tG\t.\tPASS\tAF=0.25",
]
EXPECTED_22 = [
    (None, 100, "G", "C", None),
    ("rs2", 200, "CTT", "C", 0.125),
    ("rs2", 200, "CT", "C", None),
    ("rs3", 300, "A", "G", 0.25),
    ("rs3", 300, "A", "T", 0.5),
]


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def vcf(folder: Path, sites: list[str] = SITES, head: str = HEAD, samples: int = 0) -> Path:
    names = ["FORMAT", *(f"S{i}" for i in range(samples))] if samples else []
    rows = [site + ("\tGT" + "\t0|1" * samples if samples else "") for site in sites]
    text = "\n".join(["\t".join([COLUMNS, *names]), *rows])
    return write(folder / "ref.vcf", head + text + "\n")


def bgzipped(folder: Path) -> Path:
    pysam.tabix_compress(str(vcf(folder)), str(folder / "ref.vcf.gz"))
    return folder / "ref.vcf.gz"


def windows(folder: Path) -> Path:
    plain = vcf(folder)
    plain.write_bytes(plain.read_bytes().replace(b"\n", b"\r\n"))
    return plain


def bcf(folder: Path) -> Path:
    with (
        pysam.VariantFile(str(vcf(folder))) as reader,
        pysam.VariantFile(str(folder / "ref.bcf"), "wb", header=reader.header) as writer,
    ):
        for record in reader:
            writer.write(record)
    return folder / "ref.bcf"


BIM = "22 rs1 0 100 A G\n22 . 0 90 C CT\n26 rs3 0 7 0 G\n25 rs4 0 8 T C\n26 rs5 0 7 A G\n"
FIVE = "".join(line.replace(" 0 ", " ", 1) + "\n" for line in BIM.splitlines())


TABLE = pl.DataFrame(
    {
        "SNPID": ["rs1", "rs2", "rs3"],
        "CHR": ["chr22", "X", "22"],
        "POS": [5, 7, 4],
        "REF": ["A", "C", "ATT"],
        "ALT": ["G", "T", "A"],
        "AF": [0.25, 0.5, None],
    }
)


def as_text(separator: str, *names: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        TABLE.rename(dict(zip(TABLE.columns, names))).write_csv(
            folder / "panel.txt", separator=separator, null_value="NA"
        )
        return folder / "panel.txt"

    return make


def as_parquet(folder: Path) -> Path:
    TABLE.write_parquet(folder / "panel.parquet")
    return folder / "panel.parquet"
