"""Settings that name files: found from the study's folder, all that they match in the key, or refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from postgwas.errors import UsageError
from postgwas.ld.panel import locate_panel
from postgwas.ldsc.annotation_overlap import overlap_tasks
from postgwas.pipeline import named_files
from postgwas.pipeline.file_flags import names_files
from postgwas.pipeline.graph import steps_of
from postgwas.pipeline.kinds import KINDS, RUN_FLAGS
from postgwas.pipeline.plan import key_of
from postgwas.pipeline.run_study import Where, plan_study, run_study
from postgwas.pipeline.settings import flags_of
from postgwas.pipeline.step import Step
from postgwas.pipeline.study_file import StudyFileError, read_study

#: What values of flags are that are no files.
NO_FILES = {
    "BUILD", "NAME", "M[,M...]", "A[,A...]", "F[,F...]", "BREAKS", "NAMES", "CHR[,CHR...]", "D[,D...]",
    "N[,N...]", "on|off|LAMBDA", "A,B", "NAME,...", "SEP", "CHR", "REGEX", "NAME,NAME,...", "CHR:START-END",
    "N|Nkb", "N", "COLUMN", "C", "COLUMN,COLUMN,...", "NAME=LEVEL,...", "NAME=LEVEL",
    "KIND,KIND", "COLUMN,...",
}  # fmt: skip

YAML = """\
study: {{name: s, build: GRCh38}}
reference: {{variants: in/sites.pgen, gtf: in/genes.gtf}}
ancestries:
  EUR: {{genotypes: in/eur, ld_scores: in/w.}}
  AFR: {{genotypes: in/afr@.bgen}}
gwas:
  - {{trait: T, ancestry: EUR, file: in/t.txt}}
  - {{trait: U, ancestry: EUR, file: in/u.txt}}
  - {{trait: T, ancestry: AFR, file: in/v.txt}}
expression:
  lcl: {{counts: in/counts.tsv, genotypes: in/people.vcf.gz, factors: 2}}
steps:
  {steps}
