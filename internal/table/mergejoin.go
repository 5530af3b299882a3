package table

import (
	"bytes"
	"context"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
)

// Sets of sides.
const (
	inBase   = 1 << merkle.Base
	inOurs   = 1 << merkle.Ours
	inTheirs = 1 << merkle.Theirs
	inBoth   = inOurs | inTheirs
)

// joiner joins the leaves of three tables and makes those of the result. It
// belongs to one goroutine at a time.
type joiner struct {
	*merger
	ctx   context.Context
	emit  func(mergedLeaf) error
	dec   column.PageDecoder
	enc   encoder
	sides [3]queue
	judge Judge // of the open leaf, nil until it is needed

	segs  []mergeSeg // the open leaf
	zeros []uint8
	first []byte
	last  []byte
	lossy map[pageType]*converted
	marks []bool

	scratches []*column.Vector // of each column, nil until it is needed
}

// mergeSeg is a run of rows of the open leaf.
type mergeSeg struct {
	in   int // sides that the rows are merged of
	leaf [3]*leafReader
	from [3]int
	keys *keySet
	key  int // position in keys of the first
	n    int
}

// joiner returns a joiner that has no rows yet, in the memory of one that has
// ended its unit, if there is one.
func (g *merger) joiner(ctx context.Context) *joiner {
	j, ok := g.idle.Get().(*joiner)
	if !ok {
		j = &joiner{merger: g}
	}
	j.ctx, j.sides, j.judge = ctx, [3]queue{}, nil
	return j
}

// all joins the steps of a unit; where it ends, so does the open leaf.
func (j *joiner) all(u *mergeUnit) error {
	for i := range u.steps {
		if err := j.step(&u.steps[i]); err != nil {
			return err
		}
	}
	if u.ends {
		return j.flush()
	}
	return nil
}

// step takes further leaves and joins all rows up to the step's key.
func (j *joiner) step(s *merkle.MergeStep) error {
	for i, e := range s.Leaves {
		if e == nil {
			continue
		}
		l, err := openLeaf(j.ctx, j.Tables[i].r, e, &j.dec)
		if err != nil {
			return err
		}
		keys, err := l.keys(j.ctx, j.Tables[i].Schema)
		if err != nil {
			return err
		}
		j.sides[i] = queue{leaf: l, keys: keys}
	}
	for {
		in, n := j.next(s.Upto)
		if n == 0 {
			return nil
		}
		if err := j.run(in, n); err != nil {
			return err
		}
		for i := range j.sides {
			if in&(1<<i) != 0 {
				j.sides[i].at += n
			}
		}
	}
}

// next returns which sides have the next keys, up to the given one, and how
// many keys in a row it is those sides.
func (j *joiner) next(upto []byte) (in, n int) {
	var least []byte
	for i := range j.sides {
		q := &j.sides[i]
		if !q.left() {
			continue
		}
		k := q.keys.at(q.at)
		switch c := bytes.Compare(k, least); {
		case least == nil && bytes.Compare(k, upto) > 0:
		case least == nil || c < 0:
			least, in = k, 1<<i
		case c == 0:
			in |= 1 << i
		}
	}
	if in == 0 {
		return 0, 0
	}
	for n = 1; j.goesOn(in, n, upto); n++ {
	}
	return in, n
}

// goesOn reports whether the key n behind the heads is on just the sides in.
func (j *joiner) goesOn(in, n int, upto []byte) bool {
	var key []byte
	for i := range j.sides {
		q := &j.sides[i]
		if in&(1<<i) == 0 {
			continue
		}
		if q.at+n >= q.keys.len() {
			return false
		}
		k := q.keys.at(q.at + n)
		if key == nil {
			if key = k; bytes.Compare(k, upto) > 0 {
				return false
			}
		} else if !bytes.Equal(key, k) {
			return false
		}
	}
	for i := range j.sides {
		q := &j.sides[i]
		if in&(1<<i) == 0 && q.left() && bytes.Compare(q.keys.at(q.at), key) <= 0 {
			return false
		}
	}
	return true
}

// run settles which of n samples that the sides in have are kept.
func (j *joiner) run(in, n int) error {
	switch in {
	case inBase:
		return nil
	case inBase | inOurs, inBase | inTheirs:
		return j.removed(in, n)
	case inOurs, inTheirs:
		return j.keep(in, 0, n)
	}
	if j.Rows {
		return j.unmixed(in, n)
	}
	return j.keep(in, 0, n)
}

