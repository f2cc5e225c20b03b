"""The plain way to send a newsletter: what is measured beside our own.

    python benchmarks/plain_sender.py FOLDER PORT COUNT

For each of the first COUNT lines of FOLDER/people.csv, render FOLDER/email.html and email.txt with
Jinja2, make an EmailMessage of them, and hand it to aiosmtplib, over 16 connections that stay
open. It keeps no record of anything.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, localtime, make_msgid
from pathlib import Path

import aiosmtplib
from jinja2 import Environment, FileSystemLoader

CONNECTIONS = 16


class Letters:
    """The messages, one after another."""

    def __init__(self, folder: Path) -> None:
        env = Environment(loader=FileSystemLoader(folder), autoescape=True)
        self._html, self._text = env.get_template("email.html"), env.get_template("email.txt")

    def to(self, address: str) -> EmailMessage:
        """The message to somebody, with links of their own."""
        token = address.partition("@")[0]
        links = {"token": token}
        message = EmailMessage(policy=SMTP)
        message["From"] = "Low Tide <letters@example.org>"
        message["To"] = address
        message["Subject"] = "Low Tide, weekly"
        message["Date"] = format_datetime(localtime())
        message["Message-ID"] = make_msgid(domain="example.org")
        message["List-Unsubscribe"] = f"<https://example.org/unsubscribe/{token}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(self._text.render(links))
        message.add_alternative(self._html.render(links), subtype="html")
        return message


async def send(addresses: Iterator[str], letters: Letters, port: int) -> None:
    """Take one address after another, until there are none left."""
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as server:
        for address in addresses:
            await server.send_message(letters.to(address))


async def main(folder: Path, port: int, count: int) -> None:
    """Send over all connections at a time."""
    people = (folder / "people.csv").read_text(encoding="utf-8").splitlines()[1 : count + 1]
    letters, addresses = Letters(folder), iter(people)
    await asyncio.gather(*(send(addresses, letters, port) for _ in range(CONNECTIONS)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
