package parquet

import (
	"github.com/parquet-go/parquet-go/deprecated"
	pf "github.com/parquet-go/parquet-go/format"

	"github.com/strata-data/strata/internal/column"
)

// conv says how the physical values of a leaf become values of its type.
type conv uint8

const (
	convNull     conv = iota // no values at all
	convBool                 // bits
	convInt                  // INT32 or INT64, sign kept
	convUint                 // INT32 or INT64 as their unsigned bits, cut to arg bits
	convInt96                // nanoseconds of the day and Julian day
	convF32                  // FLOAT
	convF64                  // DOUBLE
	convF16                  // two bytes
	convText                 // bytes that must be UTF-8
	convJSON                 // JSON text
	convBytes                // bytes
	convUUID                 // 16 bytes to hex
	convDec                  // big-endian two's complement to int64
	convWide                 // the same to 16 bytes with the sign flipped
	convDecText              // the same to text, scale in arg
	convTime                 // ticks since midnight to text, unit in arg
	convInterval             // months, days, milliseconds to text
)

// setLeaf chooses the type of the leaf n from its schema element.
func (n *node) setLeaf(e *pf.SchemaElement) error {
	if !e.Type.Valid {
		return malformed("parquet: %q has neither a type nor fields", e.Name)
	}
	phys := e.Type.V
	width := int(e.TypeLength.V)
	if phys == pf.FixedLenByteArray && (!e.TypeLength.Valid || width < 0) {
		return malformed("parquet: fixed-length values of %d bytes", width)
	}
	if n.logical(e, phys, width) || n.converted(e, phys) {
		return n.checkLeaf(e)
	}
	switch phys {
	case pf.Boolean:
		n.set(column.Of(column.Bool), convBool)
	case pf.Int32:
		n.set(column.Of(column.Int32), convInt)
	case pf.Int64:
		n.set(column.Of(column.Int64), convInt)
	case pf.Int96:
		n.set(column.TimestampOf(column.Nano, ""), convInt96)
	case pf.Float:
		n.set(column.Of(column.Float32), convF32)
	case pf.Double:
		n.set(column.Of(column.Float64), convF64)
	case pf.ByteArray, pf.FixedLenByteArray:
		n.set(column.Of(column.Binary), convBytes)
	default:
		return malformed("parquet: unknown physical type %d", phys)
	}
	return nil
}

func (n *node) set(t *column.Type, c conv) bool {
	n.typ, n.conv = t, c
	return true
}

// checkLeaf refuses logical types on physical types that cannot carry them.
func (n *node) checkLeaf(e *pf.SchemaElement) error {
	ok := false
	ints := e.Type.V == pf.Int32 || e.Type.V == pf.Int64
	bytes := e.Type.V == pf.ByteArray || e.Type.V == pf.FixedLenByteArray
	switch n.conv {
	case convNull:
		ok = true
	case convInt, convUint, convTime:
		ok = ints
	case convText, convJSON, convBytes, convDec, convWide, convDecText:
		ok = bytes
	case convF16:
		ok = e.Type.V == pf.FixedLenByteArray && e.TypeLength.V == 2
	case convUUID:
		ok = e.Type.V == pf.FixedLenByteArray && e.TypeLength.V == 16
	case convInterval:
		ok = e.Type.V == pf.FixedLenByteArray && e.TypeLength.V == 12
	}
	if !ok {
		return malformed("parquet: %s in values of type %s", n.typ, e.Type.V)
	}
	if t := n.typ; t.Kind == column.Decimal && (t.Scale < 0 || t.Scale > t.Precision || t.Precision < 1) {
		return malformed("parquet: decimal(%d, %d)", t.Precision, t.Scale)
	}
	return nil
}

