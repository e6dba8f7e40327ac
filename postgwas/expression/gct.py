"""GCT 1.2 and 1.3, the Broad Institute's matrices: GTEx's counts and TPM."""

from __future__ import annotations

from postgwas.errors import InputError
from postgwas.expression.matrix import ExpressionMatrix, Unit, gene_table
from postgwas.expression.text_matrix import lines_of


def read_gct(data: bytes, path: str, *, unit: Unit) -> ExpressionMatrix:
    """A matrix from the text of a GCT file.

    Version 1.2: two lines (version; rows and columns), then Name, Description and samples.
    Version 1.3 has further columns about rows, which are kept with the genes, and further rows
    about samples, which are left out.

    Raises
    ------
    InputError
        If the lines that tell the version and the size are damaged, or the size is another.
    """
    version, _, rest = data.partition(b"\n")
    size, _, rest = rest.partition(b"\n")
    told = version.decode(errors="replace").strip()
    numbers = size.split()
    needed = {"#1.2": 2, "#1.3": 4}.get(told)
    if needed is None:
        raise InputError(f"{path}, line 1: GCT version {told!r}; expected #1.2 or #1.3")
    if len(numbers) < needed or not all(number.isdigit() for number in numbers):
        raise InputError(
            f"{path}, line 2: expected {needed} numbers (rows, columns), found "
            f"{size.decode(errors='replace')!r}"
        )
    n_rows, n_columns = int(numbers[0]), int(numbers[1])
    n_about, n_sample_rows = (1, 0) if needed == 2 else (int(numbers[2]), int(numbers[3]))
    lines = lines_of(rest, path, skipped=2)
    if len(lines.header) != 1 + n_about + n_columns:
        raise InputError(
            f"{path}, line 3: {len(lines.header)} columns, but line 2 tells {1 + n_about + n_columns}",
            hint="the file may be cut or edited",
        )
    if n_sample_rows:
        lines = lines.below(n_sample_rows)
    text = lines.header[: 1 + n_about]
    frame = lines.frame(text=text)
    if frame.height != n_rows:
        raise InputError(
            f"{path}: {frame.height:,} rows, but line 2 tells {n_rows:,}",
            hint="the file may be cut or edited",
        )
    about = {name: frame[name] for name in text[1:]}
    described = next((about.pop(name) for name in list(about) if name.lower() == "description"), None)
    samples = tuple(lines.header[len(text) :])
    genes = gene_table(frame[text[0]].to_list(), {"GENE_NAME": described} if described is not None else {})
    kept = [column for name, column in about.items() if name not in genes.columns]
    return ExpressionMatrix(
        frame.select(samples).to_numpy(order="c"), genes.hstack(kept), samples, unit, path
    )
