package strata

import (
	"context"
	"encoding/json"
	"iter"
	"regexp"
	"strings"

	"github.com/strata-data/strata/internal/history"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
)

// LogOptions of Repo.Log.
type LogOptions struct {
	Revisions   []string // revisions, A..B, A...B, ^A; none is HEAD
	All         bool     // begin at all branches and tags too
	Addresses   []string // only commits that change these datasets, samples or files
	Dir         string   // where relative paths of files begin; "" is the root
	Max, Skip   int      // 0 is no limit
	Since       string   // see ParseDate
	Until       string
	Author      string // regular expressions
	Grep        string
	IgnoreCase  bool
	FirstParent bool
	Merges      bool // only commits with several parents
	NoMerges    bool // only the others
	Follow      bool // of addresses: a dataset that was renamed whole is still the same
	FullHistory bool // of addresses: all parents of merges, also of those that are like one of them
	Topo        bool // no parent before its children, lines of history together
	Stat        bool // count what each commit changes
}

// LogEntry is one commit of a log.
type LogEntry struct {
	CommitInfo
	// Datasets is what the commit changes against its first parent, with Stat.
	Datasets []DatasetChange `json:"datasets,omitempty"`
	// Samples is what the commit does to the samples that addresses name.
	Samples []SampleChange `json:"samples,omitempty"`
	// Renamed are the datasets that got another name in the commit, with Follow.
	Renamed []Rename `json:"renamed,omitempty"`
	// Edges are the next commits of the log that history leads to from here, with
	// Topo.
	Edges []ID `json:"-"`
	// Signature is set where it was asked for.
	Signature *Signature `json:"signature,omitempty"`
}

// LogDocument is strata.log/1.
type LogDocument struct {
	Schema  string      `json:"schema"`
	Commits []*LogEntry `json:"commits"`
}

// Rename is a dataset that moved whole.
type Rename struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// SampleChange is what happened to one sample.
type SampleChange struct {
	Dataset string       `json:"dataset"`
	Key     string       `json:"key"`
	Change  string       `json:"change"` // A, M, D
	Cells   []CellChange `json:"cells"`  // of a modified sample
}

// CellChange is one cell before and after. Values are JSON.
type CellChange struct {
	Column  string          `json:"column"`
	Old     json.RawMessage `json:"old"`
	New     json.RawMessage `json:"new"`
	OldText string          `json:"-"`
	NewText string          `json:"-"`
}

// PatternError is returned for text that is not a regular expression.
type PatternError struct {
	Text   string
	Reason string
}

func (e *PatternError) Error() string {
	return "\"" + e.Text + "\" is not a regular expression: " + e.Reason
}

// Log yields commits, youngest first. An error ends it. With addresses the
// history is simplified as git's is: a commit is shown if what they name differs
// from that in all of its parents, a dataset by its table and a sample by its
// row; and a merge that took it from one parent leads to that parent only.
func (r *Repo) Log(ctx context.Context, o LogOptions) iter.Seq2[*LogEntry, error] {
	return func(yield func(*LogEntry, error) bool) {
		l := &logger{r: r, o: o, samples: map[ID][]SampleChange{}, renamed: map[ID][]Rename{}, history: history.New(r.r)}
		defer l.history.Close()
		if err := l.run(ctx, yield); err != nil {
			yield(nil, err)
		}
	}
}

// logger is the state of one Log.
type logger struct {
	r       *Repo
	o       LogOptions
	refs    map[ID][]string
	paths   []*logPath
	samples map[ID][]SampleChange // found while choosing, until yielded
	renamed map[ID][]Rename       // the same
	history *history.History
}

func (l *logger) run(ctx context.Context, yield func(*LogEntry, error) bool) error {
	tips, exclude, err := l.ends(ctx)
	if err != nil || len(tips) == 0 {
		return err
	}
	wo, err := l.walkOptions(ctx)
	if err != nil {
		return err
	}
	if l.refs, err = l.r.refsByCommit(ctx); err != nil {
		return err
	}
	shown := false
	for c, err := range l.r.r.Walk(ctx, tips, exclude, *wo) {
		if err != nil {
			return err
		}
		e, err := l.entry(ctx, c)
		if err != nil {
			return err
		}
		if shown = true; !yield(e, nil) {
			return nil
		}
	}
	if shown {
		return nil
	}
	return l.checkAddresses(ctx)
}

// ends returns where the walk begins and what it leaves out.
func (l *logger) ends(ctx context.Context) (tips, exclude []object.ID, err error) {
	revs := l.o.Revisions
	if len(revs) == 0 {
		head, err := l.r.r.Head(ctx)
		if err != nil {
			return nil, nil, err
		}
		switch {
		case !head.ID.IsZero():
			tips = append(tips, head.ID)
		case !l.o.All:
			return nil, nil, &repo.UnknownRevisionError{Name: "HEAD", Reason: "branch " + head.Short() + " has no commit yet"}
		}
	}
	for _, text := range revs {
		if rest, no := strings.CutPrefix(text, "^"); no {
			id, err := l.r.r.Resolve(ctx, rest)
			if err != nil {
				return nil, nil, err
			}
			exclude = append(exclude, id)
			continue
		}
		rg, err := repo.ParseRange(text)
		if err != nil {
			return nil, nil, err
		}
		t, x, err := l.r.r.RangeEnds(ctx, rg)
		if err != nil {
			return nil, nil, err
		}
		tips, exclude = append(tips, t...), append(exclude, x...)
	}
	if l.o.All {
		refs, err := l.r.r.Refs(ctx, "refs/")
		if err != nil {
			return nil, nil, err
		}
		for _, ref := range refs {
			id, err := l.r.r.PeelToCommit(ctx, ref.Target)
			if err != nil {
				return nil, nil, err
			}
			tips = append(tips, id)
		}
	}
	return tips, exclude, nil
}

