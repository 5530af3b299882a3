// Package column holds the values of samples: types, schemas, vectors, batches
// and the byte layout of a page.
//
// A Vector is a run of values of one column in plain typed buffers; a Batch is
// equally long vectors under a Schema. EncodePage turns a run of a vector into
// the bytes of a page object and DecodePage turns it back; one content has one
// encoding, whatever the declared width of its type (docs/format/page.md), so
// widening int32 to int64 changes no page. Start reading at Type, then Vector,
// then EncodePage. The package does no I/O.
package column

import (
	"fmt"
	"strconv"
	"strings"
)

// Kind is the family of a Type. Values are part of the format.
type Kind uint8

// The kinds of values that a column may hold.
const (
	Invalid Kind = iota
	Bool
	Int8
	Int16
	Int32
	Int64
	Uint8
	Uint16
	Uint32
	Uint64
	Float32
	Float64
	Decimal   // Precision, Scale
	String    // UTF-8
	Binary    // any bytes
	Date      // days since 1970-01-01
	Timestamp // Unit since 1970-01-01, Zone as found ("" = local time)
	List      // Elem
	FixedList // Elem, Size
	Struct    // Fields
	File      // path of a row of @files
	JSON      // canonical JSON text of a value that has no one type
)

// Unit is the tick of a Timestamp.
type Unit uint8

// Units of time, from coarse to fine.
const (
	Second Unit = iota
	Milli
	Micro
	Nano
)

var unitNames = [...]string{"s", "ms", "us", "ns"}

// String returns the unit as Arrow spells it: s, ms, us or ns.
func (u Unit) String() string { return unitNames[u] }

// PerSecond returns the number of ticks in a second.
func (u Unit) PerSecond() int64 { return [...]int64{1, 1e3, 1e6, 1e9}[u] }

// Type describes the values of a column. Types are immutable once in use and
// compared with Equal.
type Type struct {
	Kind      Kind    `cbor:"1,keyasint"`
	Unit      Unit    `cbor:"2,keyasint,omitempty"` // Timestamp
	Zone      string  `cbor:"3,keyasint,omitempty"` // Timestamp
	Precision int     `cbor:"4,keyasint,omitempty"` // Decimal, 1..38
	Scale     int     `cbor:"5,keyasint,omitempty"` // Decimal
	Size      int     `cbor:"6,keyasint,omitempty"` // FixedList
	Elem      *Type   `cbor:"7,keyasint,omitempty"` // List, FixedList
	Fields    []Field `cbor:"8,keyasint,omitempty"` // Struct
}

// Field is a named value: a column of a schema or a member of a struct.
type Field struct {
	// ID is the name that the column was born with and never changes.
	ID string `cbor:"1,keyasint"`
	// Name is what people see; renaming changes it alone.
	Name string `cbor:"2,keyasint"`
	Type *Type  `cbor:"3,keyasint"`
	// Merge is the text of the column's merge policy (ParsePolicy), empty for
	// none. Members of a struct have none.
	Merge string `cbor:"4,keyasint,omitempty"`
}

// Of returns the Type of a kind that needs no parameters.
func Of(k Kind) *Type { return &Type{Kind: k} }

// ListOf returns the type of variable-length lists of elem.
func ListOf(elem *Type) *Type { return &Type{Kind: List, Elem: elem} }

// FixedListOf returns the type of lists of exactly size elem.
func FixedListOf(elem *Type, size int) *Type { return &Type{Kind: FixedList, Elem: elem, Size: size} }

// StructOf returns the type of records with the given members.
func StructOf(fields ...Field) *Type { return &Type{Kind: Struct, Fields: fields} }

// TimestampOf returns the type of instants in unit u and zone z.
func TimestampOf(u Unit, z string) *Type { return &Type{Kind: Timestamp, Unit: u, Zone: z} }

// DecimalOf returns the type of decimals with p digits, s of them after the point.
func DecimalOf(p, s int) *Type { return &Type{Kind: Decimal, Precision: p, Scale: s} }

