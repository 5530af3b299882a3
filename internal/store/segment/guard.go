package segment

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/strata-data/strata/internal/object"
)

// guard is deferred as `defer guard(&err)()` around work on mapped files. A
// memory fault there (the disk failed, or someone cut the file) becomes err
// instead of the end of the process. Other panics pass.
func guard(err *error) func() {
	old := debug.SetPanicOnFault(true)
	return func() {
		debug.SetPanicOnFault(old)
		r := recover()
		if r == nil {
			return
		}
		fault, ok := r.(interface {
			runtime.Error
			Addr() uintptr
		})
		if !ok {
			panic(r)
		}
		*err = fmt.Errorf("%w: a mapped page cannot be read: %v", object.ErrCorrupt, fault)
	}
}
