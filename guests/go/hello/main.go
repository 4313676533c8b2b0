// Prints one line, then its arguments.
package main

import (
	"os"
)

func main() {
	os.Stdout.WriteString("Hello from Go!\n")
	for _, argument := range os.Args[1:] {
		os.Stdout.WriteString(argument + "\n")
	}
}
