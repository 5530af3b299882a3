// Package object names immutable bytes and wraps the small structured ones.
//
// An object is a byte string whose first byte is its kind and whose second
// byte is the format version of that kind; its ID is the BLAKE3-256 of all of
// its uncompressed bytes (docs/format/object.md). Nothing random, no clock and
// no path ever enters an object, so equal content has an equal ID on every
// machine. Structured objects (commit, tree, table, schema, tag) are
// deterministic CBOR after those two bytes; pages, leaves and nodes have
// layouts of their own. Start reading at ID, then Kind, then Marshal.
package object

import (
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/zeebo/blake3"
)

// Size is the length of an ID in bytes.
const Size = 32

// ID names an object by the BLAKE3-256 of its bytes. The zero ID names
// nothing and is used for "none". IDs are comparable and may be map keys.
type ID [Size]byte

// Sum returns the ID of the object whose complete bytes are b.
func Sum(b []byte) ID { return blake3.Sum256(b) }

// IsZero reports whether id names nothing.
func (id ID) IsZero() bool { return id == ID{} }

// String returns id as 64 lower-case hex digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// Short returns the first eight hex digits of id, for people.
func (id ID) Short() string { return hex.EncodeToString(id[:4]) }

// MarshalText implements encoding.TextMarshaler; the zero ID is empty text.
func (id ID) MarshalText() ([]byte, error) {
	if id.IsZero() {
		return nil, nil
	}
	return []byte(id.String()), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (id *ID) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*id = ID{}
		return nil
	}
	p, err := Parse(string(b))
	*id = p
	return err
}

// Parse returns the ID written as 64 hex digits in s.
func Parse(s string) (ID, error) {
	var id ID
	if len(s) != 2*Size {
		return id, fmt.Errorf("object id %q: want %d hex digits, have %d", s, 2*Size, len(s))
	}
	if _, err := hex.Decode(id[:], []byte(s)); err != nil {
		return ID{}, fmt.Errorf("object id %q: %w", s, err)
	}
	return id, nil
}

// Kind is the first byte of an object and says what the rest is.
type Kind byte

// The kinds of object. Values are part of the format.
const (
	KindPage     Kind = 'P' // values of one column for a run of samples
	KindPageList Kind = 'p' // ids of the pages of one wide column in one leaf
	KindLeaf     Kind = 'L' // a run of samples: for each column its pages
	KindNode     Kind = 'N' // children of a Merkle node
	KindTable    Kind = 'T' // schema, root, sources of a dataset
	KindSchema   Kind = 'S' // columns and key of a dataset
	KindTree     Kind = 'D' // dataset name -> table
	KindCommit   Kind = 'C' // tree, parents, author, message
	KindTag      Kind = 'G' // annotated tag
	KindChunk    Kind = 'B' // raw bytes of a file or of a part of one
	KindChunks   Kind = 'b' // ids of the chunks of a file
	KindSource   Kind = 'O' // how to write a source file back
	KindLines    Kind = 'o' // one run of a source's line-aligned chunks
)

var kindNames = map[Kind]string{
	KindPage: "page", KindPageList: "page list", KindLeaf: "leaf", KindNode: "node",
	KindTable: "table", KindSchema: "schema", KindTree: "tree", KindCommit: "commit",
	KindTag: "tag", KindChunk: "chunk", KindChunks: "chunk list",
	KindSource: "source", KindLines: "source lines",
}

// String returns the kind's word, as docs and errors use it.
func (k Kind) String() string {
	if s, ok := kindNames[k]; ok {
		return s
	}
	return fmt.Sprintf("unknown kind 0x%02x", byte(k))
}

// Known reports whether this version of the program knows kind k.
func (k Kind) Known() bool { _, ok := kindNames[k]; return ok }

// Version is the format version written for every kind today.
const Version = 1

// HeaderSize is the number of bytes before an object's payload.
const HeaderSize = 2

// AppendHeader appends the two header bytes of kind k to dst.
func AppendHeader(dst []byte, k Kind) []byte { return append(dst, byte(k), Version) }

// Payload checks that b is an object of kind k in a version that this program
// reads, and returns the bytes behind the header (aliasing b).
func Payload(b []byte, k Kind) ([]byte, error) {
	if len(b) < HeaderSize {
		return nil, fmt.Errorf("%w: %d bytes are too few for an object", ErrCorrupt, len(b))
	}
	if Kind(b[0]) != k {
		return nil, fmt.Errorf("%w: want a %s, have a %s", ErrCorrupt, k, Kind(b[0]))
	}
	if b[1] != Version {
		return nil, fmt.Errorf("%w: %s version %d, this program reads version %d", ErrUnsupported, k, b[1], Version)
	}
	return b[HeaderSize:], nil
}

// The conditions that callers act on.
var (
	// ErrCorrupt is in the chain of every error about bytes that are not what
	// their id or their format says.
	ErrCorrupt = errors.New("object corrupt")
	// ErrNotFound is returned when no store has an object.
	ErrNotFound = errors.New("object not found")
	// ErrUnsupported is returned for a kind, version or feature that a newer
	// program wrote.
	ErrUnsupported = errors.New("written by a newer version")
)

// CorruptError says which object is corrupt and where it lies. It unwraps to
// ErrCorrupt.
type CorruptError struct {
	ID     ID
	Place  string // file and position, "" where unknown
	Detail string
}

func (e *CorruptError) Error() string {
	s := "object " + e.ID.String() + " corrupt"
	if e.Place != "" {
		s += " at " + e.Place
	}
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

// Unwrap returns ErrCorrupt.
func (e *CorruptError) Unwrap() error { return ErrCorrupt }
