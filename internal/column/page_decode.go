package column

import (
	"math"
	"math/bits"
	"slices"
)

// DecodePage appends the values of the page object b to v, whose type says
// what they are. Bytes that are no page of this type are refused with
// object.ErrCorrupt or object.ErrUnsupported; v may then hold a part of the
// page and must be reset. Memory is bounded before it is allocated, whatever
// the bytes say. That the encoding is the canonical one is left to CheckPage.
// Many pages are decoded faster by a PageDecoder.
func DecodePage(b []byte, v *Vector) error {
	return new(PageDecoder).Decode(b, v)
}

// PageDecoder decodes pages and keeps its scratch memory between them. The
// zero value is ready. It is not safe for concurrent use.
type PageDecoder struct {
	b      []byte // what is left of the page
	values int    // how many more values and
	bytes  int    // bytes of strings may be decoded
	ints   []int64
	wide   []float64
	f32    []float32
}

// Decode does what DecodePage does.
func (d *PageDecoder) Decode(b []byte, v *Vector) error {
	return d.decode(b, v, maxPageValues, maxPageBytes)
}

// DecodeWithin does what Decode does and refuses pages of more than so many
// values, nested ones too, or bytes of strings, before it allocates.
func (d *PageDecoder) DecodeWithin(b []byte, v *Vector, values, bytes int) error {
	return d.decode(b, v, min(values, maxPageValues), min(bytes, maxPageBytes))
}

func (d *PageDecoder) decode(b []byte, v *Vector, values, bytes int) error {
	n, block, err := pageHead(b)
	if err != nil {
		return err
	}
	d.b, d.values, d.bytes = block, values, bytes
	if err := d.block(v, n); err != nil {
		return err
	}
	if len(d.b) > 0 {
		return formatError("%d bytes behind the values", len(d.b))
	}
	return nil
}

// take returns the next n bytes, which the caller knows to be there.
func (d *PageDecoder) take(n int) []byte {
	p := d.b[:n:n]
	d.b = d.b[n:]
	return p
}

func (d *PageDecoder) spend(n int) error {
	if n > d.values {
		return formatError("too many values")
	}
	d.values -= n
	return nil
}

// run is what the head of a block says about its rows.
type run struct {
	tag   byte
	n     int    // rows
	m     int    // rows that are not null
	valid []byte // bitmap of n bits, nil if m = n
}

// block reads the block of n values and appends them to v.
func (d *PageDecoder) block(v *Vector, n int) error {
	if n == 0 {
		return nil
	}
	if err := d.spend(n); err != nil {
		return err
	}
	if v.Len+n > math.MaxUint32 {
		return formatError("more values than a vector holds")
	}
	r, err := d.head(n)
	if err != nil {
		return err
	}
	if r.m == 0 {
		if err := d.spendBelow(v.Type, n); err != nil {
			return err
		}
		v.AppendNulls(n)
		return nil
	}
	if err := d.body(v, r); err != nil {
		return err
	}
	if r.valid != nil {
		v.growPacked(r.valid, n, n-r.m)
	} else {
		v.growValid(n)
	}
	return nil
}

func (d *PageDecoder) head(n int) (run, error) {
	if len(d.b) == 0 {
		return run{}, formatError("cut short")
	}
	r := run{tag: d.take(1)[0], n: n, m: n}
	form := r.tag & formMask
	flags := byte(tagMixed)
	switch form {
	case formNull:
		flags, r.m = 0, 0
	case formInt:
		flags |= tagDelta | tagUnsigned
	case formDecimal:
		flags |= tagDelta
	}
	if form > formStruct || r.tag&^(formMask|flags) != 0 {
		return run{}, formatError("unknown tag 0x%02x", r.tag)
	}
	if r.tag&tagMixed == 0 {
		return r, nil
	}
	size := (n + 7) / 8
	if len(d.b) < size {
		return run{}, formatError("cut short in the validity bitmap")
	}
	r.valid, r.m = d.take(size), 0
	for i := 0; i < n; i += 64 {
		r.m += bits.OnesCount64(packedWord(r.valid, i, n))
	}
	if r.m == 0 || r.m == n || n&7 != 0 && r.valid[size-1]>>(n&7) != 0 {
		return run{}, formatError("bad validity bitmap")
	}
	return r, nil
}

// spendBelow counts the values that lie below n nulls of type t.
func (d *PageDecoder) spendBelow(t *Type, n int) error {
	switch t.Layout() {
	case LayoutFixed:
		if t.Size > 0 && n > d.values/t.Size {
			return formatError("too many values")
		}
		d.values -= n * t.Size
		return d.spendBelow(t.Elem, n*t.Size)
	case LayoutStruct:
		for _, f := range t.Fields {
			if err := d.spend(n); err != nil {
				return err
			}
			if err := d.spendBelow(f.Type, n); err != nil {
				return err
			}
		}
	}
	return nil
}

