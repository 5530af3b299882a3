package strata_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/pkg/strata"
)

// TestEveryObjectIsReadable follows all ids from a tag down and expects an
// object of every kind, each made readable.
func TestEveryObjectIsReadable(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	if _, err := strata.Init(ctx, dir, strata.InitOptions{}); err != nil {
		t.Fatal(err)
	}
	vars := map[string]string{"STRATA_AUTHOR_NAME": "Ana", "STRATA_AUTHOR_EMAIL": "ana@example.com"}
	r, err := strata.Open(ctx, dir, strata.Options{Getenv: func(name string) string { return vars[name] }})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var rows strings.Builder
	rows.WriteString("id,label,caption\n")
	for i := range 9000 {
		fmt.Fprintf(&rows, "%d,%s,%s\n", (i*7919)%9000, []string{"dog", "cat", " odd "}[i%3], strings.Repeat(fmt.Sprint("caption ", i, " "), 12))
	}
	noise := make([]byte, 1<<20)
	for i, x := 0, uint64(1); i < len(noise); i++ {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		noise[i] = byte(x)
	}
	for name, b := range map[string][]byte{"train.csv": []byte(rows.String()), "noise.bin": noise, "small.txt": []byte("small\n")} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.Add(ctx, strata.AddOptions{Dir: dir, All: true, Key: []string{"id"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Commit(ctx, strata.CommitOptions{Message: "One"}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.CreateTag(ctx, strata.TagOptions{Name: "v1", Annotate: true, Message: "One"}); err != nil {
		t.Fatal(err)
	}

	ids := regexp.MustCompile(`"[0-9a-f]{64}"`)
	seen, kinds := map[string]bool{}, map[string]int{}
	queue := []string{"v1", "HEAD:@files"}
	// The contents of plain files are named by rows alone.
	files, err := r.Show(ctx, strata.ShowOptions{Name: "HEAD:noise.bin"})
	if err != nil {
		t.Fatal(err)
	}
	small, err := r.Show(ctx, strata.ShowOptions{Name: "HEAD:small.txt"})
	if err != nil {
		t.Fatal(err)
	}
	queue = append(queue, files.File.Content.String(), small.File.Content.String())
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		if seen[name] {
			continue
		}
		seen[name] = true
		o, err := r.Object(ctx, name)
		if err != nil {
			t.Fatalf("object %s: %v", name, err)
		}
		doc, err := o.Explain("")
		if err != nil {
			t.Fatalf("%s %s: %v", o.Kind, name, err)
		}
		kinds[o.Kind]++
		content, err := json.Marshal(doc.Content)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range ids.FindAllString(string(content), -1) {
			id := strings.Trim(q, `"`)
			if o.Kind == object.KindSource.String() && strings.Contains(string(content), `"hash":`+q) {
				continue // the hash of a file is no object
			}
			queue = append(queue, id)
		}
	}
	var want []string
	for _, k := range []object.Kind{object.KindPage, object.KindPageList, object.KindLeaf, object.KindNode, object.KindTable, object.KindSchema,
		object.KindTree, object.KindCommit, object.KindTag, object.KindChunk, object.KindChunks, object.KindSource, object.KindLines} {
		want = append(want, k.String())
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(kinds))); diff != "" {
		t.Errorf("kinds of objects (-want +got):\n%s", diff)
	}
}
