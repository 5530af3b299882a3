package source

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"slices"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
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
		q.Duplicates != DuplicateError || len(q.Files) != len(q.Old.Sources) {
		return false
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
	edits, err := u.edits(ctx)
	if err != nil {
		return nil, err
	}
	root, _, err := table.Apply(ctx, u.w, u.old, u.rows, edits)
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
	res.Table, res.Parsed = t, u.parsed
	return res, nil
}

// read cuts a file into chunks and finds those that its older version did not
// have.
func (u *updater) read(ctx context.Context, file *File, id object.ID) (*fileUpdate, error) {
	src, err := Load(ctx, u.w, id)
	if err != nil {
		return nil, err
	}
	if !src.IsText() || src.Path != file.Path || src.Format != u.q.Format.Name || (u.content && src.Odd != nil) {
		return nil, errWhole
	}
	f := &fileUpdate{src: src, id: id, odd: map[string][]byte{}}
	if f.before, err = src.chunks(ctx, u.w); err != nil {
		return nil, err
	}
	known := map[object.ID][]int{}
	for i := range f.before {
		known[f.before[i].ID] = append(known[f.before[i].ID], i)
	}
	codec, err := u.codec(src)
	if err != nil {
		return nil, err
	}
	hash := object.NewHasher()
	r, err := openPlain(ctx, u.q, file, &hash, u.q.Progress)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	head := make([]byte, len(src.Head))
	if _, err := io.ReadFull(r, head); err != nil || !bytes.Equal(head, src.Head) {
		return nil, errWhole
	}
	o := lines.Options{Line: 1 + lines.CountLines(head), Hash: true}
	var size, fresh int64
	for c, err := range lines.Chunks(ctx, r, lines.RecordEnd(u.q.Format.Text, codec), o) {
		if err != nil {
			return nil, inFile(file.Path, err)
		}
		n := int64(len(c.Data))
		size += n
		if at := known[c.ID]; len(at) > 0 {
			f.after, f.isNew = append(f.after, f.before[at[0]]), append(f.isNew, false)
			known[c.ID] = at[1:]
			c.Release()
			continue
		}
		if fresh += n; fresh > 1<<20 && fresh > file.Size/2 {
			return nil, errWhole
		}
		f.after, f.isNew = append(f.after, chunk{ID: c.ID, Size: n, Lines: lines.CountLines(c.Data)}), append(f.isNew, true)
		f.data = append(f.data, c)
	}
	for _, at := range known {
		f.gone = append(f.gone, at...)
	}
	slices.Sort(f.gone)
	sum := hash.Sum()
	f.same = sum == src.HashID() && file.Executable == src.Executable
	next := *src
	next.Hash, next.Size, next.Executable = sum[:], size+int64(len(head)), file.Executable
	f.src = &next
	return f, nil
}

func (u *updater) codec(s *Source) (format.Codec, error) {
	return u.q.Format.Text.Load(s.Dialect, table.Project(u.old.Schema, s.Columns).Fields)
}

// parse reads the new chunks of a file and the keys of those that are gone.
func (u *updater) parse(ctx context.Context, f *fileUpdate) error {
	if f.same {
		return nil
	}
	codec, err := u.codec(f.src)
	if err != nil {
		return err
	}
	maps := make([]int, len(u.old.Schema.Fields))
	for i, fd := range u.old.Schema.Fields {
		maps[i] = slices.Index(f.src.Columns, fd.ID)
	}
	var at []int // positions in after of the new chunks
	for i, isNew := range f.isNew {
		if isNew {
			at = append(at, i)
		}
	}
	f.src.Rows = 0
	cut := f.src.Cut
	f.src.Cut = 0
	if k := len(f.after) - 1; k >= 0 && !f.isNew[k] && f.after[k].ID == f.before[len(f.before)-1].ID {
		f.src.Cut = cut // the file ends as it did
	}
	odd, n := 0, 0
	for p, err := range lines.Parse(ctx, u.given(f), codec, lines.Options{Workers: u.q.Workers}) {
		var ve *format.ValueError
		if errors.As(err, &ve) {
			return errWhole
		}
		if err != nil {
			return inFile(f.src.Path, err)
		}
		i := at[n]
		n++
		if i == len(f.after)-1 {
			f.src.Cut = cutEnd(codec, p)
		}
		odd += len(p.Odd)
		if err := u.take(ctx, f, p, &f.after[i], maps); err != nil {
			return err
		}
	}
	if odd > 100 && odd > u.rows.Len/2 {
		return errWhole // another dialect
	}
	for i := range f.after {
		f.src.Rows += f.after[i].Rows
	}
	if !f.src.Shuffled && !ascending(f.after) {
		return errWhole
	}
	return u.vanished(ctx, f)
}

