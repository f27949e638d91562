"""What the service is measured beside, in a process of its own: `python -m bench.server WHAT PORT [DATABASE_URL]`.

`raw`: an ASGI callable that gives back what it got; nothing can be faster on this server. `echo`: a bare Litestar
handler, JSON in and out. `naive`: one upsert per request, as one writes it first. `unsigned`: the service itself, with
receipts that nobody signed.
"""

import sys
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn
from litestar import Litestar, post

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


@post("/echo", status_code=200)
async def echo(data: dict[str, Any]) -> dict[str, Any]:
    """What the framework alone costs: JSON in, JSON out."""
    return data


async def raw(_scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """What the server alone costs: bytes in, bytes out."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    length = str(len(body)).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", length)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def main(what: str, port: int, database_url: str = "") -> None:
    """Serve until told to stop."""
    app: Any = raw
    if what == "echo":
        app = Litestar([echo], openapi_config=None, logging_config=None)
    elif what == "naive":
        from bench.naive import naive_app

        app = naive_app(database_url)
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=port,
        log_config=None,
        access_log=False,
        lifespan="off" if app is raw else "on",
        server_header=False,
    )
    uvicorn.Server(config).run()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
