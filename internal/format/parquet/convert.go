package parquet

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/parquet-go/parquet-go/encoding"

	"github.com/strata-data/strata/internal/column"
)

// maxBytes is the size of a vector's bytes that its offsets can address.
const maxBytes = math.MaxUint32

// dense appends the values from..to of vals, which has no nulls, to the
// buffers of v. It leaves Len and Valid to spread.
func (n *node) dense(v *column.Vector, vals *encoding.Values, from, to int) error {
	if from == to {
		return nil
	}
	switch vals.Kind() {
	case encoding.Boolean:
		return n.denseBool(v, vals.Boolean(), from, to)
	case encoding.Int32:
		return n.denseInt32(v, vals.Int32(), from, to)
	case encoding.Int64:
		return n.denseInt64(v, vals.Int64(), from, to)
	case encoding.Int96:
		return n.denseInt96(v, vals, from, to)
	case encoding.Float:
		x := vals.Float()
		if n.conv != convF32 || to > len(x) {
			return errShort
		}
		v.F32 = append(v.F32, x[from:to]...)
	case encoding.Double:
		x := vals.Double()
		if n.conv != convF64 || to > len(x) {
			return errShort
		}
		v.F64 = append(v.F64, x[from:to]...)
	case encoding.ByteArray:
		data, offs := vals.ByteArray()
		if to >= len(offs) {
			return errShort
		}
		return n.denseBytes(v, data, offs[from:to+1])
	case encoding.FixedLenByteArray:
		data, size := vals.FixedLenByteArray()
		return n.denseFixed(v, data, size, from, to)
	default:
		return errShort
	}
	return nil
}

var errShort = malformed("parquet: a page has fewer values than it says, or of another type")

func (n *node) denseBool(v *column.Vector, bits []byte, from, to int) error {
	if n.conv != convBool || (to+7)/8 > len(bits) {
		return errShort
	}
	for i := from; i < to; i++ {
		v.Ints = append(v.Ints, int64(bits[i>>3]>>(i&7)&1))
	}
	return nil
}

func (n *node) denseInt32(v *column.Vector, x []int32, from, to int) error {
	if to > len(x) {
		return errShort
	}
	x = x[from:to]
	at := len(v.Ints)
	switch n.conv {
	case convInt:
		v.Ints = slices.Grow(v.Ints, len(x))[:at+len(x)]
		for i, y := range x {
			v.Ints[at+i] = int64(y)
		}
		return n.rescale(v.Ints[at:])
	case convUint:
		v.Ints = slices.Grow(v.Ints, len(x))[:at+len(x)]
		mask := uint32(1<<n.arg - 1)
		for i, y := range x {
			v.Ints[at+i] = int64(uint32(y) & mask)
		}
	case convTime:
		for _, y := range x {
			appendText(v, func(b []byte) []byte { return appendTime(b, int64(y), column.Unit(n.arg)) })
		}
	case convDecText:
		for _, y := range x {
			appendText(v, func(b []byte) []byte { return appendDecimal(b, big.NewInt(int64(y)), n.arg) })
		}
	default:
		return errShort
	}
	return nil
}

func (n *node) denseInt64(v *column.Vector, x []int64, from, to int) error {
	if to > len(x) {
		return errShort
	}
	x = x[from:to]
	at := len(v.Ints)
	switch n.conv {
	case convInt:
		v.Ints = append(v.Ints, x...)
		return n.rescale(v.Ints[at:])
	case convUint:
		v.Ints = append(v.Ints, x...)
		if n.arg < 64 {
			for i := range v.Ints[at:] {
				v.Ints[at+i] &= 1<<n.arg - 1
			}
		}
	case convTime:
		for _, y := range x {
			appendText(v, func(b []byte) []byte { return appendTime(b, y, column.Unit(n.arg)) })
		}
	case convDecText:
		for _, y := range x {
			appendText(v, func(b []byte) []byte { return appendDecimal(b, big.NewInt(y), n.arg) })
		}
	default:
		return errShort
	}
	return nil
}

// rescale divides x by n.scale, for timestamps that the Arrow schema says are
// in seconds while Parquet has none.
func (n *node) rescale(x []int64) error {
	if n.scale <= 1 {
		return nil
	}
	for i, y := range x {
		if y%n.scale != 0 {
			return malformed("parquet: timestamp %d is not a whole %s", y, n.typ.Unit)
		}
		x[i] = y / n.scale
	}
	return nil
}

