package column

import "slices"

// plain reads the lengths and bytes of m values and appends them to v.
func (d *PageDecoder) plain(v *Vector, m int) error {
	lens, err := d.lengths(m)
	if err != nil {
		return err
	}
	total, err := sum(lens, len(d.b))
	if err != nil {
		return err
	}
	if err := d.spendBytes(len(v.Bytes), total); err != nil {
		return err
	}
	v.Bytes = append(v.Bytes, d.take(total)...)
	v.Offs = appendEnds(v.Offs, lens)
	return nil
}

// appendEnds appends the running sums of lens, from the last end on.
func appendEnds(offs []uint32, lens []int64) []uint32 {
	end := offs[len(offs)-1]
	k := len(offs)
	offs = slices.Grow(offs, len(lens))[:k+len(lens)]
	for i, n := range lens {
		end += uint32(n)
		offs[k+i] = end
	}
	return offs
}

// sum adds lens, none of which may be negative, up to limit.
func sum(lens []int64, limit int) (int, error) {
	total := 0
	for _, n := range lens {
		if n < 0 || n > int64(limit-total) {
			return 0, formatError("length %d leads out of the page", n)
		}
		total += int(n)
	}
	return total, nil
}

// shortEntry is the length up to which entries are copied as one block.
const shortEntry = 16

// dictionary reads entries and the codes of m values and appends them to v.
func (d *PageDecoder) dictionary(v *Vector, m int) error {
	if len(d.b) == 0 || d.b[0] == 0 {
		return formatError("dictionary without entries")
	}
	count := int(d.take(1)[0])
	lens, err := d.lengths(count)
	if err != nil {
		return err
	}
	total, err := sum(lens, len(d.b))
	if err != nil {
		return err
	}
	var ends [maxDict + 2]uint32
	for i, n := range lens {
		ends[i+1] = ends[i] + uint32(n)
	}
	text := d.take(total)
	codes, err := d.lengths(m)
	if err != nil {
		return err
	}
	size := 0
	for _, c := range codes {
		if uint64(c) >= uint64(count) {
			return formatError("code %d, dictionary has %d entries", c, count)
		}
		size += int(ends[c+1] - ends[c])
	}
	if err := d.spendBytes(len(v.Bytes), size); err != nil {
		return err
	}
	expandDict(v, text, ends[:count+1], codes, size)
	return nil
}

// expandDict appends the entries that codes name, size bytes in all.
func expandDict(v *Vector, text []byte, ends []uint32, codes []int64, size int) {
	k, at := len(v.Offs), len(v.Bytes)
	v.Offs = slices.Grow(v.Offs, len(codes))[:k+len(codes)]
	v.Bytes = slices.Grow(v.Bytes, size+shortEntry)
	offs := v.Offs[k:]
	short := true
	for i := range ends[1:] {
		short = short && ends[i+1]-ends[i] <= shortEntry
	}
	if !short {
		buf := v.Bytes
		for i, c := range codes {
			buf = append(buf, text[ends[c]:ends[c+1]]...)
			offs[i] = uint32(len(buf))
		}
		v.Bytes = buf
		return
	}
	var entry [maxDict + 1][shortEntry]byte
	var length [maxDict + 1]uint8
	for i := range ends[1:] {
		length[i] = uint8(copy(entry[i][:], text[ends[i]:ends[i+1]]))
	}
	buf := v.Bytes[:at+size+shortEntry]
	for i, c := range codes {
		c &= maxDict
		copy(buf[at:at+shortEntry], entry[c][:])
		at += int(length[c])
		offs[i] = uint32(at)
	}
	v.Bytes = buf[:at]
}

// spendBytes checks that n more bytes of strings may be decoded behind have.
func (d *PageDecoder) spendBytes(have, n int) error {
	if n > d.bytes || have+n > 1<<32-1 {
		return formatError("more than %d bytes of values", maxPageBytes)
	}
	d.bytes -= n
	return nil
}
