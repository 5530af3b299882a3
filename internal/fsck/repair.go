package fsck

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/store/segment"
	"github.com/strata-data/strata/internal/vfs"
)

// RepairOptions of Repair.
type RepairOptions struct {
	Options
	// From are repositories, or directories of segments, that may have whole
	// copies of what is damaged here.
	From []string
	// Lost is the file to which what was lost is appended, a JSON object a line;
	// "" means fsck-lost-DATE.jsonl in the repository's directory. It is made only
	// if something was lost.
	Lost string
	// Working is the directory of the working files; "" means that of the repository.
	Working string
	// By is who is noted in reflogs and repaired commits.
	By repo.Signature
}

// Repaired says what Repair did.
type Repaired struct {
	Actions  []string         `json:"actions"` // in order, for people
	Branches []RepairedBranch `json:"branches"`
	Losses   int              `json:"losses"`              // lines of the file
	LostFile string           `json:"lost_file,omitempty"` // "" where nothing was lost
	Before   []Count          `json:"before"`              // findings before the repair
}

// RepairedBranch is a branch whose newest commit could not be read whole, and
// the new branch that has what is left of it.
type RepairedBranch struct {
	Branch string    `json:"branch"`
	Tip    object.ID `json:"tip"`
	Name   string    `json:"name"` // of the new branch
	Commit object.ID `json:"commit"`
}

// LostAndFound is the directory in the repository's own to which damaged
// segments are moved.
const LostAndFound = "lost+found"

// Repair puts right what can be put right, and checks again: objects come back
// from other copies (unpublished segments, From, working files), damaged segments are replaced
// by what is whole of them and kept in LostAndFound, refs that lead nowhere go
// back to the newest whole commit of their log, other entries of meta.db that
// cannot be read are removed. Branches whose newest commit has lost data stay
// as they are; beside BRANCH a new branch repaired/BRANCH has a commit without
// the samples and cells that are gone. Everything that was lost is written to
// the file Lost; damage that stays is written down, and later checks call it
// known. Repair takes the repository's lock. What it does for each step is
// visible at once or not at all, so it may be interrupted and run again.
func Repair(ctx context.Context, r *repo.Repo, o RepairOptions) (*Report, error) {
	unlock, err := r.LockForRepair(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unlock() }()
	x := &repairer{ctx: ctx, r: r, o: o, done: &Repaired{Actions: []string{}, Branches: []RepairedBranch{}}, kept: map[string]bool{}, sums: map[string]int{}}
	if x.o.By.Name == "" {
		x.o.By = repo.NewSignature("strata fsck", "", r.Now())
	}
	if x.o.Tips = nil; x.o.Working == "" {
		x.o.Working = r.Layout().Root
	}
	if err := x.openCopies(); err != nil {
		return nil, err
	}
	defer x.closeCopies()
	for _, step := range []func() error{x.firstCheck, x.rescue, x.fromWorkingFiles, x.fixEntries, x.repairBranches, x.writeDown} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	report, err := Run(ctx, r, x.o.Options)
	if err != nil {
		return nil, err
	}
	x.done.Losses = len(x.losses)
	report.Repair = x.done
	return report, nil
}

// repairer is the state of one Repair.
type repairer struct {
	ctx     context.Context
	r       *repo.Repo
	o       RepairOptions
	c       *checker // the newest check
	copies  []copyOf // where whole copies may be
	losses  []Lost
	written int // losses that are in the file
	done    *Repaired
	kept    map[string]bool // segments whose file is in LostAndFound
	sums    map[string]int  // actions that are counted, see sum
	order   []string
}

// copyOf is a store that may have what is damaged here.
type copyOf struct {
	name  string
	store *segment.Store
}

func (x *repairer) act(format string, a ...any) {
	x.done.Actions = append(x.done.Actions, fmt.Sprintf(format, a...))
}

// sum counts an action that there may be many of; text has a %d for how many.
func (x *repairer) sum(text string) {
	if x.sums[text] == 0 {
		x.order = append(x.order, text)
	}
	x.sums[text]++
}

// actSums makes actions of what was counted.
func (x *repairer) actSums() {
	for _, text := range x.order {
		x.act("%s", strings.Replace(text, "%d", strconv.Itoa(x.sums[text]), 1))
	}
	x.order, x.sums = nil, map[string]int{}
}