// removed settles samples that one side removed.
func (j *joiner) removed(in, n int) error {
	side := merkle.Ours
	if in&inTheirs != 0 {
		side = merkle.Theirs
	}
	changed, err := j.changed(merkle.Base, side, n)
	if err != nil {
		return err
	}
	for i, c := range changed {
		if !c {
			continue
		}
		keep, err := j.judgement().Sample(j.ctx, j.caseAt(in, i))
		if err != nil {
			return err
		}
		if keep {
			if err := j.keep(in&^inBase, i, i+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// unmixed takes each of n samples from one side, whatever its cells.
func (j *joiner) unmixed(in, n int) error {
	both, err := j.changed(merkle.Ours, merkle.Theirs, n)
	if err != nil {
		return err
	}
	both = append([]bool{}, both...)
	ours := both
	if in&inBase != 0 {
		if ours, err = j.changed(merkle.Base, merkle.Ours, n); err != nil {
			return err
		}
		ours = append([]bool{}, ours...)
	}
	theirs := both
	if in&inBase != 0 {
		if theirs, err = j.changed(merkle.Base, merkle.Theirs, n); err != nil {
			return err
		}
	}
	for i := 0; i < n; i++ {
		side := merkle.Ours
		if both[i] && theirs[i] {
			side = merkle.Theirs
			if ours[i] {
				if side, err = j.judgement().Row(j.ctx, j.caseAt(in, i)); err != nil {
					return err
				}
			}
		}
		if in&(1<<side) == 0 {
			continue // the base, which does not have it
		}
		if err := j.keep(1<<side, i, i+1); err != nil {
			return err
		}
	}
	return nil
}

// judgement returns the judge of the open leaf.
func (j *joiner) judgement() Judge {
	if j.judge == nil {
		j.judge = j.NewJudge()
	}
	return j.judge
}

// caseAt returns the sample i behind the heads of the sides in.
func (j *joiner) caseAt(in, i int) *Case {
	c := &Case{}
	for s := range j.sides {
		if q := &j.sides[s]; in&(1<<s) != 0 {
			c.Key = q.keys.at(q.at + i)
			c.Side[s] = Cells{q.leaf, q.at + i}
		}
	}
	return c
}

// changed compares the next n samples of two sides in the columns that both
// have. The result is valid until the next call.
func (j *joiner) changed(a, b, n int) ([]bool, error) {
	j.marks = cleared(j.marks, n)
	qa, qb := &j.sides[a], &j.sides[b]
	for i := range j.Tables[b].Schema.Fields {
		fb := &j.Tables[b].Schema.Fields[i]
		k := j.Tables[a].Schema.Index(fb.ID)
		if k < 0 {
			continue
		}
		fa := &j.Tables[a].Schema.Fields[k]
		ra, err := qa.leaf.refs(j.ctx, fa.ID)
		if err != nil {
			return nil, err
		}
		rb, err := qb.leaf.refs(j.ctx, fb.ID)
		if err != nil {
			return nil, err
		}
		if err := j.compare(newPagePos(ra, qa.at), qa.leaf, fa, newPagePos(rb, qb.at), qb.leaf, fb, n); err != nil {
			return nil, err
		}
	}
	return j.marks, nil
}

// compare marks the differing ones of n cells.
func (j *joiner) compare(pa pagePos, la *leafReader, fa *column.Field, pb pagePos, lb *leafReader, fb *column.Field, n int) error {
	if pa.refs == nil && pb.refs == nil {
		return nil
	}
	for row := 0; row < n; {
		m := min(n-row, pa.left(), pb.left())
		if !pa.same(pb) {
			va, err := pa.load(j.ctx, la, fa.Type)
			if err != nil {
				return err
			}
			vb, err := pb.load(j.ctx, lb, fb.Type)
			if err != nil {
				return err
			}
			for k := range m {
				if !equalCells(va, pa.index(k), vb, pb.index(k)) {
					j.marks[row+k] = true
				}
			}
		}
		row += m
		pa.advance(m)
		pb.advance(m)
	}
	return nil
}

// keep appends the samples from..to behind the heads to the open leaf, merged
// of the sides in.
func (j *joiner) keep(in, from, to int) error {
	side := merkle.Ours
	if in&inOurs == 0 {
		side = merkle.Theirs
		if in&inTheirs == 0 {
			side = merkle.Base
		}
	}
	q := &j.sides[side]
	start := from
	for i := from; i < to; i++ {
		key := q.keys.at(q.at + i)
		if len(j.zeros) == 0 {
			j.first = bytes.Clone(key)
		}
		z := merkle.Zeros(key)
		j.zeros = append(j.zeros, uint8(z))
		j.last = key
		if z >= merkle.LeafBits || len(j.zeros) >= merkle.MaxLeafRows {
			j.segment(in, &q.keys, q.at+start, start, i+1)
			start = i + 1
			if err := j.flush(); err != nil {
				return err
			}
		}
	}
	if start < to {
		j.segment(in, &q.keys, q.at+start, start, to)
	}
	return nil
}

func (j *joiner) segment(in int, keys *keySet, key, from, to int) {
	ks := *keys
	s := mergeSeg{in: in, n: to - from, keys: &ks, key: key}
	for i := range j.sides {
		if in&(1<<i) != 0 {
			s.leaf[i], s.from[i] = j.sides[i].leaf, j.sides[i].at+from
		}
	}
	j.segs = append(j.segs, s)
}
