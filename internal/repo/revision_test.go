package repo_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
)

func TestParseRevision(t *testing.T) {
	step := func(op byte, n int) repo.Step { return repo.Step{Op: op, N: n} }
	peel := func(k object.Kind) repo.Step { return repo.Step{Op: '{', Kind: k} }
	for in, want := range map[string]repo.Revision{
		"HEAD":            {Base: "HEAD"},
		"@":               {Base: "HEAD"},
		"@~2":             {Base: "HEAD", Steps: []repo.Step{step('~', 2)}},
		"main^^2~":        {Base: "main", Steps: []repo.Step{step('^', 1), step('^', 2), step('~', 1)}},
		"v1^{}":           {Base: "v1", Steps: []repo.Step{peel(0)}},
		"v1^{commit}^0":   {Base: "v1", Steps: []repo.Step{peel(object.KindCommit), step('^', 0)}},
		"v1^{object}":     {Base: "v1", Steps: []repo.Step{{Op: '{', N: 1}}},
		"@{3}":            {Select: repo.SelectLog, N: 3},
		"@{-1}~":          {Select: repo.SelectSwitch, N: 1, Steps: []repo.Step{step('~', 1)}},
		"origin/main@{0}": {Base: "origin/main", Select: repo.SelectLog},
		"@@{1}":           {Base: "HEAD", Select: repo.SelectLog, N: 1},
		"3f2a91c":         {Base: "3f2a91c"},
	} {
		want.Text = in
		got, err := repo.ParseRevision(in)
		if err != nil {
			t.Errorf("ParseRevision(%q): %v", in, err)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("ParseRevision(%q): %s", in, diff)
		}
	}
	for _, in := range []string{
		"", "~1", "^", "a b", "-x", "a..b", "main@{", "main@{x}", "main@{u}", "x@{-1}", "@{-0}", "main^{blob}", "main^{commit",
		"main~x", "main:train", "HEAD~99999999999", "HEAD~~x", "a//b", "@{99999999999999999999}", "main@{1}x",
	} {
		if rev, err := repo.ParseRevision(in); err == nil {
			t.Errorf("ParseRevision(%q) = %+v, want an error", in, rev)
		} else if _, ok := errors.AsType[*repo.RevisionSyntaxError](err); !ok {
			t.Errorf("ParseRevision(%q): %T", in, err)
		}
	}
}

func TestParseRange(t *testing.T) {
	for in, want := range map[string]string{
		"main": "|main|false", "a..b": "a|b|false", "a...b": "a|b|true", "a..": "a|HEAD|false", "...b": "HEAD|b|true",
		"HEAD~2..@{1}": "HEAD~2|@{1}|false",
		"..":           "", "...": "", "a....b": "", "a..b..c": "", "": "", "a b..c": "",
	} {
		rg, err := repo.ParseRange(in)
		got := fmt.Sprintf("%s|%s|%v", rg.From, rg.To, rg.Symmetric)
		if (err == nil) != (want != "") || (err == nil && got != want) {
			t.Errorf("ParseRange(%q) = %s, %v, want %q", in, got, err, want)
		}
	}
}

func TestAddress(t *testing.T) {
	names := []string{"@files", "data/train", "train", "trial", "val"}
	for _, tc := range []struct{ in, rev, matches string }{
		{"train", "-", "train="},
		{"train/000017", "-", "train=000017"},
		{"train/cam:3/x", "-", "train=cam:3/x"},
		{"HEAD~1:train/cam3/*", "HEAD~1", "train=cam3/*"},
		{"main:", "main", "data/train= train= trial= val="},
		{":train", "", "train="},
		{"data/train/k", "-", "data/train=k"},
		{"tr*/5", "-", "train=5 trial=5"},
		{"*/train", "-", "data/train= train=train trial=train val=train"},
		{"@files/img/1.png", "-", "@files=img/1.png"},
		{"*", "-", "train= trial= val="},
		{"nope", "-", ""},
		{"v1:nope", "v1", ""},
	} {
		a, err := repo.ParseAddress(tc.in, names)
		if err != nil {
			t.Errorf("ParseAddress(%q): %v", tc.in, err)
			continue
		}
		rev := "-"
		if a.HasRev {
			rev = a.Rev
		}
		var got []string
		for _, m := range a.Match(names) {
			got = append(got, m.Dataset+"="+m.Key)
		}
		if s := strings.Join(got, " "); rev != tc.rev || s != tc.matches {
			t.Errorf("ParseAddress(%q): revision %q and %s, want %q and %s", tc.in, rev, s, tc.rev, tc.matches)
		}
	}
	for _, in := range []string{"", "a b:train", "x..y:train"} {
		if a, err := repo.ParseAddress(in, names); err == nil {
			t.Errorf("ParseAddress(%q) = %+v", in, a)
		}
	}
}

