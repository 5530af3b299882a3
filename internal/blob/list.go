package blob

import (
	"encoding/binary"
	"fmt"

	"github.com/strata-data/strata/internal/object"
)

// A list object, all numbers little-endian:
//
//	offset  bytes
//	0       2       header: 'b', version
//	2       1       level: 0 = of chunks, n = of lists of level n-1
//	3       8       size of the file, or of the part of it, in bytes
//	11      40 each id of the entry (32), its size in bytes (8)
const (
	levelAt   = object.HeaderSize
	sizeAt    = levelAt + 1
	entriesAt = sizeAt + 8
	entrySize = object.Size + 8
)

// A list ends after an entry whose id begins with a zero byte, 256 entries on
// average, but not after its first one, and after maxEntries.
const (
	maxEntries = 1024
	maxLevel   = 8
)

// Entry is a part of a file, in order.
type Entry struct {
	ID   object.ID
	Size int64
}

// endsList reports whether a list ends after entry i, whose id is id.
func endsList(i int, id object.ID) bool { return i > 0 && id[0] == 0 || i == maxEntries-1 }

// list is a list object that is being made. It is kept in its final layout.
type list struct{ b []byte }

func (l *list) reset(level int) {
	l.b = append(object.AppendHeader(l.b[:0], object.KindChunks), byte(level))
	l.b = append(l.b, 0, 0, 0, 0, 0, 0, 0, 0)
}

func (l *list) add(e Entry) {
	l.b = append(l.b, e.ID[:]...)
	l.b = binary.LittleEndian.AppendUint64(l.b, uint64(e.Size))
	binary.LittleEndian.PutUint64(l.b[sizeAt:], uint64(l.size()+e.Size))
}

func (l *list) size() int64 { return int64(binary.LittleEndian.Uint64(l.b[sizeAt:])) }
func (l *list) len() int    { return (len(l.b) - entriesAt) / entrySize }

// KindOf returns the kind of the object that a file of size bytes is: a chunk, a
// chunk list, or 0 where the size does not say which.
func KindOf(size int64) object.Kind {
	switch {
	case size <= smallFile:
		return object.KindChunk
	case size > maxChunk:
		return object.KindChunks
	}
	return 0
}

// Children returns the entries of the list object b, and its level: the
// entries of level 0 are chunks, those of others are lists.
func Children(b []byte) (entries []Entry, level int, err error) {
	if _, err := object.Payload(b, object.KindChunks); err != nil {
		return nil, 0, err
	}
	bad := func(msg string, args ...any) ([]Entry, int, error) {
		return nil, 0, fmt.Errorf("%w: chunk list: %s", object.ErrCorrupt, fmt.Sprintf(msg, args...))
	}
	if len(b) < entriesAt+entrySize || (len(b)-entriesAt)%entrySize != 0 {
		return bad("%d bytes", len(b))
	}
	level = int(b[levelAt])
	n := (len(b) - entriesAt) / entrySize
	if level > maxLevel || n > maxEntries {
		return bad("%d entries at level %d", n, level)
	}
	entries = make([]Entry, n)
	var sum uint64
	for i := range entries {
		p := b[entriesAt+i*entrySize:]
		size := binary.LittleEndian.Uint64(p[object.Size:])
		if size == 0 || size > 1<<62 || level == 0 && size > maxChunk {
			return bad("entry %d of %d bytes", i, size)
		}
		entries[i] = Entry{object.ID(p[:object.Size]), int64(size)}
		if i < n-1 && endsList(i, entries[i].ID) {
			return bad("goes on after entry %d", i)
		}
		if sum += size; sum > 1<<62 {
			return bad("of %d bytes", sum)
		}
	}
	if have := binary.LittleEndian.Uint64(b[sizeAt:]); have != sum {
		return bad("size %d, entries have %d", have, sum)
	}
	return entries, level, nil
}
