package sealed

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"slices"
)

// Writer makes one file. Entries of a bucket are appended in ascending order
// of keys; buckets may be filled in any order, also by turns. It is not safe
// for concurrent use. After an error the file is useless.
type Writer struct {
	w        io.WriterAt
	pageSize int
	buf      []byte // bytes not yet written, from off on
	off      int64
	next     uint64 // next free page
	buckets  []*bucket
	err      error
}

type bucket struct {
	name    string
	last    []byte // greatest key so far
	leaf    []entry
	size    int    // of leaf as a page
	arena   []byte // keys and values of leaf
	parents []child
}

type entry struct {
	flags      uint32
	key, value []byte
}

type child struct {
	key  []byte
	page uint64
}

// bufSize is how much is gathered before it is written.
const bufSize = 1 << 20

// NewWriter returns a writer of a file with pages of pageSize bytes, a power
// of two from 1024 to 65536. It writes to w from offset 0 on.
func NewWriter(w io.WriterAt, pageSize int) *Writer {
	return &Writer{w: w, pageSize: pageSize, off: 2 * int64(pageSize), next: 2}
}

// Append adds an entry to the bucket called name. The key must be greater than
// the bucket's last one and not empty. Key and value are copied.
func (w *Writer) Append(name string, key, value []byte) error {
	b, err := w.start(name, key, len(value))
	if err != nil {
		return err
	}
	return w.add(b, entry{key: key, value: value})
}

// AppendParts is Append of the concatenation of parts, whose bytes have been
// written when it returns, without a copy. It returns the offset of the value
// in the file.
func (w *Writer) AppendParts(name string, key []byte, parts [][]byte) (offset int64, err error) {
	size := 0
	for _, p := range parts {
		size += len(p)
	}
	b, err := w.start(name, key, size)
	if err != nil {
		return 0, err
	}
	if err := w.flushLeaf(b); err != nil {
		return 0, err
	}
	page := w.begin(flagLeaf, 1, headerSize+elemSize+len(key)+size)
	w.u32(0)
	w.u32(elemSize)
	w.u32(uint32(len(key)))
	w.u32(uint32(size))
	w.buf = append(w.buf, key...)
	if err := w.flush(); err != nil {
		return 0, err
	}
	offset = w.off
	for _, p := range parts {
		if err := w.write(p); err != nil {
			return 0, err
		}
	}
	b.last = bytes.Clone(key)
	b.parents = append(b.parents, child{b.last, page})
	return offset, w.end()
}

// start checks a new entry of the bucket called name, and returns the bucket.
func (w *Writer) start(name string, key []byte, size int) (*bucket, error) {
	if w.err != nil {
		return nil, w.err
	}
	b := w.bucket(name)
	if bytes.Compare(key, b.last) <= 0 || size > math.MaxInt32 {
		return nil, w.fail(fmt.Errorf("bucket %s: key %x is out of order or its value of %d bytes too long", name, key, size))
	}
	return b, nil
}

func (w *Writer) bucket(name string) *bucket {
	for _, b := range w.buckets {
		if b.name == name {
			return b
		}
	}
	b := &bucket{name: name, size: headerSize}
	w.buckets = append(w.buckets, b)
	return b
}

func (w *Writer) add(b *bucket, e entry) error {
	n := elemSize + len(e.key) + len(e.value)
	if b.size+n > w.pageSize {
		if err := w.flushLeaf(b); err != nil {
			return err
		}
	}
	b.size += n
	if b.size >= w.pageSize {
		b.leaf = append(b.leaf, e)
		b.last = append([]byte(nil), e.key...)
		return w.flushLeaf(b)
	}
	b.arena = append(append(b.arena, e.key...), e.value...)
	kv := b.arena[len(b.arena)-len(e.key)-len(e.value):]
	e.key, e.value = kv[:len(e.key)], kv[len(e.key):]
	b.leaf = append(b.leaf, e)
	b.last = e.key
	return nil
}

func (w *Writer) flushLeaf(b *bucket) error {
	if len(b.leaf) == 0 {
		return nil
	}
	page, err := w.writeLeaf(b.leaf, b.size)
	if err != nil {
		return err
	}
	b.parents = append(b.parents, child{bytes.Clone(b.leaf[0].key), page})
	b.last = bytes.Clone(b.last)
	clear(b.leaf)
	b.leaf, b.size, b.arena = b.leaf[:0], headerSize, b.arena[:0]
	return nil
}

// writeLeaf writes one leaf page of size bytes before padding.
func (w *Writer) writeLeaf(leaf []entry, size int) (uint64, error) {
	page := w.begin(flagLeaf, len(leaf), size)
	pos := elemSize * len(leaf)
	for _, e := range leaf {
		w.u32(e.flags)
		w.u32(uint32(pos))
		w.u32(uint32(len(e.key)))
		w.u32(uint32(len(e.value)))
		pos += len(e.key) + len(e.value) - elemSize
	}
	for _, e := range leaf {
		w.buf = append(w.buf, e.key...)
		w.buf = append(w.buf, e.value...)
	}
	return page, w.end()
}

