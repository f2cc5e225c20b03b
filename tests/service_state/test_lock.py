"""One service for each store."""

from __future__ import annotations

from pathlib import Path

import pytest

from syndicate.errors import SyndicateError
from syndicate.service_state.lock import holder, single_instance


def test_a_second_one_is_refused_by_the_name_of_the_first(tmp_path: Path) -> None:
    path = tmp_path / "running"
    first, second = single_instance(path, 4711), single_instance(path, 4712)
    with first, pytest.raises(SyndicateError, match="4711") as caught, second:
        pass
    assert "kill 4711" in caught.value.hint


def test_the_running_service_is_known_while_it_runs(tmp_path: Path) -> None:
    path = tmp_path / "running"
    assert holder(path) is None
    with single_instance(path, 4711):
        assert holder(path) == 4711
    assert holder(path) is None


def test_asking_does_not_keep_anyone_out(tmp_path: Path) -> None:
    path = tmp_path / "running"
    with single_instance(path, 1):
        pass
    holder(path)
    with single_instance(path, 2):
        assert holder(path) == 2
