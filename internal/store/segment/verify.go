package segment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store/meta"
)

// Fault is what can be wrong with a segment or with a copy of an object in it.
type Fault int

// The faults.
const (
	FaultNone      Fault = iota // a whole copy of an object
	FaultMissing                // the catalogue names a file that is not there
	FaultSize                   // the file is not as long as the catalogue says
	FaultIndex                  // the index cannot be read, or does not fit the file or the catalogue
	FaultVersion                // a newer program wrote the file
	FaultTruncated              // the file or a block ends before the object does
	FaultHash                   // the bytes are not those of the id
	FaultBase                   // it is kept as a difference to an object that cannot be read
	FaultRead                   // the operating system reports an error
)

// Stored is one copy of an object in a segment, or one fault of a segment.
type Stored struct {
	Segment string    // name of the segment
	ID      object.ID // zero where the fault is one of the whole segment
	Bytes   []byte    // of a whole copy; they must not be changed, nor kept for long
	Fault   Fault
	Detail  string    // what is wrong, for people
	Actual  object.ID // FaultHash: what the bytes are the id of, zero where there are none
}

// Catalogue returns the segments that meta.db names, oldest first, and what is
// wrong with entries that cannot be read, which are left out.
func Catalogue(tx meta.Tx) (infos []Info, bad []error) {
	tx = tx.Loose()
	damaged := damagedEntries(tx)
	for k, v := range tx.Range(meta.BucketSegments, nil) {
		info, err := decodeInfo(k, v)
		if err == nil && damaged[string(k)] {
			err = fmt.Errorf("%w: catalogue entry %x: its checksum does not fit", object.ErrCorrupt, k)
		}
		if err != nil {
			bad = append(bad, err)
			continue
		}
		infos = append(infos, info)
	}
	return infos, bad
}

// damagedEntries returns the keys of the catalogue whose checksum does not fit.
func damagedEntries(tx meta.Tx) map[string]bool {
	damaged := map[string]bool{}
	for bucket, key := range tx.Damaged() {
		if bucket == meta.BucketSegments {
			damaged[string(key)] = true
		}
	}
	return damaged
}

// Loose returns the segments of the directory dir by their file names alone,
// in order of name: for looking at objects without a catalogue. How many
// objects they hold is not known (-1).
func Loose(dir string) ([]Info, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var infos []Info
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), suffix)
		if !ok || len(name) != nameSize || strings.Trim(name, "0123456789abcdef") != "" {
			continue
		}
		fi, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		infos = append(infos, Info{Name: name, Size: fi.Size(), Objects: -1, RawBytes: -1})
	}
	return infos, nil
}

// OpenFiles returns a store of exactly the segments given, whatever a
// catalogue says; later ones are looked at first. Of those of Loose everything
// is found that is whole, however damaged the index. Its writers fail.
func OpenFiles(dir string, infos []Info, o Options) *Store {
	s := Open(dir, nil, o)
	v := &view{refs: 1}
	for _, info := range slices.Backward(infos) {
		f, _ := openFile(s.fs, dir, info)
		if f.refs = 1; info.Objects < 0 && f.broken == nil && f.checkName() != nil {
			f.gather()
		}
		v.files = append(v.files, f)
	}
	s.cur = v
	return s
}

// errNoCatalogue is returned for what a store of OpenFiles cannot do.
var errNoCatalogue = errors.New("the object store has no catalogue: it is read-only")

// gather makes look-ups go by what is whole of a damaged index, wherever it is:
// for segments of Loose.
func (f *file) gather() {
	all, _ := f.intact()
	f.intactly = make(map[object.ID]entry, len(all))
	for _, x := range all {
		f.intactly[x.id] = x.entry
	}
}

// verifyRun is how many raw bytes of blocks one goroutine of Verify takes.
const verifyRun = 4 << 20

// Verify reads every copy of every object, segment by segment in the order of
// the disk, and calls visit for each, and for each fault of a segment. It goes
// on after every fault; the error is that of visit or of ctx. visit is called
// from Options.Workers goroutines at a time. Cost: the store is read once, and
// up to four times Options.CacheBytes of deltas are held in memory.
func (s *Store) Verify(ctx context.Context, visit func(Stored) error) error {
	v, err := s.refresh(ctx, nil)
	if err != nil {
		return err
	}
	defer s.release(v)
	vf := &verifier{s: s, v: v, visit: visit, room: 4 * s.opt.CacheBytes, waiting: map[object.ID][]waiting{}}
	indexes := make([][]indexed, len(v.files))
	for i, f := range v.files {
		if indexes[i], err = vf.index(f); err != nil {
			return err
		}
	}
	for _, work := range []func(context.Context, *file, []indexed) error{vf.collectDeltas, vf.blocks} {
		for i, f := range v.files {
			if err := vf.inRuns(ctx, f, indexes[i], work); err != nil {
				return err
			}
		}
	}
	return vf.rest(ctx)
}