// check runs a check and keeps its state, with the store open.
func (x *repairer) check() error {
	if x.c != nil && x.c.store != nil {
		_ = x.c.store.Close()
	}
	o := x.o.Options
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Limit == 0 {
		o.Limit = defaultLimit
	}
	if o.Progress == nil {
		o.Progress = func(string, int64, int64, int64) {}
	}
	x.c = newChecker(x.ctx, x.r, o)
	if err := x.c.open(); err != nil || x.c.store == nil {
		return err
	}
	if err := x.c.readSegments(); err != nil {
		return err
	}
	return x.c.check()
}

// ErrBeyondRepair is returned where there is nothing to stand on: meta.db cannot
// be read, a newer program wrote it, or all segments are gone, as they are where
// their disk is not mounted.
var ErrBeyondRepair = errors.New("the repository cannot be repaired here")

func (x *repairer) firstCheck() error {
	if err := x.check(); err != nil {
		return err
	}
	x.done.Before = x.c.report().Counts
	if err := x.someObjects(); err != nil {
		return err
	}
	for _, p := range x.c.problems {
		switch {
		case p.ID == "formatUnknown" && x.c.store == nil:
			return fmt.Errorf("%w: %s: %w", ErrBeyondRepair, p.Detail, object.ErrUnsupported)
		case p.ID == "metaMalformed":
			if err := x.rebuildMeta(); err != nil {
				return err
			}
			return x.check()
		}
	}
	return nil
}

