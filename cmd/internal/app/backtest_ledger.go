package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/store"
)

const (
	maxChangesFile = 64 << 20
	maxChanges     = 100_000
	sqliteScheme   = "sqlite:"
)

// backtestChanges are the changes of a past, from wherever the options say.
func (c Config) backtestChanges(ctx context.Context, o BacktestOptions, r rules, from, to time.Time) ([]bot.Change, []string, error) {
	var changes []bot.Change
	var notes []string
	var err error
	switch {
	case o.Changes != "":
		changes, err = readChanges(o.Changes)
	case o.Server != nil:
		changes, err = pages(from, to, func(from, to time.Time) ([]bot.Change, error) { return o.Server.changesBetween(ctx, from, to) })
	default:
		changes, notes, err = c.storedChanges(ctx, from, to)
	}
	if err != nil {
		return nil, nil, err
	}
	for i, change := range changes {
		if change.Kind == "" || len(change.Services) == 0 {
			changes[i] = r.Classify(change)
		}
		if changes[i].Flags == nil {
			changes[i].Flags = r.Flags(changes[i])
		}
	}
	if len(changes) == 0 {
		notes = append(notes, "no change is known of this time, so nothing can be suspected")
	}
	return changes, notes, nil
}

// storedChanges reads the configured store. A SQLite file that is not there is not made.
func (c Config) storedChanges(ctx context.Context, from, to time.Time) (_ []bot.Change, notes []string, err error) {
	if path, is := strings.CutPrefix(c.Store.WithDefaults().URL, sqliteScheme); is {
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			return nil, []string{fmt.Sprintf("there is no ledger at %s; --changes gives changes from a file, --server those of a running Firebreak", path)}, nil
		}
	}
	db, err := store.Open(ctx, c.Store, store.Options{})
	if err != nil {
		if bot.CodeOf(err) == bot.Conflict {
			return nil, nil, fmt.Errorf("the ledger cannot be read: %w. To read it through the Firebreak that runs, add --server with its address, as http://127.0.0.1:8010", err)
		}
		return nil, nil, fmt.Errorf("the ledger cannot be read: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	changes, err := pages(from, to, func(from, to time.Time) ([]bot.Change, error) {
		return db.Changes(ctx, bot.ChangeQuery{From: from, To: to, Limit: changesPage})
	})
	return changes, nil, err
}

// changesPage is how many changes are asked for at a time.
const changesPage = 1000

// pages reads changes, which come newest first, page by page.
func pages(from, to time.Time, read func(from, to time.Time) ([]bot.Change, error)) ([]bot.Change, error) {
	var out []bot.Change
	seen := map[string]bool{}
	for to = to.Add(time.Minute); ; {
		page, err := read(from, to)
		if err != nil {
			return nil, err
		}
		fresh := 0
		for _, c := range page {
			if !seen[c.ID] {
				seen[c.ID] = true
				out = append(out, c)
				fresh++
			}
		}
		if len(page) < changesPage || fresh == 0 || len(out) >= maxChanges {
			return out, nil
		}
		to = page[len(page)-1].At().Add(time.Second) // what shares the last one's time comes again
	}
}

// changesBetween lists changes of a stretch of time, newest first.
func (c *Client) changesBetween(ctx context.Context, from, to time.Time) ([]bot.Change, error) {
	var answer struct {
		Changes []bot.Change `json:"changes"`
	}
	q := url.Values{"from": {from.UTC().Format(time.RFC3339)}, "to": {to.UTC().Format(time.RFC3339)}, "limit": {fmt.Sprint(changesPage)}}
	err := c.call(ctx, http.MethodGet, "/api/v1/changes?"+q.Encode(), nil, &answer)
	return answer.Changes, err
}

// readChanges reads changes as the API tells them: one JSON object a line, or what firebreak changes -o json prints.
func readChanges(file string) ([]bot.Change, error) {
	data, err := readUpTo(file, maxChangesFile)
	if err != nil {
		return nil, err
	}
	var out []bot.Change
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	for {
		var one struct {
			bot.Change
			All []bot.Change `json:"changes"`
		}
		begin := decoder.InputOffset()
		err := decoder.Decode(&one)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		text := data[begin:]
		line := 1 + bytes.Count(data[:begin], []byte("\n")) + leadingLines(text)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: this is no change: %w; write one JSON object a line, as firebreak changes -o json shows them", file, line, err)
		}
		all := one.All
		if one.ID != "" || len(all) == 0 {
			all = append(all, one.Change)
		}
		for _, c := range all {
			switch {
			case c.ID == "":
				return nil, fmt.Errorf("%s:%d: a change needs an id", file, line)
			case c.At().IsZero():
				return nil, fmt.Errorf("%s:%d: the change %s has no time; give it merged_at or effective_at", file, line, Visible(c.ID))
			}
		}
		if out = append(out, all...); len(out) > maxChanges {
			return nil, fmt.Errorf("%s holds more than %d changes", file, maxChanges)
		}
	}
}

func leadingLines(text []byte) int {
	return bytes.Count(text[:len(text)-len(bytes.TrimLeft(text, " \t\r\n"))], []byte("\n"))
}

// readUpTo reads a file that may not be larger than a bound.
func readUpTo(file string, most int64) ([]byte, error) {
	f, err := os.Open(file) //nolint:gosec // the file that the operator names
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		return nil, fmt.Errorf("%s is larger than %d MiB; split it, or record fewer days or coarser", file, most>>20)
	}
	return data, err
}