func (n *node) denseInt96(v *column.Vector, vals *encoding.Values, from, to int) error {
	x := vals.Int96()
	if n.conv != convInt96 || to > len(x) {
		return errShort
	}
	const (
		unixDay = 2440588 // Julian day of 1970-01-01
		perDay  = 86400 * int64(1e9)
		maxDays = math.MaxInt64/perDay - 1
	)
	for _, y := range x[from:to] {
		day := int64(y[2]) - unixDay
		nanos := int64(uint64(y[0]) | uint64(y[1])<<32)
		if day > maxDays || day < -maxDays || nanos < -perDay || nanos > perDay {
			return malformed("parquet: INT96 timestamp on Julian day %d is out of the range of timestamp[ns]", y[2])
		}
		v.Ints = append(v.Ints, day*perDay+nanos)
	}
	return nil
}

// denseBytes appends the byte strings that lie between neighbours of offs.
func (n *node) denseBytes(v *column.Vector, data []byte, offs []uint32) error {
	for i := 1; i < len(offs); i++ {
		if offs[i] < offs[i-1] {
			return errShort
		}
	}
	if int(offs[len(offs)-1]) > len(data) {
		return errShort
	}
	switch n.conv {
	case convText, convBytes:
	default:
		for i := 1; i < len(offs); i++ {
			if err := n.one(v, data[offs[i-1]:offs[i]]); err != nil {
				return err
			}
		}
		return nil
	}
	data = data[offs[0]:offs[len(offs)-1]]
	base := len(v.Bytes)
	if base+len(data) > maxBytes {
		return tooLarge(v)
	}
	v.Bytes = append(v.Bytes, data...)
	at := len(v.Offs)
	v.Offs = append(v.Offs, offs[1:]...)
	shift := uint32(base) - offs[0]
	for i := range v.Offs[at:] {
		v.Offs[at+i] += shift
	}
	if n.conv == convText {
		return checkText(data, v.Offs[at-1:], base)
	}
	return nil
}

// checkText refuses values that are not UTF-8: data as a whole is not, or a
// value begins in the middle of a character. Values lie between neighbours of
// offs, which count from base before data.
func checkText(data []byte, offs []uint32, base int) error {
	ok := utf8.Valid(data)
	for _, o := range offs[:len(offs)-1] {
		if i := int(o) - base; ok && i < len(data) {
			ok = utf8.RuneStart(data[i])
		}
	}
	if ok {
		return nil
	}
	for i := 1; i < len(offs); i++ {
		if b := data[int(offs[i-1])-base : int(offs[i])-base]; !utf8.Valid(b) {
			return malformed("text that is not UTF-8: %.40q", b)
		}
	}
	return nil
}

func tooLarge(v *column.Vector) error {
	return malformed("values of type %s take more than 4 GiB in one batch", v.Type)
}

func (n *node) denseFixed(v *column.Vector, data []byte, size, from, to int) error {
	if size < 0 || to*size > len(data) {
		return errShort
	}
	if n.conv == convF16 {
		if size != 2 {
			return errShort
		}
		for i := from; i < to; i++ {
			v.F32 = append(v.F32, float16(binary.LittleEndian.Uint16(data[2*i:])))
		}
		return nil
	}
	for i := from; i < to; i++ {
		if err := n.one(v, data[i*size:(i+1)*size]); err != nil {
			return err
		}
	}
	return nil
}

