package strata

import (
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/strata-data/strata/internal/repo"
)

// ReflogOptions of Repo.Reflog.
type ReflogOptions struct {
	Ref string // "" is HEAD; one that is gone but has a log will do
	Max int    // 0 is no limit
}

// ReflogResult is strata.reflog/1.
type ReflogResult struct {
	Schema  string        `json:"schema"`
	Ref     string        `json:"ref"` // short
	Entries []ReflogEntry `json:"entries"`
}

// ReflogEntry is one move of a ref, youngest first.
type ReflogEntry struct {
	Selector string `json:"selector"` // HEAD@{0}
	Old      ID     `json:"old"`
	New      ID     `json:"new"`
	By       Person `json:"by"`
	Message  string `json:"message"`
}

// Reflog returns where a ref has been.
func (r *Repo) Reflog(ctx context.Context, o ReflogOptions) (*ReflogResult, error) {
	name, err := r.logName(ctx, o.Ref)
	if err != nil {
		return nil, err
	}
	log, err := r.r.Reflog(ctx, name)
	if err != nil {
		return nil, err
	}
	res := &ReflogResult{Schema: "strata.reflog/1", Ref: repo.ShortRef(name), Entries: []ReflogEntry{}}
	for i, e := range log {
		if o.Max > 0 && i == o.Max {
			break
		}
		res.Entries = append(res.Entries, ReflogEntry{Selector: selector(res.Ref, i), Old: e.Old, New: e.New, By: person(e.By), Message: e.Message})
	}
	return res, nil
}

// logName returns the full name of the ref whose log is meant.
func (r *Repo) logName(ctx context.Context, name string) (string, error) {
	if ref, err := r.r.RefOf(ctx, name); err == nil && ref != "" && name != "" && name != "HEAD" && name != "@" {
		return ref, nil
	}
	full, err := r.r.LogName(ctx, name)
	if err == nil {
		return full, nil
	}
	if _, rerr := r.r.Resolve(ctx, name); rerr != nil {
		return "", rerr
	}
	return "", &repo.UnknownRevisionError{Name: name, Reason: "it is no branch"}
}

// ReflogList is strata.reflog-list/1.
type ReflogList struct {
	Schema string      `json:"schema"`
	Refs   []LoggedRef `json:"refs"` // by full name
}

// LoggedRef is a ref that has a log.
type LoggedRef struct {
	Name    string `json:"name"` // full
	Entries int    `json:"entries"`
	Exists  bool   `json:"exists"` // false: it was deleted
	Last    ID     `json:"last"`   // what it names, or named last
}

// Reflogs returns the refs that have logs, those that were deleted among them.
func (r *Repo) Reflogs(ctx context.Context) (*ReflogList, error) {
	out := &ReflogList{Schema: "strata.reflog-list/1", Refs: []LoggedRef{}}
	err := r.r.View(ctx, func(tx *repo.Tx) error {
		for _, name := range tx.LoggedRefs() {
			log, err := tx.Reflog(name)
			if err != nil {
				return err
			}
			l := LoggedRef{Name: name, Entries: len(log)}
			if l.Last, l.Exists, err = tx.Ref(name); err != nil {
				return err
			}
			if !l.Exists {
				l.Last = lastValue(log)
			}
			out.Refs = append(out.Refs, l)
		}
		return nil
	})
	return out, err
}

// lastValue returns the last commit of a log.
func lastValue(log []repo.ReflogEntry) ID {
	for _, e := range log {
		if !e.New.IsZero() {
			return e.New
		}
		if !e.Old.IsZero() {
			return e.Old
		}
	}
	return ID{}
}

// ExpireOptions of Repo.ExpireReflog.
type ExpireOptions struct {
	Refs []string // whose logs
	All  bool     // all logs and the operation log
	// Before is "now" for everything, "never", or see ParseDate: older entries
	// go. "" is the setting gc.reflog-expire, and never without it.
	Before string
	DryRun bool
}

// ExpireResult is strata.reflog-expire/1.
type ExpireResult struct {
	Schema     string       `json:"schema"`
	DryRun     bool         `json:"dry_run"`
	Before     string       `json:"before"` // "now", "never" or the date in words
	Refs       []ExpiredLog `json:"refs"`   // that lost entries
	Expired    int          `json:"expired"`
	Operations int          `json:"operations"` // that can no longer be undone
}

// ExpiredLog counts what a log lost.
type ExpiredLog struct {
	Ref     string `json:"ref"` // short
	Expired int    `json:"expired"`
	Kept    int    `json:"kept"`
}

