package jsonl

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A spelling is one way of writing floats.
type spelling uint8

const (
	spellRepr  spelling = iota // Python, 1.0 1e-05 1e+16
	spellJS                    // JavaScript and Go, 1 0.00001 1e+21
	spellRyu                   // Rust and orjson, 1.0 0.00001 1e16
	spellFixed                 // plus n: always n digits after the point
	spellings  = spellFixed + 21
)

var spellingNames = [...]string{"repr", "js", "ryu"}

// MarshalText writes repr, js, ryu or fixed:N.
func (s spelling) MarshalText() ([]byte, error) {
	if s < spellFixed {
		return []byte(spellingNames[s]), nil
	}
	return strconv.AppendInt([]byte("fixed:"), int64(s-spellFixed), 10), nil
}

// UnmarshalText reads what MarshalText writes.
func (s *spelling) UnmarshalText(b []byte) error {
	for i, name := range spellingNames {
		if string(b) == name {
			*s = spelling(i)
			return nil
		}
	}
	w, fixed := strings.CutPrefix(string(b), "fixed:")
	n, err := strconv.Atoi(w)
	if !fixed || err != nil || n < 1 || n >= int(spellings-spellFixed) {
		return fmt.Errorf("unknown spelling of floats %q", b)
	}
	*s = spellFixed + spelling(n)
	return nil
}

// appendFloat writes f, a float of bits bits, in spelling s, or in repr where
// a fixed number of digits would lose some of it. What is not finite is NaN,
// Infinity or -Infinity, as in Python.
func appendFloat(dst []byte, f float64, bits int, s spelling) []byte {
	switch {
	case f != f:
		return append(dst, "NaN"...)
	case math.IsInf(f, 0):
		if f < 0 {
			dst = append(dst, '-')
		}
		return append(dst, "Infinity"...)
	case s >= spellFixed:
		at := len(dst)
		dst = strconv.AppendFloat(dst, f, 'f', int(s-spellFixed), bits)
		if back, _ := strconv.ParseFloat(string(dst[at:]), bits); back == f {
			return dst
		}
		return appendFloat(dst[:at], f, bits, spellRepr)
	}
	small, big := 1e-4, 1e16
	switch s {
	case spellJS:
		small, big = 1e-6, 1e21
	case spellRyu:
		small = 1e-5
	}
	at := len(dst)
	if a := math.Abs(f); a != 0 && (a < small || a >= big) {
		dst = strconv.AppendFloat(dst, f, 'e', -1, bits)
		if s == spellRepr {
			return dst
		}
		return trimExponent(dst, s == spellRyu)
	}
	dst = strconv.AppendFloat(dst, f, 'f', -1, bits)
	if s != spellJS && bytes.IndexByte(dst[at:], '.') < 0 {
		dst = append(dst, ".0"...)
	}
	return dst
}

// trimExponent turns the ending e-07 into e-7 and, without plus, e+16 into e16.
func trimExponent(b []byte, dropPlus bool) []byte {
	n := len(b)
	if b[n-2] == '0' && (b[n-3] == '-' || b[n-3] == '+') {
		b[n-2] = b[n-1]
		n--
	}
	b = b[:n]
	if i := bytes.LastIndexByte(b, '+'); dropPlus && i >= 0 {
		b = append(b[:i], b[i+1:]...)
	}
	return b
}

// decimal is a number literal taken apart.
type decimal struct {
	neg    bool
	exact  bool   // mant is the literal's digits, of which at most 15 count, and there is no exponent
	mant   uint64 // of exact ones
	frac   int    // digits after the point; -1 without a point
	zeros  int    // of exact ones: zeros after the point before the first other digit, if the part before is 0
	last   byte   // last digit
	finite bool
	exp    bool // has an exponent
}

// takeApart looks at the number literal t, which scanNumber accepted.
func takeApart(t []byte) decimal {
	d := decimal{frac: -1}
	if t[0] == '-' {
		d.neg = true
		t = t[1:]
	}
	if !isDigit(t[0]) {
		return d
	}
	d.finite = true
	digits, point := 0, -1
	for i, c := range t {
		if !isDigit(c) {
			if c != '.' {
				d.exp = true
				break
			}
			point = i
			continue
		}
		if d.mant != 0 || c != '0' {
			digits++
		} else if point >= 0 {
			d.zeros++
		}
		if digits <= 18 {
			d.mant = d.mant*10 + uint64(c-'0')
		}
		d.last = c
		if point >= 0 {
			d.frac = i - point
		}
	}
	d.exact = !d.exp && digits <= 15 && d.frac <= 22
	return d
}

var powersOfTen = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
	1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// value returns the float that the literal t, taken apart as d, stands for.
