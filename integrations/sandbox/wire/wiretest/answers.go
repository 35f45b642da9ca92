package wiretest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// answer judges what a stand-in answered: it must satisfy the description, and every field that it has must be one that the description
// knows. The second is stricter than a schema is, which lets any further field pass.
func (j *Judge) answer(ctx context.Context, r *http.Request, route *routers.Route, params map[string]string, resp *http.Response) error {
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	described := route.Operation.Responses.Status(resp.StatusCode)
	if described == nil {
		if resp.StatusCode >= http.StatusBadRequest {
			return nil // vendors do not describe every refusal
		}
		return fmt.Errorf("status %d is not described", resp.StatusCode)
	}
	if j.whole {
		if err := openapi3filter.ValidateResponse(ctx, &openapi3filter.ResponseValidationInput{
			RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route},
			Status:                 resp.StatusCode, Header: resp.Header, Body: io.NopCloser(bytes.NewReader(body)),
			Options: &openapi3filter.Options{ExcludeWriteOnlyValidations: true},
		}); err != nil {
			return err
		}
	}
	media := described.Value.Content.Get("application/json")
	if media == nil || media.Schema == nil || len(body) == 0 {
		return nil
	}
	var got any
	if err := json.Unmarshal(body, &got); err != nil {
		return err
	}
	if unknown := invented(media.Schema.Value, got, "", 0); len(unknown) > 0 {
		return fmt.Errorf("it is not known to send %s", strings.Join(unknown, ", "))
	}
	return nil
}

// deepest bounds how far a description is followed: some lead back to themselves.
const deepest = 12

// invented lists the fields of a value that no part of its schema names.
func invented(schema *openapi3.Schema, got any, at string, depth int) (out []string) {
	if schema == nil || depth > deepest {
		return nil
	}
	switch value := got.(type) {
	case map[string]any:
		known, open := properties(schema, depth)
		for name, one := range value {
			schemas, there := known[name]
			switch {
			case !there && !open && len(known) > 0:
				out = append(out, at+"."+name)
			case there && len(schemas) == 1: // of several readings each may be meant
				out = append(out, invented(schemas[0], one, at+"."+name, depth+1)...)
			}
		}
	case []any:
		if items := itemsOf(schema); items != nil {
			for _, one := range value {
				out = append(out, invented(items, one, at+"[]", depth+1)...)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// properties are what a schema and all that it is made of know, each in all of its readings; open where anything may be there.
func properties(schema *openapi3.Schema, depth int) (known map[string][]*openapi3.Schema, open bool) {
	known = map[string][]*openapi3.Schema{}
	if depth > deepest {
		return known, true
	}
	for name, p := range schema.Properties {
		known[name] = append(known[name], p.Value)
	}
	open = schema.AdditionalProperties.Schema != nil
	for _, group := range []openapi3.SchemaRefs{schema.AllOf, schema.AnyOf, schema.OneOf} {
		for _, part := range group {
			more, wide := properties(part.Value, depth+1)
			open = open || wide
			for name, schemas := range more {
				known[name] = append(known[name], schemas...)
			}
		}
	}
	return known, open
}

func itemsOf(schema *openapi3.Schema) *openapi3.Schema {
	if schema.Items != nil {
		return schema.Items.Value
	}
	for _, group := range []openapi3.SchemaRefs{schema.AllOf, schema.AnyOf, schema.OneOf} {
		for _, part := range group {
			if items := itemsOf(part.Value); items != nil {
				return items
			}
		}
	}
	return nil
}
