package nacosgrpc

import (
	"context"

	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// Requests about configuration are answered as over HTTP: as by a Nacos that
// holds none, so that frameworks which use one server for both go on. Nobody is
// ever told of a change; what would keep something is refused.

var (
	noConfig = wire.Refuse(wire.ConfigQueryRequest, naming.ServiceKey{}, "", wire.CodeNoConfig, wire.NoConfig)
	unkept   = wire.Refuse(wire.ConfigPublishRequest, naming.ServiceKey{}, "", wire.CodeNotServed, wire.ConfigRefused)
	removed  = wire.Payload(wire.ConfigRemoveResponse, wire.Success())
	watches  = wire.Payload(wire.ConfigFuzzyWatchResponse, wire.Success())
)

func (s *Server) configQuery(context.Context, *session, *nacospb.Payload) *nacospb.Payload {
	return noConfig
}

func (s *Server) configPublish(context.Context, *session, *nacospb.Payload) *nacospb.Payload {
	return unkept
}

func (s *Server) configRemove(context.Context, *session, *nacospb.Payload) *nacospb.Payload {
	return removed
}

// configListen says what a client holds that is not here: it then reads that and
// finds nothing.
func (s *Server) configListen(_ context.Context, _ *session, in *nacospb.Payload) *nacospb.Payload {
	listening, err := wire.DecodeConfigListening(wire.Body(in))
	if refused := faulty(wire.ConfigBatchListenRequest, wire.Names{}, "", err); refused != nil {
		return refused
	}
	return wire.Payload(wire.ConfigChangeBatchListenResponse, listening.Changed())
}

// configFuzzyWatch tells who has just begun to watch a pattern that it knows all
// that there is. It may wait for that for ever, so it is told beside the answer.
func (s *Server) configFuzzyWatch(_ context.Context, c *session, in *nacospb.Payload) *nacospb.Payload {
	request, err := wire.DecodeFuzzyWatch(wire.Body(in))
	if refused := faulty(wire.ConfigFuzzyWatchRequest, wire.Names{}, "", err); refused != nil {
		return refused
	}
	if request.Type == wire.FuzzyWatchStart && request.Initializing {
		s.work.Go(func() {
			ctx := context.Background() //nolint:forbidigo // the call is over; the question has its time
			err := c.ask(ctx, wire.ConfigFuzzyWatchSyncRequest, func(id string) []byte {
				return wire.NoConfigsMatch(id, request.Pattern)
			})
			if err != nil { // it asks again, as it is still initializing
				s.cfg.Log.V(1).Info("not told that no configuration matches", "client", c.id, "error", err.Error())
			}
		})
	}
	return watches
}
