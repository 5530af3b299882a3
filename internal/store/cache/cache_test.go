package cache_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"github.com/strata-data/strata/internal/store/cache"
)

func key(i int) []byte { return fmt.Appendf(nil, "key %06d", i) }

// value is a value of n bytes that no other i has.
func value(i, n int) []byte {
	return bytes.Repeat(binary.BigEndian.AppendUint32(nil, uint32(i)), n/4+1)[:n]
}

func entries(from, to, size int) (list []cache.Entry) {
	for i := from; i < to; i++ {
		list = append(list, cache.Entry{Key: key(i), Value: value(i, size)})
	}
	return list
}

func put(t testing.TB, db *cache.DB, bucket string, list []cache.Entry) {
	t.Helper()
	if err := db.Put(bucket, list); err != nil {
		t.Fatal(err)
	}
}

// hits returns how many of the keys from..to are there; a value that is there
// and wrong fails the test.
func hits(t testing.TB, db *cache.DB, bucket string, from, to, size int) (n int) {
	t.Helper()
	for i := from; i < to; i++ {
		v := db.Value(bucket, key(i))
		if v == nil {
			continue
		}
		n++
		if !bytes.Equal(v, value(i, size)) {
			t.Fatalf("%s %d = %x", bucket, i, v)
		}
	}
	return n
}

func TestGetWhatWasPut(t *testing.T) {
	for _, tc := range []struct {
		name    string
		n, size int
	}{{"nothing in it", 1, 0}, {"one small", 1, 8}, {"few", 7, 20}, {"many", 5000, 100}, {"large", 4, 100_000}} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "cache.db")
			db := cache.Open(path, cache.Options{})
			defer db.Close()
			if n := hits(t, db, "a/1", 0, tc.n, tc.size); n != 0 {
				t.Errorf("%d values before the first Put", n)
			}
			put(t, db, "a/1", entries(0, tc.n, tc.size))
			put(t, db, "b/1", entries(tc.n, tc.n+1, 30))
			for _, db := range []*cache.DB{db, cache.Open(path, cache.Options{})} {
				if n := hits(t, db, "a/1", 0, tc.n, tc.size); n != tc.n {
					t.Errorf("%d of %d values", n, tc.n)
				}
				if n := hits(t, db, "b/1", 0, tc.n+1, 30); n != 1 {
					t.Errorf("%d values in the other bucket, want 1", n)
				}
				if n := hits(t, db, "c/1", 0, tc.n, tc.size); n != 0 {
					t.Errorf("%d values in a bucket that is not there", n)
				}
				db.Close()
			}
		})
	}
}

func TestPutAgain(t *testing.T) {
	db := cache.Open(filepath.Join(t.TempDir(), "cache.db"), cache.Options{})
	defer db.Close()
	put(t, db, "a/1", []cache.Entry{{Key: key(1), Value: []byte("old")}})
	put(t, db, "a/1", []cache.Entry{{Key: key(1), Value: []byte("new")}})
	if v := db.Value("a/1", key(1)); string(v) != "new" {
		t.Errorf("have %q", v)
	}
}

func TestRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache.db")
	db := cache.Open(path, cache.Options{MaxBytes: 1000})
	for name, err := range map[string]error{
		"too large":      db.Put("a/1", entries(0, 1, 500)),
		"empty key":      db.Put("a/1", []cache.Entry{{}}),
		"own bucket":     db.Put("@state", entries(0, 1, 1)),
		"no bucket":      db.Put("", entries(0, 1, 1)),
		"no such folder": cache.Open(filepath.Join(path, "x"), cache.Options{}).Put("a/1", entries(0, 1, 1)),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	off := cache.Open(path, cache.Options{MaxBytes: -1})
	put(t, off, "a/1", entries(0, 1, 1))
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("there is a file: %v", err)
	}
}

// TestOldestBatchGoes fills a small cache many times over.
func TestOldestBatchGoes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache.db")
	const limit = 400_000
	db := cache.Open(path, cache.Options{MaxBytes: limit})
	defer db.Close()
	for i := range 100 {
		put(t, db, fmt.Sprint("b", i%3), entries(100*i, 100*(i+1), 100))
		if n := hits(t, db, fmt.Sprint("b", i%3), 100*i, 100*(i+1), 100); n != 100 {
			t.Fatalf("batch %d: %d of 100 values", i, n)
		}
	}
	for _, i := range []int{0, 40, 70, 98} {
		n := hits(t, db, fmt.Sprint("b", i%3), 100*i, 100*(i+1), 100)
		if want := map[bool]int{true: 100, false: 0}[i > 80]; n != want {
			t.Errorf("batch %d: %d values, want %d", i, n, want)
		}
	}
	fi, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if fi.Size() > 2*limit+1<<20 {
		t.Errorf("the file has %d bytes for a limit of %d", fi.Size(), limit)
	}
	// A limit that was lowered.
	small := cache.Open(path, cache.Options{MaxBytes: 8000})
	put(t, small, "a/1", entries(0, 1, 10))
	if n := hits(t, small, "a/1", 0, 1, 10); n != 1 {
		t.Error("nothing was written")
	}
}

