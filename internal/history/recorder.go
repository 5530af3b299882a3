package history

import (
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/store/cache"
	"github.com/strata-data/strata/internal/table"
)

// The changed samples above which a filter is not worth its bytes: one in
// manyShare of the dataset if that is more than manyLeast, and mostKeys in any
// case.
const (
	manyShare = 8
	manyLeast = 1024
	mostKeys  = 200_000
)

// Recorder makes the record of one commit against one parent out of
// comparisons that are made anyway: Dataset for each dataset whose tables
// differ, Seen for each delta between them. A nil Recorder records nothing.
type Recorder struct {
	record Record
	at     *dataset // the last one
}

// dataset is a dataset whose changes are being seen.
type dataset struct {
	changed
	most    int
	hashes  []uint64
	columns map[string]bool
	files   bool // keys are paths
	vectors []*column.Vector
}

// Dataset begins a dataset, in order of name; old or new is nil where it is
// absent.
func (r *Recorder) Dataset(name string, old, new *table.Table) {
	if r == nil {
		return
	}
	r.finish()
	d := &dataset{changed: changed{name: name}, columns: map[string]bool{}, files: name == FilesDataset}
	switch {
	case old == nil:
		d.flags = flagNew
	case new == nil:
		d.flags = flagGone
	case !sameKey(old.Schema, new.Schema):
		d.flags = flagAny
	default:
		d.most = int(min(max(max(old.Rows(), new.Rows())/manyShare, manyLeast), mostKeys))
		for _, i := range new.Schema.KeyColumns() {
			f := &new.Schema.Fields[i]
			d.key = append(d.key, column.Field{ID: f.ID, Name: f.ID, Type: f.Type})
			d.vectors = append(d.vectors, column.NewVector(f.Type, 1))
		}
		for i := range new.Schema.Fields {
			if id := new.Schema.Fields[i].ID; old.Schema.Index(id) < 0 {
				d.born = append(d.born, id)
			}
		}
		slices.Sort(d.born)
	}
	r.at = d
}

// sameKey reports whether one text of a key means one key in both.
func sameKey(a, b *column.Schema) bool {
	x, y := a.KeyColumns(), b.KeyColumns()
	return slices.EqualFunc(x, y, func(i, j int) bool {
		f, g := &a.Fields[i], &b.Fields[j]
		return f.Type.Equal(g.Type) && column.Hidden(f.ID) == column.Hidden(g.ID)
	})
}

// Seen records the changes of a delta of the dataset that was begun last.
func (r *Recorder) Seen(delta *table.Delta) {
	if r == nil || r.at.most == 0 {
		return
	}
	d := r.at
	for i := range delta.Changes {
		ch := &delta.Changes[i]
		if len(d.hashes) >= d.most {
			d.flags, d.most = flagAny, 0
			return
		}
		d.hashes = append(d.hashes, merkle.Hash(ch.Key))
		if d.files {
			d.directories(ch.Key)
		}
		if ch.Op != table.Modified {
			d.flags |= flagSamples
		}
		for _, c := range ch.Columns {
			d.columns[delta.Columns[c]] = true
		}
	}
}

// directories adds those above the file with the given key.
func (d *dataset) directories(key []byte) {
	if len(d.vectors) != 1 || column.ParseKey(key, d.vectors) != nil {
		d.flags, d.most = flagAny, 0
		return
	}
	path := string(d.vectors[0].At(0))
	d.vectors[0].Reset()
	for at := strings.LastIndexByte(path, '/'); at > 0; at = strings.LastIndexByte(path, '/') {
		path = path[:at]
		d.vectors[0].AppendString(path)
		d.hashes = append(d.hashes, merkle.Hash(column.AppendKey(nil, d.vectors[0], 0)))
		d.vectors[0].Reset()
	}
}

// finish ends the dataset that was begun last.
func (r *Recorder) finish() {
	d := r.at
	if d == nil {
		return
	}
	r.at = nil
	if d.flags&(flagNew|flagGone|flagAny) != 0 {
		r.record.datasets = append(r.record.datasets, changed{name: d.name, flags: d.flags})
		return
	}
	slices.Sort(d.hashes)
	d.hashes = slices.Compact(d.hashes)
	d.changed.filter = newFilter(len(d.hashes))
	for _, h := range d.hashes {
		d.changed.filter.add(h)
	}
	for id := range d.columns {
		d.changed.columns = append(d.changed.columns, id)
	}
	slices.Sort(d.changed.columns)
	r.record.datasets = append(r.record.datasets, d.changed)
}

// done returns the record.
func (r *Recorder) done() *Record {
	r.finish()
	slices.SortFunc(r.record.datasets, func(a, b changed) int { return strings.Compare(a.name, b.name) })
	return &r.record
}

// Save remembers what was recorded as what c changes against its first parent.
// Whether it can be kept does not matter.
func (r *Recorder) Save(to *repo.Repo, c *repo.CommitInfo) {
	if r == nil || len(c.Parents) == 0 {
		return // a root adds everything
	}
	to.Remember(bucketChanges, []cache.Entry{{Key: recordKey(c.ID, c.Parents[0]), Value: r.done().encode()}})
}
