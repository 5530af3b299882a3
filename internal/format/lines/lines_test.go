package lines

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"

	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/object"
)

func TestGearIsAsDocumented(t *testing.T) {
	for i, g := range gear {
		sum := object.Sum(append([]byte("strata lines gear"), byte(i)))
		if want := binary.LittleEndian.Uint64(sum[:]); g != want {
			t.Fatalf("gear[%d] = %#x, want %#x", i, g, want)
		}
	}
}

// lineEnd is the recordEnd of a format whose records are lines.
func lineEnd(buf []byte, from int) int {
	if i := bytes.IndexByte(buf[from:], '\n'); i >= 0 {
		return from + i + 1
	}
	return -1
}

func text(seed uint64, n int) []byte {
	rng := rand.New(rand.NewPCG(seed, 0))
	var b []byte
	for i := 0; len(b) < n; i++ {
		b = fmt.Appendf(b, "%d,%x", i, rng.Uint64())
		for range rng.IntN(12) {
			b = append(b, " word"...)
		}
		b = append(b, '\n')
	}
	return b
}

func cut(t testing.TB, r io.Reader, o Options) []Chunk {
	var all []Chunk
	for c, err := range Chunks(context.Background(), r, lineEnd, o) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

func TestChunksAreWholeRecordsAndAllOfTheFile(t *testing.T) {
	data := text(1, 5<<20)
	chunks := cut(t, bytes.NewReader(data), Options{Line: 3, Hash: true})
	var back []byte
	line := int64(3)
	for i, c := range chunks {
		if c.Index != i || c.Line != line || c.Offset != int64(len(back)) || c.ID != object.Sum(c.Data) {
			t.Fatalf("chunk %d: index %d line %d offset %d", i, c.Index, c.Line, c.Offset)
		}
		if c.Data[len(c.Data)-1] != '\n' {
			t.Fatalf("chunk %d ends inside a record", i)
		}
		if n := len(c.Data); i < len(chunks)-1 && (n <= minSize || n > maxSize+200) {
			t.Errorf("chunk %d has %d bytes", i, n)
		}
		line += CountLines(c.Data)
		back = append(back, c.Data...)
	}
	if !bytes.Equal(back, data) {
		t.Fatal("chunks together are not the file")
	}
	if mean := len(data) / len(chunks); mean < avgSize/2 || mean > avgSize*2 {
		t.Errorf("mean chunk has %d bytes, want about %d", mean, avgSize)
	}
}

func TestCutsDoNotDependOnReads(t *testing.T) {
	data := text(2, 1<<20)
	want := cut(t, bytes.NewReader(data), Options{Hash: true})
	got := cut(t, iotest.HalfReader(iotest.DataErrReader(bytes.NewReader(data))), Options{Hash: true})
	ids := func(cs []Chunk) (ids []string) {
		for _, c := range cs {
			ids = append(ids, c.ID.String())
		}
		return ids
	}
	if d := cmp.Diff(ids(want), ids(got)); d != "" {
		t.Fatal(d)
	}
}

func TestGoldenCuts(t *testing.T) {
	var got []int64
	for _, c := range cut(t, bytes.NewReader(text(7, 400<<10)), Options{}) {
		got = append(got, c.Offset)
	}
	// Written by the first version of this package; a change is a change of format.
	want := []int64{0, 19845, 52035, 69057, 85598, 105511, 122934, 141879, 159355, 184557, 198153, 215426, 234949,
		251807, 270464, 275388, 292992, 310137, 319417, 329597, 348885, 373067, 393308}
	if d := cmp.Diff(want, got); d != "" {
		t.Fatal(d)
	}
}

func TestEditChangesFewChunks(t *testing.T) {
	data := text(3, 8<<20)
	known := map[object.ID]bool{}
	for _, c := range cut(t, bytes.NewReader(data), Options{Hash: true}) {
		known[c.ID] = true
	}
	mid := lineEnd(data, len(data)/2)
	for name, edited := range map[string][]byte{
		"insert": append(append(append([]byte{}, data[:mid]...), "new,line\n"...), data[mid:]...),
		"delete": append(append([]byte{}, data[:mid]...), data[lineEnd(data, mid):]...),
		"append": append(append([]byte{}, data...), "new,line\n"...),
		"front":  append([]byte("new,line\n"), data...),
	} {
		fresh := 0
		for _, c := range cut(t, bytes.NewReader(edited), Options{Hash: true}) {
			if !known[c.ID] {
				fresh++
			}
		}
		if fresh == 0 || fresh > 4 {
			t.Errorf("%s: %d of %d chunks are new, want 1 to 4", name, fresh, len(known))
		}
	}
}

func TestLongRecordMakesLongChunk(t *testing.T) {
	data := []byte("a\n" + strings.Repeat("x", 10<<20) + "\nb\n")
	chunks := cut(t, bytes.NewReader(data), Options{})
	if len(chunks) != 2 || string(chunks[1].Data) != "b\n" {
		t.Fatalf("%d chunks, the last of %d bytes", len(chunks), len(chunks[len(chunks)-1].Data))
	}
}

func TestReadErrorIsReturned(t *testing.T) {
	boom := errors.New("boom")
	r := io.MultiReader(bytes.NewReader(text(4, 1<<20)), iotest.ErrReader(boom))
	var last error
	for _, err := range Chunks(context.Background(), r, lineEnd, Options{}) {
		last = err
	}
	if !errors.Is(last, boom) {
		t.Fatalf("last error %v, want boom", last)
	}
}

func TestOpen(t *testing.T) {
	plain := text(5, 100<<10)
	var gz, zst bytes.Buffer
	w := gzip.NewWriter(&gz)
	w.Write(plain[:50000])
	w.Close()
	w.Reset(&gz) // a second member, as cat a.gz b.gz makes
	w.Write(plain[50000:])
	w.Close()
	z, _ := zstd.NewWriter(&zst)
	z.Write(plain)
	z.Close()
	for name, b := range map[string][]byte{"a.csv": plain, "a.csv.gz": gz.Bytes(), "a.CSV.ZST": zst.Bytes()} {
		r, compressed, err := Open(name, bytes.NewReader(b))
		if err != nil {
			t.Fatal(name, err)
		}
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, plain) || compressed == (name == "a.csv") {
			t.Errorf("%s: %d bytes, compressed %t, %v", name, len(got), compressed, err)
		}
		if err := r.Close(); err != nil {
			t.Error(name, err)
		}
		if name == "a.csv" {
			continue
		}
		r, _, err = Open(name, bytes.NewReader(b[:len(b)/2]))
		if err == nil {
			_, err = io.ReadAll(r)
		}
		if err == nil {
			t.Errorf("%s: half a file was read without an error", name)
		}
	}
}

