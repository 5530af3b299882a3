package fsck_test

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/strata-data/strata/internal/fsck"
	"github.com/strata-data/strata/internal/repo"
)

// TestAnyDamage changes bytes anywhere in a small repository: a check ends
// without an error of its own, does not panic, and where it finds nothing the
// data is what it was.
func TestAnyDamage(t *testing.T) {
	base := unpack(t, filepath.Join(fixtures(t), "healthy", "repo.tar.gz"))
	var files []string
	err := filepath.WalkDir(filepath.Join(base, ".strata"), func(p string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() && (strings.HasSuffix(p, ".seg") || strings.HasSuffix(p, ".db")) {
			files = append(files, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		p := rapid.SampledFrom(files).Draw(rt, "file")
		old, err := os.ReadFile(p)
		if err != nil {
			rt.Fatal(err)
		}
		defer os.WriteFile(p, old, 0o666)
		b := spoil(rt, old)
		if err := os.WriteFile(p, b, 0o666); err != nil {
			rt.Fatal(err)
		}
		r, err := repo.OpenDamaged(base, repo.Options{})
		if err != nil {
			rt.Fatal(err)
		}
		defer r.Close()
		report, err := fsck.Run(rt.Context(), r, fsck.Options{Deep: rapid.Bool().Draw(rt, "deep")})
		if err != nil {
			rt.Fatalf("%s: %v", filepath.Base(p), err)
		}
		if report.OK && strings.HasSuffix(p, ".seg") && (report.Commits != 3 || report.Tables == 0) {
			rt.Fatalf("%s: nothing was found, and %d commits", filepath.Base(p), report.Commits)
		}
	})
}

// spoil returns b with something changed.
func spoil(rt *rapid.T, old []byte) []byte {
	b := append([]byte(nil), old...)
	switch rapid.IntRange(0, 3).Draw(rt, "how") {
	case 0: // one bit
		b[rapid.IntRange(0, len(b)-1).Draw(rt, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
	case 1: // a number
		at := rapid.IntRange(0, len(b)-8).Draw(rt, "at")
		binary.LittleEndian.PutUint64(b[at:], rapid.Uint64().Draw(rt, "value"))
	case 2: // a lost sector
		at := rapid.IntRange(0, (len(b)-1)/512).Draw(rt, "sector") * 512
		clear(b[at:min(at+512, len(b))])
	case 3: // a copied sector
		from := rapid.IntRange(0, len(b)/512-1).Draw(rt, "from") * 512
		to := rapid.IntRange(0, len(b)/512-1).Draw(rt, "to") * 512
		copy(b[to:to+512], b[from:from+512])
	}
	return b
}

// TestRepairAnyDamage: after a repair, whatever was damaged, nothing unknown is
// found, and what the branches hold can be read or is said to be lost.
func TestRepairAnyDamage(t *testing.T) {
	archive := filepath.Join(fixtures(t), "healthy", "repo.tar.gz")
	healthy := unpack(t, archive)
	want, err := rows(t, healthy, "main")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		dir := unpack(t, archive)
		defer os.RemoveAll(dir)
		var files []string
		for _, pattern := range []string{"objects/*.seg", "meta.db"} {
			found, err := filepath.Glob(filepath.Join(dir, ".strata", pattern))
			if err != nil {
				rt.Fatal(err)
			}
			files = append(files, found...)
		}
		for range rapid.IntRange(1, 3).Draw(rt, "damages") {
			p := rapid.SampledFrom(files).Draw(rt, "file")
			old, err := os.ReadFile(p)
			if err != nil {
				rt.Fatal(err)
			}
			if err := os.WriteFile(p, spoil(rt, old), 0o666); err != nil {
				rt.Fatal(err)
			}
		}
		o := fsck.RepairOptions{Options: fsck.Options{Deep: rapid.Bool().Draw(rt, "deep")}}
		if rapid.Bool().Draw(rt, "copy") {
			o.From = []string{healthy}
		}
		r, err := repo.OpenDamaged(dir, repo.Options{Now: clock()})
		if err != nil {
			rt.Fatal(err)
		}
		defer r.Close()
		report, err := fsck.Repair(rt.Context(), r, o)
		if errors.Is(err, fsck.ErrBeyondRepair) {
			return // the damage looks like a newer format
		}
		if err != nil {
			rt.Fatal(err)
		}
		if !report.OK {
			rt.Fatalf("after the repair: %+v\n%q", report.Findings, report.Repair.Actions)
		}
		got, err := rows(t, dir, "main")
		if err == nil && got != want && report.Repair.Losses == 0 {
			rt.Fatalf("main has %d bytes, want %d, and nothing is lost", len(got), len(want))
		}
	})
}
