package meta_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store/meta"
	"github.com/strata-data/strata/internal/vfs"
)

func create(t testing.TB) *meta.DB {
	t.Helper()
	path := filepath.Join(t.TempDir(), "meta.db")
	if err := meta.Create(path, meta.Version, meta.Features()); err != nil {
		t.Fatal(err)
	}
	return meta.Open(path)
}

func put(t *testing.T, db *meta.DB, bucket string, kv ...string) {
	t.Helper()
	err := db.Update(t.Context(), func(tx meta.Tx) error {
		for i := 0; i < len(kv); i += 2 {
			if err := tx.Put(bucket, []byte(kv[i]), []byte(kv[i+1])); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTx(t *testing.T) {
	db := create(t)
	put(t, db, "refs", "heads/main", "1", "heads/side", "2", "tags/v1", "", "head", "x")
	var got []string
	var kept []byte
	err := db.View(t.Context(), func(tx meta.Tx) error {
		for k, v := range tx.Range("refs", []byte("heads/")) {
			got = append(got, string(k)+"="+string(v))
		}
		for range tx.Range("absent", nil) {
			t.Error("an absent bucket has keys")
		}
		if v := tx.Get("absent", []byte("x")); v != nil {
			t.Errorf("absent bucket: %q", v)
		}
		if v := tx.Get("refs", []byte("tags/v1")); v == nil || len(v) != 0 {
			t.Errorf("empty value: %#v, want empty and not nil", v)
		}
		if v := tx.Get("refs", []byte("tags/v2")); v != nil {
			t.Errorf("absent key: %#v", v)
		}
		if k, v := tx.Last("refs"); string(k) != "tags/v1" || len(v) != 0 {
			t.Errorf("last is %q=%q", k, v)
		}
		kept = tx.Get("refs", []byte("head"))
		if err := tx.Put("refs", []byte("a"), nil); err == nil {
			t.Error("Put in a View succeeded")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"heads/main=1", "heads/side=2"}, got); diff != "" {
		t.Error(diff)
	}
	if string(kept) != "x" {
		t.Errorf("a kept value is %q", kept)
	}
	err = db.Update(t.Context(), func(tx meta.Tx) error {
		if err := tx.Delete("refs", []byte("head")); err != nil {
			return err
		}
		if err := tx.Delete("absent", []byte("head")); err != nil {
			return err
		}
		return tx.DeleteBucket("absent")
	})
	if err != nil {
		t.Fatal(err)
	}
	db.View(t.Context(), func(tx meta.Tx) error {
		if tx.Get("refs", []byte("head")) != nil {
			t.Error("a deleted key is there")
		}
		return nil
	})
}

func TestUpdateIsAllOrNothing(t *testing.T) {
	db := create(t)
	put(t, db, "b", "k", "old")
	stop := errors.New("stop")
	err := db.Update(t.Context(), func(tx meta.Tx) error {
		tx.Put("b", []byte("k"), []byte("new"))
		return stop
	})
	if !errors.Is(err, stop) {
		t.Fatalf("err = %v", err)
	}
	db.View(t.Context(), func(tx meta.Tx) error {
		if v := tx.Get("b", []byte("k")); string(v) != "old" {
			t.Errorf("k = %q", v)
		}
		return nil
	})
}

func TestFormat(t *testing.T) {
	for _, tc := range []struct {
		name     string
		version  int
		features []string
		names    string // what the message must name
	}{
		{"known", meta.Version, meta.Features(), ""},
		{"no features", meta.Version, nil, ""},
		{"newer version", 2, nil, `"2"`},
		{"unknown feature", meta.Version, []string{meta.FeatureDeltas, "erasure-7"}, `"erasure-7"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "meta.db")
			if err := meta.Create(path, tc.version, tc.features); err != nil {
				t.Fatal(err)
			}
			nothing := func(meta.Tx) error { return nil }
			for _, err := range []error{
				meta.Open(path).View(t.Context(), nothing),
				meta.Open(path).Update(t.Context(), nothing),
			} {
				if tc.names == "" {
					if err != nil {
						t.Error(err)
					}
					continue
				}
				if !errors.Is(err, object.ErrUnsupported) || !strings.Contains(err.Error(), tc.names) {
					t.Errorf("err = %v, want ErrUnsupported naming %s", err, tc.names)
				}
			}
		})
	}
}

// A file may say which release knows what this program does not.
func TestFormatNamesTheRelease(t *testing.T) {
	for _, tc := range []struct{ name, key, value, want string }{
		{"feature", "feature/erasure-7", "1.4", `the feature "erasure-7" (strata 1.4 or newer), which`},
		{"feature without", "feature/erasure-7", "", `the feature "erasure-7", which`},
		{"odd text", "feature/erasure-7", "\x1b[31m", `the feature "erasure-7", which`},
		{"long text", "feature/erasure-7", strings.Repeat("1", 33), `the feature "erasure-7", which`},
		{"version", "needs", "2.0-rc1", `repository format "9" (strata 2.0-rc1 or newer), this`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "meta.db")
			if err := meta.Create(path, meta.Version, meta.Features()); err != nil {
				t.Fatal(err)
			}
			err := meta.Open(path).Update(t.Context(), func(tx meta.Tx) error {
				if tc.key == "needs" {
					if err := tx.Put("format", []byte("version"), []byte("9")); err != nil {
						return err
					}
				}
				return tx.Put("format", []byte(tc.key), []byte(tc.value))
			})
			if err != nil {
				t.Fatal(err)
			}
			err = meta.Open(path).View(t.Context(), func(meta.Tx) error { return nil })
			if !errors.Is(err, object.ErrUnsupported) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want %q", err, tc.want)
			}
		})
	}
}

func TestCreateAndOpenErrors(t *testing.T) {
	db := create(t)
	if err := meta.Create(db.Path(), meta.Version, nil); !errors.Is(err, fs.ErrExist) {
		t.Errorf("second Create: %v", err)
	}
	missing := meta.Open(filepath.Join(t.TempDir(), "meta.db"))
	nothing := func(meta.Tx) error { return nil }
	if err := missing.View(t.Context(), nothing); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("View of a missing file: %v", err)
	}
	if err := missing.Update(t.Context(), nothing); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Update of a missing file: %v", err)
	}
	if _, err := os.Stat(missing.Path()); err == nil {
		t.Error("Update made a file")
	}
}

func TestBusy(t *testing.T) {
	db := create(t)
	meta.SetWait(db, 0)
	err := db.View(t.Context(), func(meta.Tx) error {
		return db.Update(t.Context(), func(meta.Tx) error { return nil })
	})
	if _, ok := errors.AsType[*vfs.LockedError](err); !ok {
		t.Errorf("err = %v, want a LockedError", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	meta.SetWait(db, 1<<40)
	err = db.View(t.Context(), func(meta.Tx) error {
		return db.Update(ctx, func(meta.Tx) error { return nil })
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v, want canceled", err)
	}
}

func TestConcurrentUpdates(t *testing.T) {
	db := create(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				err := db.Update(context.Background(), func(tx meta.Tx) error {
					n := tx.Get("b", []byte("n"))
					return tx.Put("b", []byte("n"), append(n, 'x'))
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	db.View(t.Context(), func(tx meta.Tx) error {
		if n := len(tx.Get("b", []byte("n"))); n != 40 {
			t.Errorf("%d of 40 updates are there", n)
		}
		return nil
	})
}

func TestGeneration(t *testing.T) {
	db := create(t)
	generation := func() uint64 {
		t.Helper()
		g, err := db.Generation()
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	last := generation()
	for range 5 {
		var inside uint64
		if err := db.Update(t.Context(), func(tx meta.Tx) error { inside = tx.Generation(); return nil }); err != nil {
			t.Fatal(err)
		}
		g := generation()
		if g <= last || g != inside {
			t.Errorf("generation %d after %d, the transaction said %d", g, last, inside)
		}
		last = g
		db.View(t.Context(), func(tx meta.Tx) error {
			if tx.Generation() != g {
				t.Errorf("a View sees generation %d, want %d", tx.Generation(), g)
			}
			return nil
		})
		if again := generation(); again != g {
			t.Errorf("a View changed the generation from %d to %d", g, again)
		}
	}
}

// TestDamage changes bytes all over the file; whatever happens must be an
// error or an answer, never a panic that reaches the caller.
func TestDamage(t *testing.T) {
	db := create(t)
	put(t, db, "refs", "heads/main", "1", "heads/side", "2")
	good, err := os.ReadFile(db.Path())
	if err != nil {
		t.Fatal(err)
	}
	corrupt := 0
	for at := 0; at < len(good); at += 1 + at/64 {
		bad := append([]byte(nil), good...)
		bad[at] ^= 0xff
		if err := os.WriteFile(db.Path(), bad, 0o666); err != nil {
			t.Fatal(err)
		}
		err := meta.Open(db.Path()).View(t.Context(), func(tx meta.Tx) error {
			for range tx.Range("refs", nil) {
			}
			return nil
		})
		if errors.Is(err, object.ErrCorrupt) {
			corrupt++
		}
	}
	if corrupt == 0 {
		t.Error("no damage was noticed")
	}
}

func TestPanicOfCallerPasses(t *testing.T) {
	db := create(t)
	defer func() {
		if r := recover(); r != "mine" {
			t.Errorf("recovered %v", r)
		}
	}()
	db.View(t.Context(), func(meta.Tx) error { panic("mine") })
}

func BenchmarkView(b *testing.B) {
	db := create(b)
	for b.Loop() {
		err := db.View(b.Context(), func(tx meta.Tx) error { tx.Get("refs", []byte("x")); return nil })
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGeneration(b *testing.B) {
	db := create(b)
	for b.Loop() {
		if _, err := db.Generation(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUpdate(b *testing.B) {
	db := create(b)
	for b.Loop() {
		err := db.Update(b.Context(), func(tx meta.Tx) error { return tx.Put("refs", []byte("x"), []byte("y")) })
		if err != nil {
			b.Fatal(err)
		}
	}
}

// A bucket that was emptied in this transaction has no last key; bbolt looks
// for one without end where the bucket had several pages.
func TestLastOfEmptiedBucket(t *testing.T) {
	db := create(t)
	key := func(i int) []byte { return fmt.Appendf(nil, "%06d", i) }
	const n = 2000
	err := db.Update(t.Context(), func(tx meta.Tx) error {
		for i := range n {
			if err := tx.Put("ops", key(i), make([]byte, 50)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, left := range []int{n / 2, 1, 0} { // of the first keys
		var last []byte
		err := db.Update(t.Context(), func(tx meta.Tx) error {
			for i := left; i < n; i++ {
				if err := tx.Delete("ops", key(i)); err != nil {
					return err
				}
			}
			last, _ = tx.Last("ops")
			last = bytes.Clone(last)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if left > 0 != (last != nil) || left > 0 && !bytes.Equal(last, key(left-1)) {
			t.Errorf("with %d keys left the last is %q", left, last)
		}
	}
}

// A value that is said to be half a gigabyte long is damage and not read.
func TestDamagedSizeOfValue(t *testing.T) {
	db := create(t)
	good, err := os.ReadFile(db.Path())
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for at := 0; at < len(good); at += 17 {
		bad := bytes.Clone(good)
		bad[at] ^= 0x20
		if err := os.WriteFile(db.Path(), bad, 0o666); err != nil {
			t.Fatal(err)
		}
		err := meta.Open(db.Path()).View(t.Context(), func(tx meta.Tx) error {
			for _, v := range tx.Range("format", nil) {
				if len(v) > len(good) {
					t.Fatalf("byte %d: a value of %d bytes in a file of %d", at, len(v), len(good))
				}
			}
			return nil
		})
		found = found || errors.Is(err, object.ErrCorrupt)
	}
	if !found {
		t.Error("no damage was noticed")
	}
}

// Whatever bit of a file is flipped: what is read is right or an error.
func TestEveryFlippedBit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "meta.db")
	if err := meta.Create(path, meta.Version, meta.Features()); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"heads/main": "1", "heads/topic": "2", "tags/v1": "3", "x": ""}
	err := meta.Open(path).Update(t.Context(), func(tx meta.Tx) error {
		for k, v := range want {
			if err := tx.Put("refs", []byte(k), []byte(v)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := 0
	// A flipped bit in the newer of the two meta pages brings back the state before
	// the last transaction, as if it had not come to its end.
	for page := 2; page < len(good)/4096; page++ { // the used part of each page
		for at = page * 4096; at < page*4096+300; at++ {
			bad := bytes.Clone(good)
			bad[at] ^= 1 << (at % 8)
			if err := os.WriteFile(path, bad, 0o666); err != nil {
				t.Fatal(err)
			}
			got, single := map[string]string{}, map[string]string{}
			err := meta.Open(path).View(t.Context(), func(tx meta.Tx) error {
				for k, v := range tx.Range("refs", nil) {
					got[string(k)] = string(v)
				}
				return nil
			})
			if err == nil && !cmp.Equal(got, want) {
				t.Errorf("byte %d: read %v without an error", at, got)
			}
			for k := range want {
				err := meta.Open(path).View(t.Context(), func(tx meta.Tx) error {
					if v := tx.Get("refs", []byte(k)); v != nil {
						single[k] = string(v)
					}
					return nil
				})
				if v, ok := single[k]; err == nil && (!ok || v != want[k]) {
					t.Errorf("byte %d: %s is %q (there: %t) without an error", at, k, v, ok)
				}
			}
		}
	}
}
