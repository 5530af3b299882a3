package fsck_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-data/strata/internal/fsck"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/source"
	"github.com/strata-data/strata/internal/store/meta"
	"github.com/strata-data/strata/internal/table"
	"github.com/strata-data/strata/pkg/strata"
)

// update writes testdata/repos/broken anew: STRATA_UPDATE=1.
func update() bool { return os.Getenv("STRATA_UPDATE") != "" }

// fixtures is where the broken repositories are, one directory for each kind of
// finding: repo.tar.gz, and findings.json with what a check must say.
func fixtures(t testing.TB) string {
	t.Helper()
	return filepath.Join("..", "..", "testdata", "repos", "broken")
}

// breaks says how each fixture is made from the healthy repository.
func breaks() map[string]func(*damage) {
	return map[string]func(*damage){
		"metaMalformed": func(d *damage) {
			d.edit(func(b []byte) []byte { clear(b[:8192]); return b }, "meta.db")
		},
		"formatUnknown": func(d *damage) {
			d.raw(func(tx meta.Tx) error { return tx.Put("format", []byte("feature/erasure-9"), []byte{}) })
		},
		"catalogueMalformed": func(d *damage) {
			d.raw(func(tx meta.Tx) error {
				return tx.Put(meta.BucketSegments, binary.BigEndian.AppendUint64(nil, 77), []byte("short"))
			})
		},
		"segmentMissing": func(d *damage) { d.ok(os.Remove(d.path("objects", d.segments()[0]))) },
		"segmentSizeWrong": func(d *damage) {
			d.edit(func(b []byte) []byte { return append(b, 0) }, "objects", d.segments()[0])
		},
		"segmentIndexWrong": func(d *damage) {
			rec, _ := d.train()
			d.drop(object.ID{1})           // one segment
			d.edit(func(b []byte) []byte { // a bit of the id that the index has, which lies at the end
				b[bytes.LastIndex(b, rec.Schema)+31] ^= 1
				return b
			}, "objects", d.segments()[0])
		},
		"segmentUnreadable": func(d *damage) {
			name := d.segments()[0]
			d.ok(os.Remove(d.path("objects", name)))
			d.ok(os.Symlink(name, d.path("objects", name))) // a link to itself
		},
		"segmentUnpublished": func(d *damage) {
			b, err := os.ReadFile(d.path("objects", d.segments()[0]))
			d.ok(err)
			d.ok(os.WriteFile(d.path("objects", "0123456789abcdef.seg"), b, 0o666))
		},
		"objectMissing": func(d *damage) { d.drop(d.page("label")) },
		"objectHashMismatch": func(d *damage) {
			d.drop(object.ID{1}) // one segment
			d.edit(func(b []byte) []byte { b[1024*2+300] ^= 4; return b }, "objects", d.segments()[0])
		},
		"objectTruncated":     func(d *damage) { d.brokenLeaf(func(b []byte) []byte { return b[:len(b)-3] }) },
		"objectTrailingBytes": func(d *damage) { d.brokenLeaf(func(b []byte) []byte { return append(b, 0) }) },
		"objectUnknownKind":   func(d *damage) { d.put([]byte("Z\x01what is this")) },
		"objectWrongKind":     func(d *damage) { head, _, _ := d.head(); d.commitEntry(head) },
		"objectMalformed": func(d *damage) {
			_, _, tree := d.head()
			reversed := &repo.Tree{Entries: slices.Clone(tree.Entries)}
			slices.Reverse(reversed.Entries)
			d.commitTree(d.put(object.Marshal(object.KindTree, reversed)), nil)
		},
		"objectUnreferenced": func(d *damage) { d.put(append(object.AppendHeader(nil, object.KindChunk), "forgotten"...)) },
		"chunkBadLayout": func(d *damage) {
			d.brokenPage("score", func(b []byte) []byte { return append(b[:3:3], 0x7f, 1, 2, 3) })
		},
		"chunkStatsWrong": func(d *damage) {
			_, n := d.train()
			n.Children = slices.Clone(n.Children)
			n.Children[1].Rows++
			d.withRoot(n, nil)
		},
		"schemaMismatch": func(d *damage) {
			_, _, tree := d.head()
			small, _ := tree.Table("small")
			var other record
			d.ok(object.Unmarshal(d.get(small), object.KindTable, &other))
			rec, _ := d.train()
			rec.Schema = other.Schema
			d.commitTrain(rec)
		},
		"treeUnsorted": func(d *damage) {
			_, n := d.train()
			n.Children = slices.Clone(n.Children)
			n.Children[0], n.Children[1] = n.Children[1], n.Children[0]
			d.withRoot(n, nil)
		},
		"treeWrongLevel": func(d *damage) {
			_, n := d.train()
			n.Level = 2
			d.withRoot(n, nil)
		},
		"treeNotCanonical": func(d *damage) {
			_, n := d.train()
			n.Children = n.Children[:1]
			d.withRoot(n, func(rec *record) { rec.Sources = nil })
		},
		"treeChildMissing": func(d *damage) { _, n := d.train(); d.drop(n.Children[1].ID) },
		"sourceBroken": func(d *damage) {
			rec, _ := d.train()
			var s source.Source
			d.ok(object.Unmarshal(d.get(object.ID(rec.Sources[0])), object.KindSource, &s))
			s.Head = append([]byte("#"), s.Head...)
			id := d.put(object.Marshal(object.KindSource, &s))
			rec.Sources = [][]byte{id[:]}
			d.commitTrain(rec)
		},
		"commitBadParent": func(d *damage) {
			_, c, _ := d.head()
			d.commitTree(c.Tree, func(c *repo.Commit) {
				c.Parents = append(c.Parents, object.Sum([]byte("a commit that was never there")))
			})
		},
		"commitBadGeneration": func(d *damage) {
			_, c, _ := d.head()
			d.commitTree(c.Tree, func(c *repo.Commit) { c.Generation += 5 })
		},
		"commitBadTime": func(d *damage) {
			_, c, _ := d.head()
			d.commitTree(c.Tree, func(c *repo.Commit) { c.Committer.When -= 3600 })
		},
		"refDangling": func(d *damage) {
			d.raw(func(tx meta.Tx) error {
				return tx.Put("refs", []byte("refs/heads/main"), []byte(object.Sum([]byte("nothing")).String()))
			})
		},
		"refMalformed": func(d *damage) {
			d.raw(func(tx meta.Tx) error { return tx.Put("refs", []byte("refs/heads/side"), []byte("not an id")) })
		},
		"reflogDangling": func(d *damage) {
			d.reflog(func(k, v []byte) []byte { v[32] ^= 1; return v })
		},
		"reflogMalformed": func(d *damage) {
			d.reflog(func(k, v []byte) []byte { return v[:40] })
		},
		"indexMalformed": func(d *damage) {
			d.raw(func(tx meta.Tx) error { return tx.Put("index", []byte("d/small"), []byte("short")) })
		},
		"operationDangling": func(d *damage) {
			d.operation(func(v []byte) []byte {
				id := object.Sum([]byte("nothing"))
				for j := bytes.Index(v, []byte("refs/heads/")); j+65 <= len(v); j++ { // the first value of a ref, 64 + 1 long
					if _, err := object.Parse(string(v[j+1 : j+65])); err == nil && v[j] == 65 {
						copy(v[j+1:], id.String())
						return v
					}
				}
				d.t.Fatal("the operation names no commit")
				return v
			})
		},
		"operationMalformed": func(d *damage) { d.operation(func(v []byte) []byte { return v[:20] }) },
		"stateMalformed": func(d *damage) {
			d.raw(func(tx meta.Tx) error { return tx.Put("state", []byte("merge"), []byte{1, 0xa1, 0x01}) })
		},
	}
}

