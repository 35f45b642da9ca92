// Package bot holds the nouns of the work: Service, Change, Incident, Suspect, Assessment, Entry, Error.
//
// It answers no question and does no I/O; the packages below it are the rules (which incident, how risky, who did it), and
// bot/engine puts them in order. An incident is what its timeline says: Fold makes it from its entries, and everything that
// is shown is made from that.
package bot

import (
	"crypto/rand"
	"crypto/sha256"
	"strings"
	"time"
)

// Self is the service under which Firebreak tells of its own troubles: what it cannot see.
const Self = "firebreak"

// NewID makes an identifier that sorts by time: prefix, 45 bits of milliseconds and 40 random bits in lower-case base 32.
func NewID(prefix string, now time.Time) string {
	var noise [8]byte
	_, _ = rand.Read(noise[:]) // never fails (crypto/rand)
	return newID(prefix, now, noise[:])
}

// StableID looks like NewID, but takes its last 40 bits from what it names and not from chance.
func StableID(prefix string, now time.Time, of ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(of, "\x00")))
	return newID(prefix, now, sum[:8])
}

// newID takes five bits of each byte of the tail.
func newID(prefix string, now time.Time, tail []byte) string {
	const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
	ms := uint64(now.UnixMilli())
	var b strings.Builder
	b.WriteString(prefix)
	b.WriteByte('-')
	for shift := 40; shift >= 0; shift -= 5 {
		b.WriteByte(alphabet[ms>>shift&31])
	}
	for _, c := range tail {
		b.WriteByte(alphabet[c&31])
	}
	return b.String()
}
