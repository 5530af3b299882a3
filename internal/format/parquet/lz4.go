package parquet

// lz4Decode appends to dst, which is empty, what the LZ4 block src stands for,
// and reports whether that is exactly as much as dst has room for. The format
// is lz4_Block_format.md of the reference implementation.
func lz4Decode(dst, src []byte) ([]byte, bool) {
	room := cap(dst)
	i := 0
	length := func(n int) int {
		for n >= 15 && i < len(src) {
			c := src[i]
			i++
			if n += int(c); c != 255 || n > room {
				break
			}
		}
		return n
	}
	for i < len(src) {
		token := src[i]
		i++
		lits := int(token >> 4)
		if lits == 15 {
			lits = length(lits)
		}
		if lits > len(src)-i || lits > room-len(dst) {
			return nil, false
		}
		dst = append(dst, src[i:i+lits]...)
		if i += lits; i == len(src) { // the last token has no match
			return dst, token&15 == 0 && len(dst) == room
		}
		if len(src)-i < 2 {
			return nil, false
		}
		back := int(src[i]) | int(src[i+1])<<8
		i += 2
		n := int(token & 15)
		if n == 15 {
			n = length(n)
		}
		n += 4
		if back == 0 || back > len(dst) || n > room-len(dst) {
			return nil, false
		}
		for n > 0 { // source and target may overlap
			k := min(n, back)
			from := len(dst) - back
			dst = append(dst, dst[from:from+k]...)
			n -= k
		}
	}
	return dst, len(src) == 0 && room == 0
}
