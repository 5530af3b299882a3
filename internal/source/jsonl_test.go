package source_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/strata-data/strata/internal/source"
)

// linesJSON makes n records; edit may change or drop one.
func linesJSON(n int, edit func(i int, rec string) string) []byte {
	var b bytes.Buffer
	for i := range n {
		rec := fmt.Sprintf(`{"id": %d, "label": "l%d", "score": %d.5, "tags": ["a", "b%d"], "text": "%s"}`, i*10, i%5, i%100, i%3, strings.Repeat("words ", i%23))
		if edit != nil {
			rec = edit(i, rec)
		}
		if rec != "" {
			b.WriteString(rec + "\n")
		}
	}
	return b.Bytes()
}

// Versions of a JSON lines file: what an update makes is what reading anew
// under the schema before makes, and every byte comes back.
func TestUpdateOfJSONLines(t *testing.T) {
	f := formatOf(t, "jsonl")
	base := linesJSON(4000, nil)
	change := func(at int, what func(string) string) []byte {
		return linesJSON(4000, func(i int, rec string) string {
			if i == at {
				return what(rec)
			}
			return rec
		})
	}
	swap := func(old, new string) func(string) string {
		return func(rec string) string { return strings.Replace(rec, old, new, 1) }
	}
	for name, next := range map[string][]byte{
		"same":             base,
		"label":            change(2000, swap(`"l0"`, `"wolf"`)),
		"removed":          change(1000, func(string) string { return "" }),
		"other spaces":     change(3000, swap(`"id": `, `"id":`)),
		"new member":       change(2500, swap(`{"id"`, `{"extra": 1, "id"`)),
		"member missing":   change(2500, swap(`, "tags": ["a", "b1"]`, ``)),
		"member null":      change(2500, swap(`["a", "b1"]`, `null`)),
		"wider number":     change(2500, swap(`"id": 25000`, `"id": 25001`)),
		"empty list":       change(2500, swap(`["a", "b1"]`, `[]`)),
		"no final newline": bytes.TrimSuffix(base, []byte("\n")),
		"blank lines":      append(bytes.Clone(base), '\n', '\n'),
		"order":            change(100, swap(`"label": "l0", "score": 0.5`, `"score": 0.5, "label": "l0"`)),
	} {
		for _, key := range [][]string{{"id"}, nil} {
			t.Run(fmt.Sprintf("%s/key=%v", name, key), func(t *testing.T) {
				w := newWorld(t)
				old := w.must(&source.Request{Files: []source.File{fileOf("t.jsonl", base)}, Format: f, Key: key})
				res := w.must(&source.Request{Files: []source.File{fileOf("t.jsonl", next)}, Format: f, Old: old.Table})
				anew := newWorld(t).must(&source.Request{Files: []source.File{fileOf("t.jsonl", next)}, Format: f, Key: key})
				if rootOf(res.Table) != rootOf(anew.Table) {
					t.Errorf("updated root %s, read anew %s", rootOf(res.Table).Short(), rootOf(anew.Table).Short())
				}
				if got := w.restore(res.Table, 0, f); !bytes.Equal(got, next) {
					t.Errorf("restored %d bytes that are not the %d that were added", len(got), len(next))
				}
				if got := w.restore(old.Table, 0, f); !bytes.Equal(got, base) {
					t.Errorf("the old version restored %d bytes that are not its %d", len(got), len(base))
				}
				if d := len(res.Table.Schema.Fields) - len(anew.Table.Schema.Fields); d != 0 {
					t.Errorf("%d more columns than anew", d)
				}
			})
		}
	}
}
