package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// cmdValid holds YAML files against a JSON Schema, as editors do; with ! none of them may be valid. A file may be a pattern.
func cmdValid(ts *testscript.TestScript, _ *world, neg bool, args []string) (string, error) {
	if len(args) < 2 {
		return "", errors.New("takes a schema and files")
	}
	text, err := jsonschema.UnmarshalJSON(strings.NewReader(ts.ReadFile(args[0])))
	if err != nil {
		return "", fmt.Errorf("the schema is no JSON: %w", err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", text); err != nil {
		return "", err
	}
	schema, err := compiler.Compile("schema.json")
	if err != nil {
		return "", err
	}
	said := ""
	for _, pattern := range args[1:] {
		files, err := filepath.Glob(ts.MkAbs(pattern))
		if err != nil || len(files) == 0 {
			return "", fmt.Errorf("no file is named %s (%w)", pattern, err)
		}
		for _, file := range files {
			wrong := validate(schema, ts.ReadFile(file))
			if (wrong != nil) != neg {
				return said, fmt.Errorf("%s: valid is %t: %w", file, wrong == nil, wrong)
			}
			if wrong != nil {
				said += wrong.Error() + "\n"
			}
		}
	}
	return said, nil
}

func validate(schema *jsonschema.Schema, text string) error {
	asJSON, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		return err
	}
	instance, err := jsonschema.UnmarshalJSON(strings.NewReader(string(asJSON)))
	if err != nil {
		return err
	}
	return schema.Validate(instance)
}
