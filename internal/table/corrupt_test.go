package table_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/store/mem"
	"github.com/strata-data/strata/internal/table"
)

// bent gives wrong bytes for one object, as a store that does not verify
// might.
type bent struct {
	store.Writer
	id  object.ID
	bad []byte
}

func (b *bent) Get(ctx context.Context, id object.ID) ([]byte, error) {
	if id == b.id {
		return b.bad, nil
	}
	return b.Writer.Get(ctx, id)
}

// Whatever one wrong byte does, nothing panics, and an error says that the
// repository is damaged.
func TestWrongBytesAreNoPanic(t *testing.T) {
	ctx := context.Background()
	u := newUniverse("pair", 2, 4)
	a, b := content{}, content{}
	for i, k := range u.keys {
		if i%40 < 8 {
			a[string(k)] = i
		}
		if i%40 < 6 {
			b[string(k)] = i - i%2
		}
	}
	s := mem.New()
	w := newWriter(t, s)
	one, two := u.build(t, w, a, 1, 100), u.build(t, w, b, 1, 100)
	var edits []table.Edit
	for i := 0; i < len(u.keys); i += 11 {
		if len(edits) == 0 || bytes.Compare(edits[len(edits)-1].Key, u.keys[i]) < 0 {
			edits = append(edits, table.Edit{Key: u.keys[i], Row: i})
		}
	}
	if _, err := w.Publish(ctx); err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 5))
	flips := 3
	if testing.Short() {
		flips = 2
	}
	check := func(what string, id object.ID, err error) {
		if err != nil && !errors.Is(err, object.ErrCorrupt) && !errors.Is(err, object.ErrNotFound) && !errors.Is(err, object.ErrUnsupported) {
			t.Errorf("%s with a wrong object %s: %v", what, id.Short(), err)
		}
	}
	objects, refused := 0, 0
	for id, err := range s.Objects(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		good, err := s.Get(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		objects++
		for n := range flips {
			bad := bytes.Clone(good)
			switch n {
			case 1:
				bad = bad[:r.IntN(len(bad))]
			default:
				bad[r.IntN(len(bad))] ^= 1 << r.IntN(8)
			}
			x := &bent{newWriter(t, s), id, bad}
			p, q := table.New(x, one.Schema, one.Root), table.New(x, two.Schema, two.Root)
			failed := false
			for _, err := range p.Scan(ctx, table.ScanOptions{Workers: 1}) {
				check("scan", id, err)
				failed = failed || err != nil
			}
			for _, err := range q.Scan(ctx, table.ScanOptions{Workers: 1, From: u.keys[20], To: u.keys[90], Columns: []string{"text"}}) {
				check("scan of a range", id, err)
			}
			for d, err := range table.Compare(ctx, p, q, nil) {
				check("compare", id, err)
				failed = failed || err != nil
				for i := 0; d != nil && i < len(d.Changes); i++ {
					for _, c := range d.Changes[i].Columns {
						_, _, err := d.Changes[i].New.Value(ctx, &q.Schema.Fields[q.Schema.Index(d.Columns[c])])
						check("value", id, err)
					}
				}
			}
			_, err := p.Get(ctx, u.keys[0], nil)
			check("get", id, err)
			_, _, err = table.Apply(ctx, x, p, u.batch, edits)
			check("apply", id, err)
			if failed || err != nil {
				refused++
			}
			_ = x.Discard()
		}
	}
	if objects < 50 || refused < objects {
		t.Errorf("%d objects, %d refusals: the test sees nothing", objects, refused)
	}
}
