"""Answers HTTP requests, with what greeting.py says."""

from urllib.parse import parse_qs, urlsplit

from componentize_py_types import Ok
from wit_world import exports
from wit_world.imports.types import Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam

import greeting


class IncomingHandler(exports.IncomingHandler):
    """The world's `wasi:http/incoming-handler`."""

    def handle(self, request: IncomingRequest, response_out: ResponseOutparam) -> None:
        url = urlsplit(request.path_with_query() or "/")
        status, text = greeting.answer(url.path, parse_qs(url.query))
        respond(response_out, status, text.encode())


def respond(response_out: ResponseOutparam, status: int, content: bytes) -> None:
    """Sends a response with this text, in pieces that a stream takes at once."""
    headers = Fields.from_list([("content-type", b"text/plain; charset=utf-8")])
    response = OutgoingResponse(headers)
    response.set_status_code(status)
    body = response.body()
    ResponseOutparam.set(response_out, Ok(response))
    with body.write() as stream:
        for start in range(0, len(content), 4096):
            stream.blocking_write_and_flush(content[start : start + 4096])
    OutgoingBody.finish(body, None)
