package strata

import (
	"context"
	"os"
	"path/filepath"

	"github.com/strata-data/strata/internal/fsck"
	"github.com/strata-data/strata/internal/repo"
)

// FsckOptions say what Fsck checks.
type FsckOptions struct {
	Revisions []string // only these with all that they reach; none = everything
	Deep      bool     // decode every page, restore every file
	Limit     int      // findings of one kind in the report; 0 = 1000
	Progress  func(phase string, bytes, objects, totalBytes int64)
}

// FsckReport is strata.fsck/1: what a check found.
type FsckReport = fsck.Report

// FsckFinding is one thing that is wrong.
type FsckFinding = fsck.Finding

// FsckKind is one kind of finding.
type FsckKind = fsck.Kind

// FsckKinds returns every kind of finding.
func FsckKinds() []FsckKind { return fsck.Kinds() }

// OpenDamaged is Open without looking inside the repository, for Fsck.
func OpenDamaged(dir string, o Options) (*Repo, error) {
	r, err := repo.OpenDamaged(dir, o.forRepo())
	if err != nil {
		return nil, err
	}
	return o.wrap(r), nil
}

// Fsck checks the repository and changes nothing. What is wrong is in the
// report, not in the error.
func (r *Repo) Fsck(ctx context.Context, o FsckOptions) (*FsckReport, error) {
	opt := fsck.Options{Deep: o.Deep, Limit: o.Limit, Progress: o.Progress}
	for _, rev := range o.Revisions {
		id, err := r.r.Resolve(ctx, rev)
		if err != nil {
			return nil, err
		}
		opt.Tips = append(opt.Tips, id)
	}
	return fsck.Run(ctx, r.r, opt)
}

// RepairOptions say how FsckRepair repairs.
type RepairOptions struct {
	FsckOptions          // Revisions do not count: everything is repaired
	From        []string // repositories or directories of segments with copies
	Lost        string   // file for what was lost; "" = one in the repository's directory
	DryRun      bool     // do it in a copy that is thrown away
}

// FsckRepair checks the repository, repairs what can be repaired, and checks
// again. The report is that of the second check, with what was done; see
// fsck.Repair for what happens to data that cannot be had back.
func (r *Repo) FsckRepair(ctx context.Context, o RepairOptions) (*FsckReport, error) {
	by, err := r.actor()
	if err != nil {
		return nil, err
	}
	opt := fsck.RepairOptions{Options: fsck.Options{Deep: o.Deep, Limit: o.Limit, Progress: o.Progress}, From: o.From, Lost: o.Lost, By: by}
	if !o.DryRun {
		return fsck.Repair(ctx, r.r, opt)
	}
	if opt.Lost == "" {
		return fsck.Rehearse(ctx, r.r, opt, repo.Options{Mem: r.r.Mem(), Now: r.r.Now, Getenv: r.getenv})
	}
	dir, err := os.MkdirTemp("", "strata-fsck-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	opt.Lost = filepath.Join(dir, "lost.jsonl")
	report, err := fsck.Rehearse(ctx, r.r, opt, repo.Options{Mem: r.r.Mem(), Now: r.r.Now, Getenv: r.getenv})
	if err == nil && report.Repair.LostFile != "" {
		report.Repair.LostFile = o.Lost
	}
	return report, err
}
