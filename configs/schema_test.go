package configs_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/firebreak-dev/firebreak/bot/calendar"
	"github.com/firebreak-dev/firebreak/bot/classify"
	"github.com/firebreak-dev/firebreak/bot/risk"
	"github.com/firebreak-dev/firebreak/configs"
)

// branch holds itself, as steps within steps do.
type branch struct {
	Name     string   `yaml:"name,required" doc:"What it is called."`
	Color    string   `yaml:"color" enum:"red,green"`
	Branches []branch `yaml:"branches"`
}

// compile makes a validator of a type's schema.
func compile(t *testing.T, root any) *jsonschema.Schema {
	t.Helper()
	data, err := configs.Schema(root)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", schema); err != nil {
		t.Fatal(err)
	}
	out, err := c.Compile("schema.json")
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	return out
}

// validate holds YAML against a schema, as an editor does.
func validate(t *testing.T, schema *jsonschema.Schema, text string) error {
	t.Helper()
	var value any
	if _, diags := configs.Load("f.yaml", []byte(text), &value, configs.Env{}); len(diags) > 0 {
		t.Fatalf("unexpected: %v", diags)
	}
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(instance)
}

func TestTheSchemaAcceptsWhatTheReaderAccepts(t *testing.T) {
	schema := compile(t, root{})
	for text, ok := range map[string]bool{
		"listen: x":                                    true,
		"listen: 1":                                    false,
		"lisen: x":                                     false,
		"services:":                                    true,
		"watch:":                                       true,
		"services: [{name: a, owner: b}]":              true,
		"services: {name: a}":                          false,
		"objectives: [{name: a, target: 99.9%}]":       true,
		"objectives: [{name: a, target: 0.5}]":         true,
		"objectives: [{name: a, target: 99.9}]":        false,
		"objectives: [{target: 99.9%}]":                false,
		"watch: {interval: 1h30m, factor: 1.5}":        true,
		"watch: {interval: 30}":                        false,
		"watch: {interval: 30days}":                    false,
		"watch: {retries: -1}":                         false,
		"prometheus: {url: x, bearer: '${env:TOKEN}'}": true,
		"prometheus: {url: x, bearer: 'xoxb-clear'}":   false,
		"prometheus: {url: x, headers: {A: clear}}":    false,
		"labels: {a: b}":                               true,
		"labels: {a: 1}":                               false,
		"any: [1, {a: b}]":                             true,
		"level: loud":                                  true,
		"level: [loud]":                                false,
	} {
		err := validate(t, schema, text)
		if (err == nil) != ok {
			t.Errorf("%s: the schema accepts it: %v (%v)", text, err == nil, err)
		}
		var into root
		_, diags := configs.Load("f.yaml", []byte(text), &into, configs.MapEnv(map[string]string{"TOKEN": "x"}))
		if (len(diags) == 0) != ok {
			t.Errorf("%s: the reader accepts it: %v (%v)", text, len(diags) == 0, diags)
		}
	}
}

func TestATypeMayHoldItself(t *testing.T) {
	schema := compile(t, &branch{})
	if err := validate(t, schema, "{name: a, color: red, branches: [{name: b, branches: [{name: c}]}]}"); err != nil {
		t.Error(err)
	}
	for _, text := range []string{"{name: a, branches: [{name: b, branches: [{nam: c}]}]}", "{name: a, color: blue}", "{}"} {
		if validate(t, schema, text) == nil {
			t.Errorf("%s was accepted", text)
		}
	}
}

func TestDescriptionsReachTheEditor(t *testing.T) {
	data, err := configs.Schema(root{})
	if err != nil || !strings.Contains(string(data), `"description": "The address to listen on."`) {
		t.Errorf("%v\n%s", err, data)
	}
	again, _ := configs.Schema(root{})
	if !bytes.Equal(data, again) {
		t.Error("a second time gives another schema")
	}
}

func TestOwnersConfigsHaveASchema(t *testing.T) {
	for text, root := range map[string]any{
		"{zone: Europe/Berlin, deny: [{name: w, days: fri, from: '12:00'}], freezes: [{name: f, from: 2026-12-20, to: 2026-12-24}], holidays: [de]}": calendar.Config{},
		"{rules: [{paths: [a/**], kind: prompt}]}": classify.Config{},
		"{points: {friday: 20}, high: 50}":         risk.Weights{},
	} {
		if err := validate(t, compile(t, root), text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}
