package jsonl

import (
	"cmp"
	"slices"
)

// objectNode is what is known about the objects at one place.
type objectNode struct {
	count   int64
	members []*member
	index   map[string]*member
	start   *member // that came first in the latest object
}

// member is one name in them.
type member struct {
	name    string
	lit     []byte // as it first appears in the file, with quotes
	node    node
	present int64
	first   place
	serial  int64 // of the object that had it last, so that a second one is noticed
	next    follow
}

// place is where in a file something stands.
type place struct {
	line   int64
	offset int // in the record
}

func (p place) before(q place) bool {
	return p.line < q.line || p.line == q.line && p.offset < q.offset
}

// follow counts which members come right after one; hot is the latest.
type follow struct {
	hot *member
	n   int64 // times that hot came and is not yet counted in all
	all map[*member]int64
}

func (f *follow) to(m *member) {
	if f.hot != m {
		f.flush()
		f.hot = m
	}
	f.n++
}

func (f *follow) flush() {
	if f.n == 0 {
		return
	}
	if f.all == nil {
		f.all = map[*member]int64{}
	}
	f.all[f.hot] += f.n
	f.n = 0
}

func newObjectNode() *objectNode { return &objectNode{index: map[string]*member{}} }

// member returns the member of this name, which it makes if need be.
func (o *objectNode) member(name, lit []byte, at place) *member {
	m := o.index[string(name)]
	if m == nil {
		m = &member{name: string(name), lit: slices.Clone(lit), first: at}
		o.members = append(o.members, m)
		o.index[m.name] = m
	}
	return m
}

func (o *objectNode) merge(from *objectNode) {
	o.count += from.count
	for _, f := range from.members {
		m := o.member([]byte(f.name), f.lit, f.first)
		m.present += f.present
		if f.first.before(m.first) {
			m.first, m.lit = f.first, f.lit
		}
		m.node.merge(&f.node, false)
	}
	for _, f := range from.members {
		o.index[f.name].next.merge(&f.next, o)
	}
}

func (f *follow) merge(from *follow, o *objectNode) {
	from.flush()
	f.flush()
	for m, n := range from.all {
		if f.all == nil {
			f.all = map[*member]int64{}
		}
		f.all[o.index[m.name]] += n
	}
}

// ordered returns the members in an order in which most records have them:
// each after those that most often come right before it, otherwise by first
// appearance. It depends on counts alone, so not on the order of merging.
func (o *objectNode) ordered() []*member {
	left := slices.Clone(o.members)
	slices.SortFunc(left, func(a, b *member) int {
		return cmp.Or(cmp.Compare(a.first.line, b.first.line), cmp.Compare(a.first.offset, b.first.offset))
	})
	waits := o.waits()
	out := make([]*member, 0, len(left))
	for len(left) > 0 {
		best := 0
		for i, m := range left {
			if waits[m] < waits[left[best]] {
				best = i
			}
			if waits[m] == 0 {
				break
			}
		}
		m := left[best]
		left = slices.Delete(left, best, best+1)
		out = append(out, m)
		for to, n := range m.next.all {
			if m.leads(to) {
				waits[to] -= n
			}
		}
	}
	return out
}

// waits returns for each member how often another one comes right before it
// that is not yet in the order.
func (o *objectNode) waits() map[*member]int64 {
	waits := make(map[*member]int64, len(o.members))
	for _, m := range o.members {
		m.next.flush()
	}
	for _, m := range o.members {
		for to, n := range m.next.all {
			if m.leads(to) {
				waits[to] += n
			}
		}
	}
	return waits
}

// leads reports that m comes right before o more often than right after it.
func (m *member) leads(o *member) bool {
	there, back := m.next.all[o], o.next.all[m]
	return there > back || there == back && m.first.before(o.first)
}
