package fsck

import (
	"io"
	"io/fs"
	"os"
	pathpkg "path"
	"path/filepath"
	"strings"

	"github.com/strata-data/strata/internal/blob"
	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format/formats"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/reach"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/source"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

// fromWorkingFiles brings objects back by reading working files again: where a
// file still has the bytes that were added, its rows make the same objects.
func (x *repairer) fromWorkingFiles() error {
	if x.o.Working == "" || len(x.c.wanted()) == 0 {
		return nil
	}
	back := int64(0)
	seen := map[object.ID]bool{}
	for _, e := range x.workingTables() {
		t := x.c.tables[e.Table]
		if seen[e.Table] || t == nil || t.schema == nil || !x.hurtTable(e.Table) {
			continue
		}
		seen[e.Table] = true
		read := x.readAgain
		if reach.FileTree(t.schema) {
			read = x.plainAgain
		}
		w, err := x.r.Objects().NewWriter(x.ctx)
		if err != nil {
			return err
		}
		n := int64(0)
		if read(w, e, t) {
			var stats store.Stats
			stats, err = w.Publish(x.ctx)
			n = stats.Objects
		}
		_ = w.Discard()
		if err != nil {
			return err
		}
		if x.ctx.Err() != nil {
			return x.ctx.Err()
		}
		if n > 0 {
			x.act("%d objects of %s came back from its working files", n, e.Name)
			back += n
		}
	}
	if back == 0 {
		return nil
	}
	if err := x.check(); err != nil {
		return err
	}
	return x.rescue()
}

// workingTables returns the tables that working files may have been read into:
// those of the index and of HEAD's commit.
func (x *repairer) workingTables() (out []repo.Entry) {
	for _, m := range x.c.facts.Mentions {
		if m.Place == repo.PlaceIndex {
			out = append(out, repo.Entry{Name: m.Name, Table: m.ID})
		}
	}
	id := x.c.facts.Head.ID
	for _, r := range x.c.facts.Refs {
		if r.Name == x.c.facts.Head.Branch {
			id = r.Target
		}
	}
	if s := x.c.commits[id]; s != nil && x.c.dirs[s.Tree] != nil {
		out = append(out, x.c.dirs[s.Tree].Entries...)
	}
	return out
}

// working returns the path of a working file, which must be a plain one.
func (x *repairer) working(path string) (string, fs.FileInfo, bool) {
	local := filepath.FromSlash(path)
	if !filepath.IsLocal(local) {
		return "", nil, false
	}
	p := filepath.Join(x.o.Working, local)
	fi, err := os.Lstat(p)
	return p, fi, err == nil && fi.Mode().IsRegular()
}

// readAgain reads the files of a dataset into w, and reports whether they made
// the very same samples.
func (x *repairer) readAgain(w store.Writer, e repo.Entry, t *tableState) bool {
	q := &source.Request{Dataset: e.Name, Mem: x.r.Mem(), Workers: x.o.Workers, Temp: x.temp, Types: map[string]*column.Type{}}
	for i, id := range t.sources {
		s := x.c.sources[id]
		if s == nil || s.Source == nil {
			return len(t.sources) == 1 && x.readGuessed(w, e, t, q)
		}
		path, fi, ok := x.working(s.Path)
		if !ok || fi.Size() != s.Size || !sameHash(path, s.HashID()) {
			return false
		}
		f, ok := formats.ByName(s.Format)
		if !ok {
			return false
		}
		if _, compressed, known := formats.ByPath(s.Path); i == 0 && known {
			q.Compressed = compressed
		}
		text := q.Text
		text.Skip, text.Header = s.Layout()
		q.Format, q.ValuesOnly = f, s.ValuesOnly
		q.Files = append(q.Files, source.File{Path: s.Path, Size: s.Size, Executable: s.Executable, Text: &text,
			Open: func() (source.Handle, error) { return os.Open(path) }})
	}
	return len(q.Files) > 0 && x.ingestAgain(w, t, q)
}

// readGuessed is readAgain for a dataset of one file whose source is lost, and
// with it the name and the hash of the file: it tries the files of the dataset's
// own name. Whether it was the right one shows in the samples and the source.
func (x *repairer) readGuessed(w store.Writer, e repo.Entry, t *tableState, q *source.Request) bool {
	dir := pathpkg.Dir(e.Name)
	entries, err := os.ReadDir(filepath.Join(x.o.Working, filepath.FromSlash(dir)))
	if err != nil {
		return false
	}
	for _, d := range entries {
		at := pathpkg.Join(dir, d.Name())
		f, compressed, known := formats.ByPath(at)
		file, fi, ok := x.working(at)
		if !known || !ok || !strings.HasPrefix(at, e.Name+".") {
			continue
		}
		q := *q
		q.Format, q.Compressed = f, compressed
		q.Files = []source.File{{Path: at, Size: fi.Size(), Executable: fi.Mode()&0o111 != 0,
			Open: func() (source.Handle, error) { return os.Open(file) }}}
		if x.ingestAgain(w, t, &q) {
			return true
		}
	}
	return false
}

// ingestAgain reads the files of q into w, and reports whether they made the very
// same samples as those of t.
func (x *repairer) ingestAgain(w store.Writer, t *tableState, q *source.Request) bool {
	for _, f := range t.schema.Fields {
		if !column.Hidden(f.ID) {
			q.Types[f.Name] = f.Type
		}
	}
	for _, id := range t.schema.Key {
		if f := t.schema.Fields[t.schema.Index(id)]; !column.Hidden(id) {
			q.Key = append(q.Key, f.Name)
		}
	}
	for _, q.Duplicates = range []string{source.DuplicateError, source.DuplicateLast, source.DuplicateFirst} {
		if res, err := source.Ingest(x.ctx, w, q); err == nil {
			return res.Table.Root.ID == t.root.ID
		}
	}
	return false
}

// sameHash reports whether a file has the bytes that id is the hash of.
func sameHash(path string, id object.ID) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	h := object.NewHasher()
	_, err = io.Copy(h, f)
	return err == nil && h.Sum() == id
}

// plainAgain stores the contents of plain files that are as they were added, and
// reports whether there was one.
func (x *repairer) plainAgain(w store.Writer, e repo.Entry, _ *tableState) bool {
	t, err := table.Load(x.ctx, x.c.store, e.Table)
	if err != nil {
		return false
	}
	back := false
	for rows, err := range t.Scan(x.ctx, table.ScanOptions{Columns: []string{"path", "content", "size"}}) {
		if err != nil {
			return back
		}
		for i := range rows.Len {
			path, content, size := rows.Cols[0], rows.Cols[1], rows.Cols[2]
			if path.IsNull(i) || size.IsNull(i) || len(content.At(i)) != object.Size {
				continue
			}
			ref := blob.Ref{ID: object.ID(content.At(i)), Size: size.Ints[i]}
			p, fi, ok := x.working(string(path.At(i)))
			if !ok || fi.Size() != ref.Size || len(x.c.walkBlob(ref)) == 0 {
				continue
			}
			back = x.storeAgain(w, p, ref) || back
		}
	}
	return back
}

// storeAgain stores the content ref if the file at path has it.
func (x *repairer) storeAgain(w store.Writer, path string, ref blob.Ref) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	if sum, err := blob.Sum(x.ctx, f); err != nil || sum != ref {
		return false
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return false
	}
	got, err := blob.Write(x.ctx, w, f, "")
	return err == nil && got == ref
}
