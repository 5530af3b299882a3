package reliability

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// tree is what a commit, the index or the working directory holds: the bytes
// of each file by path. Files that end in .csv are datasets keyed by id, in key
// order; what is written here is canonical, so bytes and samples say the same.
type tree map[string]string

func (t tree) clone() tree {
	if t == nil {
		return tree{}
	}
	return maps.Clone(t)
}

func (t tree) paths() []string { return slices.Sorted(maps.Keys(t)) }

func isDataset(path string) bool { return strings.HasSuffix(path, ".csv") }

// sheet is a dataset: its columns, the first being id, and its samples by id.
type sheet struct {
	columns []string
	rows    map[int][]string // without the id, as columns[1:]
}

// parseSheet reads what text writes.
func parseSheet(s string) (sheet, error) {
	lines := strings.Split(strings.TrimSuffix(s, "\n"), "\n")
	out := sheet{columns: strings.Split(lines[0], ","), rows: map[int][]string{}}
	for _, l := range lines[1:] {
		cells := strings.Split(l, ",")
		id, err := strconv.Atoi(cells[0])
		if err != nil || len(cells) != len(out.columns) {
			return out, fmt.Errorf("line %q of %d columns", l, len(out.columns))
		}
		if _, twice := out.rows[id]; twice {
			return out, fmt.Errorf("id %d twice", id)
		}
		out.rows[id] = cells[1:]
	}
	return out, nil
}

func mustSheet(s string) sheet {
	out, err := parseSheet(s)
	if err != nil {
		panic(err)
	}
	return out
}

func (s sheet) ids() []int { return slices.Sorted(maps.Keys(s.rows)) }

// text writes the sheet as a file, in key order.
func (s sheet) text() string {
	var b strings.Builder
	b.WriteString(strings.Join(s.columns, ",") + "\n")
	for _, id := range s.ids() {
		b.WriteString(strconv.Itoa(id) + "," + strings.Join(s.rows[id], ",") + "\n")
	}
	return b.String()
}

// cell returns a value, "" where there is no such column or sample.
func (s sheet) cell(id int, column string) string {
	row, ok := s.rows[id]
	at := slices.Index(s.columns, column)
	if !ok || at < 1 {
		return ""
	}
	return row[at-1]
}

// sameData reports whether two files say the same: datasets may have their
// columns in another order.
func sameData(path, a, b string) bool {
	if a == b || !isDataset(path) {
		return a == b
	}
	x, err1 := parseSheet(a)
	y, err2 := parseSheet(b)
	if err1 != nil || err2 != nil || len(x.columns) != len(y.columns) || len(x.rows) != len(y.rows) {
		return false
	}
	for id := range x.rows {
		if _, ok := y.rows[id]; !ok {
			return false
		}
		for _, c := range x.columns {
			if !slices.Contains(y.columns, c) || x.cell(id, c) != y.cell(id, c) {
				return false
			}
		}
	}
	return true
}

// sameTree reports in words where two trees differ, "" where they do not.
func sameTree(got, want tree) string {
	for _, p := range want.paths() {
		g, ok := got[p]
		switch {
		case !ok:
			return p + " is missing"
		case !sameData(p, g, want[p]):
			return fmt.Sprintf("%s is not as it must be: %s", p, difference(p, g, want[p]))
		}
	}
	for _, p := range got.paths() {
		if _, ok := want[p]; !ok {
			return p + " is there, and should not be"
		}
	}
	return ""
}

// difference describes the first difference of two files.
func difference(path, got, want string) string {
	x, err1 := parseSheet(got)
	y, err2 := parseSheet(want)
	if !isDataset(path) || err1 != nil || err2 != nil {
		return fmt.Sprintf("%q, want %q", brief(got), brief(want))
	}
	if !slices.Equal(slices.Sorted(slices.Values(x.columns)), slices.Sorted(slices.Values(y.columns))) {
		return fmt.Sprintf("columns %v, want %v", x.columns, y.columns)
	}
	for _, id := range append(x.ids(), y.ids()...) {
		_, inX := x.rows[id]
		_, inY := y.rows[id]
		if inX != inY {
			return fmt.Sprintf("sample %d is there: %t, want %t", id, inX, inY)
		}
		for _, c := range x.columns {
			if x.cell(id, c) != y.cell(id, c) {
				return fmt.Sprintf("%s of sample %d is %q, want %q", c, id, x.cell(id, c), y.cell(id, c))
			}
		}
	}
	return "the bytes"
}

