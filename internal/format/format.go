// Package format says what a file format is. A format turns a file into
// batches and batches into a file; each lives in a closet of its own below
// this package (csv, jsonl, parquet, arrow) and is one value of the registry
// that internal/format/formats builds. Text formats, whose files are lines,
// are restored byte for byte from their rows (see Text); the bytes of binary
// ones are kept beside the rows.
package format

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/strata-data/strata/internal/column"
)

// Format is one file format. Exactly one of Text and Binary is set.
type Format struct {
	Name       string   // as in --format: csv, tsv, jsonl, parquet, arrow
	Extensions []string // lower case with the dot; without .gz and .zst
	Text       Text
	Binary     Binary
	// Write begins a file of rows of schema s (which has no hidden columns).
	// The file is complete when the RowWriter is closed without error.
	Write func(w io.Writer, s *column.Schema, o WriteOptions) (RowWriter, error)
}

// WriteOptions are wishes of whoever exports rows.
type WriteOptions struct {
	NoHeader bool   // csv: leave the header line out
	Null     string // csv: how a null is written; default empty
	Stream   bool   // arrow: the stream format, not the file format
}

// RowWriter takes batches of one schema. Batches belong to the caller.
type RowWriter interface {
	Write(b *column.Batch) error
	Close() error
}

// Binary reads files whose bytes cannot be written back from rows.
type Binary interface {
	// Open reads the schema of the file r of size bytes.
	Open(ctx context.Context, r io.ReaderAt, size int64) (RowReader, error)
}

// RowReader reads the rows of one binary file.
type RowReader interface {
	// Schema has ids equal to names and no key.
	Schema() *column.Schema
	Rows() int64
	// Batches yields all rows in file order. A batch is valid until the next.
	Batches(ctx context.Context) iter.Seq2[*column.Batch, error]
	Close() error
}

// Text is a format whose files are a head (byte order mark, header line,
// skipped lines) and then records that end in line ends.
//
// Reading is: Sniff the beginning, cut the rest into chunks at record ends,
// show every chunk to an Inferrer, then Parse every chunk with its Codec.
type Text interface {
	// Sniff finds the dialect and the length of the head from the first bytes
	// of a file; eof says that these are all of it.
	Sniff(begin []byte, eof bool, o TextOptions) (Inferrer, int, error)
	// RecordEnd returns the end of the record that holds or follows offset
	// from of buf, which begins at the beginning of a record; -1 if that is
	// not in buf. It is a fixed function of the bytes, fast rather than exact
	// for text that is not well formed.
	RecordEnd(buf []byte, from int) int
	// Load makes the codec again that wrote dialect, for the given columns.
	Load(dialect []byte, columns []column.Field) (Codec, error)
}

// TextOptions are what the user said about a text file.
type TextOptions struct {
	Delimiter byte              // csv: 0 = find out
	Header    *bool             // csv: nil = find out
	Skip      int               // lines before the header or first record
	Columns   []column.Field    // columns that the dataset has already; their types are kept
	Rename    map[string]string // name in the dataset -> name in the file
}

// Inferrer gathers what all records have in common. Chunks may be shown to
// clones in parallel; the result does not depend on how they were split.
type Inferrer interface {
	Clone() Inferrer
	// Chunk looks at whole records; line is the number of the first one's
	// first line, counted from 1 at the beginning of the file.
	Chunk(data []byte, line int64) error
	Merge(other Inferrer)
	// Codec returns the narrowest reading under which every value that was
	// shown converts and back to the same text.
	Codec() (Codec, error)
}

// Ender is implemented by an Inferrer or a Codec whose dialect says more
// exactly than Text.RecordEnd where records end; its RecordEnd, which has the
// same contract, is then the one to cut with (see lines.RecordEnd).
type Ender interface {
	RecordEnd(buf []byte, from int) int
}

// Codec reads and writes the records of one dialect with fixed columns. It is
// safe for concurrent use.
type Codec interface {
	// Columns are the columns in the order of the file, with dataset ids.
	Columns() []column.Field
	// Dialect returns canonical bytes from which Text.Load makes an equal codec.
	Dialect() []byte
	// Parse appends the records of data to dst, whose columns are Columns().
	// It returns for each record its end in data (blank lines belong to the
	// record before) and the numbers, from 0 within data, of odd records:
	// those whose bytes are not what Render writes. Bad records are a
	// *SyntaxError, values of another type a *ValueError.
	Parse(data []byte, line int64, dst *column.Batch) (ends []uint32, odd []uint32, err error)
	// Render appends row i of b as a record with its line end.
	Render(dst []byte, b *column.Batch, i int) []byte
}

// ErrFormat is in the chain of every error about a file that is not what its
// format says.
var ErrFormat = errors.New("malformed file")

// SyntaxError is a record that cannot be read. It unwraps to ErrFormat.
type SyntaxError struct {
	Line int64  // from 1
	Msg  string // what is wrong, with the value
	Hint string // a command or flag that helps, or ""
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Msg) }

// Unwrap returns ErrFormat.
func (e *SyntaxError) Unwrap() error { return ErrFormat }

// ValueError is a value that does not fit the type of its column.
type ValueError struct {
	Line   int64 // from 1
	Column string
	Type   *column.Type // the column's type
	Value  string
	Needed *column.Type // the narrowest type that holds this value too, or nil
}

func (e *ValueError) Error() string {
	return fmt.Sprintf("line %d: column %s is %s, value %q is not", e.Line, e.Column, e.Type, e.Value)
}

// Unwrap returns ErrFormat.
func (e *ValueError) Unwrap() error { return ErrFormat }

// Adapter is implemented by a Text whose files can be given other columns: a
// file that two versions of it were merged into.
type Adapter interface {
	// Adapt returns how a file of the given columns is written that is like
	// the first of layouts; columns that it does not have are written as in the
	// first of the others that has them (by id). columns have the dataset's
	// names. A head that has to end in a line end does in the result.
	Adapt(layouts []Layout, columns []column.Field) (Layout, error)
}

// Layout is what a text file has beside the values of its records.
type Layout struct {
	Columns []column.Field // in the order of the file
	Dialect []byte
	Head    []byte
	Skip    int  // lines before the header that are no part of the table
	Header  bool // set by Adapt: the head names the columns
	// Same is set by Adapt where it is certain that each of the layouts writes
	// the values of its columns as the result does, so that a record made of
	// values that were read by any of them is read back as it was.
	Same bool
}
