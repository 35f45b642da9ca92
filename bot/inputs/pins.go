package inputs

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/firebreak-dev/firebreak/bot"
)

// pins finds what a tree pins, in the order of the lines.
func (t *tree) pins(kind bot.Kind, stem string) []Pin {
	t.pairs()
	var out []Pin
	for m := range t.mappings {
		place, direct := t.place(m)
		if m == 0 && slices.Contains(bot.InputKinds(), kind) {
			place, direct = kind, true
		}
		out = append(out, t.pinsOf(m, place, direct, stem)...)
		if len(out) > maxRead {
			break
		}
	}
	slices.SortStableFunc(out, func(a, b Pin) int { return cmp.Compare(a.Line, b.Line) })
	out = out[:min(len(out), maxRead)]
	seen := map[Pin]int{}
	for i := range out {
		id := Pin{Kind: out[i].Kind, Name: out[i].Name}
		if seen[id]++; seen[id] > 1 {
			out[i].Name += "#" + strconv.Itoa(seen[id])
		}
	}
	return out
}

// pairs makes fields of lists of names and values, as Kubernetes has them for environments.
func (t *tree) pairs() {
	for m := 1; m < len(t.mappings); m++ {
		own := t.mappings[m]
		if own.item == 0 || len(own.fields) != 2 || len(own.holds) > 0 {
			continue
		}
		name, value := t.fields[own.fields[0]], t.fields[own.fields[1]]
		if name.key == "name" && value.key == "value" && isName(name.value) {
			t.fields[own.fields[1]].key = name.value
			t.mappings[m].fields = own.fields[1:]
			t.mappings[m].key, t.mappings[m].item = own.key, 0
		}
	}
}

// place is what kind of thing a mapping describes, by its key or by those around it; direct tells that it is its own key.
func (t *tree) place(in int) (kind bot.Kind, direct bool) {
	for at, depth := in, 0; at > 0 && depth < maxDepth; at, depth = t.mappings[at].parent, depth+1 {
		if kind, found := places[plain(t.mappings[at].key)]; found {
			return kind, depth == 0
		}
	}
	return "", false
}

func (t *tree) pinsOf(in int, place bot.Kind, direct bool, stem string) []Pin {
	var out []Pin
	alias := slices.Contains(t.mappings[in].holds, "litellm_params") // there model_name is what callers say, and no pin
	versioned := ""
	if direct || place != "" && t.named(in) {
		versioned = t.version(in)
	}
	for _, i := range t.mappings[in].fields {
		f := t.fields[i]
		key := plain(f.key)
		if key == versioned && versioned != "" {
			out = append(out, t.whole(in, f, place, stem))
			continue
		}
		row, found := lookUp(key)
		switch {
		case found && alias && key == "model_name":
		case found && row.Looks.accepts(f.value):
			row.Kind = t.within(row.Kind, place)
			out = append(out, Pin{row.Kind, t.fieldName(in, f, row.Kind), f.value, f.line})
		case !found && direct && in > 0 && isPlural(t.mappings[in].key) && t.mappings[in].item == 0 && listedLook(place).accepts(f.value) && isName(f.key) && place != bot.Price:
			out = append(out, Pin{place, t.fieldName(in, f, place), f.value, f.line}) // models: {support: gpt-4o}
		case !found && direct && in > 0 && (key == "name" || key == "id") && versioned == "" && nameIsVersion(place, f.value) && !t.says(in, place):
			out = append(out, Pin{place, t.name(in), f.value, f.line}) // model: {name: gpt-4o}
		}
	}
	return out
}

// version is the key by which a mapping says its version, empty where it says none.
func (t *tree) version(in int) string {
	for _, key := range versionKeys {
		if value := t.get(in, key); value != "" && likeWord.accepts(value) {
			return key
		}
	}
	return ""
}

