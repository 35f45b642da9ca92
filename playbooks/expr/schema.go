package expr

import (
	"fmt"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
)

// The names of the object types, as faults show them.
const (
	incidentType = "incident"
	serviceType  = "service"
	suspectType  = "suspect"
	stepType     = "step"
)

type field struct {
	name string
	t    *cel.Type
}

// object is a type with a fixed set of fields whose values are maps.
type object struct {
	name   string
	fields []field
}

func objects() []object {
	text, texts := cel.StringType, cel.ListType(cel.StringType)
	return []object{
		{incidentType, []field{
			{"id", text},
			{"service", text},
			{"environment", text},
			{"signal", text},
			{"detector", text},
			{"severity", text},
			{"state", text},
			{"title", text},
			{"onset", cel.TimestampType},
			{"opened_at", cel.TimestampType},
			{"blind", text},
		}},
		{serviceType, []field{
			{"name", text},
			{"owner", text},
			{"slack", text},
			{"environments", texts},
			{"rollback", cel.MapType(text, text)},
		}},
		{suspectType, []field{
			{"change", text},
			{"kind", text},
			{"title", text},
			{"url", text},
			{"author", text},
			{"probability", cel.DoubleType},
			{"rollback", text},
		}},
		{stepType, []field{{"status", text}, {"output", cel.MapType(text, cel.DynType)}}},
	}
}

// variables are the names at the root of the language, with their types.
func variables() []field {
	return []field{
		{"incident", cel.ObjectType(incidentType)},
		{"service", cel.ObjectType(serviceType)},
		{"suspects", cel.ListType(cel.ObjectType(suspectType))},
		{"none", cel.DoubleType},
		{"steps", cel.MapType(cel.StringType, cel.ObjectType(stepType))},
		{"now", cel.TimestampType},
	}
}

// schema tells the checker and the planner of the object types. Everything else is CEL's own registry.
type schema struct {
	types.Provider
	objects map[string]map[string]*types.FieldType
	names   map[string][]string
}

var _ types.Provider = (*schema)(nil)

func newSchema(base types.Provider) *schema {
	s := &schema{Provider: base, objects: map[string]map[string]*types.FieldType{}, names: map[string][]string{}}
	for _, o := range objects() {
		s.objects[o.name] = make(map[string]*types.FieldType, len(o.fields))
		for _, f := range o.fields {
			s.objects[o.name][f.name] = &types.FieldType{Type: f.t, IsSet: isSet(f.name), GetFrom: getFrom(f.name)}
			s.names[o.name] = append(s.names[o.name], f.name)
		}
	}
	return s
}

// FindStructType finds an object type by its name.
func (s *schema) FindStructType(name string) (*types.Type, bool) {
	if _, ok := s.objects[name]; ok {
		return types.NewTypeTypeWithParam(types.NewObjectType(name)), true
	}
	return s.Provider.FindStructType(name)
}

// FindStructFieldNames lists the fields of an object type.
func (s *schema) FindStructFieldNames(name string) ([]string, bool) {
	if names, ok := s.names[name]; ok {
		return names, true
	}
	return s.Provider.FindStructFieldNames(name)
}

// FindStructFieldType finds the type of a field of an object type.
func (s *schema) FindStructFieldType(name, fieldName string) (*types.FieldType, bool) {
	if fields, ok := s.objects[name]; ok {
		f, ok := fields[fieldName]
		return f, ok
	}
	return s.Provider.FindStructFieldType(name, fieldName)
}

func getFrom(name string) func(any) (any, error) {
	return func(target any) (any, error) {
		m, ok := target.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%T has no field %q", target, name)
		}
		v, ok := m[name]
		if !ok {
			return nil, fmt.Errorf("no field %q", name)
		}
		return v, nil
	}
}

// isSet makes has(incident.title) mean that there is a title: an empty value is as good as none.
func isSet(name string) func(any) bool {
	return func(target any) bool {
		m, ok := target.(map[string]any)
		if !ok {
			return false
		}
		switch v := m[name].(type) {
		case nil:
			return false
		case string:
			return v != ""
		case []string:
			return len(v) > 0
		case map[string]string:
			return len(v) > 0
		case map[string]any:
			return len(v) > 0
		case time.Time:
			return !v.IsZero()
		default:
			return true
		}
	}
}
