package repo

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"time"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/vfs"
)

// FileStat is what the file system says about a file without reading it.
type FileStat struct {
	Size  int64
	MTime int64 // nanoseconds since 1970
	CTime int64 // nanoseconds since 1970; 0 where the system has none
	Inode uint64
	Mode  fs.FileMode
}

// StatOf returns the FileStat in fi.
func StatOf(fi fs.FileInfo) FileStat {
	s := FileStat{Size: fi.Size(), MTime: fi.ModTime().UnixNano(), Mode: fi.Mode()}
	s.CTime, s.Inode = changeTimeAndInode(fi)
	return s
}

// FileRecord is a file as it was when its content was last hashed.
type FileRecord struct {
	FileStat
	Content object.ID
	Racy    bool // may have changed since without a change of FileStat
}

// Holds reports whether a file that is now as s says certainly has the content
// of rec.
func (rec FileRecord) Holds(s FileStat) bool { return !rec.Racy && rec.FileStat == s }

// How far apart two changes of a file must be to have different times: a
// generous bound for clocks with fractions of a second, and that of FAT for
// those without.
const (
	fineGrain   = 20 * time.Millisecond
	coarseGrain = 2 * time.Second
)

// NewFileRecord returns the record of a file with content, whose stat s and
// content were read after the moment began, in nanoseconds since 1970 by the
// clock of the file system (see Repo.FileClock). It is racy by the rule of
// docs/format/index.md.
func NewFileRecord(s FileStat, content object.ID, began int64) FileRecord {
	last, grain := max(s.MTime, s.CTime), fineGrain
	if last%int64(time.Second) == 0 {
		grain = coarseGrain
	}
	return FileRecord{FileStat: s, Content: content, Racy: last > began-int64(grain)}
}

// FileClock returns the present time by the clock of the file system that the
// repository is on, in nanoseconds since 1970, by making a file there.
func (r *Repo) FileClock() (int64, error) {
	f, err := vfs.OS{}.CreateTemp(r.layout.Dir, TempPrefix+"clock-", 0o600)
	if err != nil {
		return 0, err
	}
	fi, err := f.Stat()
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if rerr := (vfs.OS{}).Remove(f.Name()); err == nil {
		err = rerr
	}
	if err != nil {
		return 0, err
	}
	return fi.ModTime().UnixNano(), nil
}

const (
	recordSize = 72
	flagRacy   = 1
)

func appendRecord(b []byte, rec FileRecord) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(rec.Size))
	b = binary.LittleEndian.AppendUint64(b, uint64(rec.MTime))
	b = binary.LittleEndian.AppendUint64(b, uint64(rec.CTime))
	b = binary.LittleEndian.AppendUint64(b, rec.Inode)
	b = binary.LittleEndian.AppendUint32(b, uint32(rec.Mode))
	flags := uint32(0)
	if rec.Racy {
		flags |= flagRacy
	}
	b = binary.LittleEndian.AppendUint32(b, flags)
	return append(b, rec.Content[:]...)
}

// readRecord decodes the record at the start of b, which checkRecord accepts.
func readRecord(b []byte) FileRecord {
	rec := FileRecord{
		FileStat: FileStat{
			Size:  int64(binary.LittleEndian.Uint64(b)),
			MTime: int64(binary.LittleEndian.Uint64(b[8:])),
			CTime: int64(binary.LittleEndian.Uint64(b[16:])),
			Inode: binary.LittleEndian.Uint64(b[24:]),
			Mode:  fs.FileMode(binary.LittleEndian.Uint32(b[32:])),
		},
		Racy: binary.LittleEndian.Uint32(b[36:])&flagRacy != 0,
	}
	copy(rec.Content[:], b[40:recordSize])
	return rec
}

func checkRecord(b []byte) error {
	switch {
	case len(b) < recordSize:
		return fmt.Errorf("%w: file record of %d bytes", object.ErrCorrupt, len(b))
	case int64(binary.LittleEndian.Uint64(b)) < 0:
		return fmt.Errorf("%w: file record with a negative size", object.ErrCorrupt)
	case binary.LittleEndian.Uint32(b[36:])&^flagRacy != 0:
		return fmt.Errorf("%w: file record with unknown flags", object.ErrCorrupt)
	case object.ID(b[40:recordSize]).IsZero():
		return fmt.Errorf("%w: file record without content", object.ErrCorrupt)
	}
	return nil
}
