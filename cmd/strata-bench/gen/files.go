package gen

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// filesPerDir is how many files share a directory.
const filesPerDir = 500

// Files writes n files of 6 to 8 KB into directories two levels deep below dir:
// a small JPEG header with the size of the picture, then bytes that do not
// compress. It returns the sum of their sizes.
func Files(dir string, seed uint64, n int64) (int64, error) {
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	dirs := (n + filesPerDir - 1) / filesPerDir
	sizes := make([]int64, dirs)
	for d := range dirs {
		group.Go(func() error {
			sub := filepath.Join(dir, fmt.Sprintf("%02d", d/20), fmt.Sprintf("%03d", d))
			if err := os.MkdirAll(sub, 0o777); err != nil {
				return err
			}
			var buf []byte
			for i := d * filesPerDir; i < min(n, (d+1)*filesPerDir); i++ {
				buf = picture(buf[:0], seed, i)
				if err := os.WriteFile(filepath.Join(sub, fmt.Sprintf("img_%06d.jpg", i)), buf, 0o666); err != nil {
					return err
				}
				sizes[d] += int64(len(buf))
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	var sum int64
	for _, s := range sizes {
		sum += s
	}
	return sum, nil
}

// picture appends file i: the markers that a JPEG begins with (SOI, JFIF, a
// baseline frame with height and width, start of scan), noise, and EOI.
func picture(dst []byte, seed uint64, i int64) []byte {
	p := newPCG(seed^0x1396, uint64(i))
	size := 6144 + int(p.below(2048))
	height, width := 100+p.below(400), 100+p.below(400)
	dst = append(dst, 0xff, 0xd8, 0xff, 0xe0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0)
	dst = append(dst, 0xff, 0xc0, 0, 11, 8, byte(height>>8), byte(height), byte(width>>8), byte(width), 1, 1, 0x11, 0)
	dst = append(dst, 0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0)
	for len(dst) < size {
		for w, k := p.next(), 0; k < 8; k++ {
			b := byte(w >> (8 * k))
			if b == 0xff { // would begin a marker
				b = 0xfe
			}
			dst = append(dst, b)
		}
	}
	return append(dst, 0xff, 0xd9)
}
