package csv

import "github.com/strata-data/strata/internal/column"

// oddShare is the share of records, one in oddShare, that a column may make
// odd by how its values are written before it becomes a string column.
const oddShare = 100

// choose returns the narrowest type that all values have, and how they are
// written, for a file of so many records.
func (s *stats) choose(records int64) (*column.Type, spelling) {
	for _, c := range []struct {
		as reading
		t  func() *column.Type
	}{
		{asBool, func() *column.Type { return column.Of(column.Bool) }},
		{asInt, func() *column.Type { return column.Of(column.Int64) }},
		{asUint, func() *column.Type { return column.Of(column.Uint64) }},
		{asDate, func() *column.Type { return column.Of(column.Date) }},
		{asLocal, s.stampType},
		{asZoned, s.stampType},
		{asFloat, func() *column.Type { return column.Of(column.Float64) }},
	} {
		if s.can&c.as == 0 || s.n == 0 {
			continue
		}
		t := c.t()
		sp, odd, words := s.spell(t)
		if t == nil || words > 1 || odd > 0 && odd*oddShare >= records {
			continue
		}
		if c.as == asFloat && s.numbers() == 0 || c.as&(asLocal|asZoned) != 0 && s.stampUnit() == column.Nano && s.notNano {
			continue
		}
		return t, sp
	}
	t := column.Of(column.String)
	sp, _, _ := s.spell(t)
	return t, sp
}

// spell returns how most values of type t are written, how many are written
// otherwise, and how many words stand for a null.
func (s *stats) spell(t *column.Type) (sp spelling, odd int64, words int) {
	sp.form = formOf(t)
	quoted, bare := s.plain[1], s.plain[0]
	if isText(t) {
		word, wordQuoted := -1, int64(0)
		for i, n := range s.nulls[:emptyWord] {
			quoted += n[1]
			bare += n[0]
			wordQuoted += n[1]
			if n[0] > 0 {
				words++
				word = i
			}
		}
		// As R writes it: all strings in quotes, and a bare NA for what is missing.
		if words == 1 && s.plain[0]+s.inner[0] == 0 && quoted+s.inner[1]+wordQuoted > 0 {
			sp.null, bare = nullWords[word], 0
		}
	} else {
		odd, words = s.spellNull(t, &sp)
		odd += s.spellValues(&sp.form)
	}
	switch {
	case quoted > bare:
		sp.quote = quoteAlways
	case s.inner[0] > s.inner[1]:
		sp.quote = quoteBare
	}
	if sp.quote != quoteAlways && isText(t) {
		sp.null = ""
	}
	return sp, odd, words
}

// isText reports whether values of t are any text, so that only the empty
// field is free to stand for a null.
func isText(t *column.Type) bool { return t.Kind == column.String || t.Kind == column.File }

// spellNull chooses how a null is written, and counts the others.
func (s *stats) spellNull(t *column.Type, sp *spelling) (odd int64, words int) {
	var best int64
	take := func(word string, quoted bool, n int64) {
		odd += n
		if n > best {
			best, sp.null, sp.nullQuoted = n, word, quoted
		}
	}
	take("", false, s.nulls[emptyWord][0])
	take("", true, s.nulls[emptyWord][1])
	for i, n := range s.nulls[:emptyWord] {
		if t.Kind.IsFloat() && i < len(nanWords) {
			continue
		}
		if n != [2]int64{} {
			words++
		}
		take(nullWords[i], false, n[0])
		take(nullWords[i], true, n[1])
	}
	return odd - best, words
}

// spellValues fills f and counts the values that are written otherwise.
func (s *stats) spellValues(f *form) (odd int64) {
	switch f.kind {
	case formBool:
		best := most(s.bools[:])
		f.word = uint8(best)
		return s.n - s.bools[best]
	case formFloat:
		return s.spellFloats(f)
	case formTime:
		return s.spellStamps(&f.time)
	}
	return 0
}

// numbers counts the values that are neither infinite nor NaN, of a column of
// numbers.
func (s *stats) numbers() int64 {
	n := s.n
	for i := range infWords {
		n -= s.posInf[i] + s.negInf[i]
	}
	return n
}

func (s *stats) spellFloats(f *form) (odd int64) {
	best := int64(-1)
	take := func(style int8, n, inexact int64) {
		if inexact == s.inexact && n > best {
			best, f.style = n, style
		}
	}
	// Where all fit, integers look like integers, and other numbers as Python
	// and with it pandas would write them.
	take(styleRepr, s.reprs, 0)
	take(styleShort, s.shorts+s.smallInts, 0)
	for n := range s.fixed {
		all := s.fixed[n]
		if n == 0 {
			all += s.smallInts
		}
		take(int8(n), all, s.inexactAt[n])
	}
	odd = s.numbers() - max(best, 0)

	nan := [...]int64{s.nulls[0][0] + s.nulls[0][1], s.nulls[1][0] + s.nulls[1][1]}
	f.nan = uint8(most(nan[:]))
	odd += nan[1-f.nan]

	var inf [len(infWords)]int64
	var all int64
	for i := range infWords {
		inf[i] = s.posInf[i] + s.negInf[i]
		all += inf[i]
	}
	inf[2] += s.negInf[1] // both 1 and 2 have -Inf
	f.inf = uint8(most(inf[:]))
	return odd + all - inf[f.inf]
}

func (s *stats) stampUnit() column.Unit {
	if s.maxFrac > 6 {
		return column.Nano
	}
	return column.Micro
}

func (s *stats) stampType() *column.Type {
	var f timeForm
	s.spellStamps(&f)
	zone := ""
	switch {
	case f.zone == zoneZ || f.zone == zoneOffset && f.off == 0:
		zone = "UTC"
	case f.zone == zoneOffset:
		zone = string(appendOffset(nil, f.off))
	}
	return column.TimestampOf(s.stampUnit(), zone)
}

// spellStamps fills f; the count may be too high where one value differs in
// two ways.
func (s *stats) spellStamps(f *timeForm) (odd int64) {
	if s.stamps == 0 {
		return 0
	}
	f.sep, odd = ' ', s.sepT
	if s.sepT > s.stamps-s.sepT {
		f.sep, odd = 'T', s.stamps-s.sepT
	}
	digits := most(s.fracs[:])
	f.frac = int8(digits)
	if digits == 10 {
		f.frac = fracMinutes
	}
	best := s.fracs[digits]
	if s.fracIso > best {
		best, f.frac = s.fracIso, fracPython
	}
	if s.fracShortest > best {
		best, f.frac = s.fracShortest, fracShortest
	}
	odd += s.stamps - best
	return odd + s.spellZone(f)
}

func (s *stats) spellZone(f *timeForm) (odd int64) {
	best, zoned := s.zulus, s.zulus
	f.zone, f.off = zoneZ, 0
	for off, n := range s.offsets {
		zoned += n
		if n > best || n == best && f.zone == zoneOffset && off < f.off {
			best, f.zone, f.off = n, zoneOffset, off
		}
	}
	if zoned == 0 {
		f.zone = zoneNone
	}
	return zoned - best
}

// most returns the position of the first greatest number.
func most(n []int64) int {
	best := 0
	for i := range n {
		if n[i] > n[best] {
			best = i
		}
	}
	return best
}
