package sshsig

import (
	"context"
	"os"
	"regexp"
	"strings"
	"time"
)

// Verify says what the signature of payload is worth, which claims to have been
// made at when. Only failures to find out are errors: ErrNoProgram, and those of
// files and ctx.
func (t *Tool) Verify(ctx context.Context, payload []byte, signature string, when time.Time) (Verdict, error) {
	if signature == "" {
		return Verdict{Status: None}, nil
	}
	if !isArmored(signature) {
		return Verdict{Status: Bad, Detail: "it is not in the form of an SSH signature"}, nil
	}
	file, err := tempFile([]byte(signature), "sig")
	if err != nil {
		return Verdict{}, err
	}
	defer os.Remove(file)
	signers, why := t.signers()
	if signers == "" {
		return t.verifyAlone(ctx, payload, file, why)
	}
	at := []string{"-O", "verify-time=" + when.UTC().Format("20060102150405")}
	out, said, err := t.run(ctx, nil, append([]string{"-Y", "find-principals", "-f", signers, "-s", file}, at...))
	if err != nil {
		return Verdict{}, err
	}
	if out == "" {
		v, err := t.verifyAlone(ctx, payload, file, "not among the allowed signers")
		if v.Status == Bad && v.Detail == "" {
			v.Detail = clean(said)
		}
		return v, err
	}
	var v Verdict
	for principal := range strings.Lines(out) {
		principal = strings.TrimSpace(principal)
		args := append([]string{"-Y", "verify", "-n", Namespace, "-f", signers, "-I", principal, "-s", file}, at...)
		if t.Revoked != "" {
			args = append(args, "-r", t.path(t.Revoked))
		}
		out, said, err := t.run(ctx, payload, args)
		if err != nil {
			return Verdict{}, err
		}
		if v = answer(out, said); v.Status == Untrusted {
			v.Status, v.Signer, v.Detail = Good, clean(principal), ""
			return v, nil
		}
	}
	alone, err := t.verifyAlone(ctx, payload, file, "")
	if err == nil && alone.Status == Untrusted { // so it is the key that was refused
		alone.Status, alone.Detail = Bad, "its key is revoked, or not allowed to sign in the namespace "+Namespace
		return alone, nil
	}
	return v, err
}

// signers returns the file of allowed signers, or why there is none.
func (t *Tool) signers() (file, why string) {
	if t.Signers == "" {
		return "", "no allowed signers are set"
	}
	file = t.path(t.Signers)
	if fi, err := os.Stat(file); err != nil || fi.IsDir() {
		return "", "the file of allowed signers, " + file + ", cannot be read"
	}
	return file, ""
}

// verifyAlone checks that a signature belongs to payload, whoever made it.
func (t *Tool) verifyAlone(ctx context.Context, payload []byte, file, why string) (Verdict, error) {
	out, said, err := t.run(ctx, payload, []string{"-Y", "check-novalidate", "-n", Namespace, "-s", file})
	if err != nil {
		return Verdict{}, err
	}
	v := answer(out, said)
	if v.Status == Untrusted {
		v.Detail = why
	}
	return v, nil
}

// answer reads what ssh-keygen says of one signature:
//
//	Good "strata" signature with ED25519 key SHA256:...
//	Good "strata" signature for PRINCIPAL with ED25519 key SHA256:...
//
// Anything else, and any failure, is a bad signature.
func answer(out, said string) Verdict {
	m := regexp.MustCompile(`^Good "` + Namespace + `" signature (?:for .* )?with (\S+) key (SHA256:\S+)\s*$`).FindStringSubmatch(out)
	if m == nil {
		return Verdict{Status: Bad, Detail: firstLine(said)}
	}
	return Verdict{Status: Untrusted, Type: m[1], Key: m[2]}
}

// firstLine returns what ssh-keygen said first.
func firstLine(said string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(said), "\n")
	return clean(line)
}
