"""Which articles are on which page of a feed archive (RFC 5005, section 4). Pure arithmetic.

Every article of a feed has a sequence: 1, 2, ... in the order of publication. Page n has the
sequences (n-1)*size+1 to n*size, and is finished when all of them exist.

A finished page never gets another article, so fetching it once is enough: an article that is
published late, however old its date, is on a later page. Only an edit or withdrawal of one of its
articles changes its bytes. (Another `size` redistributes all pages.)

For the same reason a page links only backwards: the link `next-archive` would have to be added to a
finished page.
"""

from __future__ import annotations


def finished_pages(last: int, size: int) -> int:
    """How many pages are finished, so also the number of the newest one; 0 for none.

    `last` is the highest sequence ever given out, of a withdrawn article too; `size` is the
    number of articles in a page.
    """
    return last // size


def archive_page_of(sequence: int, size: int) -> int:
    """The page, counted from 1, that an article belongs to, finished or not."""
    return (sequence - 1) // size + 1


def sequences_in(page: int, size: int) -> range:
    """The sequences a page holds."""
    return range((page - 1) * size + 1, page * size + 1)


def waiting(last: int, size: int) -> range:
    """The sequences no finished page holds yet, fewer than `size`.

    The document people subscribe to carries these besides its newest articles: with the archive
    it is the whole history, late articles with old dates included.
    """
    return range(finished_pages(last, size) * size + 1, last + 1)
