"""study.yaml: every mistake at once, each with its line; nothing dangerous is read."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postgwas.errors import InputError, PostgwasError
from postgwas.pipeline.named_files import genotype_files
from postgwas.pipeline.study_file import StudyFileError, read_study
from postgwas.pipeline.yaml_lines import read_document


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "study.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def lines_of(error: BaseException) -> dict[int, str]:
    """Line to what is said about it."""
    found = {}
    for line in str(error).splitlines():
        match = re.fullmatch(r".*study\.yaml, line (\d+): (.*)", line)
        assert match, line
        number = int(match[1])
        found[number] = f"{found[number]}; {match[2]}" if number in found else match[2]
    return found


def test_every_mistake_is_told_with_its_line(tmp_path):
    (tmp_path / "here.txt").write_text("x\n")
    path = write(
        tmp_path,
        """\
study:
  name: has blanks
  build: hg19
  sed: 3
ancestries:
  EUR: {genotypes: nowhere.pgen}
gwas:
  - {trait: LDL, ancestry: EUR, file: here.txt, n: many, columns: {A1: x}}
  - {trait: 5, ancestry: EUR, file: here.txt}
  - {ancestry: EUR, file: here.txt}
steps:
  mtga: false
  h2:
    n_blcks: 10
    n_blocks: ten
    out: elsewhere
""",
    )
    with pytest.raises(StudyFileError) as caught:
        read_study(path)
    told = lines_of(caught.value)
    assert "letters, digits" in told[2]
    assert "GRCh37" in told[3]
    assert told[4] == "study.sed: unknown entry (did you mean seed?)"
    assert "gwas.0.n: expected a valid number" in told[8]
    assert "gwas.0.columns.A1" in told[8] and "'EA'" in told[8]
    assert "in quotes" in told[9]
    assert told[10] == "gwas.2.trait: missing"
    assert told[12] == "steps.mtga: unknown step (did you mean mtag?)"
    assert told[14] == "steps.h2: unknown setting 'n_blcks' (did you mean n_blocks?)"
    assert told[15] == "steps.h2: 'n_blocks' takes a whole number, found 'ten'"
    assert told[16] == "steps.h2: 'out' is set by the study itself"


def test_names_and_files_are_looked_up(tmp_path):
    (tmp_path / "here.txt").write_text("x\n")
    path = write(
        tmp_path,
        """\
study: {name: a}
ancestries:
  EUR: {genotypes: nowhere.pgen}
gwas:
  - {trait: LDL, ancestry: EUR, file: here.txt}
  - {trait: LDL, ancestry: EUR, file: here.txt}
  - {trait: LDL, ancestry: MARS, file: gone.txt}
expression:
  lcl: {counts: here.txt, genotypes: people, covariates: [sex]}
""",
    )
    with pytest.raises(StudyFileError) as caught:
        read_study(path)
    text = str(caught.value)
    assert "line 3: ancestries.EUR.genotypes: no file 'nowhere.pgen'" in text
    assert "line 6: gwas.1: EUR_LDL is in line 5 already; two studies of a trait in one ancestry need" in text
    assert "line 7: gwas.2.ancestry: 'MARS' is not under ancestries" in text
    assert "line 7: gwas.2.file: no file 'gone.txt'" in text
    assert "line 9: expression.lcl.covariates: columns of samples, which is missing" in text
    assert "line 9: reference.gtf: missing" in text


def test_mistakes_of_all_kinds_are_told_at_once(tmp_path):
    """Form, files, names, rules between entries, settings: one round, whatever else is wrong."""
    (tmp_path / "here.txt").write_text("x\n")
    path = write(
        tmp_path,
        """\
study:
  name: a
  seed: 012
reference: {people: gone.bed}
ancestries:
  EUR: {genotypes: gone, panel: x}
gwas:
  - {trait: A, ancestry: EUR, file: gone.txt}
  - {trait: A, ancestry: EAS, fil: here.txt}
  - {trait: A, ancestry: EUR, file: here.txt, n: 5, n_cases: 3, x1: x}
  - 5
