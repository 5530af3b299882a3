// Package table is a table of samples: a Merkle tree (internal/merkle) whose
// leaves hold the pages of columns (internal/column). It scans with projection
// and pruning, builds from sorted batches, edits in place of rebuilding, and
// compares two tables sample by sample and cell by cell, reading only what
// differs.
//
// The one law: the root of a table is a function of its rows, keys and column
// ids and of nothing else. Layouts are in docs/format/table.md. Start reading
// at Table, then Builder, Scan, Apply and Compare.
package table

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
)

// Streams group alike objects on disk.
const (
	streamLeaf     = "meta/leaf"
	streamPageList = "meta/pages"
	streamTable    = "meta/table"
	streamColumn   = "col/"
)

// ErrDuplicateKey is in the chain of a DuplicateKeyError.
var ErrDuplicateKey = errors.New("duplicate key")

// DuplicateKeyError is two samples with one key. It unwraps to ErrDuplicateKey.
type DuplicateKeyError struct {
	Key      []byte
	Row, Old int64 // ordinals where the writer knows them, else -1
}

func (e *DuplicateKeyError) Error() string { return fmt.Sprintf("duplicate key %q", e.Key) }

// Unwrap returns ErrDuplicateKey.
func (e *DuplicateKeyError) Unwrap() error { return ErrDuplicateKey }

// Table is an immutable version of a dataset. It is safe for concurrent use.
type Table struct {
	Schema  *column.Schema
	Root    merkle.Root
	Sources []object.ID // source objects, internal/source
	r       store.Reader
	dec     *sync.Pool // *column.PageDecoder
}

// record is the table object.
type record struct {
	Schema  []byte   `cbor:"1,keyasint"`
	Root    []byte   `cbor:"2,keyasint,omitempty"`
	Level   int      `cbor:"3,keyasint,omitempty"`
	Rows    int64    `cbor:"4,keyasint,omitempty"`
	Bytes   int64    `cbor:"5,keyasint,omitempty"`
	Last    []byte   `cbor:"6,keyasint,omitempty"`
	Sources [][]byte `cbor:"7,keyasint,omitempty"`
}

// New returns the table of root under schema, read through r.
func New(r store.Reader, s *column.Schema, root merkle.Root) *Table {
	return &Table{Schema: s, Root: root, r: r, dec: newDecoders()}
}

func newDecoders() *sync.Pool { return &sync.Pool{New: func() any { return new(column.PageDecoder) }} }

// Rows returns the number of samples.
func (t *Table) Rows() int64 { return t.Root.Rows }

// Save writes the schema and table objects and returns the table's id.
func (t *Table) Save(ctx context.Context, w store.Writer) (object.ID, error) {
	sid, err := w.Put(ctx, t.Schema.Encode(), store.Hint{Stream: streamTable})
	if err != nil {
		return object.ID{}, fmt.Errorf("write schema: %w", err)
	}
	rec := record{Schema: sid[:], Level: t.Root.Level, Rows: t.Root.Rows, Bytes: t.Root.Bytes, Last: t.Root.Last}
	if !t.Root.ID.IsZero() {
		rec.Root = t.Root.ID[:]
	}
	for _, s := range t.Sources {
		rec.Sources = append(rec.Sources, s[:])
	}
	id, err := w.Put(ctx, object.Marshal(object.KindTable, &rec), store.Hint{Stream: streamTable})
	if err != nil {
		return object.ID{}, fmt.Errorf("write table: %w", err)
	}
	return id, nil
}

// Load reads the table id and its schema.
func Load(ctx context.Context, r store.Reader, id object.ID) (*Table, error) {
	b, err := r.Get(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read table %s: %w", id, err)
	}
	var rec record
	if err := object.Unmarshal(b, object.KindTable, &rec); err != nil {
		return nil, merkle.Refused(id, err)
	}
	t := &Table{r: r, dec: newDecoders(), Root: merkle.Root{Level: rec.Level}}
	t.Root.Last, t.Root.Rows, t.Root.Bytes = rec.Last, rec.Rows, rec.Bytes
	ids := append([][]byte{rec.Schema}, rec.Sources...)
	if rec.Root != nil {
		ids = append(ids, rec.Root)
		copy(t.Root.ID[:], rec.Root)
	}
	for _, b := range ids {
		if len(b) != object.Size {
			return nil, &object.CorruptError{ID: id, Detail: "an id in it has the wrong length"}
		}
	}
	if err := t.Root.Check(); err != nil {
		return nil, &object.CorruptError{ID: id, Detail: err.Error()}
	}
	for _, s := range rec.Sources {
		t.Sources = append(t.Sources, object.ID(s))
	}
	sid := object.ID(rec.Schema)
	if b, err = r.Get(ctx, sid); err != nil {
		return nil, fmt.Errorf("read schema %s: %w", sid, err)
	}
	if t.Schema, err = column.DecodeSchema(b); err != nil {
		return nil, merkle.Refused(sid, err)
	}
	return t, nil
}
