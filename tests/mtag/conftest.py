import pytest
from mtag.study import SmallStudy, small_study


@pytest.fixture(scope="session")
def study(tmp_path_factory) -> SmallStudy:
    """Three clean traits and their panel."""
    return small_study(tmp_path_factory.mktemp("study"))
