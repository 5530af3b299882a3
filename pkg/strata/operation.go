package strata

import (
	"context"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
)

// Operation is one step in the life of a repository: what one command changed.
type Operation struct {
	Sequence uint64    `json:"sequence"`         // from 1; grows
	Kind     string    `json:"kind"`             // operation, undo, redo
	Target   uint64    `json:"target,omitempty"` // of an undo or redo: the operation
	Undone   bool      `json:"undone"`           // it was taken back
	Command  string    `json:"command"`          // such as "strata branch"; may be empty
	Summary  string    `json:"summary"`          // in words
	By       Person    `json:"by"`
	Refs     []RefMove `json:"refs"`
	Datasets []string  `json:"datasets"` // whose index entry changed
	Files    bool      `json:"files"`    // working files were written too
}

// RefMove is how an operation changed a ref.
type RefMove struct {
	Name string `json:"name"` // full
	Old  string `json:"old"`  // an id, for HEAD also "ref: " and a branch, "" for none
	New  string `json:"new"`
}

func (r *Repo) operation(ctx context.Context, o *repo.Operation) Operation {
	out := Operation{Sequence: o.Seq, Kind: "operation", Target: o.Target, Undone: o.Undone, Command: o.Command,
		By: person(o.By), Refs: []RefMove{}, Datasets: []string{}, Files: o.Files}
	for _, m := range o.Refs() {
		out.Refs = append(out.Refs, RefMove(m))
	}
	for _, d := range o.Datasets() {
		out.Datasets = append(out.Datasets, d.Name)
	}
	switch o.Kind {
	case repo.OpUndo:
		out.Kind = "undo"
	case repo.OpRedo:
		out.Kind = "redo"
	}
	out.Summary = r.summary(ctx, &out, o)
	return out
}

// summary says in a line what an operation did.
func (r *Repo) summary(ctx context.Context, o *Operation, record *repo.Operation) string {
	verb, _, _ := strings.Cut(strings.TrimPrefix(o.Command, "strata "), " ")
	if verb == "" {
		verb, _, _ = strings.Cut(record.Note, ":")
	}
	if verb == "" {
		verb = "change"
	}
	if text := r.madeCommit(ctx, o); text != "" && slices.Contains([]string{"commit", "merge", "cherry-pick", "revert"}, verb) {
		if strings.HasPrefix(record.Note, "commit (amend)") {
			verb = "commit --amend"
		}
		return verb + " " + text
	}
	var parts []string
	said := map[string]bool{"ORIG_HEAD": true} // goes without saying
	for _, names := range record.Renames {
		parts = append(parts, repo.ShortRef(names[0])+" renamed to "+repo.ShortRef(names[1]))
		said["HEAD"], said[names[0]], said[names[1]] = true, true, true
	}
	for _, m := range o.Refs {
		if !said[m.Name] {
			parts = append(parts, moveText(m, verb))
		}
	}
	if len(parts) == 0 {
		for _, d := range o.Datasets {
			parts = append(parts, strings.TrimPrefix(d, "@")) // plain files, slices
		}
	}
	if len(parts) == 0 {
		return verb
	}
	if len(parts) > maxSummaryParts {
		parts = append(slices.Clone(parts[:maxSummaryParts]), "...")
	}
	return verb + ": " + strings.Join(parts, ", ")
}

// maxSummaryParts bounds how many refs or datasets a summary names.
const maxSummaryParts = 5

// madeCommit names the commit that HEAD's branch, or a detached HEAD, came to: its
// id, subject and branch.
func (r *Repo) madeCommit(ctx context.Context, o *Operation) string {
	for _, m := range o.Refs {
		branch := repo.BranchRef(repo.ShortRef(m.Name)) == m.Name
		id, err := object.Parse(m.New)
		if err != nil || !branch && m.Name != "HEAD" {
			continue
		}
		c, err := r.r.Commit(ctx, id)
		if err != nil {
			continue // it says less, but the log can be read
		}
		text := id.Short() + ` "` + c.Subject() + `"`
		if branch {
			text += " on " + repo.ShortRef(m.Name)
		}
		return text
	}
	return ""
}

// moveText says how a ref moved in an operation of a verb.
func moveText(m RefMove, verb string) string {
	short := repo.ShortRef(m.Name)
	switch {
	case m.Name == "HEAD":
		return "from " + valueText(m.Old) + " to " + valueText(m.New)
	case repo.TagRef(short) == m.Name && verb != "tag":
		short = "tag " + short
	}
	switch {
	case m.Old == "":
		return short + " made at " + valueText(m.New)
	case m.New == "":
		return short + " deleted (was " + valueText(m.Old) + ")"
	}
	return short + " from " + valueText(m.Old) + " to " + valueText(m.New)
}

// valueText shortens the value of a ref.
func valueText(v string) string {
	if branch, ok := strings.CutPrefix(v, "ref: "); ok {
		return repo.ShortRef(branch)
	}
	if id, err := object.Parse(v); err == nil {
		return id.Short()
	}
	return v
}
