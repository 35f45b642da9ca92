package slo

import (
	"bytes"
	"strings"

	"github.com/firebreak-dev/firebreak/configs"
	"github.com/firebreak-dev/firebreak/configs/diag"
)

// maxDocuments bounds how many documents one file may hold.
const maxDocuments = 500

// document is one document of a file, with what is to be said about it.
type document struct {
	file   string
	data   []byte
	terms  Terms
	place  *configs.Document
	faults *diag.Report
	notes  *diag.Report
	// wrong are the faults that reading it found.
	wrong []configs.Diagnostic
}

// split cuts a file into its documents. What stands before one becomes empty lines, so that everything keeps its place. It stops after
// one document too many, or where so many lines stand before so many documents that they are no collection of objectives.
func split(data []byte) (parts [][]byte, whole bool) {
	const mostLines = 8 << 20 // empty ones, of all documents together
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	var open []byte
	full, line, begin, before := false, 0, 0, 0
	end := func() {
		if full {
			before += begin
			parts = append(parts, append(bytes.Repeat([]byte("\n"), begin), open...))
		}
		open, full, begin = nil, false, line
	}
	for text := range bytes.Lines(data) {
		bare := string(bytes.TrimRight(text, "\r\n"))
		switch {
		case bare == "---" || strings.HasPrefix(bare, "--- "):
			end()
			rest := bare[3:]
			open = append(append(open, "   "+rest...), '\n')
			full = full || meaningful(rest)
		case bare == "..." || strings.HasPrefix(bare, "... "):
			end()
			open = append(open, '\n')
		default:
			open = append(open, text...)
			full = full || meaningful(bare)
		}
		if line++; len(parts) > maxDocuments || before > mostLines {
			return parts, false
		}
	}
	end()
	return parts, len(parts) <= maxDocuments && before <= mostLines
}

// meaningful tells a line that holds more than a comment.
func meaningful(line string) bool {
	line = strings.TrimSpace(line)
	return line != "" && line[0] != '#'
}

// load reads a document into a value; it tells whether nothing is wrong so far. Where only some keys are wrong the rest is there, and is
// looked at as well, so that all is told at once.
func (d *document) load(into any) bool {
	d.place, d.wrong = configs.Load(d.file, d.data, into, configs.Env{})
	return len(d.wrong) == 0
}

// diagnostics are all faults of the document, and its notes.
func (d *document) diagnostics() (faults, notes []configs.Diagnostic) {
	faults = d.wrong
	if d.place == nil {
		return faults, nil
	}
	return append(faults, d.place.Resolve(d.faults.Faults())...), d.place.Resolve(d.notes.Faults())
}

// note says once for each document what is left out.
func (d *document) note(path, code, format string, args ...any) {
	for _, f := range d.notes.Faults() {
		if f.Code == code {
			return
		}
	}
	d.notes.Keyf(path, code, format, args...)
}

// text is what a mapping says under a key, when it is text.
func text(m map[string]any, key string) string {
	s, _ := m[key].(string)
	return s
}
