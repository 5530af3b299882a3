package segment_test

import (
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/store/segment"
)

// textPages returns n objects of size bytes: rows of 40 to 400 bytes of words
// whose frequencies follow Zipf's law.
func textPages(n, size int) [][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	z := rand.NewZipf(r, 1.1, 2, 50000)
	words := make([]string, 50001)
	for i := range words {
		b := make([]byte, 2+r.IntN(9))
		for j := range b {
			b[j] = "etaoinshrdlucmfwypvbgkjqxz"[min(r.IntN(26), r.IntN(26))]
		}
		words[i] = string(b)
	}
	pages := make([][]byte, n)
	for i := range pages {
		b := []byte{byte(object.KindPage), object.Version}
		for len(b) < size {
			for row := len(b) + 40 + r.IntN(360); len(b) < row; {
				b = append(append(b, words[z.Uint64()]...), ' ')
			}
			b = append(b, '\n')
		}
		pages[i] = b[:size]
	}
	return pages
}

// noisePages returns n incompressible objects of size bytes.
func noisePages(n, size int) [][]byte {
	r := rand.NewChaCha8([32]byte{1})
	pages := make([][]byte, n)
	for i := range pages {
		pages[i] = make([]byte, size)
		r.Read(pages[i])
	}
	return pages
}

// renew makes the pages different from those of all earlier rounds.
func renew(pages [][]byte, round int) {
	for _, p := range pages {
		binary.LittleEndian.PutUint32(p[2:], uint32(round))
	}
}

// cpuTime returns what the process has used so far. On a busy machine it tells
// more than the wall clock.
func cpuTime(b *testing.B) time.Duration {
	var ru syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &ru); err != nil {
		b.Fatal(err)
	}
	return time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
}

func benchmarkPut(b *testing.B, pages [][]byte, stream string) {
	total := 0
	for _, p := range pages {
		total += len(p)
	}
	b.SetBytes(int64(total))
	round, disk := 0, int64(0)
	var cpu time.Duration
	for b.Loop() {
		b.StopTimer()
		s := open(create(b), segment.Options{})
		renew(pages, round)
		round++
		cpu -= cpuTime(b)
		b.StartTimer()
		w, err := s.Begin(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		var wg sync.WaitGroup
		const workers = 2
		for g := range workers {
			wg.Go(func() {
				for i := g; i < len(pages); i += workers {
					if _, err := w.Put(b.Context(), pages[i], store.Hint{Stream: stream}); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		stats, err := w.Publish(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		disk = stats.DiskSize
		s.Close()
		cpu += cpuTime(b)
	}
	b.ReportMetric(float64(total)*float64(round)/1e6/cpu.Seconds(), "MB/cpu-s")
	b.ReportMetric(float64(disk)/float64(total), "stored/raw")
}

func BenchmarkPutText(b *testing.B)  { benchmarkPut(b, textPages(20_000, 8<<10), "page/text") }
func BenchmarkPutNoise(b *testing.B) { benchmarkPut(b, noisePages(40_000, 7<<10), "blob/raw") }

// benchmarkGet times reads in random order from one segment of text.
func benchmarkGet(b *testing.B, stream string, o segment.Options) {
	dir := create(b)
	pages := textPages(4000, 8<<10)
	s := open(dir, segment.Options{})
	w, err := s.Begin(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	ids := make([]object.ID, len(pages))
	for i, p := range pages {
		if ids[i], err = w.Put(b.Context(), p, store.Hint{Stream: stream}); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := w.Publish(b.Context()); err != nil {
		b.Fatal(err)
	}
	s.Close()
	s = open(dir, o)
	defer s.Close()
	r := rand.New(rand.NewPCG(3, 4))
	b.SetBytes(8 << 10)
	for b.Loop() {
		if _, err := s.Get(b.Context(), ids[r.IntN(len(ids))]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGetWarm(b *testing.B)     { benchmarkGet(b, "page/text", segment.Options{}) }
func BenchmarkGetUncached(b *testing.B) { benchmarkGet(b, "page/text", segment.Options{CacheBytes: 1}) }
func BenchmarkGetMetaUncached(b *testing.B) {
	benchmarkGet(b, "meta/node", segment.Options{CacheBytes: 1})
}

// BenchmarkOpenGet opens a repository of ten segments and reads 50 objects, as
// a small command does.
func BenchmarkOpenGet(b *testing.B) {
	dir := create(b)
	pages := textPages(10_000, 4<<10)
	ids := make([]object.ID, len(pages))
	s := open(dir, segment.Options{NoMerge: true})
	for i := 0; i < len(pages); i += 1000 {
		w, err := s.Begin(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		for j := i; j < i+1000; j++ {
			if ids[j], err = w.Put(b.Context(), pages[j], store.Hint{Stream: "meta/node"}); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := w.Publish(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	s.Close()
	r := rand.New(rand.NewPCG(3, 4))
	for b.Loop() {
		s := open(dir, segment.Options{})
		for range 50 {
			if _, err := s.Get(b.Context(), ids[r.IntN(len(ids))]); err != nil {
				b.Fatal(err)
			}
		}
		s.Close()
	}
}
