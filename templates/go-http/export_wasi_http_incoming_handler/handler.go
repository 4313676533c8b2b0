// Package export_wasi_http_incoming_handler answers requests: `holm build` expects it under this name.
package export_wasi_http_incoming_handler

import (
	"net/url"

	"wit_component/greeting"
	http "wit_component/wasi_http_types"

	wit "go.bytecodealliance.org/pkg/wit/types"
)

// Handle answers one request.
func Handle(request *http.IncomingRequest, out *http.ResponseOutparam) {
	target, err := url.Parse(request.PathWithQuery().SomeOr("/"))
	if err != nil {
		respond(out, 400, "the request has no valid path\n")
		return
	}
	status, text := greeting.Answer(target)
	respond(out, status, text)
}

func respond(out *http.ResponseOutparam, status uint16, text string) {
	headers := http.MakeFields()
	headers.Append("content-type", []byte("text/plain; charset=utf-8"))
	response := http.MakeOutgoingResponse(headers)
	response.SetStatusCode(status)
	body := response.Body().Ok()
	http.ResponseOutparamSet(out, wit.Ok[*http.OutgoingResponse, http.ErrorCode](response))

	stream := body.Write().Ok()
	// A stream takes no more than this at once.
	for content := []byte(text); len(content) > 0; {
		size := min(len(content), 4096)
		if stream.BlockingWriteAndFlush(content[:size]).IsErr() {
			break // The client has gone.
		}
		content = content[size:]
	}
	stream.Drop()
	http.OutgoingBodyFinish(body, wit.None[*http.Fields]())
}