// body reads the body of r and appends slots for all of its rows to v.
func (d *PageDecoder) body(v *Vector, r run) error {
	form := r.tag & formMask
	switch layout := v.Type.Layout(); {
	case layout == LayoutInt && form == formInt:
		return d.intBody(v, r)
	case layout == LayoutF64 && form >= formInt && form <= formF64:
		return d.f64Body(v, r)
	case layout == LayoutF32 && form >= formInt && form <= formF32:
		return d.f32Body(v, r)
	case layout == LayoutBytes && (form == formPlain || form == formDict):
		return d.bytesBody(v, r)
	case layout == LayoutList && form == formList:
		return d.listBody(v, r)
	case layout == LayoutFixed && form == formFixed:
		if s := v.Type.Size; s > 0 && r.n > d.values/s {
			return formatError("too many values")
		}
		return d.kid(v.Kids[0], r, v.Type.Size)
	case layout == LayoutStruct && form == formStruct:
		for _, k := range v.Kids {
			if err := d.kid(k, r, 1); err != nil {
				return err
			}
		}
		return nil
	}
	return formatError("form %d cannot hold %s", form, v.Type)
}

// kid reads the block of size values for each row of r that is not null and
// appends size slots for each row to k.
func (d *PageDecoder) kid(k *Vector, r run, size int) error {
	if r.valid == nil {
		return d.block(k, r.n*size)
	}
	dense := NewVector(k.Type, 0)
	if err := d.block(dense, r.m*size); err != nil {
		return err
	}
	if err := d.spend((r.n - r.m) * size); err != nil {
		return err
	}
	if err := d.spendBelow(k.Type, (r.n-r.m)*size); err != nil {
		return err
	}
	at := 0
	for i := 0; i < r.n; {
		j := i
		for j < r.n && packedBit(r.valid, j) {
			j++
		}
		k.AppendFrom(dense, at*size, (at+j-i)*size)
		at += j - i
		for i = j; i < r.n && !packedBit(r.valid, i); i++ {
			k.AppendNulls(size)
		}
	}
	return nil
}

func packedBit(b []byte, i int) bool { return b[i>>3]>>(uint(i)&7)&1 == 1 }

func (d *PageDecoder) listBody(v *Vector, r run) error {
	lens, err := d.lengths(r.m)
	if err != nil {
		return err
	}
	total, err := sum(lens, d.values)
	if err != nil {
		return err
	}
	kid := v.Kids[0]
	if kid.Len+total > math.MaxUint32 {
		return formatError("more values than a vector holds")
	}
	v.Offs = appendEnds(v.Offs, lens)
	if r.valid != nil {
		v.Offs = spreadEnds(v.Offs, r)
	}
	return d.block(kid, total)
}

func (d *PageDecoder) bytesBody(v *Vector, r run) error {
	k := len(v.Offs)
	read := d.plain
	if r.tag&formMask == formDict {
		read = d.dictionary
	}
	if err := read(v, r.m); err != nil {
		return err
	}
	if v.Type.Kind == Decimal {
		if err := checkLongs(v, k); err != nil {
			return err
		}
	}
	if r.valid != nil {
		v.Offs = spreadEnds(v.Offs, r)
	}
	return nil
}

// checkLongs checks the decimals of v whose ends begin at offs[k].
func checkLongs(v *Vector, k int) error {
	limit := pow10Long(v.Type.Precision)
	for i := k; i < len(v.Offs); i++ {
		b := v.Bytes[v.Offs[i-1]:v.Offs[i]]
		if len(b) != decimalSize || !longAt(b).within(limit) {
			return formatError("%x is not a %s", b, v.Type)
		}
	}
	return nil
}

// decimalSize is the bytes of a decimal of more than 18 digits.
const decimalSize = 16

// spread moves the first m of xs to the places that valid says and zeroes the
// others.
func spread[T int64 | float32 | float64](xs []T, m int, valid []byte) {
	for i := len(xs) - 1; i >= 0; i-- {
		if packedBit(valid, i) {
			m--
			xs[i] = xs[m]
		} else {
			xs[i] = 0
		}
	}
}

// spreadEnds gives the last r.m ends of offs the places that r.valid says; a
// null ends where the value before it does.
func spreadEnds(offs []uint32, r run) []uint32 {
	k := len(offs) - r.m
	offs = slices.Grow(offs, r.n-r.m)[:k+r.n]
	m := r.m
	for i := r.n - 1; i >= 0; i-- {
		// offs[k-1] is the end before the first of these values.
		offs[k+i] = offs[k+m-1]
		if packedBit(r.valid, i) {
			m--
		}
	}
	return offs
}
