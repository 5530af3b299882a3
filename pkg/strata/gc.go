package strata

import (
	"context"
	"math"
	"time"

	"github.com/strata-data/strata/internal/gc"
	"github.com/strata-data/strata/internal/repo"
)

// GCOptions of Repo.GC. The zero value removes garbage that is two weeks old.
type GCOptions struct {
	// Prune says how long garbage stays: "now" removes all of it, "never" none, see
	// ParseDate for the rest: what was written before goes. "" is the setting
	// gc.prune, and "2w" without it.
	Prune      string
	Aggressive bool // pack everything anew, as small as possible
	DryRun     bool
	Phase      func(name string) // called when a part of the work begins; may be nil
}

// GCResult is strata.gc/1.
type GCResult struct {
	Schema     string     `json:"schema"`
	DryRun     bool       `json:"dry_run"`
	Aggressive bool       `json:"aggressive"`
	Prune      string     `json:"prune"` // "now", "never" or the date in words
	Kept       GCAmount   `json:"kept"`  // what is needed
	Removed    GCAmount   `json:"removed"`
	Young      GCAmount   `json:"young"`      // garbage that is not old enough to go
	Left       GCAmount   `json:"left"`       // garbage that is not worth rewriting a segment for
	Before     int64      `json:"before"`     // bytes of the segments
	After      int64      `json:"after"`      // the same; estimated in a dry run
	Segments   int        `json:"segments"`   // that there are now
	Rewritten  int        `json:"rewritten"`  // segments that are no more
	KeptFor    []GCReason `json:"kept_for"`   // the same as kept, by the strongest reason
	ReflogOnly GCAmount   `json:"logs_only"`  // kept for reflogs and the operation log alone
	StatsGone  int        `json:"stats_gone"` // plain files that the next status has to read again
}

// GCAmount is a number of objects and the bytes that they take on the disk.
type GCAmount struct {
	Objects int64 `json:"objects"`
	Bytes   int64 `json:"bytes"`
}

// GCReason says what is kept for one kind of root and for no stronger one.
type GCReason struct {
	Why string `json:"why"` // refs, index, state, reflog, operations
	GCAmount
}

// BrokenError is returned by GC when something that is needed is missing or
// damaged. Nothing has been removed then.
type BrokenError = gc.BrokenError

// GC removes the objects that nothing needs and gives their room back. Readers may
// go on meanwhile. It cannot be undone.
func (r *Repo) GC(ctx context.Context, o GCOptions) (*GCResult, error) {
	before, text, err := r.pruneTime(o.Prune)
	if err != nil {
		return nil, err
	}
	if !o.DryRun {
		unlock, err := r.r.Lock(ctx)
		if err != nil {
			return nil, err
		}
		defer func() { _ = unlock() }()
	}
	res, err := gc.Run(ctx, r.r, gc.Options{Before: before, Aggressive: o.Aggressive, DryRun: o.DryRun, Phase: o.Phase})
	if err != nil {
		return nil, err
	}
	out := &GCResult{Schema: "strata.gc/1", DryRun: o.DryRun, Aggressive: o.Aggressive, Prune: text,
		Kept: GCAmount(res.Kept), Removed: GCAmount(res.Removed), Young: GCAmount(res.Young), Left: GCAmount(res.Left),
		Before: res.Before, After: res.After, Segments: res.Segments, Rewritten: res.Rewritten, StatsGone: res.Forgotten}
	for _, reason := range res.Reasons {
		a := GCAmount{reason.Objects, reason.Bytes}
		out.KeptFor = append(out.KeptFor, GCReason{string(reason.Why), a})
		if reason.Why == repo.WhyReflog || reason.Why == repo.WhyOps {
			out.ReflogOnly.Objects += a.Objects
			out.ReflogOnly.Bytes += a.Bytes
		}
	}
	return out, nil
}

// defaultPrune is how long garbage stays without a setting.
const defaultPrune = "2w"

// pruneTime returns the time, in seconds since 1970, before which garbage must
// have been written to go, and that in words.
func (r *Repo) pruneTime(text string) (int64, string, error) {
	if text == "" {
		c, err := r.r.Config()
		if err != nil {
			return 0, "", err
		}
		text = c.String("gc.prune", defaultPrune)
	}
	switch text {
	case "never", "false":
		return 0, "never", nil
	case "now", "all":
		return math.MaxInt64, "now", nil
	}
	t, err := ParseDate(text, r.r.Now())
	if err != nil {
		return 0, "", err
	}
	return max(t.Unix(), 0), t.UTC().Format(time.RFC3339), nil
}
