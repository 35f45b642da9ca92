package rest_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/integrations/internal/rest"
	"github.com/firebreak-dev/firebreak/playbooks"
)

func TestAllGetTheirTurnsHoweverMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		pace := rest.Pace{Key: "x", Every: time.Second, AtOnce: 10}
		var turns rest.Turns
		var mu sync.Mutex
		var at []time.Duration
		var all sync.WaitGroup
		for range 300 {
			all.Go(func() {
				for range 5 { // as many attempts as a step has, of 30 s each
					ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
					after, err := turns.Wait(ctx, pace)
					cancel()
					if err == nil {
						mu.Lock()
						at = append(at, time.Since(begun))
						mu.Unlock()
						return
					}
					<-time.After(after)
				}
				t.Error("one never had its turn")
			})
		}
		all.Wait()
		slices.Sort(at)
		for i, was := range at {
			if soonest := time.Duration(max(0, i-9)) * time.Second; was < soonest-time.Microsecond {
				t.Errorf("turn %d came after %s", i, was)
			}
		}
		if last := at[len(at)-1]; last > 400*time.Second {
			t.Errorf("the last turn came after %s, 290 s are needed", last)
		}
	})
}

func TestARequestFallsUnderAllItsPaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		var at []time.Duration
		c := client(t, rest.Options{
			Timeout: time.Second,
			Paces: func(r *http.Request) []rest.Pace {
				return []rest.Pace{{Key: "all", Every: time.Second, AtOnce: 3}, {Key: r.URL.Path, Every: 5 * time.Second, AtOnce: 1}}
			},
			Base: roundTrip(func(*http.Request) (*http.Response, error) {
				at = append(at, time.Since(begun))
				return answer(200, nil, ""), nil
			}),
		})
		for _, path := range []string{"/a", "/b", "/a", "/c", "/d"} {
			if err := do(t.Context(), t, c.Call(), http.MethodPost, "http://vendor.example"+path); err != nil {
				t.Fatal(err) // waiting for a turn is not the exchange that a timeout bounds
			}
		}
		want := []time.Duration{0, 0, 5 * time.Second, 5 * time.Second, 5 * time.Second}
		if diff := cmp.Diff(want, at); diff != "" {
			t.Error(diff)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := do(ctx, t, c.Call(), http.MethodPost, "http://vendor.example/d")
		if fate, after := playbooks.FateOf(err); fate != playbooks.Transient || after <= 0 {
			t.Errorf("whose turn comes too late is %s, again after %s: %v", fate, after, err)
		}
	})
}

func TestManyKeysAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var turns rest.Turns
		for i := range 5000 {
			if _, err := turns.Wait(t.Context(), rest.Pace{Key: fmt.Sprint(i), Every: time.Millisecond, AtOnce: 1}); err != nil {
				t.Fatal(err)
			}
		}
	})
}
