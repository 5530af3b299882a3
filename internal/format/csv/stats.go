package csv

import (
	"github.com/strata-data/strata/internal/column"
)

// reading is a set of types that a column may still have.
type reading uint16

const (
	asBool reading = 1 << iota
	asInt
	asUint
	asFloat
	asDate
	asLocal // timestamp without a zone
	asZoned // timestamp with one

	asNumber = asInt | asUint | asFloat
	asAny    = asBool | asNumber | asDate | asLocal | asZoned
)

// stats is what the values of one column have in common. All of it is sums and
// intersections, so it does not depend on the order of the values. The parts
// that belong to a reading count only while that reading is possible, and are
// complete exactly where it is possible at the end.
type stats struct {
	can   reading
	nulls [len(nullWords) + 1][2]int64 // by word (the last is the empty field), bare and quoted
	plain [2]int64                     // values that need no quotes, bare and quoted
	inner [2]int64                     // values whose only reason for quotes is a quote inside
	n     int64                        // values that are not in nulls, while can is not empty

	bools [len(boolWords)]int64

	smallInts int64 // integers of at most 15 digits
	reprs     int64 // other numbers, by style; one may count under several
	shorts    int64
	fixed     [maxFixed + 1]int64
	inexact   int64 // numbers that some float styles would change
	inexactAt [maxFixed + 1]int64
	posInf    [len(infWords)]int64
	negInf    [len(infWords)]int64

	stamps                int64
	sepT                  int64
	fracs                 [11]int64 // by digits; the last is fracMinutes
	fracShortest, fracIso int64
	maxFrac               int8
	notNano               bool // one does not fit timestamp[ns]
	zulus                 int64
	offsets               map[int16]int64
}

func newStats() stats { return stats{can: asAny} }

const emptyWord = len(nullWords)

// nullWord returns which of nullWords b is, or -1.
func nullWord(b []byte) int {
	if len(b) > 4 || len(b) == 0 {
		return -1
	}
	switch b[0] {
	case 'n', 'N', '\\', '?', '-':
		for i, w := range nullWords {
			if string(b) == w {
				return i
			}
		}
	}
	return -1
}

// add counts a value of a field with flags f.
func (s *stats) add(b []byte, f flags) {
	q := 0
	if f&fQuoted != 0 {
		q = 1
	}
	if len(b) == 0 {
		s.nulls[emptyWord][q]++
		return
	}
	if w := nullWord(b); w >= 0 {
		s.nulls[w][q]++
		return
	}
	if special := f & fSpecial; special == 0 {
		s.plain[q]++
	} else if special == fInner && b[0] != '"' {
		s.inner[q]++
	}
	if s.can != 0 {
		s.n++
		s.classify(b)
	}
}

// classify narrows can by value b.
func (s *stats) classify(b []byte) {
	switch c := b[0]; {
	case c == '-' && len(b) > 1 && b[1]-'0' > 9:
		if s.can&asFloat != 0 {
			for i, w := range infWords {
				if string(b) == w[0] {
					s.negInf[i]++
					s.can &= asFloat
					return
				}
			}
		}
	case c-'0' <= 9 || c == '-':
		if s.can&asNumber != 0 && s.number(b) {
			return
		}
		if s.can&(asDate|asLocal|asZoned) != 0 && s.time(b) {
			return
		}
	case c == 't' || c == 'f' || c == 'T' || c == 'F':
		if s.can&asBool != 0 && len(b) <= 5 {
			for i, w := range boolWords {
				if string(b) == w[0] || string(b) == w[1] {
					s.bools[i]++
					s.can &= asBool
					return
				}
			}
		}
	case c == 'i' || c == 'I' || c == '+':
		if s.can&asFloat != 0 {
			for i, w := range infWords {
				if string(b) == w[1] {
					s.posInf[i]++
					s.can &= asFloat
					return
				}
			}
		}
	}
	s.can = 0
}

func (s *stats) number(b []byte) bool {
	if v, big, ok := parseInt(b); ok {
		s.can &= asNumber
		if big {
			s.can &^= asInt
		} else if v < 0 {
			s.can &^= asUint
		}
		if !big && v < 1e15 && v > -1e15 {
			s.smallInts++
			return true
		}
		if s.can&asFloat != 0 {
			s.float(b)
		}
		return true
	}
	if s.can&asFloat == 0 || !s.float(b) {
		return false
	}
	s.can &= asFloat
	return true
}

// float counts b as a float; it clears asFloat where b cannot be one.
func (s *stats) float(b []byte) bool {
	n, ok := parseFloat(b, 64)
	if !ok || !n.exact && n.fixed < 0 {
		s.can &^= asFloat
		return false
	}
	if n.repr {
		s.reprs++
	}
	if n.short {
		s.shorts++
	}
	if n.fixed >= 0 {
		s.fixed[n.fixed]++
	}
	if !n.exact {
		s.inexact++
		s.inexactAt[n.fixed]++
	}
	return true
}

func (s *stats) time(b []byte) bool {
	if len(b) == 10 {
		if _, ok := parseDate(b); !ok {
			return false
		}
		s.can &= asDate
		return s.can != 0
	}
	t, ok := parseStamp(b)
	if !ok {
		return false
	}
	if t.zone == zoneNone {
		s.can &= asLocal
	} else {
		s.can &= asZoned
	}
	if s.can == 0 {
		return false
	}
	s.stamp(&t)
	return true
}

func (s *stats) stamp(t *stamp) {
	s.stamps++
	if t.sep == 'T' {
		s.sepT++
	}
	if t.frac == fracMinutes {
		s.fracs[10]++
	} else {
		s.fracs[t.frac]++
	}
	if t.shortestFrac() {
		s.fracShortest++
	}
	if t.pythonFrac() {
		s.fracIso++
	}
	s.maxFrac = max(s.maxFrac, t.frac)
	if _, ok := t.in(column.Nano); !ok {
		s.notNano = true
	}
	switch t.zone {
	case zoneZ:
		s.zulus++
	case zoneOffset:
		if s.offsets == nil {
			s.offsets = map[int16]int64{}
		}
		s.offsets[t.off]++
	}
}

// merge adds what o has seen.
func (s *stats) merge(o *stats) {
	s.can &= o.can
	for i := range s.nulls {
		s.nulls[i][0] += o.nulls[i][0]
		s.nulls[i][1] += o.nulls[i][1]
	}
	for q := range 2 {
		s.plain[q] += o.plain[q]
		s.inner[q] += o.inner[q]
	}
	s.n += o.n
	sum(s.bools[:], o.bools[:])
	s.smallInts += o.smallInts
	s.reprs += o.reprs
	s.shorts += o.shorts
	sum(s.fixed[:], o.fixed[:])
	s.inexact += o.inexact
	sum(s.inexactAt[:], o.inexactAt[:])
	sum(s.posInf[:], o.posInf[:])
	sum(s.negInf[:], o.negInf[:])
	s.stamps += o.stamps
	s.sepT += o.sepT
	sum(s.fracs[:], o.fracs[:])
	s.fracShortest += o.fracShortest
	s.fracIso += o.fracIso
	s.maxFrac = max(s.maxFrac, o.maxFrac)
	s.notNano = s.notNano || o.notNano
	s.zulus += o.zulus
	for off, n := range o.offsets {
		if s.offsets == nil {
			s.offsets = map[int16]int64{}
		}
		s.offsets[off] += n
	}
}

func sum(dst, src []int64) {
	for i, n := range src {
		dst[i] += n
	}
}
