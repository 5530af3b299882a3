package repo

import "github.com/strata-data/strata/internal/object"

// TreeChange is one dataset that differs between two trees. A zero id means
// that the dataset is absent on that side.
type TreeChange struct {
	Name     string
	Old, New object.ID
}

// Letter returns A, D or M: added, deleted or modified.
func (c TreeChange) Letter() byte {
	switch {
	case c.Old.IsZero():
		return 'A'
	case c.New.IsZero():
		return 'D'
	}
	return 'M'
}

// DiffTrees returns the datasets whose tables differ between old and new, in
// order of name. Only ids are compared.
func DiffTrees(old, new *Tree) []TreeChange {
	var out []TreeChange
	a, b := old.Entries, new.Entries
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || (len(a) > 0 && a[0].Name < b[0].Name):
			out = append(out, TreeChange{Name: a[0].Name, Old: a[0].Table})
			a = a[1:]
		case len(a) == 0 || b[0].Name < a[0].Name:
			out = append(out, TreeChange{Name: b[0].Name, New: b[0].Table})
			b = b[1:]
		default:
			if a[0].Table != b[0].Table {
				out = append(out, TreeChange{Name: a[0].Name, Old: a[0].Table, New: b[0].Table})
			}
			a, b = a[1:], b[1:]
		}
	}
	return out
}