expression:
  t: {phenotypes: here.txt, counts: here.txt, genotypes: gone, covariates: [sex], x1: x}
  t: {counts: here.txt}
steps:
  h2: {n_blocks: ten}
  genotypes_qc: {maf_min: 0.01}
  genotypes_pca: {keep: here.txt}
""",
    )
    with pytest.raises(StudyFileError) as caught:
        read_study(path)
    said = sorted(line.split("study.yaml, line ")[1] for line in str(caught.value).splitlines())
    begins = [
        "10: gwas.2.x1: unknown entry",
        "10: gwas.2: EUR_A is in line 8 already; two studies of a trait in one ancestry",
        "10: gwas.2: n_cases and n_controls belong together",
        "11: gwas.3: expected entries such as {a: b}",
        "13: expression.t.covariates: columns of samples, which is missing",
        "13: expression.t.genotypes: no file 'gone'",
        "13: expression.t.x1: unknown entry",
        "13: expression.t: expected counts, or phenotypes (a BED that is normalised",
        "13: reference.gtf: missing; it says where genes lie",
        "14: 't' is given twice, first in line 13",
        "16: steps.h2: 'n_blocks' takes a whole number, found 'ten'",
        "18: steps.genotypes_pca: 'keep' belongs under genotypes_qc, whose limits decide",
        "3: YAML reads 012 as 10 (a number without a zero before it",
        "4: reference.people: no file 'gone.bed'",
        "4: reference: people (genotypes) and people_groups (a table of their groups)",
        "6: ancestries.EUR.genotypes: no file 'gone'",
        "6: ancestries.EUR.panel: unknown entry",
        "8: gwas.0.file: no file 'gone.txt'",
        "9: gwas.1.ancestry: 'EAS' is not under ancestries",
        "9: gwas.1.fil: unknown entry (did you mean file?)",
        "9: gwas.1.file: missing",
    ]
    assert len(said) == len(begins)
    for line, begin in zip(said, begins, strict=True):
        assert line.startswith(begin)


def test_steps_are_judged_beside_mistakes_that_do_not_decide_them(tmp_path):
    """And not by entries that are in doubt: nothing is told that the next round would take back."""
    (tmp_path / "here.txt").write_text("x\n")
    text = """\
study: {name: a, colour: red}
ancestries: {EUR: {}, EAS: {}}
gwas:
  - {trait: A, ancestry: EUR, file: gone.txt}
  - {trait: A, ancestry: EAS, file: here.txt, n: many}
steps:
  h2: {n_blocks: ten}
  META
  eqtl_afc: true
