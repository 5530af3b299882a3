package gen

// row is one generated sample.
type row struct {
	id       int64
	camera   int
	weather  int
	country  int
	score    int64 // in 1/10000
	reading  float64
	captured int64 // seconds since 1970
	split    string
	label    int
	text     []byte
	speed    int64 // in 1/10, -1 = null
	verified bool
	quality  float64
}

const (
	cameras   = 1000
	countries = 200
	labels    = 20
	wordCount = 20000
	wordSlots = 1 << 18
)

// Generator makes the rows of one table. It is safe for concurrent use.
type Generator struct {
	t                                       Table
	words                                   []string
	wordZipf, cameraZipf, countryZipf, kind zipf
	cameraNames, countryNames               []string
	births                                  []int64 // births[v] = first row number that version v appended
	clusters                                [][2]int64
}

// New returns the generator of t.
func New(t Table) *Generator {
	g := &Generator{
		t: t, words: vocabulary(wordCount), wordZipf: newZipf(wordCount, wordSlots),
		cameraZipf: newZipf(cameras, 1<<16), countryZipf: newZipf(countries, 1<<14), kind: newZipf(labels, 1<<12),
	}
	for i := range cameras {
		g.cameraNames = append(g.cameraNames, "cam-"+string([]byte{byte('0' + i/100), byte('0' + i/10%10), byte('0' + i%10)}))
	}
	for i := range countries {
		g.countryNames = append(g.countryNames, string([]byte{byte('A' + i*7%26), byte('A' + (i/26*5+i)%26), byte('A' + i%8)}))
	}
	end := t.Rows
	for v, e := range t.Edits {
		g.births = append(g.births, end)
		end += int64(float64(t.Rows) * e.Append)
		size := int64(float64(t.Rows) * e.Cluster)
		from := int64(mix(t.Seed^uint64(v)<<32) % uint64(max(t.Rows-size, 1)))
		g.clusters = append(g.clusters, [2]int64{from, from + size})
	}
	return g
}

func weatherNames() []string {
	return []string{"clear", "clouds", "rain", "fog", "snow", "sleet", "hail", "storm"}
}

func labelNames() []string {
	return []string{"car", "person", "truck", "bicycle", "bus", "traffic light", "dog", "motorcycle", "cat", "wolf",
		"lynx", "fox", "deer", "tram", "train", "horse", "cow", "stroller", "scooter", "unknown"}
}

// row sets r to row n (from 0) as it is after all edits. It returns false where
// the row was deleted. The text in r is reused.
func (g *Generator) row(n int64, r *row) bool {
	content, relabelled := uint64(0), 0
	bumped, clash := false, int64(0)
	for v, e := range g.t.Edits {
		version := uint64(v + 1)
		if n >= g.births[v] { // appended by this version or a later one
			continue
		}
		k := uint64(n)
		if e.Delete > 0 && chance(g.t.Seed^0xdead, version, k, e.Delete) {
			return false
		}
		if e.Clash > 0 && chance(g.t.Seed^0xc1a5, version, k, e.Clash) {
			clash = int64(e.Side)
			continue
		}
		if e.Side > 0 && mix(g.t.Seed^0x51de^k)&1 != uint64(e.Side-1) {
			continue
		}
		if e.Change > 0 && chance(g.t.Seed^0xc4a9, version, k, e.rate()) || n >= g.clusters[v][0] && n < g.clusters[v][1] {
			content = version
		}
		if e.Label > 0 && chance(g.t.Seed^0x1abe, version, k, e.Label) {
			relabelled++
		}
		if e.Row && n == g.t.Rows/2 {
			bumped = true
		}
	}
	p := newPCG(g.t.Seed, uint64(n))
	r.id = n + 1
	if g.t.Scattered {
		r.id = int64(mix(uint64(n)) >> 1)
	}
	r.camera = g.cameraZipf.draw(&p)
	r.weather = min(g.kind.draw(&p), 7)
	r.country = g.countryZipf.draw(&p)
	// The conversion keeps machines from fusing the two operations.
	r.reading = 20 + float64(5*(p.unit()+p.unit()+p.unit()+p.unit()-2))
	r.captured = 1704067200 + n*31 + int64(p.below(31)) // from 2024-01-01 on
	switch s := p.below(10); s {
	case 0:
		r.split = "test"
	case 1:
		r.split = "val"
	default:
		r.split = "train"
	}
	r.speed = int64(p.below(1400))
	if p.below(10) < 3 {
		r.speed = -1
	}
	r.verified = p.below(4) == 0
	r.quality = p.unit()
	// What an edit changes comes last, from a stream of its own.
	q := newPCG(g.t.Seed^content<<32, uint64(n)^0x7e47)
	r.score = int64(q.below(10001))
	if bumped {
		r.score = (r.score + 1) % 10001
	}
	r.score = (r.score + 17*clash) % 10001
	r.label = (g.kind.draw(&q) + relabelled) % labels
	r.text = g.appendText(r.text[:0], &q, 40+int(q.below(361)))
	return true
}

// rate is the probability with which a row of the right side changes.
func (e *Edit) rate() float64 {
	if e.Side > 0 {
		return 2 * e.Change
	}
	return e.Change
}
