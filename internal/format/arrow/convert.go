package arrow

import (
	"fmt"
	"math/big"
	"slices"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/strata-data/strata/internal/column"
)

// converter turns slices of arrays of one Arrow type into values of typ.
type converter struct {
	typ    *column.Type
	append appender
}

// appender appends the values from..to of a to v. Values under a null are
// appended as nulls without looking at them.
type appender func(v *column.Vector, a arrow.Array, from, to int) error

const (
	maxDepth = 30
	maxBytes = 1<<32 - 1
	// maxFixed bounds the values of fixed-size lists in one batch; null lists
	// have values too.
	maxFixed = 1 << 27
)

// converterOf returns the converter for arrays of the field f.
func converterOf(f arrow.Field, depth int) (converter, error) {
	if depth > maxDepth {
		return converter{}, malformed("nested deeper than %d", maxDepth)
	}
	if i := f.Metadata.FindKey("ARROW:extension:name"); i >= 0 {
		switch f.Metadata.Values()[i] {
		case "arrow.json":
			return jsonConverter(f, depth)
		case "arrow.uuid":
			if t, ok := f.Type.(*arrow.FixedSizeBinaryType); ok && t.ByteWidth == 16 {
				return converter{column.Of(column.String), each(appendUUID)}, nil
			}
		}
	}
	switch t := f.Type.(type) {
	case arrow.ExtensionType:
		return converterOf(arrow.Field{Name: f.Name, Type: t.StorageType()}, depth+1)
	case *arrow.DictionaryType:
		return dictConverter(t, f, depth)
	case *arrow.RunEndEncodedType:
		return runConverter(t, f, depth)
	case *arrow.StructType:
		return structConverter(t, depth)
	case *arrow.MapType:
		return mapConverter(t, depth)
	case *arrow.FixedSizeListType:
		return fixedConverter(t, depth)
	case arrow.ListLikeType:
		return listConverter(t, depth)
	case arrow.DecimalType:
		return decimalConverter(t)
	case *arrow.TimestampType:
		return converter{column.TimestampOf(column.Unit(t.Unit), t.TimeZone), ints(func(a *array.Timestamp) []arrow.Timestamp { return a.TimestampValues() })}, nil
	case *arrow.Time32Type:
		return converter{column.Of(column.String), each(clock(column.Unit(t.Unit), func(a *array.Time32, i int) int64 { return int64(a.Value(i)) }))}, nil
	case *arrow.Time64Type:
		return converter{column.Of(column.String), each(clock(column.Unit(t.Unit), func(a *array.Time64, i int) int64 { return int64(a.Value(i)) }))}, nil
	}
	if c, ok := plainConverter(f.Type.ID()); ok {
		return c, nil
	}
	return converter{}, malformed("columns of type %s are not read", f.Type)
}

