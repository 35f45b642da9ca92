package results

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/firebreak-dev/firebreak/bot/gate"
)

// suiteDepth bounds how deep suites may be nested.
const suiteDepth = 32

// suite counts the test cases of one suite.
type suite struct {
	name          string
	passed, total float64
}

// readJUnit counts the test cases of a report, suite by suite. Skipped ones have not run.
func readJUnit(data []byte) (gate.Results, error) {
	var out gate.Results
	var suites []*suite
	var open []*suite // the suite that each open element belongs to
	inCase, failed, skipped := false, false, false
	all := suite{name: "tests"}
	dec := xml.NewDecoder(bytes.NewReader(data))
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return out, fmt.Errorf("it is no XML: %w", err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "testsuite":
				if len(open) == suiteDepth {
					return out, fmt.Errorf("suites are nested more than %d deep", suiteDepth)
				}
				s := &suite{name: attribute(t, "name")}
				suites, open = append(suites, s), append(open, s)
				if at, err := time.Parse("2006-01-02T15:04:05", attribute(t, "timestamp")); err == nil && at.After(out.At) {
					out.At = at
				}
			case "testcase":
				inCase, failed, skipped = true, false, false
			case "failure", "error":
				failed = failed || inCase
			case "skipped":
				skipped = skipped || inCase
			}
		case xml.EndElement:
			switch {
			case t.Name.Local == "testsuite" && len(open) > 0:
				open = open[:len(open)-1]
			case t.Name.Local == "testcase" && inCase:
				inCase = false
				if skipped {
					continue
				}
				all.count(failed)
				if len(open) > 0 {
					open[len(open)-1].count(failed)
				}
			}
		}
	}
	if all.total == 0 {
		return out, errors.New("it is XML without a test case that ran")
	}
	out.Measures = []gate.Measure{share(all.name, all.passed, all.total)}
	named := map[string]*suite{}
	for _, s := range suites {
		if s.total == 0 || s.name == "" || s.name == all.name {
			continue
		}
		if known := named[s.name]; known != nil {
			known.passed, known.total = known.passed+s.passed, known.total+s.total
			continue
		}
		named[s.name] = s
	}
	for _, s := range suites {
		if named[s.name] == s {
			out.Measures = append(out.Measures, share(s.name, s.passed, s.total))
		}
	}
	return out, nil
}

func (s *suite) count(failed bool) {
	s.total++
	if !failed {
		s.passed++
	}
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
