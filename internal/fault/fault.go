// Package fault makes chosen places in the program fail, so that tests can ask
// what a crash or an error exactly there leaves behind.
//
// A place calls Hit with its name and treats the answer as its own error. The
// program arms points from the value of STRATA_FAILPOINT by calling Arm once;
// nothing here reads the environment. While nothing is armed, Hit is one
// atomic load. The names are constants and Points lists them all, so that a
// test can loop over every one. Start reading at Hit, then Arm.
package fault

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// EnvironmentVariable holds the spec that the program passes to Arm.
const EnvironmentVariable = "STRATA_FAILPOINT"

// The points. A name says the room and the moment.
const (
	SegmentBeforeSync   = "segment/before-sync"
	SegmentAfterSync    = "segment/after-sync"
	SegmentBeforeRename = "segment/before-rename"
	SegmentAfterRename  = "segment/after-rename"
	MetaBeforeCommit    = "meta/before-commit"
	MetaAfterCommit     = "meta/after-commit"
	AddBeforeIndex      = "add/before-index"
	AddAfterIndex       = "add/after-index"
	CommitBeforeObject  = "commit/before-object"
	CommitBeforeRef     = "commit/before-ref"
	CommitAfterRef      = "commit/after-ref"
	RestoreBeforeRename = "restore/before-rename"
	GCBeforePublish     = "gc/before-publish"
	GCAfterPublish      = "gc/after-publish"
	GCBeforeDelete      = "gc/before-delete"
)

// What an armed point does.
const (
	actError   = "error"
	actKill    = "kill"
	actNoSpace = "enospc"
)

// Points returns the names of all points.
func Points() []string {
	return []string{
		SegmentBeforeSync, SegmentAfterSync, SegmentBeforeRename, SegmentAfterRename,
		MetaBeforeCommit, MetaAfterCommit,
		AddBeforeIndex, AddAfterIndex,
		CommitBeforeObject, CommitBeforeRef, CommitAfterRef,
		RestoreBeforeRename,
		GCBeforePublish, GCAfterPublish, GCBeforeDelete,
	}
}

// ErrInjected is in the chain of every error that a point returns.
var ErrInjected = errors.New("injected fault")

// plan is one armed point.
type plan struct {
	name, action string
	n            int64
	hits         atomic.Int64
}

// armed is nil unless a test armed something: the one piece of global state in
// the program, as a place deep inside must not need a handle to be tested.
var armed atomic.Pointer[[]*plan]

// Hit is called where a fault may be injected. It returns nil, or an error
// that wraps ErrInjected, or does not return because the process is killed.
func Hit(name string) error {
	plans := armed.Load()
	if plans == nil {
		return nil
	}
	for _, p := range *plans {
		if p.name == name && p.hits.Add(1) == p.n {
			return p.act()
		}
	}
	return nil
}

func (p *plan) act() error {
	switch p.action {
	case actKill:
		if self, err := os.FindProcess(os.Getpid()); err == nil {
			self.Kill()
		}
		select {} // the signal arrives any moment
	case actNoSpace:
		return fmt.Errorf("%w at %s: %w", ErrInjected, p.name, syscall.ENOSPC)
	}
	return fmt.Errorf("%w at %s", ErrInjected, p.name)
}

// Arm arms the points in spec, which is a comma-separated list of
// name=action or name=action:n. The action is error, enospc or kill (SIGKILL
// to this process); it happens at the n-th hit only, by default the first. An
// empty spec disarms. Unknown names and actions are errors.
func Arm(spec string) error {
	if spec == "" {
		armed.Store(nil)
		return nil
	}
	var plans []*plan
	for one := range strings.SplitSeq(spec, ",") {
		p, err := parse(one)
		if err != nil {
			return err
		}
		plans = append(plans, p)
	}
	armed.Store(&plans)
	return nil
}

func parse(one string) (*plan, error) {
	name, action, ok := strings.Cut(one, "=")
	if !ok {
		return nil, fmt.Errorf("failpoint %q: want name=action", one)
	}
	known := false
	for _, p := range Points() {
		known = known || p == name
	}
	if !known {
		return nil, fmt.Errorf("failpoint %q: unknown name %q", one, name)
	}
	p := &plan{name: name, n: 1}
	action, count, hasCount := strings.Cut(action, ":")
	switch action {
	case actError, actKill, actNoSpace:
		p.action = action
	default:
		return nil, fmt.Errorf("failpoint %q: unknown action %q", one, action)
	}
	if hasCount {
		n, err := strconv.ParseInt(count, 10, 64)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("failpoint %q: want a count of at least 1, have %q", one, count)
		}
		p.n = n
	}
	return p, nil
}
