package sidecar

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

func (o *oldMember) serve(w http.ResponseWriter, r *http.Request) {
	o.stalled.RLock()
	defer o.stalled.RUnlock()
	body, _ := io.ReadAll(r.Body) // what is cut off is not understood
	f := wire.ParseForm(r.URL.RawQuery, string(body))
	switch r.Method + " " + r.URL.Path {
	case "GET " + wire.SelfPath:
		_, _ = w.Write(wire.SelfResult(o.node()))
	case "POST " + wire.ReportPath:
		_, _ = w.Write([]byte(`{"code":200,"data":"true"}`))
	case "GET " + wire.JudgementPath:
		http.Error(w, "no such api", http.StatusNotImplemented)
	case "PUT " + wire.DatumPath:
		if !o.isDeaf() {
			o.take(body)
		}
	case "PUT " + wire.ChecksumPath:
		o.compare(r.Context(), member.Address(f.Get("source")), body)
	case "GET " + wire.DatumPath, "GET " + wire.DatumsPath:
		o.give(w, body, r.URL.Path == wire.DatumsPath)
	case "POST " + wire.StatusPath:
	case "POST " + wire.InstancePath, "DELETE " + wire.InstancePath, "PUT " + wire.BeatPath:
		o.write(w, r, f)
	default:
		http.Error(w, "no such api", http.StatusNotImplemented)
	}
}

func (o *oldMember) isDeaf() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.deaf
}

func (o *oldMember) setDeaf(deaf bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.deaf = deaf
}

func (o *oldMember) give(w http.ResponseWriter, body []byte, all bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	services := slices.Collect(maps.Keys(o.store))
	if !all {
		services, _ = wire.DecodeDatumQuery(body, wire.Form{}) // it cannot be asked otherwise here
	}
	var lists []wire.Datum
	for _, s := range services {
		if o.store[s] != nil {
			lists = append(lists, o.datum(s))
		}
	}
	_, _ = w.Write(wire.Datums(lists))
}

// compare fetches what differs and drops what its owner does not name.
func (o *oldMember) compare(ctx context.Context, source member.Address, body []byte) {
	sums, err := wire.DecodeChecksums(body)
	if err != nil {
		o.t.Errorf("%s was sent checksums that it cannot read: %v", o.address, err)
	}
	var different []naming.ServiceKey
	o.mu.Lock()
	for s, sum := range sums {
		if o.store[s] == nil || o.datum(s).Checksum() != sum {
			different = append(different, s)
		}
	}
	for s := range o.store {
		if owner, _ := o.owns(s); owner == source && sums[s] == "" {
			delete(o.store, s)
		}
	}
	o.mu.Unlock()
	if len(different) == 0 {
		return
	}
	if text, err := o.tell(ctx, source, http.MethodGet, wire.DatumPath, nil, wire.DatumQuery(different)); err == nil {
		o.take([]byte(text))
	}
}

// write takes what is written to services that it owns, and passes the rest on.
func (o *oldMember) write(w http.ResponseWriter, r *http.Request, f wire.Form) {
	s, err := f.Service()
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	o.mu.Lock()
	owner, mine := o.owns(s)
	o.mu.Unlock()
	switch {
	case mine:
		_, _ = io.WriteString(w, o.apply(r, f, s))
	case strings.Contains(r.UserAgent(), "Nacos-Server"):
		http.Error(w, "receive invalid redirect request from peer "+r.RemoteAddr, http.StatusBadRequest)
	default:
		query := url.Values{}
		for k, v := range f {
			query.Set(k, v)
		}
		text, err := o.tell(r.Context(), owner, r.Method, r.URL.Path, query, nil)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_, _ = io.WriteString(w, text)
	}
}

func (o *oldMember) apply(r *http.Request, f wire.Form, s naming.ServiceKey) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.store[s] == nil {
		o.store[s] = map[naming.Endpoint]*kept{}
	}
	switch r.Method {
	case http.MethodPost:
		if i, err := f.Instance(s); err == nil {
			o.store[s][i.Endpoint()] = &kept{Listed: wire.Listed{Instance: i}, beat: time.Now()}
		}
	case http.MethodDelete:
		if e, err := f.Endpoint(); err == nil {
			delete(o.store[s], e)
		}
	default:
		e, described, _ := f.Beat(s)
		if o.store[s][e] == nil && described != nil {
			o.store[s][e] = &kept{Listed: wire.Listed{Instance: *described}}
			o.dirty[s] = true
		}
		if o.store[s][e] == nil {
			return string(wire.BeatResult(wire.BeatUnknown, 5000, true))
		}
		o.store[s][e].beat = time.Now()
		return string(wire.BeatResult(wire.BeatOK, 5000, true))
	}
	o.dirty[s] = true
	return "ok"
}
