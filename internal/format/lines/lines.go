// Package lines cuts text files into chunks of whole records and runs a
// format.Codec over the chunks on several goroutines.
//
// A chunk is what re-adding an edited file is made of: its cuts depend only on
// the bytes from the last cut on (a gear hash, rounded up to the next record
// end), so an edit changes the chunks around it and no others, and a file whose
// chunks are known is never parsed again. The gear table and the sizes are part
// of the format (docs/format/lines.md). Start reading at Chunks, then Parse.
//
// The package does not know what a record is: the function recordEnd says so
// (see format.Text, and RecordEnd here for formats with dialects).
package lines

import (
	"runtime"
	"sync"

	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/object"
)

// SniffSize is how much of a text file format.Text.Sniff should be shown.
const SniffSize = 1 << 20

// Chunk is a run of whole records of a text file.
type Chunk struct {
	Index int    // from 0, in file order
	Data  []byte // belongs to the chunk until Release
	// ID is object.Sum(Data). It is zero until Sum was called or
	// Options.Hash asked for it.
	ID     object.ID
	Line   int64 // number of the first line, from 1 at the beginning of the file
	Offset int64 // of Data in the stream that was cut

	buf  *[]byte
	pool *sync.Pool
}

// Sum returns the chunk's ID and remembers it.
func (c *Chunk) Sum() object.ID {
	if c.ID.IsZero() {
		c.ID = object.Sum(c.Data)
	}
	return c.ID
}

// Release gives the buffer of Data back for the next chunks. It may be left
// out; Data must not be used behind it.
func (c *Chunk) Release() {
	if c.pool == nil {
		return
	}
	*c.buf = c.Data[:0]
	c.pool.Put(c.buf)
	c.Data, c.buf, c.pool = nil, nil, nil
}

// Options steer Chunks, Parse and Infer. The zero value works.
type Options struct {
	Line    int64 // number of the stream's first line; 0 = 1
	Hash    bool  // Chunks fills Chunk.ID
	Workers int   // goroutines of Parse and Infer; 0 = one per processor
	Budget  int64 // bytes of text that Parse and Infer hold at a time; 0 = 64 MiB
}

func (o Options) workers() int {
	if o.Workers > 0 {
		return o.Workers
	}
	return runtime.GOMAXPROCS(0)
}

func (o Options) budget() int64 {
	if o.Budget > 0 {
		return o.Budget
	}
	return 64 << 20
}

// RecordEnd returns the function that finds record ends of files of t whose
// dialect v (the Inferrer or the Codec of that file) knows.
func RecordEnd(t format.Text, v any) func(buf []byte, from int) int {
	if e, ok := v.(format.Ender); ok {
		return e.RecordEnd
	}
	return t.RecordEnd
}

// CountLines returns the number of line ends in b: a stream that begins
// behind head has Options.Line = 1 + CountLines(head).
func CountLines(b []byte) int64 { return countLF(b) }
