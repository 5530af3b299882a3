package worktree

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/strata-data/strata/internal/blob"
	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format/image"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

// The modes of plain files, as git writes them.
const (
	modeFile = "100644"
	modeExec = "100755"
	modeLink = "120000"
)

// filesSchema is the schema of @files: one row for each plain file.
func filesSchema() *column.Schema {
	f := func(name string, k column.Kind) column.Field { return column.NewField(name, column.Of(k)) }
	return &column.Schema{Key: []string{"path"}, Fields: []column.Field{
		f("path", column.String), f("content", column.Binary), f("size", column.Int64), f("mode", column.String),
		f("mime", column.String), f("width", column.Int32), f("height", column.Int32), f("orientation", column.Int8)}}
}

// plainFile is a row of @files.
type plainFile struct {
	Path string
	Ref  blob.Ref
	Mode string
	Info image.Info
}

// plainSet reads @files, in order of path; without media columns.
func plainSet(ctx context.Context, t *table.Table) ([]plainFile, error) {
	if t == nil {
		return nil, nil
	}
	files := make([]plainFile, 0, t.Rows())
	for b, err := range t.Scan(ctx, table.ScanOptions{Columns: []string{"path", "content", "size", "mode"}}) {
		if err != nil {
			return nil, err
		}
		for i := range b.Len {
			f, err := plainRow(b, i)
			if err != nil {
				return nil, err
			}
			files = append(files, f)
		}
	}
	return files, nil
}

func plainRow(b *column.Batch, i int) (plainFile, error) {
	f := plainFile{Path: string(b.Cols[0].At(i)), Mode: string(b.Cols[3].At(i))}
	content := b.Cols[1].At(i)
	if len(content) != object.Size {
		return f, &object.CorruptError{Detail: "@files: content of " + f.Path + " is no id"}
	}
	f.Ref = blob.Ref{ID: object.ID(content), Size: b.Cols[2].Ints[i]}
	return f, nil
}

// findPlain returns the row of a path.
func findPlain(files []plainFile, path string) (plainFile, bool) {
	i, ok := slices.BinarySearchFunc(files, path, func(f plainFile, p string) int { return bytes.Compare([]byte(f.Path), []byte(p)) })
	if !ok {
		return plainFile{}, false
	}
	return files[i], true
}

// modeOf returns the mode that @files has for a working file.
func modeOf(m fs.FileMode) string {
	switch {
	case m&fs.ModeSymlink != 0:
		return modeLink
	case m&0o100 != 0:
		return modeExec
	}
	return modeFile
}

// reader reads plain files into objects on several goroutines.
type reader struct {
	t        *tree
	progress func(int64)
}

// read stores the given working files (into w, or nowhere if it is nil) and
// returns their rows in the same order. A file that is gone has a zero Mode.
func (rd *reader) read(ctx context.Context, w store.Writer, files []found) ([]plainFile, error) {
	out := make([]plainFile, len(files))
	workers := runtime.GOMAXPROCS(0)
	g, ctx := errgroup.WithContext(ctx)
	for k := range workers {
		g.Go(func() error {
			cut := blob.NewSummer()
			if w != nil {
				cut = blob.NewCutter(w, blob.Stream)
			}
			buf := make([]byte, image.HeadSize)
			for i := k; i < len(files); i += workers {
				var err error
				if out[i], err = rd.one(ctx, cut, files[i], buf); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return out, g.Wait()
}

func (rd *reader) one(ctx context.Context, cut *blob.Cutter, f found, buf []byte) (plainFile, error) {
	out := plainFile{Path: f.path, Mode: modeOf(f.stat.Mode)}
	abs := rd.t.abs(f.path)
	if out.Mode == modeLink {
		target, err := os.Readlink(abs)
		if err != nil {
			return out, err
		}
		out.Ref, err = cut.Write(ctx, bytes.NewReader([]byte(target)))
		return out, err
	}
	h, err := os.Open(abs)
	if errors.Is(err, fs.ErrNotExist) {
		return plainFile{Path: f.path}, nil
	}
	if err != nil {
		return out, err
	}
	defer h.Close()
	n, err := io.ReadFull(h, buf)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return out, err
	}
	out.Info, _ = image.Probe(f.path, buf[:n], f.stat.Size, h)
	if _, err := h.Seek(0, io.SeekStart); err != nil {
		return out, err
	}
	if out.Ref, err = cut.Write(ctx, h); err != nil {
		return out, err
	}
	if rd.progress != nil {
		rd.progress(out.Ref.Size)
	}
	return out, nil
}

// editPlain makes @files anew with rows put in and paths taken out.
func editPlain(ctx context.Context, w store.Writer, old *table.Table, put []plainFile, remove []string) (*table.Table, error) {
	s := filesSchema()
	slices.SortFunc(put, func(a, b plainFile) int { return bytes.Compare([]byte(a.Path), []byte(b.Path)) })
	rows := column.NewBatch(s, len(put))
	for _, f := range put {
		appendPlain(rows, f)
	}
	if old == nil || old.Rows() == 0 {
		b := table.NewBuilder(ctx, w, s, 0)
		if err := b.Append(rows); err != nil {
			b.Abort()
			return nil, err
		}
		root, err := b.Finish()
		return table.New(w, s, root), err
	}
	edits := make([]table.Edit, 0, len(put)+len(remove))
	for i := range put {
		edits = append(edits, table.Edit{Key: column.AppendKey(nil, rows.Cols[0], i), Row: i})
	}
	for _, p := range remove {
		edits = append(edits, table.Edit{Key: pathKey(p), Row: -1})
	}
	slices.SortFunc(edits, func(a, b table.Edit) int { return bytes.Compare(a.Key, b.Key) })
	root, _, err := table.Apply(ctx, w, old, rows, edits)
	if err != nil {
		return nil, err
	}
	return table.New(w, s, root), nil
}

func pathKey(p string) []byte {
	v := column.NewVector(column.Of(column.String), 1)
	v.AppendString(p)
	return column.AppendKey(nil, v, 0)
}

func appendPlain(b *column.Batch, f plainFile) {
	c := b.Cols
	c[0].AppendString(f.Path)
	c[1].AppendBytes(f.Ref.ID[:])
	c[2].AppendInt(f.Ref.Size)
	c[3].AppendString(f.Mode)
	if f.Info.MIME == "" {
		c[4].AppendNull()
	} else {
		c[4].AppendString(f.Info.MIME)
	}
	for i, v := range []int{f.Info.Width, f.Info.Height, f.Info.Orientation} {
		if v == 0 {
			c[5+i].AppendNull()
		} else {
			c[5+i].AppendInt(int64(v))
		}
	}
	b.Len++
}

// savePlain saves @files, or returns the zero id where it is empty.
func savePlain(ctx context.Context, w store.Writer, t *table.Table) (object.ID, error) {
	if t.Rows() == 0 {
		return object.ID{}, nil
	}
	return t.Save(ctx, w)
}

// record returns the stat record of a plain file that was just read.
func (t *tree) record(f found, content object.ID) repo.FileRecord {
	return repo.NewFileRecord(f.stat, content, t.clock)
}

// EmptyFiles returns @files without files.
func EmptyFiles(r store.Reader) *table.Table {
	return table.New(r, filesSchema(), merkle.Root{})
}

// PathOf returns the path that a key of @files stands for.
func PathOf(key []byte) (string, error) {
	v := column.NewVector(column.Of(column.String), 1)
	if err := column.ParseKey(key, []*column.Vector{v}); err != nil {
		return "", fmt.Errorf("@files: %w", err)
	}
	return string(v.At(0)), nil
}
