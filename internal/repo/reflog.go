package repo

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/object"
)

const (
	bucketReflog     = "reflog"
	bucketReflogLast = "reflog-last"
)

// ReflogEntry is one change of a ref (docs/format/refs.md).
type ReflogEntry struct {
	Old, New object.ID // zero: the ref did not exist
	By       Signature // the name may be empty
	Message  string
}

// Reflog returns the log of the ref with the full name given, newest first.
func (t *Tx) Reflog(name string) ([]ReflogEntry, error) {
	var out []ReflogEntry
	prefix := reflogPrefix(name)
	for k, v := range t.meta.Range(bucketReflog, prefix) {
		if len(k) != len(prefix)+8 {
			return nil, fmt.Errorf("%w: reflog of %s: key of %d bytes", object.ErrCorrupt, name, len(k))
		}
		e, err := decodeReflog(v)
		if err != nil {
			return nil, fmt.Errorf("reflog of %s, entry %d: %w", name, binary.BigEndian.Uint64(k[len(prefix):]), err)
		}
		out = append(out, e)
	}
	slices.Reverse(out)
	return out, nil
}

// Reflog returns the log of the ref with the full name given, newest first.
func (r *Repo) Reflog(ctx context.Context, name string) (log []ReflogEntry, err error) {
	err = r.View(ctx, func(t *Tx) error { log, err = t.Reflog(name); return err })
	return log, err
}

// LoggedRefs returns the names of all refs that have a log, in order; refs
// that were deleted are among them.
func (t *Tx) LoggedRefs() []string {
	var names []string
	for k := range t.meta.Range(bucketReflog, nil) {
		name, _, _ := strings.Cut(string(k), "\x00")
		if len(names) == 0 || names[len(names)-1] != name {
			names = append(names, name)
		}
	}
	return names
}

func reflogPrefix(name string) []byte { return append([]byte(name), 0) }

func reflogKey(name string, sequence uint64) []byte {
	return binary.BigEndian.AppendUint64(reflogPrefix(name), sequence)
}

func (t *Tx) addReflog(name string, e ReflogEntry) error {
	next := uint64(1)
	if v := t.meta.Get(bucketReflogLast, []byte(name)); len(v) == 8 {
		next = binary.BigEndian.Uint64(v) + 1
	}
	err := t.set(bucketReflogLast, name, binary.BigEndian.AppendUint64(nil, next))
	if err != nil {
		return err
	}
	return t.set(bucketReflog, string(reflogKey(name, next)), appendReflog(nil, e))
}

// moveReflog gives the log of the ref old to the ref new, behind what new has.
func (t *Tx) moveReflog(old, new string) error {
	log, err := t.Reflog(old)
	if err != nil {
		return err
	}
	for _, e := range slices.Backward(log) {
		if err := t.addReflog(new, e); err != nil {
			return err
		}
	}
	var keys [][]byte
	for k := range t.meta.Range(bucketReflog, reflogPrefix(old)) {
		keys = append(keys, k)
	}
	for _, k := range keys {
		if err := t.set(bucketReflog, string(k), nil); err != nil {
			return err
		}
	}
	return t.set(bucketReflogLast, old, nil)
}

func appendReflog(b []byte, e ReflogEntry) []byte {
	b = append(b, e.Old[:]...)
	b = append(b, e.New[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(e.By.When))
	b = binary.BigEndian.AppendUint16(b, uint16(int16(e.By.Zone)))
	for _, s := range []string{cleanIdent(e.By.Name), cleanIdent(e.By.Email)} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	return append(b, oneLine(e.Message)...)
}

// oneLine replaces whatever a log entry's message may not contain by spaces.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if isControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD")))
}

const reflogFixed = 2*object.Size + 8 + 2

func decodeReflog(b []byte) (ReflogEntry, error) {
	var e ReflogEntry
	if len(b) < reflogFixed {
		return e, fmt.Errorf("%w: %d bytes", object.ErrCorrupt, len(b))
	}
	copy(e.Old[:], b)
	copy(e.New[:], b[object.Size:])
	e.By.When = int64(binary.BigEndian.Uint64(b[2*object.Size:]))
	e.By.Zone = int(int16(binary.BigEndian.Uint16(b[2*object.Size+8:])))
	rest := b[reflogFixed:]
	for _, to := range []*string{&e.By.Name, &e.By.Email} {
		n, used := binary.Uvarint(rest)
		if used <= 0 || n > uint64(len(rest)-used) || used != len(binary.AppendUvarint(nil, n)) {
			return e, fmt.Errorf("%w: bad length of a text", object.ErrCorrupt)
		}
		*to = string(rest[used : used+int(n)])
		rest = rest[used+int(n):]
	}
	e.Message = string(rest)
	clean := cleanIdent(e.By.Name) == e.By.Name && cleanIdent(e.By.Email) == e.By.Email && oneLine(e.Message) == e.Message
	if !clean || e.By.Zone < -maxZone || e.By.Zone > maxZone {
		return e, fmt.Errorf("%w: bad text or zone", object.ErrCorrupt)
	}
	return e, nil
}
