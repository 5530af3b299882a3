package parquet

import (
	"encoding/base64"
	"encoding/binary"

	"github.com/strata-data/strata/internal/column"
)

// This file reads and writes the little of Arrow's flatbuffers (Schema.fbs,
// Message.fbs) that names types, so that the Parquet closet needs no Arrow
// library.

// Numbers of the union Type in Schema.fbs.
const (
	arrowInt           = 2
	arrowFloat         = 3
	arrowBinary        = 4
	arrowUtf8          = 5
	arrowBool          = 6
	arrowDecimal       = 7
	arrowDate          = 8
	arrowTimestamp     = 10
	arrowList          = 12
	arrowStruct        = 13
	arrowFixedSizeList = 16
	arrowMessageSchema = 1
	arrowVersion5      = 4
)

// arrowField is what is of interest in a Field of Schema.fbs.
type arrowField struct {
	name string
	kind byte
	size int32  // fixed-size lists
	unit int16  // timestamps
	zone string // timestamps
	kids []arrowField
}

// arrowFields returns the fields of the IPC message msg if it is a schema.
func arrowFields(msg []byte) (fields []arrowField, ok bool) {
	defer func() {
		if recover() != nil { // an offset that points out of msg
			fields, ok = nil, false
		}
	}()
	if binary.LittleEndian.Uint32(msg) == 0xffffffff {
		msg = msg[4:]
	}
	msg = msg[4:]
	m := fbTable{msg, int(binary.LittleEndian.Uint32(msg))}
	if m.u8(1) != arrowMessageSchema {
		return nil, false
	}
	return readArrowFields(m.table(2).vector(1), 0), true
}

func readArrowFields(tables []fbTable, depth int) []arrowField {
	if depth > maxDepth {
		panic("too deep")
	}
	var fields []arrowField
	for _, t := range tables {
		f := arrowField{name: t.str(0), kind: t.u8(2), kids: readArrowFields(t.vector(5), depth+1)}
		switch typ := t.table(3); f.kind {
		case arrowTimestamp:
			f.unit, f.zone = int16(typ.u16(0)), typ.str(1)
		case arrowFixedSizeList:
			f.size = int32(typ.u32(0))
		}
		fields = append(fields, f)
	}
	return fields
}

// fbTable is a flatbuffers table at a position of a buffer. Methods panic when
// the buffer is too short.
type fbTable struct {
	b   []byte
	pos int
}

// at returns the position of field i, or 0 if it has its default value.
func (t fbTable) at(i int) int {
	if t.b == nil {
		return 0
	}
	vt := t.pos - int(int32(binary.LittleEndian.Uint32(t.b[t.pos:])))
	if 4+2*i >= int(binary.LittleEndian.Uint16(t.b[vt:])) {
		return 0
	}
	if o := int(binary.LittleEndian.Uint16(t.b[vt+4+2*i:])); o > 0 {
		return t.pos + o
	}
	return 0
}

func (t fbTable) u8(i int) byte {
	if p := t.at(i); p > 0 {
		return t.b[p]
	}
	return 0
}

func (t fbTable) u16(i int) uint16 {
	if p := t.at(i); p > 0 {
		return binary.LittleEndian.Uint16(t.b[p:])
	}
	return 0
}

func (t fbTable) u32(i int) uint32 {
	if p := t.at(i); p > 0 {
		return binary.LittleEndian.Uint32(t.b[p:])
	}
	return 0
}

// ref follows the offset in field i; 0 if there is none.
func (t fbTable) ref(i int) int {
	p := t.at(i)
	if p == 0 {
		return 0
	}
	return p + int(binary.LittleEndian.Uint32(t.b[p:]))
}

func (t fbTable) table(i int) fbTable {
	if p := t.ref(i); p > 0 {
		return fbTable{t.b, p}
	}
	return fbTable{}
}

func (t fbTable) str(i int) string {
	p := t.ref(i)
	if p == 0 {
		return ""
	}
	n := int(binary.LittleEndian.Uint32(t.b[p:]))
	return string(t.b[p+4 : p+4+n])
}

func (t fbTable) vector(i int) []fbTable {
	p := t.ref(i)
	if p == 0 {
		return nil
	}
	n := int(binary.LittleEndian.Uint32(t.b[p:]))
	var all []fbTable
	for k := range min(n, len(t.b)/4) {
		q := p + 4 + 4*k
		all = append(all, fbTable{t.b, q + int(binary.LittleEndian.Uint32(t.b[q:]))})
	}
	return all
}

