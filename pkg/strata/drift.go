package strata

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/drift"
	"github.com/strata-data/strata/internal/expr"
	"github.com/strata-data/strata/internal/table"
)

// DriftOptions of Repo.Drift.
type DriftOptions struct {
	// Reference and Current are each a revision, REV:DATASET, or a dataset of
	// HEAD. Two revisions compare all datasets that both have, or Datasets.
	Reference, Current string
	Datasets           []string
	Columns            []string // names; none means all but keys
	Where              string   // only these samples of either side
	Workers            int
	// FailIf is a condition over the numbers of DriftResult.Gate, such as
	// "drifted > 0 or psi > 0.2"; "" never fails.
	FailIf string
}

// DriftReport is what moved in one dataset.
type DriftReport = drift.Report

// DriftResult is strata.drift/1: the report of every dataset compared.
type DriftResult struct {
	Schema   string         `json:"schema"`
	Verdict  string         `json:"verdict"` // the worst of the datasets
	Failed   bool           `json:"failed"`  // FailIf holds
	Gate     DriftGate      `json:"gate"`
	Datasets []DatasetDrift `json:"datasets"` // in order of name
}

// DatasetDrift is the report of one dataset.
type DatasetDrift struct {
	Name      string `json:"name"`
	Unchanged bool   `json:"unchanged,omitempty"` // both sides are the same table
	*DriftReport
}

// DriftGate holds the numbers that a condition may use: columns by verdict, and
// the largest effects over all columns.
type DriftGate struct {
	Drifted       int64   `json:"drifted"`
	CannotTell    int64   `json:"cannot_tell"`
	Same          int64   `json:"same"`
	NotComparable int64   `json:"not_comparable"`
	PSI           float64 `json:"psi"`
	KS            float64 `json:"ks"`
	V             float64 `json:"v"`
	Missing       float64 `json:"missing"` // change of the share of nulls
}

// Drift compares two sides column by column.
func (r *Repo) Drift(ctx context.Context, o DriftOptions) (*DriftResult, error) {
	gate, err := parseGate(o.FailIf)
	if err != nil {
		return nil, err
	}
	pairs, err := r.driftPairs(ctx, o)
	if err != nil {
		return nil, err
	}
	res := &DriftResult{Schema: drift.ReportSchema, Datasets: []DatasetDrift{}}
	for _, p := range pairs {
		rep, err := drift.Compare(ctx, p.reference, p.current, drift.Options{Columns: o.Columns, Workers: o.Workers, Memory: r.r.Mem() / 4})
		if errors.Is(err, drift.ErrColumn) {
			return nil, driftColumn(p, o.Columns)
		}
		if err != nil {
			return nil, err
		}
		rep.Schema = "strata.drift-dataset/1"
		res.Datasets = append(res.Datasets, DatasetDrift{Name: p.name, Unchanged: p.unchanged, DriftReport: rep})
	}
	res.Gate, res.Verdict = gateOf(res.Datasets), verdictOf(res.Datasets)
	if gate != nil {
		res.Failed = holds(gate, &res.Gate)
	}
	return res, nil
}

// driftPair is a dataset on both sides.
type driftPair struct {
	name               string
	unchanged          bool // the same table on both sides
	reference, current drift.Side
}

// driftColumn names the first column that neither side has.
func driftColumn(p driftPair, columns []string) error {
	known := append(p.reference.Schema.Names(), p.current.Schema.Names()...)
	slices.Sort(known)
	known = slices.Compact(known)
	for _, c := range columns {
		if !slices.Contains(known, c) {
			return notFound("column", c, p.name, known)
		}
	}
	return notFound("column", strings.Join(columns, ","), p.name, known)
}

// driftPairs finds what is to be compared.
func (r *Repo) driftPairs(ctx context.Context, o DriftOptions) ([]driftPair, error) {
	a, err := r.driftEnd(ctx, o.Reference)
	if err != nil {
		return nil, err
	}
	b, err := r.driftEnd(ctx, o.Current)
	if err != nil {
		return nil, err
	}
	if a.dataset != "" || b.dataset != "" {
		// One dataset with one dataset; a revision alone takes the other's name.
		if a.dataset == "" {
			a.dataset = b.dataset
		}
		if b.dataset == "" {
			b.dataset = a.dataset
		}
		p, err := r.driftPair(ctx, o, a, b)
		return []driftPair{p}, err
	}
	names := o.Datasets
	if len(names) == 0 {
		for _, n := range a.side.names() {
			if _, ok := b.side.ids.Table(n); ok && !strings.HasPrefix(n, "@") {
				names = append(names, n)
			}
		}
	}
	if len(names) == 0 {
		return nil, &OptionError{Option: "sides", Value: o.Reference + " " + o.Current, Reason: "have no dataset in common"}
	}
	var pairs []driftPair
	for _, n := range names {
		a.dataset, b.dataset = n, n
		p, err := r.driftPair(ctx, o, a, b)
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, p)
	}
	return pairs, nil
}

// driftEnd is one side as it was named.
type driftEnd struct {
	text    string
	side    *side
	dataset string // "" for a revision alone
}

