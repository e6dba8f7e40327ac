"""Downloads from a server that cuts connections, ignores ranges, changes files or sends others."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest

from postgwas.errors import OutputError, PanelError
from postgwas.reference.download import download

BODY = np.random.default_rng(1).integers(0, 256, 700_000, dtype=np.uint8).tobytes()
SHA = hashlib.sha256(BODY).hexdigest()


@pytest.fixture
def target(home: Path) -> Path:
    return home / "panels" / "file.tar"


def fetch(site, target: Path, **options) -> str:
    return download(f"{site.address}/f", target, pause=0.001, **options)


def leave_part(target: Path, content: bytes, address: str) -> None:
    """As a run leaves it that was killed."""
    target.parent.mkdir(parents=True)
    Path(f"{target}.part").write_bytes(content)
    Path(f"{target}.part.json").write_text(json.dumps({"address": address, "version": '"one"'}))


def leftovers(target: Path) -> list[str]:
    return sorted(path.name for path in target.parent.iterdir() if path != target)


def test_whole_file(site, target):
    site.files["/f"] = BODY
    seen = []
    assert fetch(site, target, sha256=SHA, size=len(BODY), advance=seen.append) == SHA
    assert target.read_bytes() == BODY and sum(seen) == len(BODY)
    assert leftovers(target) == []


def test_connection_cut_half_way_goes_on_where_it_stopped(site, target):
    site.files["/f"], site.cuts["/f"] = BODY, [350_000]
    assert fetch(site, target, sha256=SHA) == SHA
    assert target.read_bytes() == BODY
    assert site.asked == [("/f", None), ("/f", "bytes=350000-")]
    assert site.sent == len(BODY)  # nothing came twice


def test_cut_many_times(site, target):
    site.files["/f"], site.cuts["/f"] = BODY, [100_000] * 6
    fetch(site, target, sha256=SHA)
    assert target.read_bytes() == BODY and len(site.asked) == 7 and site.sent == len(BODY)


def test_next_run_goes_on_with_the_part(site, target):
    site.files["/f"], site.cuts["/f"] = BODY, [200_000, 0, 0, 0, 0]
    with pytest.raises(PanelError, match="200000 bytes are kept"):
        fetch(site, target, sha256=SHA)
    assert not target.exists() and "file.tar.part" in leftovers(target)
    site.cuts.clear()
    site.asked.clear()
    fetch(site, target, sha256=SHA)
    assert site.asked == [("/f", "bytes=200000-")] and target.read_bytes() == BODY


def test_killed_run_leaves_nothing_under_the_final_name(site, target):
    site.files["/f"] = BODY

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(site, target, sha256=SHA, advance=interrupt)
    assert not target.exists() and (target.parent / "file.tar.part").stat().st_size > 0
    fetch(site, target, sha256=SHA)
    assert target.read_bytes() == BODY and site.asked[-1][1] is not None


def test_server_that_ignores_ranges(site, target):
    site.files["/f"], site.cuts["/f"], site.ignore_range = BODY, [350_000], True
    fetch(site, target, sha256=SHA)
    assert target.read_bytes() == BODY
    assert site.asked[1] == ("/f", "bytes=350000-") and site.sent == 350_000 + len(BODY)


def test_file_that_changed_in_between_is_begun_anew(site, target):
    site.files["/f"], site.cuts["/f"] = bytes(700_000), [200_000, 0, 0, 0, 0]
    with pytest.raises(PanelError):
        fetch(site, target)
    site.files["/f"], site.etags["/f"] = BODY, '"two"'
    site.cuts.clear()
    assert fetch(site, target) == SHA
    assert target.read_bytes() == BODY


@pytest.mark.parametrize("etag", ["", 'W/"weak"'])
def test_without_a_version_nothing_is_gone_on_with(site, target, etag):
    site.files["/f"], site.cuts["/f"], site.etags["/f"] = BODY, [350_000], etag
    fetch(site, target, sha256=SHA)
    assert [wanted for _, wanted in site.asked] == [None, None] and target.read_bytes() == BODY


def test_part_of_another_address_is_not_gone_on_with(site, target):
    site.files |= {"/f": BODY, "/other": bytes(1000)}
    target.parent.mkdir(parents=True)
    Path(f"{target}.part").write_bytes(b"x" * 500)
    Path(f"{target}.part.json").write_text(
        json.dumps({"address": f"{site.address}/other", "version": '"one"'})
    )
    fetch(site, target, sha256=SHA)
    assert site.asked == [("/f", None)]


def test_part_with_wrong_content_is_fetched_again_once(site, target):
    site.files["/f"] = BODY
    leave_part(target, b"x" * 500, f"{site.address}/f")
    fetch(site, target, sha256=SHA)
    assert [wanted for _, wanted in site.asked] == ["bytes=500-", None] and target.read_bytes() == BODY


def test_complete_part_is_taken_as_it_is(site, target):
    """The run was killed between the last byte and the renaming: the server answers 416."""
    site.files["/f"] = BODY
    leave_part(target, BODY, f"{site.address}/f")
    fetch(site, target, sha256=SHA)
    assert target.read_bytes() == BODY and site.sent == 0


def test_part_longer_than_the_file_is_begun_anew(site, target):
    site.files["/f"] = BODY
    leave_part(target, BODY + b"more", f"{site.address}/f")
    assert fetch(site, target) == SHA
    assert target.read_bytes() == BODY


def test_wrong_bytes_are_removed(site, target):
    site.files["/f"] = BODY[:-1] + bytes([BODY[-1] ^ 1])
    with pytest.raises(PanelError, match=f"expected {SHA}; the file was removed"):
        fetch(site, target, sha256=SHA)
    assert not target.exists() and leftovers(target) == []


def test_wrong_size_is_removed(site, target):
    site.files["/f"] = BODY[:1000]
    with pytest.raises(PanelError, match="1000 bytes came, expected 700000"):
        fetch(site, target, size=len(BODY))
    assert not target.exists() and leftovers(target) == []


def test_cut_without_a_stated_length_is_caught_by_the_checksum(site, target):
    site.files["/f"], site.cuts["/f"], site.with_length = BODY, [1000], False
    with pytest.raises(PanelError, match="SHA-256"):
        fetch(site, target, sha256=SHA)
    assert not target.exists()


def test_server_that_answers_with_another_range(site, target):
    site.files["/f"], site.cuts["/f"], site.wrong_range = BODY, [1000], True
    with pytest.raises(PanelError, match="asked for bytes from 1000"):
        fetch(site, target, sha256=SHA)
    assert not target.exists()


def test_busy_server_is_asked_again(site, target):
    site.files["/f"], site.statuses["/f"] = BODY, [503, 429, 500]
    fetch(site, target, sha256=SHA)
    assert target.read_bytes() == BODY


def test_missing_on_the_server(site, target):
    with pytest.raises(PanelError, match="answered 404"):
        fetch(site, target)
    assert len(site.asked) == 1


def test_no_server(home):
    with pytest.raises(PanelError, match="cannot be fetched"):
        download("http://127.0.0.1:9/f", home / "f", pause=0.001)


def test_folder_that_cannot_be_made(site, tmp_path):
    site.files["/f"] = BODY
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be made"):
        fetch(site, tmp_path / "file" / "below" / "f")


def test_disk_full(site, target, monkeypatch):
    site.files["/f"] = BODY

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        fetch(site, target)
    assert not target.exists()
