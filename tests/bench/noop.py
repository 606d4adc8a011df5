"""The floor of HTTP: a server that decodes the real request and answers with bytes made before.

Reads the answers from standard input, writes its port to standard output, and serves until it is ended.
"""

import contextlib
import socket
import sys
from typing import Any, Final

import msgspec
import uvicorn
import uvloop
from litestar import Litestar, Request, Response, post

from sync.wire import SyncRequest

_REQUEST: Final = msgspec.json.Decoder(SyncRequest)


def main() -> None:
    """Serve on a free port."""
    answers = msgspec.json.decode(sys.stdin.buffer.read(), type=dict[str, bytes])
    handlers = [_handler(name, answer) for name, answer in answers.items()]
    app = Litestar(handlers, openapi_config=None, logging_config=None)
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        sys.stdout.write(f"{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        config = uvicorn.Config(
            app, http="httptools", ws="none", lifespan="on", log_config=None, access_log=False, server_header=False
        )
        with contextlib.suppress(KeyboardInterrupt):
            uvloop.run(uvicorn.Server(config).serve(sockets=[listener]))


def _handler(name: str, answer: bytes) -> Any:
    @post(f"/{name}", status_code=200)
    async def nothing(request: Request[Any, Any, Any]) -> Response[bytes]:
        _REQUEST.decode(await request.body())
        return Response(answer, media_type="application/json")

    return nothing


if __name__ == "__main__":
    main()
