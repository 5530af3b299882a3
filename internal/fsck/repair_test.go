package fsck_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/strata-data/strata/internal/fsck"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/pkg/strata"
)

func repair(t *testing.T, dir string, o fsck.RepairOptions) *fsck.Report {
	t.Helper()
	r, err := repo.OpenDamaged(dir, repo.Options{Now: clock()})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	report, err := fsck.Repair(t.Context(), r, o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// losses reads the file of losses, nil where there is none.
func losses(t *testing.T, report *fsck.Report) (all []fsck.Lost) {
	t.Helper()
	if report.Repair.LostFile == "" {
		return nil
	}
	f, err := os.Open(report.Repair.LostFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		var l fsck.Lost
		if err := json.Unmarshal(s.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		all = append(all, l)
	}
	if len(all) != report.Repair.Losses {
		t.Errorf("%d losses in the file, the report says %d", len(all), report.Repair.Losses)
	}
	return all
}

// rows returns the samples of train at a revision as text, "" for an error.
func rows(t *testing.T, dir, rev string) (string, error) {
	t.Helper()
	r, err := strata.Open(t.Context(), dir, strata.Options{})
	if err != nil {
		return "", err
	}
	defer r.Close()
	var b bytes.Buffer
	_, err = r.Export(t.Context(), &b, strata.ExportOptions{ScanOptions: strata.ScanOptions{Address: rev + ":train"}, Format: "csv"})
	return b.String(), err
}

// beyond are the fixtures that Repair refuses.
var beyond = []string{"formatUnknown"}

// TestRepair: after a repair without a copy nothing is found that is not known,
// a second one does nothing, and every branch that was made can be read whole.
func TestRepair(t *testing.T) {
	for _, k := range fsck.Kinds() {
		if slices.Contains(beyond, k.ID) {
			continue
		}
		t.Run(k.ID, func(t *testing.T) {
			dir := unpack(t, filepath.Join(fixtures(t), k.ID, "repo.tar.gz"))
			o := fsck.RepairOptions{Options: fsck.Options{Deep: true}}
			before := check(t, dir, o.Options)
			report := repair(t, dir, o)
			for _, f := range report.Findings {
				if f.Severity == fsck.Error {
					t.Errorf("still there: %+v", f)
				}
				if f.Severity == fsck.Warning && !f.Known && f.ID != "commitBadTime" {
					t.Errorf("not known: %+v", f)
				}
			}
			known := func(f fsck.Finding) bool { return f.Known }
			if lost := losses(t, report); len(lost) == 0 && (slices.ContainsFunc(report.Findings, known) || len(report.Repair.Branches) > 0) {
				t.Error("nothing is written down")
			}
			if before.Errors() > 0 && len(report.Repair.Actions) == 0 {
				t.Error("nothing was done")
			}
			for _, b := range report.Repair.Branches {
				r, err := strata.Open(t.Context(), dir, strata.Options{})
				if err != nil {
					t.Fatal(err)
				}
				part, err := r.Fsck(t.Context(), strata.FsckOptions{Revisions: []string{b.Name}, Deep: true})
				if err != nil || len(part.Findings) > 0 {
					t.Errorf("%s: %+v %v", b.Name, part, err)
				}
				if err := r.Close(); err != nil {
					t.Error(err)
				}
			}
			if again := repair(t, dir, o); len(again.Repair.Actions) > 0 || again.Repair.Losses > 0 {
				t.Errorf("a second repair: %q", again.Repair.Actions)
			}
			t.Logf("%s\n%s", k.ID, strings.Join(report.Repair.Actions, "\n"))
		})
	}
}

// TestRepairFromCopy: what bytes on disk have lost comes back whole.
func TestRepairFromCopy(t *testing.T) {
	healthy := unpack(t, filepath.Join(fixtures(t), "healthy", "repo.tar.gz"))
	want, err := rows(t, healthy, "main")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"metaMalformed", "catalogueMalformed", "segmentMissing", "segmentSizeWrong", "segmentIndexWrong",
		"segmentUnreadable", "objectMissing", "objectHashMismatch", "treeChildMissing"} {
		t.Run(id, func(t *testing.T) {
			dir := unpack(t, filepath.Join(fixtures(t), id, "repo.tar.gz"))
			report := repair(t, dir, fsck.RepairOptions{From: []string{healthy}})
			if !report.OK || report.Warnings() > 0 || len(report.Repair.Branches) > 0 {
				t.Errorf("%+v", report)
			}
			if lost := losses(t, report); len(lost) > 0 && id != "metaMalformed" {
				t.Errorf("lost %+v", lost)
			}
			if got, err := rows(t, dir, "main"); err != nil || got != want {
				t.Errorf("the samples are others: %d bytes, want %d: %v", len(got), len(want), err)
			}
		})
	}
}

// TestRepairFromOlderCopy: commits that the copy of meta.db does not know get a
// branch.
func TestRepairFromOlderCopy(t *testing.T) {
	older := unpack(t, filepath.Join(fixtures(t), "healthy", "repo.tar.gz"))
	dir := filepath.Join(t.TempDir(), "newer")
	if err := os.CopyFS(dir, os.DirFS(older)); err != nil {
		t.Fatal(err)
	}
	r, err := repo.Open(t.Context(), dir, repo.Options{Now: clock()})
	if err != nil {
		t.Fatal(err)
	}
	by := repo.Signature{Name: "t", Email: "t@example.com", When: 1000}
	made, err := r.CreateCommit(t.Context(), repo.CommitOptions{Message: "newer", Author: by, Committer: by, AllowEmpty: true})
	if err != nil {
		t.Fatal(err)
	}
	path := r.Layout().MetaPath()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 5000); err != nil {
		t.Fatal(err)
	}
	if report := repair(t, dir, fsck.RepairOptions{From: []string{older}}); !report.OK {
		t.Errorf("%+v", report)
	}
	if r, err = repo.Open(t.Context(), dir, repo.Options{}); err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if id, err := r.Resolve(t.Context(), "recovered/"+made.ID.Short()); err != nil || id != made.ID {
		t.Errorf("%s, %v, want %s", id, err, made.ID)
	}
	branches, _, err := r.Branches(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range branches {
		if strings.HasPrefix(b.Name, "recovered/") && b.ID != made.ID {
			t.Errorf("%s for a commit that the copy has", b.Name)
		}
	}
}

// TestSalvage says exactly what is left where a page or a leaf is gone.
func TestSalvage(t *testing.T) {
	want := strings.SplitAfter(string(csv(true)), "\n")
	for _, tc := range []struct {
		fixture string
		left    func(lines []string) []string
		lost    fsck.Lost
	}{
		{"objectMissing", func(lines []string) []string { // the labels of the first leaf
			for i := 1; i <= 12; i++ {
				f := strings.SplitN(lines[i], ",", 3)
				lines[i] = f[0] + ",," + f[2]
			}
			return lines
		}, fsck.Lost{What: "cells", Branch: "main", Dataset: "train", Column: "label", Samples: 12, Keys: &fsck.Keys{First: "1", Last: "1653"}}},
		{"treeChildMissing", func(lines []string) []string { // the second leaf
			return slices.Delete(lines, 13, 25)
		}, fsck.Lost{What: "samples", Branch: "main", Dataset: "train", Samples: 12, Keys: &fsck.Keys{After: "1653", Last: "2136"}, Detail: "missing"}},
	} {
		t.Run(tc.fixture, func(t *testing.T) {
			dir := unpack(t, filepath.Join(fixtures(t), tc.fixture, "repo.tar.gz"))
			report := repair(t, dir, fsck.RepairOptions{})
			got, err := rows(t, dir, "repaired/main")
			if err != nil {
				t.Fatal(err)
			}
			if left := strings.Join(tc.left(slices.Clone(want)), ""); got != left {
				t.Errorf("left is\n%.600s\nwant\n%.600s", got, left)
			}
			ok := slices.ContainsFunc(losses(t, report), func(l fsck.Lost) bool {
				return l.What == tc.lost.What && l.Branch == tc.lost.Branch && l.Dataset == tc.lost.Dataset && l.Column == tc.lost.Column &&
					l.Samples == tc.lost.Samples && l.Keys != nil && *l.Keys == *tc.lost.Keys && l.Detail == tc.lost.Detail
			})
			if !ok {
				t.Errorf("losses %+v, want %+v among them", losses(t, report), tc.lost)
			}
		})
	}
}

// TestRepairFromWorkingFiles: files that are as they were added are a copy, too.
func TestRepairFromWorkingFiles(t *testing.T) {
	want, err := rows(t, unpack(t, filepath.Join(fixtures(t), "healthy", "repo.tar.gz")), "main")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, fixture, file string
		content             []byte
		healed              bool
	}{
		{"a page", "objectMissing", "train.csv", csv(true), true},
		{"a leaf", "treeChildMissing", "train.csv", csv(true), true},
		{"other bytes", "treeChildMissing", "train.csv", append(csv(true), '\n'), false},
		{"other file", "treeChildMissing", "notes.txt", []byte("read me\n"), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := unpack(t, filepath.Join(fixtures(t), tc.fixture, "repo.tar.gz"))
			if err := os.WriteFile(filepath.Join(dir, tc.file), tc.content, 0o666); err != nil {
				t.Fatal(err)
			}
			report := repair(t, dir, fsck.RepairOptions{Options: fsck.Options{Deep: true}})
			if healed := report.OK && len(report.Findings) == 0; healed != tc.healed {
				t.Fatalf("healed %v: %q", healed, report.Repair.Actions)
			}
			if got, err := rows(t, dir, "main"); tc.healed && (err != nil || got != want || report.Repair.Losses > 0) {
				t.Errorf("%d bytes, want %d: %v", len(got), len(want), err)
			}
		})
	}
}

// TestNewDamageBesideKnown: what a repair has left hides nothing that comes later.
func TestNewDamageBesideKnown(t *testing.T) {
	dir := unpack(t, filepath.Join(fixtures(t), "treeChildMissing", "repo.tar.gz"))
	repair(t, dir, fsck.RepairOptions{})
	if report := check(t, dir, fsck.Options{}); !report.OK || len(report.Findings) != 1 || !report.Findings[0].Known {
		t.Fatalf("after the repair: %+v", report.Findings)
	}
	d := &damage{t: t, dir: dir}
	d.drop(d.page("label"))
	d.ok(d.r.Close())
	report := check(t, dir, fsck.Options{})
	if report.Errors() != 1 || report.Findings[0].ID != "objectMissing" || report.Findings[0].Column != "label" {
		t.Errorf("new damage: %+v", report.Findings)
	}
}