// errTried ends a transaction of a dry run.
var errTried = errors.New("dry run")

// ExpireReflog removes old entries from logs, so that gc may remove what only they
// name. Refs stay what they are, stashes stay. It cannot be undone.
func (r *Repo) ExpireReflog(ctx context.Context, o ExpireOptions) (*ExpireResult, error) {
	out := &ExpireResult{Schema: "strata.reflog-expire/1", DryRun: o.DryRun, Refs: []ExpiredLog{}}
	before, err := r.expiry(o.Before, out)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, ref := range o.Refs {
		name, err := r.logName(ctx, ref)
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	unlock, err := r.r.Lock(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unlock() }()
	err = r.r.Update(ctx, func(tx *repo.Tx) error {
		if o.All {
			names = tx.LoggedRefs()
			if out.Operations, err = tx.ExpireOperations(before); err != nil {
				return err
			}
		}
		for _, name := range names {
			e, err := tx.ExpireReflog(name, before)
			if o.All && errors.Is(err, repo.ErrStashLog) {
				continue
			}
			if err != nil {
				return err
			}
			if e.Expired > 0 {
				out.Refs = append(out.Refs, ExpiredLog{repo.ShortRef(name), e.Expired, e.Kept})
				out.Expired += e.Expired
			}
		}
		if o.DryRun {
			return errTried
		}
		return nil
	})
	if errors.Is(err, errTried) {
		err = nil
	}
	return out, err
}

// expiry returns the time, in seconds since 1970, before which entries go.
func (r *Repo) expiry(text string, out *ExpireResult) (int64, error) {
	if text == "" {
		c, err := r.r.Config()
		if err != nil {
			return 0, err
		}
		text = c.String("gc.reflog-expire", "never")
	}
	out.Before = text
	switch text {
	case "never", "false":
		out.Before = "never"
		return math.MinInt64, nil
	case "now", "all":
		out.Before = "now"
		return math.MaxInt64, nil
	}
	t, err := ParseDate(text, r.r.Now())
	return t.Unix(), err
}

// DeleteReflogOptions of Repo.DeleteReflog.
type DeleteReflogOptions struct {
	Entries []string // such as main@{2}
	DryRun  bool
}

// DeleteReflogResult is strata.reflog-delete/1.
type DeleteReflogResult struct {
	Schema  string        `json:"schema"`
	DryRun  bool          `json:"dry_run"`
	Entries []ReflogEntry `json:"entries"` // those that are gone
}

// DeleteReflog removes single entries from logs. Numbers are those before the
// first is removed. It cannot be undone.
func (r *Repo) DeleteReflog(ctx context.Context, o DeleteReflogOptions) (*DeleteReflogResult, error) {
	out := &DeleteReflogResult{Schema: "strata.reflog-delete/1", DryRun: o.DryRun, Entries: []ReflogEntry{}}
	type entry struct {
		name string
		n    int
	}
	var todo []entry
	for _, text := range o.Entries {
		base, n, err := logEntry(text)
		if err != nil {
			return nil, err
		}
		name, err := r.logName(ctx, base)
		if err != nil {
			return nil, err
		}
		if e := (entry{name, n}); !slices.Contains(todo, e) {
			todo = append(todo, e)
		}
	}
	slices.SortStableFunc(todo, func(a, b entry) int { return b.n - a.n }) // old ones first, so that numbers hold
	unlock, err := r.r.Lock(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unlock() }()
	err = r.r.Update(ctx, func(tx *repo.Tx) error {
		for _, e := range todo {
			gone, err := tx.DeleteReflog(e.name, e.n)
			if err != nil {
				return err
			}
			out.Entries = append(out.Entries, ReflogEntry{Selector: selector(repo.ShortRef(e.name), e.n), Old: gone.Old, New: gone.New,
				By: person(gone.By), Message: gone.Message})
		}
		if o.DryRun {
			return errTried
		}
		return nil
	})
	if errors.Is(err, errTried) {
		err = nil
	}
	return out, err
}

// logEntry splits NAME@{N}.
func logEntry(text string) (name string, n int, err error) {
	name, rest, ok := strings.Cut(text, "@{")
	digits, end, closed := strings.Cut(rest, "}")
	n, nerr := strconv.Atoi(digits)
	if !ok || !closed || end != "" || nerr != nil || n < 0 {
		return "", 0, &OptionError{Option: "entry", Value: text, Reason: "does not have the form BRANCH@{N}"}
	}
	return name, n, nil
}
