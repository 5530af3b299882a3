package sealed

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"iter"
	"sort"

	"github.com/strata-data/strata/internal/object"
)

// File is a sealed file that was mapped into memory. It is safe for
// concurrent use. Keys and values that it gives out alias the mapping.
type File struct {
	b        []byte
	pageSize int
	pages    uint64
	root     uint64
}

// Bucket is one bucket of a File.
type Bucket struct {
	f    *File
	root uint64
}

func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: %s", object.ErrCorrupt, fmt.Sprintf(format, args...))
}

// Open reads the meta pages of the file whose complete bytes are b.
func Open(b []byte) (*File, error) {
	for pageSize := minPageSize; pageSize <= maxPageSize; pageSize *= 2 {
		for at := 0; at <= pageSize; at += pageSize {
			if f := openMeta(b, at, pageSize); f != nil {
				return f, nil
			}
		}
	}
	return nil, corrupt("neither meta page of the file is whole")
}

// OpenPrefix is Open for a file behind whose end other bytes follow.
func OpenPrefix(b []byte) (*File, error) {
	for pageSize := minPageSize; pageSize <= maxPageSize; pageSize *= 2 {
		for at := 0; at <= pageSize && at+headerSize+metaSize <= len(b); at += pageSize {
			n := binary.LittleEndian.Uint64(b[at+headerSize+40:])
			if n > uint64(len(b)/pageSize) {
				continue
			}
			if f := openMeta(b[:int(n)*pageSize], at, pageSize); f != nil {
				return f, nil
			}
		}
	}
	return nil, corrupt("neither meta page of the file is whole")
}

// openMeta returns the file that the meta page at offset at describes, or nil
// if it is damaged or not one of a file with such pages.
func openMeta(b []byte, at, pageSize int) *File {
	if len(b) < at+headerSize+metaSize {
		return nil
	}
	m := b[at+headerSize:][:metaSize]
	u32, u64 := binary.LittleEndian.Uint32, binary.LittleEndian.Uint64
	if u32(m) != magic || u32(m[4:]) != version || u32(m[8:]) != uint32(pageSize) ||
		u64(m[56:]) != sum(m[:56]) {
		return nil
	}
	f := &File{b: b, pageSize: pageSize, root: u64(m[16:]), pages: u64(m[40:])}
	if f.pages != uint64(len(b)/pageSize) || len(b)%pageSize != 0 {
		return nil
	}
	return f
}

// page is one branch or leaf page with its overflow pages.
type page struct {
	b     []byte
	at    int // offset of b in the file
	count int
	leaf  bool
}

func (f *File) page(id uint64) (page, error) {
	if id < 2 || id >= f.pages {
		return page{}, corrupt("page %d of %d", id, f.pages)
	}
	at := int(id) * f.pageSize
	h := f.b[at:]
	flags := binary.LittleEndian.Uint16(h[8:])
	p := page{at: at, count: int(binary.LittleEndian.Uint16(h[10:])), leaf: flags == flagLeaf}
	size := uint64(binary.LittleEndian.Uint32(h[12:])) + 1
	if binary.LittleEndian.Uint64(h) != id || (flags != flagLeaf && flags != flagBranch) || size > f.pages-id {
		return page{}, corrupt("page %d has a bad header", id)
	}
	p.b = h[:int(size)*f.pageSize]
	if p.count == 0 || headerSize+p.count*elemSize > len(p.b) {
		return page{}, corrupt("page %d has %d elements", id, p.count)
	}
	return p, nil
}

// span returns n bytes from pos, counted from the element that begins at e.
func (p page) span(e int, pos uint64, n uint64) (int, []byte, error) {
	from := uint64(e) + pos
	if from+n > uint64(len(p.b)) {
		return 0, nil, corrupt("page at %d: an element ends at %d of %d", p.at, from+n, len(p.b))
	}
	return p.at + int(from), p.b[from : from+n], nil
}

func (p page) u32(at int) uint64 { return uint64(binary.LittleEndian.Uint32(p.b[at:])) }

func (p page) key(i int) ([]byte, error) {
	e := headerSize + i*elemSize
	pos, size := e, e+4
	if p.leaf {
		pos, size = e+4, e+8
	}
	_, k, err := p.span(e, p.u32(pos), p.u32(size))
	return k, err
}

// child returns the page below element i of a branch.
func (p page) child(i int) uint64 {
	return binary.LittleEndian.Uint64(p.b[headerSize+i*elemSize+8:])
}

// value returns the value of element i of a leaf, its offset in the file, and
// whether it is a bucket.
func (p page) value(i int) (at int, v []byte, isBucket bool, err error) {
	e := headerSize + i*elemSize
	at, v, err = p.span(e, p.u32(e+4)+p.u32(e+8), p.u32(e+12))
	return at, v, p.u32(e) == elemBucket, err
}

// search returns the first element whose key is not less than key.
func (p page) search(key []byte) (int, error) {
	var bad error
	i := sort.Search(p.count, func(i int) bool {
		k, err := p.key(i)
		if err != nil {
			bad = err
		}
		return bytes.Compare(k, key) >= 0
	})
	return i, bad
}

