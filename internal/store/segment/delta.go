package segment

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
	"sync"

	"github.com/strata-data/strata/internal/object"
)

// The size of the runs that the base is indexed by. A copy that the search
// finds is at least this long.
const deltaRun = 16

// deltaIndex finds runs of a base by their hash. Equal hashes keep the first
// position.
type deltaIndex struct {
	table []uint32 // position + 1
	shift int
	step  int
}

// differ makes deltas. It keeps the memory of its indexes and is safe for
// concurrent use; the zero value is ready.
type differ struct{ indexes sync.Pool }

func runHash(b []byte) uint64 {
	x := binary.LittleEndian.Uint64(b)
	y := binary.LittleEndian.Uint64(b[8:])
	return (x ^ bits.RotateLeft64(y*0x9E3779B97F4A7C15, 31)) * 0xD6E8FEB86659FD93
}

// build indexes base[from:to]. Short ranges are indexed more densely.
func (x *deltaIndex) build(base []byte, from, to int) {
	x.step = 4
	if to-from > 64<<10 {
		x.step = 16
	}
	n := max((to-from)/x.step*2, 16)
	size := bits.Len(uint(n - 1))
	x.shift = 64 - size
	if cap(x.table) < 1<<size {
		x.table = make([]uint32, 1<<size)
	}
	x.table = x.table[:1<<size]
	clear(x.table)
	for i := from; i+deltaRun <= to; i += x.step {
		h := runHash(base[i:]) >> x.shift
		if x.table[h] == 0 {
			x.table[h] = uint32(i) + 1
		}
	}
}

// diff appends to dst the sizes and the steps that make target from base
// (docs/format/delta.md, behind the base id), or returns nil when they would
// be longer than limit bytes. It depends on nothing but its arguments.
func (d *differ) diff(dst, base, target []byte, limit int) []byte {
	limit += len(dst)
	dst = binary.AppendUvarint(dst, uint64(len(base)))
	dst = binary.AppendUvarint(dst, uint64(len(target)))
	e := deltaEncoder{d: d, out: dst, base: base, target: target, limit: limit}
	head := commonPrefix(base, target)
	e.copy(0, head)
	tail := commonSuffix(base[head:], target[head:])
	if !e.middle(head, len(base)-tail, len(target)-tail) {
		return nil
	}
	e.insert(len(target) - tail)
	e.copy(len(base)-tail, tail)
	if len(e.out) > limit {
		return nil
	}
	return e.out
}

// deltaEncoder writes steps. done is how much of target they make, expected
// where in the base the next copy probably begins.
type deltaEncoder struct {
	d                 *differ
	out, base, target []byte
	done, expected    int
	limit             int
}

// middle writes the steps for the target up to targetEnd, less its last
// insert, from the base between from and to. It reports whether the limit held.
func (e *deltaEncoder) middle(from, to, targetEnd int) bool {
	if to-from < deltaRun || targetEnd-e.done < deltaRun {
		return len(e.out)+targetEnd-e.done <= e.limit
	}
	x, ok := e.d.indexes.Get().(*deltaIndex)
	if !ok {
		x = new(deltaIndex)
	}
	defer e.d.indexes.Put(x)
	x.build(e.base, from, to)
	for i := e.done; i+deltaRun <= targetEnd; {
		at := int(x.table[runHash(e.target[i:])>>x.shift]) - 1
		if at < 0 || !bytes.Equal(e.base[at:at+deltaRun], e.target[i:i+deltaRun]) {
			// An edit in place: the base probably goes on where it would.
			at = e.expected + i - e.done
			if at+deltaRun > to || !bytes.Equal(e.base[at:at+deltaRun], e.target[i:i+deltaRun]) {
				i++
				if len(e.out)+i-e.done > e.limit {
					return false
				}
				continue
			}
		}
		back := commonSuffix(e.base[:at], e.target[e.done:i])
		n := back + deltaRun + commonPrefix(e.base[at+deltaRun:], e.target[i+deltaRun:targetEnd])
		e.insert(i - back)
		e.copy(at-back, n)
		i = e.done
	}
	return true
}

// insert makes the target up to end from its own bytes.
func (e *deltaEncoder) insert(end int) {
	n := end - e.done
	if n == 0 {
		return
	}
	e.out = binary.AppendUvarint(e.out, uint64(n)<<1)
	e.out = append(e.out, e.target[e.done:end]...)
	e.done = end
	e.expected += n
}

// copy makes the next n bytes of the target from the base at from.
func (e *deltaEncoder) copy(from, n int) {
	if n == 0 {
		return
	}
	e.out = binary.AppendUvarint(e.out, uint64(n)<<1|1)
	e.out = binary.AppendVarint(e.out, int64(from-e.expected))
	e.done += n
	e.expected = from + n
}

func commonPrefix(a, b []byte) int {
	n := min(len(a), len(b))
	i := 0
	for ; i+8 <= n; i += 8 {
		if x := binary.LittleEndian.Uint64(a[i:]) ^ binary.LittleEndian.Uint64(b[i:]); x != 0 {
			return i + bits.TrailingZeros64(x)/8
		}
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}

func commonSuffix(a, b []byte) int {
	n := min(len(a), len(b))
	i := 0
	for i < n && a[len(a)-1-i] == b[len(b)-1-i] {
		i++
	}
	return i
}

func deltaCorrupt(what string) error {
	return fmt.Errorf("%w: delta: %s", object.ErrCorrupt, what)
}

// apply returns the object that delta (sizes and steps, without the base id)
// makes from base. Any bytes are refused with object.ErrCorrupt unless diff
// could have written something like them; memory is bounded by what the steps
// make and by limit.
func apply(base, delta []byte, limit int) ([]byte, error) {
	d := deltaDecoder{b: delta}
	baseSize, size := d.uvarint(), d.uvarint()
	if d.bad || baseSize != uint64(len(base)) {
		return nil, deltaCorrupt("it is for another base")
	}
	if size > uint64(limit) {
		return nil, deltaCorrupt("the object is too large")
	}
	out := make([]byte, 0, min(int(size), len(base)+len(delta)))
	expected := 0
	for len(d.b) > 0 {
		step := d.uvarint()
		n := step >> 1
		if d.bad || n == 0 || n > size-uint64(len(out)) {
			return nil, deltaCorrupt("a step has a bad length")
		}
		if step&1 == 0 {
			if n > uint64(len(d.b)) {
				return nil, deltaCorrupt("an insert is cut off")
			}
			out = append(out, d.b[:n]...)
			d.b = d.b[n:]
			expected += int(n)
			continue
		}
		from := int64(expected) + d.varint()
		if d.bad || from < 0 || from > int64(len(base)) || n > uint64(int64(len(base))-from) {
			return nil, deltaCorrupt("a copy leaves the base")
		}
		out = append(out, base[from:from+int64(n)]...)
		expected = int(from) + int(n)
	}
	if uint64(len(out)) != size {
		return nil, deltaCorrupt("the steps end early")
	}
	return out, nil
}

type deltaDecoder struct {
	b   []byte
	bad bool
}

func (d *deltaDecoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.bad = true
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *deltaDecoder) varint() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.bad = true
		return 0
	}
	d.b = d.b[n:]
	return v
}

// targetSize returns the length of the object that delta makes, or 0 if it is
// damaged.
func targetSize(delta []byte) int {
	d := deltaDecoder{b: delta}
	d.uvarint()
	n := d.uvarint()
	if d.bad || n > maxObject {
		return 0
	}
	return int(n)
}
