package sealed

import (
	"encoding/binary"
	"fmt"

	"github.com/strata-data/strata/internal/object"
)

// Live reads a bbolt file that may be written to at the same moment. bbolt does
// not touch a page that its newest meta page reaches, so what is found is
// usually right; but nothing is certain, and whoever reads must copy a value and
// check it. What File promises about damage holds here too.
type Live struct {
	f    *File
	free uint64 // page of the list of free pages
	tx   uint64 // number of the transaction that wrote it
}

// Number tells the states of the file apart; a later one has a greater number.
func (l *Live) Number() uint64 { return l.tx }

// OpenLive reads the newer of the whole meta pages of the file whose bytes are b.
func OpenLive(b []byte) (*Live, error) {
	var newest *Live
	var at uint64
	for pageSize := minPageSize; pageSize <= maxPageSize; pageSize *= 2 {
		for off := 0; off <= pageSize; off += pageSize {
			if f, n := liveMeta(b, off, pageSize); f != nil && (newest == nil || n > at) {
				newest, at = f, n
			}
		}
		if newest != nil {
			return newest, nil
		}
	}
	return nil, corrupt("neither meta page of the file is whole")
}

// liveMeta returns what the meta page at off describes and the number of the
// transaction that wrote it; nil if it is damaged. The file may be longer.
func liveMeta(b []byte, off, pageSize int) (*Live, uint64) {
	if len(b) < off+headerSize+metaSize {
		return nil, 0
	}
	var m [metaSize]byte // a copy, as it may change
	copy(m[:], b[off+headerSize:])
	u32, u64 := binary.LittleEndian.Uint32, binary.LittleEndian.Uint64
	if u32(m[:]) != magic || u32(m[4:]) != version || u32(m[8:]) != uint32(pageSize) || u64(m[56:]) != sum(m[:56]) {
		return nil, 0
	}
	f := &File{b: b, pageSize: pageSize, root: u64(m[16:]), pages: u64(m[40:])}
	if f.pages > uint64(len(b)/pageSize) {
		return nil, 0
	}
	return &Live{f, u64(m[32:]), u64(m[48:])}, u64(m[48:])
}

// CheckFree reports what is impossible about the list of free pages, which
// bbolt believes when it writes.
func (l *Live) CheckFree() error {
	if l.free == noFreelist {
		return nil
	}
	if l.free < 2 || l.free >= l.f.pages {
		return corrupt("the list of free pages is page %d of %d", l.free, l.f.pages)
	}
	h := l.f.b[int(l.free)*l.f.pageSize:]
	size := uint64(binary.LittleEndian.Uint32(h[12:])) + 1
	if binary.LittleEndian.Uint64(h) != l.free || binary.LittleEndian.Uint16(h[8:]) != flagFreelist || size > l.f.pages-l.free {
		return corrupt("the list of free pages has a bad header")
	}
	count := uint64(binary.LittleEndian.Uint16(h[10:]))
	list := h[headerSize : int(size)*l.f.pageSize]
	if count == 0xffff { // then the number comes first
		count = binary.LittleEndian.Uint64(list)
		list = list[8:]
	}
	if count > uint64(len(list)/8) {
		return corrupt("a list of %d free pages", count)
	}
	last := uint64(1)
	for i := range int(count) {
		id := binary.LittleEndian.Uint64(list[8*i:])
		if id <= last || id >= l.f.pages {
			return corrupt("free page %d of %d", id, l.f.pages)
		}
		last = id
	}
	return nil
}

// Get returns the value of key in bucket, pointing into the file's bytes; ok is
// false where there is no such key or bucket.
func (l *Live) Get(bucket string, key []byte) (value []byte, ok bool, err error) {
	p, i, ok, err := l.f.find(l.f.root, []byte(bucket))
	if err != nil || !ok {
		return nil, false, err
	}
	_, v, isBucket, err := p.value(i)
	if err != nil {
		return nil, false, err
	}
	if !isBucket || len(v) < bucketSize {
		return nil, false, corrupt("bucket %q is malformed", bucket)
	}
	if root := binary.LittleEndian.Uint64(v); root != 0 {
		p, i, ok, err = l.f.find(root, key)
	} else {
		p, i, ok, err = inline(v[bucketSize:], key)
	}
	if err != nil || !ok {
		return nil, false, err
	}
	_, v, isBucket, err = p.value(i)
	if err == nil && isBucket {
		err = corrupt("key %x is a bucket", key)
	}
	return v, err == nil, err
}

// inline finds key in a bucket that is small enough to be kept, as one leaf,
// where other buckets have the number of their root.
func inline(b, key []byte) (p page, i int, ok bool, err error) {
	if len(b) < headerSize {
		return p, 0, false, corrupt("a bucket of %d bytes", len(b))
	}
	p = page{b: b, count: int(binary.LittleEndian.Uint16(b[10:])), leaf: binary.LittleEndian.Uint16(b[8:]) == flagLeaf}
	if !p.leaf || headerSize+p.count*elemSize > len(b) {
		return p, 0, false, fmt.Errorf("%w: a small bucket with %d elements", object.ErrCorrupt, p.count)
	}
	if i, err = p.search(key); err != nil || i == p.count {
		return p, i, false, err
	}
	k, err := p.key(i)
	return p, i, err == nil && string(k) == string(key), err
}
