"""The program, which looks at the other workers twenty times as often."""

from syndicate.cli import run
from syndicate.delivery import worker_session

if __name__ == "__main__":
    worker_session.LOOK_SECONDS /= 20
    run()
