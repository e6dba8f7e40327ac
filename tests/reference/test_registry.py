"""The registry, and fetching, adding and verifying panels from the command line."""

from __future__ import annotations

import hashlib
import json

import pytest
import yaml

from postgwas.cli.main import main
from postgwas.errors import OutputError, PanelError, UsageError
from postgwas.ld import load_panel
from postgwas.reference import download
from postgwas.reference.fetch import fetch_panel, verify_panel
from postgwas.reference.registry import add_panel, panel, panels, user_registry


@pytest.fixture(autouse=True)
def quick(home, monkeypatch, tmp_path):
    monkeypatch.setattr(download, "FRUITLESS_ATTEMPTS", 2)
    monkeypatch.setattr(download.time, "sleep", lambda _: None)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def archive(site, tiny, packed) -> bytes:
    site.files["/tiny.tar.gz"] = packed(tiny())
    return site.files["/tiny.tar.gz"]


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def register(site, **options) -> None:
    add_panel("tiny", address=f"{site.address}/tiny.tar.gz", **options)


def test_built_in_panels_are_well_formed():
    known = panels()
    assert known["eur_w_ld_chr"].content.variants == 1_290_028
    for entry in known.values():
        assert entry.built_in and entry.sources and entry.citation != "not stated"
        assert all(source.address.startswith("https://") for source in entry.sources)
        assert "not stated" not in (entry.ancestry, entry.build, entry.purpose)


def test_fetch_then_use_by_name(site, archive, home):
    register(site, sha256=sha(archive))
    with pytest.raises(PanelError, match=r"not on this machine yet.*postgwas reference fetch tiny"):
        load_panel("tiny")
    assert fetch_panel("tiny") == home / "panels" / "tiny"
    found = load_panel("tiny")
    assert found.n_variants == 1200 and found.m.tolist() == [30000]
    assert sorted(p.name for p in (home / "panels").iterdir()) == ["tiny", "tiny.json"]
    assert (home / "panels" / "tiny" / "README").read_bytes() == b"tiny\n"
    checked = verify_panel("tiny")
    assert checked.files == 7 and checked.proven and checked.content.variants == 1200


