package strata

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merge"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
	"github.com/strata-data/strata/internal/worktree"
)

// ResolveOptions of Repo.ResolveConflicts.
type ResolveOptions struct {
	Addresses []string // DATASET or DATASET/KEY, keys with * and ?; none is everything
	Columns   []string // only conflicts of these columns
	// Side is what settles conflicts: ours, theirs or base; "" where Set, Null or
	// From says it all.
	Side string
	// Set gives values by name of column: to cells of that column, and to columns
	// of samples that are in conflict as a whole.
	Set  map[string]string
	Null []string // columns whose value becomes null, likewise
	// From is a file of rows with the values, Dir where its path begins.
	From   string
	Dir    string
	Type   string // format of From; "" goes by its extension
	DryRun bool
}

// ResolveResult is strata.resolve/1.
type ResolveResult struct {
	Schema   string            `json:"schema"`
	DryRun   bool              `json:"dry_run"`
	Kind     string            `json:"kind"` // what had stopped: merge, cherry-pick, revert, stash
	Datasets []ResolvedDataset `json:"datasets"`
	Settled  int64             `json:"settled"`
	Left     int64             `json:"left"` // conflicts of all datasets that nobody has settled
	// Unused counts rows of From that settle nothing.
	Unused  int64 `json:"unused"`
	Files   int64 `json:"files"`
	Deleted int64 `json:"deleted"`
}

// ResolvedDataset says what was settled of a dataset.
type ResolvedDataset struct {
	Dataset string      `json:"dataset"`
	Settled int64       `json:"settled"`
	Columns []CellCount `json:"columns"`         // "" stands for whole samples
	Whole   bool        `json:"whole,omitempty"` // it was about the dataset itself
	Left    int64       `json:"left"`
}

// ValueError is a value that a column cannot hold.
type ValueError struct {
	Column, Value string
	Type          string
	Reason        string
}

func (e *ValueError) Error() string {
	return fmt.Sprintf("%q is not a value of column %s, which is %s: %s", e.Value, e.Column, e.Type, e.Reason)
}

// ResolveConflicts settles conflicts of the work that has stopped, in the index and in the
// working files. Values that a column cannot hold are a *ValueError, working files
// with changes that are not staged a *worktree.OverwriteError, and nothing has
// changed. Its cost is that of writing the files of the datasets concerned.
func (r *Repo) ResolveConflicts(ctx context.Context, o ResolveOptions) (*ResolveResult, error) {
	unlock, err := r.r.Lock(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unlock() }()
	v := &resolving{r: r, o: &o}
	if v.state, err = r.unfinished(ctx); err != nil {
		return nil, err
	}
	if v.side, err = sideOfName(o.Side); err != nil {
		return nil, err
	}
	if v.at, err = r.stand(ctx); err != nil {
		return nil, err
	}
	if v.w, err = r.r.Objects().NewWriter(ctx); err != nil {
		return nil, err
	}
	defer func() { _ = v.w.Discard() }()
	defer func() { removeReady(v.ready) }()
	return v.run(ctx)
}

// RekeyedError is returned for conflicts of a dataset that was staged with other
// key columns since, so that its samples are not those of the conflicts.
type RekeyedError struct{ Dataset string }

func (e *RekeyedError) Error() string {
	return e.Dataset + " has other key columns now than when it was merged, so its conflicts cannot be told"
}

// isWhole reports whether the conflict is about the dataset itself.
func (u *unmerged) isWhole(ctx context.Context) bool {
	for c, err := range merge.Conflicts(ctx, u.Unmerged.Conflicts) {
		return err == nil && c.IsDataset()
	}
	return false
}

func sideOfName(s string) (merge.Side, error) {
	switch s {
	case "":
		return merge.SideNone, nil
	case "ours":
		return merge.SideOurs, nil
	case "theirs":
		return merge.SideTheirs, nil
	case "base":
		return merge.SideBase, nil
	}
	return merge.SideNone, &OptionError{Option: "a side", Value: s, Allowed: []string{"ours", "theirs", "base"}}
}

// resolving is the state of one Resolve.
type resolving struct {
	r     *Repo
	o     *ResolveOptions
	state *repo.State
	side  merge.Side
	at    *standing
	w     store.Writer
	next  map[string]object.ID
	ready map[string]worktree.Ready
	files []*resolutions
	res   *ResolveResult
}

func (v *resolving) run(ctx context.Context) (*ResolveResult, error) {
	v.res = &ResolveResult{Schema: "strata.resolve/1", DryRun: v.o.DryRun, Kind: v.state.Kind, Datasets: []ResolvedDataset{}}
	v.next, v.ready = clone(v.at.ix.Datasets), map[string]worktree.Ready{}
	targets, err := conflictTargets(v.state, v.o.Addresses)
	if err != nil {
		return nil, err
	}
	state := *v.state
	state.Datasets = slices.Clone(state.Datasets)
	for i := range state.Datasets {
		d := &state.Datasets[i]
		at := slices.IndexFunc(targets, func(t target) bool { return t.dataset == d.Name })
		if at >= 0 && !d.Conflicts.IsZero() {
			if err := v.dataset(ctx, d, targets[at]); err != nil {
				return nil, err
			}
		}
		left, err := loadFrom(ctx, v.w, d.Conflicts)
		if err != nil {
			return nil, err
		}
		if left != nil {
			v.res.Left += left.Rows()
		}
	}
	for _, f := range v.files {
		v.res.Unused += f.unused()
	}
	if v.o.DryRun || v.res.Settled == 0 {
		return v.res, nil
	}
	l := &landing{next: v.next, state: &state, ready: v.ready}
	if v.res.Left == 0 && state.Kind == repo.StateStash {
		l.state = nil // nothing comes after it
	}
	written, err := v.r.land(ctx, v.w, v.at, l)
	v.res.Files, v.res.Deleted = written.Files, written.Deleted
	return v.res, err
}

