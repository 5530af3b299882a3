package merkle

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/strata-data/strata/internal/object"
)

// Encode returns n as a node object.
func (n *Node) Encode() []byte {
	dst := object.AppendHeader(make([]byte, 0, 16+len(n.Children)*56), object.KindNode)
	dst = binary.AppendUvarint(dst, uint64(n.Level))
	dst = binary.AppendUvarint(dst, uint64(len(n.Children)))
	var prev []byte
	for _, c := range n.Children {
		p := commonPrefix(prev, c.Last)
		dst = binary.AppendUvarint(dst, uint64(p))
		dst = binary.AppendUvarint(dst, uint64(len(c.Last)-p))
		dst = append(dst, c.Last[p:]...)
		dst = append(dst, c.ID[:]...)
		dst = binary.AppendUvarint(dst, uint64(c.Rows))
		dst = binary.AppendUvarint(dst, uint64(c.Bytes))
		prev = c.Last
	}
	return dst
}

func commonPrefix(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// DecodeNode reads a node object. It refuses every encoding that Encode would
// not have written.
func DecodeNode(b []byte) (*Node, error) {
	p, err := object.Payload(b, object.KindNode)
	if err != nil {
		return nil, err
	}
	d := Decoder{B: p}
	n := &Node{Level: int(d.Uvarint(maxLevel + 1))}
	count := d.Uvarint(MaxChildren)
	if d.Err == nil && (n.Level == 0 || count == 0) {
		d.Fail("a node of level %d with %d children", n.Level, count)
	}
	var prev []byte
	room := maxNodeKeys
	for i := uint64(0); i < count && d.Err == nil; i++ {
		shared := int(d.Uvarint(uint64(len(prev))))
		suffix := d.Bytes()
		if room -= shared + len(suffix); room < 0 {
			d.Fail("keys of more than %d bytes", maxNodeKeys)
			break
		}
		e := Entry{Last: append(append(make([]byte, 0, shared+len(suffix)), prev[:shared]...), suffix...)}
		e.ID = d.ID()
		e.Rows, e.Bytes = int64(d.Uvarint(1<<62)), int64(d.Uvarint(1<<62))
		if d.Err == nil && (commonPrefix(prev, e.Last) != shared || (i > 0 && bytes.Compare(prev, e.Last) >= 0)) {
			d.Fail("keys of children out of order")
		}
		n.Children = append(n.Children, e)
		prev = e.Last
	}
	if err := d.Done(); err != nil {
		return nil, err
	}
	return n, nil
}

// Decoder reads the varint layouts of nodes, leaves and page lists. The first
// fault is kept in Err and every later read returns zero.
type Decoder struct {
	B   []byte
	Err error
}

// Fail records a fault, marked as corruption.
func (d *Decoder) Fail(format string, args ...any) {
	if d.Err == nil {
		d.Err = fmt.Errorf("%w: %s", object.ErrCorrupt, fmt.Sprintf(format, args...))
	}
	d.B = nil
}

// Uvarint reads a shortest-form varint of at most limit.
func (d *Decoder) Uvarint(limit uint64) uint64 {
	v, n := binary.Uvarint(d.B)
	switch {
	case d.Err != nil:
		return 0
	case n <= 0 || (n > 1 && d.B[n-1] == 0):
		d.Fail("bad varint")
		return 0
	case v > limit:
		d.Fail("number %d above its limit %d", v, limit)
		return 0
	}
	d.B = d.B[n:]
	return v
}

// Bytes reads a length and that many bytes, aliasing the input.
func (d *Decoder) Bytes() []byte {
	n := d.Uvarint(uint64(len(d.B)))
	if d.Err != nil || uint64(len(d.B)) < n {
		d.Fail("truncated")
		return nil
	}
	b := d.B[:n:n]
	d.B = d.B[n:]
	return b
}

// Byte reads one byte.
func (d *Decoder) Byte() byte {
	if len(d.B) == 0 {
		d.Fail("truncated")
		return 0
	}
	c := d.B[0]
	d.B = d.B[1:]
	return c
}

// Read fills dst with the next bytes.
func (d *Decoder) Read(dst []byte) {
	if len(d.B) < len(dst) {
		d.Fail("truncated")
		return
	}
	copy(dst, d.B)
	d.B = d.B[len(dst):]
}

// ID reads an object id.
func (d *Decoder) ID() (id object.ID) {
	if len(d.B) < object.Size {
		d.Fail("truncated")
		return id
	}
	copy(id[:], d.B)
	d.B = d.B[object.Size:]
	return id
}

// Done returns the first fault; bytes that are left over are one.
func (d *Decoder) Done() error {
	if d.Err == nil && len(d.B) > 0 {
		d.Fail("%d bytes behind the end", len(d.B))
	}
	return d.Err
}
