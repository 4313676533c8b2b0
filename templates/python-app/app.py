"""Answers `POST /` with the most frequent words of the text that is sent. Another component finds them."""

from componentize_py_types import Err, Ok
from wit_world import exports
from wit_world.imports import words
from wit_world.imports.streams import StreamError_Closed
from wit_world.imports.types import (
    Fields,
    IncomingRequest,
    Method_Post,
    OutgoingBody,
    OutgoingResponse,
    ResponseOutparam,
)

import answer


class IncomingHandler(exports.IncomingHandler):
    """The world's `wasi:http/incoming-handler`."""

    def handle(self, request: IncomingRequest, response_out: ResponseOutparam) -> None:
        if not isinstance(request.method(), Method_Post):
            respond(response_out, 405, "send a text: curl -d 'to be or not to be' URL\n")
            return
        counts = words.frequent(read(request).decode(errors="replace"), 3)
        respond(response_out, 200, answer.table((count.word, count.times) for count in counts))


def read(request: IncomingRequest) -> bytes:
    """All of a request's body."""
    content = b""
    with request.consume() as body, body.stream() as stream:
        try:
            while True:
                content += stream.blocking_read(65536)
        except Err as error:
            if not isinstance(error.value, StreamError_Closed):
                raise
    return content


def respond(response_out: ResponseOutparam, status: int, text: str) -> None:
    """Sends a response with this text, in pieces that a stream takes at once."""
    headers = Fields.from_list([("content-type", b"text/plain; charset=utf-8")])
    response = OutgoingResponse(headers)
    response.set_status_code(status)
    body = response.body()
    ResponseOutparam.set(response_out, Ok(response))
    content = text.encode()
    with body.write() as stream:
        for start in range(0, len(content), 4096):
            stream.blocking_write_and_flush(content[start : start + 4096])
    OutgoingBody.finish(body, None)
