package strata

import (
	"context"
	"time"

	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/usage"
)

// UsageOptions of Repo.Usage.
type UsageOptions struct {
	// Revision is a revision, whose whole history counts, or a range A..B, of which
	// what B reaches and A does not. "" is the whole repository.
	Revision  string
	ByCommit  bool
	ByDataset bool // at most one of the two
}

// UsageAmount is some objects and what they take. An object counts once, for the
// first thing that reaches it.
type UsageAmount struct {
	Objects int64 `json:"objects"`
	Bytes   int64 `json:"bytes"`     // on the disk: the share of its block and of the index
	Raw     int64 `json:"raw_bytes"` // of the objects, uncompressed
}

// UsageCommit is what a commit brought in that no commit before it had.
type UsageCommit struct {
	Commit  ID     `json:"commit"`
	Time    string `json:"time"` // of the committer, RFC 3339 in UTC
	Subject string `json:"subject"`
	UsageAmount
}

// UsageDataset is what all versions of a dataset take, less what those of datasets
// before it share with them.
type UsageDataset struct {
	Dataset string `json:"dataset"`
	UsageAmount
}

// UsageReason is what is kept for one kind of root and no stronger one.
type UsageReason struct {
	Why string `json:"why"` // refs, index, state, reflog, operations
	UsageAmount
}

// UsageResult is strata.du/1.
type UsageResult struct {
	Schema   string         `json:"schema"`
	Revision string         `json:"revision"` // "" for the whole repository
	Segments int            `json:"segments"`
	Stored   UsageAmount    `json:"stored"`             // all of the store, garbage too
	Counted  UsageAmount    `json:"counted"`            // the history that was asked for
	Commits  []UsageCommit  `json:"commits,omitempty"`  // newest first
	Datasets []UsageDataset `json:"datasets,omitempty"` // in order of name
	History  *UsageAmount   `json:"history,omitempty"`  // beside datasets: commits, trees and tags themselves
	KeptFor  []UsageReason  `json:"kept_for,omitempty"` // of the whole repository, strongest first
	Garbage  *UsageAmount   `json:"garbage,omitempty"`  // of the whole repository; raw_bytes is 0
}

// Usage says where the bytes of the repository are. It reads what the objects name,
// not the samples.
func (r *Repo) Usage(ctx context.Context, o UsageOptions) (*UsageResult, error) {
	uo := usage.Options{ByCommit: o.ByCommit, ByDataset: o.ByDataset}
	if o.Revision != "" {
		rg, err := repo.ParseRange(o.Revision)
		if err != nil {
			return nil, err
		}
		if uo.Tips, uo.Exclude, err = r.r.RangeEnds(ctx, rg); err != nil {
			return nil, err
		}
	}
	rep, err := usage.Measure(ctx, r.r, uo)
	if err != nil {
		return nil, err
	}
	out := &UsageResult{Schema: "strata.du/1", Revision: o.Revision, Segments: rep.Segments,
		Stored: UsageAmount(rep.Stored), Counted: UsageAmount(rep.Counted)}
	for _, c := range rep.Commits {
		when := time.Unix(c.When, 0).UTC().Format(time.RFC3339)
		out.Commits = append(out.Commits, UsageCommit{c.ID, when, c.Subject, UsageAmount(c.Amount)})
	}
	for _, d := range rep.Datasets {
		out.Datasets = append(out.Datasets, UsageDataset{d.Name, UsageAmount(d.Amount)})
	}
	if o.ByDataset {
		a := UsageAmount(rep.History)
		out.History = &a
	}
	for _, k := range rep.Reasons {
		out.KeptFor = append(out.KeptFor, UsageReason{string(k.Why), UsageAmount(k.Amount)})
	}
	if rep.Whole {
		a := UsageAmount(rep.Garbage)
		out.Garbage = &a
	}
	return out, nil
}