"""
FILES = (
    "sites.pgen", "sites.pvar", "genes.gtf", "t.txt", "u.txt", "v.txt", "counts.tsv", "people.vcf.gz",
    "people.vcf.gz.tbi", "eur.bed", "eur.bim", "eur.fam", "w.1.l2.ldscore.gz", "w.1.l2.M", "w.1.l2.M_5_50",
    "w.1.annot.gz", "b.7.l2.ldscore.gz", "b.7.l2.M_5_50", "b.7.annot.gz", "f.7.frq", "afr1.bgen",
    "afr1.sample", "afrX.bgen", "keep.txt", "a.txt", "b.txt", "map1.txt", "map2.txt", "x.1.annot.gz",
    "x.2.annot.gz", "s_1.cross.ldscore.gz", "s_1.cross.M", "s_2.cross.ldscore.gz", "regions.bed", "rs1",
    "afr9.old.bgen",
)  # fmt: skip


@pytest.fixture
def study(tmp_path: Path) -> Callable[[str], dict[str, Step]]:
    """Writes a study with these settings of steps; its steps by name."""
    folder = tmp_path / "a study [1]"
    (folder / "in").mkdir(parents=True)
    for name in FILES:
        (folder / "in" / name).write_text(name)

    def write(steps: str = "report: false") -> dict[str, Step]:
        (folder / "study.yaml").write_text(YAML.format(steps=steps))
        return {step.name: step for step in steps_of(read_study(folder))}

    return write


def readers(steps: dict[str, Step], file: str) -> set[str]:
    return {name for name, step in steps.items() if any(one.endswith(f"/in/{file}") for one in step.reads)}


HARMONISE = {"harmonise/EUR_T", "harmonise/EUR_U", "harmonise/AFR_T"}
OF_EUR = {"h2/EUR_T", "h2/EUR_U", "rg/EUR", "mtag/EUR"}
EQTL = {f"eqtl_{one}/lcl" for one in ("cis", "permute", "independent", "finemap")}
AXES = {"genotypes_qc/lcl", "genotypes_prune/lcl", "genotypes_pca/lcl"}
H2 = {"h2/EUR_T", "h2/EUR_U", "h2/AFR_T"}
FINEMAP = {"finemap/EUR_T", "finemap/EUR_U", "finemap/AFR_T"}
META = {"meta/T_fixed", "meta/T_random"}
PEER = {"expression_peer/lcl"}
MAMA = "meta: {{method: mama}}\n  mama: {{ld_scores: {}}}"
COLOC = {"coloc/EUR_T_lcl", "coloc/EUR_U_lcl", "coloc/AFR_T_lcl"}


@pytest.mark.parametrize(
    ("file", "steps", "expected"),
    [
        # sections
        ("sites.pvar", "", HARMONISE),  # what is read where a .pgen is named
        ("w.1.l2.ldscore.gz", "", OF_EUR),
        ("w.1.l2.M_5_50", "", OF_EUR),
        ("w.1.annot.gz", "", set()),
        ("eur.fam", "", {"finemap/EUR_T", "finemap/EUR_U", "coloc/EUR_T_lcl", "coloc/EUR_U_lcl"}),
        ("afrX.bgen", "", {"ld_scores/AFR", "finemap/AFR_T", "coloc/AFR_T_lcl"}),
        ("afr1.sample", "", {"ld_scores/AFR", "finemap/AFR_T", "coloc/AFR_T_lcl"}),
        ("afr9.old.bgen", "", set()),
        ("people.vcf.gz.tbi", "", {*AXES, *EQTL, *COLOC, "coloc/meta_T_lcl"}),
        # prefixes, folders, patterns of settings
        ("b.7.l2.ldscore.gz", "h2: {ref_ld_chr: in/b.}", H2),
        ("b.7.l2.M_5_50", "rg: {ref-ld-chr: 'in/b.@,in/w.'}", {"rg/EUR"}),
        ("w.1.l2.ldscore.gz", "h2: {ref_ld_chr: in/b., w_ld_chr: in/b.}", {"rg/EUR", "mtag/EUR"}),
        ("b.7.annot.gz", "h2: {ref_ld_chr: in/b.}", set()),
        ("b.7.annot.gz", "h2: {ref_ld_chr: in/b., overlap_annot: true}", H2),
        ("w.1.annot.gz", "h2: {overlap_annot: true}", {"h2/EUR_T", "h2/EUR_U"}),
        ("f.7.frq", "h2: {overlap_annot: true, frqfile_chr: in/f.}", H2),
        ("x.2.annot.gz", "ld_scores: {annot: in/x.}", {"ld_scores/AFR"}),
        ("map2.txt", "ld_scores: {cm_map: in/map@.txt}", {"ld_scores/AFR"}),
        ("keep.txt", "ld_scores: {keep: in/keep.txt}", {"ld_scores/AFR"}),
        ("b.txt", "mtag: {exclude: 'in/a.txt,in/b.txt'}", {"mtag/EUR"}),
        ("b.txt", "mtag: {include: [in/a.txt, in/b.txt]}", {"mtag/EUR"}),
        ("a.txt", "harmonise: {dialect_file: [in/a.txt, in/b.txt]}", HARMONISE),
        ("sites.pvar", "meta: {palindromic: infer, reference: in/sites.pgen}", {*HARMONISE, *META}),
        ("s_1.cross.M", MAMA.format("in/s_*.cross.ldscore.gz"), {"mama/T"}),
        ("s_2.cross.ldscore.gz", MAMA.format("'AFR,EUR=in/s_?.cross.ldscore.gz'"), {"mama/T"}),
        ("regions.bed", "finemap: {region: in/regions.bed}", FINEMAP),
        ("a.txt", "coloc: {sentinels: in/a.txt}", {*COLOC, "coloc/meta_T_lcl"}),
        ("eur.fam", "expression_peer: {genotypes: in/eur}\n  finemap: false\n  coloc: false", PEER),
        ("a.txt", "eqtl_cis: {keep: in/a.txt}", {"eqtl_cis/lcl"}),
    ],
)  # fmt: skip
def test_files_behind_a_name_are_in_the_keys_of_the_steps_that_read_them(study, file, steps, expected):
    found = study(steps or "report: false")
    assert readers(found, file) == expected


def test_words_are_absolute_whatever_the_working_directory(study, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = study(
        "h2: {ref_ld_chr: 'in/b.,in/w.', frqfile_chr: in/f.}\n  meta: {method: mama}\n"
        "  mama: {ld_scores: 'AFR,EUR=in/s_*.cross.ldscore.gz'}\n  finemap: {leads: 'rs1,rs2'}\n"
        "  harmonise: {dialect_file: [in/a.txt, in/b.txt]}"
    )
    root = str(tmp_path / "a study [1]")
    words = found["h2/EUR_T"].argv
    assert words[words.index("--ref_ld_chr") + 1] == f"{root}/in/b.,{root}/in/w."
    assert words[words.index("--frqfile_chr") + 1] == f"{root}/in/f."
    assert words.count("--ref_ld_chr") == 1 and words[words.index("--w_ld_chr") + 1] == f"{root}/in/w."
    # A study's folder whose own name looks like a pattern.
    escaped = root.replace("[", "[[]")
    scores = [word for word in found["mama/T"].argv if "cross" in word]
    assert scores == [f"AFR,EUR={escaped}/in/s_*.cross.ldscore.gz"]
    # in/rs1 is no file by the name rs1
    assert "rs1,rs2" in found["finemap/EUR_T"].argv
    words = found["harmonise/EUR_T"].argv
    assert [words[i + 1] for i, word in enumerate(words) if word == "--dialect_file"] == [
        f"{root}/in/a.txt", f"{root}/in/b.txt"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ("h2: {ref_ld_chr: in/none.}", "'ref_ld_chr': 'in/none.' is neither an LD score folder or prefix"),
        ("h2: {frqfile_chr: in/none.}", "'in/none.': no such file; expected PREFIX1.frq[.gz] ... PREFIX22"),
        ("h2: {w_ld_chr: in}", "several LD score panels"),
        ("ld_scores: {keep: in}", "'in': is a folder; expected a file"),
        ("ld_scores: {annot: in/none}", "'in/none': no such file; expected a file, or the prefix of"),
        ("mtag: {exclude: 'in/a.txt,in/none.txt'}", "'exclude': 'in/none.txt': no such file"),
        (MAMA.format("in/none_*.gz"), "steps.mama: 'ld_scores': 'in/none_*.gz'"),
        ("finemap: {region: in/none.bed}", "'in/none.bed': no such file"),
        ("finemap: {leads: none.txt}", "'none.txt': no such file"),
        ("coloc: {sentinels: window}", "'window': no such file"),
        ("eqtl_cis: {keep: [in/a.txt, in/b.txt]}", "'keep' takes one file, found 2"),
        ("eqtl_cis: {keep: []}", "'keep' is an empty list"),
        ("h2: {h2: in/t.txt}", "'h2' is set by the study itself"),
        ("rg: {trait_names: 'A,B'}", "'trait_names' is set by the study itself"),
        ("ld_scores: {bfile: in/eur}", "'bfile' is set by the study itself"),
        ("mtag: {n_value: 5}", "'n_value' says how the GWAS files are read"),
    ],
)  # fmt: skip
def test_a_name_that_nothing_matches_is_refused_with_its_line(study, steps, told):
    with pytest.raises(StudyFileError) as caught:
        study(steps)
    (line,) = str(caught.value).splitlines()
    number = 12 + len(steps.splitlines())
    assert re.search(rf"study\.yaml, line {number}: ", line) and told in line


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("ld_scores: in/w.", "ld_scores: in/none.", "line 4: ancestries.EUR.ld_scores: 'in/none.' is"),
        ("ld_scores: in/w.", "ld_scores: eur_w_ld_chr", "line 4: .*postgwas reference fetch eur_w_ld_chr"),
        ("variants: in/sites.pgen", "variants: in/eur.bed.gz", "line 2: reference.variants: no file"),
        ("file: in/t.txt", "file: in/t@.txt", "line 7: gwas.0.file: no file 'in/t@.txt'"),
        ("counts: in/counts.tsv", "counts: in", "line 11: expression.lcl.counts: is a folder, no file 'in'"),
    ],
)  # fmt: skip
def test_sections_that_name_nothing_are_refused_with_their_line(study, tmp_path, monkeypatch, old, new, told):
    monkeypatch.setenv("POSTGWAS_DATA", str(tmp_path / "data"))
    study()
    path = tmp_path / "a study [1]" / "study.yaml"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(StudyFileError, match=told):
        read_study(path)


def test_a_registered_panel_counts_by_content_and_not_by_the_working_directory(study, tmp_path, monkeypatch):
    from postgwas.reference.registry import add_panel

    monkeypatch.setenv("POSTGWAS_DATA", str(tmp_path / "data"))
    here = tmp_path / "elsewhere" / "mine"
    here.mkdir(parents=True)
    (here / "1.l2.ldscore").write_text("CHR\tSNP\tBP\tL2\n1\trs1\t5\t1.5\n")
    (here / "1.l2.M_5_50").write_text("10\n")
    (here / "1.l2.M").write_text("20\n")
    add_panel("mine", path=here)
    monkeypatch.chdir(tmp_path / "elsewhere")  # the command must not take ./mine for it: it runs elsewhere
    step = study("h2: {ref_ld_chr: mine}")["h2/EUR_T"]
    assert step.argv[step.argv.index("--ref_ld_chr") + 1] == "mine"
    assert {str(here / f"1.l2.{one}") for one in ("ldscore", "M", "M_5_50")} <= set(step.reads)


@pytest.mark.parametrize("kind", KINDS)
def test_flags_that_may_name_files_are_known_as_such(kind):
    """A new flag with a new kind of value must be looked at: does it name files?"""
    for name, action in flags_of(kind).items():
        if name in ("help", *RUN_FLAGS, *KINDS[kind].own, *KINDS[kind].elsewhere):
            continue
        plain = action.nargs == 0 or action.choices is not None or action.type in (int, float)
        named = getattr(action.type, "__name__", "")
        assert (
            plain or "int" in named or "float" in named or names_files(action) or action.metavar in NO_FILES
        ), name


@pytest.mark.parametrize(
    ("files", "name"),
    [
        (["a.bed", "a.bim", "a.fam"], "a"),
        (["a.pgen", "a.pvar.zst", "a.psam", "a.bed", "a.bim"], "a"),
        (["a.bgen", "a.sample"], "a.bgen"),
        (["c1.vcf.bgz", "c2.vcf.gz", "cX.vcf.gz", "c1_old.vcf.gz"], "c@"),
        (["c@.bed", "c@.bim", "c@.fam"], "c@.bed"),
        (["1/g.pgen", "1/g.pvar", "1/g.psam", "2/g.pgen"], "@/g.pgen"),
    ],
)
def test_genotypes_are_found_as_commands_find_them(tmp_path, files, name):
    from postgwas.genotypes.opening import genotype_files

    for one in files:
        (tmp_path / one).parent.mkdir(exist_ok=True)
        (tmp_path / one).touch()
    found = named_files.genotype_files(str(tmp_path / name))
    assert sorted(found) == sorted(genotype_files(tmp_path / name)) and found


@pytest.mark.parametrize("name", ["p.", "p.@", "f", "f/", "@x", "two.1"])
def test_scores_annotations_and_frequencies_are_found_as_commands_find_them(tmp_path, name):
    for one in ("p.1", "p.22", "p.23", "f/1", "f/2", "1x", "two.1"):
        (tmp_path / one).parent.mkdir(exist_ok=True)
        for ending in (".l2.ldscore.gz", ".l2.M", ".annot", ".annot.gz", ".frq"):
            (tmp_path / (one + ending)).touch()
    place = str(tmp_path / name)
    panel = locate_panel(place)[1]
    expected = [*map(str, panel.scores), *map(str, panel.counts(".l2.M"))]
    assert named_files.score_files(place) == expected
    if name == "two.1":
        tasks = overlap_tasks([place], place, by_chromosome=False)
    else:
        tasks = overlap_tasks([place], place, by_chromosome=True)
    for ending, files in (
        (".annot", [task.annot[0] for task in tasks]),
        (".frq", [task.frq for task in tasks]),
    ):
        found = named_files.stem_files(place, ending, whole=name == "two.1")
        assert list(map(Path, found)) == [Path(file or "") for file in files]


def test_a_changed_file_behind_a_prefix_runs_what_reads_it_and_nothing_else(done):
    """For once with real runs: LD scores that exist already, by prefix."""
    made = done / "results" / "ld_scores" / "EUR"
    (done / "panel").mkdir()
    for path in made.glob("EUR.l2.*"):
        (done / "panel" / f"w.{path.name.removeprefix('EUR.')}").write_bytes(path.read_bytes())
    text = (done / "study.yaml").read_text()
    (done / "study.yaml").write_text(text.replace("EUR.pgen}", "EUR.pgen, ld_scores: panel/w}"))
    readers = ["h2/EUR_LDL", "h2/EUR_TG", "mtag/EUR"]
    assert run_study(done).ran == readers
    assert run_study(done).ran == []
    counts = done / "panel" / "w.l2.M_5_50"
    counts.write_text(f"{int(float(counts.read_text())) - 1}\n")
    assert [one.step.name for one in plan_study(done)[1] if not one.kept] == readers
    assert run_study(done).ran == readers


def test_a_command_runs_in_the_folder_of_its_study(study, tmp_path, monkeypatch):
    import os

    from postgwas.cli import main
    from postgwas.pipeline.execute import execute

    seen: list[str] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(main, "run_words", lambda words: seen.append(os.getcwd()) or 0)
    execute(study()["h2/EUR_T"], "", folder=tmp_path / "a study [1]")
    assert seen == [str(tmp_path / "a study [1]")] and os.getcwd() == str(tmp_path)


def test_a_scheduler_file_counts_from_where_one_stands(done, tmp_path, monkeypatch):
    """Steps run in the study's folder."""
    from postgwas.pipeline.execute import Executed

    (tmp_path / "scheduler.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    seen: list[str] = []
    monkeypatch.setattr("postgwas.compute.shared.check_cluster", seen.append)

    def execute(*_: object, scheduler: str, **__: object) -> Executed:
        seen.append(scheduler)
        return Executed()

    monkeypatch.setattr("postgwas.pipeline.run_study.execute", execute)
    run_study(done, only=["ld_scores"], force=True, where=Where(scheduler="scheduler.json"))
    assert seen == [str(tmp_path / "scheduler.json")] * 2


def test_keys_differ_by_what_lies_behind_names(study, tmp_path):
    """The file's content, not its name alone, reaches the key."""
    from postgwas.pipeline.digests import Digests

    step = study("ld_scores: {keep: in/keep.txt}")["ld_scores/AFR"]
    folder = tmp_path / "a study [1]"

    def key() -> str:
        return key_of(step, folder, {}, Digests(tmp_path / "none.json"))

    before = key()
    (folder / "in" / "keep.txt").write_text("someone else")
    assert key() != before


@pytest.mark.parametrize("start", ["", "./", "in/../"])
def test_a_setting_that_names_a_result_of_the_study_is_refused(study, tmp_path, start):
    """It would be read before its step has made it, or while it is out of date."""
    made = tmp_path / "a study [1]" / "results" / "genotypes_prune" / "lcl" / "lcl.prune.in"
    made.parent.mkdir(parents=True)
    made.write_text("rs1\n")
    place = "results/genotypes_prune/lcl/lcl.prune.in"
    with pytest.raises(UsageError, match=f"eqtl_cis/lcl would read {place}, a result of genotypes_prune/lcl"):
        study(f"eqtl_cis: {{extract: {start}{place}}}")
    (made.parent.parent.parent / "mine.txt").write_text("rs1\n")
    assert "results/mine.txt" in " ".join(
        study("eqtl_cis: {extract: results/mine.txt}")["eqtl_cis/lcl"].reads
    )


def test_a_setting_that_limits_of_genotypes_set_is_refused_not_ignored(study):
    steps = study("genotypes_qc: {keep: in/a.txt}")
    assert "--keep" in steps["eqtl_cis/lcl"].argv
    with pytest.raises(StudyFileError, match=r"line 14: steps.eqtl_cis: 'keep' belongs under genotypes_qc"):
        study("genotypes_qc: {maf_min: 0.01}\n  eqtl_cis: {keep: in/a.txt}")


ALL = """\
study: {name: s, build: GRCh38}
reference: {variants: in/sites.pvar, gtf: in/genes.gtf, people: in/eur, people_groups: in/a.txt}
ancestries:
  EUR: {genotypes: in/eur, ld_scores: in/w.}
  AFR: {genotypes: in/afr@.bgen}
gwas:
  - {trait: T, ancestry: EUR, file: in/t.txt}
  - {trait: U, ancestry: EUR, file: in/u.txt}
  - {trait: T, ancestry: AFR, file: in/v.txt}
expression:
  lcl: {counts: in/counts.tsv, genotypes: in/people.vcf.gz, samples: in/b.txt, covariates: [sex], factors: 2}
  blood: {phenotypes: in/regions.bed, genotypes: in/people.vcf.gz, samples: in/b.txt, factors: 0}
steps:
  meta: {method: [fixed, random, mama]}
  eqtl_trans: true
  eqtl_afc: true
  eqtl_sharing: true
  eqtl_interaction: {terms: [sex], categorical: [sex]}
  genotypes_fst: {group_column: population}
  expression_variance: {group: [population]}
  genotypes_qc: {maf_min: 0.01}
"""


def test_no_step_reads_what_is_not_in_its_key(study, tmp_path):
    """Of all kinds of step: files that are there, and what earlier steps write."""
    folder = tmp_path / "a study [1]"
    study()
    (folder / "study.yaml").write_text(ALL)
    found = steps_of(read_study(folder))
    assert {step.kind for step in found} == set(KINDS)
    for step in found:
        at = {step.argv.index(flag) + 1 for flag in ("--out", "--store") if flag in step.argv}
        words = [word.rpartition("=")[2] for i, word in enumerate(step.argv) if i not in at]
        for place in (text.partition("::")[0] for word in words for text in word.split(",")):
            if not place.startswith(f"{folder}/") or (step.uses_store and place.endswith("/results/s.h5")):
                continue
            files = named_files.genotype_files(place) or named_files.score_files(place)
            if files:
                assert set(files) <= set(step.reads), (step.name, place)
            else:
                assert any(one.startswith(place) for one in step.reads), (step.name, place)
