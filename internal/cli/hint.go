package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/strata-data/strata/internal/expr"
	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/source"
	"github.com/strata-data/strata/internal/vfs"
	"github.com/strata-data/strata/internal/worktree"
	"github.com/strata-data/strata/pkg/strata"
)

// hintsFor returns the commands to type after an error whose verb named none:
// one made from what the error knows, or else the slug's own.
func hintsFor(slug string, err error) []string {
	if h := hintFrom(err); h != "" {
		return []string{h}
	}
	if s, ok := lookUpSlug(slug); ok && s.hint != "" {
		return []string{s.hint}
	}
	return nil
}

// hintFrom makes a hint from the values in an error, or returns "".
func hintFrom(err error) string {
	if e, ok := find[*format.SyntaxError](err); ok {
		return e.Hint
	}
	if e, ok := find[*format.ValueError](err); ok && e.Needed != nil {
		return fmt.Sprintf("fix the line, or accept the change with --allow-type %s=%s", e.Column, e.Needed)
	}
	if e, ok := find[*source.SchemaChangeError](err); ok && e.New != nil {
		return fmt.Sprintf("fix the rows, or accept the change with --allow-type %s=%s", e.Column, e.New)
	}
	if e, ok := find[*source.KeyColumnError](err); ok {
		if near := nearest(e.Column, e.Columns); near != "" {
			return "did you mean --key " + near + "?"
		}
		return "columns: " + strings.Join(e.Columns, ", ")
	}
	if e, ok := find[*worktree.DirectoryError](err); ok {
		return "strata rm -r " + shellWord(e.Path)
	}
	if e, ok := find[*worktree.RenameError](err); ok {
		if near := nearest(e.Column, e.Columns); near != "" {
			return "did you mean " + near + "?"
		}
		if len(e.Columns) > 0 {
			return "columns: " + strings.Join(e.Columns, ", ")
		}
		return "strata describe DATASET"
	}
	if e, ok := find[*strata.OptionError](err); ok && e.Allowed == nil && e.Value == "" {
		return map[string]string{"format": "add --format csv, tsv, jsonl, parquet or arrow", "dataset": "add --dataset DATASET"}[e.Option]
	}
	if e, ok := find[*worktree.FormatError](err); ok {
		return e.Hint
	}
	if e, ok := find[*source.DuplicatesError](err); ok {
		return "strata add " + e.Path + " --key COL,COL   or   --on-duplicate last"
	}
	if e, ok := find[*expr.Error](err); ok {
		return e.Hint
	}
	if e, ok := find[*strata.NotBranchError](err); ok {
		return "strata switch --detach " + e.Name
	}
	if e, ok := find[*strata.UnfinishedError](err); ok {
		if e.Kind == repo.StateStash {
			return "strata conflicts   then strata resolve, or strata undo to take it back"
		}
		return "strata " + e.Kind + " --continue, or strata " + e.Kind + " --abort"
	}
	if as[*strata.RekeyedError](err) {
		return "strata restore --source HEAD DATASET, or strata merge --abort"
	}
	if e, ok := find[*strata.MovedError](err); ok {
		return "strata " + e.Kind + " --quit   to leave everything as it is"
	}
	if e, ok := find[*strata.NotFoundError](err); ok {
		return hintMissing(e)
	}
	if e, ok := find[*repo.UnknownRevisionError](err); ok && strings.HasPrefix(e.Name, "stash@{") {
		return "strata stash list"
	}
	if e, ok := find[*repo.UnknownRevisionError](err); ok && e.Nearest != "" {
		return "did you mean " + e.Nearest + "?"
	}
	if e, ok := find[*repo.NotMergedError](err); ok {
		return "strata branch -D " + e.Branch + "   to delete it all the same"
	}
	if errors.Is(err, strata.ErrNoCommitYet) {
		return `strata commit -m "MESSAGE"`
	}
	if e, ok := find[*strata.UnfinishedError](err); ok && e.Kind == repo.StateStash {
		return "strata conflicts, strata resolve DATASET --ours or --theirs; or strata undo"
	}
	if errors.Is(err, strata.ErrNoBisect) {
		return "strata bisect start BAD GOOD"
	}
	if errors.Is(err, repo.ErrStashLog) {
		return "strata stash drop stash@{N}"
	}
	if e, ok := find[*vfs.LockedError](err); ok && e.Holder.PID != 0 {
		return fmt.Sprintf("wait until process %d has finished, then run the same command again", e.Holder.PID)
	}
	return ""
}

// hintMissing names what may have been meant, or what there is.
func hintMissing(e *strata.NotFoundError) string {
	near := e.Nearest
	if near == "" {
		near = nearest(e.Name, e.Known)
	}
	switch {
	case near != "":
		return "did you mean " + near + "?"
	case len(e.Known) > 0 && len(e.Known) <= 40 && (e.Kind == "dataset" || e.Kind == "column"):
		return e.Kind + "s: " + strings.Join(e.Known, ", ")
	}
	return ""
}
