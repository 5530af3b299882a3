package table_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/strata-data/strata/internal/table"
)

// TestProbeFindsWhatCompareFinds follows keys through versions, forwards and
// back, over versions left out, and to where there is no table.
func TestProbeFindsWhatCompareFinds(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		u := drawUniverse(rt)
		w := newCounting(newMem(t))
		c := content{}
		versions := []*table.Table{u.build(rt, w, c, 1, 10)}
		for range rapid.IntRange(1, 5).Draw(rt, "versions") {
			next, edits := u.draw(rt, c)
			after, _ := u.apply(versions[len(versions)-1], rt, w, edits)
			versions, c = append(versions, after), next
		}
		probes := map[string]*table.Probe{}
		for range 8 {
			k := u.keys[rapid.IntRange(0, len(u.keys)-1).Draw(rt, "key")]
			probes[string(k)] = table.NewProbe(k)
		}
		for range 2 * len(versions) {
			i := rapid.IntRange(0, len(versions)-1).Draw(rt, "from")
			j := rapid.IntRange(0, len(versions)-1).Draw(rt, "to")
			a, b := versions[i], versions[j]
			want := map[string]string{}
			for _, line := range changes(rt, a, b, nil) {
				var op, key string
				if _, err := fmt.Sscanf(line, "%1s %q", &op, &key); err != nil {
					rt.Fatal(err)
				}
				want[key] = line
			}
			for k, p := range probes {
				x, y := a, b
				if i == 0 && rapid.Bool().Draw(rt, "no table") {
					x = nil // the first version has no samples
				}
				if j == 0 && rapid.Bool().Draw(rt, "no table") {
					y = nil
				}
				d, err := p.Compare(context.Background(), x, y)
				if err != nil {
					rt.Fatal(err)
				}
				got := ""
				for _, line := range render(rt, d, a, b) {
					got += line
				}
				if d := cmp.Diff(want[k], got); d != "" {
					rt.Fatalf("key %q from %d to %d: Compare finds -, Probe +:\n%s", k, i, j, d)
				}
				if d, err = p.Compare(context.Background(), x, x); err != nil || len(d.Changes) > 0 {
					rt.Fatalf("key %q changed between a version and itself: %v", k, err)
				}
			}
		}
	})
}
