package history_test

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"pgregory.net/rapid"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/history"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

// failer is what testing.TB and rapid.T have in common.
type failer interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

// data is a dataset as a map: rows by key, cells by the id of the column.
type data struct {
	columns []string          // ids, in order
	names   map[string]string // display names
	rows    map[int]map[string]int
}

func (d *data) clone() *data {
	c := &data{columns: slices.Clone(d.columns), names: maps.Clone(d.names), rows: map[int]map[string]int{}}
	for k, r := range d.rows {
		c.rows[k] = maps.Clone(r)
	}
	return c
}

func (d *data) equal(o *data) bool {
	return slices.Equal(d.columns, o.columns) && maps.Equal(d.names, o.names) &&
		maps.EqualFunc(d.rows, o.rows, func(a, b map[string]int) bool { return maps.Equal(a, b) })
}

// version is a commit of the model.
type version struct {
	number   int
	id       object.ID
	parents  []*version
	datasets map[string]*data
}

// model is a history that is kept as maps beside the repository that it is
// written to.
type model struct {
	r        *repo.Repo
	w        store.Writer
	versions []*version
	record   bool // make records as commits do
	pending  []func()
}

// save writes d as a table.
func (m *model) save(t failer, d *data) object.ID {
	t.Helper()
	s := &column.Schema{Key: []string{"id"}, Fields: []column.Field{column.NewField("id", column.Of(column.Int64))}}
	for _, id := range d.columns {
		s.Fields = append(s.Fields, column.Field{ID: id, Name: d.names[id], Type: column.Of(column.Int32)})
	}
	b := column.NewBatch(s, len(d.rows))
	for _, k := range slices.Sorted(maps.Keys(d.rows)) {
		b.Cols[0].AppendInt(int64(k))
		for i, id := range d.columns {
			if v, ok := d.rows[k][id]; ok {
				b.Cols[i+1].AppendInt(int64(v))
			} else {
				b.Cols[i+1].AppendNull()
			}
		}
		b.Len++
	}
	build := table.NewBuilder(context.Background(), m.w, s, 1)
	if err := build.Append(b); err != nil {
		t.Fatal(err)
	}
	root, err := build.Finish()
	if err != nil {
		t.Fatal(err)
	}
	id, err := table.New(m.w, s, root).Save(context.Background(), m.w)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// commit writes a version with these parents.
func (m *model) commit(t failer, datasets map[string]*data, parents ...*version) *version {
	t.Helper()
	v := &version{number: len(m.versions), parents: parents, datasets: datasets}
	tables := map[string]object.ID{}
	for name, d := range datasets {
		tables[name] = m.save(t, d)
	}
	by := repo.Signature{Name: "Ana Lima", Email: "ana@example.com", When: int64(1000 + 60*v.number)}
	c := repo.Commit{Author: by, Committer: by, Message: fmt.Sprintf("version %d\n", v.number)}
	for _, p := range parents {
		c.Parents = append(c.Parents, p.id)
	}
	info, err := m.r.PutCommit(context.Background(), m.w, tables, c)
	if err != nil {
		t.Fatal(err)
	}
	v.id = info.ID
	m.versions = append(m.versions, v)
	m.pending = append(m.pending, func() { m.remember(t, v) })
	return v
}

// publish makes the versions visible and writes their records.
func (m *model) publish(t failer) {
	t.Helper()
	if _, err := m.w.Publish(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, f := range m.pending {
		if m.record {
			f()
		}
	}
	m.pending = nil
}

// remember records what v changes against its first parent.
func (m *model) remember(t failer, v *version) {
	t.Helper()
	ctx := context.Background()
	if len(v.parents) == 0 {
		return
	}
	old, err := m.r.CommitTree(ctx, v.parents[0].id)
	if err != nil {
		t.Fatal(err)
	}
	new, err := m.r.CommitTree(ctx, v.id)
	if err != nil {
		t.Fatal(err)
	}
	rec := &history.Recorder{}
	for _, c := range repo.DiffTrees(old, new) {
		var a, b *table.Table
		for id, to := range map[object.ID]**table.Table{c.Old: &a, c.New: &b} {
			if id.IsZero() {
				continue
			}
			if *to, err = table.Load(ctx, m.r.Objects(), id); err != nil {
				t.Fatal(err)
			}
		}
		rec.Dataset(c.Name, a, b)
		if a == nil || b == nil {
			continue
		}
		for d, err := range table.Compare(ctx, a, b, nil) {
			if err != nil {
				t.Fatal(err)
			}
			rec.Seen(d)
		}
	}
	c, err := m.r.Commit(ctx, v.id)
	if err != nil {
		t.Fatal(err)
	}
	rec.Save(m.r, &repo.CommitInfo{ID: v.id, Commit: c})
}

// grow draws a history of n versions, the last of which reaches many.
func (m *model) grow(t *rapid.T, n int) {
	base := &data{columns: []string{"x", "y"}, names: map[string]string{"x": "x", "y": "y"}, rows: map[int]map[string]int{}}
	for k := range 8 {
		base.rows[k] = map[string]int{"x": 0, "y": 0}
	}
	m.commit(t, map[string]*data{"a": base})
	for len(m.versions) < n {
		last := len(m.versions) - 1
		p := m.versions[rapid.IntRange(max(0, last-3), last).Draw(t, "parent")]
		if q := m.versions[rapid.IntRange(0, last).Draw(t, "other")]; q != p && rapid.IntRange(0, 3).Draw(t, "merge") == 0 {
			m.commit(t, mixed(t, p.datasets, q.datasets), p, q)
			continue
		}
		m.commit(t, edited(t, p.datasets), p)
	}
	m.publish(t)
}

// mixed takes each sample from one of two sides; sometimes all from one.
func mixed(t *rapid.T, a, b map[string]*data) map[string]*data {
	out := map[string]*data{}
	whole := rapid.IntRange(0, 3).Draw(t, "whole side")
	for _, name := range slices.Sorted(maps.Keys(a)) {
		x, y := a[name], b[name]
		if y == nil || whole == 1 {
			out[name] = x
			continue
		}
		if whole == 2 || !slices.Equal(x.columns, y.columns) {
			out[name] = y
			continue
		}
		out[name] = x.clone()
		for _, k := range slices.Sorted(maps.Keys(y.rows)) {
			if rapid.Bool().Draw(t, "theirs") {
				out[name].rows[k] = maps.Clone(y.rows[k])
			}
		}
	}
	return out
}

// edited changes a few things.
func edited(t *rapid.T, was map[string]*data) map[string]*data {
	out := maps.Clone(was)
	for range rapid.IntRange(0, 3).Draw(t, "edits") {
		names := slices.Sorted(maps.Keys(out))
		if len(names) == 0 {
			return out
		}
		name := rapid.SampledFrom(names).Draw(t, "dataset")
		d := out[name].clone()
		out[name] = d
		key := rapid.IntRange(0, 9).Draw(t, "key")
		switch rapid.SampledFrom([]string{"cell", "cell", "cell", "add", "remove", "all", "column", "drop", "rename column", "move", "copy", "delete"}).Draw(t, "edit") {
		case "cell":
			if d.rows[key] != nil && len(d.columns) > 0 {
				d.rows[key][rapid.SampledFrom(d.columns).Draw(t, "column")] = rapid.IntRange(0, 3).Draw(t, "value")
			}
		case "add":
			d.rows[key] = map[string]int{}
		case "remove":
			delete(d.rows, key)
		case "all":
			for k := range d.rows {
				for _, id := range d.columns {
					d.rows[k][id] = 3
				}
			}
		case "column":
			if id := rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "column"); !slices.Contains(d.columns, id) {
				d.columns, d.names[id] = append(d.columns, id), id
				for k := range d.rows {
					if k%2 == 0 {
						d.rows[k][id] = 1
					}
				}
			}
		case "drop":
			if len(d.columns) > 1 {
				id := d.columns[0]
				d.columns = d.columns[1:]
				delete(d.names, id)
				for k := range d.rows {
					delete(d.rows[k], id)
				}
			}
		case "rename column":
			if len(d.columns) > 0 {
				d.names[d.columns[0]] = d.columns[0] + "2"
			}
		case "move":
			to := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "to")
			if out[to] == nil {
				delete(out, name)
				out[to] = d
			}
		case "copy":
			to := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "to")
			if out[to] == nil {
				out[to] = d
			}
		case "delete":
			if len(out) > 1 {
				delete(out, name)
			}
		}
	}
	return out
}

