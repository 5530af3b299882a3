package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/format/lines"
	"github.com/strata-data/strata/internal/object"
)

// part is a run of rows of a file, in its order, under the file's columns.
type part struct {
	batch   *column.Batch
	odd     []uint32
	record  func(i int) []byte // bytes of record i (text)
	chunk   *chunk             // text: ID, Size, Lines are set
	release func()
}

// input is a file that is ready to be read.
type input interface {
	columns() []column.Field
	// parts yields the rows; it may be called again.
	parts(ctx context.Context) iter.Seq2[part, error]
	// describe fills in what the source object needs, after parts has ended.
	describe(s *Source)
	// lineOf returns the line of row ordinal (from 0), where there are lines.
	lineOf(ctx context.Context, ordinal int64) (int64, bool)
	close() error
}

// textInput is a file of lines whose dialect is known.
type textInput struct {
	q     *Request
	file  *File
	codec format.Codec
	head  []byte
	hash  object.ID
	size  int64 // bytes of the file
	cut   int
	// guessed says that the codec was inferred from the beginning of the file
	// only; empty are the columns that had no value there.
	guessed bool
	empty   []bool
}

// errGuess is returned by parts when the rest of a file does not agree with
// its beginning.
var errGuess = errors.New("the beginning of the file is not like the rest")

func (t *textInput) columns() []column.Field { return t.codec.Columns() }

func (t *textInput) close() error { return nil }

// openPlain opens the file behind its compression.
func openPlain(ctx context.Context, q *Request, f *File, hash *object.Hasher, progress func(int64)) (*plainFile, error) {
	h, err := f.Open()
	if err != nil {
		return nil, err
	}
	raw := &counted{Reader: h, ctx: ctx, progress: progress, hash: hash}
	r, _, err := lines.Open(f.Path, raw)
	if err != nil {
		_ = h.Close()
		return nil, inFile(f.Path, err)
	}
	return &plainFile{r, raw, h}, nil
}

// plainFile is an open file behind its compression.
type plainFile struct {
	io.ReadCloser
	raw   *counted // its own bytes
	under io.Closer
}

func (b *plainFile) Close() error {
	err := b.ReadCloser.Close()
	if e := b.under.Close(); err == nil {
		err = e
	}
	return err
}

// newTextInput finds the dialect of a text file. Unless whole is set, the
// beginning of a long file stands for all of it until parts finds otherwise.
func newTextInput(ctx context.Context, q *Request, f *File, o format.TextOptions, whole bool) (*textInput, error) {
	r, err := openPlain(ctx, q, f, nil, nil)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	inf, head, body, err := lines.Begin(q.Format.Text, r, o)
	if err != nil {
		return nil, inFile(f.Path, err)
	}
	size := int64(lines.SniffSize)
	if q.Compressed == "" {
		size = min(size, f.Size+1)
	}
	begin := make([]byte, size)
	n, err := io.ReadFull(body, begin)
	eof := err == io.EOF || err == io.ErrUnexpectedEOF
	if err != nil && !eof {
		return nil, inFile(f.Path, err)
	}
	begin = begin[:n]
	t := &textInput{q: q, file: f, head: bytes.Clone(head)}
	rest := io.MultiReader(bytes.NewReader(begin), body)
	known := wholeRecords(q.Format.Text, inf, begin)
	if !whole && !eof && len(known) > 0 {
		rest = bytes.NewReader(known)
		t.guessed = true
	}
	lo := lines.Options{Line: 1 + lines.CountLines(t.head), Workers: q.Workers}
	chunks := lines.Chunks(ctx, rest, lines.RecordEnd(q.Format.Text, inf), lo)
	if t.codec, err = lines.Infer(ctx, chunks, inf, lo); err != nil {
		return nil, inFile(f.Path, err)
	}
	if t.guessed {
		t.findEmpty(known, lo.Line)
	}
	return t, nil
}

