package strata

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format/formats"
	"github.com/strata-data/strata/internal/merge"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/source"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
	"github.com/strata-data/strata/internal/worktree"
)

// threeWay is one merge of states of the index: what two sides made of base is
// brought together. merge, cherry-pick, revert and stash pop all are one, with
// different bases.
type threeWay struct {
	base, ours, theirs map[string]object.ID // dataset -> table
	oursTime           int64                // of the commits, seconds; for the policy latest
	theirsTime         int64
	favor              merge.Favor
	// virtual says that the result is the base of another merge: conflicts take
	// the base's value, and no files are thought of.
	virtual bool
	// render writes the working files of merged datasets along with them, so that
	// a checkout need not do it again.
	render bool
}

// merged is what a threeWay makes.
type merged struct {
	next      map[string]object.ID
	datasets  []MergedDataset     // that both sides had changed, in order of name
	conflicts []repo.StateDataset // datasets with conflicts, in order of name
	counts    []ConflictCount     // of the same
	ready     map[string]worktree.Ready
}

// MergedDataset is a dataset that both sides of a merge had changed.
type MergedDataset struct {
	Name string `json:"name"`
	// Settled counts cells that a column's policy or -X decided, Conflicts those
	// that nobody has; "" stands for whole samples.
	Settled   []CellCount `json:"settled"`
	Conflicts []CellCount `json:"conflicts"`
}

// threeWay merges datasets. Those that only one side changed are taken by id,
// unread; only those that both changed are opened. A renamed dataset is one that
// went and one that came. Everything new goes to w, in which ours and the others
// are found too.
func (r *Repo) threeWay(ctx context.Context, w store.Writer, in *threeWay) (_ *merged, err error) {
	out := &merged{next: clone(in.ours), ready: map[string]worktree.Ready{}}
	defer func() {
		if err != nil {
			removeReady(out.ready)
		}
	}()
	for _, name := range differing(in.base, in.theirs) {
		base, ours, theirs := in.base[name], in.ours[name], in.theirs[name]
		switch {
		case ours == theirs:
		case ours == base:
			setTable(out.next, name, theirs)
		default:
			d := &datasetMerge{r: r, w: w, in: in, out: out, name: name, ids: [3]object.ID{base, ours, theirs}}
			if err := d.run(ctx); err != nil {
				return nil, fmt.Errorf("merge %s: %w", name, err)
			}
		}
	}
	if in.virtual {
		return out, nil
	}
	return out, checkPaths(ctx, w, in.ours, out.next)
}

func clone(m map[string]object.ID) map[string]object.ID {
	if m == nil {
		return map[string]object.ID{}
	}
	return maps.Clone(m)
}

func setTable(m map[string]object.ID, name string, id object.ID) {
	if id.IsZero() {
		delete(m, name)
	} else {
		m[name] = id
	}
}

// datasetMerge is the merge of a dataset that both sides changed.
type datasetMerge struct {
	r    *Repo
	w    store.Writer
	in   *threeWay
	out  *merged
	name string
	ids  [3]object.ID    // base, ours, theirs
	t    [3]*table.Table // nil where it is not there
}

func (d *datasetMerge) run(ctx context.Context) (err error) {
	for i, id := range d.ids {
		if d.t[i], err = loadFrom(ctx, d.w, id); err != nil {
			return err
		}
	}
	o := merge.Options{Favor: d.in.favor, OursTime: d.in.oursTime, TheirsTime: d.in.theirsTime, Rows: worktree.IsSystem(d.name), Temp: worktree.Temp(d.r.r)}
	if d.in.virtual {
		o.Favor = merge.FavorBase
	}
	res, err := merge.Tables(ctx, d.w, merge.Input{Base: d.t[0], Ours: d.t[1], Theirs: d.t[2]}, o)
	if err != nil {
		return err
	}
	id, err := d.tableOf(ctx, res)
	if err != nil {
		return err
	}
	setTable(d.out.next, d.name, id)
	return d.note(ctx, res)
}

// tableOf returns the table of a result: that of a side, or a new one with
// sources like those of both.
func (d *datasetMerge) tableOf(ctx context.Context, res *merge.Result) (object.ID, error) {
	switch {
	case res.Deleted:
		return object.ID{}, nil
	case res.Take == merge.SideBase:
		return d.ids[0], nil
	case res.Take == merge.SideOurs:
		return d.ids[1], nil
	case res.Take == merge.SideTheirs:
		return d.ids[2], nil
	}
	t := res.Table
	if !d.in.virtual && !worktree.IsSystem(d.name) {
		var err error
		if t, err = d.r.withSources(ctx, d.w, t, d.t[0], d.t[1:], chosen(t.Schema, d.in.favor), d.rendered()); err != nil {
			return object.ID{}, err
		}
	}
	return t.Save(ctx, d.w)
}

// rendered takes the files that are written along with a table, nil for none.
func (d *datasetMerge) rendered() map[string]worktree.Ready {
	if !d.in.render || d.r.r.Layout().Bare() {
		return nil
	}
	return d.out.ready
}