// reflog changes the first entry of the log of side.
func (d *damage) reflog(change func(k, v []byte) []byte) {
	d.t.Helper()
	d.raw(func(tx meta.Tx) error {
		for k, v := range tx.Range("reflog", []byte("refs/heads/side\x00")) {
			return tx.Put("reflog", k, change(k, v))
		}
		return errors.New("side has no log")
	})
}

// operation changes the last record of the operation log.
func (d *damage) operation(change func([]byte) []byte) {
	d.t.Helper()
	d.raw(func(tx meta.Tx) error {
		var key, value []byte
		for k, v := range tx.Range("ops", nil) {
			if bytes.Contains(v, []byte("refs/heads/")) {
				key, value = k, v
			}
		}
		return tx.Put("ops", key, change(value))
	})
}

// page returns the page of a column in the first leaf of train.
func (d *damage) page(column string) object.ID {
	d.t.Helper()
	_, n := d.train()
	shape, err := table.ReadLeafShape(d.get(n.Children[0].ID))
	d.ok(err)
	for _, c := range shape.Columns {
		if c.Column == column {
			return c.ID
		}
	}
	d.t.Fatal("no column", column)
	return object.ID{}
}

// brokenLeaf commits train with a first leaf that change makes of the old one.
func (d *damage) brokenLeaf(change func([]byte) []byte) {
	_, n := d.train()
	d.withLeaf(change(d.get(n.Children[0].ID)), nil)
}