// dataset settles the conflicts of one dataset.
func (v *resolving) dataset(ctx context.Context, d *repo.StateDataset, t target) error {
	u, err := v.r.unmerged(ctx, v.state, *d, v.at.ix.Datasets[d.Name])
	if err != nil {
		return err
	}
	whole := u.isWhole(ctx)
	switch {
	case whole:
	case u.Merged == nil:
		return notFound("dataset", d.Name, "the index", slices.Sorted(maps.Keys(v.at.ix.Datasets)))
	case u.changed:
		return &RekeyedError{Dataset: d.Name}
	}
	out := ResolvedDataset{Dataset: d.Name, Whole: whole}
	choose, err := v.chooser(ctx, u, t)
	if err != nil {
		return err
	}
	res, err := merge.Resolve(ctx, v.w, u.Unmerged, choose)
	if err != nil {
		return fmt.Errorf("resolve %s: %w", d.Name, err)
	}
	out.Columns, out.Settled = cellCounts(res.Settled), merge.Total(res.Settled)
	if out.Settled == 0 {
		return nil
	}
	if err := v.put(ctx, d, u, res); err != nil {
		return err
	}
	d.Conflicts = object.ID{}
	if res.Conflicts != nil {
		out.Left = res.Conflicts.Rows()
		if d.Conflicts, err = res.Conflicts.Save(ctx, v.w); err != nil {
			return err
		}
	}
	v.res.Datasets = append(v.res.Datasets, out)
	v.res.Settled += out.Settled
	return nil
}

// put stages what a dataset becomes.
func (v *resolving) put(ctx context.Context, d *repo.StateDataset, u *unmerged, res *merge.Resolved) error {
	ids := map[*table.Table]object.ID{u.Merged: v.at.ix.Datasets[d.Name], u.Base: d.Base, u.Ours: d.Ours, u.Theirs: d.Theirs}
	delete(ids, nil)
	switch id, known := ids[res.Table]; {
	case res.Deleted || res.Table == nil:
		delete(v.next, d.Name)
		return nil
	case known:
		v.next[d.Name] = id
		return nil
	}
	t := res.Table
	if !worktree.IsSystem(d.Name) {
		ready := v.ready
		if v.o.DryRun || v.r.r.Layout().Bare() {
			ready = nil
		}
		like := []*table.Table{u.Merged, u.Ours, u.Theirs}
		var err error
		if t, err = v.r.withSources(ctx, v.w, t, u.Base, like, false, ready); err != nil {
			return err
		}
	}
	id, err := t.Save(ctx, v.w)
	v.next[d.Name] = id
	return err
}

// chooser returns what becomes of each conflict of a dataset.
func (v *resolving) chooser(ctx context.Context, u *unmerged, t target) (func(*merge.Conflict) (merge.Choice, error), error) {
	set, err := v.values(u)
	if err != nil {
		return nil, err
	}
	var file *resolutions
	if v.o.From != "" {
		if file, err = v.r.readResolutions(ctx, u, v.o); err != nil {
			return nil, err
		}
		v.files = append(v.files, file)
	}
	return func(c *merge.Conflict) (merge.Choice, error) {
		ok, err := u.wants(c, t, v.o.Columns)
		if err != nil || !ok {
			return merge.Choice{}, err
		}
		choice := merge.Choice{Side: v.side}
		if c.IsSchema() || c.IsDataset() {
			return choice, nil
		}
		cells := set
		if file != nil {
			var side merge.Side
			if cells, side, err = file.of(c, set); err != nil {
				return choice, err
			}
			if side != merge.SideNone {
				choice.Side = side
			}
		}
		if _, ok := cells[c.Column]; ok || c.Column == "" && len(cells) > 0 {
			choice.Cells = cells
		}
		return choice, nil
	}, nil
}

// values are those of Set and Null, by column id.
func (v *resolving) values(u *unmerged) (map[string]column.Value, error) {
	cells := map[string]column.Value{}
	for _, name := range append(slices.Sorted(maps.Keys(v.o.Set)), v.o.Null...) {
		i := u.schema.ByName(name)
		if i < 0 {
			return nil, notFound("column", name, u.name, u.schema.Names())
		}
		f := &u.schema.Fields[i]
		if u.schema.IsKey(f.ID) {
			return nil, &OptionError{Option: "column", Value: name, Reason: "is the key of " + u.name + " and names the sample"}
		}
		x := column.NewVector(f.Type, 1)
		if text, ok := v.o.Set[name]; ok {
			if err := parseValue(f, text, x); err != nil {
				return nil, err
			}
		} else {
			x.AppendNull()
		}
		cells[f.ID] = column.Value{Vector: x}
	}
	return cells, nil
}

// parseValue appends the value that text stands for.
func parseValue(f *column.Field, text string, x *column.Vector) error {
	if err := column.ParseText(f.Type, text, x); err != nil {
		return &ValueError{Column: f.Name, Value: text, Type: f.Type.String(), Reason: err.Error()}
	}
	return nil
}