func TestEncodings(t *testing.T) {
	for _, tc := range []struct {
		name, begin string
		n           int
		bad         bool
	}{
		{"none", "a,b", 0, false}, {"empty", "", 0, false}, {"utf-8", "\ufeffa", 3, false},
		{"utf-16le", "\xff\xfea\x00", 0, true}, {"utf-16be", "\xfe\xff\x00a", 0, true}, {"utf-32", "\xff\xfe\x00\x00", 0, true},
	} {
		n, err := BOM([]byte(tc.begin))
		if n != tc.n || (err != nil) != tc.bad {
			t.Errorf("%s: %d, %v", tc.name, n, err)
		}
	}
	if err := CheckUTF8([]byte("a\nä\n"), 1); err != nil {
		t.Error(err)
	}
	err := CheckUTF8([]byte("a\nä\nM\xfcller,x\nb"), 5)
	var se *format.SyntaxError
	if !errors.As(err, &se) || se.Line != 7 || se.Hint == "" {
		t.Errorf("got %v, want an error of line 7", err)
	}
}

func TestCandidateIsPureAndBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := text(rapid.Uint64().Draw(t, "seed"), 300<<10)
		n := rapid.IntRange(0, len(data)).Draw(t, "n")
		full, part := candidate(data), candidate(data[:n])
		if full <= minSize || full > maxSize {
			t.Fatalf("candidate %d", full)
		}
		if n >= full && part != full || n < full && part != -1 {
			t.Fatalf("candidate of %d bytes is %d, of all %d", n, part, full)
		}
	})
}

func BenchmarkChunks(b *testing.B) {
	data := text(6, 64<<20)
	for _, hash := range []bool{false, true} {
		b.Run(fmt.Sprintf("hash=%t", hash), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				for c, err := range Chunks(context.Background(), bytes.NewReader(data), lineEnd, Options{Hash: hash}) {
					if err != nil {
						b.Fatal(err)
					}
					c.Release()
				}
			}
		})
	}
}
