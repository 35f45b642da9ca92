package configs

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"

	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/configs/secret"
)

const (
	// MaxSize is the largest file that is read, in bytes.
	MaxSize = 1 << 20
	// MaxDepth is how deep lists and mappings may be nested.
	MaxDepth = 64
	// maxFaults is how many faults of one file are told; who has more of them begins with these.
	maxFaults = 200
	// maxSecretSize is the largest secret file, in bytes; keys and certificates are far below it.
	maxSecretSize = 64 << 10
)

// Env is where secrets come from. A nil function knows nothing, so every reference of its kind is a fault.
type Env struct {
	// Lookup returns the value of an environment variable for ${env:NAME}.
	Lookup func(name string) (string, bool)
	// ReadFile returns the content of a file for ${file:PATH}.
	ReadFile func(path string) ([]byte, error)
}

// OSEnv reads the process environment and the file system; relative paths start at dir, the folder of the configuration.
func OSEnv(dir string) Env {
	return Env{Lookup: os.LookupEnv, ReadFile: func(path string) ([]byte, error) {
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		f, err := os.Open(path) //nolint:gosec // the operator's own configuration names the file
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }()
		return io.ReadAll(io.LimitReader(f, maxSecretSize+1))
	}}
}

// MapEnv answers ${env:NAME} from a map and knows no files.
func MapEnv(values map[string]string) Env {
	return Env{Lookup: func(name string) (string, bool) {
		v, ok := values[name]
		return v, ok
	}}
}

// Document is a file that was read: it knows where every field stands and what it says.
type Document struct {
	// Name is the file's name as diagnostics show it.
	Name string

	lines []string
	// shown are the lines that diagnostics have shown, made fit for it; hidden are texts that no line may show.
	shown   map[int][]rune
	hidden  []string
	root    *node
	secrets []secret.Value
	// told are the paths of faults that Load reported; what a check finds there, or is missing because of them, is noise.
	told map[string]bool
}

// Load reads YAML into the value that into points to and returns every fault at once, sorted by position. The document is
// never nil. Fields that the file does not name keep the value they had, so defaults may be set before; lists and maps that it
// names are replaced.
//
// The Go type says what is allowed: fields with a `yaml:"name"` tag (anonymous structs without one are part of their parent),
// pointers, slices, maps with string keys, any, time.Duration ("90s", "30d", "2w"), secret.Value ("${env:NAME}" or
// "${file:PATH}"), encoding.TextUnmarshaler for scalars, and the basic kinds. Options behind the name: "percent" takes "99.9%"
// (or 0.999) into a float64 as 0.999; "env" expands ${env:NAME} and ${file:PATH} inside a string; "required" makes the key
// mandatory; "single" takes a mapping for a list of that one. A type that cannot be read is a mistake of the program and panics.
func Load(name string, data []byte, into any, env Env) (*Document, []Diagnostic) {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		panic("configs: Load wants a non-nil pointer")
	}
	doc := &Document{Name: name, told: map[string]bool{}}
	r := &reader{doc: doc, env: env}
	if root := r.parse(data); root != nil {
		doc.root = root
		r.decode(root, v.Elem(), "", options{})
	}
	return doc, r.diagnostics()
}

// Secrets returns every secret that the file refers to, for redaction.
func (d *Document) Secrets() []secret.Value { return append([]secret.Value(nil), d.secrets...) }

// reader is one reading of one document.
type reader struct {
	doc    *Document
	env    Env
	placed []placed
	// untold counts the faults beyond maxFaults.
	untold int
}

// placed is a fault whose position is known.
type placed struct {
	fault *diag.Fault
	pos   Position
}

// fault records a fault of the field at path and remembers that the path was told.
func (r *reader) fault(path string, pos Position, code, message string) *diag.Fault {
	f := &diag.Fault{Path: path, Code: code, Message: message}
	r.doc.told[path] = true
	if r.full() {
		r.untold++
		return f
	}
	r.placed = append(r.placed, placed{f, pos})
	return f
}

func (r *reader) full() bool { return len(r.placed) >= maxFaults }

func (r *reader) diagnostics() []Diagnostic {
	out := make([]Diagnostic, 0, len(r.placed))
	for _, p := range r.placed {
		out = append(out, r.doc.diagnostic(*p.fault, p.pos))
	}
	Sort(out)
	if r.untold > 0 {
		end := Position{Line: max(1, len(r.doc.lines)), Col: 1}
		out = append(out, r.doc.diagnostic(diag.Fault{
			Code: "too-many-faults", Message: fmt.Sprintf("%d more faults are not shown", r.untold),
		}, end))
	}
	return out
}
