// Package greeting says what requests are answered: `GET /` and `GET /?name=Ada`.
package greeting

import "net/url"

// Answer returns the status and the text for a request's path and query.
func Answer(target *url.URL) (uint16, string) {
	if target.Path != "/" {
		return 404, "nothing is here\n"
	}
	name := target.Query().Get("name")
	if name == "" {
		name = "world"
	}
	return 200, "Hello, " + name + "!\n"
}