// index reports the faults of a segment as a whole and returns the entries of
// its index in the order of the disk.
func (vf *verifier) index(f *file) ([]indexed, error) {
	report := func(fault Fault, err error) error {
		return vf.visit(Stored{Segment: f.info.Name, Fault: fault, Detail: detailOf(err)})
	}
	if f.broken != nil {
		return nil, report(f.faultOfFile(), f.broken)
	}
	all, damage := f.intact()
	if damage == nil {
		if err := f.contradiction(len(all)); err != nil {
			damage = append(damage, err)
		}
	}
	for _, err := range damage {
		if err := report(FaultIndex, err); err != nil {
			return nil, err
		}
	}
	sortByPlace(all)
	return all, nil
}

// inRuns calls work for runs of neighbouring blocks, on several goroutines.
func (vf *verifier) inRuns(ctx context.Context, f *file, all []indexed, work func(context.Context, *file, []indexed) error) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(vf.s.opt.Workers)
	for len(all) > 0 && gctx.Err() == nil {
		n, raw := 0, 0
		for n < len(all) && (raw < verifyRun || all[n].place == all[n-1].place) {
			if n == 0 || all[n].place != all[n-1].place {
				raw += int(all[n].raw)
			}
			n++
		}
		run := all[:n]
		all = all[n:]
		g.Go(func() error { return work(gctx, f, run) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

func sortByPlace(all []indexed) {
	slices.SortFunc(all, func(a, b indexed) int {
		return cmp.Or(cmp.Compare(a.pack, b.pack), cmp.Compare(a.place.off, b.place.off), cmp.Compare(a.off, b.off))
	})
}

// faultOfFile says which fault keeps f from being opened.
func (f *file) faultOfFile() Fault {
	switch {
	case errors.Is(f.broken, fs.ErrNotExist):
		return FaultMissing
	case errors.Is(f.broken, errSize):
		return FaultSize
	case errors.Is(f.broken, object.ErrUnsupported):
		return FaultVersion
	case errors.Is(f.broken, object.ErrCorrupt):
		return FaultIndex
	}
	return FaultRead
}

// contradiction returns what does not fit between the n ids of f, its name and
// the catalogue.
func (f *file) contradiction(n int) error {
	if err := f.checkName(); err != nil {
		return err
	}
	if int64(n) != f.info.Objects && f.info.Objects >= 0 {
		return fmt.Errorf("it has %d objects, the catalogue says %d", n, f.info.Objects)
	}
	return nil
}

// intact returns the entries of the index that can be read, and what is wrong
// with the rest.
func (f *file) intact() (all []indexed, damage []error) {
	var fault error
	func() {
		defer guard(&fault)()
		for kv, err := range f.index.Intact() {
			var x indexed
			if err == nil && len(kv.Key) != object.Size {
				err = fmt.Errorf("%w: an id of %d bytes", object.ErrCorrupt, len(kv.Key))
			}
			if err == nil {
				x.id = object.ID(kv.Key)
				x.entry, err = decodeEntry(kv.Value)
			}
			if err != nil {
				damage = append(damage, err)
				continue
			}
			all = append(all, x)
		}
	}()
	if fault != nil {
		damage = append(damage, fault)
	}
	return all, damage
}

// wholeBlock returns the decoded block p; *buf is the memory for stored bytes,
// which a raw block is given out in.
func (s *Store) wholeBlock(f *file, p place, buf *[]byte) (raw []byte, err error) {
	defer guard(&err)()
	at, err := f.locate(p)
	if err != nil {
		return nil, fmt.Errorf("%w%w", errShort, err)
	}
	if cap(*buf) < int(p.stored) {
		*buf = make([]byte, p.stored)
	}
	stored := (*buf)[:p.stored]
	if _, err = f.f.ReadAt(stored, at); err != nil {
		return nil, err
	}
	return s.decoder.decode(stored, p.codec, int(p.raw))
}

// errShort marks a block that its pack does not reach.
var errShort = errors.New("")

// errSize marks a file of another size than the catalogue says.
var errSize = errors.New("")

// detailOf is the text of err without the mark of corruption.
func detailOf(err error) string {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Op + ": " + e.Err.Error() // whoever asks knows the file
	}
	if e, ok := errors.AsType[*object.CorruptError](err); ok && e.ID.IsZero() {
		return e.Detail
	}
	return strings.ReplaceAll(err.Error(), object.ErrCorrupt.Error()+": ", "")
}

// Path returns where the segment name lies.
func (s *Store) Path(name string) string { return filepath.Join(s.dir, name+suffix) }

// Missing returns the names of the segments that were not there when they were
// opened. For stores of OpenFiles.
func (s *Store) Missing() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for _, f := range s.cur.files {
		if errors.Is(f.broken, fs.ErrNotExist) {
			names = append(names, f.info.Name)
		}
	}
	return names
}