// same reports whether the sample is the same in two versions of a dataset: in
// both or in neither, with equal cells in the columns that both have.
func same(a, b *data, key int) bool {
	var x, y map[string]int
	if a != nil {
		x = a.rows[key]
	}
	if b != nil {
		y = b.rows[key]
	}
	if x == nil || y == nil {
		return x == nil && y == nil
	}
	return !slices.ContainsFunc(a.columns, func(id string) bool {
		u, inX := x[id]
		v, inY := y[id]
		return slices.Contains(b.columns, id) && (inX != inY || u != v)
	})
}

// kept is the definition of a simplified history: the versions that tip leads
// to in which differs says that something differs from every parent.
func kept(tip *version, differs func(v, parent *version) bool) []int {
	var out []int
	seen := map[int]bool{}
	var visit func(v *version)
	visit = func(v *version) {
		if seen[v.number] {
			return
		}
		seen[v.number] = true
		for _, p := range v.parents {
			if !differs(v, p) {
				visit(p)
				return
			}
		}
		if len(v.parents) > 0 || differs(v, nil) {
			out = append(out, v.number)
		}
		for _, p := range v.parents {
			visit(p)
		}
	}
	visit(tip)
	slices.Sort(out)
	return out
}

// blame is the definition: per column, the version.
func blame(tip *version, dataset string, key int) map[string]int {
	d := tip.datasets[dataset]
	if d == nil || d.rows[key] == nil {
		return nil
	}
	out := map[string]int{}
	type at struct {
		number  int
		dataset string
	}
	byNumber := map[int]*version{}
	open := map[at]map[string]bool{{tip.number, dataset}: {"id": true}}
	for _, id := range d.columns {
		open[at{tip.number, dataset}][id] = true
	}
	byNumber[tip.number] = tip
	for len(open) > 0 {
		now := slices.MaxFunc(slices.Collect(maps.Keys(open)), func(a, b at) int { return a.number - b.number })
		columns, v := open[now], byNumber[now.number]
		delete(open, now)
		pass := func(p *version, name string, ids []string) {
			byNumber[p.number] = p
			to := at{p.number, name}
			if open[to] == nil {
				open[to] = map[string]bool{}
			}
			for _, id := range ids {
				open[to][id] = true
				delete(columns, id)
			}
		}
		var has [][]string
		var names []string
		for _, p := range v.parents {
			name := now.dataset
			if p.datasets[name] == nil {
				for _, from := range slices.Sorted(maps.Keys(p.datasets)) {
					if v.datasets[from] == nil && p.datasets[from].equal(v.datasets[name]) {
						name = from
						break
					}
				}
			}
			var ids []string
			for id := range columns {
				if keeps(v.datasets[now.dataset], p.datasets[name], key, id) {
					ids = append(ids, id)
				}
			}
			has, names = append(has, ids), append(names, name)
		}
		if i := slices.IndexFunc(has, func(ids []string) bool { return len(ids) == len(columns) }); i >= 0 {
			pass(v.parents[i], names[i], has[i])
			continue
		}
		for i, ids := range has {
			ids = slices.DeleteFunc(ids, func(id string) bool { return !columns[id] })
			if len(ids) > 0 {
				pass(v.parents[i], names[i], ids)
			}
		}
		for id := range columns {
			out[id] = v.number
		}
	}
	return out
}

// keeps reports whether the parent's version of a dataset has the same cell.
func keeps(d, was *data, key int, id string) bool {
	if was == nil || was.rows[key] == nil {
		return false
	}
	if id == "id" {
		return true
	}
	u, inX := d.rows[key][id]
	v, inY := was.rows[key][id]
	return slices.Contains(was.columns, id) && inX == inY && u == v
}