// driftEnd reads a revision, REV:DATASET or a dataset of HEAD.
func (r *Repo) driftEnd(ctx context.Context, text string) (driftEnd, error) {
	if text == "" {
		return driftEnd{}, &OptionError{Option: "side", Value: text, Reason: "is empty"}
	}
	if !strings.Contains(text, ":") {
		s, err := r.sideOf(ctx, text)
		if err == nil {
			return driftEnd{text: text, side: s}, nil
		}
		if _, m, derr := r.locate(ctx, text); derr != nil || m.Key != "" {
			return driftEnd{}, err
		}
	}
	s, m, err := r.locate(ctx, text)
	if err != nil {
		return driftEnd{}, err
	}
	if m.Key != "" {
		return driftEnd{}, &OptionError{Option: "side", Value: text, Reason: "names samples; use --where to choose some"}
	}
	return driftEnd{text: text, side: s, dataset: m.Dataset}, nil
}

func (r *Repo) driftPair(ctx context.Context, o DriftOptions, a, b driftEnd) (p driftPair, err error) {
	if p.name = b.dataset; a.dataset != b.dataset {
		p.name = a.dataset + " " + b.dataset
	}
	if p.reference, err = r.driftSide(ctx, o, a); err != nil {
		return p, err
	}
	if p.current, err = r.driftSide(ctx, o, b); err != nil {
		return p, err
	}
	x, ok := a.side.ids.Table(a.dataset)
	y, same := b.side.ids.Table(b.dataset)
	p.unchanged = ok && same && x == y
	return p, nil
}

// driftSide makes a dataset readable for a comparison.
func (r *Repo) driftSide(ctx context.Context, o DriftOptions, e driftEnd) (drift.Side, error) {
	t, err := r.tableOf(ctx, e.side, e.dataset)
	if err != nil {
		return drift.Side{}, err
	}
	if t == nil {
		known := slices.DeleteFunc(e.side.names(), func(n string) bool { return strings.HasPrefix(n, "@") })
		return drift.Side{}, notFound("dataset", e.dataset, e.side.place(), known)
	}
	rows := &Rows{t: t, out: t.Schema}
	side := drift.Side{Name: e.text, Schema: t.Schema, Rows: t.Rows()}
	where, err := r.predicate(ctx, o.Where, "", e.side.ids)
	if err != nil {
		return side, err
	}
	if where != nil {
		if rows.program, err = where.Bind(t.Schema); err != nil {
			return side, err
		}
		side.Rows = 0
		for b, err := range (&Rows{t: t, out: &column.Schema{}, program: rows.program}).batches(ctx, false, o.Workers) {
			if err != nil {
				return side, err
			}
			side.Rows += int64(b.Len)
		}
	}
	side.Scan = func(ctx context.Context, ids []string) iter.Seq2[*column.Batch, error] {
		return (&Rows{t: t, out: table.Project(t.Schema, ids), program: rows.program}).batches(ctx, false, o.Workers)
	}
	return side, nil
}

// verdictOf returns the worst verdict of all.
func verdictOf(all []DatasetDrift) string {
	for _, v := range []drift.Verdict{drift.Drifted, drift.CannotTell, drift.Same} {
		if slices.ContainsFunc(all, func(d DatasetDrift) bool { return d.Verdict == v }) {
			return string(v)
		}
	}
	return string(drift.NotComparable)
}

// gateOf adds up what conditions are about.
func gateOf(all []DatasetDrift) DriftGate {
	g := DriftGate{}
	for _, d := range all {
		g.Drifted += int64(d.Counts.Drifted)
		g.CannotTell += int64(d.Counts.CannotTell)
		g.Same += int64(d.Counts.Same)
		g.NotComparable += int64(d.Counts.NotComparable)
		for _, c := range d.Columns {
			if c.PSI != nil {
				g.PSI = max(g.PSI, c.PSI.Value)
			}
			if c.KS != nil {
				g.KS = max(g.KS, c.KS.D)
			}
			if c.V != nil {
				g.V = max(g.V, *c.V)
			}
			if c.Missing != nil {
				g.Missing = max(g.Missing, c.Missing.Change, -c.Missing.Change)
			}
		}
	}
	return g
}

// gateSchema has a column for each number of a DriftGate.
func gateSchema() *column.Schema {
	s := &column.Schema{}
	for _, n := range []string{"drifted", "cannot_tell", "same", "not_comparable"} {
		s.Fields = append(s.Fields, column.NewField(n, column.Of(column.Int64)))
	}
	for _, n := range []string{"psi", "ks", "v", "missing"} {
		s.Fields = append(s.Fields, column.NewField(n, column.Of(column.Float64)))
	}
	return s
}

// parseGate reads a condition; nil for none.
func parseGate(text string) (*expr.Program, error) {
	if text == "" {
		return nil, nil
	}
	e, err := expr.Parse(text)
	if err != nil {
		return nil, err
	}
	return e.Bind(gateSchema())
}

// holds evaluates a condition.
func holds(p *expr.Program, g *DriftGate) bool {
	b := column.NewBatch(gateSchema(), 1)
	for i, n := range []int64{g.Drifted, g.CannotTell, g.Same, g.NotComparable} {
		b.Cols[i].AppendInt(n)
	}
	for i, x := range []float64{g.PSI, g.KS, g.V, g.Missing} {
		b.Cols[4+i].AppendF64(x)
	}
	b.Len = 1
	return p.Eval(b, nil).Get(0)
}
