package column

import (
	"bytes"
	"errors"
	"fmt"
	"math"

	"github.com/strata-data/strata/internal/kernel"
)

// Widens reports whether every value of type from is a value of type to and
// has the same page bytes and bounds there, so that changing the declared type
// rewrites nothing (docs/format/schema.md). It is true for equal types.
func Widens(from, to *Type) bool {
	a, b := from.Kind, to.Kind
	switch {
	case from.Equal(to):
		return true
	case a.IsInt() && b.IsInt():
		return rangeWithin(from, to)
	case a.IsInt() && b == Float64:
		return intWidth(a) <= 32
	case a.IsInt() && b == Float32:
		return intWidth(a) <= 16
	case a == Float32 && b == Float64:
		return true
	case a == Decimal && b == Decimal:
		return from.Scale == to.Scale && from.Precision <= to.Precision && from.Layout() == to.Layout()
	case a == Timestamp && b == Timestamp:
		return from.Unit == to.Unit && from.Zone != "" && to.Zone != ""
	case b == String:
		return a == File || a == JSON
	case b == File:
		return a == String
	case b == Binary:
		return a == String || a == File || a == JSON
	case a == List && b == List || a == FixedList && b == FixedList && from.Size == to.Size:
		return Widens(from.Elem, to.Elem)
	case a == Struct && b == Struct:
		return membersWiden(from, to)
	}
	return false
}

// WidensKey reports whether, moreover, the keys stay as they are.
func WidensKey(from, to *Type) bool {
	return Widens(from, to) && from.Kind.IsFloat() == to.Kind.IsFloat()
}

func membersWiden(from, to *Type) bool {
	if len(from.Fields) != len(to.Fields) {
		return false
	}
	for i := range from.Fields {
		if from.Fields[i].ID != to.Fields[i].ID || !Widens(from.Fields[i].Type, to.Fields[i].Type) {
			return false
		}
	}
	return true
}

func rangeWithin(from, to *Type) bool {
	if from.Kind == Uint64 || to.Kind == Uint64 {
		return from.Kind == to.Kind || to.Kind == Uint64 && from.Kind >= Uint8
	}
	lo, hi, _ := from.intRange()
	l, h, _ := to.intRange()
	return l <= lo && hi <= h
}

// intWidth returns the bits of an integer kind.
func intWidth(k Kind) int {
	if k >= Uint8 {
		k -= Uint8 - Int8
	}
	return 8 << (k - Int8)
}

// ConvertError says which value has no exact counterpart in the other type.
type ConvertError struct {
	From, To *Type
	Row      int    // the first such value
	Value    string // as AppendText writes it
}

func (e *ConvertError) Error() string {
	return fmt.Sprintf("%s %q is no %s", e.From, e.Value, e.To)
}

// Convert returns the values of src as values of type to, nulls as nulls; it
// loses nothing or fails with a *ConvertError. What Widens allows always
// succeeds. Otherwise numbers become other kinds of numbers where each is
// exactly that number, dates become midnights, timestamps change their unit, lists
// and structs are converted inside, everything becomes text as AppendText
// writes it, and text becomes what ParseText reads where that writes the same
// text again.
func Convert(src *Vector, to *Type) (*Vector, error) {
	if src.Type.Equal(to) {
		return src.Slice(0, src.Len), nil
	}
	if src.Type.Layout() == to.Layout() && Widens(src.Type, to) && !to.Kind.IsNested() {
		dst := src.Slice(0, src.Len)
		dst.Type = to
		return dst, nil
	}
	dst := NewVector(to, src.Len)
	for i := range src.Len {
		if err := convertValue(dst, src, i); err != nil {
			return nil, atRow(err, i)
		}
	}
	return dst, nil
}

// atRow sets the row of a ConvertError that may have come from within a list.
func atRow(err error, i int) error {
	var ce *ConvertError
	if errors.As(err, &ce) {
		ce.Row = i
	}
	return err
}

// convertValue appends value i of src to dst. A ConvertError has no row yet.
func convertValue(dst, src *Vector, i int) error {
	if src.IsNull(i) {
		dst.AppendNull()
		return nil
	}
	if src.Type.Equal(dst.Type) {
		dst.AppendOne(src, i)
		return nil
	}
	ok := false
	switch from, to := src.Type.Kind, dst.Type.Kind; {
	case to == String:
		dst.AppendBytes(AppendText(nil, src, i))
		ok = true
	case from == String && !to.IsNested():
		ok = convertText(dst, src, i)
	case (from == File || from == JSON) && (to == File || to == Binary) && Widens(src.Type, dst.Type):
		dst.AppendBytes(src.At(i))
		ok = true
	case (from.IsNumeric() || from == Bool) && to.IsNumeric():
		ok = convertNumber(dst, src, i)
	case (from == Date || from == Timestamp) && to == Timestamp:
		ok = convertTime(dst, src, i)
	case from.IsNested() && to.IsNested() && (from == Struct) == (to == Struct):
		return convertNested(dst, src, i)
	}
	if !ok {
		return &ConvertError{From: src.Type, To: dst.Type, Value: Text(src, i)}
	}
	return nil
}

