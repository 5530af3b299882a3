package vfs

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Holder says who holds a lock. It is stored as JSON in the lock file.
type Holder struct {
	PID     int       `json:"pid"`
	Host    string    `json:"host"`
	Command string    `json:"command"`
	Since   time.Time `json:"since"`
}

// LockedError is returned when someone else holds a lock. A zero Holder means
// that it is not known who.
type LockedError struct {
	Path   string
	Holder Holder
}

func (e *LockedError) Error() string {
	if e.Holder.PID == 0 {
		return fmt.Sprintf("%s is locked by another process", e.Path)
	}
	s := fmt.Sprintf("%s is locked by process %d", e.Path, e.Holder.PID)
	if e.Holder.Host != "" {
		s += " on " + e.Holder.Host
	}
	if e.Holder.Command != "" {
		s += " (" + e.Holder.Command + ")"
	}
	if !e.Holder.Since.IsZero() {
		s += " since " + e.Holder.Since.UTC().Format(time.RFC3339)
	}
	return s
}

// Lock takes the exclusive advisory lock on the file path, creating it if need
// be, writes h into it and returns a function that gives the lock back. It
// does not wait: a lock that a living process holds is a *LockedError with that
// process's Holder. The operating system drops the lock of a process that
// dies, so a dead holder's lock is simply taken over. The file itself stays, as
// removing it would race with a process that has just opened it; it is empty
// while nobody holds the lock.
func Lock(path string, h Holder) (unlock func() error, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	if err := flock(f, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		defer f.Close()
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, &os.PathError{Op: "lock", Path: path, Err: err}
		}
		return nil, &LockedError{Path: path, Holder: readHolder(path)}
	}
	b, err := json.Marshal(h)
	if err == nil {
		err = overwrite(f, append(b, '\n'))
	}
	if err != nil {
		_, _ = flock(f, unix.LOCK_UN), f.Close()
		return nil, fmt.Errorf("write the holder of %s: %w", path, err)
	}
	return func() error {
		// Closing alone is not enough: a child that another goroutine starts has
		// the descriptor too until it runs its program.
		return errors.Join(f.Truncate(0), flock(f, unix.LOCK_UN), f.Close())
	}, nil
}

// flock retries what a signal interrupted.
func flock(f *os.File, how int) error {
	for {
		err := unix.Flock(int(f.Fd()), how)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

func overwrite(f *os.File, b []byte) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt(b, 0)
	return err
}

// readHolder returns the holder that the file names, or the zero Holder while
// its owner is still writing it.
func readHolder(path string) Holder {
	var h Holder
	b, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(b, &h) != nil {
		return Holder{}
	}
	return h
}
