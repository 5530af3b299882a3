package expr

import (
	"bytes"

	"github.com/strata-data/strata/internal/column"
)

// zone is what a leaf knows about a column: the bounds of column.Bounds.
type zone struct {
	min, max    []byte // nil = unbounded; max is nil where there is a NaN
	nulls, rows int
}

// value is a constant as order bytes, rounded down and up to what bounds can
// tell apart; up is nil where nothing is above it.
type value struct{ down, up []byte }

// valueOf returns the order bytes of the only value of v.
func valueOf(v *column.Vector) value {
	var x value
	if b, ok := column.AppendBound([]byte{}, v, 0, false); ok {
		x.down = b
	}
	if b, ok := column.AppendBound([]byte{}, v, 0, true); ok {
		x.up = b
	}
	return x
}

// compare tells for which outcomes of a comparison of the column with c there
// may be rows. Every value lies between min and max, so
//
//	min >= up(c)   no value is below c        min > up(c)    none is equal
//	max <= down(c) no value is above c        max < down(c)  none is equal
//
// A NaN, for which only != holds, shows as a missing max.
func (z *zone) compare(o op, c *value) possible {
	if z.nulls == z.rows {
		return possible{}
	}
	if c.down == nil {
		return possible{true, true}
	}
	below := z.min == nil || c.up == nil || bytes.Compare(z.min, c.up) < 0
	above := z.max == nil || bytes.Compare(z.max, c.down) > 0
	equal := (z.min == nil || c.up == nil || bytes.Compare(z.min, c.up) <= 0) &&
		(z.max == nil || bytes.Compare(z.max, c.down) >= 0)
	nan := z.max == nil
	switch o {
	case opEq:
		return possible{equal, nan || below || above}
	case opNe:
		return possible{nan || below || above, equal}
	case opLt:
		return possible{below, nan || equal || above}
	case opLe:
		return possible{below || equal, nan || above}
	case opGt:
		return possible{above, nan || equal || below}
	}
	return possible{above || equal, nan || below}
}
