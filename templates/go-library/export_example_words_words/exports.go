// Package export_example_words_words is the interface words of wit/words.wit: `holm build` expects it under this name.
package export_example_words_words

import (
	"wit_component/example_words_words"
	"wit_component/words"

	wit "go.bytecodealliance.org/pkg/wit/types"
)

func Frequent(text string, most uint32) []example_words_words.Count {
	var counts []example_words_words.Count
	for _, count := range words.Frequent(text, most) {
		counts = append(counts, example_words_words.Count{Word: count.Word, Times: count.Times})
	}
	return counts
}

func Palindrome(text string) wit.Result[bool, string] {
	found, err := words.Palindrome(text)
	if err != nil {
		return wit.Err[bool, string](err.Error())
	}
	return wit.Ok[bool, string](found)
}