"""
    mama, asked = (
        "steps.meta.method: mama of A: LD scores across ancestries",
        "steps.eqtl_afc: needs a tissue",
    )

    def told(meta: str) -> str:
        with pytest.raises(StudyFileError) as caught:
            read_study(write(tmp_path, text.replace("META", meta)))
        assert "line 1: study.colour" in str(caught.value) and "n_blocks" in str(caught.value)
        assert asked in str(caught.value)
        return str(caught.value)

    assert mama in told("meta: {method: [mama]}")
    assert "has mama among the methods" in told("mama: true")
    assert "has mama among the methods" not in told("mama: true\n  meat: {method: [mama]}")
    assert "has mama among the methods" not in told("mama: true\n  meta: {method: [mama, fixd]}")


def test_each_file_of_a_list_that_is_not_there_is_named(tmp_path):
    (tmp_path / "here.txt").write_text("x\n")
    text = "study: {name: a}\nancestries: {EUR: {}}\ngwas: [{trait: T, ancestry: EUR, file: here.txt}]\n"
    with pytest.raises(StudyFileError, match=r"gone1.*gone2"):
        read_study(write(tmp_path, text + "steps: {h2: {ref_ld_chr: [gone1, gone2]}}\n"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "empty"),
        ("study:\n\tname: a\n", "line 2, column 1: no YAML: a tab: YAML is indented by blanks"),
        (
            "study:\n  name: a\n build: GRCh37\n",
            "line 3, column 2: no YAML: not indented as the entries above",
        ),
        ("- a\n- b\n", "expected sections"),
        ("study: {name: a\n", "line 2, column 1: no YAML"),
        ("study: {name: a}\nstudy: {name: b}\n", "line 2: 'study' is given twice, first in line 1"),
        ("study: {name: a}\ngwas: &x []\nexpression: *x\n", "aliases"),
        ("study: !!python/object/apply:os.system ['touch pwned']\n", "tag"),
        ("study: !custom a\n", "tag"),
        ("? [a, b]\n: 1\n", "expected a name before the colon"),
        (b"study: \xff\xfe\n", "no UTF-8"),
        ("study: {name: a}\n", "nothing to do"),
        ("a: " + "[" * 1200, "no YAML|nested"),
    ],
)
def test_what_is_no_study_is_refused_in_one_line(tmp_path, text, told):
    with pytest.raises(InputError, match=told):
        read_study(write(tmp_path, text))
    assert not (tmp_path / "pwned").exists()


def test_no_file_and_a_huge_file(tmp_path):
    with pytest.raises(InputError, match="postgwas init"):
        read_study(tmp_path / "absent.yaml")
    with pytest.raises(InputError, match="at most"):
        read_study(write(tmp_path, "#" * (2 << 20)))


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_crash_the_reader(tmp_path_factory, raw):
    path = write(tmp_path_factory.mktemp("fuzz"), raw)
    with contextlib.suppress(PostgwasError):
        read_study(path)


_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(
    ("study", "gwas", "ancestries", "expression", "steps", "reference"), _PLAIN)))  # fmt: skip
def test_any_data_where_sections_are_expected_is_refused_or_read(tmp_path_factory, data):
    import yaml

    path = write(tmp_path_factory.mktemp("fuzz"), yaml.safe_dump(data, allow_unicode=True))
    with contextlib.suppress(PostgwasError):
        read_study(path)


def test_lines_of_entries(tmp_path):
    document = read_document(write(tmp_path, "a:\n  - x\n  - y: 1\n    z: 2\nb: 3\n"))
    assert document.data == {"a": ["x", {"y": 1, "z": 2}], "b": 3}
    assert document.line(("a", 0)) == 2
    assert document.line(("a", 1, "z")) == 4
    assert document.line(("b",)) == 5
    assert document.line(("a", 1, "absent")) == 3


def test_genotype_files_are_found_by_prefix_and_by_chromosome(tmp_path):
    for name in ("one.pgen", "one.pvar", "one.psam", "chr1.vcf.gz", "chr1.vcf.gz.tbi", "chr2.vcf.gz"):
        (tmp_path / name).touch()

    def names(of: str) -> list[str]:
        return [Path(name).name for name in genotype_files(str(tmp_path / of))]

    assert names("one") == names("one.pgen") == ["one.pgen", "one.pvar", "one.psam"]
    assert names("chr@.vcf.gz") == ["chr1.vcf.gz", "chr1.vcf.gz.tbi", "chr2.vcf.gz"]
    assert names("chr@") == names("chr@.vcf.gz")
    assert names("nothing") == []


def test_a_section_of_comments_alone_is_as_if_left_out(tmp_path):
    """What postgwas init writes where a folder has no reference."""
    (tmp_path / "a.txt").write_text("x\n")
    path = write(
        tmp_path,
        "study:\n  name: a\n  build: GRCh37\nreference:\n  # gtf:\nexpression:\n"
        "ancestries: {EUR: {}}\ngwas: [{trait: T, ancestry: EUR, file: a.txt}]\nsteps:\n",
    )
    content = read_study(path).content
    assert content.reference.gtf is None and content.expression == {} and content.steps == {}


@pytest.mark.parametrize(
    ("text", "n"), [("n: 1e5", 100_000.0), ("n: 2.5E+3", 2_500.0), ("n: 1_000", 1_000), ("n: 7", 7)]
)
def test_numbers_with_powers_of_ten_are_numbers(tmp_path, text, n):
    (tmp_path / "study.yaml").write_text(text)
    assert read_document(tmp_path / "study.yaml").data == {"n": n}


@pytest.mark.parametrize("number", ["0123", "12:30", "190:20:30.5", "-010"])
def test_numbers_that_yaml_reads_otherwise_are_refused(tmp_path, number):
    (tmp_path / "study.yaml").write_text(f"study:\n  n: {number}\n")
    with pytest.raises(InputError, match=f"line 2: YAML reads {number} as "):
        read_study(tmp_path / "study.yaml")
    (tmp_path / "study.yaml").write_text(f"study:\n  n: '{number}'\n")
    assert read_document(tmp_path / "study.yaml").data == {"study": {"n": number}}


def test_results_in_a_folder_with_a_comma_are_refused(tmp_path):
    """Lists of files on command lines are parted by commas: a step would look for half a path."""
    (tmp_path / "a.txt").write_text("x\n")
    text = "study: {{name: s, out: {out}}}\nancestries: {{EUR: {{}}}}\n"
    text += "gwas: [{{trait: T, ancestry: EUR, file: a.txt}}]\n"
    with pytest.raises(InputError, match="Smith, 2020/out: lists of files are parted by commas"):
        read_study(write(tmp_path, text.format(out="'Smith, 2020/out'")))
    assert read_study(write(tmp_path, text.format(out="Smith 2020"))).out == tmp_path / "Smith 2020"


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ("5", "gwas.0.columns: expected entries such as {a: b}"),
        ("{EFFECT: x}", "gwas.0.columns.EFFECT: expected 'SNPID', 'CHR'"),
        ("{P: 5}", "gwas.0.columns.P: expected text"),
    ],
)
def test_columns_are_names(tmp_path, columns, told):
    (tmp_path / "a.txt").write_text("x\n")
    text = "study: {name: a}\nancestries: {EUR: {}}\n"
    text += f"gwas: [{{trait: T, ancestry: EUR, file: a.txt, columns: {columns}}}]\n"
    with pytest.raises(StudyFileError) as caught:
        read_study(write(tmp_path, text))
    assert told in str(caught.value) and len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ("genotypes: g.bed", "expected counts, or phenotypes"),
        ("counts: a.txt, phenotypes: a.txt, genotypes: g.bed", "expected counts, or phenotypes"),
        ("phenotypes: gone.bed.gz, genotypes: g.bed", "expression.t.phenotypes: no file 'gone.bed.gz'"),
        ("phenotypes: a.txt, covariate_table: gone, genotypes: g.bed", "covariate_table: no file 'gone'"),
        (
            "phenotypes: a.txt, samples: a.txt, covariates: [sex], covariate_table: a.txt, genotypes: g.bed",
            "covariates and covariate_table exclude each other",
        ),
    ],
)
def test_expression_is_counts_or_a_normalised_matrix(tmp_path, data, told):
    for name in ("a.txt", "g.bed", "g.bim", "g.fam"):
        (tmp_path / name).write_text("x\n")
    with pytest.raises(StudyFileError, match=told):
        read_study(write(tmp_path, f"study: {{name: a}}\nexpression:\n  t: {{{data}}}\n"))


@pytest.mark.parametrize(
    ("about", "reference", "told"),
    [
        ("name: a", "af_field: AF", "line 2: reference: af_field is one of variants, which is missing"),
        (
            "name: a",
            "people: here.vcf, people_groups: here.vcf",
            "line 2: reference.people: places the people of expression, of whom there are none",
        ),
        ("name: a, out: ''", "variants: here.vcf", "line 1: study.out: expected a name, found none"),
    ],
)
def test_what_would_be_ignored_is_told(tmp_path, about, reference, told):
    (tmp_path / "here.vcf").write_text("x\n")
    text = f"study: {{{about}}}\nreference: {{{reference}}}\nancestries: {{EUR: {{}}}}\n"
    text += "gwas: [{trait: T, ancestry: EUR, file: here.vcf}]\n"
    with pytest.raises(StudyFileError) as caught:
        read_study(write(tmp_path, text))
    assert told in str(caught.value) and len(str(caught.value).splitlines()) == 1
