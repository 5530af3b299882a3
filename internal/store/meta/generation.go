package meta

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"os"

	"github.com/strata-data/strata/internal/object"
)

// Where bbolt's meta pages keep what Generation needs; all little-endian.
const (
	metaAt       = 16 // behind the page header
	metaSize     = 64
	metaPageSize = 8
	metaTxid     = 48
	metaSum      = 56
	metaMagic    = 0xED0CDAED
	maxPageSize  = 64 << 10
)

// Generation returns a number that grows with every committed Update. It costs
// a few microseconds and does not wait for writers, so that a reader can ask
// whether anything has changed without opening the file.
func (db *DB) Generation() (uint64, error) {
	f, err := os.Open(db.path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	first, size, ok0 := readMeta(f, 0)
	if !ok0 {
		size = pageSize // of the files that Create makes
	}
	second, _, ok1 := readMeta(f, int64(size))
	if !ok0 && !ok1 {
		return 0, fmt.Errorf("%w: %s: neither meta page is whole", object.ErrCorrupt, db.path)
	}
	return max(first, second), nil
}

// readMeta returns the transaction id and the page size in the meta page at
// offset at. A page that is being written at the moment is not ok; the other
// one is then the state to go by.
func readMeta(f io.ReaderAt, at int64) (txid uint64, pageSize uint32, ok bool) {
	var m [metaSize]byte
	if _, err := f.ReadAt(m[:], at+metaAt); err != nil {
		return 0, 0, false
	}
	h := fnv.New64a()
	h.Write(m[:metaSum])
	if binary.LittleEndian.Uint32(m[:]) != metaMagic || binary.LittleEndian.Uint64(m[metaSum:]) != h.Sum64() {
		return 0, 0, false
	}
	pageSize = binary.LittleEndian.Uint32(m[metaPageSize:])
	return binary.LittleEndian.Uint64(m[metaTxid:]), pageSize, pageSize <= maxPageSize
}
