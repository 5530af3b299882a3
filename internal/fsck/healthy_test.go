package fsck_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/store/meta"
	"github.com/strata-data/strata/internal/store/segment"
	"github.com/strata-data/strata/pkg/strata"
)

// clock gives each moment one second more.
func clock() func() time.Time {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return func() time.Time { at = at.Add(time.Second); return at }
}

func environment(name string) string {
	switch name {
	case "STRATA_AUTHOR_NAME":
		return "Ana Ito"
	case "STRATA_AUTHOR_EMAIL":
		return "ana@example.com"
	}
	return ""
}

// ids returns numbers whose keys make three leaves of 12 samples each.
func ids() []int {
	var out []int
	inLeaf := 0
	for i := 1; len(out) < 36; i++ {
		z := merkle.Zeros(binary.BigEndian.AppendUint64(nil, uint64(i)|1<<63))
		if inLeaf == 11 && z < merkle.LeafBits || inLeaf < 11 && z >= merkle.LeafBits {
			continue
		}
		inLeaf = (inLeaf + 1) % 12
		out = append(out, i)
	}
	return out
}

// csv is the content of train.csv; wolves says that some labels differ.
func csv(wolves bool) []byte {
	var b bytes.Buffer
	b.WriteString("id,label,score,text\n")
	for i, id := range ids() {
		label := []string{"cat", "dog"}[i%2]
		if wolves && i%10 == 3 {
			label = "wolf"
		}
		fmt.Fprintf(&b, "%d,%s,%d.5,%s\n", id, label, i%7, strings.Repeat(fmt.Sprintf("sample %d ", id), 60))
	}
	return b.Bytes()
}

// healthy makes a small repository with everything in it: three commits, two
// branches, a tag, a dataset of three leaves with a wide column, a plain file,
// something staged.
func healthy(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := strata.Init(ctx, dir, strata.InitOptions{})
	must(err)
	r, err := strata.Open(ctx, dir, strata.Options{Now: clock(), Getenv: environment})
	must(err)
	defer r.Close()
	write := func(name string, b []byte) { must(os.WriteFile(filepath.Join(dir, name), b, 0o666)) }
	add := func(paths ...string) {
		_, err := r.Add(ctx, strata.AddOptions{Paths: paths, Dir: dir, Key: []string{"id"}})
		must(err)
	}
	commit := func(message string) {
		_, err := r.Commit(ctx, strata.CommitOptions{Message: message})
		must(err)
	}
	write("train.csv", csv(false))
	write("notes.txt", []byte("read me\n"))
	_, err = r.Add(ctx, strata.AddOptions{Paths: []string{"notes.txt"}, Dir: dir})
	must(err)
	add("train.csv")
	commit("one")
	must(r.CreateBranch(ctx, "side", "", false))
	_, err = r.CreateTag(ctx, strata.TagOptions{Name: "v1", Message: "first", Annotate: true})
	must(err)
	write("train.csv", csv(true))
	add("train.csv")
	commit("two")
	write("small.csv", []byte("id,n\n1,10\n2,20\n"))
	add("small.csv")
	commit("three")
	write("small.csv", []byte("id,n\n1,10\n2,20\n3,30\n"))
	add("small.csv")
	return dir
}

