package figures

import (
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/canary"
)

// petSeries names a column of a recording.
type petSeries struct{ Node, Metric, Statistic string }

// petTable are the columns of a recording.
type petTable map[petSeries][]float64

// PetShop is a shop whose service was made to fail on purpose: normal operation, and for each issue a few rows around the alarm.
type PetShop struct {
	Issues []PetIssue
	// Normal is normal operation by scenario.
	Normal map[string]petTable
}

// PetIssue is one of them.
type PetIssue struct {
	Scenario string
	Target   struct {
		Node   string `json:"node"`
		Metric string `json:"metric"`
		Agg    string `json:"agg"`
	}
	Rows petTable
}

// LoadPetShop reads <scenario>/<split>/issue_N/{metrics.csv,target.json} and <scenario>/noissue/metrics.csv.
func LoadPetShop(dir string) (*PetShop, error) {
	out := &PetShop{Normal: map[string]petTable{}}
	targets, err := filepath.Glob(filepath.Join(dir, "*", "*", "*", "target.json"))
	if err != nil {
		return nil, err
	}
	for _, file := range targets {
		issue := PetIssue{Scenario: filepath.Base(filepath.Dir(filepath.Dir(filepath.Dir(file))))}
		if err := readJSON(file, &issue); err != nil {
			return nil, err
		}
		if issue.Rows, err = readPets(filepath.Join(filepath.Dir(file), "metrics.csv")); err != nil {
			return nil, err
		}
		out.Issues = append(out.Issues, issue)
	}
	normal, err := filepath.Glob(filepath.Join(dir, "*", "noissue", "metrics.csv"))
	if err != nil {
		return nil, err
	}
	for _, file := range normal {
		if out.Normal[filepath.Base(filepath.Dir(filepath.Dir(file)))], err = readPets(file); err != nil {
			return nil, err
		}
	}
	if len(out.Issues) == 0 || len(out.Normal) == 0 {
		return nil, fmt.Errorf("%d issues and %d recordings of normal operation", len(out.Issues), len(out.Normal))
	}
	return out, nil
}

// readPets reads a table with four header rows: component, metric, statistic, and the name of the first column.
func readPets(file string) (petTable, error) {
	f, err := os.Open(file) //nolint:gosec // the data set that the caller names
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(rows) < 4 {
		return nil, fmt.Errorf("%s: %d rows", file, len(rows))
	}
	out := petTable{}
	for column := 1; column < len(rows[0]); column++ {
		id := petSeries{rows[0][column], rows[1][column], rows[2][column]}
		for _, row := range rows[4:] {
			v, err := strconv.ParseFloat(row[column], 64)
			if err != nil {
				v = math.NaN()
			}
			out[id] = append(out[id], v)
		}
	}
	return out, nil
}

// of is the direction in which a metric gets worse.
func (i PetIssue) worse() detectors.Direction {
	if i.Target.Metric == "availability" {
		return detectors.Down
	}
	return detectors.Up
}

// normal is normal operation of the issue's scenario, or of another where its own was not recorded.
func (p *PetShop) normal(i PetIssue, id petSeries) (values []float64, own bool) {
	if t := p.Normal[i.Scenario]; len(t[id]) > 0 {
		return t[id], true
	}
	for _, t := range p.Normal {
		if len(t[id]) > 0 {
			return t[id], false
		}
	}
	return nil, false
}

// PetScore is how the comparison of few rows with normal operation comes out.
type PetScore struct {
	Issues, Found, Inconclusive, OwnNormal int
	// Quiet are stretches of normal operation that are as long as an issue's rows, False those that are told to be worse.
	Quiet, False int
}

// Judge compares the alarmed metric of each issue with normal operation, by the rule that compares a canary with its baseline; and
// stretches of normal operation with the rest of it.
func (p *PetShop) Judge(compare func(few, many []float64, worse detectors.Direction) canary.Answer) PetScore {
	var s PetScore
	seen := map[petSeries]bool{}
	for _, issue := range p.Issues {
		id := petSeries{issue.Target.Node, issue.Target.Metric, issue.Target.Agg}
		normal, own := p.normal(issue, id)
		s.Issues++
		if own {
			s.OwnNormal++
		}
		switch compare(issue.Rows[id], normal, issue.worse()) {
		case canary.Fail:
			s.Found++
		case canary.Inconclusive:
			s.Inconclusive++
		default:
		}
		if seen[id] || len(issue.Rows[id]) == 0 {
			continue
		}
		seen[id] = true
		n := len(issue.Rows[id])
		for from := 0; from+n <= len(normal); from += n {
			s.Quiet++
			if compare(normal[from:from+n], slices.Concat(normal[:from], normal[from+n:]), issue.worse()) == canary.Fail {
				s.False++
			}
		}
	}
	return s
}

func petshopFigures(dir, name string) ([]Figure, error) {
	p, err := LoadPetShop(dir)
	if err != nil {
		return nil, err
	}
	ours := p.Judge(func(few, many []float64, worse detectors.Direction) canary.Answer {
		return canary.CompareValues(few, many, worse).Answer
	})
	usual := p.Judge(kayenta)
	share := func(n, of int) float64 { return 100 * float64(n) / float64(max(1, of)) }
	detail := fmt.Sprintf("%d of %d issues, %d inconclusive, %d with normal operation of their own scenario", ours.Found, ours.Issues, ours.Inconclusive, ours.OwnNormal)
	return label("petshop", name, []Figure{
		{
			What: "issues told apart from normal operation", Unit: "%", Got: share(ours.Found, ours.Issues), Detail: detail,
			Baselines: []Baseline{{"Kayenta's rule, own", share(usual.Found, usual.Issues), false}},
		},
		{
			What: "normal stretches told to be worse", Unit: "%", Got: share(ours.False, ours.Quiet), Detail: fmt.Sprintf("%d of %d stretches", ours.False, ours.Quiet),
			Baselines: []Baseline{{"Kayenta's rule, own", share(usual.False, usual.Quiet), false}},
		},
	}), nil
}
