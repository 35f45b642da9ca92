package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/gate"
	"github.com/firebreak-dev/firebreak/bot/gate/results"
	"github.com/firebreak-dev/firebreak/configs"
	"github.com/firebreak-dev/firebreak/configs/diag"
)

// GateRequest is what is judged by which policy.
type GateRequest struct {
	// Policy is a file; Results are files, or folders of them.
	Policy  string
	Results []string
	// Last is the file that keeps the last verdict that passed; empty keeps none.
	Last string
	// First tells that there is no earlier verdict to compare with.
	First bool
	// Revision is what was evaluated, for the record.
	Revision string
}

// The verdicts of a gate.
const (
	GatePass         = gate.Pass
	GateInconclusive = gate.Inconclusive
)

// GateVerdict is the answer of a gate with its arithmetic.
type GateVerdict = gate.Verdict

// JudgeGate holds results against a policy and against the last that passed, and keeps a verdict that passes. Faults are those of
// the policy.
func JudgeGate(now time.Time, q GateRequest) (GateVerdict, []Fault, error) {
	policy, faults := loadPolicy(q.Policy)
	if len(faults) > 0 {
		return GateVerdict{}, faults, nil
	}
	measured, err := readResults(q.Results)
	if err != nil {
		return GateVerdict{}, nil, err
	}
	last, err := lastPassed(q.Last)
	if err != nil {
		return GateVerdict{}, nil, err
	}
	verdict := gate.Judge(now, policy, measured, last, q.First)
	verdict.Revision = q.Revision
	if verdict.Answer == gate.Pass && q.Last != "" {
		err = keepVerdict(q.Last, verdict)
	}
	return verdict, nil, err
}

func loadPolicy(file string) (gate.Policy, []Fault) {
	var p gate.Policy
	data, err := readBounded(file)
	if err != nil {
		return p, []Fault{{File: file, Line: 1, Col: 1, Code: "unreadable", Message: err.Error(), Fix: "name the policy with --policy"}}
	}
	doc, faults := configs.Load(file, data, &p, configs.Env{})
	report := diag.New()
	p.Check(report)
	faults = append(faults, doc.Resolve(report.Faults())...)
	configs.Sort(faults)
	return p, faults
}

// readResults reads all files of the paths. The same measure in two files is refused: nobody could say which one counts.
func readResults(paths []string) (gate.Results, error) {
	var out gate.Results
	from := map[string]string{}
	files, err := resultFiles(paths)
	if err != nil {
		return out, err
	}
	for _, file := range files {
		data, err := readAtMost(file, results.MaxBytes)
		if err != nil {
			return out, err
		}
		one, err := results.Read(data)
		if err != nil {
			return out, fmt.Errorf("%s: %w", file, err)
		}
		for _, m := range one.Measures {
			if other, twice := from[m.Name]; twice {
				return out, fmt.Errorf("%s and %s both measure %q: name the one that counts with --results", other, file, m.Name)
			}
			from[m.Name] = file
		}
		out.Measures = append(out.Measures, one.Measures...)
		// The whole is as old as its oldest part, and of no known age if a part is.
		if len(from) == len(one.Measures) || one.At.IsZero() || (!out.At.IsZero() && one.At.Before(out.At)) {
			out.At = one.At
		}
	}
	return out, nil
}

// resultFiles are the files of the paths, those of folders in the order of their names.
func resultFiles(paths []string) ([]string, error) {
	var files []string
	for _, path := range paths {
		info, err := os.Stat(path)
		switch {
		case err != nil:
			return nil, err
		case !info.IsDir():
			files = append(files, path)
			continue
		}
		before := len(files)
		err = filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() && slices.Contains([]string{".json", ".jsonl", ".xml"}, strings.ToLower(filepath.Ext(name))) {
				files = append(files, name)
			}
			return err
		})
		if err == nil && len(files) == before {
			err = fmt.Errorf("there are no results (.json, .jsonl, .xml) below %s", path)
		}
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

func readAtMost(file string, most int64) ([]byte, error) {
	f, err := os.Open(file) // #nosec G304 -- the user names the file
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, most+1))
}

// lastPassed reads the verdict that was kept; a file that is not there yet is no baseline.
func lastPassed(file string) (*gate.Results, error) {
	if file == "" {
		return nil, nil //nolint:nilnil // no baseline is an answer
	}
	data, err := readAtMost(file, results.MaxBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // no baseline is an answer
	}
	if err != nil {
		return nil, err
	}
	var v gate.Verdict
	if err := json.Unmarshal(data, &v); err != nil || v.Answer != gate.Pass {
		return nil, fmt.Errorf("%s holds no verdict that passed: remove it, or name another with --last", file)
	}
	return &v.Results, nil
}

// keepVerdict replaces the file as a whole, so that it is never half of a verdict.
func keepVerdict(file string, v gate.Verdict) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	made, err := os.CreateTemp(filepath.Dir(file), ".gate-*")
	if err != nil {
		return err
	}
	_, err = made.Write(append(data, '\n'))
	if err = errors.Join(err, made.Close()); err != nil {
		return errors.Join(err, os.Remove(made.Name()))
	}
	return os.Rename(made.Name(), file)
}

// Evaluated is a verdict as a running Firebreak keeps it.
type Evaluated = bot.Evaluated

// EvaluatedOf is a verdict on a revision of a repository.
func EvaluatedOf(v GateVerdict, repository, revision, by string) Evaluated {
	out := Evaluated{
		Repository: repository, Revision: revision, Service: v.Service, Policy: v.Policy, At: v.At.UTC(), Answer: string(v.Answer), Sentence: v.Sentence, By: by,
	}
	for _, o := range v.Outcomes {
		out.Measures = append(out.Measures, bot.EvaluatedMeasure{Metric: o.Metric, Answer: string(o.Answer), Sentence: o.Sentence})
	}
	return out
}

// TellEvaluation tells a running Firebreak what a release gate said; it puts the check firebreak/gate on the revision.
func (c *Client) TellEvaluation(ctx context.Context, e Evaluated) error {
	return c.call(ctx, http.MethodPost, "/api/v1/evaluations", e, &struct{}{})
}

// Origin is owner/name of the repository that a folder is a checkout of, empty where that cannot be told.
func Origin(ctx context.Context, dir string) string { return checkout{dir: dir}.origin(ctx) }
