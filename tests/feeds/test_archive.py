from __future__ import annotations

import pytest
from feed_samples import entry, feed
from hypothesis import given
from hypothesis import strategies as st

from syndicate.feeds.archive import archive_page_of, finished_pages, sequences_in, waiting
from syndicate.feeds.rss_atom import atom, rss

SIZES = st.integers(1, 30)


@pytest.mark.parametrize(("last", "pages"), [(0, 0), (19, 0), (20, 1), (39, 1), (40, 2)])
def test_a_page_is_finished_once_all_its_sequences_are_given_out(last: int, pages: int) -> None:
    assert finished_pages(last, 20) == pages


def test_page_one_is_the_oldest() -> None:
    assert list(sequences_in(1, 3)) == [1, 2, 3]
    assert list(sequences_in(2, 3)) == [4, 5, 6]


@given(st.integers(1, 10_000), SIZES)
def test_every_article_is_in_exactly_one_archive_page(sequence: int, size: int) -> None:
    page = archive_page_of(sequence, size)
    assert sequence in sequences_in(page, size)
    assert sequence not in sequences_in(page + 1, size)


@given(st.integers(0, 200), SIZES)
def test_a_finished_page_never_gains_an_article(last: int, size: int) -> None:
    assert archive_page_of(last + 1, size) > finished_pages(last, size)


@given(st.integers(0, 200), SIZES)
def test_subscription_and_archive_together_are_the_whole_history(last: int, size: int) -> None:
    archived = [
        sequence
        for page in range(1, finished_pages(last, size) + 1)
        for sequence in sequences_in(page, size)
    ]
    assert [*archived, *waiting(last, size)] == list(range(1, last + 1))
    assert len(waiting(last, size)) < size


def test_later_articles_do_not_change_the_bytes_of_a_finished_page() -> None:
    articles = {number: entry(number) for number in range(1, 8)}

    def pages(last: int) -> list[bytes]:
        return [
            write(
                feed(
                    *(articles[n] for n in sequences_in(page, 2)), page=page, previous_page=page - 1
                )
            )
            for page in range(1, finished_pages(last, 2) + 1)
            for write in (rss, atom)
        ]

    assert pages(7)[: len(pages(5))] == pages(5)
    assert len(pages(5)) == 4
