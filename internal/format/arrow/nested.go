package arrow

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/strata-data/strata/internal/column"
)

// maxDict bounds the values of a dictionary: indexes may be 64 bits wide, and a
// dictionary of nulls takes no space in the file.
const maxDict = 1 << 31

// dictConverter reads the values that the indexes name.
func dictConverter(t *arrow.DictionaryType, f arrow.Field, depth int) (converter, error) {
	c, err := converterOf(arrow.Field{Name: f.Name, Type: t.ValueType, Metadata: f.Metadata}, depth+1)
	if err != nil {
		return converter{}, err
	}
	var dict arrow.Array // the dictionary that vals holds
	var vals *column.Vector
	return converter{c.typ, func(v *column.Vector, a arrow.Array, from, to int) error {
		d := a.(*array.Dictionary)
		if values := d.Dictionary(); vals == nil || dict != values {
			if vals = column.NewVector(c.typ, 0); values.Len() > maxDict {
				return malformed("a dictionary of %d values", values.Len())
			}
			if err := c.append(vals, values, 0, values.Len()); err != nil {
				return err
			}
			dict = values
		}
		for i := from; i < to; i++ {
			if a.IsNull(i) {
				v.AppendNull()
				continue
			}
			k := d.GetValueIndex(i)
			if k < 0 || k >= vals.Len {
				return malformed("dictionary index %d of %d", k, vals.Len)
			}
			if len(v.Bytes) > maxBytes-len(vals.Bytes) {
				return malformed("values of type %s take more than 4 GiB in one batch", v.Type)
			}
			v.AppendOne(vals, k)
		}
		return nil
	}}, nil
}

// runConverter reads run-end encoded values one by one.
func runConverter(t *arrow.RunEndEncodedType, f arrow.Field, depth int) (converter, error) {
	c, err := converterOf(arrow.Field{Name: f.Name, Type: t.Encoded(), Metadata: f.Metadata}, depth+1)
	if err != nil {
		return converter{}, err
	}
	return converter{c.typ, func(v *column.Vector, a arrow.Array, from, to int) error {
		r := a.(*array.RunEndEncoded)
		for i := from; i < to; i++ {
			k := r.GetPhysicalIndex(i)
			if err := c.append(v, r.Values(), k, k+1); err != nil {
				return err
			}
		}
		return nil
	}}, nil
}

func structConverter(t *arrow.StructType, depth int) (converter, error) {
	typ := &column.Type{Kind: column.Struct}
	var kids []converter
	seen := map[string]bool{}
	for _, f := range t.Fields() {
		c, err := converterOf(f, depth+1)
		if err != nil {
			return converter{}, err
		}
		if seen[f.Name] {
			return converter{}, malformed("field %q is there twice", f.Name)
		}
		seen[f.Name] = true
		kids = append(kids, c)
		typ.Fields = append(typ.Fields, column.NewField(f.Name, c.typ))
	}
	return converter{typ, func(v *column.Vector, a arrow.Array, from, to int) error {
		s := a.(*array.Struct)
		for from < to {
			if a.IsNull(from) {
				v.AppendNull()
				from++
				continue
			}
			end := from + 1 // of a run of structs that are there
			for end < to && !a.IsNull(end) {
				end++
			}
			for i, c := range kids {
				if err := c.append(v.Kids[i], s.Field(i), from, end); err != nil {
					return err
				}
			}
			for ; from < end; from++ {
				v.EndStruct()
			}
		}
		return nil
	}}, nil
}

// listConverter reads lists with offsets of 32 or 64 bits, and views.
func listConverter(t arrow.ListLikeType, depth int) (converter, error) {
	c, err := converterOf(t.ElemField(), depth+1)
	if err != nil {
		return converter{}, err
	}
	return converter{column.ListOf(c.typ), func(v *column.Vector, a arrow.Array, from, to int) error {
		l := a.(array.ListLike)
		values := l.ListValues()
		for i := from; i < to; i++ {
			if a.IsNull(i) {
				v.AppendNull()
				continue
			}
			start, end := l.ValueOffsets(i)
			if start < 0 || end < start || end > int64(values.Len()) {
				return malformed("list from %d to %d of %d values", start, end, values.Len())
			}
			if err := c.append(v.Kids[0], values, int(start), int(end)); err != nil {
				return err
			}
			v.EndList()
		}
		return nil
	}}, nil
}

// mapConverter reads maps as lists of structs whose fields are key and value.
func mapConverter(t *arrow.MapType, depth int) (converter, error) {
	key, item := t.KeyField(), t.ItemField()
	key.Name, item.Name = "key", "value"
	c, err := structConverter(arrow.StructOf(key, item), depth+1)
	if err != nil {
		return converter{}, err
	}
	return converter{column.ListOf(c.typ), func(v *column.Vector, a arrow.Array, from, to int) error {
		m := a.(*array.Map)
		entries := m.ListValues()
		for i := from; i < to; i++ {
			if a.IsNull(i) {
				v.AppendNull()
				continue
			}
			start, end := m.ValueOffsets(i)
			if start < 0 || end < start || end > int64(entries.Len()) {
				return malformed("map from %d to %d of %d entries", start, end, entries.Len())
			}
			if err := c.append(v.Kids[0], entries, int(start), int(end)); err != nil {
				return err
			}
			v.EndList()
		}
		return nil
	}}, nil
}

func fixedConverter(t *arrow.FixedSizeListType, depth int) (converter, error) {
	c, err := converterOf(t.ElemField(), depth+1)
	if err != nil {
		return converter{}, err
	}
	size := int(t.Len())
	if size < 0 || size > 1<<24 {
		return converter{}, malformed("lists of %d values", size)
	}
	return converter{column.FixedListOf(c.typ, size), func(v *column.Vector, a arrow.Array, from, to int) error {
		l := a.(*array.FixedSizeList)
		values := l.ListValues()
		if v.Kids[0].Len+(to-from)*size > maxFixed {
			return malformed("%d lists of %d values in one batch", to-from, size)
		}
		for i := from; i < to; i++ {
			if a.IsNull(i) {
				v.AppendNull()
				continue
			}
			start, end := l.ValueOffsets(i)
			if start < 0 || end-start != int64(size) || end > int64(values.Len()) {
				return malformed("list from %d to %d of %d values", start, end, values.Len())
			}
			if err := c.append(v.Kids[0], values, int(start), int(end)); err != nil {
				return err
			}
			v.EndList()
		}
		return nil
	}}, nil
}