// wholeRecords returns whole records from the beginning of b, all but the last
// few; none if the first record is longer than b.
func wholeRecords(f format.Text, v any, b []byte) []byte {
	const step = 64 << 10
	end, at := lines.RecordEnd(f, v), 0
	for at < len(b) {
		n := end(b[at:], min(step, len(b)-at-1))
		if n <= 0 {
			break
		}
		at += n
	}
	return b[:at]
}

// findEmpty notes the columns without a value at the beginning of the file:
// their type is not known yet.
func (t *textInput) findEmpty(data []byte, line int64) {
	b := column.NewBatch(&column.Schema{Fields: t.codec.Columns()}, 0)
	if _, _, err := t.codec.Parse(data, line, b); err != nil {
		return // parts meets it again and asks for the whole file
	}
	t.empty = make([]bool, len(b.Cols))
	for i, c := range b.Cols {
		t.empty[i] = c.Nulls == c.Len
	}
}

// emptyColumns reports of each column whether it has no value at all.
func (t *textInput) emptyColumns(ctx context.Context) ([]bool, error) {
	columns := t.codec.Columns()
	empty := make([]bool, len(columns))
	for i := range empty {
		empty[i] = true
	}
	quiet := *t.q
	quiet.Progress = nil
	u := *t
	u.q = &quiet
	for p, err := range u.parts(ctx) {
		if err != nil {
			return nil, err
		}
		left := false
		for i, c := range p.batch.Cols {
			empty[i] = empty[i] && c.Nulls == c.Len
			left = left || empty[i]
		}
		p.release()
		if !left {
			break
		}
	}
	return empty, nil
}

func (t *textInput) parts(ctx context.Context) iter.Seq2[part, error] {
	return func(yield func(part, error) bool) {
		hash := object.NewHasher()
		r, err := openPlain(ctx, t.q, t.file, &hash, t.q.Progress)
		if err != nil {
			yield(part{}, err)
			return
		}
		defer r.Close()
		head := make([]byte, len(t.head))
		if _, err := io.ReadFull(r, head); err != nil || !bytes.Equal(head, t.head) {
			if err == nil || err == io.EOF || err == io.ErrUnexpectedEOF {
				err = ErrChanged
			}
			yield(part{}, inFile(t.file.Path, err))
			return
		}
		o := lines.Options{Line: 1 + lines.CountLines(t.head), Workers: t.q.Workers}
		chunks := lines.Chunks(ctx, r, lines.RecordEnd(t.q.Format.Text, t.codec), o)
		var held *lines.Parsed // the last chunk is treated apart, so one is held back
		for p, err := range lines.Parse(ctx, chunks, t.codec, o) {
			if err != nil {
				var ve *format.ValueError
				if t.guessed && errors.As(err, &ve) {
					err = errGuess
				}
				yield(part{}, inFile(t.file.Path, err))
				return
			}
			if held != nil && !t.yield(held, yield) {
				return
			}
			held = p
		}
		if _, err := io.Copy(io.Discard, r.raw); err != nil { // what a decompressor left
			yield(part{}, inFile(t.file.Path, err))
			return
		}
		t.hash, t.size, t.cut = hash.Sum(), r.raw.n, 0
		if held != nil {
			t.cut = cutEnd(t.codec, held)
			t.yield(held, yield)
		}
	}
}

func (t *textInput) yield(p *lines.Parsed, yield func(part, error) bool) bool {
	if t.guessed && t.wrongGuess(p) {
		yield(part{}, errGuess)
		return false
	}
	return yield(partOf(p), nil)
}

func partOf(p *lines.Parsed) part {
	c := &chunk{Hash: hashOf(p.ID), Size: int64(len(p.Data)), Rows: int64(p.Batch.Len), Lines: lines.CountLines(p.Data)}
	return part{batch: p.Batch, odd: p.Odd, record: p.Record, chunk: c, release: p.Release}
}

