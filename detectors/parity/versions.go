package parity

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/compare"
)

const (
	fewest    = 10. // requests within an hour that a version in use has
	leastOf   = .01 // of all requests with the label
	mostTold  = 5   // versions that a title names of each side
	roughStep = 5 * time.Minute
)

// inUse are the requests of each version within the last hour, in one environment.
type inUse struct {
	requests map[string]float64
	total    float64
}

// share is that of a version.
func (u inUse) share(version string) float64 { return u.requests[version] / u.total }

// counts tells that a version is in use, and not a straggler.
func (u inUse) counts(version string) bool {
	return u.requests[version] >= fewest && u.share(version) >= leastOf
}

// use reads which versions answer in an environment.
func (d *Detector) use(now time.Time, w detectors.Windows, label, environment string) inUse {
	u := inUse{requests: map[string]float64{}}
	for _, id := range w.Series(d.config.Requests) {
		value, _, ok := id.Label(label)
		if !ok || id.Service != d.config.Service || id.Environment != environment {
			continue
		}
		for _, p := range w.Points(id, now.Add(-lately), now, lately) {
			u.requests[value] += p.Total
			u.total += p.Total
		}
	}
	return u
}

// versions compares the versions in use by one label.
func (d *Detector) versions(now time.Time, w detectors.Windows, label string) detectors.Finding {
	f := d.finding(now, d.config.Requests, "versions-"+label)
	here, there := d.use(now, w, label, d.judged()), d.use(now, w, label, d.against())
	for i, u := range []inUse{here, there} {
		if environment := d.config.Environments[i]; u.total < fewest {
			return d.blind(f, detectors.NoData, fmt.Sprintf("%s had %s requests with the label %s within %s, %g are needed", environment, compare.Number(u.total), label, words(lately), fewest))
		}
	}
	all := maps.Clone(here.requests)
	maps.Copy(all, there.requests)
	var onlyHere, onlyThere []string
	for _, version := range slices.Sorted(maps.Keys(all)) {
		a, b := here.counts(version), there.counts(version)
		if !a && !b {
			continue
		}
		f.Evidence = append(f.Evidence, detectors.Evidence{
			Name: "version", Value: here.share(version), Limit: there.share(version), Unit: "ratio", Window: lately,
			Sentence: fmt.Sprintf("%s %s: %s of the requests in %s, %s in %s", label, version, compare.Share(here.share(version)), d.judged(), compare.Share(there.share(version)), d.against()),
		})
		if a && !b {
			onlyHere = append(onlyHere, version)
		}
		if b && !a {
			onlyThere = append(onlyThere, version)
		}
	}
	if len(onlyHere)+len(onlyThere) == 0 {
		return f
	}
	f.Verdict, f.Severity = detectors.Firing, d.config.Severity
	f.Title = fmt.Sprintf("%s of %s differs: %s has %s, %s has %s", label, d.config.Service, d.judged(), named(onlyHere), d.against(), named(onlyThere))
	f.Onset = d.came(now, w, label, onlyHere, onlyThere)
	return f
}

// named lists versions that are on one side only.
func named(versions []string) string {
	if len(versions) == 0 {
		return "none of its own"
	}
	more := ""
	if n := len(versions) - mostTold; n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return strings.Join(versions[:min(len(versions), mostTold)], ", ") + more
}

// came is when the newest of the differing versions was first seen within a day; it is not known of those that are older.
func (d *Detector) came(now time.Time, w detectors.Windows, label string, here, there []string) detectors.Onset {
	first := map[string]time.Time{}
	for _, id := range w.Series(d.config.Requests) {
		value, _, ok := id.Label(label)
		differs := (id.Environment == d.judged() && slices.Contains(here, value)) || (id.Environment == d.against() && slices.Contains(there, value))
		if !ok || !differs || id.Service != d.config.Service {
			continue
		}
		points := w.Points(id, now.Add(-day).Truncate(roughStep), now, roughStep)
		i := slices.IndexFunc(points, func(p detectors.Point) bool { return p.Total > 0 })
		if key := id.Environment + "/" + value; i >= 0 && (first[key].IsZero() || points[i].At.Before(first[key])) {
			first[key] = points[i].At
		}
	}
	if len(first) == 0 {
		return detectors.Onset{}
	}
	newest := slices.MaxFunc(slices.Collect(maps.Values(first)), func(a, b time.Time) int { return cmp.Compare(a.UnixNano(), b.UnixNano()) })
	if newest.Sub(now.Add(-day)) <= 2*roughStep {
		return detectors.Onset{} // it was there before
	}
	return detectors.Onset{At: newest.Add(-roughStep / 2), Earliest: newest.Add(-roughStep), Latest: newest}
}
