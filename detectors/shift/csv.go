package shift

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// layouts are the timestamps that exports come with; one without a zone is UTC.
var layouts = [...]string{
	"2006-01-02 15:04:05.999999999",
	time.RFC3339Nano,
	"2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04",
	"2006-01-02T15:04",
	time.DateOnly,
}

// ScoreCSV reads rows of timestamp and value and writes them, as they were written, with a third column, anomaly_score. The
// columns are found by name in the first line; others are left out. A row whose value is missing or not a number scores zero,
// as does one whose time cannot be read; every row in gives one row out. It returns the number of rows.
func ScoreCSV(in io.Reader, out io.Writer) (int, error) {
	reader := csv.NewReader(bufio.NewReader(in))
	reader.FieldsPerRecord = -1
	reader.LazyQuotes = true
	reader.ReuseRecord = true
	columns, err := readHeader(reader)
	if err != nil {
		return 0, err
	}
	writer := csv.NewWriter(out)
	if err := writer.Write([]string{"timestamp", "value", "anomaly_score"}); err != nil {
		return 0, err
	}
	scorer := NewScorer()
	for n := 0; ; n++ {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			writer.Flush()
			return n, writer.Error()
		}
		if err != nil {
			return n, fmt.Errorf("shift: %w", err)
		}
		at, value := columns.of(record)
		score := scoreRow(scorer, at, value)
		if err := writer.Write([]string{at, value, strconv.FormatFloat(score, 'f', 6, 64)}); err != nil {
			return n, err
		}
	}
}

func scoreRow(s *Scorer, at, value string) float64 {
	t, known := parseTime(at)
	v, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if !known || err != nil || math.IsNaN(v) {
		return 0
	}
	return s.Push(t, v)
}

// columns are where the fields stand.
type columns struct{ at, value int }

func readHeader(r *csv.Reader) (columns, error) {
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return columns{}, errors.New("shift: there is no first line that names the columns timestamp and value")
	}
	if err != nil {
		return columns{}, fmt.Errorf("shift: %w", err)
	}
	find := func(name string) int {
		return slices.IndexFunc(header, func(h string) bool {
			return strings.EqualFold(strings.TrimSpace(strings.TrimPrefix(h, "\ufeff")), name)
		})
	}
	c := columns{find("timestamp"), find("value")}
	if c.at < 0 || c.value < 0 {
		return c, fmt.Errorf("shift: the first line must name the columns timestamp and value, it is %q", strings.Join(header, ","))
	}
	return c, nil
}

// of picks the fields; those that a short row lacks are empty.
func (c columns) of(record []string) (at, value string) {
	if c.at < len(record) {
		at = record[c.at]
	}
	if c.value < len(record) {
		value = record[c.value]
	}
	return at, value
}

// parseTime reads a timestamp in one of the layouts, or in seconds since 1970.
func parseTime(s string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	if seconds, err := strconv.ParseFloat(s, 64); err == nil && math.Abs(seconds) < 1e11 {
		return time.UnixMilli(int64(seconds * 1e3)).UTC(), true
	}
	return time.Time{}, false
}
