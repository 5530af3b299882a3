package source

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format/lines"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

// errWhole says that an update is not possible and the files must be read
// whole; it never leaves the package.
var errWhole = errors.New("read the file whole")

// update makes the table of a request out of the version before, parsing only
// the chunks of its files that are new. ok is false where that is not possible
// or would not pay; then nothing that was written matters.
func update(ctx context.Context, w store.Writer, q *Request) (*Result, bool, error) {
	if !updatable(q) {
		return nil, false, nil
	}
	u := &updater{q: q, w: w, old: q.Old, keyCols: q.Old.Schema.KeyColumns(),
		content: q.Old.Schema.Key[0] == column.ContentKey,
		rows:    column.NewBatch(q.Old.Schema, 0)}
	res, err := u.run(ctx)
	if errors.Is(err, errWhole) || errors.Is(err, table.ErrDuplicateKey) {
		return nil, false, nil // reading everything finds both lines of a duplicate
	}
	return res, true, err
}

// updatable reports whether the request asks for nothing that touches every row.
func updatable(q *Request) bool {
	if q.Format.Text == nil || q.Compressed != "" || len(q.Types) > 0 || len(q.Rename) > 0 ||
		q.Duplicates != DuplicateError || len(q.Files) != len(q.Old.Sources) || q.Old.Rows() == 0 {
		return false
	}
	for i := range q.Files {
		if o := q.textOf(&q.Files[i]); o.Delimiter != 0 || o.Header != nil || len(o.Rename) > 0 {
			return false // perhaps another dialect than before
		}
	}
	if len(q.Key) == 0 {
		return true
	}
	if len(q.Key) != len(q.Old.Schema.Key) {
		return false
	}
	for i, k := range q.Old.Schema.KeyColumns() {
		if q.Old.Schema.Fields[k].Name != q.Key[i] {
			return false
		}
	}
	return true
}

// updater carries one update.
type updater struct {
	q       *Request
	w       store.Writer
	old     *table.Table
	keyCols []int
	content bool

	gone   [][]byte // keys of the rows of vanished chunks
	fresh  [][]byte // keys of rows, which are the content of those keys
	rows   *column.Batch
	parsed int64
	held   int64 // bytes of text of the new rows, and a share of that of the vanished ones, whose keys are held
}

// fileUpdate is what changed in one file.
type fileUpdate struct {
	src    *Source
	id     object.ID
	before []chunk
	after  []chunk
	isNew  []bool        // after[i] has to be parsed
	data   []lines.Chunk // the new chunks
	gone   []int         // positions in before that vanished
	odd    map[string][]byte
	oddOut [][]byte // keys of vanished rows
	same   bool     // not a byte changed
}

func (u *updater) run(ctx context.Context) (*Result, error) {
	res := &Result{ByKey: !u.content}
	var files []*fileUpdate
	for i := range u.q.Files {
		f, err := u.read(ctx, &u.q.Files[i], u.old.Sources[i])
		if err != nil {
			return nil, err
		}
		if err := u.parse(ctx, f); err != nil {
			return nil, err
		}
		files = append(files, f)
		res.Bytes += u.q.Files[i].Size
	}
	if !apart(files) {
		return nil, errWhole
	}
	edits, err := u.edits(ctx)
	if err != nil {
		return nil, err
	}
	root, changes, err := table.Apply(ctx, u.w, u.old, u.rows, edits)
	if err != nil {
		return nil, err
	}
	t := table.New(u.w, u.old.Schema, root)
	for _, f := range files {
		id := f.id
		if !f.same {
			if id, err = u.save(ctx, f); err != nil {
				return nil, err
			}
		}
		t.Sources = append(t.Sources, id)
	}
	res.Table, res.Parsed, res.Changes = t, u.parsed, &changes
	return res, nil
}

// apart reports whether the keys of files that are in key order follow each
// other from file to file, so that the rows of one are a range of the table.
func apart(files []*fileUpdate) bool {
	var all []chunk
	for _, f := range files {
		if f.src.Shuffled {
			return true // all are, or none
		}
		all = append(all, f.after...)
	}
	return ascending(all)
}

// save writes the source object of a changed file.
func (u *updater) save(ctx context.Context, f *fileUpdate) (object.ID, error) {
	base := f.src.Lines
	if err := f.src.saveChunks(ctx, u.w, f.after, base); err != nil {
		return object.ID{}, err
	}
	if len(f.odd) > 0 || len(f.oddOut) > 0 {
		root, err := f.applyOdd(ctx, u.w)
		if err != nil {
			return object.ID{}, err
		}
		f.src.setOdd(root)
	}
	return f.src.save(ctx, u.w, f.id)
}

// applyOdd takes vanished records out of the table of odd records and puts new
// ones in.
func (f *fileUpdate) applyOdd(ctx context.Context, w store.Writer) (merkle.Root, error) {
	keys := make([]string, 0, len(f.odd))
	for k := range f.odd {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	rows := column.NewBatch(oddSchema(), len(keys))
	var edits []table.Edit
	for i, k := range keys {
		rows.Cols[0].AppendString(k)
		rows.Cols[1].AppendBytes(f.odd[k])
		rows.Len++
		edits = append(edits, table.Edit{Key: column.AppendKey(nil, rows.Cols[0], i), Row: i})
	}
	for _, k := range f.oddOut {
		if _, again := f.odd[string(k)]; !again {
			v := column.NewVector(column.Of(column.Binary), 1)
			v.AppendBytes(k)
			edits = append(edits, table.Edit{Key: column.AppendKey(nil, v, 0), Row: -1})
		}
	}
	slices.SortFunc(edits, func(a, b table.Edit) int { return bytes.Compare(a.Key, b.Key) })
	root, _, err := table.Apply(ctx, w, f.src.oddTable(w), rows, edits)
	return root, err
}
