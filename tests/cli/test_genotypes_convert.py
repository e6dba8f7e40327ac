"""postgwas genotypes convert: flags, messages and exit status."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from genotypes.plink1_files import random_calls, write_plink1

from postgwas.cli.main import main
from postgwas.genotypes import open_genotypes


def test_convert(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    calls = random_calls(1, 12, 6, missing=0.0)
    calls[3] = 0
    prefix = write_plink1(tmp_path / "any", calls)
    (tmp_path / "people").write_text("F1 I1\nF2 I2\nF5 I5\n")
    flags = ["--keep", str(tmp_path / "people"), "--region", "1:2000-9000", "--maf-min", "0.001"]
    out = tmp_path / "part"
    command = ["genotypes", "convert", "--genotypes", str(prefix), "--format", "vcf", "--out", str(out)]
    assert main([*command, *flags]) == 0
    found = open_genotypes(f"{out}.vcf.gz", region="1:2000-9000")
    kept = [j for j in range(1, 9) if 0 < calls[j, [1, 2, 5]].sum() < 6]
    assert found.variants["SNPID"].to_list() == [f"rs{j}" for j in kept]
    np.testing.assert_array_equal(found.block(0, len(kept)), calls[kept][:, [1, 2, 5]])
    told = capsys.readouterr().err
    assert "variants of 3 samples written to" in told and "MAF below --maf_min" in told
    assert main([*command, *flags]) == 2
    assert "the file exists already" in capsys.readouterr().err
    assert main([*command, *flags, "--overwrite"]) == 0


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--region", "7:1-5"], "nothing on chromosome 7; it has 1"),
        (["--region", "1-5-7"], "expected a form such as 1:100000-200000"),
        (["--chr", "banana"], "--chr banana: not a chromosome"),
        (["--maf_min", "0.7"], "--maf_min 0.7: expected 0 to 0.5"),
        (["--haploid", "hg17"], "not a genome build"),
        (["--dosage"], "PLINK 1 files hold no dosages"),
        (["--extract", "absent"], "absent"),
    ],
)
def test_mistakes(tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: list[str], message: str) -> None:
    prefix = write_plink1(tmp_path / "any", random_calls(1, 5, 4))
    out = tmp_path / "out"
    command = ["genotypes", "convert", "--genotypes", str(prefix), "--format", "pgen", "--out", str(out)]
    assert main([*command, *flags]) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.glob("out.p*"))
