package store

import (
	"context"
	"database/sql"
	"strconv"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// DeliveryState is where a delivery of the inbox stands; it is also the value of the metric label "state".
type DeliveryState string

// The states of a delivery.
const (
	// DeliveryPending waits to be worked on.
	DeliveryPending DeliveryState = "pending"
	// DeliveryDone was understood; its body is gone.
	DeliveryDone DeliveryState = "done"
	// DeliveryUndecodable could not be used; its body is kept for the one who mends it.
	DeliveryUndecodable DeliveryState = "undecodable"
)

// DeliveryStates lists all states, for metrics that start at zero.
func DeliveryStates() []DeliveryState {
	return []DeliveryState{DeliveryPending, DeliveryDone, DeliveryUndecodable}
}

// PutDelivery keeps a message from outside until it is finished. It tells whether it is fresh: the same source and ID again,
// even after it was finished, changes nothing.
func (db *DB) PutDelivery(ctx context.Context, d bot.Delivery) (fresh bool, err error) {
	if err := required("the source of the delivery", d.Source); err != nil {
		return false, err
	}
	if err := required("the ID of the delivery", d.ID); err != nil {
		return false, err
	}
	if d.ReceivedAt.IsZero() {
		d.ReceivedAt = db.now()
	}
	err = db.write(ctx, "put the delivery", func(t *tx) error {
		n, err := t.exec(ctx, `INSERT INTO deliveries (source, id, event, body, received_at, state, problem, finished_at)
			VALUES ($1, $2, $3, $4, $5, $6, '', 0) ON CONFLICT DO NOTHING`,
			d.Source, d.ID, d.Event, d.Body, d.ReceivedAt, DeliveryPending)
		fresh = n > 0
		return err
	})
	return fresh && err == nil, err
}

const deliveryColumns = `source, id, event, body, received_at, problem`

func scanDelivery(rows *sql.Rows) (d bot.Delivery, err error) {
	err = rows.Scan(&d.Source, &d.ID, &d.Event, &d.Body, at(&d.ReceivedAt), &d.Problem)
	return d, err
}

// PendingDeliveries returns what was not finished yet, oldest first, with bodies.
func (db *DB) PendingDeliveries(ctx context.Context, limit int) ([]bot.Delivery, error) {
	return db.deliveries(ctx, DeliveryPending, limit)
}

// UndecodableDeliveries returns what could not be used, oldest first, with bodies and the reasons.
func (db *DB) UndecodableDeliveries(ctx context.Context, limit int) ([]bot.Delivery, error) {
	return db.deliveries(ctx, DeliveryUndecodable, limit)
}

func (db *DB) deliveries(ctx context.Context, state DeliveryState, limit int) ([]bot.Delivery, error) {
	found, err := list(ctx, db.sql, scanDelivery, `SELECT `+deliveryColumns+` FROM deliveries
		WHERE state = $1 ORDER BY received_at, source, id LIMIT $2`, state, limitOf(limit))
	return found, db.explain(ctx, "read the inbox", err)
}

// FinishDelivery takes a delivery off the inbox. Without a problem its body is dropped, for it has become changes; with one it
// is kept as it came until retention takes it.
func (db *DB) FinishDelivery(ctx context.Context, source, id, problem string) error {
	state, keep := DeliveryDone, 0
	if problem != "" {
		state, keep = DeliveryUndecodable, 1
	}
	return db.write(ctx, "finish the delivery", func(t *tx) error {
		n, err := t.exec(ctx, `UPDATE deliveries SET state = $1, problem = $2, finished_at = $3,
			body = CASE WHEN $4 = 1 THEN body ELSE $5 END WHERE source = $6 AND id = $7`,
			state, problem, db.now(), keep, []byte(nil), source, id)
		if err == nil && n == 0 {
			return bot.Errorf(bot.NotFound, "there is no delivery %q from %s", id, source)
		}
		return err
	})
}

// DeliveryCount is how many deliveries of a source came in a stretch of time that ends at End.
type DeliveryCount struct {
	Source string
	End    time.Time
	N      int
}

// DeliveryCounts counts the deliveries of each source in (from, to], in stretches of a width to which from is aligned. Stretches
// without any are left out.
func (db *DB) DeliveryCounts(ctx context.Context, from, to time.Time, width time.Duration) ([]DeliveryCount, error) {
	micros := width.Microseconds()
	if micros <= 0 {
		return nil, bot.Errorf(bot.Invalid, "deliveries cannot be counted in stretches of %s", width)
	}
	found, err := list(ctx, db.sql, func(rows *sql.Rows) (c DeliveryCount, err error) {
		var stretch int64
		err = rows.Scan(&c.Source, &stretch, &c.N)
		c.End = time.UnixMicro((stretch + 1) * micros).UTC()
		return c, err
	}, `SELECT source, (received_at - 1) / `+strconv.FormatInt(micros, 10)+` AS stretch, COUNT(*) FROM deliveries
		WHERE state IN ($1, $2, $3) AND received_at > $4 AND received_at <= $5 GROUP BY source, stretch ORDER BY source, stretch`,
		DeliveryPending, DeliveryDone, DeliveryUndecodable, from, to)
	return found, db.explain(ctx, "count deliveries", err)
}

// CountDeliveries counts the deliveries in each state; every state is there, if only with zero.
func (db *DB) CountDeliveries(ctx context.Context) (map[DeliveryState]int, error) {
	counts := make(map[DeliveryState]int, len(DeliveryStates()))
	for _, s := range DeliveryStates() {
		counts[s] = 0
	}
	err := each(ctx, db.sql, func(rows *sql.Rows) error {
		var state DeliveryState
		var n int
		if err := rows.Scan(&state, &n); err != nil {
			return err
		}
		counts[state] = n
		return nil
	}, `SELECT state, COUNT(*) FROM deliveries GROUP BY state`)
	return counts, db.explain(ctx, "count the inbox", err)
}
