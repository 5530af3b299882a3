package blob

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"github.com/zeebo/blake3"
	"pgregory.net/rapid"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
)

// objects is a store.Writer over a map.
type objects struct {
	store.Writer
	m   map[object.ID][]byte
	put int // bytes that were new
}

func newObjects() *objects { return &objects{m: map[object.ID][]byte{}} }

func (o *objects) Get(_ context.Context, id object.ID) ([]byte, error) {
	b, ok := o.m[id]
	if !ok {
		return nil, object.ErrNotFound
	}
	return b, nil
}

func (o *objects) Put(_ context.Context, b []byte, _ store.Hint) (object.ID, error) {
	id := object.Sum(b)
	if _, ok := o.m[id]; !ok {
		o.m[id] = bytes.Clone(b)
		o.put += len(b)
	}
	return id, nil
}

func random(n int, seed uint64) []byte {
	var key [32]byte
	key[0], key[1] = byte(seed), byte(seed>>8)
	b := make([]byte, n)
	rand.NewChaCha8(key).Read(b)
	return b
}

func TestReadGivesBackWhatWasWritten(t *testing.T) {
	ctx := context.Background()
	c := NewCutter(newObjects(), "")
	for _, size := range []int{0, 1, minChunk, smallFile - 1, smallFile, smallFile + 1, maxChunk, maxChunk + 1, bigBuffer - 2, bigBuffer, 5 << 20} {
		for name, data := range map[string][]byte{"random": random(size, 1), "zeros": make([]byte, size)} {
			o := newObjects()
			c.w = o
			ref, err := c.Write(ctx, iotest.HalfReader(bytes.NewReader(data)))
			if err != nil || ref.Size != int64(size) {
				t.Fatalf("%d %s: ref %v, %v", size, name, ref, err)
			}
			if sum, err := Sum(ctx, bytes.NewReader(data)); err != nil || sum != ref {
				t.Errorf("%d %s: Sum %v, %v, want %v", size, name, sum, err, ref)
			}
			if chunk := o.m[ref.ID][0] == byte(object.KindChunk); size <= smallFile && !chunk || size > maxChunk && chunk {
				t.Errorf("%d %s: root is a %s", size, name, object.Kind(o.m[ref.ID][0]))
			}
			got, err := io.ReadAll(Read(ctx, o, ref))
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("%d %s: read %d bytes, %v", size, name, len(got), err)
			}
			var buf bytes.Buffer
			if n, err := Read(ctx, o, ref).WriteTo(&buf); err != nil || n != int64(size) || !bytes.Equal(buf.Bytes(), data) {
				t.Errorf("%d %s: wrote %d bytes, %v", size, name, n, err)
			}
		}
	}
}

// The gear table and the rules of cutting are part of the format, so these
// Refs never change. They were computed by this code when the format was fixed.
func TestGoldenRefs(t *testing.T) {
	for _, c := range []struct {
		name, want string
		data       []byte
	}{
		{"empty", "fe64154e3703932eed835fa3053c2e8a50a961669916f1613a8be58ef73a9fbb", nil},
		{"small", "76597a9654146e3d518f1dceffeb348192d01adfbfdbf835f3cb451666836ab9", []byte("hello, world\n")},
		{"4 MiB random", "c2c3b1c19c2f9b65670aa905aee71ecb4a219acabc7d463e200b36f7c482bd4e", random(4<<20, 7)},
		{"1 MiB zeros", "63d351e4f16dfde13abd69b547c2d5381e7b80a7235a292551f60bd6ee53cc47", make([]byte, 1<<20)},
		{"64 MiB random, nested lists", "788ca12b3f6cb94d2599b02fdfc44f1c102b97a1b37051a694346e70ed3a8902", random(64<<20, 7)},
	} {
		ref, err := Sum(context.Background(), bytes.NewReader(c.data))
		if err != nil || ref.ID.String() != c.want {
			t.Errorf("%s: %s %v, want %s", c.name, ref.ID, err, c.want)
		}
	}
}

func TestGearTableIsItsRule(t *testing.T) {
	for i, g := range gear {
		s := blake3.Sum256(append([]byte("strata gear 1"), byte(i)))
		want := uint64(0)
		for k := 7; k >= 0; k-- {
			want = want<<8 | uint64(s[k])
		}
		if g != want {
			t.Fatalf("gear[%d] = %x, want %x", i, g, want)
		}
	}
}

