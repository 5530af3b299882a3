package column

import (
	"encoding/binary"
	"math"
)

// Value is one value of a vector. The zero Value stands for a cell that does
// not exist, such as one of a column that only the other side has; it counts
// as null. A Value is valid as long as its vector is not changed.
type Value struct {
	Vector *Vector
	Row    int
}

// IsNull reports whether there is no value.
func (x Value) IsNull() bool { return x.Vector == nil || x.Vector.IsNull(x.Row) }

// Exists reports whether there is a cell, be it null.
func (x Value) Exists() bool { return x.Vector != nil }

// String returns the value as AppendText writes it, empty for null.
func (x Value) String() string {
	if x.IsNull() {
		return ""
	}
	return Text(x.Vector, x.Row)
}

// AppendJSON appends the value as AppendJSON writes it.
func (x Value) AppendJSON(dst []byte) []byte {
	if x.Vector == nil {
		return append(dst, "null"...)
	}
	return AppendJSON(dst, x.Vector, x.Row)
}

// MarshalJSON implements json.Marshaler by AppendJSON.
func (x Value) MarshalJSON() ([]byte, error) { return x.AppendJSON(nil), nil }

// Float returns a number as float64, rounded to the nearest, and false for
// null and for what is not a number (dates and timestamps among them).
func (x Value) Float() (float64, bool) {
	if x.IsNull() {
		return 0, false
	}
	v, i := x.Vector, x.Row
	switch k := v.Type.Kind; {
	case k == Float64:
		return v.F64[i], true
	case k == Float32:
		return float64(v.F32[i]), true
	case k == Uint64:
		return float64(uint64(v.Ints[i])), true
	case k.IsInt():
		return float64(v.Ints[i]), true
	case k == Decimal && v.Type.Layout() == LayoutInt:
		return float64(v.Ints[i]) / math.Pow10(v.Type.Scale), true
	case k == Decimal:
		b := v.At(i)
		if len(b) != 16 {
			return 0, false
		}
		hi := int64(binary.BigEndian.Uint64(b[:8]) ^ 1<<63)
		return (float64(hi)*0x1p64 + float64(binary.BigEndian.Uint64(b[8:]))) / math.Pow10(v.Type.Scale), true
	}
	return 0, false
}

// Copy returns the value in a vector of its own.
func (x Value) Copy() Value {
	if x.Vector == nil {
		return x
	}
	return Value{Vector: x.Vector.Slice(x.Row, x.Row+1)}
}