// withSources gives merged rows the source files that the sides had, the first
// counting most (see alike). chosen says that each value is that of
// a side. Files are rendered into ready, if it is not nil.
func (r *Repo) withSources(ctx context.Context, w store.Writer, t, base *table.Table, sides []*table.Table, chosen bool, ready map[string]worktree.Ready) (*table.Table, error) {
	o := source.RewriteOptions{Formats: formats.ByName, Base: base, Chosen: chosen, Mem: r.r.Mem(), Temp: worktree.Temp(r.r)}
	if ready != nil {
		o.Out = func(path string, executable bool) (io.WriteCloser, error) {
			f, err := worktree.TempFile(r.r, executable)
			if err == nil {
				ready[path] = worktree.Ready{Name: f.Name()}
			}
			return f, err
		}
	}
	like, all, err := alike(ctx, w, base, sides)
	if err != nil {
		return nil, err
	}
	o.Chosen = o.Chosen && all
	out, err := source.Rewrite(ctx, w, t, like, o)
	if err != nil || ready == nil {
		return out, err
	}
	for _, id := range out.Sources {
		s, err := source.Load(ctx, w, id)
		if err != nil {
			return nil, err
		}
		if f, ok := ready[s.Path]; ok {
			f.Content = s.HashID()
			ready[s.Path] = f
		}
	}
	return out, nil
}

// chosen reports whether merging only chooses between values: no column has a
// policy, which might make new ones, and lists are not united.
func chosen(s *column.Schema, favor merge.Favor) bool {
	return favor != merge.FavorUnion && !slices.ContainsFunc(s.Fields, func(f column.Field) bool { return f.Merge != "" })
}

// removeReady deletes files that were rendered and not put to their places.
func removeReady(ready map[string]worktree.Ready) {
	for _, f := range ready {
		_ = os.Remove(f.Name) // the next writer removes what stays
	}
}

// note keeps what is known of the merge of a dataset.
func (d *datasetMerge) note(ctx context.Context, res *merge.Result) error {
	d.out.datasets = append(d.out.datasets, MergedDataset{Name: d.name, Settled: cellCounts(res.Stats.Settled), Conflicts: cellCounts(res.Stats.Conflicts)})
	if res.Conflicts == nil {
		return nil
	}
	id, err := res.Conflicts.Save(ctx, d.w)
	if err != nil {
		return err
	}
	d.out.conflicts = append(d.out.conflicts, repo.StateDataset{Name: d.name, Base: d.ids[0], Ours: d.ids[1], Theirs: d.ids[2],
		Conflicts: id, Total: res.Conflicts.Rows()})
	n, err := countMerged(ctx, d.name, res)
	d.out.counts = append(d.out.counts, n)
	return err
}

// countMerged counts conflicts by what the merge has counted already. Those that
// are not about samples come first in the table and are looked at.
func countMerged(ctx context.Context, name string, res *merge.Result) (ConflictCount, error) {
	n := ConflictCount{Dataset: name, Columns: []CellCount{}}
	named, other := map[string]string{}, map[string]int64{}
	for _, c := range res.Stats.Conflicts {
		named[c.Column] = c.Name
	}
	for c, err := range merge.Conflicts(ctx, res.Conflicts) {
		if err != nil {
			return n, err
		}
		if len(c.Key) > 0 {
			break
		}
		n.add(c, named[c.Column], map[string]int64{})
		other[c.Column]++
	}
	for _, c := range res.Stats.Conflicts {
		if cells := c.Cells - other[c.Column]; cells > 0 {
			n.Columns = append(n.Columns, CellCount{Name: c.Name, Changed: cells})
		}
	}
	n.Conflicts = res.Conflicts.Rows()
	return n, nil
}

func cellCounts(counts []merge.Count) []CellCount {
	out := []CellCount{}
	for _, c := range counts {
		out = append(out, CellCount{Name: c.Name, Changed: c.Cells})
	}
	return out
}

// conflicted returns the datasets with conflicts. Their working files have to be
// as the index has them even where the merge changes nothing in them, since taking
// it back writes them.
func (m *merged) conflicted() []string {
	var names []string
	for _, d := range m.conflicts {
		names = append(names, d.Name)
	}
	return names
}

// conflictError is a *ConflictError if there are conflicts, else nil.
func (m *merged) conflictError(doing, kind string) *ConflictError {
	if len(m.counts) == 0 {
		return nil
	}
	return &ConflictError{Doing: doing, Kind: kind, Datasets: m.counts}
}

// and adds a merge that came after m, which may be nil.
func (m *merged) and(next *merged) *merged {
	if m == nil {
		return next
	}
	removeReady(m.ready) // of a state that is past
	next.datasets = append(m.datasets, next.datasets...)
	next.conflicts, next.counts = append(m.conflicts, next.conflicts...), append(m.counts, next.counts...)
	return next
}

// PathClaimError is returned where a merge would leave one file to two datasets.
type PathClaimError struct {
	Path     string
	Datasets [2]string
}

func (e *PathClaimError) Error() string {
	return fmt.Sprintf("%s would belong to both %s and %s", e.Path, e.Datasets[0], e.Datasets[1])
}

// checkPaths refuses a state in which two datasets come from one file. Only
// datasets that are not as in before can bring that about.
func checkPaths(ctx context.Context, rd store.Reader, before, next map[string]object.ID) error {
	if len(differing(before, next)) == 0 {
		return nil
	}
	owner := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(next)) {
		if worktree.IsSystem(name) {
			continue
		}
		t, err := table.Load(ctx, rd, next[name])
		if err != nil {
			return err
		}
		for _, id := range t.Sources {
			s, err := source.Load(ctx, rd, id)
			if err != nil {
				return err
			}
			if other, taken := owner[s.Path]; taken {
				return &PathClaimError{Path: s.Path, Datasets: [2]string{other, name}}
			}
			owner[s.Path] = name
		}
	}
	return nil
}