// find returns the leaf and the element of key below the page root; ok is
// false if there is no such key.
func (f *File) find(root uint64, key []byte) (p page, i int, ok bool, err error) {
	for range maxDepth {
		if p, err = f.page(root); err != nil {
			return p, 0, false, err
		}
		if i, err = p.search(key); err != nil {
			return p, 0, false, err
		}
		var k []byte
		if i < p.count {
			if k, err = p.key(i); err != nil {
				return p, 0, false, err
			}
		}
		equal := i < p.count && bytes.Equal(k, key)
		if p.leaf {
			return p, i, equal, nil
		}
		if !equal {
			i--
		}
		if i < 0 {
			return p, 0, false, nil
		}
		root = p.child(i)
	}
	return p, 0, false, corrupt("the tree is deeper than %d pages", maxDepth)
}

// Bucket returns the bucket called name, which must be there.
func (f *File) Bucket(name string) (Bucket, error) {
	p, i, ok, err := f.find(f.root, []byte(name))
	if err != nil {
		return Bucket{}, err
	}
	if !ok {
		return Bucket{}, corrupt("bucket %q is missing", name)
	}
	_, v, isBucket, err := p.value(i)
	if err != nil {
		return Bucket{}, err
	}
	if !isBucket || len(v) != bucketSize {
		return Bucket{}, corrupt("bucket %q is malformed", name)
	}
	return Bucket{f: f, root: binary.LittleEndian.Uint64(v)}, nil
}

// Get returns the value of key and its offset in the file; ok is false if
// there is no such key. The value is not read, only pointed at.
func (b Bucket) Get(key []byte) (value []byte, offset int64, ok bool, err error) {
	p, i, ok, err := b.f.find(b.root, key)
	if err != nil || !ok {
		return nil, 0, false, err
	}
	at, v, isBucket, err := p.value(i)
	if err == nil && isBucket {
		err = corrupt("key %x is a bucket", key)
	}
	return v, int64(at), err == nil, err
}

// Entry is a key with its value.
type Entry struct{ Key, Value []byte }

// All returns the entries of b in ascending order of keys. An error ends it. It
// visits each page of the file at most once, so it ends.
func (b Bucket) All() iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		w := walk{f: b.f, left: b.f.pages, yield: yield}
		if _, err := w.page(b.root, 0); err != nil {
			yield(Entry{}, err)
		}
	}
}

// Intact is All that goes on behind damage: a page that cannot be read yields
// its error, and the entries of the others follow. So does an entry that is out
// of order.
func (b Bucket) Intact() iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		w := walk{f: b.f, left: b.f.pages, yield: yield, goOn: true}
		_, _ = w.page(b.root, 0) // errors were yielded
	}
}

// walk is the state of one All or Intact.
type walk struct {
	f     *File
	left  uint64 // pages that may still be visited
	last  []byte
	least []byte // key of the branch element above: Get finds nothing below it
	goOn  bool   // errors are yielded and do not end the walk
	yield func(Entry, error) bool
}

// fault deals with an error at one place: more is false where the walk ends.
func (w *walk) fault(err error) (more bool, _ error) {
	if w.goOn {
		return w.yield(Entry{}, err), nil
	}
	return false, err
}

// page walks the tree below one page; more is false when the caller stopped.
func (w *walk) page(id uint64, depth int) (more bool, err error) {
	if depth >= maxDepth || w.left == 0 {
		return w.fault(corrupt("the pages of the tree do not end"))
	}
	w.left--
	p, err := w.f.page(id)
	if err != nil {
		return w.fault(err)
	}
	for i := range p.count {
		var more bool
		if p.leaf {
			more, err = w.entry(p, i)
		} else if more, err = w.branch(p, i); err == nil && more {
			more, err = w.page(p.child(i), depth+1)
		}
		if err != nil || !more {
			return false, err
		}
	}
	return true, nil
}

// branch checks the key of element i of a branch, by which Get goes.
func (w *walk) branch(p page, i int) (more bool, err error) {
	k, err := p.key(i)
	if err == nil && w.last != nil && bytes.Compare(k, w.last) <= 0 {
		err = corrupt("branch %x is out of order", k)
	}
	if err != nil {
		return w.fault(err)
	}
	w.least = k
	return true, nil
}

// entry yields element i of a leaf.
func (w *walk) entry(p page, i int) (more bool, err error) {
	k, err := p.key(i)
	if err == nil && bytes.Compare(k, w.last) <= 0 {
		err = corrupt("key %x is out of order", k)
	}
	if err != nil {
		return w.fault(err)
	}
	_, v, _, err := p.value(i)
	if err != nil {
		return w.fault(err)
	}
	if bytes.Compare(k, w.least) < 0 {
		w.least = nil
		if more, err := w.fault(corrupt("key %x is below its branch", k)); err != nil || !more {
			return false, err
		}
	}
	w.last = k
	return w.yield(Entry{k, v}, nil), nil
}
