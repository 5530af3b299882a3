package strata

import (
	"context"
	"strings"
)

// BisectTerms is strata.bisect-terms/1: the words for commits without and with the
// change.
type BisectTerms struct {
	Schema string `json:"schema"`
	Old    string `json:"old"`
	New    string `json:"new"`
}

// BisectTerms returns the words of the bisection that is going on; without one the
// error is ErrNoBisect.
func (r *Repo) BisectTerms(ctx context.Context) (*BisectTerms, error) {
	b, err := r.loadBisect(ctx)
	if err == nil && b.state == nil {
		err = ErrNoBisect
	}
	if err != nil {
		return nil, err
	}
	return &BisectTerms{Schema: "strata.bisect-terms/1", Old: b.rec.Old, New: b.rec.New}, nil
}

// BisectReplay does again what a log says that BisectLog returned, or git's of the
// same commits' names: it begins anew, and goes to the commit to test at the end.
// A line that is no step is an *OptionError; what the lines before it did stays.
func (r *Repo) BisectReplay(ctx context.Context, text string) (*BisectResult, error) {
	var res *BisectResult
	var err error
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		words, ok := splitWords(line)
		if !ok || len(words) < 3 || words[0] != "strata" && words[0] != "git" || words[1] != "bisect" {
			return nil, &OptionError{Option: "line", Value: line, Reason: "is no step of a bisection"}
		}
		if words[2] == "start" {
			o, oerr := replayStart(words[3:])
			if oerr != nil {
				return nil, oerr
			}
			res, err = r.BisectStart(ctx, o)
		} else {
			res, err = r.BisectMark(ctx, words[2], words[3:])
		}
		if err != nil {
			return nil, err
		}
	}
	if res == nil {
		return nil, &OptionError{Option: "replay", Reason: "the log has no step"}
	}
	return res, nil
}

// replayStart reads the arguments of a start.
func replayStart(words []string) (o BisectStartOptions, err error) {
	for i := 0; i < len(words); i++ {
		flag, value, has := strings.Cut(words[i], "=")
		if !has && strings.HasPrefix(flag, "--term-") && i+1 < len(words) {
			i++
			value = words[i]
		}
		switch {
		case flag == "--":
			o.Addresses = words[i+1:]
			return o, nil
		case flag == "--term-old" || flag == "--term-good":
			o.Old = value
		case flag == "--term-new" || flag == "--term-bad":
			o.New = value
		case flag == "--first-parent":
			o.FirstParent = true
		case flag == "--no-checkout":
			o.NoCheckout = true
		case strings.HasPrefix(flag, "-"):
			return o, &OptionError{Option: "line", Value: words[i], Reason: "is no flag of bisect start"}
		case o.Bad == "":
			o.Bad = words[i]
		default:
			o.Good = append(o.Good, words[i])
		}
	}
	return o, nil
}

// splitWords splits a line at spaces outside of single quotes, as a shell would a
// line of a log; \' outside of quotes is a quote.
func splitWords(line string) (words []string, ok bool) {
	var word strings.Builder
	inWord, quoted := false, false
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case c == '\'':
			inWord, quoted = true, !quoted
		case !quoted && c == '\\' && i+1 < len(line):
			i++
			inWord = true
			word.WriteByte(line[i])
		case !quoted && c == ' ':
			if inWord {
				words = append(words, word.String())
				word.Reset()
			}
			inWord = false
		default:
			inWord = true
			word.WriteByte(c)
		}
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, !quoted
}