// writeTree writes the branch pages above children and returns the root.
func (w *Writer) writeTree(children []child) (uint64, error) {
	for len(children) > 1 {
		var parents []child
		for len(children) > 0 {
			n, size := 0, headerSize
			for n < len(children) && (n < 2 || size+elemSize+len(children[n].key) <= w.pageSize) {
				size += elemSize + len(children[n].key)
				n++
			}
			page, err := w.writeBranch(children[:n], size)
			if err != nil {
				return 0, err
			}
			parents = append(parents, child{children[0].key, page})
			children = children[n:]
		}
		children = parents
	}
	return children[0].page, nil
}

func (w *Writer) writeBranch(children []child, size int) (uint64, error) {
	page := w.begin(flagBranch, len(children), size)
	pos := elemSize * len(children)
	for _, c := range children {
		w.u32(uint32(pos))
		w.u32(uint32(len(c.key)))
		w.u64(c.page)
		pos += len(c.key) - elemSize
	}
	for _, c := range children {
		w.buf = append(w.buf, c.key...)
	}
	return page, w.end()
}

// Close writes what is left and returns the size of the file. It does not sync.
func (w *Writer) Close() (size int64, err error) {
	if w.err != nil {
		return 0, w.err
	}
	defer func() { w.err = errors.Join(w.err, errClosed) }()
	slices.SortFunc(w.buckets, func(a, b *bucket) int { return bytes.Compare([]byte(a.name), []byte(b.name)) })
	root := &bucket{size: headerSize}
	for _, b := range w.buckets {
		if err := w.flushLeaf(b); err != nil {
			return 0, err
		}
		page, err := w.writeTree(b.parents)
		if err != nil {
			return 0, err
		}
		value := binary.LittleEndian.AppendUint64(nil, page)
		value = binary.LittleEndian.AppendUint64(value, 0)
		if err := w.add(root, entry{flags: elemBucket, key: []byte(b.name), value: value}); err != nil {
			return 0, err
		}
	}
	if err := w.flushLeaf(root); err != nil {
		return 0, err
	}
	if len(root.parents) == 0 {
		return 0, w.fail(errors.New("a file without buckets"))
	}
	page, err := w.writeTree(root.parents)
	if err != nil {
		return 0, err
	}
	return w.writeMetas(page)
}

var errClosed = errors.New("file is closed")

func (w *Writer) writeMetas(root uint64) (int64, error) {
	if err := w.flush(); err != nil {
		return 0, err
	}
	size := w.off
	pages := w.next
	w.off = 0
	for i := range uint64(2) {
		start := len(w.buf)
		w.header(i, flagMeta, 0, 0)
		w.u32(magic)
		w.u32(version)
		w.u32(uint32(w.pageSize))
		w.u32(0)
		w.u64(root)
		w.u64(0)
		w.u64(noFreelist)
		w.u64(pages)
		w.u64(i)
		w.u64(sum(w.buf[start+headerSize:]))
		w.pad()
	}
	return size, w.flush()
}

func sum(b []byte) uint64 {
	h := fnv.New64a()
	h.Write(b)
	return h.Sum64()
}

// begin starts a page whose contents are size bytes long and returns its id.
func (w *Writer) begin(flags uint16, count, size int) uint64 {
	pages := (size + w.pageSize - 1) / w.pageSize
	id := w.next
	w.next += uint64(pages)
	w.header(id, flags, count, pages-1)
	return id
}

func (w *Writer) header(id uint64, flags uint16, count, overflow int) {
	w.u64(id)
	w.buf = binary.LittleEndian.AppendUint16(w.buf, flags)
	w.buf = binary.LittleEndian.AppendUint16(w.buf, uint16(count))
	w.u32(uint32(overflow))
}

// end pads the page that was begun and writes the buffer when it is long.
func (w *Writer) end() error {
	w.pad()
	if len(w.buf) >= bufSize {
		return w.flush()
	}
	return w.err
}

func (w *Writer) pad() {
	if rest := int((w.off + int64(len(w.buf))) % int64(w.pageSize)); rest != 0 {
		w.buf = append(w.buf, make([]byte, w.pageSize-rest)...)
	}
}

func (w *Writer) flush() error {
	err := w.write(w.buf)
	w.buf = w.buf[:0]
	return err
}

// write writes p behind what was written; the buffer must be empty or p.
func (w *Writer) write(p []byte) error {
	if w.err != nil || len(p) == 0 {
		return w.err
	}
	n, err := w.w.WriteAt(p, w.off)
	if err != nil {
		return w.fail(err)
	}
	w.off += int64(n)
	return nil
}

func (w *Writer) fail(err error) error {
	w.err = err
	return err
}

func (w *Writer) u32(v uint32) { w.buf = binary.LittleEndian.AppendUint32(w.buf, v) }
func (w *Writer) u64(v uint64) { w.buf = binary.LittleEndian.AppendUint64(w.buf, v) }
