package cli

import (
	"context"
	"fmt"
	"os"
	"syscall"
)

// signalError is the cause of a context that a signal cancelled.
type signalError struct{ sig os.Signal }

func (s *signalError) Error() string { return fmt.Sprintf("interrupted by signal: %v", s.sig) }

func (s *signalError) exit() int {
	if s.sig == syscall.SIGTERM {
		return exitTerminate
	}
	return exitInterrupt
}

// watchSignals cancels the command on the first signal and leaves the process
// on the second. The returned function ends the watch.
func (e *Env) watchSignals(cancel context.CancelCauseFunc) (stop func()) {
	if e.Signals == nil {
		return func() {}
	}
	done := make(chan struct{})
	go func() {
		for n := 0; ; n++ {
			select {
			case <-done:
				return
			case sig := <-e.Signals:
				cause := &signalError{sig}
				if n == 0 {
					cancel(cause)
				} else if e.Exit != nil {
					e.Exit(cause.exit())
				}
			}
		}
	}()
	return func() { close(done) }
}

// reportInterrupt says how far an interrupted command came and how to go on.
func (e *Env) reportInterrupt(code int) {
	how := e.resume
	if how == "" {
		how = "stopped before the end; run the same command again to continue"
	}
	e.words("interrupted: " + how + "\n")
	if e.Flags.JSON {
		e.words(fmt.Sprintf(`{"schema":"strata.error/1","slug":"interrupted","exit":%d,"message":%q}`+"\n", code, how))
	}
}
