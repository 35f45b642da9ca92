// Package bot holds the nouns of the work: Service, Change, Incident, Suspect, Assessment, Entry, Error.
//
// It answers no question and does no I/O; the packages below it are the rules (which incident, how risky, who did it), and
// bot/engine puts them in order. An incident is what its timeline says: Fold makes it from its entries, and everything that
// is shown is made from that.
package bot

import (
	"crypto/rand"
	"encoding/binary"
	"strings"
	"time"
)

// NewID makes an identifier that sorts by time: prefix, 45 bits of milliseconds and 40 random bits in lower-case base 32.
func NewID(prefix string, now time.Time) string {
	const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
	ms := uint64(now.UnixMilli())
	var b strings.Builder
	b.WriteString(prefix)
	b.WriteByte('-')
	for shift := 40; shift >= 0; shift -= 5 {
		b.WriteByte(alphabet[ms>>shift&31])
	}
	var noise [8]byte
	_, _ = rand.Read(noise[:]) // never fails (crypto/rand)
	n := binary.LittleEndian.Uint64(noise[:])
	for range 8 {
		b.WriteByte(alphabet[n&31])
		n >>= 5
	}
	return b.String()
}
