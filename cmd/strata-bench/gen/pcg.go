package gen

import "math/bits"

// pcg is PCG RXS M XS 64/64 (O'Neill, "PCG: A Family of Simple Fast
// Space-Efficient Statistically Good Algorithms", 2014): one stream for each
// row and version, so that any row can be made without those before it.
type pcg struct{ state, inc uint64 }

func newPCG(seed, stream uint64) pcg {
	p := pcg{inc: mix(stream)<<1 | 1}
	p.state = mix(seed) + p.inc
	p.next()
	return p
}

func (p *pcg) next() uint64 {
	s := p.state
	p.state = s*6364136223846793005 + p.inc
	w := (s>>((s>>59)+5) ^ s) * 12605985483714917081
	return w>>43 ^ w
}

// below returns a number in [0, n).
func (p *pcg) below(n uint64) uint64 {
	hi, _ := bits.Mul64(p.next(), n)
	return hi
}

// unit returns a number in [0, 1) of 53 bits.
func (p *pcg) unit() float64 { return float64(p.next()>>11) / (1 << 53) }

// mix is the finalizer of SplitMix64.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// chance reports whether the event of this seed, version and row happens, whose
// probability is p.
func chance(seed, version, row uint64, p float64) bool {
	return float64(mix(mix(seed^version<<48)^row)>>11)/(1<<53) < p
}

// zipf draws ranks with probability proportional to 1/(rank+1).
type zipf struct{ slots []uint16 }

// newZipf returns the distribution over n ranks, at a resolution of size slots.
// Weights are integers, so that every machine makes the same table.
func newZipf(n, size int) zipf {
	var sum uint64
	for r := range n {
		sum += 1 << 40 / uint64(r+1)
	}
	z := zipf{make([]uint16, 0, size)}
	var at uint64
	for r := range n {
		at += 1 << 40 / uint64(r+1)
		hi, lo := bits.Mul64(at, uint64(size))
		end, _ := bits.Div64(hi, lo, sum)
		for len(z.slots) < int(end) {
			z.slots = append(z.slots, uint16(r))
		}
	}
	return z
}

func (z zipf) draw(p *pcg) int { return int(z.slots[p.below(uint64(len(z.slots)))]) }
