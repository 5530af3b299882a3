package expr

import "github.com/strata-data/strata/internal/column"

// truth is the outcome of a predicate for each row: true where t has a bit,
// false where f has one, unknown where neither has. Bits behind the last row
// are clear.
type truth struct{ t, f column.Bitmap }

// frame is the state of one evaluation.
type frame struct {
	b    *column.Batch
	n    int              // rows
	cols []*column.Vector // by number of the column in the program
	free []uint64         // bitmaps to be handed out
}

func (fr *frame) words() int { return (fr.n + 63) / 64 }

// bitmap returns a bitmap for all rows, of any content.
func (fr *frame) bitmap() column.Bitmap {
	w := fr.words()
	if len(fr.free) < w {
		fr.free = make([]uint64, 8*w)
	}
	b := fr.free[:w:w]
	fr.free = fr.free[w:]
	return b
}

// all returns a bitmap of all rows.
func (fr *frame) all() column.Bitmap {
	b := fr.bitmap()
	for i := range b {
		b[i] = ^uint64(0)
	}
	fr.trim(b)
	return b
}

// none returns an empty bitmap.
func (fr *frame) none() column.Bitmap {
	b := fr.bitmap()
	clear(b)
	return b
}

// trim clears the bits behind the last row.
func (fr *frame) trim(b column.Bitmap) {
	if s := uint(fr.n) & 63; s > 0 {
		b[len(b)-1] &= 1<<s - 1
	}
}

func empty(b column.Bitmap) bool {
	var any uint64
	for _, w := range b {
		any |= w
	}
	return any == 0
}

// settle makes a truth of the rows for which a predicate holds if their value
// is there: t is used up; valid is nil where all values are there.
func (fr *frame) settle(t, valid column.Bitmap) truth {
	f := fr.bitmap()
	if valid == nil {
		fr.trim(t)
		for i, w := range t {
			f[i] = ^w
		}
		fr.trim(f)
		return truth{t, f}
	}
	fr.trim(t)
	for i, w := range t {
		t[i] = w & valid[i]
		f[i] = valid[i] &^ w
	}
	fr.trim(f)
	return truth{t, f}
}

// not swaps true and false.
func (x truth) not() truth { return truth{x.f, x.t} }

// and overwrites x with the conjunction of x and y.
func (x truth) and(y truth) truth {
	for i := range x.t {
		x.t[i] &= y.t[i]
		x.f[i] |= y.f[i]
	}
	return x
}

// or overwrites x with the disjunction of x and y.
func (x truth) or(y truth) truth { return x.not().and(y.not()).not() }
