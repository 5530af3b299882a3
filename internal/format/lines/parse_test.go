package lines

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"testing"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
)

// lengths is a codec whose only column is the length of each line; a line that
// begins with ! is an error, one that holds a comma is odd.
type lengths struct{}

func (lengths) Columns() []column.Field {
	return []column.Field{column.NewField("n", column.Of(column.Int64))}
}
func (lengths) Dialect() []byte                                  { return nil }
func (lengths) Render(dst []byte, b *column.Batch, i int) []byte { return dst }
func (l lengths) Clone() format.Inferrer                         { return &counter{} }
func (lengths) Parse(data []byte, line int64, dst *column.Batch) (ends, odd []uint32, err error) {
	for i := 0; i < len(data); line++ {
		if data[i] == '!' {
			return nil, nil, &format.SyntaxError{Line: line, Msg: "bang"}
		}
		j := i + bytes.IndexByte(data[i:], '\n') + 1
		if bytes.IndexByte(data[i:j], ',') >= 0 {
			odd = append(odd, uint32(len(ends)))
		}
		dst.Cols[0].AppendInt(int64(j - i))
		dst.Len++
		ends = append(ends, uint32(j))
		i = j
	}
	return ends, odd, nil
}

// counter counts bytes.
type counter struct{ n int64 }

func (c *counter) Clone() format.Inferrer  { return &counter{} }
func (c *counter) Merge(o format.Inferrer) { c.n += o.(*counter).n }
func (c *counter) Chunk(data []byte, line int64) error {
	if i := bytes.IndexByte(data, '!'); i >= 0 {
		return &format.SyntaxError{Line: line + countLF(data[:i]), Msg: "bang"}
	}
	c.n += int64(len(data))
	return nil
}
func (c *counter) Codec() (format.Codec, error) {
	if c.n == 0 {
		return nil, errors.New("nothing seen")
	}
	return lengths{}, nil
}

func TestParseKeepsOrder(t *testing.T) {
	data := text(11, 6<<20)
	for _, o := range []Options{{Workers: 1}, {Workers: 4}, {Workers: 3, Budget: 1}, {Workers: 4, Budget: 300 << 10}} {
		var back []byte
		rows := 0
		for p, err := range Parse(context.Background(), Chunks(context.Background(), bytes.NewReader(data), lineEnd, o), lengths{}, o) {
			if err != nil {
				t.Fatal(err)
			}
			if p.Batch.Len != len(p.Ends) || p.ID.IsZero() || len(p.Odd) != len(p.Ends) {
				t.Fatalf("chunk %d: %d rows, %d ends, %d odd", p.Index, p.Batch.Len, len(p.Ends), len(p.Odd))
			}
			for i := range p.Ends {
				if p.Batch.Cols[0].Ints[i] != int64(len(p.Record(i))) {
					t.Fatal("batch of another chunk")
				}
				back = append(back, p.Record(i)...)
			}
			rows += p.Batch.Len
			p.Release()
		}
		if !bytes.Equal(back, data) || rows != bytes.Count(data, []byte("\n")) {
			t.Fatalf("%+v: %d rows, %d of %d bytes", o, rows, len(back), len(data))
		}
	}
}

func TestParseMayKeepWithoutRelease(t *testing.T) {
	data := text(12, 2<<20)
	var kept []*Parsed
	o := Options{Workers: 2, Budget: 100 << 10}
	for p, err := range Parse(context.Background(), Chunks(context.Background(), bytes.NewReader(data), lineEnd, o), lengths{}, o) {
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, p)
	}
	var back []byte
	for _, p := range kept {
		back = append(back, p.Data...)
	}
	if !bytes.Equal(back, data) {
		t.Fatal("kept chunks changed")
	}
}

func TestFirstErrorWins(t *testing.T) {
	data := text(13, 6<<20)
	for _, at := range []int{1 << 20, 3 << 20, 5 << 20} {
		data[lineEnd(data, at)] = '!'
	}
	want := 1 + countLF(data[:lineEnd(data, 1<<20)])
	o := Options{Workers: 4}
	chunks := Chunks(context.Background(), bytes.NewReader(data), lineEnd, o)
	check := func(name string, err error) {
		var se *format.SyntaxError
		if !errors.As(err, &se) || se.Line != want {
			t.Errorf("%s: %v, want line %s", name, err, strconv.FormatInt(want, 10))
		}
	}
	var last error
	for _, err := range Parse(context.Background(), chunks, lengths{}, o) {
		last = err
	}
	check("parse", last)
	_, err := Infer(context.Background(), Chunks(context.Background(), bytes.NewReader(data), lineEnd, o), &counter{}, o)
	check("infer", err)
}

func TestInferMergesAll(t *testing.T) {
	data := text(14, 3<<20)
	c := &counter{}
	if _, err := Infer(context.Background(), Chunks(context.Background(), bytes.NewReader(data), lineEnd, Options{}), c, Options{Workers: 3}); err != nil {
		t.Fatal(err)
	}
	if c.n != int64(len(data)) {
		t.Fatalf("saw %d of %d bytes", c.n, len(data))
	}
}

func TestCancelAndBreak(t *testing.T) {
	data := text(15, 6<<20)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var last error
	n := 0
	for _, err := range Parse(ctx, Chunks(ctx, bytes.NewReader(data), lineEnd, Options{}), lengths{}, Options{Workers: 2}) {
		if n++; n == 3 {
			cancel()
		}
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("last error %v, want canceled", last)
	}
	for _, err := range Parse(context.Background(), Chunks(context.Background(), bytes.NewReader(data), lineEnd, Options{}), lengths{}, Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		break
	}
}
