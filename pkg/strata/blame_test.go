package strata_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/strata-data/strata/pkg/strata"
)

// TestMemoChangesNoAnswer makes histories with commits, amended commits and
// merges, each of which writes its record, and asks for the logs and blames of
// all samples: with the records, and in a repository that has none.
func TestMemoChangesNoAnswer(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		ctx := context.Background()
		w := newMergeWorld(rt)
		sheets := map[string]sheet{"main": drawBase(rt), "side": {}}
		w.commit(sheets["main"], "base")
		sheets["side"] = sheets["main"]
		w.switchTo(strata.SwitchOptions{Target: "side", Create: true})
		branch := "side"
		for range rapid.IntRange(1, 5).Draw(rt, "steps") {
			switch rapid.IntRange(0, 4).Draw(rt, "step") {
			case 0:
				branch = map[string]string{"main": "side", "side": "main"}[branch]
				w.switchTo(strata.SwitchOptions{Target: branch})
			case 1:
				other := map[string]string{"main": "side", "side": "main"}[branch]
				if _, err := w.r.Merge(ctx, strata.MergeOptions{Revisions: []string{other}, Favor: "ours", FastForward: "no"}); err != nil {
					if _, err := w.r.Abort(ctx, false, "merge"); err != nil {
						rt.Skip("a merge that is refused")
					}
				}
				sheets[branch] = parseSheet(w.file())
			case 2:
				_, err := w.r.Commit(ctx, strata.CommitOptions{Message: "amended", Amend: true, AllowEmpty: true})
				w.do(err)
			default:
				next := drawEdit(rt, sheets[branch])
				if n := len(next.columns); slices.Index(next.columns, next.columns[n-1]) < n-1 {
					next.columns = next.columns[:n-1] // a name that is there already
				}
				sheets[branch] = next
				w.commit(next, "edit")
			}
		}
		want := w.answers(rt)
		w.do(w.r.Close())
		if err := os.Remove(filepath.Join(w.dir, ".strata", "cache.db")); err != nil && !errors.Is(err, fs.ErrNotExist) {
			rt.Fatal(err)
		}
		var err error
		w.r, err = strata.Open(ctx, w.dir, strata.Options{})
		w.do(err)
		if d := cmp.Diff(want, w.answers(rt)); d != "" {
			rt.Fatalf("with records (-) and without (+):\n%s", d)
		}
		if d := cmp.Diff(want, w.answers(rt)); d != "" {
			rt.Fatalf("with records (-) and with what questions left behind (+):\n%s", d)
		}
	})
}

// parseSheet reads what sheet.text writes.
func parseSheet(text string) sheet {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	s := sheet{columns: strings.Split(lines[0], ",")[1:], rows: map[int]map[string]string{}}
	for _, line := range lines[1:] {
		cells := strings.Split(line, ",")
		var k int
		fmt.Sscan(cells[0], &k)
		s.rows[k] = map[string]string{}
		for i, c := range s.columns {
			s.rows[k][c] = cells[i+1]
		}
	}
	return s
}

// answers is what there is to say about each sample, on both branches.
func (w *mergeWorld) answers(t *rapid.T) []string {
	ctx := context.Background()
	var out []string
	for _, rev := range []string{"main", "side"} {
		for _, k := range []int{0, 1, 10, 11, 20} {
			address := fmt.Sprint("t/", k)
			line := rev + " " + address
			for e, err := range w.r.Log(ctx, strata.LogOptions{Revisions: []string{rev}, Addresses: []string{address}, FullHistory: k%10 == 1}) {
				w.do(err)
				b, err := json.Marshal(e.Samples)
				w.do(err)
				line += " " + e.ID.Short() + string(b)
			}
			out = append(out, line)
			res, err := w.r.Blame(ctx, strata.BlameOptions{Address: address, Revision: rev})
			if err != nil {
				out = append(out, address+" "+err.Error())
				continue
			}
			b, err := json.Marshal(res.Samples)
			w.do(err)
			out = append(out, string(b))
		}
	}
	return out
}
