package meta_test

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"pgregory.net/rapid"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store/meta"
)

// filled is a file with branches, overflow pages, an inline bucket and a free
// list.
func filled(t testing.TB) string {
	t.Helper()
	db := create(t)
	for round := range 3 {
		err := db.Update(t.Context(), func(tx meta.Tx) error {
			for i := range 800 {
				k := fmt.Appendf(nil, "key %d", i*7919%800)
				if round == 2 && i%3 == 0 {
					if err := tx.Delete("many", k); err != nil {
						return err
					}
					continue
				}
				if err := tx.Put("many", k, make([]byte, 40+round)); err != nil {
					return err
				}
			}
			if err := tx.Put("few", []byte("a"), []byte("b")); err != nil {
				return err
			}
			return tx.Put("long", []byte("k"), make([]byte, 20_000))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return db.Path()
}

func TestCheckWhole(t *testing.T) {
	if err := meta.Check(filled(t)); err != nil {
		t.Error(err)
	}
	if err := meta.Check(create(t).Path()); err != nil {
		t.Error("a new file:", err)
	}
}

func TestCheckDamage(t *testing.T) {
	path := filled(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func([]byte) []byte{
		"empty":        func([]byte) []byte { return nil },
		"cut":          func(b []byte) []byte { return b[:len(b)/3] },
		"both metas":   func(b []byte) []byte { clear(b[:8192]); return b },
		"no tree":      func(b []byte) []byte { clear(b[8192:]); return b },
		"not its file": func(b []byte) []byte { return []byte("a text file") },
	} {
		if err := os.WriteFile(path, change(append([]byte(nil), whole...)), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := meta.Check(path); !errors.Is(err, object.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Any bytes are a file or corrupt, in bounded time.
func TestCheckAnything(t *testing.T) {
	path := filled(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		b := append([]byte(nil), whole...)
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			at := rapid.IntRange(8192, len(b)-1).Draw(t, "at")
			b[at] = rapid.Byte().Draw(t, "byte")
		}
		if err := os.WriteFile(path, b, 0o666); err != nil {
			t.Fatal(err)
		}
		if err := meta.Check(path); err != nil && !errors.Is(err, object.ErrCorrupt) {
			t.Fatal(err)
		}
	})
}
