package distrotest

import (
	"math/rand/v2"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/distro"
)

// draw picks the size of the cluster, the timers and the network.
func draw(r *rand.Rand) Options {
	cfg := distro.Default()
	cfg.VerifyInterval = seconds(r, 1, 2, 5)
	cfg.SyncDelay = milliseconds(r, 0, 100, 1000)
	cfg.SyncDelayMax = max(cfg.SyncDelay, cfg.SyncDelayMax)
	cfg.Grace = max(seconds(r, 3, 5, 15), 3*cfg.VerifyInterval) // a member whose clock was set back needs it
	cfg.Missing = max(cfg.Grace, 3*cfg.VerifyInterval, seconds(r, 5, 15, 30))
	cfg.Down = max(cfg.Grace, seconds(r, 5, 30))
	cfg.Lease = max(cfg.Missing, cfg.Down, seconds(r, 15, 30, 60))
	cfg.MaxInFlight = pick(r, 1, 2, 64)
	cfg.MaxInFlightStream = pick(r, 1, 4, 1024)
	cfg.StreamWait = milliseconds(r, 0, 500, 2000)
	o := Options{Config: cfg, Reissue: r.IntN(2) == 0, Drift: r.IntN(4) == 0, Streams: pick(r, 0, 0.5, 1, 1)}
	for i := range pick(r, 3, 3, 3, 4, 4, 5, 5, 6, 7) {
		o.Nodes = append(o.Nodes, string(rune('a'+i)))
	}
	if r.IntN(4) == 0 {
		for i := range 1 + r.IntN(2) {
			o.Java = append(o.Java, string(rune('p'+i)))
		}
		o.Config.Grace = max(cfg.Grace, 3*javaVerify)
		o.Config.Missing, o.Config.Down = max(cfg.Missing, o.Config.Grace), max(cfg.Down, o.Config.Grace)
	}
	if r.IntN(2) == 0 {
		o.Faults.Delay = milliseconds(r, 5, 50, 400)
	}
	if r.IntN(2) == 0 {
		o.Faults.Loss = pick(r, 0.02, 0.1, 0.3)
	}
	if r.IntN(2) == 0 {
		o.Faults.Duplicate, o.Faults.Stale = pick(r, 0.05, 0.2), seconds(r, 0, 1, 30)
	}
	if r.IntN(4) == 0 {
		o.Faults.Reorder = pick(r, 0.1, 0.5)
	}
	if r.IntN(4) == 0 {
		o.Faults.List = seconds(r, 1, 30)
	}
	return o
}

// drawKinds always includes what clients do, and each fault with the same odds:
// some runs have none.
func drawKinds(r *rand.Rand) []func(*monkey) {
	kinds := []func(*monkey){
		(*monkey).register, (*monkey).register, (*monkey).register, (*monkey).change, (*monkey).change, (*monkey).end,
	}
	mend := func(m *monkey) { m.do("mend") }
	cut := func(m *monkey) { m.link("cut %s %s") }
	flap := func(m *monkey) { m.link("flap %s %s %v", milliseconds(m.random, 100, 500, 2000)) }
	crash := func(m *monkey) { m.some("crash %s") }
	loop := func(m *monkey) { m.some("loop %s %v", milliseconds(m.random, 500, 2000, 6000)) }
	unstream := func(m *monkey) { m.link("unstream %s %s") }
	stream := func(m *monkey) { m.link("stream %s %s") }
	lose := func(m *monkey) { m.link("lose %s %s") }
	freeze := func(m *monkey) { m.some("freeze %s") }
	faults := [][]func(*monkey){
		{(*monkey).beat, (*monkey).beat, (*monkey).silence},
		{cut, mend},
		{(*monkey).split, mend},
		{flap, mend},
		{freeze, (*monkey).thaw, (*monkey).thaw},
		{(*monkey).clock},
		{(*monkey).slow},
		{(*monkey).weather},
		{unstream, stream},
	}
	if r.IntN(4) > 0 { // otherwise no member ever loses what it knows
		faults = append(faults,
			[]func(*monkey){crash, (*monkey).restart, (*monkey).restart}, []func(*monkey){loop},
			[]func(*monkey){(*monkey).resize}, []func(*monkey){lose})
	}
	if r.IntN(6) == 0 {
		kinds = append(kinds, (*monkey).burst)
	}
	for _, f := range faults {
		if r.IntN(3) == 0 {
			kinds = append(kinds, f...)
		}
	}
	return kinds
}

func pick[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }

func seconds(r *rand.Rand, values ...int) time.Duration {
	return time.Duration(pick(r, values...)) * time.Second
}

func milliseconds(r *rand.Rand, values ...int) time.Duration {
	return time.Duration(pick(r, values...)) * time.Millisecond
}
