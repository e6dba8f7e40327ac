"""Damage is found and named, and nobody is handed damaged data unawares."""

from __future__ import annotations

import shutil

import h5py
import numpy as np
import pytest

from postgwas.errors import PostgwasError, StoreError
from postgwas.store import Provenance, Study
from postgwas.store.hdf5 import open_file


def part_of(study, key):
    entry = next(entry for entry in study.ls() if entry.key == key)
    return study.path.with_suffix(".parts") / entry.part


def test_a_sound_study_has_no_problems(study):
    report = study.verify()
    assert report.problems == ()
    assert report.results == 3
    assert report.datasets > 20


def test_a_flipped_byte_of_a_column_is_found_and_named(study):
    part = part_of(study, "mtag/height")
    with open_file(part) as handle:
        chunk = handle["columns/Z"].id.get_chunk_info(0)
    content = bytearray(part.read_bytes())
    content[chunk.byte_offset + chunk.size // 2] ^= 1
    part.write_bytes(content)
    problems = Study.open(study.path).verify().problems
    assert [(problem.file, problem.key) for problem in problems] == [(part, "mtag/height")]
    assert "columns/Z" in problems[0].what


def test_every_flip_is_found_or_harmless(study, tmp_path):
    part = part_of(study, "mtag/covariances")
    sound = part.read_bytes()
    expected = study.read_arrays("mtag/covariances")
    rng = np.random.default_rng(5)
    unnoticed = 0
    for at in sorted(rng.choice(len(sound), 80, replace=False)):
        content = bytearray(sound)
        content[at] ^= 1 << int(rng.integers(8))
        part.write_bytes(content)
        if study.verify().problems:
            continue
        # HDF5 leaves gaps between objects; a flip there harms nothing.
        unnoticed += 1
        found = study.read_arrays("mtag/covariances")
        assert found["omega"].tobytes() == expected["omega"].tobytes()
        assert found["traits"].tolist() == expected["traits"].tolist()
    assert unnoticed < 60  # the rest of the 80 flips struck content


@pytest.mark.parametrize("damage", ["truncated", "emptied", "text"])
def test_a_ruined_part_is_named_and_spares_the_others(study, damage):
    part = part_of(study, "mtag/height")
    sound = part.read_bytes()
    part.write_bytes(
        {"truncated": sound[: len(sound) // 2], "emptied": b"", "text": b"SNP\tA1\n" * 99}[damage]
    )
    with pytest.raises(StoreError, match=f"{part.name}: mtag/height: damaged"):
        study.read_table("mtag/height")
    assert len(study.read_table("mtag/bmi")) == 5000
    study.write_arrays("more", {"x": np.zeros(2)}, kind="k", provenance=Provenance("x"))
    keys = [entry.key for entry in study.ls()]
    assert keys == ["more", "mtag/bmi", "mtag/covariances", part.name]
    problems = study.verify().problems
    assert [problem.file for problem in problems] == [part]
    # An overwrite mends it.
    study.write_table("mtag/height", {"Z": [1.0]}, kind="k", provenance=Provenance("x"), overwrite=True)
    assert study.verify().problems == ()


def test_a_changed_attribute_is_found(study):
    part = part_of(study, "mtag/height")
    with h5py.File(part, "r+") as handle:
        handle["columns/Z"].attrs["unit"] = "per allele"
    assert "attributes differ" in study.verify().problems[0].what


def test_changed_data_with_a_right_dataset_is_found(study):
    part = part_of(study, "mtag/height")
    with h5py.File(part, "r+") as handle:
        handle["columns/POS"][7] += 1
    assert [problem.what for problem in study.verify().problems] == ["columns/POS differs from its checksum"]


def test_a_part_that_is_gone_is_named(study):
    part_of(study, "mtag/height").unlink()
    assert [(problem.key, problem.what) for problem in study.verify().problems] == [
        ("mtag/height", "its part is gone")
    ]


def test_a_part_under_anothers_name_is_found(study):
    shutil.copy(part_of(study, "mtag/bmi"), part_of(study, "mtag/height"))
    assert any("expected in a file named" in problem.what for problem in study.verify().problems)
    with pytest.raises(PostgwasError, match="holds 'mtag/bmi'"):
        study.read_table("mtag/height")
