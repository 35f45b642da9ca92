package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/integrations/prometheus"
)

// Where the prices that were in force are kept.
const (
	priceSpace = "prices"
	priceKey   = "in-force"
	// mostPriceWords bounds how many differences the title of a change names.
	mostPriceWords = 5
)

// notePrices makes a change of the ledger of a table of prices that is another than before: costs that jump with it are no doing of
// a service, and nothing else would tell.
func (a *App) notePrices(ctx context.Context) error {
	table, services, err := a.config.priced()
	if err != nil || len(table) == 0 {
		return err
	}
	data, err := json.Marshal(table)
	if err != nil {
		return err
	}
	kept, found, err := a.db.Recall(ctx, priceSpace, priceKey)
	if err != nil {
		return err
	}
	var before []prometheus.Price
	if found && json.Unmarshal(kept, &before) == nil {
		if differences := prometheus.PriceChanges(before, table); len(differences) > 0 {
			if err := a.engine.Record(ctx, a.priceChange(data, differences, services)); err != nil {
				return err
			}
		}
	}
	return a.db.Remember(ctx, priceSpace, priceKey, data)
}

func (a *App) priceChange(table []byte, differences, services []string) bot.Change {
	sum := sha256.Sum256(table)
	now := a.options.Clock.Now()
	told := differences[:min(len(differences), mostPriceWords)]
	title := "prices for a million tokens: " + strings.Join(told, "; ")
	if more := len(differences) - len(told); more > 0 {
		title += fmt.Sprintf("; and %d more", more)
	}
	return bot.Change{
		ID: "price:" + hex.EncodeToString(sum[:6]) + "/" + now.UTC().Format("20060102T150405"), Kind: bot.Price, Kinds: []bot.Kind{bot.Price}, Source: "config",
		Title: title, Services: services, EffectiveAt: now, Seen: now,
	}
}

// priced are the prices of all signals that are weighed by some, and the services whose costs follow them.
func (c Config) priced() (table []prometheus.Price, services []string, err error) {
	signals, err := c.signals()
	if err != nil {
		return nil, nil, err
	}
	for _, s := range signals {
		if s.Prices == nil {
			continue
		}
		table = append(table, s.Prices.Table...)
		of := s.Services
		if len(of) == 0 {
			of = c.names()
		}
		services = append(services, of...)
	}
	slices.Sort(services)
	return table, slices.Compact(services), nil
}
