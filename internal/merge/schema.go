package merge

import (
	"context"
	"fmt"
	"slices"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/table"
)

// schemas merges the columns of three schemas. Where both sides disagree, a
// provisional choice lets the data merge go on, and the conflict is noted.
type schemas struct {
	side   [3]*column.Schema
	favor  Favor
	fields map[string]column.Field // merged, by id
	// changed reports whether a side changed a cell of a column.
	changed   func(side int, id string) (bool, error)
	conflicts []string // ids, each once
	settled   []string
}

// mergeSchemas makes the schema of the result and records its conflicts.
func (m *merging) mergeSchemas(ctx context.Context) error {
	s := &schemas{side: [3]*column.Schema{m.in.Base.Schema, m.in.Ours.Schema, m.in.Theirs.Schema}, favor: m.o.Favor,
		changed: func(side int, id string) (bool, error) { return m.cellsChanged(ctx, side, id) }}
	var err error
	if m.schema, err = s.merge(); err != nil {
		return err
	}
	m.judging = m.rules()
	j := m.judge()
	slices.Sort(s.conflicts)
	if m.keys[merkle.Ours] != nil {
		j.record(nil, "", Schema, m.keys)
	}
	if m.keySettled {
		j.settled("")
	}
	for _, id := range s.conflicts {
		var c [3]cell
		for i, side := range s.side {
			if k := side.Index(id); k >= 0 {
				c[i] = fieldCell(&side.Fields[k])
			}
		}
		j.record(nil, id, Schema, c)
	}
	for _, id := range s.settled {
		j.settled(id)
	}
	return m.done(ctx, j)
}

// cellsChanged reports whether a side changed a cell of a column that samples
// of the base and of that side have.
func (m *merging) cellsChanged(ctx context.Context, side int, id string) (bool, error) {
	t := m.in.Ours
	if side == merkle.Theirs {
		t = m.in.Theirs
	}
	for d, err := range table.Compare(ctx, m.in.Base, t, []string{id}) {
		if err != nil {
			return false, fmt.Errorf("compare column %s: %w", id, err)
		}
		for i := range d.Changes {
			if d.Changes[i].Op == table.Modified {
				return true, nil
			}
		}
	}
	return false, nil
}

// field returns the column of a side, nil where it has none.
func (s *schemas) field(side int, id string) *column.Field {
	if k := s.side[side].Index(id); k >= 0 {
		return &s.side[side].Fields[k]
	}
	return nil
}

// conflict notes that the sides disagree on a column and returns the one that
// counts for now.
func (s *schemas) conflict(id string) (side int) {
	side = merkle.Ours
	switch s.favor {
	case FavorNone, FavorUnion:
		if !slices.Contains(s.conflicts, id) {
			s.conflicts = append(s.conflicts, id)
		}
		return side
	case FavorTheirs:
		side = merkle.Theirs
	case FavorBase:
		if s.field(merkle.Base, id) != nil {
			side = merkle.Base
		}
	}
	if !slices.Contains(s.settled, id) {
		s.settled = append(s.settled, id)
	}
	return side
}

func (s *schemas) merge() (*column.Schema, error) {
	s.fields = map[string]column.Field{}
	for _, side := range []int{merkle.Ours, merkle.Theirs} {
		for i := range s.side[side].Fields {
			id := s.side[side].Fields[i].ID
			if _, done := s.fields[id]; done {
				continue
			}
			f, err := s.column(id)
			if err != nil {
				return nil, err
			}
			if f != nil {
				s.fields[id] = *f
			}
		}
	}
	out := &column.Schema{Key: s.side[merkle.Ours].Key}
	for _, id := range s.order() {
		out.Fields = append(out.Fields, s.fields[id])
	}
	s.names(out)
	out.DropPolicies()
	return out, out.Validate()
}

// column merges one column that at least one side has, nil where it is dropped.
func (s *schemas) column(id string) (*column.Field, error) {
	b, o, t := s.field(merkle.Base, id), s.field(merkle.Ours, id), s.field(merkle.Theirs, id)
	switch {
	case b == nil && t == nil:
		return o, nil
	case b == nil && o == nil:
		return t, nil
	case o == nil:
		return s.dropped(id, merkle.Theirs)
	case t == nil:
		return s.dropped(id, merkle.Ours)
	}
	f := column.Field{ID: id}
	var base column.Field
	if b != nil {
		base = *b
	}
	f.Name = three(s, id, base.Name, o.Name, t.Name, b)
	f.Merge = three(s, id, base.Merge, o.Merge, t.Merge, b)
	f.Type = s.typeOf(id, b, o, t)
	return &f, nil
}

// three merges a property of a column.
func three(s *schemas, id string, base, ours, theirs string, b *column.Field) string {
	switch {
	case ours == theirs || b != nil && base == theirs:
		return ours
	case b != nil && base == ours:
		return theirs
	}
	return []string{base, ours, theirs}[s.conflict(id)]
}

