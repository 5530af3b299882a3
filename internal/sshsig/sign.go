package sshsig

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Armor encloses a signature.
const (
	armorBegin = "-----BEGIN SSH SIGNATURE-----\n"
	armorEnd   = "-----END SSH SIGNATURE-----\n"
)

// maxSignature bounds what is taken for a signature: the largest RSA keys and
// certificates stay far below.
const maxSignature = 64 << 10

// Sign returns the armored signature of payload by key: the path of a private
// key, of a public one whose private half an agent holds, or the public key
// itself as text ("ssh-ed25519 AAAA...", "key::..."), for which an agent has to
// be running. A passphrase is asked for by ssh-keygen on the terminal.
func (t *Tool) Sign(ctx context.Context, key string, payload []byte) (signature string, err error) {
	args := []string{"-Y", "sign", "-n", Namespace, "-f"}
	text, literal := literalKey(key)
	switch {
	case key == "":
		return "", ErrNoKey
	case literal:
		name, err := tempFile([]byte(text+"\n"), "key")
		if err != nil {
			return "", err
		}
		defer os.Remove(name)
		args = append(args, name, "-U")
	default:
		name := t.path(key)
		if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("%w: no file %s", ErrNoKey, name)
		}
		args = append(args, name)
	}
	out, said, err := t.run(ctx, payload, args)
	if err != nil {
		return "", err
	}
	if !isArmored(out) {
		return "", programError(ErrNotSigned, said)
	}
	return out, nil
}

// literalKey returns the text of a key that stands in the setting itself.
func literalKey(key string) (string, bool) {
	if rest, ok := strings.CutPrefix(key, "key::"); ok {
		return rest, true
	}
	for _, kind := range []string{"ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"} {
		if strings.HasPrefix(key, kind) && strings.Contains(key, " ") {
			return key, true
		}
	}
	return "", false
}

// isArmored reports whether s looks like a signature.
func isArmored(s string) bool {
	return len(s) <= maxSignature && strings.HasPrefix(s, armorBegin) && strings.HasSuffix(s, armorEnd)
}

// path makes a path of settings absolute; ~ is HOME.
func (t *Tool) path(name string) string {
	if rest, ok := strings.CutPrefix(name, "~/"); ok {
		for _, e := range t.Environ {
			if home, ok := strings.CutPrefix(e, "HOME="); ok {
				return filepath.Join(home, rest)
			}
		}
	}
	if filepath.IsAbs(name) || t.Dir == "" {
		return name
	}
	return filepath.Join(t.Dir, name)
}

// tempFile writes b to a file that only the user can read.
func tempFile(b []byte, what string) (string, error) {
	f, err := os.CreateTemp("", "strata-"+what+"-*")
	if err != nil {
		return "", err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// run runs ssh-keygen with payload on its standard input. That it fails is no
// error, but an empty out; said is what it wrote to standard error.
func (t *Tool) run(ctx context.Context, payload []byte, args []string) (out, said string, err error) {
	name := t.Program
	if name == "" {
		name = "ssh-keygen"
	}
	program, err := t.find(name)
	if err != nil {
		return "", "", fmt.Errorf("%w: %w", ErrNoProgram, err)
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append([]string{}, t.Environ...)
	cmd.Env = append(cmd.Env, "LC_ALL=C", "TZ=UTC") // its words and times are read
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(payload), &stdout, &stderr
	err = cmd.Run()
	switch exit := (*exec.ExitError)(nil); {
	case ctx.Err() != nil:
		return "", "", ctx.Err()
	case errors.As(err, &exit):
		if said = stderr.String(); strings.Contains(said, "unknown option -- Y") || strings.Contains(said, "illegal option -- Y") {
			return "", "", fmt.Errorf("%w: %s does not know -Y, as it is older than OpenSSH 8.2", ErrNoProgram, program)
		}
		return "", said + stdout.String(), nil
	case err != nil:
		return "", "", fmt.Errorf("%w: %w", ErrNoProgram, err)
	}
	return stdout.String(), stderr.String(), nil
}

// find looks a program up on the PATH of Environ.
func (t *Tool) find(name string) (string, error) {
	if strings.ContainsRune(name, filepath.Separator) {
		return t.path(name), nil
	}
	for _, e := range t.Environ {
		dirs, ok := strings.CutPrefix(e, "PATH=")
		if !ok {
			continue
		}
		for _, dir := range filepath.SplitList(dirs) {
			full := filepath.Join(dir, name)
			if fi, err := os.Stat(full); filepath.IsAbs(dir) && err == nil && fi.Mode().IsRegular() && fi.Mode()&0o111 != 0 {
				return full, nil
			}
		}
	}
	return "", fmt.Errorf("no %s on PATH", name)
}
