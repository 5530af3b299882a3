package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Progress counts what a long command has done and shows it on standard error:
// one line that is redrawn on a terminal, after a second; a plain line every 30
// seconds elsewhere; JSON lines with --progress=json. A nil Progress counts
// nothing, so callers need not ask. All methods may be called from any goroutine.
type Progress struct {
	mu    sync.Mutex
	now   func() time.Time
	start time.Time
	state progressState
	show  display
	stop  chan struct{}
	ended chan struct{}
}

// progressState is one reading of the counters.
type progressState struct {
	Phase      string
	Bytes      int64
	TotalBytes int64 // 0 when not known
	Objects    int64
	Elapsed    time.Duration // since the phase began
}

// display is one way to show progress. Its methods are called by one goroutine
// at a time.
type display interface {
	// update shows a reading.
	update(s progressState)
	// say prints words of the command between two drawings.
	say(words string)
	// close leaves the screen without traces of a drawing.
	close()
}

// Progress returns the counter of this command, started on first use, or nil
// when nothing is to be shown.
func (e *Env) Progress() *Progress {
	if e.progress != nil {
		return e.progress
	}
	show, delay, every := e.chooseDisplay()
	if show == nil {
		return nil
	}
	p := &Progress{now: time.Now, start: time.Now(), show: show, stop: make(chan struct{}), ended: make(chan struct{})}
	e.progress = p
	go p.loop(delay, every)
	return p
}

// chooseDisplay decides how progress is shown, when the first time and how
// often then.
func (e *Env) chooseDisplay() (show display, delay, every time.Duration) {
	mode := e.Flags.Progress
	if mode == jsonValue {
		return &jsonDisplay{e.Err}, 0, e.interval(time.Second)
	}
	if mode == neverValue || e.Flags.Quiet {
		return nil, 0, 0
	}
	if mode == alwaysValue || e.Terminal.Err && e.Getenv("TERM") != "dumb" {
		return newBarDisplay(e.Err), time.Second, 100 * time.Millisecond
	}
	every = e.interval(30 * time.Second)
	return &lineDisplay{e.Err}, every, every
}

// interval is STRATA_PROGRESS_INTERVAL in seconds, or else the default.
func (e *Env) interval(otherwise time.Duration) time.Duration {
	if s, err := strconv.ParseFloat(e.Getenv("STRATA_PROGRESS_INTERVAL"), 64); err == nil && s > 0 && s < 1e6 {
		return time.Duration(s * float64(time.Second))
	}
	return otherwise
}

// Phase begins a new part of the work, such as "reading train.csv", with its
// number of bytes where that is known, else 0.
func (p *Progress) Phase(name string, totalBytes int64) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state = progressState{Phase: name, TotalBytes: totalBytes}
	p.start = p.now()
}

// Add counts bytes and objects that are done in this phase.
func (p *Progress) Add(bytes, objects int64) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state.Bytes += bytes
	p.state.Objects += objects
}

// Func returns p as the plain function that lower layers take, so that they
// need not know this package: a phase that differs from the current one begins
// a new one, bytes and objects are added, a total that is not 0 is set. It is
// nil for a nil Progress.
func (p *Progress) Func() func(phase string, bytes, objects, totalBytes int64) {
	if p == nil {
		return nil
	}
	return func(phase string, bytes, objects, totalBytes int64) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if phase != p.state.Phase {
			p.state = progressState{Phase: phase}
			p.start = p.now()
		}
		p.state.Bytes += bytes
		p.state.Objects += objects
		if totalBytes != 0 {
			p.state.TotalBytes = totalBytes
		}
	}
}

func (p *Progress) reading() progressState {
	s := p.state
	s.Elapsed = p.now().Sub(p.start)
	return s
}

// loop shows a reading after delay and then every so often until stop.
func (p *Progress) loop(delay, every time.Duration) {
	defer close(p.ended)
	timer := time.NewTimer(delay)
	defer timer.Stop()
	for {
		select {
		case <-p.stop:
			return
		case <-timer.C:
			timer.Reset(every)
			p.mu.Lock()
			if p.state.Phase != "" {
				p.show.update(p.reading())
			}
			p.mu.Unlock()
		}
	}
}

// interrupt prints words without tearing a line that is being redrawn.
func (p *Progress) interrupt(words string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.show.say(words)
}

// stopProgress ends the display; what follows is printed plainly.
func (e *Env) stopProgress() {
	p := e.progress
	if p == nil {
		return
	}
	e.progress = nil
	close(p.stop)
	<-p.ended
	p.show.close()
}

// text is a reading in one line: reading train.csv  41.2 MB of 97 MB  1,212 objects  20.1 MB/s  3s left
func (s progressState) text() string {
	parts := []string{s.Phase}
	switch {
	case s.TotalBytes > 0:
		parts = append(parts, bytesText(s.Bytes)+" of "+bytesText(s.TotalBytes))
	case s.Bytes > 0:
		parts = append(parts, bytesText(s.Bytes))
	}
	if s.Objects > 0 {
		parts = append(parts, plural(s.Objects, "object"))
	}
	if seconds := s.Elapsed.Seconds(); seconds > 0 && s.Bytes > 0 {
		rate := float64(s.Bytes) / seconds
		parts = append(parts, bytesText(int64(rate))+"/s")
		if left := s.TotalBytes - s.Bytes; left > 0 {
			eta := time.Duration(float64(left) / rate * float64(time.Second))
			parts = append(parts, eta.Round(time.Second).String()+" left")
		}
	}
	return strings.Join(parts, "  ")
}

// lineDisplay prints a plain line each time.
type lineDisplay struct{ w io.Writer }

func (d *lineDisplay) update(s progressState) { fmt.Fprintln(d.w, s.text()) }
func (d *lineDisplay) say(words string)       { io.WriteString(d.w, words) }
func (d *lineDisplay) close()                 {}

// jsonDisplay prints one JSON object a line.
type jsonDisplay struct{ w io.Writer }

func (d *jsonDisplay) update(s progressState) {
	json.NewEncoder(d.w).Encode(struct {
		Type       string  `json:"type"`
		Phase      string  `json:"phase"`
		Seconds    float64 `json:"seconds"`
		Bytes      int64   `json:"bytes"`
		TotalBytes int64   `json:"total_bytes,omitempty"`
		Objects    int64   `json:"objects"`
	}{"status", s.Phase, float64(s.Elapsed.Milliseconds()) / 1000, s.Bytes, s.TotalBytes, s.Objects})
}
func (d *jsonDisplay) say(words string) { io.WriteString(d.w, words) }
func (d *jsonDisplay) close()           {}
