package proof

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/store/mem"
	"github.com/strata-data/strata/internal/table"
)

var ctx = context.Background()

// shelf is a store with one commit of the dataset train: keys 0, 2, 4, ... as
// many as rows says, with a narrow and a wide column, and of an empty dataset.
type shelf struct {
	store.Writer
	commit object.ID
}

func newShelf(t testing.TB, rows int) shelf {
	t.Helper()
	w, err := mem.New().NewWriter(ctx)
	if err != nil {
		t.Fatal(err)
	}
	s := &column.Schema{Key: []string{"id"}, Fields: []column.Field{
		column.NewField("id", column.Of(column.Int64)), column.NewField("label", column.Of(column.String)),
		column.NewField("text", column.Of(column.String))}}
	b := column.NewBatch(s, rows)
	for i := range rows {
		b.Cols[0].AppendInt(int64(2 * i))
		b.Cols[1].AppendString([]string{"cat", "dog"}[i%2])
		b.Cols[2].AppendString(strings.Repeat(fmt.Sprint(i, " "), 40))
	}
	b.Len = rows
	return shelf{w, commitOf(t, w, map[string]*table.Table{"train": build(t, w, b), "none": build(t, w, column.NewBatch(s, 0))})}
}

func build(t testing.TB, w store.Writer, b *column.Batch) *table.Table {
	t.Helper()
	tb := table.NewBuilder(ctx, w, b.Schema, 1)
	if err := tb.Append(b); err != nil {
		t.Fatal(err)
	}
	root, err := tb.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return table.New(w, b.Schema, root)
}

func commitOf(t testing.TB, w store.Writer, tables map[string]*table.Table) object.ID {
	t.Helper()
	put := func(b []byte, err error) object.ID {
		if err != nil {
			t.Fatal(err)
		}
		id, err := w.Put(ctx, b, store.Hint{})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	var entries []repo.Entry
	for name, tb := range tables {
		id, err := tb.Save(ctx, w)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, repo.Entry{Name: name, Table: id})
	}
	tree, err := repo.NewTree(entries)
	if err != nil {
		t.Fatal(err)
	}
	ana := repo.Signature{Name: "Ana Ito", Email: "ana@example.com", When: 1_700_000_000}
	c := &repo.Commit{Tree: put(tree.Encode()), Author: ana, Committer: ana, Message: "One", Generation: 1}
	return put(c.Encode())
}

// proofOf makes a proof and takes it through its file.
func (s shelf) proofOf(t testing.TB, q Question) (*Proof, *Answer) {
	t.Helper()
	q.Commit = s.commit
	p, a, err := Make(ctx, s, q)
	if err != nil {
		t.Fatal(err)
	}
	b, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(p, again); d != "" {
		t.Fatalf("the file says something else:\n%s", d)
	}
	return again, a
}

// cells returns the values of an answer by column.
func cells(a *Answer) map[string]string {
	if a.Row == nil {
		return nil
	}
	m := map[string]string{}
	for i, f := range a.Row.Schema.Fields {
		m[f.Name] = column.Text(a.Row.Cols[i], 0)
	}
	return m
}

func TestProofsShowWhatIsThere(t *testing.T) {
	s := newShelf(t, 9000)
	for _, tc := range []struct {
		name    string
		q       Question
		present bool
		want    map[string]string
	}{
		{"first", Question{Dataset: "train", Key: "0", Columns: []string{"label"}}, true, map[string]string{"label": "cat"}},
		{"last", Question{Dataset: "train", Key: "17998", Columns: []string{"label", "id"}}, true, map[string]string{"label": "dog", "id": "17998"}},
		{"middle, all columns", Question{Dataset: "train", Key: "7000"}, true,
			map[string]string{"id": "7000", "label": "cat", "text": strings.Repeat("3500 ", 40)}},
		{"between two", Question{Dataset: "train", Key: "7001"}, false, nil},
		{"before all", Question{Dataset: "train", Key: "-1"}, false, nil},
		{"behind all", Question{Dataset: "train", Key: "17999"}, false, nil},
		{"no samples", Question{Dataset: "none", Key: "1"}, false, nil},
		{"no dataset", Question{Dataset: "val", Key: "1"}, false, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, made := s.proofOf(t, tc.q)
			a, err := p.Verify(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if a.Present != tc.present || made.Present != tc.present {
				t.Errorf("present: made %v, verified %v, want %v", made.Present, a.Present, tc.present)
			}
			if d := cmp.Diff(tc.want, cells(a)); d != "" {
				t.Errorf("values:\n%s", d)
			}
			if a.Info.Author.Name != "Ana Ito" || a.Info.Message != "One" {
				t.Errorf("commit %+v", a.Info)
			}
			t.Logf("%d objects, %d bytes", len(p.Objects), p.Size())
		})
	}
}

