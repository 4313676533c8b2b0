// A reactor: `_initialize` and functions that may be called many times on one instance.
package main

var count int32

//go:wasmexport add
func add(left, right int32) int32 { return left + right }

// 1 on the first call on an instance, 2 on the second, and so on.
//
//go:wasmexport counter
func counter() int32 {
	count++
	return count
}

func main() {}
