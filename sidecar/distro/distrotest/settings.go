package distrotest

import (
	"flag"
	"reflect"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/distro"
)

// settings are what the first line of a script may set: every number of the
// engine's configuration by its name, what else a cluster may be, and the faults
// of its network. As flags they know how to be read, how to be written, and what
// they are when they are not set. The values of o stay as they are.
func settings(o *Options) *flag.FlagSet {
	f := flag.NewFlagSet("members", flag.ContinueOnError)
	keep(&o.Seed, func(p *uint64) { f.Uint64Var(p, "seed", 1, "") })
	keep(&o.Reissue, func(p *bool) { f.BoolVar(p, "reissue", false, "") })
	keep(&o.Streams, func(p *float64) { f.Float64Var(p, "streams", 0, "") })
	keep(&o.Drift, func(p *bool) { f.BoolVar(p, "drift", false, "") })
	standard := distro.Default()
	config, usual := reflect.ValueOf(&o.Config).Elem(), reflect.ValueOf(&standard).Elem()
	for i := range config.NumField() {
		name := config.Type().Field(i).Name
		switch p := config.Field(i).Addr().Interface().(type) {
		case *time.Duration:
			keep(p, func(p *time.Duration) { f.DurationVar(p, name, time.Duration(usual.Field(i).Int()), "") })
		case *int:
			keep(p, func(p *int) { f.IntVar(p, name, int(usual.Field(i).Int()), "") })
		}
	}
	faultSettings(f, &o.Faults)
	return f
}

func faultSettings(f *flag.FlagSet, faults *Faults) {
	keep(&faults.Delay, func(p *time.Duration) { f.DurationVar(p, "delay", 0, "") })
	keep(&faults.Loss, func(p *float64) { f.Float64Var(p, "loss", 0, "") })
	keep(&faults.Duplicate, func(p *float64) { f.Float64Var(p, "duplicate", 0, "") })
	keep(&faults.Stale, func(p *time.Duration) { f.DurationVar(p, "stale", 0, "") })
	keep(&faults.Reorder, func(p *float64) { f.Float64Var(p, "reorder", 0, "") })
	keep(&faults.List, func(p *time.Duration) { f.DurationVar(p, "list", 0, "") })
}

// keep registers a value as a flag without making it the default.
func keep[T any](p *T, register func(*T)) {
	kept := *p
	register(p)
	*p = kept
}
