// Package words says what can be said about the words of a text.
package words

import (
	"errors"
	"slices"
	"strings"
	"unicode"
)

// Count is a word, in lower case, and how often it occurs.
type Count struct {
	Word  string
	Times uint32
}

// Frequent returns the most frequent words first; those that occur as often by the alphabet.
func Frequent(text string, most uint32) []Count {
	times := map[string]uint32{}
	for _, word := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !isLetter(r) }) {
		times[word]++
	}
	counts := make([]Count, 0, len(times))
	for word, times := range times {
		counts = append(counts, Count{word, times})
	}
	slices.SortFunc(counts, func(a, b Count) int {
		if a.Times != b.Times {
			return int(b.Times) - int(a.Times)
		}
		return strings.Compare(a.Word, b.Word)
	})
	return counts[:min(len(counts), int(most))]
}

// Palindrome says whether a text reads the same from both ends, letters and digits alone.
func Palindrome(text string) (bool, error) {
	var letters []rune
	for _, r := range strings.ToLower(text) {
		if isLetter(r) {
			letters = append(letters, r)
		}
	}
	if len(letters) == 0 {
		return false, errors.New("there is no letter in it")
	}
	reversed := slices.Clone(letters)
	slices.Reverse(reversed)
	return slices.Equal(letters, reversed), nil
}

func isLetter(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}