// plainConverter returns the converter of a type without parameters.
func plainConverter(id arrow.Type) (converter, bool) {
	is := func(k column.Kind, f appender) (converter, bool) { return converter{column.Of(k), f}, true }
	switch id {
	case arrow.NULL:
		return is(column.String, func(v *column.Vector, _ arrow.Array, from, to int) error { appendNulls(v, to-from); return nil })
	case arrow.BOOL:
		return is(column.Bool, each(func(v *column.Vector, a arrow.Array, i int) error {
			v.AppendBool(a.(*array.Boolean).Value(i))
			return nil
		}))
	case arrow.INT8:
		return is(column.Int8, ints(func(a *array.Int8) []int8 { return a.Int8Values() }))
	case arrow.INT16:
		return is(column.Int16, ints(func(a *array.Int16) []int16 { return a.Int16Values() }))
	case arrow.INT32:
		return is(column.Int32, ints(func(a *array.Int32) []int32 { return a.Int32Values() }))
	case arrow.INT64:
		return is(column.Int64, ints(func(a *array.Int64) []int64 { return a.Int64Values() }))
	case arrow.UINT8:
		return is(column.Uint8, ints(func(a *array.Uint8) []uint8 { return a.Uint8Values() }))
	case arrow.UINT16:
		return is(column.Uint16, ints(func(a *array.Uint16) []uint16 { return a.Uint16Values() }))
	case arrow.UINT32:
		return is(column.Uint32, ints(func(a *array.Uint32) []uint32 { return a.Uint32Values() }))
	case arrow.UINT64:
		return is(column.Uint64, ints(func(a *array.Uint64) []uint64 { return a.Uint64Values() }))
	case arrow.DURATION:
		return is(column.Int64, ints(func(a *array.Duration) []arrow.Duration { return a.DurationValues() }))
	case arrow.DATE32:
		return is(column.Date, ints(func(a *array.Date32) []arrow.Date32 { return a.Date32Values() }))
	case arrow.DATE64:
		return is(column.Date, each(appendDate64))
	case arrow.FLOAT16:
		return is(column.Float32, each(func(v *column.Vector, a arrow.Array, i int) error {
			v.AppendF32(a.(*array.Float16).Value(i).Float32())
			return nil
		}))
	case arrow.FLOAT32:
		return is(column.Float32, floats(func(a *array.Float32) []float32 { return a.Float32Values() }, func(v *column.Vector) *[]float32 { return &v.F32 }, (*column.Vector).AppendF32))
	case arrow.FLOAT64:
		return is(column.Float64, floats(func(a *array.Float64) []float64 { return a.Float64Values() }, func(v *column.Vector) *[]float64 { return &v.F64 }, (*column.Vector).AppendF64))
	case arrow.STRING, arrow.LARGE_STRING, arrow.STRING_VIEW:
		return is(column.String, texts)
	case arrow.BINARY, arrow.LARGE_BINARY, arrow.BINARY_VIEW, arrow.FIXED_SIZE_BINARY:
		return is(column.Binary, each(func(v *column.Vector, a arrow.Array, i int) error { return appendBytes(v, bytesAt(a, i)) }))
	}
	return converter{}, false
}

func appendNulls(v *column.Vector, n int) {
	for range n {
		v.AppendNull()
	}
}

// each makes an appender of a function for one value that is not null.
func each(f func(v *column.Vector, a arrow.Array, i int) error) appender {
	return func(v *column.Vector, a arrow.Array, from, to int) error {
		for i := from; i < to; i++ {
			if a.IsNull(i) {
				v.AppendNull()
			} else if err := f(v, a, i); err != nil {
				return err
			}
		}
		return nil
	}
}

// full reports whether no value of a is null, and none of v.
func full(v *column.Vector, a arrow.Array) bool { return v.Valid == nil && a.NullN() == 0 }

// ints appends integers of any width.
func ints[A arrow.Array, T ~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64](values func(A) []T) appender {
	return func(v *column.Vector, a arrow.Array, from, to int) error {
		x := values(a.(A))[from:to]
		if full(v, a) {
			at := len(v.Ints)
			v.Ints = slices.Grow(v.Ints, len(x))[:at+len(x)]
			for i, y := range x {
				v.Ints[at+i] = int64(y)
			}
			v.Len += len(x)
			return nil
		}
		for i, y := range x {
			if a.IsNull(from + i) {
				v.AppendNull()
			} else {
				v.AppendInt(int64(y))
			}
		}
		return nil
	}
}

// floats appends floating-point numbers to the buffer that buf names; add
// appends one of them.
func floats[A arrow.Array, T float32 | float64](values func(A) []T, buf func(*column.Vector) *[]T, add func(*column.Vector, T)) appender {
	return func(v *column.Vector, a arrow.Array, from, to int) error {
		x, b := values(a.(A))[from:to], buf(v)
		if full(v, a) {
			*b = append(*b, x...)
			v.Len += len(x)
			return nil
		}
		for i, y := range x {
			if a.IsNull(from + i) {
				v.AppendNull()
			} else {
				add(v, y)
			}
		}
		return nil
	}
}

