"""Mail servers as Debian has them, each an instance of its own below a folder, on loopback.

What is for somebody at example.org goes into their Maildir, whatever follows a + in the address.
What is for far.example goes to another server. Started by root; mail is written by DELIVERS.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from reserved_port import reserved_port

DELIVERS = "daemon"
"""A user of every Debian system, who may do nothing."""

PATIENCE = 100.0
"""Seconds in which mail has come."""

POSTFIX = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = mail.example.org
mydestination = $myhostname, example.org
inet_interfaces = loopback-only
inet_protocols = ipv4
local_recipient_maps =
alias_maps = texthash:{folder}/aliases
transport_maps = inline:{{ far.example=smtp:[127.0.0.1]:{far} }}
default_transport = error:5.4.4 nothing leaves this machine
forward_path = {folder}/home/.forward
recipient_delimiter = +
"""
POSTFIX_SERVICES = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
local unix - n n - - local
postlog unix-dgram n - n - 1 postlogd
"""
POSTFIX_ALIASES = """\
ada {folder}/mail/ada/
bob {folder}/mail/bob/
bounces daemon
"""
OPENSMTPD = """\
table people {{ ada = daemon, bob = daemon, bounces = daemon }}
listen on 127.0.0.1 port {port} hostname mail.example.org
action deliver maildir "{folder}/mail/%{{rcpt.user:strip}}" virtual <people>
action hand-on relay host smtp+notls://127.0.0.1:{far}
match from local for domain example.org action deliver
match from local for domain far.example action hand-on
"""


class RealServer(ABC):
    """A mail server that runs below `folder`; `far` is the port of the server of far.example."""

    pipelining: ClassVar[bool]
    unknown: ClassVar[str]
    """What becomes of a delivery to somebody it does not know."""

    def __init__(self, folder: Path, port: int, far: int) -> None:
        self.folder = folder
        self.port = port
        self.far = far
        for name in ("mail", "home"):
            (folder / name).mkdir()
            shutil.chown(folder / name, DELIVERS)

    @abstractmethod
    def start(self) -> None:
        """Start it."""

    @abstractmethod
    def stop(self) -> None:
        """End it, with all its processes."""

    def maildir(self, name: str) -> Path:
        """Where somebody's mail goes."""
        return self.folder / "mail" / name

    def mails(self, name: str, count: int) -> list[bytes]:
        """The mails somebody got, once they are so many."""
        new = self.maildir(name) / "new"
        self.wait_for(lambda: new.is_dir() and len(list(new.iterdir())) >= count)
        return [each.read_bytes() for each in sorted(new.iterdir())]

    def wait_for(self, true: Callable[[], bool]) -> None:
        """Wait until something is so."""
        deadline = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.02)

    def listens(self) -> bool:
        """Whether it takes connections."""
        with socket.socket() as tried:
            return tried.connect_ex(("127.0.0.1", self.port)) == 0

    def log(self) -> str:
        """What it says of itself."""
        return (self.folder / "log").read_text()

    def write(self, path: str, text: str) -> None:
        """Make a file of its configuration."""
        file = self.folder / path
        file.parent.mkdir(exist_ok=True)
        values = {"folder": self.folder, "port": self.port, "far": self.far}
        file.write_text(text.format(**values))


class Postfix(RealServer):
    """Postfix, with the bounces set up as the documentation has it."""

    pipelining = True
    unknown = "sent"  # it takes the message, and sends it back

    def start(self) -> None:
        self.write("etc/main.cf", POSTFIX)
        self.write("etc/master.cf", POSTFIX_SERVICES)
        self.write("aliases", POSTFIX_ALIASES)
        self.write("home/.forward", "{folder}/mail/bounces/\n")
        for path in ("aliases", "home/.forward"):  # whose they are, in their name it is written
            shutil.chown(self.folder / path, DELIVERS)
        for name in ("queue", "data"):
            (self.folder / name).mkdir()
        shutil.chown(self.folder / "data", "postfix")
        self._postfix("start")

    def stop(self) -> None:
        self._postfix("stop")

    def _postfix(self, what: str) -> None:
        command = ["postfix", "-c", str(self.folder / "etc"), what]
        with (self.folder / "said").open("ab") as said:
            subprocess.run(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, check=True)


class OpenSmtpd(RealServer):
    """OpenSMTPD from the files of its package, in a view of the system in which it is installed."""

    pipelining = False
    unknown = "failed"
    process: subprocess.Popen[bytes]

    def __init__(self, folder: Path, port: int, far: int, package: Path) -> None:
        super().__init__(folder, port, far)
        self.package = package

    def start(self) -> None:
        self.write("smtpd.conf", OPENSMTPD)
        for path in ("spool", "run", "lib/opensmtpd/empty"):
            (self.folder / path).mkdir(parents=True)
        self._add_users()
        views = {"passwd": "/etc/passwd", "group": "/etc/group", "run": "/run"}
        views |= {"spool": "/var/spool", "lib": "/var/lib"}
        mounts = [f"mount --bind {self.folder / path} {at}" for path, at in views.items()]
        mounts.append(f"mount --bind {self.package}/usr/libexec /usr/libexec")
        smtpd = f"exec {self.package}/usr/sbin/smtpd -d -v -f {self.folder}/smtpd.conf"
        script = " && ".join([*mounts, smtpd])
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                ["unshare", "--mount", "sh", "-c", script],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()

    def _add_users(self) -> None:
        """The system's users, and the two that it runs as."""
        numbers = {"opensmtpd": 61001, "opensmtpq": 61002}
        users = "".join(f"{name}:x:{n}:{n}::/:/bin/false\n" for name, n in numbers.items())
        groups = "".join(f"{name}:x:{n}:\n" for name, n in numbers.items())
        for name, more in (("passwd", users), ("group", groups)):
            (self.folder / name).write_text(Path(f"/etc/{name}").read_text() + more)


@contextmanager
def running(make: Callable[[Path, int], RealServer]) -> Iterator[RealServer]:
    """A server in a folder that all users can reach, at a port, until the end of the block."""
    folder = Path(tempfile.mkdtemp(prefix="syndicate-mail-"))
    folder.chmod(0o755)
    try:
        with reserved_port() as port:
            server = make(folder, port)
            server.start()
            try:
                server.wait_for(server.listens)
                yield server
            finally:
                server.stop()
    finally:
        shutil.rmtree(folder)
