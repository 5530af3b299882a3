// Package source turns files into tables and tables into the same files again.
//
// Ingest reads the files of a dataset with their formats, keys and sorts the
// rows, builds the table and writes beside it what is needed to give every
// byte back: the dialect, the records that the dialect would write otherwise,
// and the order of the records where it is not the order of keys. A file of
// which an earlier version is known is read, hashed and parsed only where it
// changed. Restore writes a file from its source object and the rows. Rewrite
// gives rows that a merge made files like those that they came from.
//
// The one law: Restore(Ingest(f)) = f, verified record by record while f is
// read. Layouts are in docs/format/source.md. Start reading at Request and
// Ingest, then Restore.
package source

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

const (
	streamSource = "meta/source"
	streamLines  = "meta/lines"
	streamKeys   = "keys"
)

// Source is a decoded source object.
type Source struct {
	Path       string   `cbor:"1,keyasint"`
	Format     string   `cbor:"2,keyasint"`
	Size       int64    `cbor:"3,keyasint"`
	Hash       []byte   `cbor:"4,keyasint"`
	Rows       int64    `cbor:"5,keyasint"`
	Executable bool     `cbor:"6,keyasint,omitempty"`
	Blob       []byte   `cbor:"7,keyasint,omitempty"`
	Columns    []string `cbor:"8,keyasint,omitempty"`
	Dialect    []byte   `cbor:"9,keyasint,omitempty"`
	Head       []byte   `cbor:"10,keyasint,omitempty"`
	Lines      [][]byte `cbor:"11,keyasint,omitempty"`
	Odd        *odd     `cbor:"12,keyasint,omitempty"`
	Shuffled   bool     `cbor:"13,keyasint,omitempty"`
	ValuesOnly bool     `cbor:"14,keyasint,omitempty"`
	Cut        int      `cbor:"15,keyasint,omitempty"`
	Skip       int      `cbor:"16,keyasint,omitempty"`
	Header     int      `cbor:"17,keyasint,omitempty"` // 0 = was found out, 1 = yes, 2 = no
}

// Layout returns what the user said about the head of the file when it was
// added: lines to skip, and whether there is a header (nil = find out).
func (s *Source) Layout() (skip int, header *bool) {
	if s.Header != 0 {
		yes := s.Header == 1
		header = &yes
	}
	return s.Skip, header
}

// setLayout remembers what the user said.
func (s *Source) setLayout(skip int, header *bool) {
	s.Skip, s.Header = skip, 0
	if header != nil {
		s.Header = 2
		if *header {
			s.Header = 1
		}
	}
}

// odd is the root of the table of odd records.
type odd struct {
	Root  []byte `cbor:"1,keyasint"`
	Level int    `cbor:"2,keyasint,omitempty"`
	Rows  int64  `cbor:"3,keyasint"`
	Bytes int64  `cbor:"4,keyasint"`
	Last  []byte `cbor:"5,keyasint"`
}

// HashID returns the BLAKE3-256 of the file.
func (s *Source) HashID() object.ID { return object.ID(s.Hash) }

// fields returns the columns of the file as a table's schema has them; a file
// without records may have none.
func (s *Source) fields(schema *column.Schema) []column.Field {
	return table.Project(schema, append([]string{}, s.Columns...)).Fields
}

// IsText reports whether the file is written from its rows.
func (s *Source) IsText() bool { return s.Blob == nil && !s.ValuesOnly }

// Load reads the source object id.
func Load(ctx context.Context, r store.Reader, id object.ID) (*Source, error) {
	b, err := r.Get(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read source %s: %w", id, err)
	}
	s := new(Source)
	if err := object.Unmarshal(b, object.KindSource, s); err != nil {
		return nil, merkle.Refused(id, err)
	}
	if err := s.check(); err != nil {
		return nil, &object.CorruptError{ID: id, Detail: err.Error()}
	}
	return s, nil
}

// check reports what no source object that was written here can be.
func (s *Source) check() error {
	for _, p := range append([][]byte{s.Hash}, s.Lines...) {
		if len(p) != object.Size {
			return errIDLength
		}
	}
	if s.Blob != nil && len(s.Blob) != object.Size {
		return errIDLength
	}
	if s.Odd != nil {
		if len(s.Odd.Root) != object.Size {
			return errIDLength
		}
		if root := s.oddRoot(); root.ID.IsZero() || root.Check() != nil {
			return errors.New("an impossible table of odd records")
		}
	}
	if s.Size < 0 || s.Rows < 0 || s.Cut < 0 || s.Cut > 2 {
		return fmt.Errorf("%d bytes, %d rows, cut by %d", s.Size, s.Rows, s.Cut)
	}
	return nil
}

var errIDLength = errors.New("an id in it has the wrong length")

