"""One service for each database, from any folder and machine."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy

from site_folder import NOON, SiteFolder
from syndicate.errors import SyndicateError
from syndicate.service.service import Service
from syndicate.service.single_instance import DatabaseLock
from syndicate.site import Setup, set_up


def unexpected() -> None:
    pytest.fail("no other service is there")


def setup_of(folder: Path, url: str) -> Setup:
    site = SiteFolder(folder, url)
    return set_up(site.config_file, {})


@pytest.fixture
def url(postgresql_server: str) -> str:
    return postgresql_server


def test_a_second_service_from_another_folder_is_refused_and_names_the_first(
    url: str, tmp_path: Path
) -> None:
    first = DatabaseLock(setup_of(tmp_path / "one", url), unexpected)
    first.begin()
    with closing(first):
        second = setup_of(tmp_path / "two", url)
        with pytest.raises(SyndicateError, match=f"process {os.getpid()}") as caught:
            Service(Path(second.config_file), {}, port=0).run()
        assert caught.value.hint
    after = DatabaseLock(second, unexpected)
    after.begin()
    after.close()


def test_a_lock_lost_with_its_connection_is_taken_again(url: str, tmp_path: Path) -> None:
    alone = DatabaseLock(setup_of(tmp_path / "one", url), unexpected)
    alone.begin()
    with closing(alone):
        end_sessions_of_services(url)
        assert alone.run(NOON).findings == []
        second = DatabaseLock(setup_of(tmp_path / "two", url), unexpected)
        with pytest.raises(SyndicateError):
            second.begin()


def test_a_service_ends_when_another_took_over_meanwhile(url: str, tmp_path: Path) -> None:
    ended: list[bool] = []
    first = DatabaseLock(setup_of(tmp_path / "one", url), lambda: ended.append(True))
    first.begin()
    end_sessions_of_services(url)
    second = DatabaseLock(setup_of(tmp_path / "two", url), unexpected)
    with closing(first), closing(second):
        second.begin()
        found = first.run(NOON).findings
    assert found
    assert [each.rule for each in found] == ["second-service"]
    assert ended


def test_a_database_that_is_away_keeps_no_service_from_beginning(tmp_path: Path) -> None:
    away = "postgresql://nobody@127.0.0.1:1/nothing"
    alone = DatabaseLock(setup_of(tmp_path / "one", away), unexpected)
    alone.begin()
    found = alone.run(NOON).findings
    assert found
    assert found[0].rule == "database-away"


def test_on_sqlite_no_database_is_opened(tmp_path: Path) -> None:
    alone = DatabaseLock(setup_of(tmp_path / "one", "sqlite:///syndicate.db"), unexpected)
    alone.begin()
    assert alone.run(NOON).findings == []
    assert not (tmp_path / "one" / "syndicate.db").exists()


def end_sessions_of_services(url: str) -> None:
    engine = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(
            sqlalchemy.text(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                "WHERE application_name LIKE 'syndicate on %'"
            )
        )
    engine.dispose()