// pack writes the repository's own files (not the working ones) as a tar.gz
// that depends on nothing else.
func pack(t *testing.T, dir, to string) {
	t.Helper()
	var buf bytes.Buffer
	z, _ := gzip.NewWriterLevel(&buf, gzip.BestCompression)
	w := tar.NewWriter(z)
	err := filepath.WalkDir(filepath.Join(dir, ".strata"), func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(dir, p)
		h := &tar.Header{Name: filepath.ToSlash(name), Mode: 0o644, Format: tar.FormatUSTAR}
		var content []byte
		switch {
		case d.Name() == "lock" || d.Name() == "cache.db":
			return nil
		case d.IsDir():
			h.Typeflag, h.Mode = tar.TypeDir, 0o755
		case d.Type()&fs.ModeSymlink != 0:
			h.Typeflag = tar.TypeSymlink
			h.Linkname, err = os.Readlink(p)
		default:
			content, err = os.ReadFile(p)
			h.Size = int64(len(content))
		}
		if err == nil {
			err = w.WriteHeader(h)
		}
		if err == nil {
			_, err = w.Write(content)
		}
		return err
	})
	for _, close := range []func() error{w.Close, z.Close} {
		if cerr := close(); err == nil {
			err = cerr
		}
	}
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o777)
	}
	if err == nil {
		err = os.WriteFile(to, buf.Bytes(), 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// unpack writes what pack packed into a new directory and returns it.
func unpack(t testing.TB, from string) string {
	t.Helper()
	f, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return dir
		}
		to := ""
		if err == nil {
			to = filepath.Join(dir, filepath.FromSlash(h.Name))
			switch h.Typeflag {
			case tar.TypeDir:
				err = os.MkdirAll(to, 0o777)
			case tar.TypeSymlink:
				err = os.Symlink(h.Linkname, to)
			default:
				var b []byte
				if b, err = io.ReadAll(r); err == nil {
					err = os.WriteFile(to, b, 0o666)
				}
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// damage is a repository that is being broken.
type damage struct {
	t   *testing.T
	dir string
	r   *repo.Repo
}

func (d *damage) path(elem ...string) string {
	return filepath.Join(append([]string{d.dir, ".strata"}, elem...)...)
}

func (d *damage) ok(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// open opens the repository for what follows; close ends that.
func (d *damage) open() *repo.Repo {
	if d.r == nil {
		r, err := repo.OpenDamaged(d.dir, repo.Options{Now: clock(), Getenv: environment})
		d.ok(err)
		d.r = r
		d.t.Cleanup(func() { r.Close() })
	}
	return d.r
}

// put publishes objects, whatever they are, and returns the id of the last.
func (d *damage) put(objects ...[]byte) (last object.ID) {
	d.t.Helper()
	w, err := d.open().Objects().NewWriter(d.t.Context())
	d.ok(err)
	for _, b := range objects {
		last, err = w.Put(d.t.Context(), b, store.Hint{Stream: "meta/x"})
		d.ok(err)
	}
	_, err = w.Publish(d.t.Context())
	d.ok(err)
	return last
}

func (d *damage) get(id object.ID) []byte {
	d.t.Helper()
	b, err := d.open().Objects().Get(d.t.Context(), id)
	d.ok(err)
	return slices.Clone(b)
}

// raw writes entries of meta.db as they are.
func (d *damage) raw(fn func(tx meta.Tx) error) {
	d.t.Helper()
	d.ok(meta.Open(d.path("meta.db")).Update(d.t.Context(), fn))
}

// head returns the commit of main and its tree.
func (d *damage) head() (object.ID, *repo.Commit, *repo.Tree) {
	d.t.Helper()
	ctx := d.t.Context()
	h, err := d.open().Head(ctx)
	d.ok(err)
	c, err := d.open().Commit(ctx, h.ID)
	d.ok(err)
	tree, err := d.open().Tree(ctx, c.Tree)
	d.ok(err)
	return h.ID, c, tree
}

// record is a table object as docs/format/table.md has it.
type record struct {
	Schema  []byte   `cbor:"1,keyasint"`
	Root    []byte   `cbor:"2,keyasint,omitempty"`
	Level   int      `cbor:"3,keyasint,omitempty"`
	Rows    int64    `cbor:"4,keyasint,omitempty"`
	Bytes   int64    `cbor:"5,keyasint,omitempty"`
	Last    []byte   `cbor:"6,keyasint,omitempty"`
	Sources [][]byte `cbor:"7,keyasint,omitempty"`
}

// train returns the table object of train, and its root node.
func (d *damage) train() (record, *merkle.Node) {
	d.t.Helper()
	_, _, tree := d.head()
	id, _ := tree.Table("train")
	var rec record
	d.ok(object.Unmarshal(d.get(id), object.KindTable, &rec))
	n, err := merkle.DecodeNode(d.get(object.ID(rec.Root)))
	d.ok(err)
	return rec, n
}

// commitTrain commits a new train on main.
func (d *damage) commitTrain(rec record) {
	d.t.Helper()
	d.commitEntry(d.put(object.Marshal(object.KindTable, &rec)))
}

// commitEntry commits whatever id names as train.
func (d *damage) commitEntry(id object.ID) {
	d.t.Helper()
	_, _, tree := d.head()
	entries := slices.Clone(tree.Entries)
	for i := range entries {
		if entries[i].Name == "train" {
			entries[i].Table = id
		}
	}
	next, err := repo.NewTree(entries)
	d.ok(err)
	b, err := next.Encode()
	d.ok(err)
	d.commitTree(d.put(b), nil)
}

// commitTree makes a commit of a tree on main, changed by change.
func (d *damage) commitTree(tree object.ID, change func(*repo.Commit)) {
	d.t.Helper()
	head, c, _ := d.head()
	next := *c
	next.Tree, next.Parents, next.Generation, next.Message = tree, []object.ID{head}, c.Generation+1, "broken"
	next.Committer.When++
	if change != nil {
		change(&next)
	}
	b, err := next.Encode()
	d.ok(err)
	id := d.put(b)
	d.ok(d.open().Update(d.t.Context(), func(tx *repo.Tx) error {
		return tx.SetRef(repo.RefChange{Name: "refs/heads/main", New: id, By: next.Committer, Log: "commit: broken"})
	}))
}

// withRoot makes root the root of train.
func (d *damage) withRoot(n *merkle.Node, change func(*record)) {
	d.t.Helper()
	rec, _ := d.train()
	id := d.put(n.Encode())
	rec.Root, rec.Level = id[:], n.Level
	rec.Rows, rec.Bytes = merkle.Sum(n.Children)
	rec.Last = n.Children[len(n.Children)-1].Last
	if change != nil {
		change(&rec)
	}
	d.commitTrain(rec)
}

// withLeaf puts b in the place of the first leaf of train.
func (d *damage) withLeaf(b []byte, change func(*merkle.Entry)) {
	d.t.Helper()
	_, n := d.train()
	n.Children = slices.Clone(n.Children)
	n.Children[0].ID = d.put(b)
	if change != nil {
		change(&n.Children[0])
	}
	d.withRoot(n, nil)
}

// drop takes one object out of the store, whose segments become one.
func (d *damage) drop(id object.ID) {
	d.t.Helper()
	ctx := d.t.Context()
	s := d.open().Objects().(*segment.Store)
	o := segment.Rescue{Get: s.Get, Away: func(string) error { return nil }}
	infos, err := s.Segments(ctx)
	d.ok(err)
	for _, i := range infos {
		ids, err := s.List(ctx, i.Name)
		d.ok(err)
		o.Bad, o.IDs = append(o.Bad, i.Name), append(o.IDs, ids...)
	}
	o.IDs = slices.DeleteFunc(o.IDs, func(x object.ID) bool { return x == id })
	_, err = s.Rescue(ctx, o)
	d.ok(err)
}

// segments returns the names of the segment files.
func (d *damage) segments() (names []string) {
	d.t.Helper()
	entries, err := os.ReadDir(d.path("objects"))
	d.ok(err)
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".seg") {
			names = append(names, e.Name())
		}
	}
	return names
}

// edit changes the bytes of a file of the repository.
func (d *damage) edit(change func([]byte) []byte, elem ...string) {
	d.t.Helper()
	b, err := os.ReadFile(d.path(elem...))
	d.ok(err)
	d.ok(os.WriteFile(d.path(elem...), change(b), 0o666))
}
