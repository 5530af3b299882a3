package repo

import (
	"encoding/binary"
	"fmt"
	"sort"
	"strings"

	"github.com/strata-data/strata/internal/object"
)

// maxBlock is the most files of one block of the stat cache.
const maxBlock = 1024

// statBlock is the encoded records of neighbouring files of one directory,
// searched in place.
type statBlock struct {
	dir, first string
	n          int
	records    []byte // n * recordSize
	ends       []byte // n * 4
	names      []byte
}

// namedRecord is one file of a block.
type namedRecord struct {
	name string
	FileRecord
}

func blockKey(dir, first string) []byte { return []byte(dir + "\x00" + first) }

// encodeBlock returns the value of a block; files are sorted by name.
func encodeBlock(files []namedRecord) []byte {
	size, names := 4+len(files)*(recordSize+4), 0
	for _, f := range files {
		size += len(f.name)
	}
	b := binary.LittleEndian.AppendUint32(make([]byte, 0, size), uint32(len(files)))
	for _, f := range files {
		b = appendRecord(b, f.FileRecord)
	}
	for _, f := range files {
		names += len(f.name)
		b = binary.LittleEndian.AppendUint32(b, uint32(names))
	}
	for _, f := range files {
		b = append(b, f.name...)
	}
	return b
}

// openBlock checks the block with this key and value and returns it, aliasing
// the value.
func openBlock(key, value []byte) (statBlock, error) {
	bad := func(what string) (statBlock, error) {
		return statBlock{}, fmt.Errorf("%w: stat cache block %.80q: %s", object.ErrCorrupt, key, what)
	}
	dir, first, ok := strings.Cut(string(key), "\x00")
	if !ok || len(value) < 4 {
		return bad("malformed")
	}
	n := int(binary.LittleEndian.Uint32(value))
	if n < 1 || n > maxBlock || len(value) < 4+n*(recordSize+4) {
		return bad("wrong count")
	}
	blk := statBlock{dir: dir, first: first, n: n, records: value[4 : 4+n*recordSize]}
	rest := value[4+n*recordSize:]
	blk.ends, blk.names = rest[:4*n], rest[4*n:]
	last := 0
	for i := range n {
		end := int(binary.LittleEndian.Uint32(blk.ends[4*i:]))
		if end <= last || end > len(blk.names) {
			return bad("wrong name end")
		}
		name := blk.names[last:end]
		if i > 0 && string(blk.name(i-1)) >= string(name) {
			return bad("names out of order")
		}
		if err := checkRecord(blk.records[i*recordSize:]); err != nil {
			return bad(err.Error())
		}
		last = end
	}
	if last != len(blk.names) || string(blk.name(0)) != first || strings.ContainsAny(string(blk.names), "/\x00") {
		return bad("bad names")
	}
	return blk, nil
}

// name returns the name of file i.
func (blk *statBlock) name(i int) []byte {
	start := uint32(0)
	if i > 0 {
		start = binary.LittleEndian.Uint32(blk.ends[4*i-4:])
	}
	return blk.names[start:binary.LittleEndian.Uint32(blk.ends[4*i:])]
}

func (blk *statBlock) record(i int) FileRecord { return readRecord(blk.records[i*recordSize:]) }

// find returns the record of the file name.
func (blk *statBlock) find(name string) (FileRecord, bool) {
	i := sort.Search(blk.n, func(i int) bool { return string(blk.name(i)) >= name })
	if i == blk.n || string(blk.name(i)) != name {
		return FileRecord{}, false
	}
	return blk.record(i), true
}

// files decodes the whole block.
func (blk *statBlock) files() []namedRecord {
	out := make([]namedRecord, blk.n)
	for i := range out {
		out[i] = namedRecord{name: string(blk.name(i)), FileRecord: blk.record(i)}
	}
	return out
}
