package fsck_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/strata-data/strata/internal/fault"
	"github.com/strata-data/strata/internal/fsck"
	"github.com/strata-data/strata/internal/repo"
)

// TestRepairInterrupted fails a repair at the n-th hit of each failpoint, for
// every n. The next repair ends as one that was not interrupted.
func TestRepairInterrupted(t *testing.T) {
	healthy := unpack(t, filepath.Join(fixtures(t), "healthy", "repo.tar.gz"))
	for _, tc := range []struct {
		fixture, rev string
		from         []string
	}{
		{"objectHashMismatch", "main", []string{healthy}},
		{"metaMalformed", "main", []string{healthy}},
		{"segmentSizeWrong", "main", nil},
		{"treeChildMissing", "repaired/main", nil},
		{"refDangling", "main", nil},
	} {
		t.Run(tc.fixture, func(t *testing.T) {
			archive := filepath.Join(fixtures(t), tc.fixture, "repo.tar.gz")
			o := fsck.RepairOptions{From: tc.from}
			straight := unpack(t, archive)
			repair(t, straight, o)
			want, err := rows(t, straight, tc.rev)
			if err != nil {
				t.Fatal(err)
			}
			interrupted := 0
			for _, point := range fault.Points() {
				for n := 1; ; n++ {
					dir := unpack(t, archive)
					if !failedRepair(t, dir, o, fmt.Sprintf("%s=error:%d", point, n)) {
						break
					}
					interrupted++
					report := repair(t, dir, o)
					got, err := rows(t, dir, tc.rev)
					if !report.OK || err != nil || got != want {
						t.Errorf("%s:%d: %d bytes, want %d, %v: %+v", point, n, len(got), len(want), err, report.Findings)
					}
					if _, err := os.Stat(filepath.Join(dir, ".strata", "meta.db")); err != nil {
						t.Error(err)
					}
				}
			}
			if interrupted < 2 {
				t.Errorf("%d repairs were interrupted", interrupted)
			}
			t.Log(interrupted, "interrupted repairs")
		})
	}
}

// failedRepair runs a repair with a failpoint armed, and reports whether it
// failed there.
func failedRepair(t *testing.T, dir string, o fsck.RepairOptions, spec string) bool {
	t.Helper()
	r, err := repo.OpenDamaged(dir, repo.Options{Now: clock()})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := fault.Arm(spec); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = fault.Arm("") }()
	_, err = fsck.Repair(t.Context(), r, o)
	if err != nil && !errors.Is(err, fault.ErrInjected) {
		t.Errorf("%s: %v", spec, err)
	}
	return err != nil
}
