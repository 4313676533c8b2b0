// Package export_acme_polyglot_crypto is what the component exports as acme:polyglot/crypto.
package export_acme_polyglot_crypto

import (
	"crypto/hmac"
	"crypto/sha256"
)

// Sign returns the HMAC-SHA-256 of text under key.
func Sign(key []uint8, text string) []uint8 {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}