// one appends a value that is given as bytes.
func (n *node) one(v *column.Vector, b []byte) error {
	if len(v.Bytes)+len(b) > maxBytes-256 {
		return tooLarge(v)
	}
	switch n.conv {
	case convBytes:
		appendText(v, func(dst []byte) []byte { return append(dst, b...) })
	case convText:
		if !utf8.Valid(b) {
			return malformed("text that is not UTF-8: %.40q", b)
		}
		appendText(v, func(dst []byte) []byte { return append(dst, b...) })
	case convJSON:
		j := jsontext.Value(slices.Clone(b))
		if err := j.Format(jsontext.AllowDuplicateNames(true), jsontext.PreserveRawStrings(false)); err != nil {
			return malformed("value %.40q is not JSON: %v", b, err)
		}
		appendText(v, func(dst []byte) []byte { return append(dst, j...) })
	case convUUID:
		if len(b) != 16 {
			return errShort
		}
		appendText(v, func(dst []byte) []byte {
			return fmt.Appendf(dst, "%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
		})
	case convInterval:
		if len(b) != 12 {
			return errShort
		}
		appendText(v, func(dst []byte) []byte { return appendInterval(dst, b) })
	case convDec:
		x, ok := signed64(b)
		if !ok {
			return malformed("decimal of %d bytes does not fit %s", len(b), n.typ)
		}
		v.Ints = append(v.Ints, x)
	case convWide:
		w, ok := wide(b)
		if !ok {
			return malformed("decimal of %d bytes does not fit %s", len(b), n.typ)
		}
		appendText(v, func(dst []byte) []byte { return append(dst, w[:]...) })
	case convDecText:
		appendText(v, func(dst []byte) []byte { return appendDecimal(dst, twosComplement(b), n.arg) })
	default:
		return errShort
	}
	return nil
}

func appendText(v *column.Vector, f func([]byte) []byte) {
	v.Bytes = f(v.Bytes)
	v.Offs = append(v.Offs, uint32(len(v.Bytes)))
}

// signed64 reads big-endian two's complement.
func signed64(b []byte) (int64, bool) {
	var x int64
	if len(b) > 0 && b[0]&0x80 != 0 {
		x = -1
	}
	for i, c := range b {
		if i < len(b)-8 && c != byte(x) {
			return 0, false
		}
		if i == len(b)-8 && c>>7 != byte(x)&1 {
			return 0, false
		}
		if i >= len(b)-8 {
			x = x<<8 | int64(c)
		}
	}
	return x, true
}

// wide returns b, big-endian two's complement, as 16 bytes with the sign bit
// flipped.
func wide(b []byte) (w [16]byte, ok bool) {
	var fill byte
	if len(b) > 0 && b[0]&0x80 != 0 {
		fill = 0xff
	}
	for len(b) > 16 {
		if b[0] != fill || b[1]>>7 != fill&1 {
			return w, false
		}
		b = b[1:]
	}
	for i := range w {
		w[i] = fill
	}
	copy(w[16-len(b):], b)
	w[0] ^= 0x80
	return w, true
}

func twosComplement(b []byte) *big.Int {
	x := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0]&0x80 != 0 {
		x.Sub(x, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return x
}

func appendDecimal(dst []byte, x *big.Int, scale int) []byte {
	if x.Sign() < 0 {
		dst = append(dst, '-')
		x = new(big.Int).Neg(x)
	}
	s := x.String()
	if scale <= 0 {
		return append(dst, s...)
	}
	for len(s) <= scale {
		s = "0" + s
	}
	return append(append(append(dst, s[:len(s)-scale]...), '.'), s[len(s)-scale:]...)
}

// appendTime writes ticks since midnight as 15:04:05 with the fraction that is
// needed.
func appendTime(dst []byte, t int64, u column.Unit) []byte {
	if t < 0 {
		dst, t = append(dst, '-'), -t
	}
	per := u.PerSecond()
	s := t / per
	dst = fmt.Appendf(dst, "%02d:%02d:%02d", s/3600, s/60%60, s%60)
	return appendFraction(dst, t%per, per)
}

func appendFraction(dst []byte, frac, per int64) []byte {
	if frac == 0 {
		return dst
	}
	dst = append(dst, '.')
	digits := strconv.FormatInt(per+frac, 10)[1:]
	for digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	return append(dst, digits...)
}

// appendInterval writes months, days and milliseconds (each 4 bytes,
// little-endian) as an ISO 8601 duration.
func appendInterval(dst, b []byte) []byte {
	months := binary.LittleEndian.Uint32(b)
	days := binary.LittleEndian.Uint32(b[4:])
	ms := int64(binary.LittleEndian.Uint32(b[8:]))
	at := len(dst)
	dst = append(dst, 'P')
	if months > 0 {
		dst = append(strconv.AppendUint(dst, uint64(months), 10), 'M')
	}
	if days > 0 {
		dst = append(strconv.AppendUint(dst, uint64(days), 10), 'D')
	}
	if ms > 0 || len(dst) == at+1 {
		dst = strconv.AppendInt(append(dst, 'T'), ms/1000, 10)
		dst = append(appendFraction(dst, ms%1000, 1000), 'S')
	}
	return dst
}

// float16 widens an IEEE 754 half.
func float16(h uint16) float32 {
	sign := uint32(h>>15) << 31
	exp := uint32(h>>10) & 0x1f
	frac := uint32(h) & 0x3ff
	switch {
	case exp == 0x1f:
		return math.Float32frombits(sign | 0x7f800000 | frac<<13)
	case exp == 0:
		f := float32(frac) / (1 << 24)
		return math.Float32frombits(math.Float32bits(f) | sign)
	}
	return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
}
