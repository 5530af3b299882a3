package strata_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/strata-data/strata/pkg/strata"
)

// scenes makes a repository with one file in a temporary directory and opens it
// as Ana Ito on a fixed day.
func scenes(ctx context.Context) (r *strata.Repo, dir string, done func()) {
	dir, err := os.MkdirTemp("", "scenes")
	if err != nil {
		log.Fatal(err)
	}
	if _, err := strata.Init(ctx, dir, strata.InitOptions{}); err != nil {
		log.Fatal(err)
	}
	r, err = strata.Open(ctx, dir, strata.Options{
		Now: func() time.Time { return time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC) },
		Getenv: func(name string) string {
			return map[string]string{"STRATA_AUTHOR_NAME": "Ana Ito", "STRATA_AUTHOR_EMAIL": "ana@example.com"}[name]
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	write(dir, "id,label,score\n01,car,0.91\n02,dog,0.40\n03,car,0.87\n04,dog,0.93\n")
	return r, dir, func() {
		r.Close()
		os.RemoveAll(dir)
	}
}

// write replaces train.csv.
func write(dir, text string) {
	if err := os.WriteFile(filepath.Join(dir, "train.csv"), []byte(text), 0o666); err != nil {
		log.Fatal(err)
	}
}

// version adds train.csv as it is and commits.
func version(ctx context.Context, r *strata.Repo, dir, message string) {
	if _, err := r.Add(ctx, strata.AddOptions{Paths: []string{"train.csv"}, Dir: dir, Key: []string{"id"}}); err != nil {
		log.Fatal(err)
	}
	if _, err := r.Commit(ctx, strata.CommitOptions{Message: message}); err != nil {
		log.Fatal(err)
	}
}

func ExampleOpen() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "empty")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if _, err := strata.Init(ctx, dir, strata.InitOptions{Branch: "trunk"}); err != nil {
		log.Fatal(err)
	}
	r, err := strata.Open(ctx, dir, strata.Options{Mem: 256 << 20})
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	at, err := r.Position(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(at.Branch, at.Commit.IsZero())
	// Output: trunk true
}

func ExampleRepo_Add() {
	ctx := context.Background()
	r, dir, done := scenes(ctx)
	defer done()
	res, err := r.Add(ctx, strata.AddOptions{Paths: []string{"train.csv"}, Dir: dir, Key: []string{"id"}})
	if err != nil {
		log.Fatal(err)
	}
	for _, d := range res.Datasets {
		fmt.Println(d.Name, d.Samples, "samples", d.Columns)
	}
	// Output: train 4 samples [id label score]
}

func ExampleRepo_Commit() {
	ctx := context.Background()
	r, dir, done := scenes(ctx)
	defer done()
	if _, err := r.Add(ctx, strata.AddOptions{Paths: []string{"train.csv"}, Dir: dir, Key: []string{"id"}}); err != nil {
		log.Fatal(err)
	}
	res, err := r.Commit(ctx, strata.CommitOptions{Message: "First drives"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Branch, res.Commit.Author.Name, res.Datasets[0].Added)
	// Output: main Ana Ito 4
}

func ExampleRepo_Log() {
	ctx := context.Background()
	r, dir, done := scenes(ctx)
	defer done()
	version(ctx, r, dir, "First drives")
	write(dir, "id,label,score\n01,car,0.91\n02,wolf,0.40\n03,car,0.87\n04,dog,0.93\n")
	version(ctx, r, dir, "Not a dog")
	for entry, err := range r.Log(ctx, strata.LogOptions{Addresses: []string{"train/02"}}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(entry.Subject)
		for _, s := range entry.Samples {
			for _, c := range s.Cells {
				fmt.Printf("  %s: %s to %s\n", c.Column, c.OldText, c.NewText)
			}
		}
	}
	// Output:
	// Not a dog
	//   label: dog to wolf
	// First drives
}

func ExampleRepo_Diff() {
	ctx := context.Background()
	r, dir, done := scenes(ctx)
	defer done()
	version(ctx, r, dir, "First drives")
	write(dir, "id,label,score\n01,car,0.91\n02,wolf,0.40\n03,car,0.88\n05,dog,0.55\n")
	version(ctx, r, dir, "Second drives")
	d, err := r.Diff(ctx, strata.DiffOptions{Revisions: []string{"HEAD~1", "HEAD"}})
	if err != nil {
		log.Fatal(err)
	}
	defer d.Close()
	sum, err := d.Summary(ctx, false)
	if err != nil {
		log.Fatal(err)
	}
	train := sum.Datasets[0]
	fmt.Printf("+%d -%d ~%d\n", train.Added, train.Removed, train.Modified)
	for s, err := range d.Samples(ctx, "train") {
		if err != nil {
			log.Fatal(err)
		}
		key, err := s.Key()
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%c %s\n", s.Op, key)
	}
	// Output:
	// +1 -1 ~2
	// ~ 02
	// ~ 03
	// - 04
	// + 05
}

func ExampleRepo_Scan() {
	ctx := context.Background()
	r, dir, done := scenes(ctx)
	defer done()
	version(ctx, r, dir, "First drives")
	rows, err := r.Scan(ctx, strata.ScanOptions{Address: "train", Columns: []string{"label", "score"}, Where: "score > 0.9"})
	if err != nil {
		log.Fatal(err)
	}
	for s, err := range rows.All(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(s.Value(0), s.Value(1))
	}
	// Output:
	// car 0.91
	// dog 0.93
}

func ExampleRepo_Export() {
	ctx := context.Background()
	r, dir, done := scenes(ctx)
	defer done()
	version(ctx, r, dir, "First drives")
	_, err := r.Export(ctx, os.Stdout, strata.ExportOptions{
		ScanOptions: strata.ScanOptions{Address: "HEAD:train", Columns: []string{"id", "label"}, Where: "label = 'dog'"},
		Format:      "jsonl",
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// {"id":"02","label":"dog"}
	// {"id":"04","label":"dog"}
}
