package cli

import (
	"context"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/pkg/strata"
)

type verifyProofOptions struct {
	file            string
	commit          string
	signers         string
	present, absent bool
}

func newVerifyProofCmd(env *Env) *cobra.Command {
	o := &verifyProofOptions{}
	cmd := &cobra.Command{
		Use:   "verify-proof FILE",
		Short: "Check a proof that a sample is, or is not, in a commit",
		Long: "Needs no repository: the proof holds the objects on the way from the commit to the\n" +
			"sample, which are named by their own hashes and looked through again. What it proves\n" +
			"is about the commit id that you trust: give it with --commit, or compare it yourself.\n" +
			"Or name with --allowed-signers whose signed commits you trust.\n" +
			"The exit code is 1 where the proof is sound and shows something else than was asked\n" +
			"for, and 7 where it proves nothing.",
		Example: "  strata verify-proof 17.proof --commit 6b06d0c0...\n" +
			"  strata verify-proof 17.proof --commit 6b06d0c0... --absent --json",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.file = args[0]
			return runVerifyProof(cmd.Context(), env, o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.commit, "commit", "", "the `ID` that is trusted, all 64 digits")
	f.StringVar(&o.signers, "allowed-signers", "", "the commit has to be signed by a key in `FILE`, as ssh-keygen(1) has it")
	f.BoolVar(&o.present, "present", false, "the sample has to be in the commit")
	f.BoolVar(&o.absent, "absent", false, "the sample must not be in the commit")
	cmd.MarkFlagsMutuallyExclusive("present", "absent")
	return cmd
}

// maxProof is more than any proof file has; see docs/format/proof.md.
const maxProof = 300 << 20

func runVerifyProof(ctx context.Context, env *Env, o *verifyProofOptions) error {
	vo := strata.VerifyProofOptions{Programs: env.programs()}
	if o.signers != "" {
		vo.Signers = env.Path(o.signers)
	}
	if o.commit != "" {
		id, err := object.Parse(o.commit)
		if err != nil {
			return &Failure{Slug: "bad-value", Message: "--commit needs all 64 hex digits of the id", Cause: err.Error(),
				Hints: []string{"strata rev-parse REV"}, Err: err}
		}
		vo.Commit = id
	}
	if o.present || o.absent {
		vo.Want = &o.present
	}
	b, err := readLimited(env, o.file)
	if err != nil {
		return err
	}
	res, err := strata.VerifyProof(ctx, b, vo)
	if err != nil {
		return err
	}
	if env.Flags.JSON {
		if err := env.PrintJSON(res); err != nil {
			return err
		}
	} else {
		env.printProof(res)
	}
	if !res.Holds {
		return errNo
	}
	return nil
}

// readLimited reads a proof file, - for standard input.
func readLimited(env *Env, name string) ([]byte, error) {
	in := env.In
	if name != "-" {
		f, err := os.Open(env.Path(name))
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, maxProof+1))
	if err == nil && len(b) > maxProof {
		err = &Failure{Slug: "bad-proof", Message: name + " is larger than any proof", Err: strata.ErrProofMalformed}
	}
	return b, err
}

// printProof prints what a proof shows. The text in it is a stranger's.
func (e *Env) printProof(res *strata.ProofResult) {
	st, c := e.Style(), res.Commit
	if !res.Holds {
		e.Printf("%s %s\n", st.Error("does not hold:"), res.Failed)
	}
	e.Printf("%s\n\n", provenText(&res.Proven))
	rows := [][]string{{"commit", st.ID(c.ID.String())}, {"author", safeText(personText(c.Author))}, {"date", c.Author.Time.Format(dateLayout)}}
	if c.Committer != c.Author {
		rows = append(rows, []string{"committer", safeText(personText(c.Committer))}, []string{"committed", c.Committer.Time.Format(dateLayout)})
	}
	if res.Signature != nil {
		rows = append(rows, []string{"signature", signatureText(st, res.Signature)})
	}
	rows = append(rows, []string{"subject", safeText(c.Subject)})
	if res.Reason != "no dataset" {
		rows = append(rows, []string{"dataset", safeText(res.Dataset) + ", " + plural(res.Rows, "sample")})
	}
	e.printTable(rows, "ll")
	if len(res.Cells) > 0 {
		e.Printf("\n")
		rows = nil
		for _, cell := range res.Cells {
			rows = append(rows, []string{st.Header(safeText(cell.Column)), safeText(cell.Text)})
		}
		e.printTable(rows, "ll")
	}
	if !res.Compared && res.Signature == nil {
		e.Warnf("commit-not-compared", "this is about commit %s; compare the id with the one that you trust, or give it with --commit", c.ID)
	}
}

// safeText writes control characters as escapes, since the text comes from
// someone else and goes to a terminal.
func safeText(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