func (s *Source) save(ctx context.Context, w store.Writer, base object.ID) (object.ID, error) {
	id, err := w.Put(ctx, object.Marshal(object.KindSource, s), store.Hint{Stream: streamSource, Base: base})
	if err != nil {
		return id, fmt.Errorf("write source of %s: %w", s.Path, err)
	}
	return id, nil
}

// oddSchema is the schema of the table of odd records.
func oddSchema() *column.Schema {
	return &column.Schema{Key: []string{"key"}, Fields: []column.Field{
		column.NewField("key", column.Of(column.Binary)), column.NewField("record", column.Of(column.Binary))}}
}

// oddTable returns the table of odd records, empty where there are none.
func (s *Source) oddTable(r store.Reader) *table.Table { return table.New(r, oddSchema(), s.oddRoot()) }

func (s *Source) oddRoot() (root merkle.Root) {
	if s.Odd != nil {
		root.Level = s.Odd.Level
		root.Entry = merkle.Entry{ID: object.ID(s.Odd.Root), Last: s.Odd.Last, Rows: s.Odd.Rows, Bytes: s.Odd.Bytes}
	}
	return root
}

func (s *Source) setOdd(root merkle.Root) {
	s.Odd = nil
	if !root.ID.IsZero() {
		s.Odd = &odd{Root: root.ID[:], Level: root.Level, Rows: root.Rows, Bytes: root.Bytes, Last: root.Last}
	}
}

// chunk is what is remembered of a chunk of a text file.
type chunk struct {
	Hash        chunkHash // of its bytes
	Size        int64
	Rows, Lines int64
	First, Last []byte    // keys
	Keys        object.ID // page of all keys, where the source is shuffled
}

// chunkHash is the first 20 bytes of the BLAKE3-256 of a chunk's bytes: hashes
// do not compress and there is one for each 16 KiB of text.
type chunkHash [20]byte

func hashOf(id object.ID) chunkHash { return chunkHash(id[:20]) }

// maxRun is how many chunks a line-run object holds at most.
const maxRun = 2048

func encodeRun(chunks []chunk, shuffled bool) []byte {
	dst := object.AppendHeader(make([]byte, 0, 16+96*len(chunks)), object.KindLines)
	dst = binary.AppendUvarint(dst, uint64(len(chunks)))
	for i := range chunks {
		c := &chunks[i]
		dst = append(dst, c.Hash[:]...)
		dst = binary.AppendUvarint(dst, uint64(c.Size))
		dst = binary.AppendUvarint(dst, uint64(c.Rows))
		dst = binary.AppendUvarint(dst, uint64(c.Lines))
		dst = append(binary.AppendUvarint(dst, uint64(len(c.First))), c.First...)
		dst = append(binary.AppendUvarint(dst, uint64(len(c.Last))), c.Last...)
		if shuffled {
			dst = append(dst, c.Keys[:]...)
		}
	}
	return dst
}

func decodeRun(b []byte, shuffled bool) ([]chunk, error) {
	p, err := object.Payload(b, object.KindLines)
	if err != nil {
		return nil, err
	}
	d := merkle.Decoder{B: p}
	n := d.Uvarint(maxRun)
	var chunks []chunk
	for i := uint64(0); i < n && d.Err == nil; i++ {
		c := chunk{}
		d.Read(c.Hash[:])
		c.Size, c.Rows, c.Lines = int64(d.Uvarint(1<<40)), int64(d.Uvarint(1<<40)), int64(d.Uvarint(1<<40))
		c.First, c.Last = bytes.Clone(d.Bytes()), bytes.Clone(d.Bytes())
		if shuffled {
			c.Keys = d.ID()
		}
		chunks = append(chunks, c)
	}
	return chunks, d.Done()
}

// saveChunks writes the line runs of a source. base are the runs of the
// version before, for storing small.
func (s *Source) saveChunks(ctx context.Context, w store.Writer, chunks []chunk, base [][]byte) error {
	s.Lines = nil
	for from := 0; from < len(chunks); {
		to := from + 1
		for to < len(chunks) && to-from < maxRun && chunks[to-1].Hash[0] != 0 {
			to++
		}
		h := store.Hint{Stream: streamLines}
		if n := len(s.Lines); n < len(base) {
			h.Base = object.ID(base[n])
		}
		id, err := w.Put(ctx, encodeRun(chunks[from:to], s.Shuffled), h)
		if err != nil {
			return fmt.Errorf("write lines of %s: %w", s.Path, err)
		}
		s.Lines = append(s.Lines, id[:])
		from = to
	}
	return nil
}

// chunks reads all chunks of a text source.
func (s *Source) chunks(ctx context.Context, r store.Reader) ([]chunk, error) {
	var all []chunk
	for _, raw := range s.Lines {
		id := object.ID(raw)
		b, err := r.Get(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("read lines %s of %s: %w", id, s.Path, err)
		}
		run, err := decodeRun(b, s.Shuffled)
		if err != nil {
			return nil, merkle.Refused(id, err)
		}
		all = append(all, run...)
	}
	return all, nil
}