// arrowSchema returns the Arrow schema of fields as the value of arrowKey.
func arrowSchema(fields []column.Field) string {
	b := fbBuilder{b: make([]byte, 12)} // continuation, length, root offset
	root := b.table(
		fbField{0, 2, arrowVersion5, nil},
		fbField{1, 1, arrowMessageSchema, nil},
		fbField{2, 4, 0, func() int {
			return b.table(fbField{1, 4, 0, func() int { return b.fields(fields) }})
		}})
	b.align()
	for len(b.b)%8 != 0 {
		b.b = append(b.b, 0)
	}
	binary.LittleEndian.PutUint32(b.b, 0xffffffff)
	binary.LittleEndian.PutUint32(b.b[4:], uint32(len(b.b)-8))
	binary.LittleEndian.PutUint32(b.b[8:], uint32(root-8))
	return base64.StdEncoding.EncodeToString(b.b)
}

// fbBuilder writes flatbuffers from front to back: whatever an offset points
// to follows after it.
type fbBuilder struct{ b []byte }

// fbField is a field of a table: a number of size bytes, or an offset to what
// ref writes.
type fbField struct {
	id   int
	size int // 1, 2 or 4
	val  uint32
	ref  func() int
}

func (b *fbBuilder) align() {
	for len(b.b)%4 != 0 {
		b.b = append(b.b, 0)
	}
}

func (b *fbBuilder) u32(x uint32) { b.b = binary.LittleEndian.AppendUint32(b.b, x) }

// table writes a table, whose fields come in the order of their ids, and
// returns its position. Every field takes four bytes, which keeps it aligned.
func (b *fbBuilder) table(fields ...fbField) int {
	b.align()
	n := 0
	for _, f := range fields {
		n = max(n, f.id+1)
	}
	if n%2 == 1 {
		n++ // so that the table is aligned to four bytes
	}
	vt := make([]uint16, 2+n)
	vt[0], vt[1] = uint16(4+2*n), uint16(4+4*len(fields))
	for i, f := range fields {
		vt[2+f.id] = uint16(4 + 4*i)
	}
	for _, x := range vt {
		b.b = binary.LittleEndian.AppendUint16(b.b, x)
	}
	pos := len(b.b)
	b.u32(uint32(4 + 2*n))
	for _, f := range fields {
		b.u32(f.val)
	}
	for i, f := range fields {
		if f.ref != nil {
			at := pos + 4 + 4*i
			to := f.ref()
			binary.LittleEndian.PutUint32(b.b[at:], uint32(to-at))
		}
	}
	return pos
}

func (b *fbBuilder) str(s string) int {
	b.align()
	pos := len(b.b)
	b.u32(uint32(len(s)))
	b.b = append(append(b.b, s...), 0)
	return pos
}

// fields writes a vector of Fields.
func (b *fbBuilder) fields(fields []column.Field) int {
	b.align()
	pos := len(b.b)
	b.u32(uint32(len(fields)))
	for range fields {
		b.u32(0)
	}
	for i, f := range fields {
		at := pos + 4 + 4*i
		to := b.field(f)
		binary.LittleEndian.PutUint32(b.b[at:], uint32(to-at))
	}
	return pos
}

func (b *fbBuilder) field(f column.Field) int {
	kind, params := arrowType(b, f.Type)
	kids := f.Type.Fields
	if f.Type.Elem != nil {
		kids = []column.Field{column.NewField("element", f.Type.Elem)}
	}
	return b.table(
		fbField{0, 4, 0, func() int { return b.str(f.Name) }},
		fbField{1, 1, 1, nil}, // nullable
		fbField{2, 1, kind, nil},
		fbField{3, 4, 0, func() int { return b.table(params...) }},
		fbField{5, 4, 0, func() int { return b.fields(kids) }})
}

// arrowType returns the member of the union Type for t, and its fields.
func arrowType(b *fbBuilder, t *column.Type) (kind uint32, params []fbField) {
	switch k := t.Kind; k {
	case column.Bool:
		return arrowBool, nil
	case column.Int8, column.Int16, column.Int32, column.Int64:
		return arrowInt, []fbField{{0, 4, 8 << (k - column.Int8), nil}, {1, 1, 1, nil}}
	case column.Uint8, column.Uint16, column.Uint32, column.Uint64:
		return arrowInt, []fbField{{0, 4, 8 << (k - column.Uint8), nil}}
	case column.Float32:
		return arrowFloat, []fbField{{0, 2, 1, nil}}
	case column.Float64:
		return arrowFloat, []fbField{{0, 2, 2, nil}}
	case column.Decimal:
		return arrowDecimal, []fbField{{0, 4, uint32(t.Precision), nil}, {1, 4, uint32(t.Scale), nil}}
	case column.Binary:
		return arrowBinary, nil
	case column.Date:
		return arrowDate, []fbField{{0, 2, 0, nil}}
	case column.Timestamp:
		params = []fbField{{0, 2, uint32(t.Unit), nil}}
		if t.Zone != "" {
			params = append(params, fbField{1, 4, 0, func() int { return b.str(t.Zone) }})
		}
		return arrowTimestamp, params
	case column.List:
		return arrowList, nil
	case column.FixedList:
		return arrowFixedSizeList, []fbField{{0, 4, uint32(t.Size), nil}}
	case column.Struct:
		return arrowStruct, nil
	}
	return arrowUtf8, nil
}
