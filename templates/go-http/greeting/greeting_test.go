package greeting

import (
	"net/url"
	"testing"
)

func TestAnswers(t *testing.T) {
	for _, expected := range []struct {
		target string
		status uint16
		text   string
	}{
		{"/", 200, "Hello, world!\n"},
		{"/?name=Ada", 200, "Hello, Ada!\n"},
		{"/elsewhere", 404, "nothing is here\n"},
	} {
		target, err := url.Parse(expected.target)
		if err != nil {
			t.Fatal(err)
		}
		if status, text := Answer(target); status != expected.status || text != expected.text {
			t.Error(expected.target, status, text)
		}
	}
}
