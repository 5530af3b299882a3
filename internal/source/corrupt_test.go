package source_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/source"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/store/mem"
	"github.com/strata-data/strata/internal/table"
)

// bent gives wrong bytes for one object, as a store that does not verify might.
type bent struct {
	store.Reader
	id  object.ID
	bad []byte
}

func (b bent) Get(ctx context.Context, id object.ID) ([]byte, error) {
	if id == b.id {
		return b.bad, nil
	}
	return b.Reader.Get(ctx, id)
}

// A file is restored as it was or not at all, whatever one wrong byte does.
func TestRestoreOfWrongBytes(t *testing.T) {
	csv := formatOf(t, "csv")
	text := rowsCSV(300, func(i int, row []string) []string {
		if i%50 == 3 {
			row[1] = `"` + row[1] + `"`
		}
		return row
	})
	half := bytes.IndexByte(text[len(text)/2:], '\n') + len(text)/2 + 1
	head := bytes.IndexByte(text, '\n') + 1
	shuffled := bytes.Join([][]byte{text[:head], text[half:], text[head:half]}, nil)
	for name, c := range map[string]struct {
		text []byte
		key  []string
	}{"in order": {text, []string{"id"}}, "shuffled": {shuffled, []string{"id"}}, "by content": {text, nil}} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			w := newWorld(t)
			q := &source.Request{Files: []source.File{fileOf("t.csv", c.text)}, Format: csv, Key: c.key, Temp: temp(t)}
			sw, err := w.store.NewWriter(ctx)
			if err != nil {
				t.Fatal(err)
			}
			res, err := source.Ingest(ctx, sw, q)
			if err != nil {
				t.Fatal(err)
			}
			id, err := res.Table.Save(ctx, sw)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := sw.Publish(ctx); err != nil {
				t.Fatal(err)
			}
			r := rand.New(rand.NewPCG(2, 3))
			refused := 0
			for oid, err := range w.store.(*mem.Store).Objects(ctx) {
				if err != nil {
					t.Fatal(err)
				}
				good, _ := w.store.Get(ctx, oid)
				for range 12 {
					bad := bytes.Clone(good)
					bad[r.IntN(len(bad))] ^= 1 << r.IntN(8)
					got, err := restoreAll(ctx, bent{w.store, oid, bad}, id, source.RestoreOptions{Format: csv, Temp: temp(t)})
					switch {
					case err == nil && !bytes.Equal(got, c.text):
						t.Fatalf("object %s bent: %d wrong bytes without an error", oid.Short(), len(got))
					case err == nil:
					case errors.Is(err, object.ErrCorrupt), errors.Is(err, object.ErrUnsupported), errors.Is(err, object.ErrNotFound):
						refused++
					default:
						t.Errorf("object %s bent: error without a mark: %v", oid.Short(), err)
					}
				}
			}
			if refused < 20 {
				t.Errorf("%d refusals: the test sees nothing", refused)
			}
		})
	}
}

// restoreAll reads a table and writes its first file.
func restoreAll(ctx context.Context, r store.Reader, id object.ID, o source.RestoreOptions) ([]byte, error) {
	t, err := table.Load(ctx, r, id)
	if err != nil {
		return nil, err
	}
	s, err := source.Load(ctx, r, t.Sources[0])
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = source.Restore(ctx, r, t, s, &out, o)
	return out.Bytes(), err
}
