package contest

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/table"
)

// scan times reading two columns of the whole table, on one core.
func (l *Lab) scan() error {
	dir, err := l.added(wayOf("strata"))
	if err != nil {
		l.line("scan of two columns", "1 GB/s a core", err.Error(), unknown, "")
		return nil
	}
	speed := func(columns string) float64 {
		var s sample
		if err := l.measure(dir, []string{"self", "scan", "--dataset", "data", "--columns", columns}, true, &s); err != nil {
			fmt.Fprintln(l.Log, err)
			return math.NaN()
		}
		x, err := number(s.out)
		if err != nil {
			return math.NaN()
		}
		return x
	}
	narrow, wide, texts := speed("id,score"), speed("reading,captured_at"), speed("text,label")
	l.line(fmt.Sprintf("full scan of two columns of %s rows", count(l.Rows)), "1 GB/s of decoded values a core",
		fmt.Sprintf("%.2f GB/s (id and score), %.2f GB/s (noisy float64 and timestamp); text and label %.2f GB/s, not judged", narrow, wide, texts),
		verdict(math.Min(narrow, wide) >= 1, narrow, wide), "")
	return nil
}

// Scan reads columns of a dataset of HEAD of the repository at dir five times
// on one core and prints the median speed, in GB/s of decoded values: bytes by
// processor time, which other programs on the machine disturb less.
func Scan(ctx context.Context, w io.Writer, dir, dataset string, columns []string) error {
	runtime.GOMAXPROCS(1)
	r, err := repo.Open(ctx, dir, repo.Options{})
	if err != nil {
		return err
	}
	defer r.Close()
	commit, err := r.Resolve(ctx, "HEAD")
	if err != nil {
		return err
	}
	tree, err := r.CommitTree(ctx, commit)
	if err != nil {
		return err
	}
	id, ok := tree.Table(dataset)
	if !ok {
		return fmt.Errorf("no dataset is called %s", dataset)
	}
	t, err := table.Load(ctx, r.Objects(), id)
	if err != nil {
		return err
	}
	var ids []string
	for _, f := range t.Schema.Fields {
		if slices.Contains(columns, f.Name) {
			ids = append(ids, f.ID)
		}
	}
	if len(ids) != len(columns) {
		return fmt.Errorf("dataset %s has not all of %v", dataset, columns)
	}
	var speeds []float64
	for range 5 {
		begin, bytes := processorTime(), int64(0)
		for b, err := range t.Scan(ctx, table.ScanOptions{Columns: ids, Workers: 1}) {
			if err != nil {
				return err
			}
			for _, v := range b.Cols {
				bytes += valueBytes(v)
			}
		}
		speeds = append(speeds, float64(bytes)/1e9/(processorTime()-begin).Seconds())
	}
	slices.Sort(speeds)
	fmt.Fprintln(w, speeds[len(speeds)/2])
	return nil
}

// processorTime is what this process has used so far.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// valueBytes is what the values of v take in memory.
func valueBytes(v *column.Vector) int64 {
	return int64(8*len(v.Ints) + 4*len(v.F32) + 8*len(v.F64) + 4*len(v.Offs) + len(v.Bytes))
}

// Hash prints the BLAKE3 of a file, read in pieces of 1 MiB: what re-adding a
// file costs at the least.
func Hash(w io.Writer, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	h := object.NewHasher()
	buf := make([]byte, 1<<20)
	for {
		n, err := f.Read(buf)
		h.Write(buf[:n])
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	fmt.Fprintf(w, "%v\n", h.Sum())
	return nil
}
