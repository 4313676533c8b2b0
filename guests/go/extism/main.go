// An Extism plugin in Go, a WASI reactor without a kit: Extism's functions are imported as they are.
package main

import (
	"encoding/binary"
	"errors"
	"os"
	"strings"
)

//go:wasmimport extism:host/env input_length
func inputLength() uint64

//go:wasmimport extism:host/env input_load_u8
func inputLoadU8(at uint64) uint32

//go:wasmimport extism:host/env input_load_u64
func inputLoadU64(at uint64) uint64

//go:wasmimport extism:host/env alloc
func alloc(length uint64) uint64

//go:wasmimport extism:host/env store_u8
func storeU8(at uint64, value uint32)

//go:wasmimport extism:host/env store_u64
func storeU64(at uint64, value uint64)

//go:wasmimport extism:host/env output_set
func outputSet(at uint64, length uint64)

//go:wasmimport extism:host/env error_set
func errorSet(at uint64)

func input() []byte {
	bytes := make([]byte, inputLength())
	at := 0
	for ; at+8 <= len(bytes); at += 8 {
		binary.LittleEndian.PutUint64(bytes[at:], inputLoadU64(uint64(at)))
	}
	for ; at < len(bytes); at++ {
		bytes[at] = byte(inputLoadU8(uint64(at)))
	}
	return bytes
}

func put(bytes []byte) uint64 {
	block := alloc(uint64(len(bytes)))
	at := 0
	for ; at+8 <= len(bytes); at += 8 {
		storeU64(block+uint64(at), binary.LittleEndian.Uint64(bytes[at:]))
	}
	for ; at < len(bytes); at++ {
		storeU8(block+uint64(at), uint32(bytes[at]))
	}
	return block
}

func answer(text string, err error) int32 {
	if err != nil {
		errorSet(put([]byte(err.Error())))
		return 1
	}
	outputSet(put([]byte(text)), uint64(len(text)))
	return 0
}

// The input in capitals.
//
//go:wasmexport upper
func upper() int32 { return answer(strings.ToUpper(string(input())), nil) }

// Fails with the input as its error.
//
//go:wasmexport fail
func fail() int32 { return answer("", errors.New(string(input()))) }

// The file that the input names.
//
//go:wasmexport read
func read() int32 {
	bytes, err := os.ReadFile(string(input()))
	return answer(string(bytes), err)
}

// Ends the program with the code 0, after an output, or with what the input says.
//
//go:wasmexport exit
func exit() int32 {
	answer("bye", nil)
	if len(input()) > 0 {
		os.Exit(5)
	}
	os.Exit(0)
	return 0
}

func main() {}
