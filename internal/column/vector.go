package column

// Vector is a run of values of one type in the layout that Type.Layout names.
// Slots under a null hold zero or empty values. A Vector is grown with the
// Append methods and is not safe for concurrent change.
type Vector struct {
	Type  *Type
	Len   int
	Nulls int
	Valid Bitmap // nil where Nulls is 0; bit i set = value i is there

	Ints  []int64   // bool (0, 1), integers, dates, timestamps, short decimals; uint64 as its bits
	F32   []float32 // float32
	F64   []float64 // float64
	Offs  []uint32  // Len+1 ends into Bytes or Kids[0]; Offs[0] = 0
	Bytes []byte    // strings, binary, json, long decimals
	Kids  []*Vector // list elements, struct members
}

// NewVector returns an empty vector of type t with room for n values.
func NewVector(t *Type, n int) *Vector {
	v := &Vector{Type: t}
	switch t.Layout() {
	case LayoutInt:
		v.Ints = make([]int64, 0, n)
	case LayoutF32:
		v.F32 = make([]float32, 0, n)
	case LayoutF64:
		v.F64 = make([]float64, 0, n)
	case LayoutBytes:
		v.Offs = append(make([]uint32, 0, n+1), 0)
	case LayoutList:
		v.Offs = append(make([]uint32, 0, n+1), 0)
		v.Kids = []*Vector{NewVector(t.Elem, n)}
	case LayoutFixed:
		v.Kids = []*Vector{NewVector(t.Elem, n*t.Size)}
	case LayoutStruct:
		for _, f := range t.Fields {
			v.Kids = append(v.Kids, NewVector(f.Type, n))
		}
	}
	return v
}

// Reset empties v and keeps its buffers.
func (v *Vector) Reset() {
	v.Len, v.Nulls, v.Valid = 0, 0, nil
	v.Ints, v.F32, v.F64, v.Bytes = v.Ints[:0], v.F32[:0], v.F64[:0], v.Bytes[:0]
	if v.Offs != nil {
		v.Offs = append(v.Offs[:0], 0)
	}
	for _, k := range v.Kids {
		k.Reset()
	}
}

// IsNull reports whether value i is null.
func (v *Vector) IsNull(i int) bool { return v.Nulls > 0 && !v.Valid.Get(i) }

// At returns the bytes of value i of a vector with LayoutBytes, aliasing v.
func (v *Vector) At(i int) []byte { return v.Bytes[v.Offs[i]:v.Offs[i+1]] }

// Span returns the range of Kids[0] that holds list i.
func (v *Vector) Span(i int) (from, to int) {
	if v.Type.Kind == FixedList {
		return i * v.Type.Size, (i + 1) * v.Type.Size
	}
	return int(v.Offs[i]), int(v.Offs[i+1])
}

// AppendNull appends a null.
func (v *Vector) AppendNull() {
	switch v.Type.Layout() {
	case LayoutInt:
		v.Ints = append(v.Ints, 0)
	case LayoutF32:
		v.F32 = append(v.F32, 0)
	case LayoutF64:
		v.F64 = append(v.F64, 0)
	case LayoutBytes:
		v.Offs = append(v.Offs, uint32(len(v.Bytes)))
	default:
		v.AppendNulls(1)
		return
	}
	v.grow(false)
}

// AppendNulls appends n nulls. Members of null structs and elements of null
// fixed lists are null too.
func (v *Vector) AppendNulls(n int) {
	if n == 0 {
		return
	}
	switch v.Type.Layout() {
	case LayoutInt:
		v.Ints = append(v.Ints, make([]int64, n)...)
	case LayoutF32:
		v.F32 = append(v.F32, make([]float32, n)...)
	case LayoutF64:
		v.F64 = append(v.F64, make([]float64, n)...)
	case LayoutBytes, LayoutList:
		end := v.Offs[len(v.Offs)-1]
		for range n {
			v.Offs = append(v.Offs, end)
		}
	case LayoutFixed:
		v.Kids[0].AppendNulls(n * v.Type.Size)
	case LayoutStruct:
		for _, k := range v.Kids {
			k.AppendNulls(n)
		}
	}
	v.growNull(n)
}

// AppendInt appends x to a vector with LayoutInt.
func (v *Vector) AppendInt(x int64) {
	v.Ints = append(v.Ints, x)
	v.grow(true)
}

// AppendBool appends b as 1 or 0.
func (v *Vector) AppendBool(b bool) {
	x := int64(0)
	if b {
		x = 1
	}
	v.AppendInt(x)
}

// AppendF32 appends x to a float32 vector.
func (v *Vector) AppendF32(x float32) {
	v.F32 = append(v.F32, x)
	v.grow(true)
}

// AppendF64 appends x to a float64 vector.
func (v *Vector) AppendF64(x float64) {
	v.F64 = append(v.F64, x)
	v.grow(true)
}

