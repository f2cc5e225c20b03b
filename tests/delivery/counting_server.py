"""A mail server that accepts and counts everything: for tests that kill the sender.

    python counting_server.py [--thinks SECONDS]

It is a process of its own, so that it outlives its clients. It listens on the loopback interface,
writes the port, and answers each line it reads: `total` with the number of messages it took,
`counts`, once nobody is connected, with a JSON object of recipients and how often it took a
message for each. It ends when its input does.

A message counts at the moment the server decides to say 250 to it, whether or not anybody is still
there to hear it.

It offers PIPELINING, and answers with one write whatever came in one read.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import subprocess
import sys
from collections import Counter
from typing import ClassVar, cast

END = b"\r\n.\r\n"
NOT_FOUND = -1


class Connection(asyncio.Protocol):
    """What one client says; `thinks` is the most seconds until a message is answered."""

    at_work: ClassVar[set[Connection]] = set()
    """Those with a client, or a message to think about."""

    def __init__(self, taken: Counter[str], thinks: float) -> None:
        self._taken = taken
        self._thinks = thinks
        self._buffer = bytearray()
        self._searched = 0
        self._recipients: list[str] = []
        self._in_message = False
        self._thinking = False
        self._leaving = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(b"220 counting.example.org ESMTP\r\n")
        self.at_work.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._thinking:
            self.at_work.discard(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._go_on()

    def _go_on(self) -> None:
        """Answer all that is there whole, up to a message that is thought about."""
        said: list[bytes] = []
        while not (self._thinking or self._leaving):
            answer = self._message() if self._in_message else self._command()
            if answer is None:
                break
            said.append(answer)
        if said:
            self._transport.write(b"".join(said))
        if self._leaving:
            self._transport.close()

    def _command(self) -> bytes | None:
        end = self._buffer.find(b"\n")
        if end == NOT_FOUND:
            return None
        line = bytes(self._buffer[: end + 1])
        del self._buffer[: end + 1]
        verb = line[:4].upper()
        if verb == b"DATA":
            self._in_message = True
            # The dot of a message without lines follows upon the end of the command.
            self._buffer[:0] = b"\r\n"
            self._searched = 0
            return b"354 Go on\r\n"
        if verb == b"EHLO":
            return b"250-counting.example.org\r\n250-PIPELINING\r\n250 SMTPUTF8\r\n"
        if verb == b"RCPT":
            self._recipients.append(line[line.index(b"<") + 1 : line.rindex(b">")].decode())
        elif verb == b"QUIT":
            self._leaving = True
            return b"221 Bye\r\n"
        else:
            self._recipients = []
        return b"250 OK\r\n"

    def _message(self) -> bytes | None:
        end = self._buffer.find(END, self._searched)
        if end == NOT_FOUND:
            self._searched = max(len(self._buffer) - len(END), 0)
            return None
        del self._buffer[: end + len(END)]
        self._in_message = False
        if not self._thinks:
            return self._take()
        self._thinking = True
        asyncio.get_running_loop().call_later(random.uniform(0, self._thinks), self._thought)
        return None

    def _thought(self) -> None:
        self._thinking = False
        answer = self._take()
        if self._transport.is_closing():
            self.at_work.discard(self)
        else:
            self._transport.write(answer)
            self._go_on()

    def _take(self) -> bytes:
        self._taken.update(self._recipients)
        self._recipients = []
        return b"250 Taken\r\n"


async def serve(thinks: float) -> None:
    """Serve until the input ends."""
    taken: Counter[str] = Counter()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(taken, thinks), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    questions = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(questions), sys.stdin)
    while question := await questions.readline():
        while question == b"counts\n" and Connection.at_work:
            await asyncio.sleep(0.001)
        print(taken.total() if question == b"total\n" else json.dumps(taken), flush=True)


class CountingServer:
    """The server as a process that this one started; a context."""

    def __init__(self, *, thinks: float = 0) -> None:
        command = [sys.executable, __file__, "--thinks", str(thinks)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.port = int(self._answer())

    def total(self) -> int:
        """How many messages it took."""
        return int(self._ask("total"))

    def counts(self) -> Counter[str]:
        """How often it took a message for each recipient; waits until nobody is connected."""
        return Counter(json.loads(self._ask("counts")))

    def _ask(self, question: str) -> str:
        assert self._process.stdin
        self._process.stdin.write(f"{question}\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline()

    def __enter__(self) -> CountingServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Take mail and count it.")
    parser.add_argument("--thinks", type=float, default=0, help="most seconds over a message")
    asyncio.run(serve(parser.parse_args().thinks))
