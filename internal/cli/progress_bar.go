package cli

import (
	"io"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// barDisplay redraws one line on a terminal, at most ten times a second. The
// drawing program starts with the first reading, so that a quick command never
// draws anything.
type barDisplay struct {
	w    io.Writer
	prog *mpb.Progress
	bar  *mpb.Bar
	last atomic.Pointer[progressState]
}

func newBarDisplay(w io.Writer) *barDisplay { return &barDisplay{w: w} }

func (d *barDisplay) update(s progressState) {
	d.last.Store(&s)
	if d.prog == nil {
		d.open()
	}
	done := s.Bytes
	if s.TotalBytes == 0 {
		done = 0 // nobody knows how far it is: an empty bar
	}
	d.bar.SetTotal(max(s.TotalBytes, done)+1, false) // never complete by itself
	d.bar.SetCurrent(done)
}

func (d *barDisplay) open() {
	d.prog = mpb.New(mpb.WithOutput(d.w), mpb.WithAutoRefresh(), mpb.WithRefreshRate(100*time.Millisecond), mpb.WithWidth(24))
	d.bar = d.prog.New(0, mpb.BarStyle().Rbound("] "),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return d.last.Load().text() })))
}

func (d *barDisplay) say(words string) {
	if d.prog == nil {
		io.WriteString(d.w, words)
		return
	}
	d.prog.Write([]byte(words)) // above the bar, with its next drawing
}

func (d *barDisplay) close() {
	if d.prog == nil {
		return
	}
	d.bar.Abort(true)
	d.prog.Wait()
}
