package strata

import (
	"strconv"
	"strings"

	"github.com/strata-data/strata/internal/merge"
	"github.com/strata-data/strata/internal/worktree"
)

// ConflictError is returned by a verb that stopped because two sides changed
// the same in different ways. Nothing is lost: what is not in conflict is merged,
// and Repo.Conflicts lists the rest.
type ConflictError struct {
	Doing    string // such as "merging night-fix"
	Kind     string // merge, cherry-pick, revert, stash
	Left     bool   // it had stopped before, and these are the conflicts that are left
	Datasets []ConflictCount
}

// ConflictCount says how much of a dataset is in conflict.
type ConflictCount struct {
	Dataset string `json:"dataset"`
	// Conflicts counts cells, and samples or columns where all of one is in conflict.
	Conflicts int64 `json:"conflicts"`
	// Columns counts cells by column; "" stands for whole samples.
	Columns []CellCount `json:"columns"`
	// Schema are the columns that are in conflict themselves: by name, type or
	// existence.
	Schema []string `json:"schema_columns,omitempty"`
	// Whole is deleted-by-us or deleted-by-them where one side removed the dataset
	// that the other one changed.
	Whole string `json:"whole,omitempty"`
}

// Total returns the number of conflicts.
func (e *ConflictError) Total() int64 {
	n := int64(0)
	for _, d := range e.Datasets {
		n += d.Conflicts
	}
	return n
}

func (e *ConflictError) Error() string {
	parts := make([]string, len(e.Datasets))
	for i, d := range e.Datasets {
		parts[i] = d.text()
	}
	if e.Left {
		return e.Doing + " still has conflicts: " + strings.Join(parts, "; ")
	}
	return e.Doing + " stopped: " + strings.Join(parts, "; ")
}

// text says it in words: 14 cells of train differ (label 14).
func (c *ConflictCount) text() string {
	switch c.Whole {
	case merge.DeletedByUs:
		return "dataset " + c.Dataset + " was removed on our side and changed on theirs"
	case merge.DeletedByThem:
		return "dataset " + c.Dataset + " was changed on our side and removed on theirs"
	}
	var parts, cells []string
	switch n := len(c.Schema); {
	case n == 1:
		parts = append(parts, "column "+c.Schema[0]+" of "+c.Dataset+" differs")
	case n > 1:
		parts = append(parts, "columns "+strings.Join(c.Schema, ", ")+" of "+c.Dataset+" differ")
	}
	samples, n := int64(0), int64(0)
	for _, col := range c.Columns {
		if col.Name == "" {
			samples = col.Changed
		} else {
			n += col.Changed
			cells = append(cells, col.Name+" "+grouped(col.Changed))
		}
	}
	if n > 0 {
		text := grouped(n) + " cells of " + c.Dataset + " differ"
		if n == 1 {
			text = "1 cell of " + c.Dataset + " differs"
		}
		parts = append(parts, text+" ("+strings.Join(cells, ", ")+")")
	}
	if samples > 0 {
		how := " changed on one side and removed on the other"
		if worktree.IsSystem(c.Dataset) { // its samples are never merged by cell
			how = " changed on both sides, or removed on one"
		}
		what := noun(samples, "sample", "samples") + " of " + c.Dataset
		if c.Dataset == worktree.FilesName {
			what = noun(samples, "file", "files")
		}
		parts = append(parts, grouped(samples)+" "+what+how)
	}
	return strings.Join(parts, ", ")
}

// grouped writes n with commas, as people read it.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func noun(n int64, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