// cutEnd returns how many bytes must be cut off the last record of a file as
// it is rendered: a file without a line end at its end. If that makes the
// record right it is no longer odd.
func cutEnd(codec format.Codec, p *lines.Parsed) int {
	n := len(p.Odd)
	last := p.Batch.Len - 1
	if n == 0 || int(p.Odd[n-1]) != last {
		return 0
	}
	rec := p.Record(last)
	full := codec.Render(nil, p.Batch, last)
	cut := len(full) - len(rec)
	if cut < 1 || cut > 2 || !bytes.Equal(full[:len(rec)], rec) || strings.Trim(string(full[len(rec):]), "\r\n") != "" {
		return 0
	}
	p.Odd = p.Odd[:n-1]
	return cut
}

// wrongGuess reports whether rows show that a reading of the whole file might
// come to another codec.
func (t *textInput) wrongGuess(p *lines.Parsed) bool {
	if len(p.Odd) > 0 {
		return true
	}
	for i, empty := range t.empty {
		if c := p.Batch.Cols[i]; empty && c.Nulls < c.Len {
			return true
		}
	}
	return t.empty == nil
}

func (t *textInput) describe(s *Source) {
	s.Hash, s.Size = t.hash[:], t.size
	s.Dialect, s.Head, s.Cut = t.codec.Dialect(), t.head, t.cut
}

func (t *textInput) lineOf(ctx context.Context, ordinal int64) (int64, bool) {
	r, err := openPlain(ctx, t.q, t.file, nil, nil)
	if err != nil {
		return 0, false
	}
	defer r.Close()
	if _, err := io.CopyN(io.Discard, r, int64(len(t.head))); err != nil {
		return 0, false
	}
	o := lines.Options{Line: 1 + lines.CountLines(t.head), Workers: t.q.Workers}
	for p, err := range lines.Parse(ctx, lines.Chunks(ctx, r, lines.RecordEnd(t.q.Format.Text, t.codec), o), t.codec, o) {
		if err != nil {
			return 0, false
		}
		if n := int64(len(p.Ends)); ordinal >= n {
			ordinal -= n
			p.Release()
			continue
		}
		from := uint32(0)
		if ordinal > 0 {
			from = p.Ends[ordinal-1]
		}
		return p.Line + lines.CountLines(p.Data[:from]), true
	}
	return 0, false
}

// binaryInput is a file whose rows a RowReader gives.
type binaryInput struct {
	q      *Request
	file   *File
	handle Handle
	rows   format.RowReader
}

func newBinaryInput(ctx context.Context, q *Request, f *File) (*binaryInput, error) {
	h, err := f.Open()
	if err != nil {
		return nil, err
	}
	rows, err := q.Format.Binary.Open(ctx, h, f.Size)
	if err != nil {
		_ = h.Close()
		return nil, inFile(f.Path, err)
	}
	return &binaryInput{q: q, file: f, handle: h, rows: rows}, nil
}

func (b *binaryInput) columns() []column.Field { return b.rows.Schema().Fields }

func (b *binaryInput) parts(ctx context.Context) iter.Seq2[part, error] {
	return func(yield func(part, error) bool) {
		total := max(b.rows.Rows(), 1)
		for batch, err := range b.rows.Batches(ctx) {
			if err != nil {
				yield(part{}, inFile(b.file.Path, err))
				return
			}
			if b.q.Progress != nil {
				b.q.Progress(b.file.Size * int64(batch.Len) / total)
			}
			if !yield(part{batch: batch}, nil) {
				return
			}
		}
	}
}

func (b *binaryInput) describe(*Source) {}

// again returns the whole file once more: the very one that the rows are from,
// though another may have been put in its place.
func (b *binaryInput) again() io.Reader { return io.NewSectionReader(b.handle, 0, 1<<62) }

func (b *binaryInput) lineOf(context.Context, int64) (int64, bool) { return 0, false }

func (b *binaryInput) close() error {
	err := b.rows.Close()
	if e := b.handle.Close(); err == nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("close %s: %w", b.file.Path, err)
	}
	return nil
}
