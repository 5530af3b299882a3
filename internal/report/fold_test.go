package report

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-data/strata/pkg/strata"
)

func TestFoldFiles(t *testing.T) {
	var files []strata.FileDiff
	add := func(change string, paths ...string) {
		for _, p := range paths {
			files = append(files, strata.FileDiff{Change: change, Path: p})
		}
	}
	add("A", "a", "b", "c", "d", "e", "f", "g")                               // the top is never folded
	add("A", "x/1", "x/2", "x/3", "x/4", "x/5")                               // too few
	add("A", "y/1", "y/2", "y/3")                                             // six with those below
	add("D", "y/0")                                                           // another change
	add("A", "y/4", "y/5", "y/6", "y/sub/1", "y/sub/2\n", "y/sub/3", "z/y/1") // other directories
	var got []string
	for _, g := range FoldFiles(files) {
		got = append(got, g.Change+" "+g.Text())
	}
	want := []string{"A a", "A b", "A c", "A d", "A e", "A f", "A g", "A x/1", "A x/2", "A x/3", "A x/4", "A x/5",
		"A y/  6 files", "D y/0", "A y/sub/1", `A y/sub/2\n`, "A y/sub/3", "A z/y/1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
