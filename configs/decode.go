package configs

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/configs/secret"
)

// options are the words behind the name in a yaml tag.
type options struct {
	percent, env, required, inline, single bool
}

// field is a key that a struct knows.
type field struct {
	name  string
	index []int
	typ   reflect.Type
	// doc and enum are for the schema.
	doc, enum string
	options
}

// fields lists the keys of a struct in the order of its fields, those of inlined structs in their place.
func fields(t reflect.Type) []field {
	var out []field
	for i := range t.NumField() {
		f := t.Field(i)
		tag, tagged := f.Tag.Lookup("yaml")
		name, rest, _ := strings.Cut(tag, ",")
		opt := parseOptions(rest)
		if f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct {
			opt.inline = true
		}
		switch {
		case opt.inline:
			for _, inner := range fields(f.Type) {
				inner.index = append([]int{i}, inner.index...)
				out = append(out, inner)
			}
		case !tagged || !f.IsExported() || name == "-" || name == "":
		default:
			out = append(out, field{
				name: name, index: []int{i}, typ: f.Type, doc: f.Tag.Get("doc"), enum: f.Tag.Get("enum"), options: opt,
			})
		}
	}
	return out
}

func parseOptions(rest string) options {
	words := strings.Split(rest, ",")
	return options{
		percent:  slices.Contains(words, "percent"),
		env:      slices.Contains(words, "env"),
		required: slices.Contains(words, "required"),
		inline:   slices.Contains(words, "inline"),
		single:   slices.Contains(words, "single"),
	}
}

var (
	durationType = reflect.TypeFor[time.Duration]()
	secretType   = reflect.TypeFor[secret.Value]()
	textType     = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// decode reads a node into a value. Faults are recorded and the value is left as it was.
func (r *reader) decode(n *node, v reflect.Value, path string, opt options) {
	t := v.Type()
	switch {
	case n.kind == broken:
	case n.kind == null:
		r.nothing(n, v, path)
	case t.Kind() == reflect.Pointer:
		fresh := reflect.New(t.Elem())
		if !v.IsNil() {
			fresh.Elem().Set(v.Elem())
		}
		r.decode(n, fresh.Elem(), path, opt)
		v.Set(fresh)
	case t == secretType:
		r.secret(n, v, path)
	case t == durationType:
		r.duration(n, v, path)
	case n.scalar() && reflect.PointerTo(t).Implements(textType):
		r.unmarshalText(n, v, path)
	default:
		r.decodeKind(n, v, path, opt)
	}
}

func (r *reader) decodeKind(n *node, v reflect.Value, path string, opt options) {
	switch v.Kind() {
	case reflect.Struct:
		r.decodeStruct(n, v, path)
	case reflect.Map:
		r.decodeMap(n, v, path, opt)
	case reflect.Slice:
		r.decodeSlice(n, v, path, opt)
	case reflect.Interface:
		if v.NumMethod() != 0 {
			panic("configs: cannot read into " + v.Type().String())
		}
		v.Set(reflect.ValueOf(n.natural()))
	case reflect.String:
		r.string(n, v, path, opt)
	case reflect.Bool:
		r.bool(n, v, path)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		r.int(n, v, path)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		r.uint(n, v, path)
	case reflect.Float32, reflect.Float64:
		if opt.percent {
			r.percent(n, v, path)
		} else {
			r.float(n, v, path)
		}
	default:
		panic("configs: cannot read into " + v.Type().String())
	}
}

// nothing reads a key without a value: a section may be empty, a single value may not.
func (r *reader) nothing(n *node, v reflect.Value, path string) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface:
		v.SetZero()
		return
	case reflect.Struct:
		if v.Type() != secretType && len(fields(v.Type())) > 0 {
			return
		}
	default:
	}
	r.fault(path, n.pos, "empty-value", last(path)+" has no value").Suggest("give it one or remove the key")
}

func (r *reader) decodeStruct(n *node, v reflect.Value, path string) {
	known := fields(v.Type())
	if n.kind != mapping {
		r.wrongType(n, path, v.Type(), options{})
		return
	}
	names := make([]string, 0, len(known))
	byName := make(map[string]field, len(known))
	for _, f := range known {
		names = append(names, f.name)
		byName[f.name] = f
	}
	for _, e := range n.entries {
		below := diag.Join(path, e.key)
		f, ok := byName[e.key]
		if !ok {
			r.unknownKey(e, below, path, names, byName, n)
			continue
		}
		r.decode(e.value, v.FieldByIndex(f.index), below, f.options)
	}
	for _, f := range known {
		below := diag.Join(path, f.name)
		if _, there := n.get(f.name); f.required && !there && !r.doc.told[below] {
			r.fault(below, n.pos, "missing-key", "the key "+quote(f.name)+" is missing"+within(path))
		}
	}
}

