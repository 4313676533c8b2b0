package main

import "unsafe"

// The host's functions, as proxy-wasm/spec v0.2.1 has them.

//go:wasmimport env proxy_log
func proxyLog(level uint32, text unsafe.Pointer, size uint32) uint32

//go:wasmimport env proxy_get_buffer_bytes
func proxyGetBufferBytes(buffer, start, length uint32, data, size unsafe.Pointer) uint32

//go:wasmimport env proxy_get_header_map_value
func proxyGetHeaderMapValue(which uint32, key unsafe.Pointer, keySize uint32, value, size unsafe.Pointer) uint32

//go:wasmimport env proxy_add_header_map_value
func proxyAddHeaderMapValue(which uint32, key unsafe.Pointer, keySize uint32, value unsafe.Pointer, size uint32) uint32

//go:wasmimport env proxy_remove_header_map_value
func proxyRemoveHeaderMapValue(which uint32, key unsafe.Pointer, keySize uint32) uint32

//go:wasmimport env proxy_set_buffer_bytes
func proxySetBufferBytes(buffer, start, length uint32, data unsafe.Pointer, size uint32) uint32

//go:wasmimport env proxy_send_local_response
func proxySendLocalResponse(status uint32, details unsafe.Pointer, detailsSize uint32, body unsafe.Pointer,
	bodySize uint32, headers unsafe.Pointer, headersSize uint32, grpcStatus int32) uint32

const (
	requestHeaders      = 0
	responseHeaders     = 2
	requestBody         = 0
	pluginConfiguration = 7
	proceed             = 0
	pause               = 1
)

// What the host asks for is kept from the collector until it is taken.
var handed = map[uint32][]byte{}

//go:wasmexport proxy_on_memory_allocate
func allocate(size uint32) uint32 {
	block := make([]byte, max(size, 1))
	address := uint32(uintptr(unsafe.Pointer(unsafe.SliceData(block))))
	handed[address] = block
	return address
}

func take(address, size uint32) []byte {
	block := handed[address]
	delete(handed, address)
	return block[:min(int(size), len(block))]
}

func pointer(text string) (unsafe.Pointer, uint32) {
	return unsafe.Pointer(unsafe.StringData(text)), uint32(len(text))
}

func log(text string) {
	data, size := pointer(text)
	proxyLog(2, data, size)
}

func header(which uint32, name string) (string, bool) {
	var address, size uint32
	key, length := pointer(name)
	if proxyGetHeaderMapValue(which, key, length, unsafe.Pointer(&address), unsafe.Pointer(&size)) != 0 {
		return "", false
	}
	return string(take(address, size)), true
}

func addHeader(which uint32, name, value string) {
	key, length := pointer(name)
	data, size := pointer(value)
	proxyAddHeaderMapValue(which, key, length, data, size)
}

func removeHeader(which uint32, name string) {
	key, length := pointer(name)
	proxyRemoveHeaderMapValue(which, key, length)
}

func buffer(which, start, length uint32) []byte {
	var address, size uint32
	if proxyGetBufferBytes(which, start, length, unsafe.Pointer(&address), unsafe.Pointer(&size)) != 0 {
		return nil
	}
	return take(address, size)
}

func setBuffer(which, start, length uint32, text string) {
	data, size := pointer(text)
	proxySetBufferBytes(which, start, length, data, size)
}

func reply(status uint32, text string) {
	body, size := pointer(text)
	var none [4]byte
	proxySendLocalResponse(status, nil, 0, body, size, unsafe.Pointer(&none), 4, -1)
}
