package ical

import (
	"crypto/sha256"
	"encoding/hex"
)

// fingerprint stands for an address that may not be told.
func fingerprint(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}
