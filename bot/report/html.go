package report

import (
	"bytes"
	_ "embed" // the template
	"fmt"
	"html/template"
)

//go:embed report.html
var page string

// HTML renders a report as the body of a page: headings from h2 on, no script, no style, no class. A page with a strict content security
// policy may hold it as it is.
func HTML(r Report) (template.HTML, error) {
	t, err := template.New("report").Funcs(template.FuncMap{
		"share": func(p float64) string { return fmt.Sprintf("%.2f", p) },
		"term":  func(w float64) string { return fmt.Sprintf("%+.2f", w) },
	}).Parse(page)
	if err != nil {
		return "", fmt.Errorf("parsing the report's template: %w", err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, r); err != nil {
		return "", fmt.Errorf("rendering the report: %w", err)
	}
	return template.HTML(out.String()), nil //nolint:gosec // every value in it was escaped by the template
}