// someObjects refuses to repair what is only not in its place: without any of
// its objects nothing would be left of a repository but its name.
func (x *repairer) someObjects() error {
	dir := x.r.Layout().ObjectsDir()
	loose, err := segment.Loose(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(loose) > 0 || len(x.c.infos) == 0 || len(x.o.From) > 0 {
		return nil
	}
	return fmt.Errorf("%w: %s has none of its %d segments; bring them back, or name a copy of the repository with --from: %w",
		ErrBeyondRepair, dir, len(x.c.infos), object.ErrCorrupt)
}

// openCopies opens every other place of objects: all segments of the own
// directory, published or not, and those of From.
func (x *repairer) openCopies() error {
	dirs := []string{x.r.Layout().ObjectsDir()}
	for _, from := range x.o.From {
		dir, err := objectsIn(from)
		if err != nil {
			return err
		}
		dirs = append(dirs, dir)
	}
	for i, dir := range dirs {
		infos, err := segment.Loose(dir)
		if err != nil && !(i == 0 && errors.Is(err, fs.ErrNotExist)) {
			return fmt.Errorf("open the copy %s: %w", dir, err)
		}
		name := dir
		if i == 0 {
			name = "segments that were not published"
		} else {
			name = x.o.From[i-1]
		}
		x.copies = append(x.copies, copyOf{name, segment.OpenFiles(dir, infos, segment.Options{Workers: x.o.Workers})})
	}
	return nil
}

func (x *repairer) closeCopies() {
	for _, c := range x.copies {
		_ = c.store.Close()
	}
	if x.c != nil && x.c.store != nil {
		_ = x.c.store.Close()
	}
}

// objectsIn returns the directory of segments that a user means by dir.
func objectsIn(dir string) (string, error) {
	for _, d := range []string{filepath.Join(dir, repo.DirName, "objects"), filepath.Join(dir, "objects"), dir} {
		infos, err := segment.Loose(d)
		if err == nil && len(infos) > 0 {
			return d, nil
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	return "", &fs.PathError{Op: "look for segments", Path: dir, Err: fs.ErrNotExist}
}

// maxRounds bounds how often objects are fetched: a fetched node shows what is
// missing below it.
const maxRounds = 20

// rescue replaces damaged segments and fetches what is missing from copies.
func (x *repairer) rescue() error {
	for range maxRounds {
		bad := x.badSegments()
		ids, fetched, err := x.toStore(bad)
		if err != nil {
			return err
		}
		malformed := x.c.count("catalogueMalformed")
		if len(bad) == 0 && len(ids) == 0 && malformed == 0 {
			return nil
		}
		s, ok := x.r.Objects().(*segment.Store)
		if !ok {
			return fmt.Errorf("repair: the objects are not in segments")
		}
		n, err := s.Rescue(x.ctx, segment.Rescue{IDs: ids, Get: x.get, Bad: bad, Away: x.away})
		if err != nil {
			return err
		}
		for _, name := range bad {
			if x.kept[name] {
				x.act("segment %s was damaged and is in %s", name, LostAndFound)
			} else {
				x.act("segment %s, which is not there, left the catalogue", name)
			}
		}
		if malformed > 0 {
			x.act("%d entries of the catalogue that could not be read were removed", malformed)
		}
		if n > 0 {
			x.act("%d objects were stored anew; %d of them had been missing or damaged", n, fetched)
		}
		if err := x.check(); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) count(id string) (n int) {
	for _, p := range c.problems {
		if p.ID == id {
			n++
		}
	}
	return n
}

// badSegments returns the segments with a fault.
func (x *repairer) badSegments() []string {
	var names []string
	for _, p := range x.c.problems {
		switch p.ID {
		case "segmentMissing", "segmentSizeWrong", "segmentIndexWrong", "segmentUnreadable", "objectHashMismatch", "objectTruncated":
			if p.Segment != "" {
				names = append(names, p.Segment)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// toStore returns the objects to store: those of bad segments, in their order,
// and those that are missing and somewhere to be had, whose number is fetched.
func (x *repairer) toStore(bad []string) (ids []object.ID, fetched int, err error) {
	for _, name := range bad {
		listed, err := x.copies[0].store.List(x.ctx, name)
		if err != nil {
			return nil, 0, err
		}
		ids = append(ids, listed...)
	}
	for _, id := range x.c.wanted() {
		switch _, err := x.get(x.ctx, id); {
		case err == nil:
			ids = append(ids, id)
			fetched++
		case x.ctx.Err() != nil:
			return nil, 0, x.ctx.Err()
		}
	}
	return ids, fetched, nil
}

// wanted returns the objects that are named and not whole, in order of id.
func (c *checker) wanted() []object.ID {
	var ids []object.ID
	for i := range c.objects.shards {
		for id, m := range c.objects.shards[i].m {
			if m.flags&(reached|whole) == reached {
				ids = append(ids, id)
			}
		}
	}
	slices.SortFunc(ids, func(a, b object.ID) int { return slices.Compare(a[:], b[:]) })
	return ids
}

// get returns the bytes of an object from wherever they are whole.
func (x *repairer) get(ctx context.Context, id object.ID) ([]byte, error) {
	b, err := x.c.store.Get(ctx, id)
	for i := 0; err != nil && i < len(x.copies) && ctx.Err() == nil; i++ {
		b, err = x.copies[i].store.Get(ctx, id)
	}
	if s, ok := x.c.strays[id]; err != nil && ok {
		if b, err = x.c.store.Raw(ctx, s.Segment, s.ID); err == nil && object.Sum(b) != id {
			err = object.ErrNotFound
		}
	}
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("%w: %v", object.ErrNotFound, err) // no copy is whole
	}
	return b, err
}

// away keeps the file at path in LostAndFound, under its own name or, if that is
// taken, with a number.
func (x *repairer) away(path string) error {
	if _, err := os.Lstat(path); err != nil {
		return err
	}
	dir := filepath.Join(x.r.Layout().Dir, LostAndFound)
	if err := (vfs.OS{}).MkdirAll(dir); err != nil {
		return err
	}
	to := filepath.Join(dir, filepath.Base(path))
	for n := 1; ; n++ {
		err := os.Link(path, to)
		if errors.Is(err, fs.ErrExist) {
			to = filepath.Join(dir, fmt.Sprintf("%s.%d", filepath.Base(path), n))
			continue
		}
		if err != nil { // a file system without links
			err = copyFile(path, to)
		}
		if err != nil {
			return err
		}
		x.kept[strings.TrimSuffix(filepath.Base(path), ".seg")] = true
		return (vfs.OS{}).SyncDir(dir)
	}
}

func copyFile(from, to string) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return vfs.WriteFileAtomic(vfs.OS{}, to, b, 0o666)
}
