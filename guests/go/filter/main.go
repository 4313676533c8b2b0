// A filter in Go, without an SDK: `x-go-request` for the upstream, `x-go-configuration` for the client. The request's
// x-test chooses more: `reply` is answered here, `body` is sent in upper case.
package main

import "strings"

var configuration string

// The tests of the requests that are under way, by context.
var tests = map[uint32]string{}

//go:wasmexport proxy_abi_version_0_2_1
func abi() {}

//go:wasmexport proxy_on_context_create
func onContextCreate(context, root uint32) {}

//go:wasmexport proxy_on_vm_start
func onVMStart(context, size uint32) uint32 { return 1 }

//go:wasmexport proxy_on_configure
func onConfigure(context, size uint32) uint32 {
	configuration = string(buffer(pluginConfiguration, 0, size))
	log("configured: " + configuration)
	return 1
}

//go:wasmexport proxy_on_request_headers
func onRequestHeaders(context, count, end uint32) uint32 {
	test, _ := header(requestHeaders, "x-test")
	tests[context] = test
	switch test {
	case "reply":
		reply(403, "no from Go\n")
		return pause
	case "body":
		removeHeader(requestHeaders, "content-length")
	}
	addHeader(requestHeaders, "x-go-request", "yes")
	removeHeader(requestHeaders, "x-removed")
	return proceed
}

//go:wasmexport proxy_on_request_body
func onRequestBody(context, size, end uint32) uint32 {
	if tests[context] != "body" {
		return proceed
	}
	if end == 0 {
		return pause
	}
	setBuffer(requestBody, 0, size, strings.ToUpper(string(buffer(requestBody, 0, size))))
	return proceed
}

//go:wasmexport proxy_on_response_headers
func onResponseHeaders(context, count, end uint32) uint32 {
	addHeader(responseHeaders, "x-go-configuration", configuration)
	return proceed
}

//go:wasmexport proxy_on_done
func onDone(context uint32) uint32 { return 1 }

//go:wasmexport proxy_on_delete
func onDelete(context uint32) { delete(tests, context) }

func main() {}
