// Package secret holds values that must never be shown.
//
// It answers: how does a token travel from the configuration to the one line that sends it, without ever being printed? A
// Value masks itself in every formatted, logged and marshalled form; Reveal is the only way to the text and is easy to search
// for. Redact removes known secrets from text that came back from elsewhere (an error of a vendor's client, a URL).
//
// It never reads the environment or files; package configs resolves ${env:NAME} and ${file:PATH}.
package secret

import (
	"encoding"
	"fmt"
	"io"
	"log/slog"
	"sort"
	"strconv"
	"strings"
)

// Mask is what stands in place of a secret.
const Mask = "•••"

// Value is a secret text. The zero value is an unset secret. Values are compared by what they Reveal, not with ==.
//
// The text stands behind a pointer because fmt looks into unexported fields without asking them: a struct that holds a Value
// in one would print it.
type Value struct{ text *string }

var (
	_ fmt.Formatter          = Value{}
	_ fmt.GoStringer         = Value{}
	_ slog.LogValuer         = Value{}
	_ encoding.TextMarshaler = Value{}
)

// New wraps a secret text.
func New(text string) Value {
	if text == "" {
		return Value{}
	}
	return Value{text: &text}
}

// Reveal returns the secret itself. Call it only where it is sent or compared.
func (v Value) Reveal() string {
	if v.text == nil {
		return ""
	}
	return *v.text
}

// IsSet tells whether there is a secret at all.
func (v Value) IsSet() bool { return v.text != nil }

// String masks.
func (v Value) String() string {
	if v.text == nil {
		return ""
	}
	return Mask
}

// Format masks for every verb, also for those that do not fit a text.
func (v Value) Format(f fmt.State, verb rune) {
	switch {
	case verb == 'v' && f.Flag('#'):
		_, _ = io.WriteString(f, v.GoString())
	case verb == 'q':
		_, _ = io.WriteString(f, strconv.Quote(v.String()))
	default:
		_, _ = io.WriteString(f, v.String())
	}
}

// GoString masks %#v.
func (v Value) GoString() string { return "secret.Value(" + v.String() + ")" }

// LogValue masks in structured logs.
func (v Value) LogValue() slog.Value { return slog.StringValue(v.String()) }

// MarshalText masks in JSON, YAML and text encodings.
func (v Value) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// Redact replaces every occurrence of the given secrets in text, longest first so that a secret that contains another one is
// masked whole. Secrets shorter than four characters are left alone: masking them would tell their length and garble text.
func Redact(text string, secrets ...Value) string {
	known := make([]string, 0, len(secrets))
	for _, s := range secrets {
		if text := s.Reveal(); len(text) >= 4 {
			known = append(known, text)
		}
	}
	sort.Slice(known, func(i, j int) bool { return len(known[i]) > len(known[j]) })
	for _, k := range known {
		text = strings.ReplaceAll(text, k, Mask)
	}
	return text
}
