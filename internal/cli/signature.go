package cli

import (
	"context"
	"iter"
	"strings"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/pkg/strata"
)

// signFlags adds git's flags for signing commits.
func signFlags(cmd *cobra.Command, o *strata.SignOptions) {
	f := cmd.Flags()
	f.VarPF(signValue{o}, "gpg-sign", "S", "sign with your SSH key, or with `KEY`: -SKEY, --gpg-sign=KEY").NoOptDefVal = " "
	f.BoolVar(&o.NoSign, "no-gpg-sign", false, "do not sign, whatever the setting commit.sign says")
	cmd.MarkFlagsMutuallyExclusive("gpg-sign", "no-gpg-sign")
}

// signValue is the value of -S, which may be left out.
type signValue struct{ o *strata.SignOptions }

func (v signValue) String() string { return "" }
func (v signValue) Type() string   { return "KEY" }
func (v signValue) Set(key string) error {
	v.o.Sign, v.o.Key = true, strings.TrimSpace(key)
	return nil
}

// stickyKey writes git's -SKEY as --gpg-sign=KEY behind verbs that make commits;
// as in git, the rest of a group of short flags is the key: -qSKEY.
func stickyKey(args []string) []string {
	switch args[0] {
	case "commit", "merge", "cherry-pick", "revert":
	default:
		return args
	}
	var out []string
	for i, a := range args {
		if a == "--" {
			return append(out, args[i:]...)
		}
		before, key, ok := strings.Cut(a, "S")
		short := len(before) > 0 && before[0] == '-' && !strings.HasPrefix(before, "--") && !strings.ContainsAny(before, valueFlags)
		if !ok || !short || key == "" || key[0] == '=' || i > 0 && takesValue(args[i-1]) {
			out = append(out, a)
			continue
		}
		if before != "-" {
			out = append(out, before)
		}
		out = append(out, "--gpg-sign="+key)
	}
	return out
}

// valueFlags are the short flags of these verbs that have a value.
const valueFlags = "mFX"

// takesValue reports whether an argument is a flag of a verb that makes commits
// whose value is the next argument.
func takesValue(flag string) bool {
	switch flag {
	case "--message", "--file", "--author", "--date", "--trailer", "--mainline", "--strategy-option":
		return true
	}
	short := len(flag) > 1 && flag[0] == '-' && flag[1] != '-'
	return short && strings.IndexAny(flag, valueFlags) == len(flag)-1
}

// withSignatures checks the signature of each commit that is yielded.
func withSignatures(ctx context.Context, r *strata.Repo, commits iter.Seq2[*strata.LogEntry, error]) iter.Seq2[*strata.LogEntry, error] {
	return func(yield func(*strata.LogEntry, error) bool) {
		for e, err := range commits {
			if err == nil {
				e.Signature, err = r.SignatureOf(ctx, e.ID)
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// signatureText says what a signature is worth, in colour where it matters.
func signatureText(st style, s *strata.Signature) string {
	text := safeText(s.String())
	switch s.Status {
	case strata.SignatureGood:
		return st.Added(text)
	case strata.SignatureBad:
		return st.Error(text)
	}
	return text
}

// signatureLetter is what git's %G? is for it.
func signatureLetter(s *strata.Signature) string {
	switch s.Status {
	case strata.SignatureGood:
		return "G"
	case strata.SignatureUntrusted:
		return "U"
	case strata.SignatureBad:
		return "B"
	}
	return "N"
}

func newVerifyCommitCmd(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:   "verify-commit REV...",
		Short: "Check the signatures of commits",
		Long: "A signature is good if it is that of the commit, by a key that the file of the setting\n" +
			"signing.allowed-signers names (ssh-keygen(1), ALLOWED SIGNERS). The exit code is 1 if one is not.",
		Example:           "  strata verify-commit HEAD\n  strata config set --user signing.allowed-signers ~/.config/strata/signers",
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: completeRevisions(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runVerifySignatures(cmd.Context(), env, args, (*strata.Repo).VerifyCommits)
		},
	}
}

func newVerifyTagCmd(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:               "verify-tag NAME...",
		Short:             "Check the signatures of tags",
		Long:              "As verify-commit does for commits. A tag without a message has no object to sign.",
		Example:           "  strata tag -s v1 -m \"First release\"\n  strata verify-tag v1",
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: completeRevisions(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runVerifySignatures(cmd.Context(), env, args, (*strata.Repo).VerifyTags)
		},
	}
}

func runVerifySignatures(ctx context.Context, env *Env, names []string,
	verify func(*strata.Repo, context.Context, []string) (*strata.VerifySignaturesResult, error)) error {
	r, err := env.OpenRepo(ctx)
	if err != nil {
		return err
	}
	for i := range names {
		names[i] = previous(names[i])
	}
	res, err := verify(r, ctx, names)
	if err != nil {
		return err
	}
	if env.Flags.JSON {
		err = env.PrintJSON(res)
	} else {
		var rows [][]string
		for _, o := range res.Objects {
			rows = append(rows, []string{o.Kind, env.Style().ID(o.ID.Short()), signatureText(env.Style(), &o.Signature)})
		}
		env.printTable(rows, "lll")
	}
	if err == nil && !res.Good {
		err = errNo
	}
	return err
}
