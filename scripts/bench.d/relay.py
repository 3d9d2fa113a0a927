"""A relay between a client and a server on this machine that counts what passes."""

import asyncio
import threading
from dataclasses import dataclass, field


@dataclass
class Request:
    """One HTTP request, as it was on the wire. Sizes in bytes."""

    method: str
    path: str
    head: int
    body: int = 0


@dataclass
class Traffic:
    """What has passed."""

    sent: int = 0
    received: int = 0
    connections: int = 0
    requests: list[Request] = field(default_factory=list)


class Relay:
    """Listens on a free port of loopback while it is entered."""

    def __init__(self, port: int):
        self.target = port
        self.traffic = Traffic()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def __enter__(self) -> "Relay":
        self.thread.start()
        started = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._serve, "127.0.0.1", 0), self.loop
        )
        self.server = started.result(10)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()

    async def _end(self) -> None:
        self.server.close()
        ours = asyncio.current_task()
        others = [task for task in asyncio.all_tasks() if task is not ours]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def take(self) -> Traffic:
        """What has passed since this was asked last. Ask when no request is on its way."""
        traffic, self.traffic = self.traffic, Traffic()
        return traffic

    async def _serve(self, client, to_client) -> None:
        self.traffic.connections += 1
        server, to_server = await asyncio.open_connection("127.0.0.1", self.target)
        try:
            await asyncio.gather(
                self._pass(client, to_server, Reader(self)), self._pass(server, to_client, None)
            )
        except asyncio.CancelledError:
            pass  # The relay ends. The callback that asyncio hangs on this task would report it.

    async def _pass(self, source, to, requests: "Reader | None") -> None:
        try:
            while data := await source.read(1 << 16):
                if requests:
                    self.traffic.sent += len(data)
                    requests.feed(data)
                else:
                    self.traffic.received += len(data)
                to.write(data)
                await to.drain()
        except ConnectionError:
            pass
        finally:
            to.close()


class Reader:
    """Finds the requests in what a client sends over one connection (RFC 9112)."""

    def __init__(self, relay: Relay):
        self.relay = relay
        self.buffer = b""
        self.request: Request | None = None
        # Bytes of the body that are to come; None in a chunked body, whose end is looked for.
        self.left: int | None = 0

    def feed(self, data: bytes) -> None:
        self.buffer += data
        while self.buffer:
            if self.left is None:
                taken = self._chunked()
            elif self.left:
                taken = min(self.left, len(self.buffer))
                self.left -= taken
            else:
                if not self._head():
                    return
                continue
            self.request.body += taken
            self.buffer = self.buffer[taken:]

    def _head(self) -> bool:
        end = self.buffer.find(b"\r\n\r\n") + 4
        if end < 4:
            return False
        lines = self.buffer[:end].decode("latin-1").split("\r\n")
        method, path, _ = lines[0].split(" ", 2)
        fields = {k.lower(): v.strip() for k, _, v in (l.partition(":") for l in lines[1:])}
        self.request = Request(method, path, end)
        self.relay.traffic.requests.append(self.request)
        chunked = "chunked" in fields.get("transfer-encoding", "")
        self.left = None if chunked else int(fields.get("content-length", 0))
        self.buffer = self.buffer[end:]
        return True

    def _chunked(self) -> int:
        """Good enough to count: a body ends where a packet ends with the last chunk."""
        if self.buffer.endswith(b"\r\n0\r\n\r\n"):
            self.left = 0
        return len(self.buffer)
