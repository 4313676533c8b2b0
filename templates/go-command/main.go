// Counts lines, words and bytes of its standard input, or of the files that are named.
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

func main() {
	if len(os.Args) < 2 {
		text, err := io.ReadAll(os.Stdin)
		if !tell("standard input", text, err) {
			os.Exit(1)
		}
		return
	}
	code := 0
	for _, name := range os.Args[1:] {
		if text, err := os.ReadFile(name); !tell(name, text, err) {
			code = 1
		}
	}
	os.Exit(code)
}

func tell(name string, text []byte, err error) bool {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return false
	}
	lines, words := count(text)
	fmt.Printf("%8d%8d%8d %s\n", lines, words, len(text), name)
	return true
}

func count(text []byte) (lines, words int) {
	return bytes.Count(text, []byte("\n")), len(bytes.Fields(text))
}