// ok is false where it is beyond the range of floats.
func (d decimal) value(t []byte, bits int) (f float64, ok bool) {
	switch {
	case !d.finite:
		f = math.NaN()
		if t[len(t)-1] == 'y' {
			f = math.Inf(1)
			if d.neg {
				f = math.Inf(-1)
			}
		}
		return f, true
	case d.exact && bits == 64:
		f = float64(d.mant)
		if d.frac > 0 {
			f /= powersOfTen[d.frac]
		}
		if d.neg {
			f = -f
		}
		return f, true
	}
	f, err := strconv.ParseFloat(string(t), bits)
	return f, err == nil
}

// sure reports that the literal is what appendFloat writes for its float64 in
// spelling s. False means that it may be so all the same. It rests on this: a
// decimal of at most 15 digits is the shortest one of the float64 next to it.
func (d decimal) sure(s spelling) bool {
	switch {
	case !d.finite:
		return true
	case !d.exact:
		return false
	case s >= spellFixed:
		return d.frac == int(s-spellFixed)
	case s == spellJS:
		return d.frac < 0 || d.last != '0' && d.zeros <= 5
	case d.frac < 0:
		return false
	case d.last == '0':
		return d.frac == 1
	}
	return d.zeros <= 3 || s == spellRyu && d.zeros == 4
}

// floatCounts says how many of the numbers of a column each spelling writes
// as they stand. Counts of two parts of a file add up.
type floatCounts struct {
	numbers int64
	by      [spellings]int64
	lossy   int64 // numbers whose value no float64 has in its shortest form
}

func (c *floatCounts) merge(o *floatCounts) {
	c.numbers += o.numbers
	c.lossy += o.lossy
	for i := range c.by {
		c.by[i] += o.by[i]
	}
}

// add counts the literal t. scratch is for its use.
func (c *floatCounts) add(t, scratch []byte) {
	c.numbers++
	d := takeApart(t)
	if d.exact || !d.finite {
		for s := range spellFixed {
			if d.sure(s) {
				c.by[s]++
			}
		}
		c.countFixed(d)
		return
	}
	f, ok := d.value(t, 64)
	if !ok {
		c.lossy++
		return
	}
	short := false
	if a := math.Abs(f); d.frac > 0 && !d.exp && a >= 1e-4 && a < 1e16 {
		if bytes.Equal(t, strconv.AppendFloat(scratch[:0], f, 'f', -1, 64)) {
			c.by[spellRepr]++
			c.by[spellJS]++
			c.by[spellRyu]++
			c.countFixed(d) // the shortest is the nearest of its length
			return
		}
	}
	for s := range spellFixed {
		if bytes.Equal(t, appendFloat(scratch[:0], f, 64, s)) {
			c.by[s]++
			short = true
		}
	}
	if d.frac > 0 && d.frac < int(spellings-spellFixed) && !d.exp {
		if bytes.Equal(t, appendFloat(scratch[:0], f, 64, spellFixed+spelling(d.frac))) {
			c.by[spellFixed+spelling(d.frac)]++
		}
	}
	if !short && !sameDecimal(t, appendFloat(scratch[:0], f, 64, spellRepr)) {
		c.lossy++
	}
}

func (c *floatCounts) countFixed(d decimal) {
	switch {
	case !d.finite:
		for s := spellFixed + 1; s < spellings; s++ {
			c.by[s]++
		}
	case d.frac > 0 && d.frac < int(spellings-spellFixed):
		c.by[spellFixed+spelling(d.frac)]++
	}
}

// best returns the spelling of most numbers, the first of equals. ok is false
// if floats in this spelling would lose digits of some number.
func (c *floatCounts) best() (s spelling, ok bool) {
	for i := range c.by {
		if c.by[i] > c.by[s] {
			s = spelling(i)
		}
	}
	return s, c.lossy == 0 || c.by[s] == c.numbers
}

// sameDecimal reports whether two finite number literals have equal values.
func sameDecimal(a, b []byte) bool {
	da, ea, na := normalDecimal(a)
	db, eb, nb := normalDecimal(b)
	return bytes.Equal(da, db) && ea == eb && na == nb
}

// normalDecimal returns t as 0.digits times ten to the exp, with neither
// leading nor trailing zeros; zero has no digits.
func normalDecimal(t []byte) (digits []byte, exp int, neg bool) {
	if t[0] == '-' {
		neg = true
		t = t[1:]
	}
	point := false
	for i, c := range t {
		switch {
		case c == '.':
			point = true
		case isDigit(c):
			if len(digits) > 0 || c != '0' {
				digits = append(digits, c)
				if !point {
					exp++
				}
			} else if point {
				exp--
			}
		default:
			e, err := strconv.Atoi(strings.TrimPrefix(string(t[i+1:]), "+"))
			if err != nil {
				e = math.MaxInt32
			}
			exp += e
			digits = bytes.TrimRight(digits, "0")
			if len(digits) == 0 {
				exp = 0
			}
			return digits, exp, neg
		}
	}
	digits = bytes.TrimRight(digits, "0")
	if len(digits) == 0 {
		exp = 0
	}
	return digits, exp, neg
}
