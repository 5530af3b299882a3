// Package parquet reads and writes Apache Parquet files.
//
// Reading goes column by column: a leaf turns the pages of one column chunk
// after another into typed buffers, nested columns are put together from the
// definition and repetition levels, and several columns are read at the same
// time by a few goroutines that run at most a few batches ahead of the caller.
// What comes out does not depend on their number.
//
// How Parquet types become column types:
//
//	BOOLEAN, INT and UINT of 8 to 64 bits, FLOAT, DOUBLE   the same
//	FLOAT16                            float32
//	DECIMAL in INT32, INT64, BYTE_ARRAY, FIXED   decimal; string above 38 digits
//	STRING, ENUM                       string; bytes that are not UTF-8 are refused
//	JSON                               json, without white space and needless escapes
//	BSON, GEOMETRY, plain BYTE_ARRAY and FIXED_LEN_BYTE_ARRAY   binary
//	UUID                               string, 8-4-4-4-12 hex digits
//	DATE                               date
//	TIME                               string, 15:04:05 and the fraction without trailing zeros
//	TIMESTAMP, INT96                   timestamp; zone UTC when adjusted to UTC, INT96 in ns without zone
//	INTERVAL                           string, ISO 8601 (P2M3DT4.005S)
//	LIST (three and two levels), repeated fields   list
//	MAP                                list<struct<key, value>>
//	groups                             struct
//
// A file that pyarrow wrote carries its Arrow schema; fixed-size lists, zones
// and seconds are taken from there. Start reading at reader.Batches, then leaf.
package parquet

import (
	"context"
	"errors"
	"fmt"
	"io"

	pq "github.com/parquet-go/parquet-go"

	"github.com/strata-data/strata/internal/format"
)

// Formats returns the format parquet.
func Formats() []format.Format {
	return []format.Format{{
		Name:       "parquet",
		Extensions: []string{".parquet", ".parq", ".pq"},
		Binary:     files{},
		Write:      newWriter,
	}}
}

// files opens Parquet files.
type files struct{}

// readBuffer is the bytes read at a time from a column chunk.
const readBuffer = 256 << 10

// Open reads the footer of r. Errors about what is in it unwrap to
// format.ErrFormat.
func (files) Open(_ context.Context, r io.ReaderAt, size int64) (rr format.RowReader, err error) {
	defer recovered(&err, "open parquet file")
	if err := checkFooter(r, size); err != nil {
		return nil, err
	}
	f, err := openFile(r, size)
	if err != nil {
		return nil, err
	}
	if hasLZ4(f.Metadata()) {
		plain, err := newLZ4File(f, r, size)
		if err != nil {
			return nil, err
		}
		r, size = plain, plain.length()
		if f, err = openFile(r, size); err != nil {
			return nil, err
		}
	}
	return newReader(f, r, size)
}

func openFile(r io.ReaderAt, size int64) (*pq.File, error) {
	f, err := pq.OpenFile(r, size, pq.SkipPageIndex(true), pq.SkipBloomFilters(true), pq.ReadBufferSize(readBuffer))
	if err != nil {
		return nil, malformed("parquet: %v", err)
	}
	return f, nil
}

// checkFooter refuses a file that is not Parquet, and one whose footer claims
// to be longer than the file, before anything of that length is allocated.
func checkFooter(r io.ReaderAt, size int64) error {
	var b [8]byte
	if size < 12 {
		return malformed("not a parquet file: %d bytes are too few", size)
	}
	if _, err := r.ReadAt(b[:4], 0); err != nil {
		return fmt.Errorf("read parquet header: %w", err)
	}
	if string(b[:4]) == "PARE" {
		return malformed("parquet: the file is encrypted")
	}
	if string(b[:4]) != "PAR1" {
		return malformed("not a parquet file: it begins with %q", b[:4])
	}
	if _, err := r.ReadAt(b[:], size-8); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read parquet footer: %w", err)
	}
	if string(b[4:]) != "PAR1" {
		return malformed("parquet: the file ends with %q, it was cut short", b[4:])
	}
	if n := int64(b[0]) | int64(b[1])<<8 | int64(b[2])<<16 | int64(b[3])<<24; n > size-12 {
		return malformed("parquet: a footer of %d bytes in a file of %d", n, size)
	}
	return nil
}

func malformed(msg string, args ...any) error {
	return fmt.Errorf("%w: %s", format.ErrFormat, fmt.Sprintf(msg, args...))
}

// recovered turns a panic of the library about bytes that it did not expect
// into an error.
func recovered(err *error, doing string) {
	if p := recover(); p != nil {
		*err = malformed("%s: %v", doing, p)
	}
}
