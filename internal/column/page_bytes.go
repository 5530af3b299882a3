package column

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
)

// bytes appends the values of buf between neighbouring offs, as a dictionary
// where that pays and plainly otherwise.
func (e *PageEncoder) bytes(dst []byte, at int, buf []byte, offs []uint32) []byte {
	n := len(offs) - 1
	if e.dict == nil {
		e.dict = new(dictionary)
	}
	if e.dict.build(buf, offs) && e.dict.pays(n, int(offs[n]-offs[0])) {
		dst[at] = formDict
		return e.dictBody(dst)
	}
	dst[at] = formPlain
	dst = e.lengths(dst, offs)
	return append(dst, buf[offs[0]:offs[n]]...)
}

// dictBody appends count, lengths and bytes of the entries, and the codes.
func (e *PageEncoder) dictBody(dst []byte) []byte {
	d := e.dict
	rank := d.sort()
	dst = append(dst, byte(len(d.entries)))
	e.ints = e.ints[:0]
	for _, x := range d.entries {
		e.ints = append(e.ints, int64(len(x.value)))
	}
	dst = e.intBlock(dst, e.ints)
	for _, x := range d.entries {
		dst = append(dst, x.value...)
	}
	e.ints = slices.Grow(e.ints[:0], len(d.codes))[:len(d.codes)]
	for i, c := range d.codes {
		e.ints[i] = int64(rank[c])
	}
	return e.intBlock(dst, e.ints)
}

// dictionary numbers distinct values in order of appearance. Hashes only find
// equal values; they never reach the bytes of a page.
type dictionary struct {
	entries []dictEntry
	codes   []uint8 // number of each value's entry
	size    int     // bytes of all entries
	table   [dictSlots]dictSlot
}

const dictSlots = 512

type dictEntry struct {
	value []byte
	code  uint8
}

// dictSlot is an entry in the hash table. Up to 16 bytes stand in a and b
// themselves, so that most values are compared without looking at them again;
// of longer ones a is the hash.
type dictSlot struct {
	a, b uint64
	n    uint32
	code uint16 // number of the entry + 1, 0 = free
}

// build numbers the values and reports whether maxDict entries suffice.
func (d *dictionary) build(buf []byte, offs []uint32) bool {
	n := len(offs) - 1
	d.entries, d.size = d.entries[:0], 0
	d.codes = slices.Grow(d.codes[:0], n)[:n]
	clear(d.table[:])
	from := offs[0]
	for i, to := range offs[1:] {
		code, ok := d.add(buf, from, to)
		if !ok {
			return false
		}
		d.codes[i] = code
		from = to
	}
	return true
}

func (d *dictionary) add(buf []byte, from, to uint32) (uint8, bool) {
	value := buf[from:to]
	n := to - from
	var a, b uint64
	switch {
	case n > 16:
		a = hashBytes(value)
	case n >= 8:
		a, b = binary.LittleEndian.Uint64(value), binary.LittleEndian.Uint64(value[n-8:])
	case int(from)+8 <= len(buf):
		a = binary.LittleEndian.Uint64(buf[from:]) & (1<<(n*8) - 1)
	default:
		a = lastWord(value)
	}
	hi, lo := bits.Mul64(a^0x9E3779B97F4A7C15, b^uint64(n)^0xD1B54A32D192ED03)
	for s := (hi ^ lo) % dictSlots; ; s = (s + 1) % dictSlots {
		slot := &d.table[s]
		if slot.code == 0 {
			if len(d.entries) == maxDict {
				return 0, false
			}
			code := uint8(len(d.entries))
			d.entries = append(d.entries, dictEntry{value: value, code: code})
			d.size += len(value)
			*slot = dictSlot{a: a, b: b, n: n, code: uint16(code) + 1}
			return code, true
		}
		if slot.a == a && slot.b == b && slot.n == n && (n <= 16 || bytes.Equal(d.entries[slot.code-1].value, value)) {
			return uint8(slot.code - 1), true
		}
	}
}

// pays says whether the dictionary is used for n values of total bytes; the
// rule is part of the format.
func (d *dictionary) pays(n, total int) bool {
	codes, lengths := n, 0
	switch len(d.entries) {
	case 1:
		codes = 0
	case 2:
		codes = (n + 7) / 8
	}
	first := len(d.entries[0].value)
	for _, x := range d.entries {
		if len(x.value) != first {
			lengths = n
		}
	}
	return d.size+2*len(d.entries)+codes < total+lengths
}

// sort puts the entries in order of their bytes and returns the new number of
// each old one.
func (d *dictionary) sort() (rank [maxDict]uint8) {
	slices.SortFunc(d.entries, func(a, b dictEntry) int { return bytes.Compare(a.value, b.value) })
	for i, x := range d.entries {
		rank[x.code] = uint8(i)
	}
	return rank
}

// hashBytes hashes more than eight bytes.
func hashBytes(b []byte) uint64 {
	h := uint64(len(b))
	for ; len(b) > 8; b = b[8:] {
		hi, lo := bits.Mul64(binary.LittleEndian.Uint64(b)^0x9E3779B97F4A7C15, h^0xD1B54A32D192ED03)
		h = hi ^ lo
	}
	hi, lo := bits.Mul64(lastWord(b)^0x9E3779B97F4A7C15, h^0xD1B54A32D192ED03)
	return hi ^ lo
}

// lastWord returns up to eight bytes as a number.
func lastWord(b []byte) uint64 {
	w := uint64(0)
	for i, c := range b {
		w |= uint64(c) << (8 * i)
	}
	return w
}
