// Package arrow reads and writes Arrow IPC: the file format (also called
// Feather V2) and the stream format, which is told from the first bytes.
//
// Reading makes a converter for each column from its Arrow type and runs it
// over slices of the record batches. How Arrow types become column types:
//
//	bool, integers, float32, float64    the same; float16 is float32
//	decimal 32 to 256                   decimal; string above 38 digits; negative scales as scale 0
//	utf8, large and view                string; text that is not UTF-8 is refused
//	binary, large, view and fixed size  binary
//	date32, date64                      date
//	time32, time64                      string, 15:04:05 and the fraction without trailing zeros
//	timestamp                           timestamp with its unit and zone
//	duration                            int64, the number of units
//	list, large list, views             list; fixed-size list the same
//	struct, map                         struct, list<struct<key, value>>
//	dictionary, run-end encoded         the type of their values
//	null                                string, all null
//	arrow.json, arrow.uuid              json, string; other extensions as their storage
//
// Unions and intervals are refused. Only arrow, array, memory and ipc of the
// Arrow library are imported: compute would add 17 MB to the binary. Start
// reading at reader.Batches, then converterOf.
package arrow

import (
	"context"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/strata-data/strata/internal/format"
)

// Formats returns the format arrow.
func Formats() []format.Format {
	return []format.Format{{
		Name:       "arrow",
		Extensions: []string{".arrow", ".feather", ".ipc", ".arrows"},
		Binary:     files{},
		Write:      newWriter,
	}}
}

// files opens Arrow IPC files and streams.
type files struct{}

const fileMagic = "ARROW1"

// Open reads the schema and the headers of the record batches of r.
func (files) Open(_ context.Context, r io.ReaderAt, size int64) (rr format.RowReader, err error) {
	defer recovered(&err, "open arrow file")
	head := make([]byte, min(size, 8))
	if _, err := r.ReadAt(head, 0); err != nil && err != io.EOF {
		return nil, fmt.Errorf("read arrow header: %w", err)
	}
	if len(head) >= 4 && string(head[:4]) == "FEA1" {
		return nil, malformed("feather version 1 is not read; write it again with pyarrow.feather.write_feather")
	}
	o := &reader{r: r, size: size, file: len(head) == 8 && string(head[:6]) == fileMagic}
	if err := o.walk(); err != nil {
		return nil, err
	}
	src, err := o.source()
	if err != nil {
		return nil, err
	}
	defer src.close()
	return o, o.setSchema(src.schema())
}

// source gives the record batches of a file or a stream.
type source struct {
	file   *ipc.FileReader
	stream *ipc.Reader
	next   int
}

func (o *reader) source() (*source, error) {
	sec := io.NewSectionReader(o.r, 0, o.size)
	opts := []ipc.Option{ipc.WithAllocator(bounded{memory.NewGoAllocator(), int(min(64<<20+o.size*maxRatio, 1<<40))}), ipc.WithMetadataSizeLimit(o.size), ipc.WithBodySizeLimit(o.size)}
	if o.file {
		f, err := ipc.NewFileReader(sec, opts...)
		if err != nil {
			return nil, malformed("%v", err)
		}
		return &source{file: f}, nil
	}
	s, err := ipc.NewReader(sec, opts...)
	if err != nil {
		return nil, malformed("not an arrow file or stream: %v", err)
	}
	return &source{stream: s}, nil
}

func (s *source) schema() *arrow.Schema {
	if s.file != nil {
		return s.file.Schema()
	}
	return s.stream.Schema()
}

// read returns the next record batch, or nil behind the last. The caller
// releases it.
func (s *source) read() (arrow.RecordBatch, error) {
	if s.file == nil {
		if !s.stream.Next() {
			if err := s.stream.Err(); err != nil {
				return nil, malformed("%v", err)
			}
			return nil, nil
		}
		b := s.stream.RecordBatch()
		b.Retain()
		return b, nil
	}
	if s.next == s.file.NumRecords() {
		return nil, nil
	}
	s.next++
	b, err := s.file.RecordBatchAt(s.next - 1)
	if err != nil {
		return nil, malformed("%v", err)
	}
	return b, nil
}

func (s *source) close() {
	if s.file != nil {
		s.file.Close()
	} else {
		s.stream.Release()
	}
}

// bounded refuses allocations that only a corrupt length can ask for; the
// panic ends up in recovered.
type bounded struct {
	memory.Allocator
	limit int
}

// maxRatio is how much smaller than its values a compressed buffer may be.
const maxRatio = 1 << 14

func (b bounded) Allocate(n int) []byte {
	if n < 0 || n > b.limit {
		panic(fmt.Sprintf("a buffer of %d bytes", n))
	}
	return b.Allocator.Allocate(n)
}

func (b bounded) Reallocate(n int, old []byte) []byte {
	if n < 0 || n > b.limit {
		panic(fmt.Sprintf("a buffer of %d bytes", n))
	}
	return b.Allocator.Reallocate(n, old)
}

func malformed(msg string, args ...any) error {
	return fmt.Errorf("%w: arrow: %s", format.ErrFormat, fmt.Sprintf(msg, args...))
}

// recovered turns a panic of the library about bytes that it did not expect
// into an error.
func recovered(err *error, doing string) {
	if p := recover(); p != nil {
		*err = malformed("%s: %v", doing, p)
	}
}
