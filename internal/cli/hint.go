package cli

import (
	"errors"
	"fmt"

	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/vfs"
)

// hintsFor returns the commands to type after an error whose verb named none.
func hintsFor(slug string, err error) []string {
	var (
		syntax *format.SyntaxError
		value  *format.ValueError
		locked *vfs.LockedError
	)
	switch {
	case errors.As(err, &syntax) && syntax.Hint != "":
		return []string{syntax.Hint}
	case errors.As(err, &value) && value.Needed != nil:
		return []string{fmt.Sprintf("fix the line, or accept the change with --type %s=%s", value.Column, value.Needed)}
	case errors.As(err, &locked) && locked.Holder.PID != 0:
		return []string{fmt.Sprintf("wait until process %d has finished, then run the same command again", locked.Holder.PID)}
	}
	if s, ok := lookUpSlug(slug); ok && s.hint != "" {
		return []string{s.hint}
	}
	return nil
}
