package column

import (
	"bytes"
	"cmp"
	"math"

	"github.com/strata-data/strata/internal/kernel"
)

// Equal reports whether value i of a and value j of b are the same value,
// whatever the declared widths: numbers by value (integers and floats too,
// but -0 is not 0), NaNs by their bits, text by its bytes, decimals and
// timestamps by what they denote, lists and structs member by member. Null
// equals null only. Values of different families, such as 1 and "1", differ.
func Equal(a *Vector, i int, b *Vector, j int) bool {
	if an, bn := a.IsNull(i), b.IsNull(j); an || bn {
		return an && bn
	}
	ka, kb := a.Type.Kind, b.Type.Kind
	switch {
	case ka.IsNested() || kb.IsNested():
		return equalNested(a, i, b, j)
	case ka.family() != kb.family():
		return false
	}
	switch ka.family() {
	case familyNumber:
		return equalNumber(a, i, b, j)
	case familyDecimal:
		return compareDecimal(a, i, b, j) == 0
	case familyTime:
		return compareTime(a, i, b, j) == 0
	case familyBytes:
		return bytes.Equal(a.At(i), b.At(j))
	}
	return a.Ints[i] == b.Ints[j]
}

// family is a set of kinds whose values can equal each other.
type family uint8

const (
	familyNone family = iota
	familyBool
	familyNumber
	familyDecimal
	familyBytes
	familyDate
	familyTime
)

func (k Kind) family() family {
	switch {
	case k.IsInt() || k.IsFloat():
		return familyNumber
	case k == String || k == File || k == Binary || k == JSON:
		return familyBytes
	}
	switch k {
	case Bool:
		return familyBool
	case Decimal:
		return familyDecimal
	case Date:
		return familyDate
	case Timestamp:
		return familyTime
	}
	return familyNone
}

func equalNested(a *Vector, i int, b *Vector, j int) bool {
	if (a.Type.Kind == Struct) != (b.Type.Kind == Struct) || !a.Type.Kind.IsNested() || !b.Type.Kind.IsNested() {
		return false
	}
	if a.Type.Kind == Struct {
		if len(a.Kids) != len(b.Kids) {
			return false
		}
		for k := range a.Kids {
			if a.Type.Fields[k].ID != b.Type.Fields[k].ID || !Equal(a.Kids[k], i, b.Kids[k], j) {
				return false
			}
		}
		return true
	}
	from, to := a.Span(i)
	other, end := b.Span(j)
	if to-from != end-other {
		return false
	}
	for k := range to - from {
		if !Equal(a.Kids[0], from+k, b.Kids[0], other+k) {
			return false
		}
	}
	return true
}

// floatBits returns the bits of a float of either width as a float64.
func (v *Vector) floatBits(i int) uint64 {
	if v.Type.Kind == Float32 {
		return kernel.WidenBits(math.Float32bits(v.F32[i]))
	}
	return math.Float64bits(v.F64[i])
}

func equalNumber(a *Vector, i int, b *Vector, j int) bool {
	if a.Type.Kind.IsFloat() {
		if b.Type.Kind.IsFloat() {
			return a.floatBits(i) == b.floatBits(j)
		}
		a, i, b, j = b, j, a, i
	}
	if b.Type.Kind.IsFloat() {
		return b.floatBits(j) != signBit && compareIntFloat(a, i, math.Float64frombits(b.floatBits(j))) == 0
	}
	x, y := a.Ints[i], b.Ints[j]
	return x == y && (x >= 0 || (a.Type.Kind == Uint64) == (b.Type.Kind == Uint64))
}

// Orderable reports whether Compare puts values of type t in order.
func Orderable(t *Type) bool { return !t.Kind.IsNested() && t.Kind != JSON }

// Compare returns -1, 0 or 1 as value i of a comes before, equals or comes
// after value j of b in the order of keys: -0 before +0, NaN last, and null
// before everything. Types are orderable and of one family (numbers, decimals,
// text, ...); values of different families are ordered by family.
func Compare(a *Vector, i int, b *Vector, j int) int {
	if an, bn := a.IsNull(i), b.IsNull(j); an || bn {
		return cmp.Compare(rank(!an), rank(!bn))
	}
	f := a.Type.Kind.family()
	if c := cmp.Compare(f, b.Type.Kind.family()); c != 0 {
		return c
	}
	switch f {
	case familyNumber:
		return compareNumber(a, i, b, j)
	case familyDecimal:
		return compareDecimal(a, i, b, j)
	case familyTime:
		return compareTime(a, i, b, j)
	case familyBytes:
		return bytes.Compare(a.At(i), b.At(j))
	case familyNone:
		return 0
	}
	return cmp.Compare(a.Ints[i], b.Ints[j])
}

func rank(b bool) int {
	if b {
		return 1
	}
	return 0
}

func compareNumber(a *Vector, i int, b *Vector, j int) int {
	af, bf := a.Type.Kind.IsFloat(), b.Type.Kind.IsFloat()
	switch {
	case af && bf:
		return cmp.Compare(orderF64(math.Float64frombits(a.floatBits(i))), orderF64(math.Float64frombits(b.floatBits(j))))
	case bf:
		return compareIntFloat(a, i, math.Float64frombits(b.floatBits(j)))
	case af:
		return -compareIntFloat(b, j, math.Float64frombits(a.floatBits(i)))
	}
	x, y := a.Ints[i], b.Ints[j]
	xBig, yBig := a.Type.Kind == Uint64 && x < 0, b.Type.Kind == Uint64 && y < 0
	if xBig && yBig {
		return cmp.Compare(uint64(x), uint64(y))
	}
	if xBig || yBig {
		return cmp.Compare(rank(xBig), rank(yBig))
	}
	return cmp.Compare(x, y)
}

// compareIntFloat compares integer i of v with f exactly; -0 counts as 0.
func compareIntFloat(v *Vector, i int, f float64) int {
	x := v.Ints[i]
	big := v.Type.Kind == Uint64 && x < 0
	switch {
	case f != f || f >= 1<<64:
		return -1
	case f < -(1 << 63):
		return 1
	case f >= 1<<63:
		if !big {
			return -1
		}
		return cmp.Compare(uint64(x), uint64(f)) // f is whole
	case big:
		return 1
	}
	whole := math.Floor(f)
	if c := cmp.Compare(x, int64(whole)); c != 0 || whole == f {
		return c
	}
	return -1 // x is the floor of f
}

// decimalAt returns the digits of decimal i of v.
func (v *Vector) decimalAt(i int) long {
	if v.Type.Layout() == LayoutInt {
		return longOf(v.Ints[i])
	}
	return longAt(v.At(i))
}

func compareDecimal(a *Vector, i int, b *Vector, j int) int {
	return compareScaled(a.decimalAt(i), a.Type.Scale, b.decimalAt(j), b.Type.Scale)
}

// compareTime compares the instants of two timestamps. One without a zone is
// taken as UTC.
func compareTime(a *Vector, i int, b *Vector, j int) int {
	return compareScaled(longOf(a.Ints[i]), 3*int(a.Type.Unit), longOf(b.Ints[j]), 3*int(b.Type.Unit))
}
