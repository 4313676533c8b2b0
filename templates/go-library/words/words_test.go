package words

import (
	"slices"
	"testing"
)

func TestTheMostFrequentWordsComeFirst(t *testing.T) {
	found := Frequent("To be, or not to be: that", 3)
	expected := []Count{
		{"be", 2},
		{"to", 2},
		{"not", 1},
	}
	if !slices.Equal(found, expected) {
		t.Error(found)
	}
}

func TestOnlyLettersAndDigitsMakeAPalindrome(t *testing.T) {
	for text, expected := range map[string]bool{"A man, a plan, a canal: Panama": true, "Holm": false} {
		if found, err := Palindrome(text); found != expected || err != nil {
			t.Error(text, found, err)
		}
	}
	if _, err := Palindrome("?!"); err == nil {
		t.Error("a text without letters is one")
	}
}
