package strata

import (
	"context"
	"errors"
	"io"
	"iter"
	"strings"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/selection"
)

// SampleOptions of Repo.Sample.
type SampleOptions struct {
	ScanOptions        // Columns are those of SampleRows
	N           int    // samples to choose
	By          string // random (the default) or stratified:COLUMN
	Seed        uint64
	Minimum     int // of each stratum
}

// SampleResult is strata.sample/1.
type SampleResult struct {
	Schema  string `json:"schema"`
	Dataset string `json:"dataset"`
	Rev     string `json:"rev"`
	Commit  ID     `json:"commit"`
	Rows    int64  `json:"rows"`            // samples of the dataset, candidates or not
	Where   string `json:"where,omitempty"` // predicate of the candidates, that of the slice included
	*selection.Selection
}

// Sample chooses samples of a dataset. The same commit and seed choose the same
// samples in the same order on any machine; a choice for a smaller N is the
// beginning of that for a larger one.
func (r *Repo) Sample(ctx context.Context, o SampleOptions) (*SampleResult, error) {
	by, col, _ := strings.Cut(o.By, ":")
	if by == "" {
		by = "random"
	}
	switch {
	case by == "random" && col == "", by == "stratified" && col != "":
	default:
		return nil, &OptionError{Option: "by", Value: o.By, Allowed: []string{"random", "stratified:COLUMN"}}
	}
	scan := o.ScanOptions
	if scan.Columns = []string{}; by == "stratified" {
		scan.Columns = []string{col}
	}
	rows, err := r.Scan(ctx, scan)
	if err != nil {
		return nil, err
	}
	if by == "random" {
		rows.out = &column.Schema{Key: rows.out.Key} // keys are enough
	}
	res := &SampleResult{Schema: "strata.sample/1", Dataset: rows.Dataset, Rev: rows.Rev, Commit: rows.Commit, Rows: rows.Total()}
	if rows.program != nil {
		res.Where = rows.program.String()
	}
	candidates := rows.candidates(ctx, by == "stratified")
	if by == "random" {
		res.Selection, err = selection.Random(candidates, o.N, o.Seed)
	} else {
		res.Selection, err = selection.Stratified(candidates, col, o.N, o.Seed, o.Minimum)
	}
	if err != nil {
		return nil, err
	}
	if res.Picks == nil {
		res.Picks = []selection.Pick{}
	}
	return res, nil
}

// candidates yields the samples wanted with, if asked for, the value of the
// first column as their stratum.
func (rows *Rows) candidates(ctx context.Context, stratified bool) iter.Seq2[selection.Candidate, error] {
	return func(yield func(selection.Candidate, error) bool) {
		for s, err := range rows.All(ctx) {
			c := selection.Candidate{}
			if err == nil {
				c.Key, err = s.Key()
			}
			if err == nil && stratified {
				c.Stratum, c.Null = s.Value(0).String(), s.Value(0).IsNull()
			}
			if !yield(c, err) || err != nil {
				return
			}
		}
	}
}

// WriteSample writes the samples of a selection, in the order of the picks: with
// the format keys their keys, each ended by end, else the columns of o as a file
// of that format. Nothing is written where nothing was picked.
func (r *Repo) WriteSample(ctx context.Context, w io.Writer, formatName, end string, o SampleOptions, res *SampleResult) error {
	if formatName == "keys" {
		var b strings.Builder
		for _, p := range res.Picks {
			b.WriteString(p.Key + end)
		}
		_, err := io.WriteString(w, b.String())
		return err
	}
	f, err := writable(formatName)
	if err != nil || len(res.Picks) == 0 {
		return err
	}
	return r.writePicks(ctx, w, f, o, res)
}

// WriteSampleFile is WriteSample into a file, which is replaced when it is
// complete.
func (r *Repo) WriteSampleFile(ctx context.Context, path, formatName, end string, o SampleOptions, res *SampleResult) error {
	return writeFile(path, func(w io.Writer) error { return r.WriteSample(ctx, w, formatName, end, o, res) })
}

func (r *Repo) writePicks(ctx context.Context, w io.Writer, f format.Format, o SampleOptions, res *SampleResult) error {
	rows, err := r.Scan(ctx, o.ScanOptions)
	if err != nil {
		return err
	}
	place := make(map[string]int, len(res.Picks))
	for i, p := range res.Picks {
		place[p.Key] = i
	}
	// The picked rows in the order of keys, then taken in the order of picks.
	found := column.NewBatch(rows.out, len(res.Picks))
	at := make([]int, len(res.Picks))
	n := 0
	for s, err := range rows.All(ctx) {
		if err != nil {
			return err
		}
		key, err := s.Key()
		if err != nil {
			return err
		}
		i, ok := place[key]
		if !ok {
			continue
		}
		at[i], n = n, n+1
		for c := range found.Cols {
			found.Cols[c].AppendOne(s.batch.Cols[c], s.row)
		}
	}
	if n != len(res.Picks) {
		return errors.New("the dataset changed while it was sampled")
	}
	sorted := column.NewBatch(rows.out, n)
	for c := range sorted.Cols {
		sorted.Cols[c].Take(found.Cols[c], at)
	}
	sorted.Len = n
	out, err := f.Write(w, rows.out, format.WriteOptions{Stream: true})
	if err != nil {
		return err
	}
	if err := out.Write(sorted); err != nil {
		return errors.Join(err, out.Close())
	}
	return out.Close()
}

// SampleFormats are the formats of WriteSample.
func SampleFormats() []string { return []string{"keys", "csv", "jsonl"} }
