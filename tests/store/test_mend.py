"""An index that cannot be read is made anew from the parts; what is not ours to replace stays."""

from __future__ import annotations

import h5py
import pytest

from postgwas.errors import StoreError
from postgwas.store import Study
from postgwas.store.index import mend


@pytest.mark.parametrize("damage", ["cut", "zeros", "text", "gone"])
def test_a_ruined_index(study, damage):
    keys = [entry.key for entry in study.ls()]
    raw = study.path.read_bytes()
    if damage == "gone":
        study.path.unlink()
    else:
        ruined = {"cut": raw[: len(raw) // 2], "zeros": bytes(len(raw)), "text": b"no store"}
        study.path.write_bytes(ruined[damage])
    mend(study.path)
    assert [entry.key for entry in Study.open(study.path).ls()] == keys
    assert not study.verify().problems


@pytest.mark.parametrize("what", [b"encoding-type", b"encoding-version", b"layout", b"mtag_height"])
def test_a_changed_byte_of_an_index(study, what):
    """Of its stamp, or of the link to a part, which only others follow."""
    keys, raw = [entry.key for entry in study.ls()], study.path.read_bytes()
    at = raw.rindex(what) + len(what) // 2
    study.path.write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
    mend(study.path)
    assert [entry.key for entry in Study.open(study.path).ls()] == keys
    assert not study.verify().problems


def test_a_sound_index_stays_and_one_that_lacks_a_part_does_not(study):
    before = study.path.read_bytes()
    mend(study.path)
    assert study.path.read_bytes() == before
    study.verify()
    part = next((study.path.parent / f"{study.path.stem}.parts").glob("*.h5"))
    part.unlink()
    mend(study.path)
    assert not study.verify().problems


def test_what_is_not_ours_to_replace(study, tmp_path):
    with h5py.File(study.path, "r+") as handle:
        handle.attrs["encoding-version"] = 99
    other = tmp_path / "other.h5"
    with h5py.File(other, "w") as handle:
        handle["x"] = 1
    text = tmp_path / "notes.h5"
    text.write_text("no parts beside it")
    before = {path: path.read_bytes() for path in (study.path, other, text)}
    for path in (study.path, other):
        with pytest.raises(StoreError):
            mend(path)
    mend(text)
    mend(tmp_path / "absent.h5")
    assert {path: path.read_bytes() for path in before} == before and not (tmp_path / "absent.h5").exists()
