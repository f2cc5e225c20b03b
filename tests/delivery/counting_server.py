"""A mail server that accepts and counts all messages: for tests that kill the sender.

    python counting_server.py [--max-delay SECONDS]

It runs in a separate process, so that it outlives its clients. It listens on loopback, writes its
port to standard output, and answers each line of standard input: `total` with the number of
accepted messages, and `counts`, once no client is connected, with a JSON object of the number of
accepted messages of each recipient. It ends when its input ends.

A message is accepted when the server decides to reply 250, even if the client is gone by then.

It offers PIPELINING, and replies to all commands of one read with one write.
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
    """The connection of one client; `max_delay`: maximum seconds until a message gets its reply."""

    busy: ClassVar[set[Connection]] = set()
    """Connections with a client, or with a message whose reply is delayed."""

    def __init__(self, accepted: Counter[str], max_delay: float) -> None:
        self._accepted = accepted
        self._max_delay = max_delay
        self._buffer = bytearray()
        self._searched = 0
        self._recipients: list[str] = []
        self._in_message = False
        self._delayed = False
        self._closing = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(b"220 counting.example.org ESMTP\r\n")
        self.busy.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._delayed:
            self.busy.discard(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._process_buffer()

    def _process_buffer(self) -> None:
        """Reply to all complete commands, up to a message whose reply is delayed."""
        replies: list[bytes] = []
        while not (self._delayed or self._closing):
            reply = self._message() if self._in_message else self._command()
            if reply is None:
                break
            replies.append(reply)
        if replies:
            self._transport.write(b"".join(replies))
        if self._closing:
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
            # In an empty message, the dot directly follows the end of the command.
            self._buffer[:0] = b"\r\n"
            self._searched = 0
            return b"354 Go on\r\n"
        if verb == b"EHLO":
            return b"250-counting.example.org\r\n250-PIPELINING\r\n250 SMTPUTF8\r\n"
        if verb == b"RCPT":
            self._recipients.append(line[line.index(b"<") + 1 : line.rindex(b">")].decode())
        elif verb == b"QUIT":
            self._closing = True
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
        if not self._max_delay:
            return self._accept()
        self._delayed = True
        asyncio.get_running_loop().call_later(
            random.uniform(0, self._max_delay), self._accept_delayed
        )
        return None

    def _accept_delayed(self) -> None:
        self._delayed = False
        reply = self._accept()
        if self._transport.is_closing():
            self.busy.discard(self)
        else:
            self._transport.write(reply)
            self._process_buffer()

    def _accept(self) -> bytes:
        self._accepted.update(self._recipients)
        self._recipients = []
        return b"250 Queued\r\n"


async def serve(max_delay: float) -> None:
    """Serve until the input ends."""
    accepted: Counter[str] = Counter()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(accepted, max_delay), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    requests = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(requests), sys.stdin)
    while request := await requests.readline():
        while request == b"counts\n" and Connection.busy:
            await asyncio.sleep(0.001)
        print(accepted.total() if request == b"total\n" else json.dumps(accepted), flush=True)


class CountingServer:
    """A context: the server in a child process."""

    def __init__(self, *, max_delay: float = 0) -> None:
        command = [sys.executable, __file__, "--max-delay", str(max_delay)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.port = int(self._answer())

    def total(self) -> int:
        """The number of accepted messages."""
        return int(self._ask("total"))

    def counts(self) -> Counter[str]:
        """The number of accepted messages of each recipient, once no client is connected."""
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
    parser = argparse.ArgumentParser(description="Accept and count messages.")
    parser.add_argument(
        "--max-delay", type=float, default=0, help="maximum seconds until the reply"
    )
    asyncio.run(serve(parser.parse_args().max_delay))