// NewField returns a field whose id and name are name.
func NewField(name string, t *Type) Field { return Field{ID: name, Name: name, Type: t} }

var kindNames = [...]string{"invalid", "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32",
	"uint64", "float32", "float64", "decimal", "string", "binary", "date", "timestamp", "list", "fixed_list",
	"struct", "file", "json"}

// String returns the kind's word.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "kind(" + strconv.Itoa(int(k)) + ")"
}

// IsInt reports whether k is a signed or unsigned integer kind.
func (k Kind) IsInt() bool { return k >= Int8 && k <= Uint64 }

// IsFloat reports whether k is a floating-point kind.
func (k Kind) IsFloat() bool { return k == Float32 || k == Float64 }

// IsNumeric reports whether values of kind k are numbers.
func (k Kind) IsNumeric() bool { return k.IsInt() || k.IsFloat() || k == Decimal }

// IsNested reports whether values of kind k contain other values.
func (k Kind) IsNested() bool { return k == List || k == FixedList || k == Struct }

// Layout says which buffers of a Vector hold the values of a type.
type Layout uint8

// The layouts of a Vector.
const (
	LayoutInt    Layout = iota // Ints
	LayoutF32                  // F32
	LayoutF64                  // F64
	LayoutBytes                // Offs, Bytes
	LayoutList                 // Offs, Kids[0]
	LayoutFixed                // Kids[0], Size values each
	LayoutStruct               // Kids, one per field
)

// Layout returns the layout of vectors of type t. Decimals of up to 18 digits
// are unscaled Ints; wider ones are 16 big-endian bytes with the sign flipped,
// which sort as the numbers do.
func (t *Type) Layout() Layout {
	switch t.Kind {
	case Float32:
		return LayoutF32
	case Float64:
		return LayoutF64
	case String, Binary, File, JSON:
		return LayoutBytes
	case Decimal:
		if t.Precision > 18 {
			return LayoutBytes
		}
		return LayoutInt
	case List:
		return LayoutList
	case FixedList:
		return LayoutFixed
	case Struct:
		return LayoutStruct
	}
	return LayoutInt
}

// Equal reports whether t and u describe the same values. Names and ids of
// struct members count.
func (t *Type) Equal(u *Type) bool {
	if t == u {
		return true
	}
	if t == nil || u == nil || t.Kind != u.Kind || t.Unit != u.Unit || t.Zone != u.Zone ||
		t.Precision != u.Precision || t.Scale != u.Scale || t.Size != u.Size || len(t.Fields) != len(u.Fields) {
		return false
	}
	for i := range t.Fields {
		a, b := t.Fields[i], u.Fields[i]
		if a.ID != b.ID || a.Name != b.Name || !a.Type.Equal(b.Type) {
			return false
		}
	}
	return (t.Elem == nil) == (u.Elem == nil) && (t.Elem == nil || t.Elem.Equal(u.Elem))
}

// String returns t as people write it, for instance int64, timestamp[us, UTC],
// list<string> or struct<lat: float64, lon: float64>. ParseType reads it back.
func (t *Type) String() string {
	switch t.Kind {
	case Decimal:
		return fmt.Sprintf("decimal(%d, %d)", t.Precision, t.Scale)
	case Timestamp:
		if t.Zone != "" {
			return "timestamp[" + t.Unit.String() + ", " + t.Zone + "]"
		}
		return "timestamp[" + t.Unit.String() + "]"
	case List:
		return "list<" + t.Elem.String() + ">"
	case FixedList:
		return fmt.Sprintf("fixed_list<%s, %d>", t.Elem, t.Size)
	case Struct:
		var b strings.Builder
		b.WriteString("struct<")
		for i, f := range t.Fields {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(f.Name + ": " + f.Type.String())
		}
		return b.String() + ">"
	}
	return t.Kind.String()
}
