package parquet

import (
	"bytes"

	"github.com/strata-data/strata/internal/column"
)

// assembler reads one top-level column: the leaves below it, and how they are
// put together.
type assembler struct {
	root   *node
	leaves []*leaf // all leaves of the column, in the order of the file
	weight int64   // compressed bytes, to begin with the slowest column
	slots  []byte  // definition levels of the slots of one node, reused
}

// read fills the empty vector v, of the root's type, with the next rows rows.
func (a *assembler) read(v *column.Vector, rows int) (err error) {
	defer recovered(&err, "read parquet column")
	if err := a.readLeaves(a.root, v, rows); err != nil {
		return err
	}
	if err := a.build(a.root, v, rows); err != nil {
		return err
	}
	if v.Len != rows {
		return malformed("parquet: %d rows where there should be %d", v.Len, rows)
	}
	return nil
}

func (a *assembler) close() {
	for _, l := range a.leaves {
		l.close()
	}
}

func (a *assembler) readLeaves(n *node, v *column.Vector, rows int) error {
	if n.leaf >= 0 {
		return a.leaves[n.leaf-a.root.first].read(v, rows)
	}
	for i, k := range n.kids {
		if err := a.readLeaves(k, v.Kids[i], rows); err != nil {
			return err
		}
	}
	return nil
}

// build sets the lengths, offsets and nulls of v and everything below it from
// the levels that the leaves have read for rows rows.
func (a *assembler) build(n *node, v *column.Vector, rows int) error {
	l := a.leaves[n.first-a.root.first]
	if l.node.def == 0 { // required all the way down: one value a row, no levels
		v.Len = rows
	} else if n.leaf >= 0 {
		return spread(v, a.slotsOf(n, l), byte(n.def))
	} else {
		setValidity(v, a.slotsOf(n, l), byte(n.def))
	}
	for i, k := range n.kids {
		if err := a.build(k, v.Kids[i], rows); err != nil {
			return err
		}
	}
	switch n.typ.Kind {
	case column.List:
		v.Offs = n.ends(v.Offs[:1], l, v.Len)
		if len(v.Offs) != v.Len+1 || int(v.Offs[v.Len]) != v.Kids[0].Len {
			return malformed("parquet: %d values in lists that hold %d", v.Kids[0].Len, v.Offs[len(v.Offs)-1])
		}
	case column.FixedList:
		return n.fix(v, n.ends([]uint32{0}, l, v.Len))
	case column.Struct:
		for i, k := range v.Kids {
			if k.Len != v.Len {
				return malformed("parquet: field %s has %d values in %d structs", n.typ.Fields[i].Name, k.Len, v.Len)
			}
		}
	}
	return nil
}

// slotsOf returns the definition levels of the entries at which a slot of n
// begins, n being above or at the leaf l. They are valid until the next call.
func (a *assembler) slotsOf(n *node, l *leaf) []byte {
	if l.node.rep == n.rep && n.slot == 0 {
		return l.gotDefs
	}
	s := a.slots[:0]
	if l.node.rep == 0 {
		s = append(s, l.gotDefs...)
	} else {
		for i, d := range l.gotDefs {
			if int(l.gotReps[i]) <= n.rep && int(d) >= n.slot {
				s = append(s, d)
			}
		}
	}
	a.slots = s
	return s
}

// ends appends to offs where each of the lists of n ends in its elements.
func (n *node) ends(offs []uint32, l *leaf, lists int) []uint32 {
	end, begun := uint32(0), false
	for i, d := range l.gotDefs {
		if int(l.gotReps[i]) <= n.rep && int(d) >= n.slot {
			if begun {
				offs = append(offs, end)
			}
			begun = true
		}
		if int(l.gotReps[i]) <= n.rep+1 && int(d) >= n.elem {
			end++
		}
	}
	if begun {
		offs = append(offs, end)
	}
	return offs
}

// maxFixed bounds the values of fixed-size lists in one batch; a null list,
// which takes no space in the file, has as many as any other.
const maxFixed = 1 << 27

// fix turns lists that end at offs into the fixed-size lists of v: null lists,
// which have no elements in the file, get as many nulls as a list is long.
func (n *node) fix(v *column.Vector, offs []uint32) error {
	if len(offs) != v.Len+1 || int(offs[v.Len]) != v.Kids[0].Len {
		return malformed("parquet: %d values in lists that hold %d", v.Kids[0].Len, offs[len(offs)-1])
	}
	size := n.typ.Size
	for i := range v.Len {
		if have := int(offs[i+1] - offs[i]); have != size && !(have == 0 && v.IsNull(i)) {
			return malformed("parquet: a list of %d values in a column of type %s", have, n.typ)
		}
	}
	if v.Nulls == 0 || size == 0 {
		return nil
	}
	if v.Len*size > maxFixed {
		return malformed("parquet: %d lists of %d values in one batch", v.Len, size)
	}
	kid := column.NewVector(n.typ.Elem, v.Len*size)
	for i := range v.Len {
		if !v.IsNull(i) {
			kid.AppendFrom(v.Kids[0], int(offs[i]), int(offs[i+1]))
			continue
		}
		for range size {
			kid.AppendNull()
		}
	}
	v.Kids[0] = kid
	return nil
}

// setValidity gives v one value for each slot, null where its level is below
// def.
func setValidity(v *column.Vector, slots []byte, def byte) {
	v.Len, v.Nulls, v.Valid = len(slots), 0, nil
	for _, d := range slots {
		if d < def {
			v.Nulls++
		}
	}
	if v.Nulls == 0 {
		return
	}
	v.Valid = column.NewBitmap(len(slots))
	for i, d := range slots {
		if d >= def {
			v.Valid[i>>6] |= 1 << (i & 63)
		}
	}
}

// spread makes the values of the leaf vector v, which lie side by side, the
// values of the slots whose level is def, and nulls of the others.
func spread(v *column.Vector, slots []byte, def byte) error {
	n := len(slots)
	have := len(v.Ints) + len(v.F32) + len(v.F64)
	if v.Offs != nil {
		have = len(v.Offs) - 1
	}
	if have != bytes.Count(slots, []byte{def}) {
		return malformed("parquet: %d values and %d levels that say that there is one", have, bytes.Count(slots, []byte{def}))
	}
	if have == n {
		v.Len, v.Nulls, v.Valid = n, 0, nil
		return nil
	}
	setValidity(v, slots, def)
	switch v.Type.Layout() {
	case column.LayoutInt:
		v.Ints = spreadOut(v.Ints, slots, def)
	case column.LayoutF32:
		v.F32 = spreadOut(v.F32, slots, def)
	case column.LayoutF64:
		v.F64 = spreadOut(v.F64, slots, def)
	default:
		v.Offs = grown(v.Offs, n+1)
		for i, j := n, have; i > 0; i-- {
			v.Offs[i] = v.Offs[j]
			if slots[i-1] == def {
				j--
			}
		}
	}
	return nil
}

func spreadOut[T any](x []T, slots []byte, def byte) []T {
	var zero T
	j := len(x)
	x = grown(x, len(slots))
	for i := len(slots) - 1; i >= 0; i-- {
		if slots[i] == def {
			j--
			x[i] = x[j]
		} else {
			x[i] = zero
		}
	}
	return x
}
