package githubfake

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// typed is a GraphQL object: its type's name and its fields. A field that is a function takes arguments.
type typed struct {
	name   string
	fields map[string]any
}

type resolver func(args map[string]any) (any, error)

// failure is an error with GitHub's type word, as "NOT_FOUND".
type failure struct{ kind, message string }

func (f failure) Error() string { return f.message }

func (h *Hub) serveGraphQL(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Query     string         `json:"query"`
		Variables map[string]any `json:"variables"`
		Operation string         `json:"operationName"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.Query == "" {
		h.Strange(r, "not a GraphQL request: %v", err)
		write(w, http.StatusBadRequest, object{"message": "Problems parsing JSON"})
		return
	}
	doc, err := parseQuery(body.Query, body.Variables)
	if err != nil {
		h.Strange(r, "%v in %s", err, body.Query)
		write(w, http.StatusOK, object{"errors": []object{{"message": err.Error(), "locations": []any{}}}})
		return
	}
	e := &execution{hub: h}
	h.mu.Lock()
	data := e.object(e.root(doc.kind), doc.fields, []any{})
	h.mu.Unlock()
	for _, f := range e.later {
		f()
	}
	for _, unknown := range e.unknown {
		h.Strange(r, "%s", unknown)
	}
	out := object{"data": data}
	if len(e.errors) > 0 {
		out["errors"] = e.errors
	}
	write(w, http.StatusOK, out)
}

// execution answers one document under the hub's lock.
type execution struct {
	hub     *Hub
	errors  []object
	unknown []string
	later   []func()
}

// object picks the selected fields of an object.
func (e *execution) object(of typed, selected []field, path []any) object {
	out := object{}
	for _, f := range selected {
		name := f.name
		if f.alias != "" {
			name = f.alias
		}
		at := append(slices.Clone(path), name)
		if f.name == "__typename" {
			out[name] = of.name
			continue
		}
		value, known := of.fields[f.name]
		if !known {
			message := fmt.Sprintf("Field '%s' doesn't exist on type '%s'", f.name, of.name)
			e.unknown = append(e.unknown, message)
			e.errors = append(e.errors, object{
				"path": at, "message": message, "extensions": object{"code": "undefinedField", "typeName": of.name, "fieldName": f.name},
			})
			continue
		}
		out[name] = e.value(value, f, at)
	}
	return out
}

func (e *execution) value(value any, f field, path []any) any {
	switch v := value.(type) {
	case resolver:
		got, err := v(f.args)
		if err != nil {
			kind := "UNPROCESSABLE"
			if known, ok := err.(failure); ok { //nolint:errorlint // resolvers return it bare
				kind = known.kind
			}
			e.errors = append(e.errors, object{"type": kind, "path": path, "message": err.Error(), "locations": []any{}})
			return nil
		}
		return e.value(got, f, path)
	case typed:
		return e.object(v, f.fields, path)
	case []typed:
		list := []any{}
		for i, one := range v {
			list = append(list, e.object(one, f.fields, append(slices.Clone(path), i)))
		}
		return list
	default:
		return v
	}
}

// root is what an operation starts from.
func (e *execution) root(kind string) typed {
	if kind == "mutation" {
		return typed{"Mutation", map[string]any{"revertPullRequest": resolver(e.revertPullRequest)}}
	}
	return typed{"Query", map[string]any{
		"node":       resolver(func(args map[string]any) (any, error) { return e.node(text(args["id"])) }),
		"repository": resolver(e.repository),
		"viewer":     typed{"User", map[string]any{"login": BotLogin, "id": node("U", BotLogin)}},
		"rateLimit":  typed{"RateLimit", map[string]any{"limit": 5000, "remaining": 4990, "cost": 1}},
	}}
}

func text(value any) string {
	s, _ := value.(string)
	return s
}

// find looks a pull request up by its node ID.
func (e *execution) find(id string) (*repository, *Pull) {
	for _, r := range e.hub.repos {
		for _, p := range r.pulls {
			if pullNode(p) == id {
				return r, p
			}
		}
	}
	return nil, nil
}

func (e *execution) node(id string) (any, error) {
	r, p := e.find(id)
	if p == nil {
		return nil, failure{"NOT_FOUND", fmt.Sprintf("Could not resolve to a node with the global id of '%s'", id)}
	}
	return e.pull(r, p), nil
}

func (e *execution) repository(args map[string]any) (any, error) {
	name := text(args["owner"]) + "/" + text(args["name"])
	r := e.hub.repo(name)
	if r == nil {
		return nil, failure{"NOT_FOUND", fmt.Sprintf("Could not resolve to a Repository with the name '%s'.", name)}
	}
	return e.repo(r), nil
}

func (e *execution) repo(r *repository) typed {
	owner, name, _ := strings.Cut(r.name, "/")
	return typed{"Repository", map[string]any{
		"id": node("R", r.name), "name": name, "nameWithOwner": r.name, "url": e.hub.cfg.Base + "/" + r.name,
		"owner":        typed{"Organization", map[string]any{"login": owner}},
		"pullRequest":  resolver(func(args map[string]any) (any, error) { return e.numbered(r, args) }),
		"pullRequests": resolver(func(args map[string]any) (any, error) { return e.pulls(r, args), nil }),
	}}
}

func (e *execution) numbered(r *repository, args map[string]any) (any, error) {
	n, _ := args["number"].(float64)
	if p := r.pull(int(n)); p != nil {
		return e.pull(r, p), nil
	}
	return nil, failure{"NOT_FOUND", fmt.Sprintf("Could not resolve to a PullRequest with the number of %d.", int(n))}
}

// pulls is the connection of a repository's pull requests, narrowed by states and headRefName, newest last.
func (e *execution) pulls(r *repository, args map[string]any) typed {
	states, _ := args["states"].([]any)
	if one := text(args["states"]); one != "" {
		states = []any{one}
	}
	head := text(args["headRefName"])
	var nodes []typed
	for _, p := range r.pulls {
		if (len(states) == 0 || slices.Contains(states, any(stateWord(p)))) && (head == "" || head == p.Branch) {
			nodes = append(nodes, e.pull(r, p))
		}
	}
	if n, ok := args["last"].(float64); ok && len(nodes) > int(n) {
		nodes = nodes[len(nodes)-int(n):]
	}
	if n, ok := args["first"].(float64); ok && len(nodes) > int(n) {
		nodes = nodes[:int(n)]
	}
	return typed{"PullRequestConnection", map[string]any{
		"nodes": nodes, "totalCount": len(nodes),
		"pageInfo": typed{"PageInfo", map[string]any{"hasNextPage": false, "endCursor": nil}},
	}}
}

func stateWord(p *Pull) string {
	switch {
	case p.Merged():
		return "MERGED"
	case p.State == "open":
		return "OPEN"
	default:
		return "CLOSED"
	}
}

func (e *execution) pull(r *repository, p *Pull) typed {
	page := fmt.Sprintf("%s/%s/pull/%d", e.hub.cfg.Base, r.name, p.Number)
	fields := map[string]any{
		"id": pullNode(p), "fullDatabaseId": fmt.Sprint(9_000_000 + r.id*1000 + int64(p.Number)), "number": p.Number,
		"databaseId": 9_000_000 + r.id*1000 + int64(p.Number),
		"title":      p.Title, "body": p.Body, "bodyText": p.Body, "state": stateWord(p), "url": page, "permalink": page,
		"merged": p.Merged(), "mergedAt": stamp(p.MergedAt), "createdAt": stamp(p.CreatedAt), "closedAt": stamp(p.MergedAt),
		"closed": p.State != "open", "isDraft": p.Draft, "mergeable": "MERGEABLE", "mergeStateStatus": "CLEAN",
		"headRefName": p.Branch, "headRefOid": p.HeadSHA, "baseRefName": DefaultBranch, "baseRefOid": r.head, "mergeCommit": nil,
		"author":         typed{"User", map[string]any{"login": p.Author}},
		"repository":     resolver(func(map[string]any) (any, error) { return e.repo(r), nil }),
		"reviewDecision": nil,
	}
	if p.Merged() {
		fields["mergeCommit"] = typed{"Commit", map[string]any{"oid": p.MergeSHA}}
	}
	return typed{"PullRequest", fields}
}

// revertInput are the fields of RevertPullRequestInput.
var revertInput = []string{"body", "clientMutationId", "draft", "pullRequestId", "title"}

func (e *execution) revertPullRequest(args map[string]any) (any, error) {
	input, _ := args["input"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(input)) {
		if !slices.Contains(revertInput, name) {
			e.unknown = append(e.unknown, "RevertPullRequestInput has no field "+name)
			return nil, failure{"ARGUMENT_NOT_ACCEPTED", "InputObject 'RevertPullRequestInput' doesn't accept argument '" + name + "'"}
		}
	}
	r, p := e.find(text(input["pullRequestId"]))
	if p == nil {
		return nil, failure{"NOT_FOUND", fmt.Sprintf("Could not resolve to a node with the global id of '%s'", text(input["pullRequestId"]))}
	}
	if !p.Merged() {
		return nil, failure{"UNPROCESSABLE", "Pull request must be merged to be reverted."}
	}
	draft, _ := input["draft"].(bool)
	made := e.hub.revert(r, p, text(input["title"]), text(input["body"]), draft)
	told := e.hub.pullEvent(r, made, "opened", BotLogin)
	e.later = append(e.later, func() { e.hub.cfg.Deliver(told) })
	return typed{"RevertPullRequestPayload", map[string]any{
		"clientMutationId": input["clientMutationId"], "pullRequest": e.pull(r, p), "revertPullRequest": e.pull(r, made),
	}}, nil
}
