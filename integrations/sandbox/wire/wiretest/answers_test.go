package wiretest

import (
	"encoding/json"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"
)

func TestAFieldThatNoDescriptionKnowsIsInvented(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData([]byte(`{"openapi": "3.0.2", "info": {"title": "x", "version": "1"}, "paths": {}, "components": {"schemas": {
		"Person": {"type": "object", "properties": {"name": {"type": "string"}, "boss": {"$ref": "#/components/schemas/Person"}}},
		"Team": {"allOf": [
			{"type": "object", "properties": {"id": {"type": "string"}, "labels": {"type": "object", "additionalProperties": {"type": "string"}}}},
			{"type": "object", "properties": {"people": {"type": "array", "items": {"$ref": "#/components/schemas/Person"}}}}
		]}
	}}}`))
	if err != nil {
		t.Fatal(err)
	}
	var got any
	const answer = `{"id": "T1", "colour": "red", "labels": {"any": "thing"}, "people": [{"name": "Mara", "mood": "good"}, {"name": "Jo", "boss": {"shoe": 42}}]}`
	if err := json.Unmarshal([]byte(answer), &got); err != nil {
		t.Fatal(err)
	}
	want := []string{".colour", ".people[].boss.shoe", ".people[].mood"}
	if diff := cmp.Diff(want, invented(doc.Components.Schemas["Team"].Value, got, "", 0)); diff != "" {
		t.Error(diff)
	}
}
