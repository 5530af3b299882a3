// Package store defines where objects live. A Reader gives verified bytes for
// an id; a Writer takes new objects and makes them all visible at once when
// it is published. Implementations: store/segment (sealed bbolt files on
// disk), store/mem (a map, for tests and dry runs). All pass the suite in
// store/storetest.
package store

import (
	"context"

	"github.com/strata-data/strata/internal/object"
)

// Reader reads objects. It is safe for concurrent use.
type Reader interface {
	// Get returns the bytes of the object id. They have been verified against
	// id, belong to the store, and must not be modified; they stay valid until
	// the store is closed. A missing object is object.ErrNotFound; bytes that
	// do not match are an *object.CorruptError.
	Get(ctx context.Context, id object.ID) ([]byte, error)
	// Has reports whether the object is present, without reading it.
	Has(ctx context.Context, id object.ID) (bool, error)
}

// Hint tells a Writer what it may know about an object to store it small. It
// never changes the object's id and may be zero.
type Hint struct {
	// Stream groups objects that are alike (the pages of one column); those of
	// one stream are compressed together in the order in which they arrive.
	Stream string
	// Base names an older object that this one was probably edited from. The
	// store may keep the new one as a difference to it.
	Base object.ID
}

// Writer adds objects. Put is safe for concurrent use; the others are not.
type Writer interface {
	Reader // sees the published objects and those that were Put here
	// Put stores the object with the complete bytes b (header included) unless
	// it is there already, and returns its id. It does not keep b.
	Put(ctx context.Context, b []byte, h Hint) (object.ID, error)
	// Publish makes everything that was Put durable and visible, at once.
	Publish(ctx context.Context) (Stats, error)
	// Discard drops what was not published and removes temporary files. After
	// Publish it does nothing.
	Discard() error
}

// Store is a place for objects.
type Store interface {
	Reader
	NewWriter(ctx context.Context) (Writer, error)
	Close() error
}

// Stats says what a Writer wrote.
type Stats struct {
	Objects  int64 // new objects
	RawBytes int64 // their bytes before compression
	DiskSize int64 // bytes of the files that hold them
}
