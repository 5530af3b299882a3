package kernel

// MinMax returns the least and the greatest of xs, which is not empty.
func MinMax(xs []int64) (lo, hi int64) {
	lo, hi = xs[0], xs[0]
	lo1, hi1 := lo, hi
	i := 0
	for ; i+2 <= len(xs); i += 2 {
		a, b := xs[i], xs[i+1]
		lo, hi = min(lo, a), max(hi, a)
		lo1, hi1 = min(lo1, b), max(hi1, b)
	}
	if i < len(xs) {
		lo, hi = min(lo, xs[i]), max(hi, xs[i])
	}
	return min(lo, lo1), max(hi, hi1)
}

// MinMaxUnsigned is MinMax of the bits of xs taken as unsigned numbers.
func MinMaxUnsigned(xs []int64) (lo, hi uint64) {
	lo, hi = uint64(xs[0]), uint64(xs[0])
	for _, x := range xs {
		lo, hi = min(lo, uint64(x)), max(hi, uint64(x))
	}
	return lo, hi
}

// Ascending reports whether xs never descends, and if so the least and the
// greatest difference between neighbours. It has at least two elements. With
// flip = 1<<63 the elements are compared as unsigned numbers, else flip is 0.
func Ascending(xs []int64, flip uint64) (lo, hi uint64, ok bool) {
	prev := xs[0]
	lo = ^uint64(0)
	for _, x := range xs[1:] {
		if int64(uint64(x)^flip) < int64(uint64(prev)^flip) {
			return 0, 0, false
		}
		d := uint64(x) - uint64(prev)
		lo, hi = min(lo, d), max(hi, d)
		prev = x
	}
	return lo, hi, true
}

// Differences sets dst[i] to xs[i+1]-xs[i]; dst is one shorter than xs.
func Differences(dst, xs []int64) {
	xs = xs[:len(dst)+1]
	for i := range dst {
		dst[i] = xs[i+1] - xs[i]
	}
}

// Accumulate adds to every element of xs all the elements before it and first.
func Accumulate(xs []int64, first int64) {
	for i, x := range xs {
		first += x
		xs[i] = first
	}
}

// PackBits writes xs[i]-base, which is 0 or 1, as bit i%8 of dst[i/8]. dst has
// (len(xs)+7)/8 bytes; bits beyond len(xs) are 0.
func PackBits(dst []byte, xs []int64, base int64) {
	i := 0
	for ; i+8 <= len(xs); i += 8 {
		x := xs[i : i+8 : i+8]
		dst[i>>3] = byte(x[0]-base) | byte(x[1]-base)<<1 | byte(x[2]-base)<<2 | byte(x[3]-base)<<3 |
			byte(x[4]-base)<<4 | byte(x[5]-base)<<5 | byte(x[6]-base)<<6 | byte(x[7]-base)<<7
	}
	if i < len(xs) {
		b := byte(0)
		for j, x := range xs[i:] {
			b |= byte(x-base) << j
		}
		dst[i>>3] = b
	}
}

// UnpackBits is the inverse of PackBits.
func UnpackBits(dst []int64, src []byte, base int64) {
	i := 0
	for ; i+8 <= len(dst); i += 8 {
		b := int64(src[i>>3])
		x := dst[i : i+8 : i+8]
		x[0], x[1], x[2], x[3] = b&1+base, b>>1&1+base, b>>2&1+base, b>>3&1+base
		x[4], x[5], x[6], x[7] = b>>4&1+base, b>>5&1+base, b>>6&1+base, b>>7&1+base
	}
	for ; i < len(dst); i++ {
		dst[i] = int64(src[i>>3]>>(uint(i)&7)&1) + base
	}
}

// Fill sets every element of dst to x.
func Fill(dst []int64, x int64) {
	for i := range dst {
		dst[i] = x
	}
}