func (u *updater) given(f *fileUpdate) iter.Seq2[lines.Chunk, error] {
	return func(yield func(lines.Chunk, error) bool) {
		for _, c := range f.data {
			u.parsed += int64(len(c.Data))
			if !yield(c, nil) {
				return
			}
		}
	}
}

// take adds the rows of a new chunk.
func (u *updater) take(ctx context.Context, f *fileUpdate, p *lines.Parsed, c *chunk, maps []int) error {
	b, err := shape(p.Batch, u.old.Schema, maps)
	if err != nil {
		return err
	}
	if u.content {
		addContentKey(b)
		if len(p.Odd) > 0 {
			return errWhole
		}
	}
	for i := range b.Len {
		if column.KeyNull(b, u.keyCols, i) {
			return errWhole // which names the line
		}
		u.fresh = append(u.fresh, column.RowKey(nil, b, u.keyCols, i))
	}
	c.Rows = int64(b.Len)
	if keys := u.fresh[len(u.fresh)-b.Len:]; b.Len > 0 {
		c.First, c.Last = keys[0], keys[b.Len-1]
		if !f.src.Shuffled && !slices.IsSortedFunc(keys, bytes.Compare) {
			return errWhole
		}
	}
	if f.src.Shuffled {
		if c.Keys, err = saveKeys(ctx, u.w, b, u.keyCols); err != nil {
			return err
		}
	}
	for _, i := range p.Odd {
		f.odd[string(u.fresh[len(u.fresh)-b.Len+int(i)])] = bytes.Clone(p.Record(int(i)))
	}
	u.rows.AppendFrom(b, 0, b.Len)
	p.Release()
	return nil
}

// ascending reports whether the keys of chunks follow each other.
func ascending(chunks []chunk) bool {
	var last []byte
	for i := range chunks {
		if chunks[i].Rows == 0 {
			continue
		}
		if last != nil && bytes.Compare(last, chunks[i].First) >= 0 {
			return false
		}
		last = chunks[i].Last
	}
	return true
}

// vanished collects the keys of the rows of chunks that are gone.
func (u *updater) vanished(ctx context.Context, f *fileUpdate) error {
	start := len(u.gone)
	for i := 0; i < len(f.gone); i++ {
		c := &f.before[f.gone[i]]
		if c.Rows == 0 {
			continue
		}
		if f.src.Shuffled {
			keys, err := readKeys(ctx, u.w, c)
			if err != nil {
				return err
			}
			for k := range keys.Len {
				u.gone = append(u.gone, bytes.Clone(keys.At(k)))
			}
			continue
		}
		last := c.Last
		for i+1 < len(f.gone) && f.gone[i+1] == f.gone[i]+1 { // neighbours in one scan
			i++
			if next := &f.before[f.gone[i]]; next.Rows > 0 {
				last = next.Last
			}
		}
		if err := u.scanKeys(ctx, c.First, last); err != nil {
			return err
		}
	}
	if f.src.Odd != nil {
		f.oddOut = u.gone[start:]
	}
	return nil
}

