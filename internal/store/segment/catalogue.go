package segment

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store/meta"
)

// Info is what the catalogue says about one segment.
type Info struct {
	Order    uint64 // of publication; greater is newer
	Name     string // 16 hex digits
	Size     int64  // of the file in bytes
	Objects  int64
	RawBytes int64 // of the objects before compression and deltas
	Written  int64 // when the youngest object came, seconds since 1970; 0 where it is not known
}

// The catalogue's layout is in docs/format/meta.md.

func readCatalogue(tx meta.Tx) ([]Info, error) {
	var infos []Info
	for k, v := range tx.Range(meta.BucketSegments, nil) {
		info, err := decodeInfo(k, v)
		if err != nil {
			return nil, err
		}
		infos = append(infos, info)
	}
	return infos, nil
}

func decodeInfo(k, v []byte) (Info, error) {
	bad := fmt.Errorf("%w: catalogue entry %x", object.ErrCorrupt, k)
	if len(k) != 8 || len(v) < nameSize {
		return Info{}, bad
	}
	info := Info{Order: binary.BigEndian.Uint64(k), Name: string(v[:nameSize])}
	if strings.Trim(info.Name, "0123456789abcdef") != "" {
		return Info{}, bad
	}
	v = v[nameSize:]
	for _, field := range []*int64{&info.Size, &info.Objects, &info.RawBytes} {
		x, n := binary.Uvarint(v)
		if n <= 0 || x > 1<<62 {
			return Info{}, bad
		}
		*field = int64(x)
		v = v[n:]
	}
	if len(v) == 0 {
		return info, nil
	}
	x, n := binary.Uvarint(v)
	if n != len(v) || x == 0 || x > 1<<62 {
		return Info{}, bad
	}
	info.Written = int64(x)
	return info, nil
}

// append returns the catalogue's value of info behind dst.
func (i Info) append(dst []byte) []byte {
	dst = append(dst, i.Name...)
	for _, x := range []int64{i.Size, i.Objects, i.RawBytes} {
		dst = binary.AppendUvarint(dst, uint64(x))
	}
	if i.Written > 0 {
		dst = binary.AppendUvarint(dst, uint64(i.Written))
	}
	return dst
}

func orderKey(order uint64) []byte { return binary.BigEndian.AppendUint64(nil, order) }

// addInfo writes info as the newest entry. An entry of the same name goes: its
// file, which must have been damaged for its objects to be written again, was
// replaced.
func addInfo(tx meta.Tx, info Info) error {
	order := uint64(1)
	var same [][]byte
	for k, v := range tx.Range(meta.BucketSegments, nil) {
		if len(k) == 8 {
			order = binary.BigEndian.Uint64(k) + 1
		}
		if bytes.HasPrefix(v, []byte(info.Name)) {
			same = append(same, k)
		}
	}
	for _, k := range same {
		if err := tx.Delete(meta.BucketSegments, k); err != nil {
			return err
		}
	}
	return tx.Put(meta.BucketSegments, orderKey(order), info.append(nil))
}
