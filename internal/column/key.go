package column

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/strata-data/strata/internal/object"
)

// Key parts (docs/format/key.md): comparing the bytes of keys is comparing
// the values, and each part ends by itself.

const signBit = 1 << 63

// nanOrder is the part of every NaN; it sorts after all numbers.
const nanOrder = math.MaxUint64

// KeyNull reports whether row i of b has a null among the columns keyCols; such
// a row has no key.
func KeyNull(b *Batch, keyCols []int, i int) bool {
	for _, c := range keyCols {
		if b.Cols[c].IsNull(i) {
			return true
		}
	}
	return false
}

// ErrKeyNull is for those who refuse rows for which KeyNull is true.
var ErrKeyNull = errors.New("null in a key column")

// RowKey appends the key of row i of b to dst: the parts of the columns at the
// positions keyCols, in that order. KeyNull is false for the row.
func RowKey(dst []byte, b *Batch, keyCols []int, i int) []byte {
	for _, c := range keyCols {
		dst = AppendKey(dst, b.Cols[c], i)
	}
	return dst
}

// AppendKey appends the key part of value i of v to dst. Equal numbers have
// equal parts whatever their width, and bytes.Compare of parts is the order of
// the values: false before true, numbers by size with -0 before +0 and NaN
// last, text by its bytes. It panics for null, list and struct, which cannot
// be keys.
func AppendKey(dst []byte, v *Vector, i int) []byte {
	if v.IsNull(i) {
		panic("column: key part of a null")
	}
	switch v.Type.Layout() {
	case LayoutInt:
		return appendKeyInt(dst, v.Ints[i], v.Type.Kind == Uint64)
	case LayoutF32:
		return binary.BigEndian.AppendUint64(dst, orderF64(float64(v.F32[i])))
	case LayoutF64:
		return binary.BigEndian.AppendUint64(dst, orderF64(v.F64[i]))
	case LayoutBytes:
		if v.Type.Kind == Decimal {
			return append(dst, v.At(i)...)
		}
		return appendKeyBytes(dst, v.At(i))
	}
	panic("column: key part of a " + v.Type.String())
}

func appendKeyInt(dst []byte, x int64, unsigned bool) []byte {
	switch {
	case unsigned && x < 0:
		dst = append(dst, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1)
		return binary.BigEndian.AppendUint64(dst, uint64(x))
	case x == math.MaxInt64:
		return append(dst, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0)
	}
	return binary.BigEndian.AppendUint64(dst, uint64(x)^signBit)
}

func appendKeyBytes(dst, b []byte) []byte {
	for {
		z := bytes.IndexByte(b, 0)
		if z < 0 {
			break
		}
		dst = append(append(dst, b[:z+1]...), 0xFF)
		b = b[z+1:]
	}
	return append(append(dst, b...), 0, 1)
}

// orderF64 maps floats to unsigned numbers in the order of the floats.
func orderF64(x float64) uint64 {
	if x != x {
		return nanOrder
	}
	b := math.Float64bits(x)
	if b >= signBit {
		return ^b
	}
	return b | signBit
}

func unorderF64(o uint64) float64 {
	switch {
	case o == nanOrder:
		return math.NaN()
	case o >= signBit:
		return math.Float64frombits(o &^ signBit)
	}
	return math.Float64frombits(^o)
}

// ParseKey appends the parts of key to the vectors vs, one for each key
// column in key order: the inverse of RowKey, except that every NaN is the
// standard one. Bytes that are not a key of these types are object.ErrCorrupt.
func ParseKey(key []byte, vs []*Vector) error {
	rest := key
	for _, v := range vs {
		n, err := parsePart(rest, v)
		if err != nil {
			return err
		}
		rest = rest[n:]
	}
	if len(rest) > 0 {
		return keyError("%d bytes behind the last part", len(rest))
	}
	return nil
}

// parsePart appends the part at the beginning of b to v and returns its length.
func parsePart(b []byte, v *Vector) (int, error) {
	switch v.Type.Layout() {
	case LayoutInt:
		return parseKeyInt(b, v)
	case LayoutF32, LayoutF64:
		if len(b) < 8 {
			return 0, keyError("cut short")
		}
		return 8, parseKeyFloat(binary.BigEndian.Uint64(b), v)
	case LayoutBytes:
		if v.Type.Kind != Decimal {
			return parseKeyBytes(b, v)
		}
		if len(b) < decimalSize {
			return 0, keyError("cut short")
		}
		if !longAt(b).within(pow10Long(v.Type.Precision)) {
			return 0, keyError("%x is not in the range of %s", b[:decimalSize], v.Type)
		}
		v.AppendBytes(b[:decimalSize])
		return decimalSize, nil
	}
	return 0, keyError("%s cannot be a key", v.Type)
}

func parseKeyInt(b []byte, v *Vector) (int, error) {
	if len(b) < 8 {
		return 0, keyError("cut short")
	}
	n, x := 8, binary.BigEndian.Uint64(b)
	if x == math.MaxUint64 {
		switch {
		case len(b) > 8 && b[8] == 0:
			n = 9
		case len(b) >= 17 && b[8] == 1 && b[9] >= 0x80 && v.Type.Kind == Uint64:
			v.AppendInt(int64(binary.BigEndian.Uint64(b[9:])))
			return 17, nil
		default:
			return 0, keyError("bad integer")
		}
	}
	k := int64(x ^ signBit)
	if lo, hi, _ := v.Type.intRange(); k < lo || k > hi {
		return 0, keyError("%d is not in the range of %s", k, v.Type)
	}
	v.AppendInt(k)
	return n, nil
}

func parseKeyFloat(o uint64, v *Vector) error {
	x := unorderF64(o)
	if x != x && o != nanOrder {
		return keyError("bad number")
	}
	if v.Type.Kind == Float64 {
		v.AppendF64(x)
		return nil
	}
	if float64(float32(x)) != x && x == x {
		return keyError("%v is not a float32", x)
	}
	v.AppendF32(float32(x))
	return nil
}

func parseKeyBytes(b []byte, v *Vector) (int, error) {
	var text []byte
	for i := 0; ; {
		z := bytes.IndexByte(b[i:], 0)
		if z < 0 || i+z+1 >= len(b) {
			return 0, keyError("text without an end")
		}
		text = append(text, b[i:i+z]...)
		i += z + 2
		switch b[i-1] {
		case 1:
			v.AppendBytes(text)
			return i, nil
		case 0xFF:
			text = append(text, 0)
		default:
			return 0, keyError("bad escape 00 %02x", b[i-1])
		}
	}
}

func keyError(format string, args ...any) error {
	return fmt.Errorf("%w: key: %s", object.ErrCorrupt, fmt.Sprintf(format, args...))
}
