package configs

import (
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"regexp"
	"strings"

	"github.com/firebreak-dev/firebreak/configs/secret"
)

// secret reads a field that holds a secret: nothing but one reference is accepted.
func (r *reader) secret(n *node, v reflect.Value, path string) {
	match := reference.FindString(n.text)
	if n.kind == text && strings.TrimSpace(n.text) == match && match != "" {
		value, problem := r.lookup(match)
		if problem != "" {
			r.fault(path, n.pos, "missing-secret", last(path)+": "+problem)
			return
		}
		s := secret.New(value)
		r.doc.secrets = append(r.doc.secrets, s)
		v.Set(reflect.ValueOf(s))
		return
	}
	if !n.scalar() {
		r.wrongType(n, path, v.Type(), options{})
		return
	}
	message := last(path) + " is a secret written in clear"
	if match != "" {
		message = last(path) + " mixes a reference with other text"
	}
	r.doc.mask(n)
	name := variable(path)
	r.fault(path, n.pos, "secret-in-clear", message).Allow("${env:NAME}", "${file:PATH}").
		Suggest("put the secret into the environment and write ${env:%s}", name)
}

// variable proposes the name of an environment variable for a field.
func variable(path string) string {
	return strings.Trim(regexp.MustCompile(`[^A-Z0-9]+`).ReplaceAllString(strings.ToUpper(path), "_"), "_")
}

// expand replaces the references inside a text; what they give counts as secret from there on.
func (r *reader) expand(n *node, path string) (string, bool) {
	ok := true
	out := reference.ReplaceAllStringFunc(n.text, func(ref string) string {
		value, problem := r.lookup(ref)
		if problem != "" {
			r.fault(path, n.pos, "missing-secret", last(path)+": "+problem)
			ok = false
		} else {
			r.doc.secrets = append(r.doc.secrets, secret.New(value))
		}
		return value
	})
	return out, ok
}

// lookup resolves ${env:NAME} or ${file:PATH}; the problem is a sentence and never holds the secret.
func (r *reader) lookup(ref string) (value, problem string) {
	source, name, _ := strings.Cut(ref[2:len(ref)-1], ":")
	if name == "" {
		return "", ref + " names nothing"
	}
	if source == "env" {
		if r.env.Lookup != nil {
			value, _ = r.env.Lookup(name)
		}
		if value == "" {
			return "", fmt.Sprintf("the environment variable %s is not set or empty", name)
		}
		return value, ""
	}
	if r.env.ReadFile == nil {
		return "", fmt.Sprintf("the file %s cannot be read here", name)
	}
	data, err := r.env.ReadFile(name)
	switch {
	case err != nil:
		var p *fs.PathError
		if errors.As(err, &p) {
			err = p.Err // the path is in the sentence already
		}
		return "", fmt.Sprintf("the file %s cannot be read: %v", name, err)
	case len(data) > maxSecretSize:
		return "", fmt.Sprintf("the file %s has more than %d bytes", name, maxSecretSize)
	}
	if value = strings.TrimRight(string(data), "\r\n"); value == "" {
		return "", fmt.Sprintf("the file %s is empty", name)
	}
	return value, ""
}

// mask hides the text of a value in the source lines that diagnostics show, character for character so that columns stay.
func (d *Document) mask(n *node) {
	for _, item := range n.items {
		d.mask(item)
	}
	for _, e := range n.entries {
		d.mask(e.value)
	}
	if n.text == "" || n.kind == null || reference.MatchString(n.text) && len(reference.FindString(n.text)) == len(n.text) {
		return
	}
	first := n.pos.Line - 1
	if n.kind == text && n.style != plain || strings.Contains(n.text, "\n") {
		d.maskSpan(n)
		return
	}
	if first >= 0 && first < len(d.lines) {
		d.lines[first] = maskFrom(d.lines[first], n.pos.Col, n.text)
	}
	if len(n.text) >= 4 {
		d.hidden = append(d.hidden, n.text, dots(n.text))
	}
}

// maskSpan hides a quoted or block text: everything from its first to its last character.
func (d *Document) maskSpan(n *node) {
	from, to := d.inside(n, 0), d.inside(n, len(n.text))
	for i := from.Line; i <= to.Line && i <= len(d.lines); i++ {
		runes := []rune(d.lines[i-1])
		begin, end := 0, len(runes)
		if i == from.Line {
			begin = min(from.Col-1, end)
		}
		if i == to.Line {
			end = min(max(to.Col-1, begin), end)
		}
		for j := begin; j < end; j++ {
			if runes[j] != ' ' && runes[j] != '\t' {
				runes[j] = '•'
			}
		}
		d.lines[i-1] = string(runes)
	}
}

func maskFrom(line string, col int, hidden string) string {
	runes := []rune(line)
	if col < 1 || col > len(runes) {
		return line
	}
	return string(runes[:col-1]) + strings.Replace(string(runes[col-1:]), hidden, dots(hidden), 1)
}

func dots(s string) string { return strings.Repeat("•", len([]rune(s))) }