func (r *reader) unknownKey(e entry, below, path string, names []string, byName map[string]field, n *node) {
	f := r.fault(below, e.pos, "unknown-key", "unknown key "+quote(e.key)+within(path)).Allow(names...)
	f.Key = true
	if r.full() {
		r.doc.mask(e.value)
		return
	}
	near := diag.Nearest(strings.ReplaceAll(strings.ToLower(e.key), "-", "_"), names)
	if near == "" {
		return
	}
	f.Suggest("did you mean %q?", near)
	if _, there := n.get(near); !there {
		r.doc.told[diag.Join(path, near)] = true // that it is missing is the same mistake
	}
	if holdsSecret(byName[near].typ) {
		r.doc.mask(e.value)
	}
}

// holdsSecret tells whether what stands under a field of this type must not be shown.
func holdsSecret(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Map || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	return t == secretType
}

func (r *reader) decodeMap(n *node, v reflect.Value, path string, opt options) {
	t := v.Type()
	if t.Key().Kind() != reflect.String {
		panic("configs: a map must have string keys: " + t.String())
	}
	if n.kind != mapping {
		r.wrongType(n, path, t, opt)
		return
	}
	out := reflect.MakeMapWithSize(t, len(n.entries))
	for _, e := range n.entries {
		if e.value.kind == broken {
			continue
		}
		below := reflect.New(t.Elem()).Elem()
		r.decode(e.value, below, diag.Join(path, e.key), opt)
		out.SetMapIndex(reflect.ValueOf(e.key).Convert(t.Key()), below)
	}
	v.Set(out)
}

func (r *reader) decodeSlice(n *node, v reflect.Value, path string, opt options) {
	t := v.Type()
	if opt.single && n.kind == mapping {
		n = &node{kind: list, pos: n.pos, items: []*node{n}}
	}
	if n.kind != list {
		f := r.wrongType(n, path, t, opt)
		if n.scalar() && t.Elem() != secretType && len(n.text) < 60 && !strings.Contains(n.text, "\n") {
			f.Suggest("write [%s]", n.text)
		}
		return
	}
	out := reflect.MakeSlice(t, len(n.items), len(n.items))
	for i, item := range n.items {
		r.decode(item, out.Index(i), path+"["+strconv.Itoa(i)+"]", opt)
	}
	v.Set(out)
}

// wrongType reports that a node is not what its field holds. What stands where a secret belongs is never repeated.
func (r *reader) wrongType(n *node, path string, t reflect.Type, opt options) *diag.Fault {
	got := n.describe()
	if holdsSecret(t) {
		r.doc.mask(n)
		got = "something else"
	}
	return r.fault(path, n.pos, "wrong-type", fmt.Sprintf("%s wants %s, not %s", last(path), wants(t, opt), got))
}

// last names a field in a sentence.
func last(path string) string {
	if path == "" {
		return "the document"
	}
	return quote(path[strings.LastIndexByte(path, '.')+1:])
}

func within(path string) string {
	if path == "" {
		return ""
	}
	return " in " + path
}

// wants says what a type takes, in words.
func wants(t reflect.Type, opt options) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t {
	case durationType:
		return "a duration such as 30s, 5m or 7d"
	case secretType:
		return "a reference to a secret, ${env:NAME} or ${file:PATH}"
	}
	switch t.Kind() {
	case reflect.Struct:
		if len(fields(t)) == 0 {
			return "text"
		}
		return "a mapping of keys to values"
	case reflect.Map:
		return "a mapping of keys to values"
	case reflect.Slice:
		return "a list"
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		if opt.percent {
			return "a percentage such as 99.9%"
		}
		return "a number"
	case reflect.String:
		return "text"
	default:
		return "a whole number"
	}
}

func (n *node) describe() string {
	switch n.kind {
	case list:
		return "a list"
	case mapping:
		return "a mapping"
	case boolean, integer, float:
		return n.text
	case text:
		return "the text " + quote(n.text)
	default:
		return "nothing"
	}
}

// quote shows outside text in a sentence: escaped and of bounded length.
func quote(s string) string {
	if runes := []rune(s); len(runes) > 60 {
		s = string(runes[:60]) + "…"
	}
	return strconv.Quote(s)
}