def test_cut_connection_through_the_command_line(site, archive, home, capsys):
    site.cuts["/tiny.tar.gz"] = [len(archive) // 2]
    register(site, sha256=sha(archive))
    assert main(["reference", "fetch", "tiny"]) == 0
    assert [wanted for _, wanted in site.asked] == [None, f"bytes={len(archive) // 2}-"]
    assert str(home / "panels" / "tiny") in capsys.readouterr().out


def test_wrong_bytes_leave_nothing(site, archive, home, capsys):
    register(site, sha256="0" * 64)
    assert main(["reference", "fetch", "tiny"]) == 2
    error = capsys.readouterr().err
    assert sha(archive) in error and "0" * 64 in error
    assert list((home / "panels").iterdir()) == []


def test_unrecorded_checksum_is_never_silent(site, archive, home, capsys):
    register(site)
    assert main(["reference", "fetch", "tiny"]) == 2
    error = capsys.readouterr().err
    assert "checksum is not recorded yet" in error and "--accept_unverified" in error and "--sha256" in error
    assert site.asked == []  # nothing was even asked for
    assert main(["reference", "fetch", "tiny", "--accept-unverified"]) == 0
    assert load_panel("tiny").n_variants == 1200
    assert not verify_panel("tiny").proven


def test_checksum_given_by_the_user(site, archive):
    register(site)
    with pytest.raises(PanelError, match="expected f"):
        fetch_panel("tiny", sha256="f" * 64)
    fetch_panel("tiny", sha256=f"sha256:{sha(archive).upper()}")
    with pytest.raises(UsageError, match="64 hexadecimal"):
        fetch_panel("tiny", sha256="abc", overwrite=True)


def test_content_vouches_for_an_archive_without_checksum(site, archive, home, tiny, packed):
    """As for eur_w_ld_chr: the panel itself is known, the archive is not."""
    register(site, sha256=sha(archive))
    fetch_panel("tiny")
    content = json.loads((home / "panels" / "tiny.json").read_text())["content"]
    text = user_registry().read_text().replace(f"sha256: {sha(archive)}", "sha256: null")
    user_registry().write_text(f"{text}    content: {json.dumps(content)}\n")
    assert panel("tiny").content.sha256 == content["sha256"] and panel("tiny").sources[0].sha256 is None
    site.files["/tiny.tar.gz"] = packed(tiny(), "w:bz2")  # another archive of the same panel
    fetch_panel("tiny", overwrite=True)
    assert verify_panel("tiny").proven
    site.files["/tiny.tar.gz"] = packed(tiny(rows=399))
    before = load_panel("tiny").n_variants
    with pytest.raises(PanelError, match="number of variants is 1197, expected 1200"):
        fetch_panel("tiny", overwrite=True)
    assert load_panel("tiny").n_variants == before  # what was there stays


def test_second_source_is_tried(site, archive, home):
    register(site, sha256=sha(archive))
    document = yaml.safe_load(user_registry().read_text())
    sources = document["panels"]["tiny"]["sources"]
    sources.insert(0, sources[0] | {"address": f"{site.address}/gone"})
    user_registry().write_text(yaml.safe_dump(document))
    fetch_panel("tiny")
    assert [path for path, _ in site.asked] == ["/gone", "/tiny.tar.gz"]


def test_inside(site, tiny, packed):
    site.files["/tiny.tar.gz"] = packed(tiny("repo-abc/refs/one") | tiny("repo-abc/refs/two", chromosomes=1))
    register(site, inside="refs/two")
    fetch_panel("tiny", accept_unverified=True)
    assert load_panel("tiny").n_variants == 400


def test_archive_with_several_panels_needs_inside(site, tiny, packed):
    site.files["/tiny.tar.gz"] = packed(tiny("one") | tiny("two"))
    register(site)
    with pytest.raises(
        PanelError, match="expected one folder with LD score files in the archive, found one, two"
    ):
        fetch_panel("tiny", accept_unverified=True)


def test_archive_that_writes_elsewhere(site, tiny, packed, home, tmp_path):
    site.files["/tiny.tar.gz"] = packed(tiny() | {"../../evil": b"x"})
    register(site)
    with pytest.raises(PanelError, match="outside its folder"):
        fetch_panel("tiny", accept_unverified=True)
    assert not list(tmp_path.rglob("evil")) and list((home / "panels").iterdir()) == []


def test_nothing_is_overwritten_unasked(site, archive):
    register(site, sha256=sha(archive))
    fetch_panel("tiny")
    with pytest.raises(OutputError, match="--overwrite"):
        fetch_panel("tiny")
    assert len(site.asked) == 1
    fetch_panel("tiny", overwrite=True)
    assert len(site.asked) == 2


def test_verify_finds_changed_and_missing_files(site, archive, home, capsys):
    register(site, sha256=sha(archive))
    fetch_panel("tiny")
    file = home / "panels" / "tiny" / "2.l2.M_5_50"
    file.write_text("10001\n")
    assert main(["reference", "verify", "tiny"]) == 2
    assert "2.l2.M_5_50: its SHA-256 is" in capsys.readouterr().err
    file.unlink()
    with pytest.raises(PanelError, match=r"2\.l2\.M_5_50: missing"):
        verify_panel("tiny")


def test_verify_what_is_not_here(capsys):
    assert main(["reference", "verify", "eur_w_ld_chr"]) == 2
    assert "postgwas reference fetch eur_w_ld_chr" in capsys.readouterr().err


def test_add_a_folder_of_ones_own(tiny, tmp_path, capsys):
    for name, content in tiny("mine").items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    assert (
        main(["reference", "add", "own", "--path", "mine", "--ancestry", "simulated", "--build", "none"]) == 0
    )
    assert load_panel("own").n_variants == 1200
    assert panel("own").content.m == 30000 and verify_panel("own").proven
    capsys.readouterr()
    assert main(["reference", "show", "own"]) == 0
    shown = capsys.readouterr().out
    assert "simulated" in shown and "1200" in shown and str(tmp_path / "mine") in shown
    (tmp_path / "mine" / "1.l2.M_5_50").write_text("1\n")
    with pytest.raises(PanelError, match="M is 25001"):
        verify_panel("own")
    with pytest.raises(PanelError, match="nothing to fetch"):
        fetch_panel("own")
    (tmp_path / "mine").rename(tmp_path / "moved")
    with pytest.raises(PanelError, match="but it is not there"):
        load_panel("own")


def test_list(site, archive, capsys):
    register(site, sha256=sha(archive), texts={"ancestry": "made up"})
    fetch_panel("tiny")
    assert main(["reference", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("tiny") and "here" in line and "made up" in line for line in lines)
    assert any(line.startswith("eur_w_ld_chr") and "here" not in line for line in lines)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["add", "eur_w_ld_chr", "--address", "https://x.org/a"], "registered already"),
        (["add", "a/b", "--address", "https://x.org/a"], "letters, digits"),
        (["add", "mine", "--address", "ftp://x.org/a"], "https://"),
        (["add", "mine", "--address", "https://x.org/a", "--sha256", "12"], "64 hexadecimal"),
        (["add", "mine", "--path", "nowhere"], "neither an LD score folder"),
        (["add", "mine"], "--address"),
        (["show", "nothing"], "registered are eur_w_ld_chr"),
        (["fetch", "nothing"], "postgwas reference list"),
        (["fly"], "fly"),
        ([], "ACTION"),
    ],
)
def test_mistakes_end_in_one_line(argv, message, capsys):
    assert main(["reference", *argv]) == 2
    error = capsys.readouterr().err
    assert message in error and len(error.strip().splitlines()) == 1
    assert not user_registry().exists()


@pytest.mark.parametrize(
    "text", ["panels: [1, 2]", ": : :", "panels: {a: {sources: [{}]}}", "panels: {a: 3}"]
)
def test_broken_user_registry(home, text):
    home.mkdir(parents=True)
    user_registry().write_text(text)
    with pytest.raises(PanelError, match="not a registry of panels"):
        panels()


def test_user_registry_cannot_replace_a_built_in_panel(home):
    home.mkdir(parents=True)
    user_registry().write_text("panels: {eur_w_ld_chr: {ancestry: none, path: /tmp}}")
    assert panel("eur_w_ld_chr").built_in