// Of a wide column only the page of the row is in the proof.
func TestProofsAreSmall(t *testing.T) {
	s := newShelf(t, 9000)
	p, _ := s.proofOf(t, Question{Dataset: "train", Key: "7000", Columns: []string{"text"}})
	kinds := ""
	for _, o := range p.Objects {
		kinds += string(o[0])
	}
	if want := "CDTSNLPpP"; kinds != want { // commit, tree, table, schema, node, leaf, keys, list, page
		t.Errorf("objects %s, want %s", kinds, want)
	}
	if absent, _ := s.proofOf(t, Question{Dataset: "train", Key: "7001"}); len(absent.Objects) != 7 {
		t.Errorf("%d objects show that a sample is absent, want 7", len(absent.Objects))
	}
}

func TestMakeRefuses(t *testing.T) {
	s := newShelf(t, 10)
	for _, tc := range []struct {
		name string
		q    Question
		want error
	}{
		{"key of another type", Question{Dataset: "train", Key: "x"}, ErrKey},
		{"unknown column", Question{Dataset: "train", Key: "2", Columns: []string{"lable"}}, new(ColumnError)},
		{"column named twice", Question{Dataset: "train", Key: "2", Columns: []string{"id", "id"}}, nil},
		{"unknown commit", Question{Commit: object.ID{1}, Dataset: "train", Key: "2"}, object.ErrNotFound},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.q.Commit.IsZero() {
				tc.q.Commit = s.commit
			}
			_, _, err := Make(ctx, s, tc.q)
			if err == nil {
				t.Fatal("no error")
			}
			if c := (*ColumnError)(nil); tc.want != nil && !errors.Is(err, tc.want) && !errors.As(err, &c) {
				t.Errorf("%v, want %v", err, tc.want)
			}
		})
	}
}

// Every object counts, none may be added, and their order is the look-up's.
func TestProofsWithOtherObjectsProveNothing(t *testing.T) {
	s := newShelf(t, 9000)
	whole, _ := s.proofOf(t, Question{Dataset: "train", Key: "7000"})
	refused := func(name string, objects [][]byte) {
		t.Helper()
		p := &Proof{Question: whole.Question, Objects: objects}
		if _, err := p.Verify(ctx); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v, want %v", name, err, ErrMalformed)
		}
	}
	n := len(whole.Objects)
	for i := range n {
		refused(fmt.Sprintf("without object %d", i), slices.Delete(slices.Clone(whole.Objects), i, i+1))
		twice := slices.Insert(slices.Clone(whole.Objects), i, whole.Objects[i])
		refused(fmt.Sprintf("object %d twice", i), twice)
		swapped := slices.Clone(whole.Objects)
		swapped[i], swapped[(i+1)%n] = swapped[(i+1)%n], swapped[i]
		refused(fmt.Sprintf("object %d swapped", i), swapped)
	}
	refused("with an object too many", append(slices.Clone(whole.Objects), []byte("B\x01x")))
	refused("without any", nil)
}