func (l *logger) walkOptions(ctx context.Context) (*repo.WalkOptions, error) {
	wo := &repo.WalkOptions{Max: l.o.Max, Skip: l.o.Skip, FirstParent: l.o.FirstParent}
	switch {
	case l.o.Merges && l.o.NoMerges:
		return nil, &OptionError{Option: "merges", Reason: "is the opposite of no-merges"}
	case l.o.Merges:
		wo.Merges = repo.OnlyMerges
	case l.o.NoMerges:
		wo.Merges = repo.NoMerges
	}
	if l.o.Topo {
		wo.Order = repo.OrderTopo
	}
	for _, p := range []struct {
		text string
		to   **regexp.Regexp
	}{{l.o.Author, &wo.Author}, {l.o.Grep, &wo.Grep}} {
		if p.text == "" {
			continue
		}
		text := p.text
		if l.o.IgnoreCase {
			text = "(?i)" + text
		}
		re, err := regexp.Compile("(?m)" + text)
		if err != nil {
			return nil, &PatternError{p.text, err.Error()}
		}
		*p.to = re
	}
	for _, d := range []struct {
		text string
		to   *int64
	}{{l.o.Since, &wo.Since}, {l.o.Until, &wo.Until}} {
		if d.text == "" {
			continue
		}
		t, err := ParseDate(d.text, l.r.r.Now())
		if err != nil {
			return nil, err
		}
		*d.to = t.Unix()
	}
	if len(l.o.Addresses) > 0 {
		var err error
		if l.paths, err = l.r.logPaths(ctx, l.o.Addresses, l.o.Dir); err != nil {
			return nil, err
		}
		wo.Simplify = l.history.Simplify(history.Options{Match: l.match, Follow: l.o.Follow, Full: l.o.FullHistory, Found: l.tell})
	}
	return wo, nil
}

func (l *logger) entry(ctx context.Context, c *repo.CommitInfo) (*LogEntry, error) {
	e := &LogEntry{CommitInfo: commitInfo(c), Edges: c.Edges, Samples: l.samples[c.ID], Renamed: l.renamed[c.ID]}
	delete(l.samples, c.ID)
	delete(l.renamed, c.ID)
	if refs := l.refs[c.ID]; refs != nil {
		e.Refs = refs
	}
	if !l.o.Stat {
		return e, nil
	}
	changes, err := l.r.changesOf(ctx, c)
	if err != nil {
		return nil, err
	}
	if len(l.paths) > 0 {
		changes = l.onlyNamed(changes)
	}
	e.Datasets, err = l.r.countChanges(ctx, changes)
	return e, err
}

// changesOf returns the datasets that a commit changes against its first parent.
func (r *Repo) changesOf(ctx context.Context, c *repo.CommitInfo) ([]repo.TreeChange, error) {
	old, new, err := r.treesOf(ctx, c)
	if err != nil {
		return nil, err
	}
	return repo.DiffTrees(old, new), nil
}

// treesOf returns the trees of a commit's first parent and of itself.
func (r *Repo) treesOf(ctx context.Context, c *repo.CommitInfo) (old, new *repo.Tree, err error) {
	var parent object.ID
	if len(c.Parents) > 0 {
		parent = c.Parents[0]
	}
	if old, err = r.r.CommitTree(ctx, parent); err != nil {
		return nil, nil, err
	}
	new, err = r.r.Tree(ctx, c.Tree)
	return old, new, err
}

// refsByCommit returns how a log marks each commit: HEAD -> main, tag: v1, topic.
func (r *Repo) refsByCommit(ctx context.Context) (map[ID][]string, error) {
	head, err := r.r.Head(ctx)
	if err != nil {
		return nil, err
	}
	refs, err := r.r.Refs(ctx, "refs/")
	if err != nil {
		return nil, err
	}
	marks := map[ID][]string{}
	switch {
	case head.Detached():
		marks[head.ID] = []string{"HEAD"}
	case !head.ID.IsZero():
		marks[head.ID] = []string{"HEAD -> " + head.Short()}
	}
	for _, ref := range refs {
		if ref.Name == head.Branch {
			continue
		}
		id, err := r.r.PeelToCommit(ctx, ref.Target)
		if err != nil {
			return nil, err
		}
		name := repo.ShortRef(ref.Name)
		if strings.HasPrefix(ref.Name, "refs/tags/") {
			name = "tag: " + name
		}
		marks[id] = append(marks[id], name)
	}
	return marks, nil
}