// scanKeys collects the keys from first to last of the old table.
func (u *updater) scanKeys(ctx context.Context, first, last []byte) error {
	o := table.ScanOptions{Columns: u.old.Schema.Key, From: first, To: append(bytes.Clone(last), 0), Workers: 1}
	for b, err := range u.old.Scan(ctx, o) {
		if err != nil {
			return err
		}
		pos := b.Schema.KeyColumns()
		for i := range b.Len {
			u.gone = append(u.gone, column.RowKey(nil, b, pos, i))
		}
	}
	return nil
}

// edits turns vanished and new rows into edits of the table, in key order.
func (u *updater) edits(ctx context.Context) ([]table.Edit, error) {
	slices.SortFunc(u.gone, bytes.Compare)
	order := make([]int, len(u.fresh))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return bytes.Compare(u.fresh[a], u.fresh[b]) })
	sorted := column.NewBatch(u.old.Schema, len(order))
	keys := make([][]byte, len(order))
	for i, v := range sorted.Cols {
		v.Take(u.rows.Cols[i], order)
	}
	sorted.Len = len(order)
	for i, o := range order {
		keys[i] = u.fresh[o]
	}
	u.rows, u.fresh = sorted, keys
	if u.content {
		return u.contentEdits(ctx)
	}
	var edits []table.Edit
	g := 0
	for i, k := range keys {
		if i > 0 && bytes.Equal(k, keys[i-1]) {
			return nil, errWhole
		}
		for ; g < len(u.gone) && bytes.Compare(u.gone[g], k) < 0; g++ {
			edits = append(edits, table.Edit{Key: u.gone[g], Row: -1})
		}
		replaced := g < len(u.gone) && bytes.Equal(u.gone[g], k)
		if replaced {
			g++
		}
		edits = append(edits, table.Edit{Key: k, Row: i, New: !replaced})
	}
	for ; g < len(u.gone); g++ {
		edits = append(edits, table.Edit{Key: u.gone[g], Row: -1})
	}
	return edits, nil
}

// contentEdits keeps the occurrence numbers of equal rows without gaps: what
// matters is how many there are now and were before.
func (u *updater) contentEdits(ctx context.Context) ([]table.Edit, error) {
	var edits []table.Edit
	g := 0
	for i := 0; i < len(u.fresh) || g < len(u.gone); {
		var key []byte
		if i < len(u.fresh) && (g == len(u.gone) || bytes.Compare(u.fresh[i], u.gone[g]) <= 0) {
			key = u.fresh[i]
		} else {
			key = u.gone[g]
		}
		row, plus, minus := i, 0, 0
		for ; i < len(u.fresh) && bytes.Equal(u.fresh[i], key); i++ {
			plus++
		}
		for ; g < len(u.gone) && bytes.Equal(u.gone[g], key); g++ {
			minus++
		}
		if plus == minus {
			continue
		}
		have, err := u.occurrences(ctx, key)
		if err != nil {
			return nil, err
		}
		want := have + plus - minus
		for n := min(have, want); n < max(have, want); n++ {
			own, err := numbered(key, uint32(n))
			if err != nil {
				return nil, err
			}
			if n >= have {
				if err := u.number(row+n-have, own); err != nil {
					return nil, err
				}
				edits = append(edits, table.Edit{Key: own, Row: row + n - have, New: true})
			} else {
				edits = append(edits, table.Edit{Key: own, Row: -1})
			}
		}
	}
	return edits, nil
}

// occurrences counts the rows of the old table with the content of key.
func (u *updater) occurrences(ctx context.Context, key []byte) (int, error) {
	end, err := numbered(key, 1<<32-1)
	if err != nil {
		return 0, err
	}
	n := 0
	for b, err := range u.old.Scan(ctx, table.ScanOptions{Columns: u.old.Schema.Key, From: key, To: end, Workers: 1}) {
		if err != nil {
			return 0, err
		}
		n += b.Len
	}
	return n, nil
}

// number writes a content key into a new row.
func (u *updater) number(row int, encoded []byte) error {
	raw, err := contentKey(encoded)
	if err != nil {
		return err
	}
	v := u.rows.Cols[u.keyCols[0]]
	copy(v.Bytes[v.Offs[row]:v.Offs[row+1]], raw)
	return nil
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
