package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/firebreak-dev/firebreak/bot"
)

// maxKey bounds texts that are part of an index, in bytes: PostgreSQL refuses index rows above 2,704.
const maxKey = 512

// bind makes of arguments what both drivers take: times as microseconds, texts as valid UTF-8 without NUL.
func bind(args []any) []any {
	out := make([]any, len(args))
	for i, a := range args {
		switch v := a.(type) {
		case string:
			out[i] = clean(v)
		case time.Time:
			out[i] = micros(v)
		case []byte:
			if v == nil {
				v = []byte{} // no column takes NULL
			}
			out[i] = v
		case json.RawMessage:
			out[i] = clean(string(v))
		default:
			if rv := reflect.ValueOf(a); rv.Kind() == reflect.String {
				out[i] = clean(rv.String())
			} else {
				out[i] = a
			}
		}
	}
	return out
}

// clean makes text that both databases store unchanged.
func clean(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

// micros is a time as it is stored; the zero time is 0.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// stored is a time as it comes back: what is folded in memory must equal what is folded after a restart.
func stored(t time.Time) time.Time { return fromMicros(micros(t)) }

// at scans microseconds into a time.
func at(t *time.Time) sql.Scanner { return (*timeScanner)(t) }

type timeScanner time.Time

func (s *timeScanner) Scan(src any) error {
	us, ok := src.(int64)
	if !ok {
		return fmt.Errorf("a time is an integer, not %T", src)
	}
	*s = timeScanner(fromMicros(us))
	return nil
}

// raw scans JSON text; the empty text is none.
func raw(m *json.RawMessage) sql.Scanner { return (*rawScanner)(m) }

type rawScanner json.RawMessage

func (s *rawScanner) Scan(src any) error {
	text, ok := src.(string)
	if !ok {
		return fmt.Errorf("JSON is text, not %T", src)
	}
	*s = nil
	if text != "" {
		*s = rawScanner(text)
	}
	return nil
}

// doc scans JSON text into a value.
func doc(into any) sql.Scanner { return docScanner{into} }

type docScanner struct{ into any }

func (s docScanner) Scan(src any) error {
	text, ok := src.(string)
	if !ok {
		return fmt.Errorf("JSON is text, not %T", src)
	}
	if text == "" {
		return nil
	}
	return json.Unmarshal([]byte(text), s.into)
}

// storedJSON is a document as it comes back, and nothing when it is no JSON: a timeline is never refused for its data.
func storedJSON(m json.RawMessage) json.RawMessage {
	if len(m) == 0 || !json.Valid(m) {
		return nil
	}
	return json.RawMessage(clean(string(m)))
}

// required refuses keys that are missing, or too long for an index.
func required(what, key string) error {
	switch {
	case clean(key) == "":
		return bot.Errorf(bot.Invalid, "%s is missing", what)
	case len(key) > maxKey:
		return bot.Errorf(bot.TooLarge, "%s is longer than %d bytes", what, maxKey)
	}
	return nil
}

// limitOf bounds what one query may return.
func limitOf(asked int) int {
	const usual, most = 100, 1000
	switch {
	case asked <= 0:
		return usual
	case asked > most:
		return most
	default:
		return asked
	}
}
