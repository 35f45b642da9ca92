package configs

import (
	"encoding/json"
	"path"
	"reflect"
	"strings"

	"github.com/invopop/jsonschema"
)

// What editors accept for the kinds of text that the reader knows. They are a little more lenient than the reader, which has
// the last word.
const (
	durationPattern = `^(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h|d|w))+$`
	percentPattern  = `^[0-9]+(\.[0-9]+)? ?%$`
	secretPattern   = `^\$\{(env|file):[^{}\s"']+\}$` //nolint:gosec // the form of a reference, not a secret
)

// Schema writes the JSON Schema (draft 2020-12) of what Load reads into a value of root's type, for editors. It follows the
// same tags as Load; `doc:"…"` becomes the description, `enum:"a,b"` the values that editors offer.
func Schema(root any) ([]byte, error) {
	t := reflect.TypeOf(root)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	s := schemer{defs: jsonschema.Definitions{}, names: map[reflect.Type]string{}}
	out := s.object(t)
	out.Version = jsonschema.Version
	out.Definitions = s.defs
	return json.MarshalIndent(out, "", "  ")
}

// schemer makes schemas; named structs become definitions, which also ends types that hold themselves.
type schemer struct {
	defs  jsonschema.Definitions
	names map[reflect.Type]string
}

func (s *schemer) of(t reflect.Type, opt options) *jsonschema.Schema {
	switch {
	case t.Kind() == reflect.Pointer:
		return s.of(t.Elem(), opt)
	case t == secretType:
		return &jsonschema.Schema{Type: "string", Pattern: secretPattern}
	case t == durationType:
		return &jsonschema.Schema{Type: "string", Pattern: durationPattern}
	case reflect.PointerTo(t).Implements(textType):
		word := &jsonschema.Schema{Type: "string"}
		if t.Kind() == reflect.Struct && len(fields(t)) > 0 {
			return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{word, s.define(t)}}
		}
		return word
	}
	switch t.Kind() {
	case reflect.Struct:
		return s.define(t)
	case reflect.Map:
		return nullable("object", &jsonschema.Schema{AdditionalProperties: s.of(t.Elem(), opt)})
	case reflect.Slice:
		if opt.single {
			item := s.of(t.Elem(), options{})
			return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{nullable("array", &jsonschema.Schema{Items: item}), item}}
		}
		return nullable("array", &jsonschema.Schema{Items: s.of(t.Elem(), opt)})
	case reflect.String:
		return &jsonschema.Schema{Type: "string"}
	case reflect.Bool:
		return &jsonschema.Schema{Type: "boolean"}
	case reflect.Float32, reflect.Float64:
		if opt.percent {
			return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
				{Type: "string", Pattern: percentPattern}, {Type: "number", Minimum: "0", Maximum: "1"},
			}}
		}
		return &jsonschema.Schema{Type: "number"}
	case reflect.Interface:
		return &jsonschema.Schema{}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return &jsonschema.Schema{Type: "integer", Minimum: "0"}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return &jsonschema.Schema{Type: "integer"}
	default:
		panic("configs: no schema for " + t.String())
	}
}

// nullable is a section that may stand there empty, as Load accepts it.
func nullable(kind string, s *jsonschema.Schema) *jsonschema.Schema {
	s.Extras = map[string]any{"type": []string{kind, "null"}}
	return s
}

// define makes a definition of a named struct once and refers to it.
func (s *schemer) define(t reflect.Type) *jsonschema.Schema {
	if t.Name() == "" {
		return s.object(t)
	}
	name, known := s.names[t]
	if !known {
		name = path.Base(t.PkgPath()) + "." + t.Name()
		for _, taken := s.defs[name]; taken; _, taken = s.defs[name] {
			name += "_" // the same name in two packages of the same name
		}
		s.names[t] = name
		s.defs[name] = &jsonschema.Schema{} // taken, while its own fields may refer to it
		*s.defs[name] = *s.object(t)
	}
	return &jsonschema.Schema{Ref: "#/$defs/" + name}
}

func (s *schemer) object(t reflect.Type) *jsonschema.Schema {
	out := &jsonschema.Schema{Properties: jsonschema.NewProperties(), AdditionalProperties: jsonschema.FalseSchema}
	for _, f := range fields(t) {
		p := s.of(f.typ, f.options)
		if f.doc != "" {
			p.Description = f.doc
		}
		if f.enum != "" {
			for word := range strings.SplitSeq(f.enum, ",") {
				p.Enum = append(p.Enum, word)
			}
		}
		out.Properties.Set(f.name, p)
		if f.required {
			out.Required = append(out.Required, f.name)
		}
	}
	if len(out.Required) > 0 {
		out.Type = "object"
		return out
	}
	return nullable("object", out)
}