func brief(s string) string {
	if len(s) > 600 {
		return s[:600] + "..."
	}
	return s
}

// merging says what became of a three-way merge of trees.
type merging struct {
	tree      tree
	conflicts bool
	unknown   bool // the model does not say what becomes of it
}

// mergeTrees merges what ours and theirs made of base. favor ("ours" or
// "theirs", or "") settles conflicts of cells.
func mergeTrees(base, ours, theirs tree, favor string) merging {
	m := merging{tree: tree{}}
	all := base.clone()
	maps.Copy(all, ours)
	maps.Copy(all, theirs)
	for _, p := range all.paths() {
		b, inB := base[p]
		o, inO := ours[p]
		t, inT := theirs[p]
		switch {
		case inO == inT && o == t, inB == inT && b == t:
			if inO {
				m.tree[p] = o
			}
		case inB == inO && b == o:
			if inT {
				m.tree[p] = t
			}
		case isDataset(p) && inO && inT:
			merged, clash, unknown := mergeSheets(b, o, t, favor)
			m.tree[p] = merged
			m.conflicts, m.unknown = m.conflicts || clash, m.unknown || unknown
		default: // a plain file that both changed, or a file that one removed
			m.conflicts = m.conflicts || favor == ""
			m.unknown = true
			if inO {
				m.tree[p] = o
			}
		}
	}
	return m
}

// mergeSheets merges two versions of a dataset cell by cell. What becomes of a
// column that one side dropped and the other changed is left open.
func mergeSheets(base, ours, theirs, favor string) (text string, clash, unknown bool) {
	b, o, t := sheet{rows: map[int][]string{}}, mustSheet(ours), mustSheet(theirs)
	if base != "" {
		b = mustSheet(base)
	}
	out := sheet{columns: []string{"id"}, rows: map[int][]string{}}
	for _, c := range append(slices.Clone(o.columns[1:]), t.columns[1:]...) {
		inB, inO, inT := slices.Contains(b.columns, c), slices.Contains(o.columns, c), slices.Contains(t.columns, c)
		switch holder := o; {
		case slices.Contains(out.columns, c):
		case inO && inT || !inB:
			out.columns = append(out.columns, c)
		default: // one side dropped it
			if inT {
				holder = t
			}
			for id := range holder.rows {
				if holder.cell(id, c) != b.cell(id, c) {
					unknown, clash = true, favor == ""
				}
			}
		}
	}
	ids := map[int]bool{}
	for _, s := range []sheet{b, o, t} {
		for id := range s.rows {
			ids[id] = true
		}
	}
	for id := range ids {
		_, inB := b.rows[id]
		_, inO := o.rows[id]
		_, inT := t.rows[id]
		row := make([]string, len(out.columns)-1)
		if inB && inO != inT { // one side removed it
			left := o
			if !inO {
				left = t
			}
			same := true
			for _, c := range b.columns[1:] { // another column is no change of the sample
				same = same && (!slices.Contains(left.columns, c) || left.cell(id, c) == b.cell(id, c))
			}
			switch {
			case same:
				continue
			case favor == "ours" && !inO, favor == "theirs" && !inT:
				continue
			case favor == "":
				clash = true // and it stays as the one side has it
			}
			for k, c := range out.columns[1:] {
				row[k] = left.cell(id, c)
			}
			out.rows[id] = row
			continue
		}
		if inB && !inO {
			continue // both removed it
		}
		if inO != inT { // one side added it
			s := o
			if inT {
				s = t
			}
			for k, c := range out.columns[1:] {
				row[k] = s.cell(id, c)
			}
			out.rows[id] = row
			continue
		}
		for k, c := range out.columns[1:] {
			x, y, was := o.cell(id, c), t.cell(id, c), b.cell(id, c)
			switch {
			case x == y, y == was && (inB || !slices.Contains(t.columns, c)):
				row[k] = x
			case x == was && (inB || !slices.Contains(o.columns, c)):
				row[k] = y
			default:
				clash = clash || favor == ""
				if row[k] = x; favor == "theirs" {
					row[k] = y
				}
			}
		}
		out.rows[id] = row
	}
	return out.text(), clash, unknown
}
