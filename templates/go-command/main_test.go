package main

import "testing"

func TestLinesAndWordsAreCounted(t *testing.T) {
	if lines, words := count(nil); lines != 0 || words != 0 {
		t.Error(lines, words)
	}
	if lines, words := count([]byte("to be\nor not\n")); lines != 2 || words != 4 {
		t.Error(lines, words)
	}
}
