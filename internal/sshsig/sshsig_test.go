package sshsig

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var (
	ctx  = context.Background()
	when = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
)

// bench is a directory with keys and a tool that works there.
type bench struct {
	*Tool
	t   *testing.T
	dir string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	if _, err := exec.LookPath("ssh-keygen"); err != nil {
		t.Skip("no ssh-keygen here")
	}
	dir := t.TempDir()
	return &bench{&Tool{Environ: []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}, Dir: dir}, t, dir}
}

// key makes a key of the type and returns its public half.
func (b *bench) key(name, kind string) string {
	b.t.Helper()
	path := filepath.Join(b.dir, name)
	if out, err := exec.Command("ssh-keygen", "-q", "-t", kind, "-N", "", "-C", name+"@test", "-f", path).CombinedOutput(); err != nil {
		b.t.Fatalf("make a key of type %s: %v: %s", kind, err, out)
	}
	public, err := os.ReadFile(path + ".pub")
	if err != nil {
		b.t.Fatal(err)
	}
	return strings.TrimSpace(string(public))
}

func (b *bench) write(name, text string) string {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
	return name
}

func (b *bench) sign(key, payload string) string {
	b.t.Helper()
	sig, err := b.Sign(ctx, key, []byte(payload))
	if err != nil {
		b.t.Fatalf("sign with %s: %v", key, err)
	}
	return sig
}

func (b *bench) verify(payload, sig string) Verdict {
	b.t.Helper()
	v, err := b.Verify(ctx, []byte(payload), sig, when)
	if err != nil {
		b.t.Fatalf("verify: %v", err)
	}
	return v
}

func TestSignaturesOfAllKindsOfKeys(t *testing.T) {
	for _, kind := range []string{"ed25519", "rsa", "ecdsa"} {
		t.Run(kind, func(t *testing.T) {
			b := newBench(t)
			public := b.key("ana", kind)
			b.Signers = b.write("signers", "ana@example.com,ana "+public+"\n")
			sig := b.sign("ana", "hello")
			v := b.verify("hello", sig)
			if v.Status != Good || v.Signer != "ana@example.com" || !strings.EqualFold(v.Type, kind) || !strings.HasPrefix(v.Key, "SHA256:") {
				t.Errorf("verdict %+v", v)
			}
			if v := b.verify("hellO", sig); v.Status != Bad || v.Detail == "" {
				t.Errorf("of other bytes: %+v", v)
			}
		})
	}
}

func TestWhatMakesASignatureGood(t *testing.T) {
	b := newBench(t)
	ana, bob := b.key("ana", "ed25519"), b.key("bob", "ed25519")
	sig := b.sign("ana", "hello")
	foreign, err := exec.Command("sh", "-c", "printf hello | ssh-keygen -q -Y sign -n git -f "+filepath.Join(b.dir, "ana")).Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, signers, revoked, sig string
		want                        Status
		detail                      string
	}{
		{"allowed", "ana@x " + ana, "", sig, Good, ""},
		{"second of two", "bob@x " + bob + "\nana@x " + ana, "", sig, Good, ""},
		{"for the namespace", `ana@x namespaces="strata,git" ` + ana, "", sig, Good, ""},
		{"in time", `ana@x valid-after="20260101",valid-before="20270101" ` + ana, "", sig, Good, ""},
		{"nobody is allowed", "", "", sig, Untrusted, "no allowed signers are set"},
		{"someone else is", "bob@x " + bob, "", sig, Untrusted, "not among the allowed signers"},
		{"too late", `ana@x valid-before="20260101" ` + ana, "", sig, Untrusted, "not among"},
		{"for another namespace", `ana@x namespaces="git" ` + ana, "", sig, Bad, ""},
		{"revoked", "ana@x " + ana, ana, sig, Bad, "revoked"},
		{"signed in another namespace", "ana@x " + ana, "", string(foreign), Bad, ""},
		{"no signature", "ana@x " + ana, "", "", None, ""},
		{"some text", "ana@x " + ana, "", "yes, it is me\n", Bad, "not in the form"},
		{"empty armor", "ana@x " + ana, "", armorBegin + armorEnd, Bad, ""},
		{"cut armor", "ana@x " + ana, "", strings.Replace(sig, "\nU1NIU0lH", "\nU1NI", 1), Bad, ""},
		{"too long", "ana@x " + ana, "", armorBegin + strings.Repeat("A\n", maxSignature) + armorEnd, Bad, "not in the form"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b.Signers, b.Revoked = "", ""
			if tc.signers != "" {
				b.Signers = b.write("signers", tc.signers+"\n")
			}
			if tc.revoked != "" {
				b.Revoked = b.write("revoked", tc.revoked+"\n")
			}
			v := b.verify("hello", tc.sig)
			if v.Status != tc.want || !strings.Contains(v.Detail, tc.detail) {
				t.Errorf("verdict %+v, want %s (%s)", v, tc.want, tc.detail)
			}
		})
	}
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "strata-sig-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("temporary files %v, %v", left, err)
	}
}

func TestSignRefuses(t *testing.T) {
	b := newBench(t)
	ana := b.key("ana", "ed25519")
	b.write("text", "no key\n")
	for _, tc := range []struct {
		name, key string
		want      error
	}{
		{"no key", "", ErrNoKey},
		{"no such file", "nobody", ErrNoKey},
		{"no key in the file", "text", ErrNotSigned},
		{"literal without an agent", ana, ErrNotSigned},
		{"literal that is none", "key::abc", ErrNotSigned},
	} {
		t.Run(tc.name, func(t *testing.T) {
			sig, err := b.Sign(ctx, tc.key, []byte("hello"))
			if !errors.Is(err, tc.want) || sig != "" {
				t.Errorf("%q, %v, want %v", sig, err, tc.want)
			}
		})
	}
}

func TestWithoutTheProgram(t *testing.T) {
	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	if err := os.WriteFile(key, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tool := range []*Tool{{Environ: []string{"PATH=" + dir}}, {Program: "/no/such/keygen"}, {}} {
		if _, err := tool.Sign(ctx, key, nil); !errors.Is(err, ErrNoProgram) {
			t.Errorf("sign with %+v: %v, want %v", tool, err, ErrNoProgram)
		}
		if _, err := tool.Verify(ctx, nil, armorBegin+armorEnd, when); !errors.Is(err, ErrNoProgram) {
			t.Errorf("verify with %+v: %v, want %v", tool, err, ErrNoProgram)
		}
	}
}

// What ssh-keygen says is believed only in the one form that it has.
func TestAnswer(t *testing.T) {
	for _, tc := range []struct {
		name, out string
		want      Status
	}{
		{"with a principal", "Good \"strata\" signature for ana@x with ED25519 key SHA256:abc\n", Untrusted},
		{"without", "Good \"strata\" signature with RSA key SHA256:abc\n", Untrusted},
		{"of another namespace", "Good \"git\" signature with RSA key SHA256:abc\n", Bad},
		{"something before", "Could not verify\nGood \"strata\" signature with RSA key SHA256:abc\n", Bad},
		{"nothing", "", Bad},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if v := answer(tc.out, ""); v.Status != tc.want {
				t.Errorf("%+v, want %s", v, tc.want)
			}
		})
	}
}