// bytesAt returns value i of an array of byte strings. It aliases a.
func bytesAt(a arrow.Array, i int) []byte {
	switch a := a.(type) {
	case *array.Binary:
		return a.Value(i)
	case *array.LargeBinary:
		return a.Value(i)
	case *array.BinaryView:
		return a.Value(i)
	case *array.FixedSizeBinary:
		return a.Value(i)
	case *array.String:
		return []byte(a.Value(i))
	case *array.LargeString:
		return []byte(a.Value(i))
	case *array.StringView:
		return []byte(a.Value(i))
	}
	panic(fmt.Sprintf("values of type %s as bytes", a.DataType()))
}

func appendBytes(v *column.Vector, b []byte) error {
	if len(v.Bytes)+len(b) > maxBytes {
		return malformed("values of type %s take more than 4 GiB in one batch", v.Type)
	}
	v.AppendBytes(b)
	return nil
}

func appendText(v *column.Vector, s string) error {
	if !utf8.ValidString(s) {
		return malformed("text that is not UTF-8: %.40q", s)
	}
	if len(v.Bytes)+len(s) > maxBytes {
		return malformed("values of type %s take more than 4 GiB in one batch", v.Type)
	}
	v.AppendString(s)
	return nil
}

// texts appends UTF-8 of any layout.
func texts(v *column.Vector, a arrow.Array, from, to int) error {
	s, ok := a.(array.StringLike)
	if !ok {
		return malformed("values of type %s as text", a.DataType())
	}
	for i := from; i < to; i++ {
		if a.IsNull(i) {
			v.AppendNull()
		} else if err := appendText(v, s.Value(i)); err != nil {
			return err
		}
	}
	return nil
}

func appendDate64(v *column.Vector, a arrow.Array, i int) error {
	const perDay = 86400_000
	ms := int64(a.(*array.Date64).Value(i))
	if ms%perDay != 0 {
		return malformed("date64 %d is not a whole day", ms)
	}
	v.AppendInt(ms / perDay)
	return nil
}

// decimalConverter reads decimals of any width. Digits before the point that
// a negative scale stands for become digits.
func decimalConverter(t arrow.DecimalType) (converter, error) {
	prec, scale := int(t.GetPrecision()), int(t.GetScale())
	shift := big.NewInt(1)
	if scale < 0 {
		if scale < -76 {
			return converter{}, malformed("columns of type %s are not read", t)
		}
		shift.Exp(big.NewInt(10), big.NewInt(int64(-scale)), nil)
		prec, scale = prec-scale, 0
	}
	prec = max(prec, scale, 1)
	value := func(a arrow.Array, i int) *big.Int {
		switch a := a.(type) {
		case *array.Decimal32:
			return big.NewInt(int64(a.Value(i)))
		case *array.Decimal64:
			return big.NewInt(int64(a.Value(i)))
		case *array.Decimal128:
			return a.Value(i).BigInt()
		case *array.Decimal256:
			return a.Value(i).BigInt()
		}
		panic(fmt.Sprintf("values of type %s as decimals", a.DataType()))
	}
	typ := column.DecimalOf(prec, scale)
	if prec > 38 {
		typ = column.Of(column.String)
	}
	return converter{typ, each(func(v *column.Vector, a arrow.Array, i int) error {
		x := value(a, i)
		return appendDecimal(v, x.Mul(x, shift), scale)
	})}, nil
}

// appendDecimal appends the unscaled x to a vector of decimals or of text.
func appendDecimal(v *column.Vector, x *big.Int, scale int) error {
	switch {
	case v.Type.Kind == column.String:
		return appendText(v, decimalText(x, scale))
	case v.Type.Layout() == column.LayoutInt:
		if !x.IsInt64() {
			return malformed("decimal %s does not fit %s", x, v.Type)
		}
		v.AppendInt(x.Int64())
		return nil
	}
	bias := new(big.Int).Lsh(big.NewInt(1), 127)
	bias.Add(bias, x)
	if bias.Sign() < 0 || bias.BitLen() > 128 {
		return malformed("decimal %s does not fit %s", x, v.Type)
	}
	var b [16]byte
	bias.FillBytes(b[:])
	v.AppendBytes(b[:])
	return nil
}