// logical sets n from the logical type of e and reports whether it has one.
func (n *node) logical(e *pf.SchemaElement, phys pf.Type, width int) bool {
	switch t := e.LogicalType.Value.(type) {
	case *pf.StringType, *pf.EnumType:
		return n.set(column.Of(column.String), convText)
	case *pf.JsonType:
		return n.set(column.Of(column.JSON), convJSON)
	case *pf.UUIDType:
		return n.set(column.Of(column.String), convUUID)
	case *pf.DecimalType:
		return n.decimal(int(t.Precision), int(t.Scale), phys)
	case *pf.DateType:
		return n.set(column.Of(column.Date), convInt)
	case *pf.TimeType:
		n.arg = int(unitOf(t.Unit))
		return n.set(column.Of(column.String), convTime)
	case *pf.TimestampType:
		zone := ""
		if t.IsAdjustedToUTC {
			zone = "UTC"
		}
		return n.set(column.TimestampOf(unitOf(t.Unit), zone), convInt)
	case *pf.IntType:
		return n.integer(int(t.BitWidth), t.IsSigned)
	case *pf.Float16Type:
		return n.set(column.Of(column.Float32), convF16)
	case *pf.NullType:
		return n.set(column.Of(column.String), convNull)
	}
	return false
}

func unitOf(u pf.TimeUnit) column.Unit {
	switch u.Value.(type) {
	case *pf.MilliSeconds:
		return column.Milli
	case *pf.MicroSeconds:
		return column.Micro
	}
	return column.Nano
}

// converted sets n from the converted type that older writers used.
func (n *node) converted(e *pf.SchemaElement, phys pf.Type) bool {
	if !e.ConvertedType.Valid {
		return false
	}
	switch e.ConvertedType.V {
	case deprecated.UTF8, deprecated.Enum:
		return n.set(column.Of(column.String), convText)
	case deprecated.Json:
		return n.set(column.Of(column.JSON), convJSON)
	case deprecated.Decimal:
		return n.decimal(int(e.Precision.V), int(e.Scale.V), phys)
	case deprecated.Date:
		return n.set(column.Of(column.Date), convInt)
	case deprecated.TimeMillis:
		n.arg = int(column.Milli)
		return n.set(column.Of(column.String), convTime)
	case deprecated.TimeMicros:
		n.arg = int(column.Micro)
		return n.set(column.Of(column.String), convTime)
	case deprecated.TimestampMillis:
		return n.set(column.TimestampOf(column.Milli, "UTC"), convInt)
	case deprecated.TimestampMicros:
		return n.set(column.TimestampOf(column.Micro, "UTC"), convInt)
	case deprecated.Interval:
		return n.set(column.Of(column.String), convInterval)
	case deprecated.Int8, deprecated.Int16, deprecated.Int32, deprecated.Int64:
		return n.integer(8<<(e.ConvertedType.V-deprecated.Int8), true)
	case deprecated.Uint8, deprecated.Uint16, deprecated.Uint32, deprecated.Uint64:
		return n.integer(8<<(e.ConvertedType.V-deprecated.Uint8), false)
	}
	return false
}

func (n *node) integer(bits int, signed bool) bool {
	kind, c := column.Int64, convInt
	switch bits {
	case 8:
		kind = column.Int8
	case 16:
		kind = column.Int16
	case 32:
		kind = column.Int32
	case 64:
	default:
		return false
	}
	if !signed {
		kind, c = kind+(column.Uint8-column.Int8), convUint
	}
	n.arg = bits
	return n.set(column.Of(kind), c)
}

// decimal sets n to the smallest type that holds p digits.
func (n *node) decimal(p, s int, phys pf.Type) bool {
	n.arg = s
	switch {
	case p > 38:
		return n.set(column.Of(column.String), convDecText)
	case p > 18:
		return n.set(column.DecimalOf(p, s), convWide)
	case phys == pf.Int32, phys == pf.Int64:
		return n.set(column.DecimalOf(p, s), convInt)
	}
	return n.set(column.DecimalOf(p, s), convDec)
}
