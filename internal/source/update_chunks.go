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
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/table"
)

// read cuts a file into chunks and finds those that its older version did not
// have.
func (u *updater) read(ctx context.Context, file *File, id object.ID) (*fileUpdate, error) {
	src, err := Load(ctx, u.w, id)
	if err != nil {
		return nil, err
	}
	skip := u.q.textOf(file).Skip
	if !src.IsText() || src.Path != file.Path || src.Format != u.q.Format.Name || (skip != 0 && skip != src.Skip) {
		return nil, errWhole
	}
	f := &fileUpdate{src: src, id: id, odd: map[string][]byte{}}
	if f.before, err = src.chunks(ctx, u.w); err != nil {
		return nil, err
	}
	known := map[chunkHash][]int{}
	for i := range f.before {
		known[f.before[i].Hash] = append(known[f.before[i].Hash], i)
	}
	codec, err := u.codec(src)
	if err != nil {
		return nil, err
	}
	r, err := openPlain(ctx, u.q, file, nil, u.q.Progress)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	head := make([]byte, len(src.Head))
	if _, err := io.ReadFull(r, head); err != nil || !bytes.Equal(head, src.Head) {
		return nil, errWhole
	}
	o := lines.Options{Line: 1 + lines.CountLines(head), Workers: u.q.Workers}
	chunks := lines.Chunks(ctx, r, lines.RecordEnd(u.q.Format.Text, codec), o)
	hash := object.NewHasher()
	_, _ = hash.Write(head)
	var size, fresh int64
	for c, err := range lines.Summed(ctx, chunks, o) {
		if err != nil {
			return nil, inFile(file.Path, err)
		}
		n := int64(len(c.Data))
		size += n
		_, _ = hash.Write(c.Data)
		own := hashOf(c.ID)
		if at := known[own]; len(at) > 0 {
			f.after, f.isNew = append(f.after, f.before[at[0]]), append(f.isNew, false)
			known[own] = at[1:]
			c.Release()
			continue
		}
		u.held += n
		if fresh += n; fresh > 1<<20 && fresh > file.Size/2 || u.held > u.q.mem()/4 {
			return nil, errWhole
		}
		f.after, f.isNew = append(f.after, chunk{Hash: own, Size: n, Lines: lines.CountLines(c.Data)}), append(f.isNew, true)
		f.data = append(f.data, c)
	}
	for _, at := range known {
		f.gone = append(f.gone, at...)
	}
	slices.Sort(f.gone)
	for _, at := range f.gone {
		u.held += f.before[at].Size / 4
	}
	if u.held > u.q.mem()/4 {
		return nil, errWhole
	}
	sum := hash.Sum()
	f.same = sum == src.HashID() && file.Executable == src.Executable
	if u.content && src.Odd != nil && !f.same {
		return nil, errWhole // odd records are numbered among all rows
	}
	next := *src
	next.Hash, next.Size, next.Executable = sum[:], size+int64(len(head)), file.Executable
	f.src = &next
	return f, nil
}

func (u *updater) codec(s *Source) (format.Codec, error) {
	return u.q.Format.Text.Load(s.Dialect, s.fields(u.old.Schema))
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
	if k := len(f.after) - 1; k >= 0 && !f.isNew[k] && f.after[k].Hash == f.before[len(f.before)-1].Hash {
		f.src.Cut = cut // the file ends as it did
	}
	odd, n := 0, 0
	for p, err := range lines.Parse(ctx, u.given(f), codec, lines.Options{Workers: u.q.Workers}) {
		var ve *format.ValueError
		var se *format.SyntaxError
		if errors.As(err, &ve) || errors.As(err, &se) {
			return errWhole // which says what is wrong, if it is
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
		f.oddOut = slices.Clone(u.gone[start:]) // edits sorts those of all files
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
