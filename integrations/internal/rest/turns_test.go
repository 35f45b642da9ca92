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

func TestWhatAVendorAsksToWaitForHoldsBackAllOfItsKind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun, asked := time.Now(), map[string][]time.Duration{}
		c := client(t, rest.Options{
			Timeout: time.Second,
			Paces: func(r *http.Request) []rest.Pace {
				return []rest.Pace{{Key: r.URL.Path, Every: time.Millisecond, AtOnce: 100}}
			},
			Base: roundTrip(func(r *http.Request) (*http.Response, error) {
				asked[r.URL.Path] = append(asked[r.URL.Path], time.Since(begun))
				if r.URL.Path == "/a" && time.Since(begun) < 50*time.Second {
					return answer(429, http.Header{"Retry-After": {"50"}}, ""), nil
				}
				return answer(200, nil, ""), nil
			}),
		})
		for _, path := range []string{"/a", "/b", "/a", "/a"} {
			err := do(t.Context(), t, c.Call(), http.MethodPost, "http://vendor.example"+path)
			if fate, after := playbooks.FateOf(err); path == "/a" && (fate != playbooks.Transient || after != 50*time.Second) {
				t.Errorf("%s, again after %s: %v", fate, after, err)
			}
		}
		<-time.After(50 * time.Second)
		if err := do(t.Context(), t, c.Call(), http.MethodPost, "http://vendor.example/a"); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(map[string][]time.Duration{"/a": {0, 50 * time.Second}, "/b": {0}}, asked); diff != "" {
			t.Errorf("the limit was met more than once, or others were held back:\n%s", diff)
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