// brokenPage commits train with another page in the first leaf.
func (d *damage) brokenPage(column string, change func([]byte) []byte) {
	d.t.Helper()
	old := d.page(column)
	id := d.put(change(d.get(old)))
	_, n := d.train()
	leaf := d.get(n.Children[0].ID)
	i := bytes.Index(leaf, old[:])
	copy(leaf[i:], id[:])
	d.withLeaf(leaf, nil)
}

// outcome is what is kept of a check: the findings of the usual one and those
// of the deep one, where they differ.
type outcome struct {
	Findings []fsck.Finding `json:"findings"`
	Deep     []fsck.Finding `json:"deep,omitempty"`
}

func check(t *testing.T, dir string, o fsck.Options) *fsck.Report {
	t.Helper()
	r, err := repo.OpenDamaged(dir, repo.Options{Now: clock()})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	report, err := fsck.Run(t.Context(), r, o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func checkBoth(t *testing.T, dir string) outcome {
	t.Helper()
	o := outcome{Findings: check(t, dir, fsck.Options{}).Findings, Deep: check(t, dir, fsck.Options{Deep: true}).Findings}
	if cmp.Equal(o.Findings, o.Deep) {
		o.Deep = nil
	}
	return o
}

// TestUpdateBroken writes the fixtures.
func TestUpdateBroken(t *testing.T) {
	if !update() {
		t.Skip("STRATA_UPDATE is not set")
	}
	base := healthy(t)
	if o := checkBoth(t, base); len(o.Findings) > 0 || o.Deep != nil {
		t.Fatal("the healthy repository is not healthy: ", o)
	}
	pack(t, base, filepath.Join(fixtures(t), "healthy", "repo.tar.gz"))
	for id, fn := range breaks() {
		t.Run(id, func(t *testing.T) {
			dir := unpack(t, filepath.Join(fixtures(t), "healthy", "repo.tar.gz"))
			d := &damage{t: t, dir: dir}
			fn(d)
			if d.r != nil {
				d.ok(d.r.Close())
			}
			o := checkBoth(t, dir)
			b, err := json.MarshalIndent(o, "", "  ")
			d.ok(err)
			pack(t, dir, filepath.Join(fixtures(t), id, "repo.tar.gz"))
			d.ok(os.WriteFile(filepath.Join(fixtures(t), id, "findings.json"), append(b, '\n'), 0o666))
		})
	}
}

// TestBroken: each fixture gives exactly its findings, the one that it is named
// for among them; every kind has a fixture.
func TestBroken(t *testing.T) {
	for _, k := range fsck.Kinds() {
		t.Run(k.ID, func(t *testing.T) {
			b, err := os.ReadFile(filepath.Join(fixtures(t), k.ID, "findings.json"))
			if err != nil {
				t.Fatal(err)
			}
			var want outcome
			if err := json.Unmarshal(b, &want); err != nil {
				t.Fatal(err)
			}
			got := checkBoth(t, unpack(t, filepath.Join(fixtures(t), k.ID, "repo.tar.gz")))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			named := func(f fsck.Finding) bool { return f.ID == k.ID }
			if !slices.ContainsFunc(slices.Concat(got.Findings, got.Deep), named) {
				t.Errorf("no finding %s among %d", k.ID, len(got.Findings))
			}
		})
	}
}

// TestHealthy: a repository that was made by the usual verbs has no findings.
func TestHealthy(t *testing.T) {
	dir := healthy(t)
	report := check(t, dir, fsck.Options{Deep: true})
	if !report.OK || len(report.Findings) > 0 || report.Commits != 3 || report.Files == 0 {
		t.Errorf("%+v", report)
	}
	r, err := strata.Open(t.Context(), dir, strata.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	part, err := r.Fsck(t.Context(), strata.FsckOptions{Revisions: []string{"main~1"}})
	if err != nil || !part.OK || part.Commits != 2 || part.Objects >= report.Objects {
		t.Errorf("main~1: %+v, %v", part, err)
	}
}