func TestResolveErrors(t *testing.T) {
	ctx := t.Context()
	r := newRepo(t)
	_, err := r.Resolve(ctx, "HEAD")
	if _, ok := errors.AsType[*repo.UnknownRevisionError](err); !ok {
		t.Errorf("HEAD before the first commit: %v", err)
	}
	a := rawCommit(t, r, "a", 1)
	setRef(t, r, "HEAD", a)
	for rev, nearest := range map[string]string{"mian": "main", "mani": "main", "zebra": "", "maina": "main", "HAED": "HEAD"} {
		_, err := r.Resolve(ctx, rev)
		if u, ok := errors.AsType[*repo.UnknownRevisionError](err); !ok || u.Nearest != nearest || u.Name != rev {
			t.Errorf("Resolve(%s) = %v, want nearest %q", rev, err, nearest)
		}
	}
	for _, rev := range []string{"HEAD~1", "HEAD^2", "@{5}", "@{-1}", "nope@{0}", strings.Repeat("ab", 32), "abcd"} {
		_, err := r.Resolve(ctx, rev)
		if _, ok := errors.AsType[*repo.UnknownRevisionError](err); !ok {
			t.Errorf("Resolve(%s) = %v, want an UnknownRevisionError", rev, err)
		}
	}
	if _, err := r.Resolve(ctx, "HEAD^{tree}"); err == nil {
		t.Error("a tree was taken for a commit")
	}
}

func TestPrefix(t *testing.T) {
	ctx := t.Context()
	r := newRepo(t)
	// With so many commits some two share their first four digits.
	byPrefix := map[string][]object.ID{}
	var tip object.ID
	for i := range 900 {
		if i == 0 {
			tip = rawCommit(t, r, "0", 0)
		} else {
			tip = rawCommit(t, r, fmt.Sprint(i), int64(i), tip)
		}
		byPrefix[tip.String()[:4]] = append(byPrefix[tip.String()[:4]], tip)
	}
	setRef(t, r, "HEAD", tip)
	seen := map[int]bool{}
	for prefix, ids := range byPrefix {
		if n := len(ids); seen[n] {
			continue
		}
		seen[len(ids)] = true
		id, err := r.Resolve(ctx, strings.ToUpper(prefix))
		if len(ids) == 1 {
			if err != nil || id != ids[0] {
				t.Errorf("Resolve(%s) = %s, %v, want %s", prefix, id, err, ids[0])
			}
			continue
		}
		if am, ok := errors.AsType[*repo.AmbiguousRevisionError](err); !ok || len(am.Candidates) != len(ids) {
			t.Errorf("Resolve(%s) = %v, want %d candidates", prefix, err, len(ids))
		}
	}
	if !seen[1] || !seen[2] {
		t.Errorf("the history has no prefix of each kind: %v", seen)
	}
	// A branch with a name like a prefix wins over the prefix.
	name := tip.String()[:6]
	first, err := r.Resolve(ctx, "HEAD~899")
	if err != nil {
		t.Fatal(err)
	}
	setRef(t, r, "refs/heads/"+name, first)
	if id, err := r.Resolve(ctx, name); err != nil || id != first {
		t.Errorf("branch %s resolves to %s, %v", name, id, err)
	}
}

func TestRefOf(t *testing.T) {
	ctx := t.Context()
	r := newRepo(t)
	a := rawCommit(t, r, "a", 1)
	setRef(t, r, "HEAD", a)
	setRef(t, r, "refs/tags/v1", a)
	if _, _, err := r.Switch(ctx, repo.SwitchOptions{Branch: "side", Create: true, By: ana}); err != nil {
		t.Fatal(err)
	}
	for rev, want := range map[string]string{
		"main": "refs/heads/main", "@": "refs/heads/side", "@{-1}": "refs/heads/main", "v1": "refs/tags/v1", "heads/main": "refs/heads/main",
		"main~0": "", a.String(): "", "nope": "",
	} {
		if got, err := r.RefOf(ctx, rev); err != nil || got != want {
			t.Errorf("RefOf(%s) = %q, %v, want %q", rev, got, err, want)
		}
	}
}

func FuzzRevision(f *testing.F) {
	for _, s := range []string{"HEAD~2^{commit}", "main@{3}^2", "@{-1}", "a..b", "a...", "x^{tree}~"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		rev, err := repo.ParseRevision(s)
		if err == nil && printRevision(rev) != normal(s) && !strings.ContainsAny(s, "0123456789") {
			t.Errorf("%q parses as %+v, which is %q", s, rev, printRevision(rev))
		}
		repo.ParseRange(s)
		repo.ParseAddress(s, []string{"train"})
	})
}

// normal writes out what s leaves out, for revisions without numbers.
func normal(s string) string {
	if s == "@" || strings.HasPrefix(s, "@~") || strings.HasPrefix(s, "@^") {
		s = "HEAD" + s[1:]
	}
	return strings.NewReplacer("^{", "^{", "~", "~1", "^", "^1").Replace(s)
}

func printRevision(rev repo.Revision) string {
	var b strings.Builder
	b.WriteString(rev.Base)
	for _, s := range rev.Steps {
		switch {
		case s.Op != '{':
			fmt.Fprintf(&b, "%c%d", s.Op, s.N)
		case s.N == 1:
			b.WriteString("^{object}")
		case s.Kind == 0:
			b.WriteString("^{}")
		default:
			b.WriteString("^{" + s.Kind.String() + "}")
		}
	}
	return b.String()
}