// whole is the pin of a mapping with a name and a version.
func (t *tree) whole(in int, f field, place bot.Kind, stem string) Pin {
	called := t.get(in, "name", "id", "slug", "title")
	p := Pin{place, t.name(in), f.value, f.line}
	switch {
	case place == bot.Model || place == bot.Embedding:
		if called == "" {
			called = t.get(in, "model", "model_name", "model_id")
		}
		if isModel(called) && bot.IsPinned(called) && len(called)+len(f.value) < maxValue {
			p.Version = called + "@" + f.value
		}
		if in == 0 {
			p.Name = stem
		}
	case isName(called):
		p.Name = called
	case in == 0:
		p.Name = stem
	}
	return p
}

// named tells whether a mapping below a place, as prompts: {support: {version: 3}}, is one of its things.
func (t *tree) named(in int) bool {
	m := t.mappings[in]
	_, found := places[plain(t.mappings[max(m.parent, 0)].key)]
	return found && m.parent > 0
}

// within is the kind of a model where it is used for something else: embedding: {model: …}.
func (t *tree) within(kind, place bot.Kind) bot.Kind {
	if kind == bot.Model && slices.Contains([]bot.Kind{bot.Embedding, bot.Guardrail, bot.Evaluation, bot.Retrieval}, place) {
		return place
	}
	return kind
}

// fieldName is how a pinned field is called: by the keys that lead to it. A price is told by its model.
func (t *tree) fieldName(in int, f field, kind bot.Kind) string {
	owner := t.name(in)
	if kind == bot.Price {
		if called := t.get(in, "model", "model_name", "name", "id"); isName(called) && t.mappings[in].item == 0 {
			owner = strings.TrimPrefix(owner+"."+called, ".")
		}
	}
	return strings.TrimPrefix(owner+"."+f.key, ".")
}

// says tells whether a mapping pins its place by a key of the table.
func (t *tree) says(in int, place bot.Kind) bool {
	return slices.ContainsFunc(t.mappings[in].fields, func(i int) bool {
		row, found := lookUp(plain(t.fields[i].key))
		return found && t.within(row.Kind, place) == place && row.Looks.accepts(t.fields[i].value)
	})
}

func nameIsVersion(place bot.Kind, value string) bool {
	switch place {
	case bot.Model, bot.Embedding:
		return isModel(value) && bot.IsPinned(value)
	case bot.Retrieval, bot.Evaluation:
		return likeVersion.accepts(value)
	default:
		return false
	}
}

func listedLook(place bot.Kind) looks {
	if place == bot.Model || place == bot.Embedding {
		return likeModel
	}
	return likeVersion
}

func isPlural(key string) bool {
	key = plain(key)
	return strings.HasSuffix(key, "s") || strings.HasSuffix(key, "corpora")
}

// Compare tells what a change did to the pins of a file: base is its content before, head after; nil where it did not exist. Pins that
// are the same on both sides are told too, with Old and New the same: the file was touched, they were not. Of too many, those that
// changed are told.
func Compare(kind bot.Kind, file string, base, head []byte) []bot.Input {
	was := map[Pin]string{}
	order := read(kind, file, base)
	for _, p := range order {
		was[Pin{Kind: p.Kind, Name: p.Name}] = p.Version
	}
	var out []bot.Input
	for _, p := range read(kind, file, head) {
		id := Pin{Kind: p.Kind, Name: p.Name}
		out = append(out, bot.Input{Kind: p.Kind, Name: p.Name, Path: file, Line: p.Line, Old: was[id], New: p.Version})
		delete(was, id)
	}
	for _, p := range order {
		if old, gone := was[Pin{Kind: p.Kind, Name: p.Name}]; gone {
			out = append(out, bot.Input{Kind: p.Kind, Name: p.Name, Path: file, Old: old})
		}
	}
	if len(out) > maxPins {
		slices.SortStableFunc(out, func(a, b bot.Input) int {
			switch {
			case a.Changed() == b.Changed():
				return 0
			case a.Changed():
				return -1
			}
			return 1
		})
	}
	return out[:min(len(out), maxPins)]
}
