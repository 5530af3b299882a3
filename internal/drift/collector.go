package drift

import (
	"hash/fnv"
	"math"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/stat"
)

// mode is how the values of a column are counted.
type mode int

const (
	byValue mode = iota // numbers in bins
	byCode              // booleans and integers with few values, by their value
	byText              // strings, by themselves
)

// heavyCapacity is how many different texts are counted before rare ones are given up, in multiples of Options.MaxCategories.
const heavyCapacity = 4

// collector gathers one column from both sides.
type collector struct {
	mode     mode
	ref, cur half
	buf      []float64

	bins stat.Bins // byValue, from the reference

	codes    map[int64]int // byCode: position of each value of the reference; nil once there are too many
	order    []int64       // byCode: values in order of appearance
	maxCodes int

	chosen   map[string]int // byText: position of each category that is told apart
	names    []string
	distinct int  // byText: number of different values, or some smaller number if recount
	recount  bool // byText: a summary gave up values, so chosen ones are counted again
}

// half is what is known of one side of a column.
type half struct {
	rows, nulls float64
	exact       bool
	values      []float64 // byValue and exact: all values but NaN
	sketch      *stat.KLL // byValue and not exact
	moments     stat.Moments
	binned      stat.BinCounts
	byCode      []float64   // byCode: rows of each value of the reference
	texts       *stat.Heavy // byText; values of byCode that the reference does not have
	counts      []float64   // byText: rows of each chosen category
}

// first prepares for the reference.
func (p *pair) first(rows int64, o Options) {
	c := &p.collector
	r, t := p.ref.Type, p.cur.Type
	switch familyOf(r) {
	case texts:
		c.mode = byText
		c.ref.texts = stat.NewHeavy(heavyCapacity * o.MaxCategories)
		return
	case truths:
		c.mode = byCode
		c.codes, c.maxCodes = map[int64]int{}, 2
		return
	}
	c.mode = byValue
	c.ref.prepare(p.ref.ID, rows, o)
	if r.Kind.IsInt() && t.Kind.IsInt() && (r.Kind == column.Uint64) == (t.Kind == column.Uint64) {
		c.codes, c.maxCodes = map[int64]int{}, o.LowCardinality
	}
}

// prepare chooses between all values and a sketch, whose seed is a hash of the column's id.
func (h *half) prepare(id string, rows int64, o Options) {
	h.exact = rows <= o.ExactRows
	if h.exact {
		h.values = make([]float64, 0, rows)
		return
	}
	f := fnv.New64a()
	f.Write([]byte(id))
	h.sketch = stat.NewKLL(o.SketchK, f.Sum64())
}

// memory returns about how many bytes the column takes while it is read.
func (p *pair) memory(n, m int64, o Options) int64 {
	if f := familyOf(p.ref.Type); f == truths {
		return 1 << 10
	} else if f == texts {
		return int64(heavyCapacity*o.MaxCategories) * 2 * 2 * (longest/2 + 80)
	}
	total := int64(0)
	for _, rows := range []int64{n, m} {
		if rows <= o.ExactRows {
			total += 8 * rows
		} else {
			total += int64(o.SketchK) * 32
		}
	}
	return total
}

// readRef takes in a batch of the reference.
func (p *pair) readRef(v *column.Vector) {
	c := &p.collector
	c.ref.count(v)
	if c.codes != nil {
		c.learn(v)
	}
	switch c.mode {
	case byText:
		c.ref.addTexts(v)
	case byValue:
		c.buf = floats(c.buf[:0], v)
		c.ref.addFloats(c.buf)
	}
}

// learn counts integer values of the reference by value, until there are more than maxCodes.
func (c *collector) learn(v *column.Vector) {
	for i, x := range v.Ints {
		if v.IsNull(i) {
			continue
		}
		at, ok := c.codes[x]
		if !ok {
			if len(c.order) == c.maxCodes {
				c.codes, c.order, c.ref.byCode = nil, nil, nil
				return
			}
			at = len(c.order)
			c.codes[x] = at
			c.order = append(c.order, x)
			c.ref.byCode = append(c.ref.byCode, 0)
		}
		c.ref.byCode[at]++
	}
}

// second chooses bins or categories from the reference and prepares for the current side.
func (p *pair) second(rows int64, o Options) {
	c := &p.collector
	switch {
	case c.mode == byText:
		c.cur.texts = stat.NewHeavy(heavyCapacity * o.MaxCategories)
		return
	case c.codes != nil && (len(c.order) > 0 || familyOf(p.ref.Type) == truths):
		c.mode = byCode
		c.ref.values, c.ref.sketch = nil, nil
		c.cur.byCode = make([]float64, len(c.order))
		c.cur.texts = stat.NewHeavy(heavyCapacity * o.MaxCategories)
		return
	}
	c.bins = c.ref.quantileBins(o.Bins)
	c.ref.binned = stat.NewBinCounts(c.bins)
	c.cur.binned = stat.NewBinCounts(c.bins)
	if c.ref.exact {
		c.ref.binned.Add(c.bins, c.ref.values)
	}
	c.cur.prepare(p.cur.ID, rows, o)
}