// TestDamage flips bytes of a file, cuts it, and replaces it by other things:
// Get gives the right value or none, and Put works.
func TestDamage(t *testing.T) {
	dir := t.TempDir()
	whole := filepath.Join(dir, "whole")
	db := cache.Open(whole, cache.Options{})
	put(t, db, "a/1", entries(0, 300, 50))
	put(t, db, "b/1", entries(0, 3, 10))
	db.Close()
	b, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "cache.db")
	try := func(t *rapid.T, damaged []byte) {
		if err := os.WriteFile(path, damaged, 0o666); err != nil {
			t.Fatal(err)
		}
		db := cache.Open(path, cache.Options{})
		defer db.Close()
		for i := range 300 {
			if v := db.Value("a/1", key(i)); v != nil && !bytes.Equal(v, value(i, 50)) {
				t.Fatalf("key %d = %x", i, v)
			}
		}
		err := db.Put("a/1", []cache.Entry{{Key: key(7), Value: []byte("new")}})
		if err != nil {
			t.Fatalf("Put: %v", err)
		}
		// A page whose keys are out of order may still lead to the old value.
		if v := db.Value("a/1", key(7)); v != nil && string(v) != "new" && !bytes.Equal(v, value(7, 50)) {
			t.Fatalf("key 7 = %x", v)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		damaged := bytes.Clone(b)
		for range rapid.IntRange(1, 3).Draw(t, "bytes") {
			at := rapid.IntRange(0, len(damaged)-1).Draw(t, "at")
			if rapid.Bool().Draw(t, "in a header") {
				at = at / 4096 * 4096
				at += rapid.IntRange(0, 80).Draw(t, "offset")
			}
			damaged[at] ^= byte(rapid.IntRange(1, 255).Draw(t, "mask"))
		}
		if rapid.IntRange(0, 4).Draw(t, "cut") == 0 {
			damaged = damaged[:rapid.IntRange(0, len(damaged)).Draw(t, "length")]
		}
		try(t, damaged)
	})
	rapid.Check(t, func(t *rapid.T) {
		try(t, rapid.SliceOfN(rapid.Byte(), 0, 9000).Draw(t, "file"))
	})
}

// TestCutWhileMapped makes the mapping fault.
func TestCutWhileMapped(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache.db")
	db := cache.Open(path, cache.Options{})
	defer db.Close()
	put(t, db, "a/1", entries(0, 5000, 100))
	if n := hits(t, db, "a/1", 0, 5000, 100); n != 5000 {
		t.Fatalf("%d values", n)
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	if n := hits(t, db, "a/1", 0, 5000, 100); n != 0 {
		t.Errorf("%d values in a file of no bytes", n)
	}
	put(t, db, "a/1", entries(0, 10, 100))
	if n := hits(t, db, "a/1", 0, 5000, 100); n != 10 {
		t.Errorf("%d values, want 10", n)
	}
}

func TestDeleted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache.db")
	db := cache.Open(path, cache.Options{})
	defer db.Close()
	put(t, db, "a/1", entries(0, 10, 100))
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	put(t, db, "a/1", entries(10, 20, 100))
	if n := hits(t, db, "a/1", 0, 20, 100); n != 10 {
		t.Errorf("%d values, want the 10 of the new file", n)
	}
}

// TestBusy has another holder of the file's lock: Put gives up at once and Get
// does not care.
func TestBusy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache.db")
	db := cache.Open(path, cache.Options{})
	defer db.Close()
	put(t, db, "a/1", entries(0, 10, 100))
	other, err := bbolt.Open(path, 0o666, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Put("a/1", entries(10, 20, 100)); !errors.Is(err, cache.ErrBusy) {
		t.Errorf("Put: %v", err)
	}
	if n := hits(t, db, "a/1", 0, 20, 100); n != 10 {
		t.Errorf("%d values, want 10", n)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	put(t, db, "a/1", entries(10, 20, 100))
}

// TestBeside has readers walk the file while writers change it.
func TestBeside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache.db")
	var wg sync.WaitGroup
	for w := range 3 {
		wg.Go(func() {
			db := cache.Open(path, cache.Options{MaxBytes: 200_000})
			defer db.Close()
			for i := range 60 {
				err := db.Put("a/1", entries(20*i, 20*(i+1), 50+w*0))
				if err != nil && !errors.Is(err, cache.ErrBusy) {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			db := cache.Open(path, cache.Options{})
			defer db.Close()
			for range 30 {
				for i := range 1200 {
					if v := db.Value("a/1", key(i)); v != nil && !bytes.Equal(v, value(i, 50)) {
						t.Errorf("key %d = %x", i, v)
					}
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkGet(b *testing.B) {
	db := cache.Open(filepath.Join(b.TempDir(), "cache.db"), cache.Options{})
	defer db.Close()
	put(b, db, "graph/1", entries(0, 10_000, 100))
	keys := make([][]byte, 10_000)
	for i := range keys {
		keys[i] = key(i * 7919 % 10_000)
	}
	b.Run("one by one", func(b *testing.B) {
		i := 0
		for b.Loop() {
			if db.Value("graph/1", keys[i%len(keys)]) == nil {
				b.Fatal("a miss")
			}
			i++
		}
	})
	b.Run("10000", func(b *testing.B) {
		for b.Loop() {
			db.Get("graph/1", keys)
		}
	})
}

func BenchmarkPut(b *testing.B) {
	for _, n := range []int{1, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			db := cache.Open(filepath.Join(b.TempDir(), "cache.db"), cache.Options{})
			list := entries(0, n, 100)
			for b.Loop() {
				put(b, db, "graph/1", list)
			}
		})
	}
}