// convertText reads text that the other type writes the same way.
func convertText(dst, src *Vector, i int) bool {
	s := src.At(i)
	if dst.Type.Kind == Binary || dst.Type.Kind == File {
		dst.AppendBytes(s)
		return true
	}
	w := NewVector(dst.Type, 1)
	if ParseText(dst.Type, string(s), w) != nil || !bytes.Equal(AppendText(nil, w, 0), s) {
		return false
	}
	dst.AppendFrom(w, 0, 1)
	return true
}

// convertNumber appends a number if it is exactly one of dst.
func convertNumber(dst, src *Vector, i int) bool {
	switch to := dst.Type.Kind; {
	case to.IsFloat():
		return convertToFloat(dst, src, i)
	case to == Decimal:
		text := Text(src, i)
		switch {
		case src.Type.Kind == Bool:
			text = string('0' + rune(src.Ints[i]))
		case text == "-0.0":
			return false
		}
		return ParseText(dst.Type, text, dst) == nil
	}
	x, big := int64(0), false
	switch from := src.Type.Kind; {
	case from.IsFloat():
		f := math.Float64frombits(src.floatBits(i))
		if f != math.Trunc(f) || f == 0 && math.Signbit(f) || f < -(1<<63) || f >= 1<<64 {
			return false
		}
		if big = f >= 1<<63; big {
			x = int64(uint64(f))
		} else {
			x = int64(f)
		}
	case from == Decimal:
		n, err := parseDecimal(Text(src, i), 38, 0)
		if err != nil || n.hi != 0 && n.hi != -1 || n.hi == -1 && n.lo < 1<<63 {
			return false
		}
		x, big = int64(n.lo), n.hi == 0 && n.lo >= 1<<63
	default:
		x = src.Ints[i]
		big = from == Uint64 && x < 0
	}
	if lo, hi, _ := dst.Type.intRange(); big && dst.Type.Kind != Uint64 || !big && (x < lo || x > hi) {
		return false
	}
	dst.AppendInt(x)
	return true
}

func convertToFloat(dst, src *Vector, i int) bool {
	var bits uint64
	switch from := src.Type.Kind; {
	case from.IsFloat():
		bits = src.floatBits(i)
	case from == Decimal:
		// Exact in the sense of text: the float prints the same digits.
		w := NewVector(Of(Float64), 1)
		if ParseText(w.Type, Text(src, i), w) != nil || !decimalIs(src, i, w.F64[0]) {
			return false
		}
		bits = math.Float64bits(w.F64[0])
	default:
		f := float64(src.Ints[i])
		if from == Uint64 && src.Ints[i] < 0 {
			f = float64(uint64(src.Ints[i]))
		}
		if from != Bool && compareIntFloat(src, i, f) != 0 {
			return false
		}
		bits = math.Float64bits(f)
	}
	if dst.Type.Kind == Float64 {
		dst.AppendF64(math.Float64frombits(bits))
		return true
	}
	n, ok := kernel.NarrowBits(bits)
	if ok {
		dst.AppendF32(math.Float32frombits(n))
	}
	return ok
}

// decimalIs reports whether the shortest text of f denotes decimal i of v.
func decimalIs(v *Vector, i int, f float64) bool {
	x, err := parseDecimal(string(appendFloat(nil, f, 64)), 38, v.Type.Scale)
	return err == nil && x == v.decimalAt(i)
}

func convertTime(dst, src *Vector, i int) bool {
	x, unit := src.Ints[i], Second
	if src.Type.Kind == Date {
		x *= secondsPerDay
	} else {
		unit = src.Type.Unit
		if (src.Type.Zone == "") != (dst.Type.Zone == "") {
			return false
		}
	}
	have, want := unit.PerSecond(), dst.Type.Unit.PerSecond()
	if have > want {
		if x%(have/want) != 0 {
			return false
		}
		x /= have / want
	} else {
		f := want / have
		if x*f/f != x {
			return false
		}
		x *= f
	}
	dst.AppendInt(x)
	return true
}

func convertNested(dst, src *Vector, i int) error {
	if dst.Type.Kind == Struct {
		if len(src.Kids) != len(dst.Kids) {
			return &ConvertError{From: src.Type, To: dst.Type, Value: Text(src, i)}
		}
		for k := range dst.Kids {
			if err := convertValue(dst.Kids[k], src.Kids[k], i); err != nil {
				return err
			}
		}
		dst.EndStruct()
		return nil
	}
	from, to := src.Span(i)
	if dst.Type.Kind == FixedList && to-from != dst.Type.Size {
		return &ConvertError{From: src.Type, To: dst.Type, Value: Text(src, i)}
	}
	for j := from; j < to; j++ {
		if err := convertValue(dst.Kids[0], src.Kids[0], j); err != nil {
			return err
		}
	}
	dst.EndList()
	return nil
}
