package strata

import (
	"fmt"
	"strings"
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
	// Columns counts them by column; "" stands for whole samples.
	Columns []CellCount `json:"columns"`
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
	var cells []string
	samples := int64(0)
	for _, col := range c.Columns {
		if col.Name == "" {
			samples = col.Changed
		} else {
			cells = append(cells, fmt.Sprintf("%s %d", col.Name, col.Changed))
		}
	}
	var parts []string
	if n := c.Conflicts - samples; n > 0 {
		text := fmt.Sprintf("%d cells of %s differ", n, c.Dataset)
		if n == 1 {
			text = "1 cell of " + c.Dataset + " differs"
		}
		if len(cells) > 0 {
			text += " (" + strings.Join(cells, ", ") + ")"
		}
		parts = append(parts, text)
	}
	if samples > 0 {
		parts = append(parts, fmt.Sprintf("%d %s of %s changed on one side and removed on the other", samples, noun(samples, "sample", "samples"), c.Dataset))
	}
	return strings.Join(parts, ", ")
}

func noun(n int64, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
