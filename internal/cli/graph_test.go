package cli

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/pkg/strata"
)

// Expected pictures from git 2.39.5: git log --graph --format=%s over the same
// commits, with trailing spaces cut.
func TestGraph(t *testing.T) {
	for _, tc := range []struct{ name, history, want string }{
		{"a line", "c:b b:a a:", "* c\n* b\n* a\n"},
		{"two tips", "c:a b:a a:", "* c\n| * b\n|/\n* a\n"},
		{"a merge", "d:b,c c:a b:a a:", "*   d\n|\\\n| * c\n* | b\n|/\n* a\n"},
		{"two roots", "c:b b: a:", "* c\n* b\n* a\n"},
		{"a merge beside a line", "e:c f:d,b d:a b:a c:a a:", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g := &graph{}
			var lines []string
			for _, c := range strings.Fields(tc.history) {
				name, list, _ := strings.Cut(c, ":")
				var parents []strata.ID
				for _, p := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' }) {
					parents = append(parents, object.Sum([]byte(p)))
				}
				lines = append(lines, g.draw(object.Sum([]byte(name)), parents, []string{name})...)
			}
			got := strings.Join(lines, "\n") + "\n"
			if tc.want == "" { // any picture with each commit once and no column left
				if len(g.columns) != 0 {
					t.Errorf("%d columns are left:\n%s", len(g.columns), got)
				}
				if strings.Count(got, "*") != len(strings.Fields(tc.history)) {
					t.Errorf("picture:\n%s", got)
				}
				return
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Text of several lines stands beside the lines that join columns.
func TestGraphBesideText(t *testing.T) {
	g := &graph{}
	id := func(s string) strata.ID { return object.Sum([]byte(s)) }
	var lines []string
	lines = append(lines, g.draw(id("d"), []strata.ID{id("b"), id("c")}, []string{"d", "one", "two"})...)
	lines = append(lines, g.draw(id("c"), []strata.ID{id("a")}, []string{"c"})...)
	want := "*   d\n|\\  one\n| | two\n| * c"
	if diff := cmp.Diff(want, strings.Join(lines, "\n")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLeadingArguments(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"directory", "-C a -Cb status -C c", "--directory=a --directory=b status -C c"},
		{"flags with values", "--color never -q --repo x -C a log", "--color never -q --repo x --directory=a log"},
		{"count", "log -3 --oneline", "log -n3 --oneline"},
		{"count behind addresses", "log -- -3", "log -- -3"},
		{"count of another verb", "head -3", "head -n3"},
		{"no verb", "--version", "--version"},
		{"-C without a value", "-C", "-C"},
		{"a number that a flag takes", "tag -m -3", "tag -m -3"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := strings.Join(gitArguments(strings.Fields(tc.in)), " ")
			if got != tc.want {
				t.Errorf("have %q, want %q", got, tc.want)
			}
		})
	}
}
