package report

import (
	"strings"

	"github.com/strata-data/strata/pkg/strata"
)

// foldFrom is how many files of one directory, changed in the same way, are
// one line.
const foldFrom = 6

// FileGroup is a plain file that changed (N is 1 and Path its path), or many of
// one directory that changed in the same way (Path ends in /).
type FileGroup struct {
	Change string // A, D or M
	Path   string
	N      int64
}

// Text returns the group's path and, where there are several, their number.
func (g FileGroup) Text() string {
	if g.N > 1 {
		return oneLine(g.Path) + "  " + Plural(g.N, "file")
	}
	return oneLine(g.Path)
}

// FoldFiles puts files of one directory into groups where there are more than a
// few. Groups are in the order of their first files.
func FoldFiles(files []strata.FileDiff) []FileGroup {
	type group struct{ change, dir string }
	of := func(f strata.FileDiff) group {
		return group{f.Change, f.Path[:strings.LastIndexByte(f.Path, '/')+1]}
	}
	n := map[group]int64{}
	for _, f := range files {
		n[of(f)]++
	}
	var groups []FileGroup
	for _, f := range files {
		switch g := of(f); {
		case g.dir == "" || n[g] > 0 && n[g] < foldFrom:
			groups = append(groups, FileGroup{f.Change, f.Path, 1})
		case n[g] > 0:
			groups = append(groups, FileGroup{g.change, g.dir, n[g]})
			n[g] = 0 // the others are in this group
		}
	}
	return groups
}