// typeOf merges the type of a column: the wider of two of which one widens to
// the other, else the one that was changed.
func (s *schemas) typeOf(id string, b, o, t *column.Field) *column.Type {
	up, down := column.Widens(o.Type, t.Type), column.Widens(t.Type, o.Type)
	switch {
	case o.Type.Equal(t.Type):
		return o.Type
	case up && !down:
		return t.Type
	case down && !up:
		return o.Type
	case b != nil && b.Type.Equal(o.Type):
		return t.Type
	case b != nil && b.Type.Equal(t.Type):
		return o.Type
	case up:
		if o.Type.String() > t.Type.String() {
			return o.Type
		}
		return t.Type
	}
	if f := s.field(s.conflict(id), id); f != nil {
		return f.Type
	}
	return o.Type
}

// dropped merges a column of the base that only the given side still has. It
// stays where that side changed it.
func (s *schemas) dropped(id string, left int) (*column.Field, error) {
	b, f := s.field(merkle.Base, id), s.field(left, id)
	changed := b.Name != f.Name || !b.Type.Equal(f.Type)
	if !changed {
		var err error
		if changed, err = s.changed(left, id); err != nil {
			return nil, err
		}
	}
	if !changed {
		return nil, nil
	}
	switch side := s.conflict(id); {
	case s.favor == FavorOurs || s.favor == FavorTheirs:
		return s.field(side, id), nil
	}
	return f, nil
}

// order merges the order of the columns. A side that did not change it follows
// the other one; new columns stand behind their neighbours.
func (s *schemas) order() []string {
	common := s.common()
	known := map[string]bool{}
	for _, id := range common {
		known[id] = true
	}
	only := func(side int) map[string][]string { // columns of one side, by the common one before them
		at, m := "", map[string][]string{}
		for _, f := range s.side[side].Fields {
			if known[f.ID] {
				at = f.ID
			} else if _, ok := s.fields[f.ID]; ok {
				m[at] = append(m[at], f.ID)
			}
		}
		return m
	}
	ours, theirs := only(merkle.Ours), only(merkle.Theirs)
	var out []string
	for _, id := range append([]string{""}, common...) {
		if id != "" {
			out = append(out, id)
		}
		a, b := ours[id], theirs[id]
		if slices.Compare(a, b) > 0 {
			a, b = b, a
		}
		out = append(append(out, a...), b...)
	}
	return out
}

// common returns the columns that both sides have, in merged order.
func (s *schemas) common() []string {
	list := func(side int) (ids []string) {
		for _, f := range s.side[side].Fields {
			if s.field(merkle.Ours, f.ID) != nil && s.field(merkle.Theirs, f.ID) != nil {
				ids = append(ids, f.ID)
			}
		}
		return ids
	}
	o, t, b := list(merkle.Ours), list(merkle.Theirs), list(merkle.Base)
	inBase := func(ids []string) []string {
		return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return s.field(merkle.Base, id) == nil })
	}
	switch {
	case slices.Equal(inBase(o), b) && !slices.Equal(inBase(t), b):
		return t
	case slices.Equal(inBase(t), b) && !slices.Equal(inBase(o), b):
		return o
	case slices.Compare(o, t) > 0:
		return t
	}
	return o
}

// claims returns the names that a merged column may have, whichever way its
// conflicts are resolved.
func (s *schemas) claims(f *column.Field) []string {
	names := []string{f.Name}
	if slices.Contains(s.conflicts, f.ID) {
		for _, side := range []int{merkle.Ours, merkle.Theirs} {
			if g := s.field(side, f.ID); g != nil && !slices.Contains(names, g.Name) {
				names = append(names, g.Name)
			}
		}
	}
	return names
}

// names makes the names of the columns unique. Two that may have one name are
// a conflict; the column that keeps it is that of our side.
func (s *schemas) names(out *column.Schema) {
	claimed, used := map[string]int{}, map[string]int{}
	var claims [][]string
	for i := range out.Fields {
		claims = append(claims, s.claims(&out.Fields[i]))
		used[out.Fields[i].Name]++
		for _, name := range claims[i] {
			claimed[name]++
		}
	}
	for i := range out.Fields {
		f := &out.Fields[i]
		if !slices.ContainsFunc(claims[i], func(name string) bool { return claimed[name] > 1 }) {
			continue
		}
		keeps := s.field(s.conflict(f.ID), f.ID)
		if used[f.Name] > 1 && (keeps == nil || keeps.Name != f.Name) {
			f.Name = free(out, f)
		}
	}
}

// free returns a name for a column that no other one has.
func free(s *column.Schema, f *column.Field) string {
	for n := 1; ; n++ {
		name := f.ID
		if n > 1 {
			name = fmt.Sprintf("%s#%d", f.Name, n)
		}
		if s.ByName(name) < 0 {
			return name
		}
	}
}

// rule is how conflicts of a column are settled and told.
type rule struct {
	column.Policy
	other   int     // position of the column that decides, or -1
	retyped [3]bool // the side has the column under another type
}

func (m *merging) rules() []rule {
	out := make([]rule, len(m.schema.Fields))
	for i := range m.schema.Fields {
		f := &m.schema.Fields[i]
		out[i].other = -1
		for _, side := range sides {
			g := fieldOf(m.table(side).Schema, f.ID)
			out[i].retyped[side] = g != nil && !g.Type.Equal(f.Type)
		}
		p, err := column.ParsePolicy(f.Merge)
		if err != nil {
			continue // Validate has seen it
		}
		out[i].Policy = p
		if p.Column != "" {
			out[i].other = m.schema.Index(p.Column)
		}
	}
	return out
}