// quantileBins cuts at the quantiles of the side, which is sorted for it.
func (h *half) quantileBins(parts int) stat.Bins {
	if h.moments.N+h.moments.PosInf+h.moments.NegInf == 0 {
		return stat.Bins{}
	}
	if h.exact {
		stat.SortFloats(h.values)
		return stat.QuantileBins(parts, func(q float64) float64 { return stat.Quantile(h.values, q) })
	}
	at := make([]float64, parts)
	for i := range at {
		at[i] = float64(i) / float64(parts)
	}
	cuts := h.sketch.Quantiles(at)
	return stat.QuantileBins(parts, func(q float64) float64 { return cuts[int(math.Round(q*float64(parts)))] })
}

// readCur takes in a batch of the current side.
func (p *pair) readCur(v *column.Vector) {
	c := &p.collector
	c.cur.count(v)
	switch c.mode {
	case byText:
		c.cur.addTexts(v)
	case byCode:
		for i, x := range v.Ints {
			if v.IsNull(i) {
				continue
			}
			if at, ok := c.codes[x]; ok {
				c.cur.byCode[at]++
			} else {
				c.cur.texts.Add(intLabel(v.Type, x), 1)
			}
		}
	case byValue:
		c.buf = floats(c.buf[:0], v)
		c.cur.binned.Add(c.bins, c.buf)
		c.cur.addFloats(c.buf)
	}
}

// third says whether a second look at the reference is needed, after both sides have been read.
func (p *pair) third(o Options) bool {
	c := &p.collector
	switch c.mode {
	case byValue:
		return !c.ref.exact
	case byText:
		c.choose(o)
		return c.recount && len(c.names) > 0
	}
	return false
}

// choose settles the categories that are told apart: the most frequent ones of both sides together. Where values were given
// up, those that cannot be frequent enough to matter are left out.
func (c *collector) choose(o Options) {
	both := stat.NewHeavy(2 * heavyCapacity * o.MaxCategories)
	both.Merge(c.ref.texts)
	both.Merge(c.cur.texts)
	c.distinct = both.Len()
	c.recount = !both.Exact()
	smaller := min(c.ref.rows, c.cur.rows) / (c.ref.rows + c.cur.rows)
	c.chosen = map[string]int{}
	for _, v := range both.Top(o.MaxCategories) {
		if c.recount && float64(v.N+both.Error())*smaller < fewExpected {
			break
		}
		c.chosen[v.Value] = len(c.names)
		c.names = append(c.names, v.Value)
	}
	for _, h := range []*half{&c.ref, &c.cur} {
		h.counts = make([]float64, len(c.names))
		if !c.recount {
			for _, v := range h.texts.Top(-1) {
				if at, ok := c.chosen[v.Value]; ok {
					h.counts[at] = float64(v.N)
				}
			}
		}
		h.texts = nil
	}
}

// rereadCur says whether the current side, too, needs a second look.
func (p *pair) rereadCur() bool { return p.collector.mode == byText }

// readRefAgain takes in a batch of the second look at the reference.
func (p *pair) readRefAgain(v *column.Vector) {
	c := &p.collector
	if c.mode == byText {
		c.countChosen(&c.ref, v)
		return
	}
	c.buf = floats(c.buf[:0], v)
	c.ref.binned.Add(c.bins, c.buf)
}

// readCurAgain takes in a batch of the second look at the current side.
func (p *pair) readCurAgain(v *column.Vector) { p.collector.countChosen(&p.collector.cur, v) }

func (c *collector) countChosen(h *half, v *column.Vector) {
	for i := range v.Len {
		if v.IsNull(i) {
			continue
		}
		if at, ok := c.chosen[string(textKey(v.At(i)))]; ok {
			h.counts[at]++
		}
	}
}

// count takes note of rows and nulls.
func (h *half) count(v *column.Vector) {
	h.rows += float64(v.Len)
	h.nulls += float64(v.Nulls)
}

func (h *half) addTexts(v *column.Vector) {
	for i := range v.Len {
		if !v.IsNull(i) {
			h.texts.AddBytes(textKey(v.At(i)), 1)
		}
	}
}

// addFloats takes in values, NaN among them.
func (h *half) addFloats(values []float64) {
	h.moments.Add(values)
	if !h.exact {
		h.sketch.Add(values)
		return
	}
	for _, x := range values {
		if x == x {
			h.values = append(h.values, x)
		}
	}
}
