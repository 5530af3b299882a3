package repo_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
)

func someID(b byte) object.ID { return object.Sum([]byte{b}) }

func someCommit() *repo.Commit {
	return &repo.Commit{
		Tree: someID(1), Parents: []object.ID{someID(2), someID(3)}, Author: ana, Committer: at(5), Message: "Relabel wolves\n",
		Generation: 8, Extra: []repo.Field{{Name: "batch", Value: "b1"}, {Name: "source", Value: "é"}},
	}
}

func TestCommitRoundTrip(t *testing.T) {
	root := &repo.Commit{Tree: someID(1), Author: ana, Committer: ana, Generation: 1}
	for name, c := range map[string]*repo.Commit{"full": someCommit(), "root": root} {
		b, err := c.Encode()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := repo.DecodeCommit(b)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// The ids are those of this program at format version 1; they must never
// change.
func TestGoldenIDs(t *testing.T) {
	commit, err := someCommit().Encode()
	if err != nil {
		t.Fatal(err)
	}
	empty, err := new(repo.Tree).Encode()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(empty, []byte{0x44, 0x01, 0xa0}) {
		t.Errorf("empty tree = %x", empty)
	}
	tree, err := repo.NewTree([]repo.Entry{{Name: "val", Table: someID(2)}, {Name: "@files", Table: someID(1)}})
	if err != nil {
		t.Fatal(err)
	}
	treeBytes, err := tree.Encode()
	if err != nil {
		t.Fatal(err)
	}
	tag, err := (&repo.Tag{Target: someID(9), Name: "v1", Tagger: ana, Message: "first\n"}).Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		b    []byte
		want string
	}{
		"commit": {commit, goldenCommit},
		"tree":   {treeBytes, goldenTree},
		"tag":    {tag, goldenTag},
	} {
		if got := object.Sum(tc.b).String(); got != tc.want {
			t.Errorf("%s has id %s, want %s (%x)", name, got, tc.want, tc.b)
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	for name, change := range map[string]func(*repo.Commit){
		"no tree":             func(c *repo.Commit) { c.Tree = object.ID{} },
		"zero parent":         func(c *repo.Commit) { c.Parents[0] = object.ID{} },
		"parent twice":        func(c *repo.Commit) { c.Parents[0] = c.Parents[1] },
		"root of generation":  func(c *repo.Commit) { c.Parents = nil },
		"generation 1":        func(c *repo.Commit) { c.Generation = 1 },
		"generation 0":        func(c *repo.Commit) { c.Generation = 0; c.Parents = nil },
		"no author":           func(c *repo.Commit) { c.Author.Name = "" },
		"line end in name":    func(c *repo.Commit) { c.Author.Name = "a\nb" },
		"bracket in email":    func(c *repo.Commit) { c.Committer.Email = "a>b" },
		"zone":                func(c *repo.Commit) { c.Committer.Zone = 1440 },
		"message not UTF-8":   func(c *repo.Commit) { c.Message = "\xff" },
		"NUL in message":      func(c *repo.Commit) { c.Message = "a\x00" },
		"fields out of order": func(c *repo.Commit) { c.Extra[0].Name = "z" },
		"field twice":         func(c *repo.Commit) { c.Extra[0].Name = c.Extra[1].Name },
		"field without name":  func(c *repo.Commit) { c.Extra[0].Name = "" },
	} {
		c := someCommit()
		change(c)
		if _, err := c.Encode(); err == nil {
			t.Errorf("%s: Encode accepted it", name)
		}
		// What Encode refuses, Decode refuses too.
		if !strings.Contains(name, "UTF-8") {
			if _, err := repo.DecodeCommit(object.Marshal(object.KindCommit, c)); !errors.Is(err, object.ErrCorrupt) {
				t.Errorf("%s: Decode = %v, want ErrCorrupt", name, err)
			}
		}
	}
}

func TestDatasetNames(t *testing.T) {
	for name, good := range map[string]bool{
		"train": true, "data/train": true, "@files": true, "a b": true, "Größe": true, "a.b": true, "..a": true,
		"": false, "/a": false, "a/": false, "a//b": false, ".": false, "a/../b": false, ".strata": false, "x/.GIT/y": false,
		"a\nb": false, "a\x00": false, "\xff": false, strings.Repeat("a", 1025): false, strings.Repeat("a", 1024): true,
	} {
		if err := repo.CheckDatasetName(name); (err == nil) != good {
			t.Errorf("CheckDatasetName(%.20q) = %v, want good = %v", name, err, good)
		}
	}
}

func TestNewTree(t *testing.T) {
	if _, err := repo.NewTree([]repo.Entry{{Name: "a", Table: someID(1)}, {Name: "a", Table: someID(2)}}); err == nil {
		t.Error("a repeated name was accepted")
	}
	if _, err := repo.NewTree([]repo.Entry{{Name: "a"}}); err == nil {
		t.Error("a zero id was accepted")
	}
	tree, err := repo.NewTree([]repo.Entry{{Name: "b", Table: someID(1)}, {Name: "a", Table: someID(2)}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b"}, tree.Names()); diff != "" {
		t.Error(diff)
	}
	if id, ok := tree.Table("b"); !ok || id != someID(1) {
		t.Errorf("Table(b) = %v, %v", id, ok)
	}
	if _, ok := tree.Table("c"); ok {
		t.Error("Table(c) is there")
	}
}

func TestDiffTrees(t *testing.T) {
	mk := func(s ...repo.Entry) *repo.Tree { return &repo.Tree{Entries: s} }
	old := mk(repo.Entry{Name: "a", Table: someID(1)}, repo.Entry{Name: "b", Table: someID(1)}, repo.Entry{Name: "d", Table: someID(1)})
	new := mk(repo.Entry{Name: "b", Table: someID(1)}, repo.Entry{Name: "c", Table: someID(2)}, repo.Entry{Name: "d", Table: someID(2)})
	var got []string
	for _, c := range repo.DiffTrees(old, new) {
		got = append(got, string(c.Letter())+c.Name)
	}
	if diff := cmp.Diff([]string{"Da", "Ac", "Md"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestSignature(t *testing.T) {
	s := repo.NewSignature(" \"A<n>a\n\" ", " a@b.c, ", time.Unix(7, 900).In(time.FixedZone("", -5400)))
	if diff := cmp.Diff(repo.Signature{Name: "Ana", Email: "a@b.c", When: 7, Zone: -90}, s); diff != "" {
		t.Error(diff)
	}
	if got := s.Time().Format(time.RFC3339); got != "1969-12-31T22:30:07-01:30" {
		t.Errorf("time = %s", got)
	}
	for in, want := range map[string]string{
		"Ana Lee <ana@x.org>": "Ana Lee|ana@x.org", "A <>": "A|", "Ana": "", "<a@b>": "", "Ana <a@b> x": "", "Ana <a": "",
	} {
		name, email, err := repo.ParseSignature(in)
		if got := name + "|" + email; (err == nil) != (want != "") || (err == nil && got != want) {
			t.Errorf("ParseSignature(%q) = %s, %v, want %s", in, got, err, want)
		}
	}
}

func TestSubject(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "One\n": "One", "One\ntwo\n\nthree": "One two", "\n\nOne": "One",
	} {
		if got := (&repo.Commit{Message: in}).Subject(); got != want {
			t.Errorf("Subject of %q = %q, want %q", in, got, want)
		}
	}
}

// TestCleanMessage has the results of `git stripspace` 2.39, with -s where
// strip is set.
func TestCleanMessage(t *testing.T) {
	for _, tc := range []struct {
		in    string
		strip bool
		want  string
	}{
		{"", false, ""},
		{"\n\n \t\n", false, ""},
		{"a", false, "a\n"},
		{"\n\na  \n\n\n\nb\t\n\n", false, "a\n\nb\n"},
		{"a\r\nb\r\n", false, "a\nb\n"},
		{"# c\na\n# d\n\n#e\nb", true, "a\n\nb\n"},
		{"# c\na", false, "# c\na\n"},
		{" # not a comment", true, " # not a comment\n"},
	} {
		how := repo.CleanupWhitespace
		if tc.strip {
			how = repo.CleanupStrip
		}
		if got := repo.CleanMessage(tc.in, how); got != tc.want {
			t.Errorf("CleanMessage(%q, strip %v) = %q, want %q", tc.in, tc.strip, got, tc.want)
		}
	}
	if got := repo.CleanMessage(" x ", repo.CleanupVerbatim); got != " x " {
		t.Errorf("verbatim = %q", got)
	}
}

func FuzzDecodeObjects(f *testing.F) {
	commit, _ := someCommit().Encode()
	tree, _ := (&repo.Tree{Entries: []repo.Entry{{Name: "a", Table: someID(1)}}}).Encode()
	tag, _ := (&repo.Tag{Target: someID(1), Name: "v", Tagger: ana}).Encode()
	f.Add(commit)
	f.Add(tree)
	f.Add(tag)
	f.Fuzz(func(t *testing.T, b []byte) {
		check := func(again []byte, err error) {
			if err != nil || !bytes.Equal(again, b) {
				t.Errorf("%x decodes, and encodes to %x, %v", b, again, err)
			}
		}
		if c, err := repo.DecodeCommit(b); err == nil {
			check(c.Encode())
		}
		if tr, err := repo.DecodeTree(b); err == nil {
			check(tr.Encode())
		}
		if tg, err := repo.DecodeTag(b); err == nil {
			check(tg.Encode())
		}
	})
}

const (
	goldenCommit = "4f9c44264b4c6c8b6f586d1650dc22c3dd2f8e020176e7defd6d3a0cb55fc602"
	goldenTree   = "cca1cef582babd5f47c644bda7cacf86f07d31c42f7e4a449dda52c414fb4762"
	goldenTag    = "d8625ab50eabed0f4b97f1191dd3e3f894972b868296232fbc5aadfe870f6f25"
)
