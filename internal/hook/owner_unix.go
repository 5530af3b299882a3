//go:build unix

package hook

import (
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// errNoProgram is what the system says of a file that it cannot execute.
const errNoProgram = syscall.ENOEXEC

func executable(fi fs.FileInfo) bool { return fi.Mode()&0o111 != 0 }

// foreign reports whether a file belongs neither to the user who runs this
// process, nor to root, nor to whoever became root by sudo.
func foreign(fi fs.FileInfo, environ []string) bool {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return false
	}
	owner := int64(st.Uid)
	if owner == 0 || owner == int64(os.Geteuid()) {
		return false
	}
	for _, e := range environ {
		if text, ok := strings.CutPrefix(e, "SUDO_UID="); ok && os.Geteuid() == 0 {
			uid, err := strconv.ParseInt(text, 10, 64)
			return err != nil || uid != owner
		}
	}
	return true
}
