// Package blob keeps files as objects. A file is cut where its content says,
// so that two versions of it share the chunks that did not change; a file of
// one chunk is that chunk, a larger one is a list of chunks, a very large one a
// list of lists. The same bytes give the same Ref on every machine, whatever
// the sizes of the reads (docs/format/blob.md).
//
// Start reading at Write, then Cutter, then cut. Put and hash work on the read
// buffer itself, so a chunk is copied by nobody but the store.
package blob

import (
	"context"
	"io"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
)

// Ref names the content of a file: a chunk or a list of chunks, and the number
// of bytes. Refs are comparable; equal content has an equal Ref.
type Ref struct {
	ID   object.ID
	Size int64
}

// Stream is the store.Hint.Stream for files of no other stream.
const Stream = "blob"

// Write stores everything that r has and returns its Ref. Chunks get the hint
// stream ("" = Stream). For many files use one Cutter.
func Write(ctx context.Context, w store.Writer, r io.Reader, stream string) (Ref, error) {
	return NewCutter(w, stream).Write(ctx, r)
}

// Sum returns the Ref that Write would return, and stores nothing.
func Sum(ctx context.Context, r io.Reader) (Ref, error) { return NewSummer().Write(ctx, r) }
