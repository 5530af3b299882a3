package diff

import (
	"bytes"
	"encoding/json"
	"slices"
	"unicode/utf8"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/stat"
)

// Column is what changed in one column, over the cells that differ.
type Column struct {
	Name    string      `json:"name"`
	Type    string      `json:"type"`
	Changed int64       `json:"changed"`
	Nulls   Pair[int64] `json:"nulls"` // of the changed cells
	// Transitions are the most frequent pairs of values, at most
	// MaxTransitions, where they say something: not of floats, nor where
	// nearly every pair is another one.
	Transitions []Transition `json:"transitions,omitempty"`
	// OtherTransitions counts the pairs that Transitions leaves out.
	OtherTransitions int64 `json:"other_transitions,omitempty"`
	// MeanOfChanged is the mean of the changed cells of a numeric column
	// without Transitions, nulls and NaNs left out; nil where a side has none.
	MeanOfChanged *Pair[float64] `json:"mean_of_changed,omitempty"`
}

// Transition is how often one value became another one.
type Transition struct {
	Old json.RawMessage `json:"old"` // as column.AppendJSON writes it
	New json.RawMessage `json:"new"`
	N   int64           `json:"n"`
}

// Bounds of what is kept about transitions.
const (
	MaxTransitions = 100  // in a Column
	maxPairs       = 4096 // that are counted
	maxValue       = 64   // characters of a value in a pair
	fewPairs       = 20   // so many are always shown
)

// counter gathers a Column.
type counter struct {
	c        Column
	numeric  bool
	pairs    map[string]*Transition // nil once pairs say nothing
	key      []byte
	old, new stat.Moments
}

func newCounter(f *column.Field) *counter {
	c := &counter{c: Column{Name: f.Name, Type: f.Type.String()}, numeric: f.Type.Kind.IsNumeric() || f.Type.Kind == column.Decimal}
	if !f.Type.Kind.IsFloat() && f.Type.Kind != column.Decimal && !f.Type.Kind.IsNested() {
		c.pairs = map[string]*Transition{}
	}
	return c
}

// add takes in one changed cell.
func (c *counter) add(old, new column.Value) {
	c.c.Changed++
	if old.IsNull() {
		c.c.Nulls.From++
	}
	if new.IsNull() {
		c.c.Nulls.To++
	}
	if c.numeric {
		if x, ok := old.Float(); ok {
			c.old.AddOne(x)
		}
		if x, ok := new.Float(); ok {
			c.new.AddOne(x)
		}
	}
	if c.pairs != nil {
		c.pair(old, new)
	}
}

func (c *counter) pair(old, new column.Value) {
	c.key = old.AppendJSON(c.key[:0])
	cut := len(c.key)
	c.key = append(c.key, 0)
	c.key = new.AppendJSON(c.key)
	if t, ok := c.pairs[string(c.key)]; ok {
		t.N++
		return
	}
	if len(c.pairs) == maxPairs || utf8.RuneCount(c.key[:cut]) > maxValue || utf8.RuneCount(c.key[cut+1:]) > maxValue {
		c.pairs = nil
		return
	}
	both := bytes.Clone(c.key)
	c.pairs[string(c.key)] = &Transition{Old: both[:cut:cut], New: both[cut+1:], N: 1}
}

// column returns what was gathered.
func (c *counter) column() Column {
	n := int64(len(c.pairs))
	if c.pairs != nil && (n <= fewPairs && (!c.numeric || n < c.c.Changed) || 4*n <= c.c.Changed) {
		for _, t := range c.pairs {
			c.c.Transitions = append(c.c.Transitions, *t)
		}
		slices.SortFunc(c.c.Transitions, byFrequency)
		if n > MaxTransitions {
			c.c.Transitions = slices.Clone(c.c.Transitions[:MaxTransitions])
			c.c.OtherTransitions = n - MaxTransitions
		}
		return c.c
	}
	if !c.numeric {
		return c.c
	}
	from, why := c.old.Mean()
	to, also := c.new.Mean()
	if why == stat.ReasonNone && also == stat.ReasonNone {
		c.c.MeanOfChanged = &Pair[float64]{from, to}
	}
	return c.c
}

// byFrequency orders the most frequent first, then by the values' JSON.
func byFrequency(a, b Transition) int {
	switch {
	case a.N != b.N:
		if a.N > b.N {
			return -1
		}
		return 1
	case !bytes.Equal(a.Old, b.Old):
		return bytes.Compare(a.Old, b.Old)
	}
	return bytes.Compare(a.New, b.New)
}
