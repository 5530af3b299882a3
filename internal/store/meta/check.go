package meta

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"os"

	"github.com/strata-data/strata/internal/object"
)

// bbolt's layout as far as Check needs it; all integers little-endian.
const (
	pageHeader  = 16
	elementSize = 16
	bucketValue = 16 // root page, sequence
	flagBranch  = 0x01
	flagLeaf    = 0x02
	flagFree    = 0x10
	elemBucket  = 0x01
	noFreelist  = ^uint64(0)
	maxDepth    = 64
)

// Check reads the file at path without bbolt, which trusts its pages: a damaged
// one may make it fault or recurse without end. It returns an error that wraps
// object.ErrCorrupt where pages contradict each other, are named twice or not
// at all, or keys are out of order. What the keys and values mean is not looked
// at. It takes no lock; a file that is written to meanwhile is read again.
func Check(path string) error {
	var err error
	for range 5 {
		before, gerr := Open(path).Generation()
		var b []byte
		if b, err = os.ReadFile(path); err != nil {
			return err
		}
		err = checkFile(b)
		after, aerr := Open(path).Generation()
		if err == nil || gerr == nil && aerr == nil && before == after {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

type fileCheck struct {
	b        []byte
	pageSize uint64
	pages    uint64
	used     []bool
}

func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: %s", object.ErrCorrupt, fmt.Sprintf(format, args...))
}

func checkFile(b []byte) error {
	m := newestMeta(b)
	if m == nil {
		return corrupt("neither meta page is whole")
	}
	c := &fileCheck{b: b, pageSize: uint64(binary.LittleEndian.Uint32(m[metaPageSize:])), pages: binary.LittleEndian.Uint64(m[40:])}
	if c.pages < 2 || c.pages > uint64(len(b))/c.pageSize {
		return corrupt("the file has %d bytes, its meta page says %d pages of %d", len(b), c.pages, c.pageSize)
	}
	c.used = make([]bool, c.pages)
	c.used[0], c.used[1] = true, true
	if err := c.tree(binary.LittleEndian.Uint64(m[16:]), 0); err != nil {
		return err
	}
	if id := binary.LittleEndian.Uint64(m[32:]); id != noFreelist {
		return c.freelist(id)
	}
	return nil
}

// newestMeta returns the meta record that bbolt goes by, or nil.
func newestMeta(b []byte) []byte {
	var best []byte
	for _, size := range []int{0, 1 << 10, 2 << 10, pageSize, 8 << 10, 16 << 10, 32 << 10, maxPageSize} {
		at := size + metaAt
		if at+metaSize > len(b) {
			break
		}
		m := b[at : at+metaSize]
		h := fnv.New64a()
		h.Write(m[:metaSum])
		p := binary.LittleEndian.Uint32(m[metaPageSize:])
		if binary.LittleEndian.Uint32(m) != metaMagic || binary.LittleEndian.Uint32(m[4:]) != 2 ||
			binary.LittleEndian.Uint64(m[metaSum:]) != h.Sum64() || p < 1<<10 || p > maxPageSize || size != 0 && int(p) != size {
			continue
		}
		if best == nil || binary.LittleEndian.Uint64(m[metaTxid:]) > binary.LittleEndian.Uint64(best[metaTxid:]) {
			best = m
		}
	}
	return best
}

// page returns the bytes of the page id with its overflow, which nothing else
// may use.
func (c *fileCheck) page(id uint64) ([]byte, error) {
	if id < 2 || id >= c.pages {
		return nil, corrupt("page %d of %d", id, c.pages)
	}
	h := c.b[id*c.pageSize:]
	n := uint64(binary.LittleEndian.Uint32(h[12:])) + 1
	if binary.LittleEndian.Uint64(h) != id || n > c.pages-id {
		return nil, corrupt("page %d has a bad header", id)
	}
	for i := id; i < id+n; i++ {
		if c.used[i] {
			return nil, corrupt("page %d is used twice", i)
		}
		c.used[i] = true
	}
	return h[:n*c.pageSize], nil
}

// tree checks the pages of a bucket below the page id.
func (c *fileCheck) tree(id uint64, depth int) error {
	if depth > maxDepth {
		return corrupt("pages are nested more than %d deep", maxDepth)
	}
	p, err := c.page(id)
	if err != nil {
		return err
	}
	if err := c.elements(p, depth); err != nil {
		return fmt.Errorf("page %d: %w", id, err)
	}
	return nil
}

// elements checks what is on a page, which may be an inline one.
func (c *fileCheck) elements(p []byte, depth int) error {
	flags, count := binary.LittleEndian.Uint16(p[8:]), int(binary.LittleEndian.Uint16(p[10:]))
	if flags != flagBranch && flags != flagLeaf || flags == flagBranch && count == 0 {
		return corrupt("a page of type %#x with %d elements", flags, count)
	}
	if pageHeader+count*elementSize > len(p) {
		return corrupt("%d elements", count)
	}
	var last []byte
	for i := range count {
		e := p[pageHeader+i*elementSize:]
		u32 := func(at int) uint64 { return uint64(binary.LittleEndian.Uint32(e[at:])) }
		pos, size, value := u32(0), u32(4), uint64(0)
		if flags == flagLeaf {
			pos, size, value = u32(4), u32(8), u32(12)
		}
		if pos+size+value > uint64(len(e)) || pos < elementSize {
			return corrupt("element %d leaves its page", i)
		}
		key := e[pos : pos+size]
		if i > 0 && bytes.Compare(key, last) <= 0 {
			return corrupt("element %d is out of order", i)
		}
		last = key
		if err := c.below(flags, e, e[pos+size:pos+size+value], depth); err != nil {
			return err
		}
	}
	return nil
}

// below checks what an element leads to.
func (c *fileCheck) below(flags uint16, e, value []byte, depth int) error {
	switch {
	case flags == flagBranch:
		return c.tree(binary.LittleEndian.Uint64(e[8:]), depth+1)
	case binary.LittleEndian.Uint32(e)&elemBucket == 0:
		return nil
	case len(value) < bucketValue:
		return corrupt("a bucket of %d bytes", len(value))
	}
	if root := binary.LittleEndian.Uint64(value); root != 0 {
		return c.tree(root, depth+1)
	}
	inline := value[bucketValue:]
	if len(inline) < pageHeader || binary.LittleEndian.Uint16(inline[8:]) != flagLeaf || depth > maxDepth {
		return corrupt("an inline bucket of %d bytes", len(inline))
	}
	return c.elements(inline, depth+1)
}

// freelist checks the list of free pages and that nothing uses one of them.
func (c *fileCheck) freelist(id uint64) error {
	p, err := c.page(id)
	if err != nil {
		return fmt.Errorf("free list: %w", err)
	}
	count, at := uint64(binary.LittleEndian.Uint16(p[10:])), uint64(pageHeader)
	if binary.LittleEndian.Uint16(p[8:]) != flagFree {
		return corrupt("page %d is no free list", id)
	}
	if count == 0xFFFF {
		count, at = binary.LittleEndian.Uint64(p[at:]), at+8
	}
	if count > (uint64(len(p))-at)/8 {
		return corrupt("a free list of %d pages", count)
	}
	for i := range count {
		free := binary.LittleEndian.Uint64(p[at+8*i:])
		if free < 2 || free >= c.pages || c.used[free] {
			return corrupt("the free page %d is used", free)
		}
		c.used[free] = true
	}
	return nil
}
