package expr

import (
	"fmt"

	"github.com/strata-data/strata/internal/column"
)

// Program is an expression bound to a schema. It is immutable and may be used
// by several goroutines.
type Program struct {
	expr *Expr
	ids  []string // of the columns, by their number in the program
	root pred
}

// pred is a part of a Program.
type pred interface {
	// eval decides the rows of need; what it says of others means nothing.
	// The bitmaps returned may be overwritten.
	eval(fr *frame, need column.Bitmap) truth
	// may tells from the bounds of a leaf whether the predicate can be true
	// of some row in it, and whether it can be false. True is always safe.
	may(b boundsFunc) possible
}

type possible struct{ t, f bool }

// boundsFunc returns what a leaf knows of the column with this id; ok is false
// where nothing is known.
type boundsFunc func(id string) (min, max []byte, nulls, rows int, ok bool)

// Columns returns the ids of the columns that Eval reads, each once, in the
// order of their first use.
func (p *Program) Columns() []string { return append([]string(nil), p.ids...) }

// String returns the canonical text of the expression.
func (p *Program) String() string { return p.expr.String() }

// Eval returns the rows of b for which the program is true, out of those in
// sel (nil means all). b has the columns of Columns() under their ids, with
// the types of the schema that the program was bound to, among any others; it
// is not changed. The result is new, and its bits behind the last row are 0.
func (p *Program) Eval(b *column.Batch, sel column.Bitmap) column.Bitmap {
	fr := &frame{b: b, n: b.Len, cols: make([]*column.Vector, len(p.ids))}
	for i, id := range p.ids {
		k := b.Schema.Index(id)
		if k < 0 {
			panic(fmt.Sprintf("expr: the batch has no column %q", id))
		}
		fr.cols[i] = b.Cols[k]
	}
	need := fr.all()
	if sel != nil {
		for i := range need {
			need[i] &= sel[i]
		}
	}
	result := p.root.eval(fr, need).t
	for i := range result {
		result[i] &= need[i]
	}
	return result
}

// Prune reports whether a leaf can be skipped because the program is true for
// none of its rows. bounds returns the zone map of a column as column.Bounds
// makes it (min, max, and nulls among rows); a bound that is nil is unknown,
// and ok is false where nothing is known about the column.
func (p *Program) Prune(bounds func(id string) (min, max []byte, nulls, rows int, ok bool)) bool {
	return !p.root.may(bounds).t
}

// logic is a conjunction or disjunction.
type logic struct {
	or   bool
	x, y pred
}

func (l *logic) eval(fr *frame, need column.Bitmap) truth {
	x := l.x.eval(fr, need)
	// Only rows that x leaves open matter to y.
	done := x.f
	if l.or {
		done = x.t
	}
	open := fr.bitmap()
	for i := range open {
		open[i] = need[i] &^ done[i]
	}
	if empty(open) {
		return x
	}
	y := l.y.eval(fr, open)
	for i := range open { // what y says of other rows must not get in
		y.t[i] &= open[i]
		y.f[i] &= open[i]
	}
	if l.or {
		return x.or(y)
	}
	return x.and(y)
}

func (l *logic) may(b boundsFunc) possible {
	x, y := l.x.may(b), l.y.may(b)
	if l.or {
		return possible{x.t || y.t, x.f && y.f}
	}
	return possible{x.t && y.t, x.f || y.f}
}

type not struct{ x pred }

func (n *not) eval(fr *frame, need column.Bitmap) truth { return n.x.eval(fr, need).not() }

func (n *not) may(b boundsFunc) possible {
	x := n.x.may(b)
	return possible{x.f, x.t}
}

// constant is true, false or, if it is neither, unknown for all rows.
type constant struct{ t, f bool }

func (c *constant) eval(fr *frame, _ column.Bitmap) truth {
	x := truth{fr.none(), fr.none()}
	if c.t {
		x.t = fr.all()
	}
	if c.f {
		x.f = fr.all()
	}
	return x
}

func (c *constant) may(boundsFunc) possible { return possible{c.t, c.f} }

// ref is a column of the program, or a member of a struct in it.
type ref struct {
	col  int
	id   string
	path []int // positions of members, outermost first
	typ  *column.Type
}

// vector returns the values and which of them are there, nil for all.
func (r *ref) vector(fr *frame) (*column.Vector, column.Bitmap) {
	v := fr.cols[r.col]
	valid := validity(v)
	for _, k := range r.path {
		v = v.Kids[k]
		inner := validity(v)
		if valid == nil {
			valid = inner
			continue
		}
		if inner != nil {
			both := fr.bitmap()
			for i := range both {
				both[i] = valid[i] & inner[i]
			}
			valid = both
		}
	}
	return v, valid
}

func validity(v *column.Vector) column.Bitmap {
	if v.Nulls == 0 {
		return nil
	}
	return v.Valid
}

// leaf returns the bounds of the column if they are of use.
func (r *ref) leaf(b boundsFunc) (z zone, ok bool) {
	if len(r.path) > 0 {
		return z, false
	}
	z.min, z.max, z.nulls, z.rows, ok = b(r.id)
	return z, ok
}

// whole is true, or false, for every row whose value is there.
type whole struct {
	ref
	is bool
}

func (w *whole) eval(fr *frame, _ column.Bitmap) truth {
	_, valid := w.vector(fr)
	t := fr.none()
	if w.is {
		t = fr.all()
	}
	return fr.settle(t, valid)
}

func (w *whole) may(b boundsFunc) possible {
	if z, ok := w.leaf(b); ok && z.nulls == z.rows {
		return possible{}
	}
	return possible{w.is, !w.is}
}

// isNull is true where the value is not there.
type isNull struct{ ref }

func (n *isNull) eval(fr *frame, _ column.Bitmap) truth {
	_, valid := n.vector(fr)
	t, f := fr.none(), fr.all()
	if valid != nil {
		for i := range t {
			t[i] = f[i] &^ valid[i]
			f[i] &= valid[i]
		}
	}
	return truth{t, f}
}

func (n *isNull) may(b boundsFunc) possible {
	z, ok := n.leaf(b)
	return possible{!ok || z.nulls > 0, !ok || z.nulls < z.rows}
}
