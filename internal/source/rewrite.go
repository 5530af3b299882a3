package source

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

// RewriteOptions are what rewriting may use. Formats is required.
type RewriteOptions struct {
	// Formats returns the format that a source object names.
	Formats func(name string) (format.Format, bool)
	// Base is the version that the tables have in common; it tells which side
	// renamed or removed a file. Nil where there is none.
	Base    *table.Table
	Mem     int64 // budget in bytes, 0 = 1 GiB
	Workers int   // 0 = one for each processor
	// Chosen says that every value of the rows is that of some table of like for
	// the same column: none was made by a rule or by hand.
	Chosen bool
	Temp   func() (*os.File, error)
	// Out, if not nil, is asked once for each file, in order of path, where its
	// bytes shall go while they are made. The writer is closed when they are
	// all there; after an error they may be incomplete.
	Out func(path string, executable bool) (io.WriteCloser, error)
}

// Rewrite returns the rows t, which have a schema and a root but no sources,
// with source objects for the files that they make. like are the tables that
// the rows were merged from, the one whose files count most first: each
// sample stays in the file in which the first of like that has it keeps it, and
// the files are written as like's are: order, dialect, columns, and the very
// bytes of records whose samples did not change. Objects are written to w. The
// result is a function of t, like and o.Base alone.
//
// Where all files are in key order so are the new ones; else new samples stand
// behind the one that they stand behind in their own side's file. A file whose
// bytes are those of a file of like has its source object. Bytes of files that
// do not come from rows (Parquet, Arrow, compressed text) are not kept: such a
// file is written from its rows.
func Rewrite(ctx context.Context, w store.Writer, t *table.Table, like []*table.Table, o RewriteOptions) (*table.Table, error) {
	if o.Mem <= 0 {
		o.Mem = 1 << 30
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	rw := &rewriter{o: o, w: w, t: t, content: len(t.Schema.Key) == 1 && t.Schema.Key[0] == column.ContentKey,
		counted: map[string]uint32{}, reread: map[int]*ingester{}}
	defer rw.close()
	if err := rw.plan(ctx, like); err != nil {
		return nil, err
	}
	out := table.New(w, t.Schema, t.Root)
	if i := rw.sameRows(); i >= 0 {
		for _, f := range rw.files {
			out.Sources = append(out.Sources, f.likeID[i])
			if err := rw.restoreAs(ctx, f, i); err != nil {
				return nil, inFile(f.path, err)
			}
		}
		return out, nil
	}
	for i := range rw.files {
		id, err := rw.file(ctx, rw.files[i])
		if err != nil {
			return nil, inFile(rw.files[i].path, err)
		}
		if !id.IsZero() {
			out.Sources = append(out.Sources, id)
		}
	}
	if len(out.Sources) == 0 && len(rw.files) > 0 { // every file lost its samples; one stays
		rw.files[0].must = true
		id, err := rw.file(ctx, rw.files[0])
		if err != nil {
			return nil, inFile(rw.files[0].path, err)
		}
		out.Sources = append(out.Sources, id)
	}
	return out, nil
}

// sameRows returns a side whose files are the ones wanted, or -1: it has these
// very rows, and no other side has a file that was changed, or the files are
// not text, so that there is nothing to put together.
func (rw *rewriter) sameRows() int {
	for i, s := range rw.sides {
		if rw.files[0].template().IsText() && slices.ContainsFunc(rw.sides, func(o side) bool {
			return !slices.Equal(o.t.Sources, s.t.Sources) && (rw.o.Base == nil || !slices.Equal(o.t.Sources, rw.o.Base.Sources))
		}) {
			continue
		}
		same := s.t.Root.ID == rw.t.Root.ID && s.t.Schema.Equal(rw.t.Schema) && len(rw.files) == len(s.sources)
		for _, f := range rw.files {
			l := f.like[i]
			same = same && l != nil && l.Path == f.path && l.Executable == f.executable
		}
		if same {
			return i
		}
	}
	return -1
}

// restoreAs writes a file as side i has it, where the caller wants it.
func (rw *rewriter) restoreAs(ctx context.Context, f *rewritten, i int) error {
	if rw.o.Out == nil {
		return nil
	}
	out, err := rw.o.Out(f.path, f.executable)
	if err != nil {
		return err
	}
	err = Restore(ctx, rw.w, rw.sides[i].t, f.like[i], out, RestoreOptions{Format: f.format, Mem: rw.o.Mem, Temp: rw.o.Temp})
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	return err
}

// rewriter carries one Rewrite.
type rewriter struct {
	o        RewriteOptions
	w        store.Writer
	t        *table.Table
	content  bool // the key is the content
	sides    []side
	files    []*rewritten // in order of path
	shuffled bool
	order    *order            // of all files, where they are shuffled
	counted  map[string]uint32 // contents so far in the files of the first side
	reread   map[int]*ingester // sides whose files had to be read again for their keys
}

// side is one of the tables that the rows were merged from.
type side struct {
	t       *table.Table
	sources []*Source
}

// rewritten is a file that is to be written.
type rewritten struct {
	path       string
	executable bool
	at         int       // its number among the files
	like       []*Source // the file on each side, nil where it has none
	likeID     []object.ID
	base       *Source // the file in the base, nil where that has none
	main       int     // the side that it is written like
	must       bool    // it stays even without samples
	columns    []string
	from, to   []byte // its samples, where files are in key order
	format     format.Format
}

// template is the source that the file is written like.
func (f *rewritten) template() *Source { return f.like[f.main] }

// file writes one file and its source object; the zero id says that the file
// is no more.
func (rw *rewriter) file(ctx context.Context, f *rewritten) (object.ID, error) {
	s := &Source{Path: f.path, Format: f.template().Format, Executable: f.executable}
	write := rw.text
	if !f.template().IsText() {
		write = rw.values
	}
	if there, err := write(ctx, f, s); err != nil || !there {
		return object.ID{}, err
	}
	for i, l := range f.like {
		if l != nil && s.sameAs(l) {
			return f.likeID[i], nil
		}
	}
	return s.save(ctx, rw.w, f.likeID[f.main])
}

// sameAs reports whether two sources of one table write the same file from the
// same samples, so that one may stand for the other.
func (s *Source) sameAs(o *Source) bool {
	if s.Path != o.Path || s.Executable != o.Executable || s.Size != o.Size || !bytes.Equal(s.Hash, o.Hash) || s.Rows != o.Rows {
		return false
	}
	same := s.Shuffled == o.Shuffled && s.Cut == o.Cut && bytes.Equal(s.Dialect, o.Dialect) && bytes.Equal(s.Head, o.Head) &&
		len(s.Columns) == len(o.Columns) && len(s.Lines) == len(o.Lines) && (s.Odd == nil) == (o.Odd == nil)
	for i := range s.Columns {
		same = same && s.Columns[i] == o.Columns[i]
	}
	for i := range s.Lines {
		same = same && bytes.Equal(s.Lines[i], o.Lines[i])
	}
	return same && (s.Odd == nil || bytes.Equal(s.Odd.Root, o.Odd.Root))
}

// output is where the bytes of a file go: to the caller's writer, if there is
// one, and through the hash.
type output struct {
	hash  object.Hasher
	size  int64
	under io.WriteCloser
}

func (rw *rewriter) output(f *rewritten) (*output, error) {
	out := &output{hash: object.NewHasher()}
	if rw.o.Out == nil {
		return out, nil
	}
	var err error
	out.under, err = rw.o.Out(f.path, f.executable)
	return out, err
}

func (o *output) Write(b []byte) (int, error) {
	_, _ = o.hash.Write(b)
	o.size += int64(len(b))
	if o.under == nil {
		return len(b), nil
	}
	return o.under.Write(b)
}

// close ends the file; err is what went wrong before.
func (o *output) close(err error) error {
	if o.under == nil {
		return err
	}
	if cerr := o.under.Close(); err == nil && cerr != nil {
		err = fmt.Errorf("write the file: %w", cerr)
	}
	return err
}