// A wrong byte anywhere gives an error, or an answer to another question.
func TestEveryByteOfAProofCounts(t *testing.T) {
	s := newShelf(t, 40)
	for _, key := range []string{"6", "7"} {
		p, _ := s.proofOf(t, Question{Dataset: "train", Key: key, Columns: []string{"id", "label"}})
		payload := p.payload()
		for i := range payload {
			for _, bit := range []byte{1, 0x80} {
				bad := bytes.Clone(payload)
				bad[i] ^= bit
				q, err := decodePayload(bad)
				if err != nil {
					continue
				}
				a, err := q.Verify(ctx)
				if err == nil && cmp.Equal(a.Question, p.Question) {
					t.Fatalf("key %s: byte %d of %d makes no difference", key, i, len(payload))
				}
			}
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	s := newShelf(t, 10)
	p, _ := s.proofOf(t, Question{Dataset: "train", Key: "2"})
	good, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	pack := func(payload []byte) []byte {
		var b bytes.Buffer
		b.WriteString(magic + version)
		w, _ := flate.NewWriter(&b, 1)
		w.Write(payload)
		w.Close()
		return b.Bytes()
	}
	for _, tc := range []struct {
		name string
		b    []byte
		want error
	}{
		{"nothing", nil, ErrMalformed},
		{"text", []byte("id,label\n"), ErrMalformed},
		{"newer version", append([]byte("strata proof 2\n"), good[len(magic+version):]...), object.ErrUnsupported},
		{"first line alone", good[:len(magic+version)], ErrMalformed},
		{"cut short", good[:len(good)-9], ErrMalformed},
		{"something behind", append(bytes.Clone(good), 0), ErrMalformed},
		{"empty payload", pack(nil), ErrMalformed},
		{"something behind the objects", pack(append(p.payload(), 0)), ErrMalformed},
		{"more objects than bytes", pack(append(append(make([]byte, 32), 0, 0, 0), 0xff, 0xff, 0x03)), ErrMalformed},
		{"more objects than allowed", pack(binary.AppendUvarint(append(make([]byte, 32), 0, 0, 0), 1<<40)), ErrMalformed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := Decode(tc.b); !errors.Is(err, tc.want) {
				t.Errorf("%v, want %v", err, tc.want)
			}
		})
	}
	if _, err := inflate(pack(make([]byte, 5000))[len(magic+version):], 4999); !errors.Is(err, ErrMalformed) {
		t.Errorf("more than the limit: %v, want %v", err, ErrMalformed)
	}
}

// FuzzVerify: no bytes make a verifier panic, and what it accepts is written
// again as the same payload.
func FuzzVerify(f *testing.F) {
	s := newShelf(f, 40)
	for _, q := range []Question{{Dataset: "train", Key: "6"}, {Dataset: "train", Key: "7", Columns: []string{"id"}}, {Dataset: "val", Key: "1"}} {
		p, _ := s.proofOf(f, q)
		f.Add(p.payload())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := decodePayload(b)
		if err != nil {
			return
		}
		if !bytes.Equal(p.payload(), b) {
			t.Fatalf("%x is written as %x", b, p.payload())
		}
		if _, err := p.Verify(ctx); err != nil && !errors.Is(err, ErrMalformed) && !errors.Is(err, object.ErrUnsupported) {
			t.Fatalf("%v is of no kind", err)
		}
	})
}

// FuzzDecode: a file is refused or read, and never more than its bound.
func FuzzDecode(f *testing.F) {
	s := newShelf(f, 10)
	p, _ := s.proofOf(f, Question{Dataset: "train", Key: "6"})
	b, err := p.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(magic + version))
	f.Add([]byte(magic + "2\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Decode(b)
		if err != nil {
			if !errors.Is(err, ErrMalformed) && !errors.Is(err, object.ErrUnsupported) {
				t.Fatalf("%v is of no kind", err)
			}
			return
		}
		again, err := p.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if q, err := Decode(again); err != nil || !bytes.Equal(q.payload(), p.payload()) {
			t.Fatalf("written again it is read otherwise: %v", err)
		}
	})
}