func TestOneInsertedByteStoresFewChunks(t *testing.T) {
	ctx := context.Background()
	data := random(48<<20, 3)
	o := newObjects()
	c := NewCutter(o, "")
	if _, err := c.Write(ctx, bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{0, 20 << 20, len(data)} {
		o.put = 0
		if _, err := c.Write(ctx, io.MultiReader(bytes.NewReader(data[:at]), bytes.NewReader([]byte{'x'}), bytes.NewReader(data[at:]))); err != nil {
			t.Fatal(err)
		}
		if o.put > 2*maxChunk {
			t.Errorf("a byte at %d stored %d bytes", at, o.put)
		}
	}
}

func TestChunkSizes(t *testing.T) {
	data := random(64<<20, 5)
	var n, total int
	for b := data; len(b) > 0; n++ {
		k := cut(b)
		if k > maxChunk || k < minChunk && k < len(b) {
			t.Fatalf("chunk of %d bytes", k)
		}
		total += k
		b = b[k:]
	}
	if mean := total / n; mean < 60<<10 || mean > 90<<10 {
		t.Errorf("mean chunk is %d bytes, want about %d", mean, avgChunk)
	}
}

func TestReadRefusesWhatIsNotTheFile(t *testing.T) {
	ctx := context.Background()
	data := random(3<<20, 9)
	o := newObjects()
	ref, err := Write(ctx, o, bytes.NewReader(data), "")
	if err != nil {
		t.Fatal(err)
	}
	read := func(ref Ref) error {
		_, err := io.Copy(io.Discard, Read(ctx, o, ref))
		return err
	}
	if err := read(Ref{ref.ID, ref.Size + 1}); !errors.Is(err, object.ErrCorrupt) {
		t.Error("wrong size:", err)
	}
	entries, _, err := Children(o.m[ref.ID])
	if err != nil {
		t.Fatal(err)
	}
	if err := read(Ref{entries[0].ID, entries[0].Size - 1}); !errors.Is(err, object.ErrCorrupt) {
		t.Error("wrong chunk size:", err)
	}
	chunk := o.m[entries[1].ID]
	o.m[entries[1].ID] = o.m[ref.ID]
	if err := read(ref); !errors.Is(err, object.ErrCorrupt) {
		t.Error("a list in a chunk's place:", err)
	}
	o.m[entries[1].ID] = chunk[:len(chunk)-1]
	if err := read(ref); !errors.Is(err, object.ErrCorrupt) {
		t.Error("a short chunk:", err)
	}
	delete(o.m, entries[1].ID)
	if err := read(ref); !errors.Is(err, object.ErrNotFound) {
		t.Error("a missing chunk:", err)
	}
	want := errors.New("disk")
	if _, err := Sum(ctx, io.MultiReader(bytes.NewReader(data), iotest.ErrReader(want))); !errors.Is(err, want) {
		t.Error("read error:", err)
	}
}

// Lists of lists: forged sizes make the tree deep with few bytes.
func TestNestedLists(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		o := newObjects()
		c := NewCutter(o, "")
		var want []Entry
		seed := rapid.Uint64().Draw(t, "seed")
		n := rapid.IntRange(2, 200_000).Draw(t, "chunks")
		r := rand.New(rand.NewPCG(seed, 0))
		var last Entry
		total := int64(0)
		for range n {
			last = Entry{Size: 1 + r.Int64N(maxChunk)}
			for k := range last.ID {
				last.ID[k] = byte(r.Uint32())
			}
			want = append(want, last)
			total += last.Size
			if err := c.add(ctx, 0, last); err != nil {
				t.Fatal(err)
			}
		}
		root, err := c.finish(ctx, last, total)
		if err != nil {
			t.Fatal(err)
		}
		var got []Entry
		var walk func(e Entry, above int)
		walk = func(e Entry, above int) {
			entries, level, err := Children(o.m[e.ID])
			if err != nil || above >= 0 && level != above-1 {
				t.Fatal(err, level, above)
			}
			size := int64(0)
			for _, k := range entries {
				if size += k.Size; level == 0 {
					got = append(got, k)
				} else {
					walk(k, level)
				}
			}
			if size != e.Size || above < 0 && len(entries) < 2 {
				t.Fatal("list of", len(entries), "entries,", size, "bytes, want", e.Size)
			}
		}
		walk(Entry{root, total}, -1)
		if len(got) != len(want) {
			t.Fatal(len(got), "chunks, want", len(want))
		}
		for i := range got {
			if got[i] != want[i] {
				t.Fatal("chunk", i, got[i], want[i])
			}
		}
	})
}

func FuzzChildren(f *testing.F) {
	o := newObjects()
	ref, err := Write(context.Background(), o, bytes.NewReader(random(1<<20, 2)), "")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(o.m[ref.ID])
	f.Fuzz(func(t *testing.T, b []byte) {
		entries, level, err := Children(b)
		if err != nil {
			return
		}
		var l list
		l.reset(level)
		for _, e := range entries {
			l.add(e)
		}
		if !bytes.Equal(l.b, b) {
			t.Fatal("decoded and encoded again, the bytes differ")
		}
	})
}

func BenchmarkSumLarge(b *testing.B) {
	data := random(64<<20, 1)
	c := NewSummer()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := c.Write(context.Background(), bytes.NewReader(data)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCut(b *testing.B) {
	data := random(64<<20, 1)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		for d := data; len(d) > 0; {
			d = d[cut(d):]
		}
	}
}

func BenchmarkSumSmall(b *testing.B) {
	data := random(7<<10, 1)
	c := NewSummer()
	r := bytes.NewReader(data)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		r.Reset(data)
		if _, err := c.Write(context.Background(), r); err != nil {
			b.Fatal(err)
		}
	}
}
