package bot

import (
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Input is an operational input that a change told of: what it pins, and from which version to which.
type Input struct {
	Kind Kind `json:"kind"`
	// Name says which of its kind, as "support-chat", or the keys that lead to it in a file, as "agents.support.model".
	Name string `json:"name"`
	// Path is the file that pins it, empty where no file does; Line is where, in the new file.
	Path string `json:"path,omitempty"`
	Line int    `json:"line,omitempty"`
	// Old is empty for a new pin and where nobody knows; New is empty where the pin was taken out. Both the same tell that the file
	// was touched and the version was not.
	Old string `json:"old,omitempty"`
	New string `json:"new,omitempty"`
}

// Changed tells whether the version is another one now.
func (i Input) Changed() bool { return i.Old != i.New }

// InputKinds are the kinds that operational inputs are of.
func InputKinds() []Kind {
	return []Kind{Prompt, Policy, Model, Guardrail, Retrieval, Embedding, Price, Evaluation}
}

// TellsInputs tells whether a change says anything about operational inputs: by versions, or by touching what is one.
func (c Change) TellsInputs() bool {
	return len(c.Inputs) > 0 || slices.Contains(InputKinds(), c.Kind) ||
		slices.ContainsFunc(c.Kinds, func(k Kind) bool { return slices.Contains(InputKinds(), k) })
}

// InForce is the version of an input that serves, or served at a time.
type InForce struct {
	Service string `json:"service"`
	// Environment is empty where nobody told of one: then it is in force everywhere as far as is known.
	Environment string `json:"environment"`
	Kind        Kind   `json:"kind"`
	Name        string `json:"name"`
	Repository  string `json:"repository,omitempty"`
	// Path has {environment} in the place of an environment's name.
	Path string `json:"path,omitempty"`
	// Version is the declared one; of a file that declares none it is Revision.
	Version string `json:"version"`
	// Revision is the short form of the revision that last changed the file, where the file itself is the input.
	Revision string    `json:"revision,omitempty"`
	Since    time.Time `json:"since"`
	// Change is the ID of the change that brought the version, empty where a deployment did.
	Change string `json:"change,omitempty"`
	URL    string `json:"url,omitempty"`
	// Note says what the version alone hides, as a file that changed under the same version.
	Note string `json:"note,omitempty"`
}

// InputDifference is an input that is not the same in two environments. A side without the input is nil.
type InputDifference struct {
	Service string   `json:"service"`
	Kind    Kind     `json:"kind"`
	Name    string   `json:"name"`
	Path    string   `json:"path,omitempty"`
	Left    *InForce `json:"left,omitempty"`
	Right   *InForce `json:"right,omitempty"`
	// What says in which way: "version", "content" (the same version of another revision), "missing".
	What     string `json:"what"`
	Sentence string `json:"sentence"`
}

// InputsAnswer is what was in force at a time.
type InputsAnswer struct {
	At     time.Time `json:"at"`
	Inputs []InForce `json:"inputs"`
	// Back is how far the ledger was read; zero where it was read to its beginning. What was last told of before is not known.
	Back time.Time `json:"back,omitzero"`
}

// InputsDiff is in what two environments differed at a time.
type InputsDiff struct {
	At          time.Time         `json:"at"`
	Left        string            `json:"left"`
	Right       string            `json:"right"`
	Differences []InputDifference `json:"differences"`
	Back        time.Time         `json:"back,omitzero"`
}

// The bounds of inputs that are told.
const (
	maxInputs = 200
	maxPinned = 200
)

// IsPinned tells whether a text can be a version: a short word, never a sentence, a secret or an address with one.
func IsPinned(text string) bool {
	if text == "" || len(text) > maxPinned || !utf8.ValidString(text) {
		return false
	}
	for _, secret := range []string{"sk-", "ghp_", "gho_", "ghs_", "github_pat_", "glpat-", "xox", "AKIA", "ASIA", "AIza", "eyJ", "hf_", "pk-lf-", "sk_"} {
		if strings.HasPrefix(text, secret) {
			return false
		}
	}
	if before, _, found := strings.Cut(text, "@"); found && strings.Contains(before, "://") {
		return false
	}
	return !strings.ContainsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._:/@+-#~=", r)
	})
}

// LabelledInputs are the inputs that labels name, as {"model:support-chat": "gpt-4o-2024-11-20"}; labels that name none are left out.
func LabelledInputs(labels map[string]string) []Input {
	var out []Input
	for _, label := range slices.Sorted(maps.Keys(labels)) {
		kind, name, _ := strings.Cut(label, ":")
		in := Input{Kind: Kind(kind), Name: name, New: labels[label]}
		if len(out) < maxInputs && checkInputs([]Input{in}) == nil {
			out = append(out, in)
		}
	}
	return out
}

// checkInputs refuses inputs that are none.
func checkInputs(inputs []Input) error {
	if len(inputs) > maxInputs {
		return Errorf(Invalid, "inputs may be %d at most", maxInputs)
	}
	for _, in := range inputs {
		for name, text := range map[string]string{"the name of an input": in.Name, "the path of an input": in.Path} {
			if err := oneLine(name, text); err != nil {
				return err
			}
		}
		switch {
		case !slices.Contains(InputKinds(), in.Kind):
			return Errorf(Invalid, "unknown kind of input %q; known are %s", in.Kind, words(InputKinds()))
		case in.Name == "":
			return Errorf(Invalid, "an input needs a name, as support-chat")
		case in.Line < 0:
			return Errorf(Invalid, "the line of an input cannot be negative")
		case !IsPinned(in.New):
			return Errorf(Invalid, "the version of the input %s is one word of %d bytes at most, as gpt-4o-2024-11-20", in.Name, maxPinned)
		case in.Old != "" && !IsPinned(in.Old):
			return Errorf(Invalid, "the old version of the input %s is one word of %d bytes at most", in.Name, maxPinned)
		}
	}
	return nil
}

func words(kinds []Kind) string {
	out := make([]string, 0, len(kinds))
	for _, k := range kinds {
		out = append(out, string(k))
	}
	return strings.Join(out, ", ")
}