// AppendBytes appends a copy of b to a vector with LayoutBytes.
func (v *Vector) AppendBytes(b []byte) {
	v.Bytes = append(v.Bytes, b...)
	v.Offs = append(v.Offs, uint32(len(v.Bytes)))
	v.grow(true)
}

// AppendString appends s to a vector with LayoutBytes.
func (v *Vector) AppendString(s string) {
	v.Bytes = append(v.Bytes, s...)
	v.Offs = append(v.Offs, uint32(len(v.Bytes)))
	v.grow(true)
}

// EndList makes the values appended to Kids[0] since the last list the next
// list. For a FixedList the caller has appended exactly Size values.
func (v *Vector) EndList() {
	if v.Type.Kind == List {
		v.Offs = append(v.Offs, uint32(v.Kids[0].Len))
	}
	v.grow(true)
}

// EndStruct makes the values appended to each of Kids the next struct.
func (v *Vector) EndStruct() { v.grow(true) }

// AppendFrom appends values from..to (exclusive) of src, which has the same
// layout.
func (v *Vector) AppendFrom(src *Vector, from, to int) {
	if from >= to {
		return
	}
	n := to - from
	v.appendValidity(src, from, n)
	switch v.Type.Layout() {
	case LayoutInt:
		v.Ints = append(v.Ints, src.Ints[from:to]...)
	case LayoutF32:
		v.F32 = append(v.F32, src.F32[from:to]...)
	case LayoutF64:
		v.F64 = append(v.F64, src.F64[from:to]...)
	case LayoutBytes:
		v.appendOffs(src, from, to, uint32(len(v.Bytes)))
		v.Bytes = append(v.Bytes, src.Bytes[src.Offs[from]:src.Offs[to]]...)
	case LayoutList:
		v.appendOffs(src, from, to, uint32(v.Kids[0].Len))
		v.Kids[0].AppendFrom(src.Kids[0], int(src.Offs[from]), int(src.Offs[to]))
	case LayoutFixed:
		v.Kids[0].AppendFrom(src.Kids[0], from*v.Type.Size, to*v.Type.Size)
	case LayoutStruct:
		for i, k := range v.Kids {
			k.AppendFrom(src.Kids[i], from, to)
		}
	}
}

func (v *Vector) appendOffs(src *Vector, from, to int, base uint32) {
	shift := base - src.Offs[from]
	at := len(v.Offs)
	v.Offs = append(v.Offs, src.Offs[from+1:to+1]...)
	for i := range v.Offs[at:] {
		v.Offs[at+i] += shift
	}
}

// AppendOne appends value i of src, which has the same layout.
func (v *Vector) AppendOne(src *Vector, i int) {
	if src.IsNull(i) {
		v.AppendNull()
		return
	}
	switch v.Type.Layout() {
	case LayoutInt:
		v.AppendInt(src.Ints[i])
	case LayoutF64:
		v.AppendF64(src.F64[i])
	case LayoutBytes:
		v.AppendBytes(src.At(i))
	default:
		v.AppendFrom(src, i, i+1)
	}
}

// Take appends the values of src at the positions idx, in that order.
func (v *Vector) Take(src *Vector, idx []int) {
	for _, i := range idx {
		v.AppendOne(src, i)
	}
}

// Slice returns values from..to as a new vector that owns its buffers.
func (v *Vector) Slice(from, to int) *Vector {
	w := NewVector(v.Type, to-from)
	w.AppendFrom(v, from, to)
	return w
}

// SizeBytes returns the bytes that the values take in memory.
func (v *Vector) SizeBytes() int {
	n := 8*len(v.Ints) + 4*len(v.F32) + 8*len(v.F64) + 4*len(v.Offs) + len(v.Bytes) + 8*len(v.Valid)
	for _, k := range v.Kids {
		n += k.SizeBytes()
	}
	return n
}

// Batch is equally long vectors, one for each field of the schema.
type Batch struct {
	Schema *Schema
	Len    int
	Cols   []*Vector
}

// NewBatch returns an empty batch with room for n rows.
func NewBatch(s *Schema, n int) *Batch {
	b := &Batch{Schema: s, Cols: make([]*Vector, len(s.Fields))}
	for i, f := range s.Fields {
		b.Cols[i] = NewVector(f.Type, n)
	}
	return b
}

// Reset empties b and keeps its buffers.
func (b *Batch) Reset() {
	b.Len = 0
	for _, c := range b.Cols {
		c.Reset()
	}
}

// AppendFrom appends rows from..to of src, which has the same columns.
func (b *Batch) AppendFrom(src *Batch, from, to int) {
	for i, c := range b.Cols {
		c.AppendFrom(src.Cols[i], from, to)
	}
	b.Len += to - from
}

// SizeBytes returns the bytes that the batch takes in memory.
func (b *Batch) SizeBytes() int {
	n := 0
	for _, c := range b.Cols {
		n += c.SizeBytes()
	}
	return n
}
