package history

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/diff"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
)

// bucketChanges holds records in cache.db (docs/format/cache.md).
const bucketChanges = "changes/1"

// FilesDataset is the system table of plain files; its key is the path.
const FilesDataset = "@files"

// The flags of a dataset in a record.
const (
	flagNew     = 1 << iota // absent in the parent
	flagGone                // absent in the commit
	flagAny                 // any sample may have changed
	flagSamples             // samples were added or removed
)

// Record says what a commit changes against one parent: the datasets exactly,
// the samples with false alarms and without misses.
type Record struct {
	datasets []changed // ascending by name
}

type changed struct {
	name    string
	flags   byte
	key     []column.Field // the key columns: ids and types
	columns []string       // ids of columns with changed cells, ascending
	born    []string       // ids of columns that the parent lacks, ascending
	filter  filter
}

func recordKey(commit, parent object.ID) []byte {
	return append(append(make([]byte, 0, 2*object.Size), commit[:]...), parent[:]...)
}

// Names returns the datasets whose tables differ, in order.
func (r *Record) Names() []string {
	names := make([]string, len(r.datasets))
	for i := range r.datasets {
		names[i] = r.datasets[i].name
	}
	return names
}

func (r *Record) dataset(name string) *changed {
	i, ok := slices.BinarySearchFunc(r.datasets, name, func(c changed, s string) int { return strings.Compare(c.name, s) })
	if !ok {
		return nil
	}
	return &r.datasets[i]
}

// MayChange reports whether the sample whose key is written key may have
// changed; of a pattern, whether any sample that fits it may. Of plain files key
// may be a directory.
func (r *Record) MayChange(dataset, key string) bool {
	c := r.dataset(dataset)
	return c != nil && (isPattern(key) || c.mayHave(key))
}

// mayChangeAny is MayChange for one of what a question is about.
func (r *Record) mayChangeAny(asked []repo.Match) bool {
	return slices.ContainsFunc(asked, func(m repo.Match) bool {
		return r.dataset(m.Dataset) != nil && (m.Key == "" || r.MayChange(m.Dataset, m.Key))
	})
}

// mayChangeIn is MayChange for the cells of some columns of a sample that the
// commit has.
func (r *Record) mayChangeIn(dataset, key string, columns map[string]bool) bool {
	c := r.dataset(dataset)
	if c == nil {
		return false
	}
	if slices.ContainsFunc(c.born, func(id string) bool { return columns[id] }) {
		return true
	}
	if c.flags == 0 && !slices.ContainsFunc(c.columns, func(id string) bool { return columns[id] }) {
		return false
	}
	return c.mayHave(key)
}

func (c *changed) mayHave(key string) bool {
	if c.flags&(flagNew|flagGone|flagAny) != 0 {
		return true
	}
	b, err := c.parse(key)
	if err != nil {
		return false // no key of these types is written so
	}
	return c.filter.has(merkle.Hash(b))
}

func (c *changed) parse(key string) ([]byte, error) {
	return diff.ParseKeyText(keySchema(c.key), key)
}

// keySchema returns a schema that has these key columns alone.
func keySchema(key []column.Field) *column.Schema {
	s := &column.Schema{Fields: key}
	for i := range key {
		s.Key = append(s.Key, key[i].ID)
	}
	return s
}

func isPattern(key string) bool { return strings.ContainsAny(key, "*?[") }

// encode returns r as docs/format/cache.md has it.
func (r *Record) encode() []byte {
	b := binary.AppendUvarint(nil, uint64(len(r.datasets)))
	for i := range r.datasets {
		c := &r.datasets[i]
		b = append(appendBytes(b, c.name), c.flags)
		if c.flags&(flagNew|flagGone|flagAny) != 0 {
			continue
		}
		b = binary.AppendUvarint(b, uint64(len(c.key)))
		for _, f := range c.key {
			b = appendBytes(appendBytes(b, f.ID), f.Type.String())
		}
		for _, ids := range [][]string{c.columns, c.born} {
			b = binary.AppendUvarint(b, uint64(len(ids)))
			for _, id := range ids {
				b = appendBytes(b, id)
			}
		}
		b = appendBytes(b, c.filter)
	}
	return b
}

// The bounds of what decodeRecord accepts.
const (
	maxDatasets   = 1 << 24
	maxKeyColumns = 1 << 10
	maxColumns    = 1 << 20
)

// decodeRecord reads what encode wrote; nil if it is something else.
func decodeRecord(b []byte) *Record {
	d := merkle.Decoder{B: b}
	r := &Record{}
	for n := d.Uvarint(maxDatasets); n > 0 && d.Err == nil; n-- {
		c := changed{name: string(d.Bytes()), flags: d.Byte()}
		if len(r.datasets) > 0 && r.datasets[len(r.datasets)-1].name >= c.name || c.flags > flagNew|flagGone|flagAny|flagSamples {
			d.Fail("a dataset out of order or with unknown flags")
		}
		if c.flags&(flagNew|flagGone|flagAny) == 0 {
			c.read(&d)
		}
		r.datasets = append(r.datasets, c)
	}
	if d.Done() != nil {
		return nil
	}
	return r
}

func (c *changed) read(d *merkle.Decoder) {
	for n := d.Uvarint(maxKeyColumns); n > 0 && d.Err == nil; n-- {
		id, text := string(d.Bytes()), string(d.Bytes())
		t, err := column.ParseType(text)
		if err != nil {
			d.Fail("a type: %v", err)
			return
		}
		c.key = append(c.key, column.Field{ID: id, Name: id, Type: t})
	}
	for _, ids := range []*[]string{&c.columns, &c.born} {
		for n := d.Uvarint(maxColumns); n > 0 && d.Err == nil; n-- {
			*ids = append(*ids, string(d.Bytes()))
		}
	}
	if c.filter = filter(d.Bytes()); d.Err == nil && (len(c.filter) < minFilter || len(c.key) == 0) {
		d.Fail("no filter or no key")
	}
}
