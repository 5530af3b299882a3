package source_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/strata-data/strata/internal/source"
)

// line is a record of a random file.
type line struct {
	id, label, width int
	odd              bool
}

func (l line) String() string {
	text := strings.Repeat("some words ", l.width) + fmt.Sprint(l.label)
	if l.odd {
		text = `"` + text + `"`
	}
	return fmt.Sprintf("%d,l%d,%s\n", l.id, l.label%7, text)
}

// files is the files of a dataset.
type files [][]line

func (fs files) sources() []source.File {
	var out []source.File
	for i := range fs {
		out = append(out, fileOf(fmt.Sprintf("part-%d.csv", i), fs.text(i)))
	}
	return out
}

func (fs files) text(i int) []byte {
	var b bytes.Buffer
	b.WriteString("id,label,text\n")
	for _, l := range fs[i] {
		b.WriteString(l.String())
	}
	return b.Bytes()
}

func (fs files) clone() files {
	out := make(files, len(fs))
	for i := range fs {
		out[i] = slices.Clone(fs[i])
	}
	return out
}

// mess says what random edits may do.
type mess struct{ ordered, keyed bool }

// edit changes files at random; ids stay unique where they are the key.
func (m mess) edit(t *rapid.T, fs files, nextID *int) files {
	fs = fs.clone()
	for range rapid.IntRange(1, 4).Draw(t, "edits") {
		i := rapid.IntRange(0, len(fs)-1).Draw(t, "file")
		f := fs[i]
		at := rapid.IntRange(0, len(f)).Draw(t, "at")
		n := min(rapid.SampledFrom([]int{1, 1, 3, 40}).Draw(t, "n"), len(f)-at)
		switch rapid.SampledFrom([]string{"change", "remove", "insert", "odd", "swap", "move", "copy", "append"}).Draw(t, "what") {
		case "change":
			for k := range n {
				f[at+k].label++
			}
		case "remove":
			f = slices.Delete(f, at, at+n)
		case "insert":
			id := *nextID
			if *nextID++; m.ordered { // ids leave gaps of ten
				if at == 0 {
					continue
				}
				id = f[at-1].id + 1
				if at < len(f) && f[at].id <= id {
					continue
				}
			}
			f = slices.Insert(f, at, line{id: id, label: 5, width: 3})
		case "append":
			*nextID += 10
			f = append(f, line{id: *nextID, label: 6, width: 30})
			*nextID++
		case "odd":
			for k := range n {
				f[at+k].odd = !f[at+k].odd
			}
		case "swap":
			if !m.ordered && n > 1 {
				f[at], f[at+n-1] = f[at+n-1], f[at]
			}
		case "move":
			to := len(fs) - 1 - i
			if to != i && !m.ordered {
				fs[to] = append(fs[to], f[at:at+n]...)
				f = slices.Delete(f, at, at+n)
			}
		case "copy":
			if !m.keyed {
				f = append(f, f[at:at+n]...)
			}
		}
		fs[i] = f
	}
	return fs
}

// Updating a dataset gives what reading its files anew gives: the same root,
// and every byte of every file.
func TestRandomUpdatesEqualReadingAnew(t *testing.T) {
	csv := formatOf(t, "csv")
	for name, m := range map[string]mess{"keyed, in order": {true, true}, "keyed, shuffled": {false, true}, "by content": {false, false}} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				var key []string
				if m.keyed {
					key = []string{"id"}
				}
				nextID := 10
				fs := make(files, rapid.IntRange(1, 2).Draw(rt, "files"))
				for i := range fs {
					n := rapid.SampledFrom([]int{0, 5, 300, 1000}).Draw(rt, "rows")
					for k := range n {
						nextID += 10
						l := line{id: nextID, label: k * 31 % 1009, width: (k*7919)%20 + 1}
						if !m.keyed {
							l.id = l.id % 700
						}
						fs[i] = append(fs[i], l)
					}
					if !m.ordered && n > 10 {
						slices.Reverse(fs[i][:n/2])
					}
				}
				nextID += 1000
				w := newWorld(t)
				q := &source.Request{Files: fs.sources(), Format: csv, Key: key, Workers: 2}
				res := w.must(q)
				for range 2 {
					fs = m.edit(rt, fs, &nextID)
					q := &source.Request{Files: fs.sources(), Format: csv, Old: res.Table, Workers: 2}
					var err error
					if res, err = w.ingest(q); err != nil {
						rt.Fatalf("update: %v", err)
					}
					anew := newWorld(t).must(&source.Request{Files: fs.sources(), Format: csv, Key: key, Workers: 1})
					if got, want := res.Table.Root, anew.Table.Root; got.ID != want.ID || got.Rows != want.Rows || got.Bytes != want.Bytes {
						rt.Fatalf("updated root %s of %d rows, read anew %s of %d", got.ID.Short(), got.Rows, want.ID.Short(), want.Rows)
					}
					for i := range fs {
						if got := w.restore(res.Table, i, csv); !bytes.Equal(got, fs.text(i)) {
							rt.Fatalf("file %d: %d bytes restored of %d", i, len(got), len(fs.text(i)))
						}
					}
				}
			})
		})
	}
}
