package column

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math/big"
	"math/bits"
	"strconv"
	"strings"
)

// long is a 128-bit two's complement integer: the digits of a decimal.
type long struct {
	hi int64
	lo uint64
}

func longOf(n int64) long { return long{hi: n >> 63, lo: uint64(n)} }

// longAt returns the number in the 16 bytes that a vector holds for a decimal
// of more than 18 digits: big-endian with the sign bit flipped.
func longAt(b []byte) long {
	return long{hi: int64(binary.BigEndian.Uint64(b) ^ 1<<63), lo: binary.BigEndian.Uint64(b[8:])}
}

// appendLong is the inverse of longAt.
func appendLong(dst []byte, x long) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(x.hi)^1<<63)
	return binary.BigEndian.AppendUint64(dst, x.lo)
}

func (x long) negative() bool { return x.hi < 0 }

func (x long) neg() long {
	lo, carry := bits.Add64(^x.lo, 1, 0)
	return long{hi: int64(^uint64(x.hi) + carry), lo: lo}
}

// pow10Long returns 10^e for e up to 38.
func pow10Long(e int) long {
	x := long{lo: 1}
	for range e {
		hi, lo := bits.Mul64(x.lo, 10)
		x = long{hi: x.hi*10 + int64(hi), lo: lo}
	}
	return x
}

// within reports whether x is nearer to 0 than limit, which is positive.
func (x long) within(limit long) bool {
	if x.negative() {
		x = x.neg()
	}
	return !x.negative() && (x.hi < limit.hi || x.hi == limit.hi && x.lo < limit.lo)
}

// compareScaled compares x/10^xs with y/10^ys. Scales are 0 to 38.
func compareScaled(x long, xs int, y long, ys int) int {
	if xs == ys {
		if c := cmp.Compare(x.hi, y.hi); c != 0 {
			return c
		}
		return cmp.Compare(x.lo, y.lo)
	}
	if x.negative() != y.negative() {
		if x.negative() {
			return -1
		}
		return 1
	}
	// Rare enough to be left to big integers.
	p := new(big.Int).Mul(x.big(), pow10Big(max(ys-xs, 0)))
	q := new(big.Int).Mul(y.big(), pow10Big(max(xs-ys, 0)))
	return p.Cmp(q)
}

func pow10Big(e int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(e)), nil)
}

func (x long) big() *big.Int {
	n := new(big.Int).Lsh(big.NewInt(x.hi), 64)
	return n.Add(n, new(big.Int).SetUint64(x.lo))
}

// longOfBig returns n as a long if it is one.
func longOfBig(n *big.Int) (long, bool) {
	if n.BitLen() > 127 {
		return long{}, false
	}
	m := new(big.Int).Abs(n)
	x := long{hi: int64(new(big.Int).Rsh(m, 64).Uint64()), lo: new(big.Int).And(m, new(big.Int).SetUint64(1<<64-1)).Uint64()}
	if n.Sign() < 0 {
		x = x.neg()
	}
	return x, true
}

// appendDigits appends x with a point before its last scale digits.
func (x long) appendDigits(dst []byte, scale int) []byte {
	if x.negative() {
		dst = append(dst, '-')
		x = x.neg()
	}
	var digits [40]byte
	text := digits[:0]
	if x.hi == 0 {
		text = strconv.AppendUint(text, x.lo, 10)
	} else {
		text = x.unsignedBig().Append(text, 10)
	}
	whole := len(text) - scale
	switch {
	case scale == 0:
		return append(dst, text...)
	case whole > 0:
		dst = append(append(dst, text[:whole]...), '.')
		return append(dst, text[whole:]...)
	}
	dst = append(dst, '0', '.')
	for range -whole {
		dst = append(dst, '0')
	}
	return append(dst, text...)
}

// unsignedBig returns the bits of x as an unsigned number.
func (x long) unsignedBig() *big.Int {
	n := new(big.Int).SetUint64(uint64(x.hi))
	n.Lsh(n, 64)
	return n.Add(n, new(big.Int).SetUint64(x.lo))
}

// parseDecimal reads a number such as -12.50 or 1.25e1 as digits with scale
// digits after the point. It is an error if it has more digits than that or
// more than precision in all.
func parseDecimal(s string, precision, scale int) (long, error) {
	digits, exp, negative, err := scanDecimal(s)
	if err != nil {
		return long{}, err
	}
	shift := exp + scale // the number is digits * 10^(shift - scale)
	for shift < 0 && strings.HasSuffix(digits, "0") {
		digits, shift = digits[:len(digits)-1], shift+1
	}
	digits = strings.TrimLeft(digits, "0")
	switch {
	case digits == "":
		return long{}, nil
	case shift < 0:
		return long{}, fmt.Errorf("%q has more than %d digits after the point", s, scale)
	case len(digits)+shift > precision:
		return long{}, fmt.Errorf("%q has more than %d digits before the point", s, precision-scale)
	}
	n, _ := new(big.Int).SetString(digits+strings.Repeat("0", shift), 10)
	if negative {
		n.Neg(n)
	}
	x, _ := longOfBig(n) // 38 digits fit
	return x, nil
}

// scanDecimal splits a decimal number into digits and exponent: the number is
// digits * 10^exp.
func scanDecimal(s string) (digits string, exp int, negative bool, err error) {
	bad := fmt.Errorf("%q is not a decimal number", s)
	text := s
	if text != "" && (text[0] == '-' || text[0] == '+') {
		negative = text[0] == '-'
		text = text[1:]
	}
	if e := strings.IndexAny(text, "eE"); e >= 0 {
		if exp, err = strconv.Atoi(text[e+1:]); err != nil || exp < -1000 || exp > 1000 {
			return "", 0, false, bad
		}
		text = text[:e]
	}
	whole, frac, _ := strings.Cut(text, ".")
	digits = whole + frac
	for _, c := range digits {
		if c < '0' || c > '9' {
			return "", 0, false, bad
		}
	}
	if digits == "" {
		return "", 0, false, bad
	}
	return digits, exp - len(frac), negative, nil
}
