package jsonl

import "github.com/strata-data/strata/internal/column"

// timeCounts gathers what the strings of a column have in common if all of
// them are dates or timestamps. Counts of two parts of a file add up; they
// mean nothing once none is set.
type timeCounts struct {
	none   bool // some string is neither
	n      int64
	dates  int64 // the others are timestamps
	sepT   int64
	local  int64     // without a zone
	fracs  [11]int64 // by digits; the last counts those without seconds
	auto   int64
	trim   int64
	fine   bool // some value has more than six digits
	wide   bool // some value is out of range for nanoseconds
	zulus  int64
	offset map[string]int64
}

func (c *timeCounts) add(s []byte) {
	if len(s) < 10 || s[4] != '-' || s[0] > '9' {
		c.none = true
		return
	}
	t, ok := parseInstant(s)
	if !ok {
		c.none = true
		return
	}
	c.n++
	if t.sep == 0 {
		c.dates++
		return
	}
	if t.sep == 'T' {
		c.sepT++
	}
	c.countFraction(&t)
	if _, ok := t.ticks(column.Nano); !ok {
		c.wide = true
	}
	switch t.zone {
	case "":
		c.local++
	case "Z":
		c.zulus++
	default:
		if c.offset == nil {
			c.offset = map[string]int64{}
		}
		c.offset[t.zone]++
	}
}

func (c *timeCounts) countFraction(t *instant) {
	if t.digits == digitsNone {
		c.fracs[10]++
		return
	}
	c.fracs[t.digits]++
	c.fine = c.fine || t.digits > 6
	if t.digits == 0 || t.digits == 6 && t.nanos != 0 {
		c.auto++
	}
	if !t.zeroEnd {
		c.trim++
	}
}

func (c *timeCounts) merge(o *timeCounts) {
	if c.none = c.none || o.none; c.none {
		return
	}
	c.n += o.n
	c.dates += o.dates
	c.sepT += o.sepT
	c.local += o.local
	for i := range c.fracs {
		c.fracs[i] += o.fracs[i]
	}
	c.auto += o.auto
	c.trim += o.trim
	c.fine = c.fine || o.fine
	c.wide = c.wide || o.wide
	c.zulus += o.zulus
	for z, n := range o.offset {
		if c.offset == nil {
			c.offset = map[string]int64{}
		}
		c.offset[z] += n
	}
}

// oddShare is the share of records, one in oddShare, that timestamps may make
// odd by how they are written before the column becomes one of strings.
const oddShare = 100

// result returns the type of the column in a file of so many records, or nil
// if it is neither of dates nor of timestamps. Timestamps are of microseconds
// unless some have more digits. The type is that of the same text in CSV.
func (c *timeCounts) result(records int64) *column.Type {
	style, odd := c.style()
	switch {
	case c.none || c.n == 0:
		return nil
	case c.dates == c.n:
		return column.Of(column.Date)
	case c.dates > 0, c.local > 0 && c.local < c.n, odd > 0 && odd*oddShare >= records, c.fine && c.wide:
		return nil
	}
	u := column.Micro
	if c.fine {
		u = column.Nano
	}
	zone := style.Zone
	if zone == "Z" || zone == "+00:00" {
		zone = "UTC"
	}
	return column.TimestampOf(u, zone)
}

// style returns how most timestamps are written and how many, or more, are
// written otherwise.
func (c *timeCounts) style() (s timeStyle, odd int64) {
	s.Sep, odd = ' ', c.sepT
	if stamps := c.n - c.dates; c.sepT > stamps-c.sepT {
		s.Sep, odd = 'T', stamps-c.sepT
	}
	best := int64(0)
	for i, n := range c.fracs {
		if n > best {
			best, s.Digits = n, int8(i)
		}
	}
	if s.Digits == 10 {
		s.Digits = digitsNone
	}
	if c.auto > best {
		best, s.Digits = c.auto, digitsAuto
	}
	if c.trim > best {
		best, s.Digits = c.trim, digitsTrim
	}
	odd += c.n - c.dates - best
	if c.local > 0 || c.n == c.dates {
		return s, odd
	}
	s.Zone, best = "Z", c.zulus
	var east int64
	for z, n := range c.offset {
		var t instant
		t.setZone([]byte(z))
		if n > best || n == best && s.Zone != "Z" && t.offset < east {
			best, s.Zone, east = n, z, t.offset
		}
	}
	return s, odd + c.n - c.dates - best
}
