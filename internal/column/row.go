package column

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"

	"github.com/strata-data/strata/internal/kernel"
)

// AppendRow appends row i of b, of which the columns at the positions cols
// count, as bytes that depend on nothing but the ids and values of those that
// are not null (docs/format/key.md): not on the order of columns, not on the
// width of their types. No row's bytes are the beginning of another's.
func AppendRow(dst []byte, b *Batch, cols []int, i int) []byte {
	fields := b.Schema.Fields
	byID := func(a, c int) int { return cmp.Compare(fields[a].ID, fields[c].ID) }
	if !slices.IsSortedFunc(cols, byID) {
		cols = slices.SortedFunc(slices.Values(cols), byID)
	}
	n := uint64(0)
	for _, c := range cols {
		if !b.Cols[c].IsNull(i) {
			n++
		}
	}
	dst = binary.AppendUvarint(dst, n)
	for _, c := range cols {
		if v := b.Cols[c]; !v.IsNull(i) {
			dst = appendValue(appendSized(dst, fields[c].ID), v, i)
		}
	}
	return dst
}

// AppendValue appends value i of v as it stands in a row (AppendRow): equal
// values have equal bytes, whatever the width of their types, and bytes.Compare
// of them is an order, though not that of the values.
func AppendValue(dst []byte, v *Vector, i int) []byte { return appendValue(dst, v, i) }

func appendSized[S string | []byte](dst []byte, s S) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// appendValue appends a value in the form of a row.
func appendValue(dst []byte, v *Vector, i int) []byte {
	if v.IsNull(i) {
		return append(dst, 'n')
	}
	switch v.Type.Kind {
	case Bool:
		return append(dst, 'b', byte(v.Ints[i]))
	case Date:
		return binary.AppendVarint(append(dst, 'D'), v.Ints[i])
	case Timestamp:
		return binary.AppendVarint(append(dst, 'T', byte(v.Type.Unit)), v.Ints[i])
	case Uint64:
		if v.Ints[i] < 0 {
			return binary.AppendUvarint(append(dst, 'u'), uint64(v.Ints[i]))
		}
	case Float32, Float64:
		return appendFloatValue(dst, v.floatBits(i))
	case Decimal:
		return appendLong(append(dst, 'd', byte(v.Type.Scale)), v.decimalAt(i))
	case String, File, Binary, JSON:
		return appendSized(append(dst, 's'), v.At(i))
	case List, FixedList:
		from, to := v.Span(i)
		dst = binary.AppendUvarint(append(dst, 'l'), uint64(to-from))
		for j := from; j < to; j++ {
			dst = appendValue(dst, v.Kids[0], j)
		}
		return dst
	case Struct:
		return appendStructValue(append(dst, 'r'), v, i)
	}
	return binary.AppendVarint(append(dst, 'i'), v.Ints[i])
}

func appendFloatValue(dst []byte, bits uint64) []byte {
	var n [1]int64
	if kernel.Whole(n[:], []float64{math.Float64frombits(bits)}) {
		return binary.AppendVarint(append(dst, 'i'), n[0])
	}
	return binary.LittleEndian.AppendUint64(append(dst, 'f'), bits)
}

func appendStructValue(dst []byte, v *Vector, i int) []byte {
	fields := v.Type.Fields
	order := make([]int, 0, len(fields))
	for j, k := range v.Kids {
		if !k.IsNull(i) {
			order = append(order, j)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(fields[a].ID, fields[b].ID) })
	dst = binary.AppendUvarint(dst, uint64(len(order)))
	for _, j := range order {
		dst = appendValue(appendSized(dst, fields[j].ID), v.Kids[j], i)
	}
	return dst
}
