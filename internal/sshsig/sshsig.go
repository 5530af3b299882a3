// Package sshsig signs bytes with SSH keys, and checks such signatures, through
// ssh-keygen, as git does with gpg.format = ssh. Keys, agents, hardware tokens,
// certificates and revocation are OpenSSH's; this package finds the program,
// hands it bytes and reads its answer.
//
// The one invariant: a signature is good only if ssh-keygen has said so for
// these bytes, in the namespace strata, for a principal of the list of allowed
// signers, at the time that the bytes claim; whatever cannot be checked is
// never good. Where the signature is kept is in docs/format/commit.md and tag.md.
// Start reading at Tool.Sign and Tool.Verify.
package sshsig

import (
	"errors"
	"fmt"
	"strings"
)

// Namespace keeps signatures that were made for another purpose from counting.
const Namespace = "strata"

// Tool runs ssh-keygen. The zero value finds it on PATH and has no signers.
type Tool struct {
	Program string   // "" is ssh-keygen
	Environ []string // of the program; PATH is in it
	Dir     string   // where relative paths begin, "" is the process's directory
	Signers string   // file of allowed signers (ssh-keygen(1), ALLOWED SIGNERS); "" is none
	Revoked string   // file of revoked keys; "" is none
}

// Status says what a signature is worth.
type Status string

// What a signature can be.
const (
	Good      Status = "good"      // valid, by an allowed signer
	Untrusted Status = "untrusted" // valid, by a key that no list of allowed signers names
	Bad       Status = "bad"       // of other bytes, of another namespace, revoked, or no signature at all
	None      Status = "unsigned"  // there is none
)

// Verdict is the answer to one signature.
type Verdict struct {
	Status Status `json:"status"`
	Signer string `json:"signer,omitempty"` // principal of the list of allowed signers, where good
	Type   string `json:"type,omitempty"`   // of the key: ED25519, RSA
	Key    string `json:"key,omitempty"`    // fingerprint: SHA256:...
	Detail string `json:"detail,omitempty"` // why it is not good
}

// String says it in a line.
func (v Verdict) String() string {
	by := strings.TrimSpace(v.Type + " " + v.Key)
	switch v.Status {
	case Good:
		return "good, by " + v.Signer + " with " + by
	case Untrusted:
		return "valid, by the unknown key " + by + detail(v.Detail)
	case None:
		return "none"
	}
	return string(v.Status) + detail(v.Detail)
}

func detail(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}

// The conditions that callers act on.
var (
	// ErrNoProgram is returned where ssh-keygen is not there, or is too old.
	ErrNoProgram = errors.New("ssh-keygen cannot be run")
	// ErrNoKey is returned where no key was named to sign with, or it is not
	// there.
	ErrNoKey = errors.New("no key to sign with")
	// ErrNotSigned is returned where ssh-keygen could not sign.
	ErrNotSigned = errors.New("ssh-keygen did not sign")
)

// programError says what ssh-keygen said when it failed.
func programError(kind error, said string) error {
	said = strings.Join(strings.FieldsFunc(said, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
	if said = clean(said); said == "" {
		return kind
	}
	return fmt.Errorf("%w: %s", kind, said)
}

// clean leaves control characters out, as the text may come from a key's
// comment.
func clean(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD")))
}
