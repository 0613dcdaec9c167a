package nacosgrpc

import (
	"context"
	"errors"

	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// The three answers to a change that worked.
var (
	registered   = wire.Payload(wire.InstanceResponse, wire.Done(wire.RegisterInstance))
	deregistered = wire.Payload(wire.InstanceResponse, wire.Done(wire.DeregisterInstance))
	batched      = wire.Payload(wire.BatchInstanceResponse, wire.Done(wire.BatchRegisterInstance))
)

// noPersistence says why a persistent instance is refused.
const noPersistence = "Param 'ephemeral' is illegal, persistent instances are not supported by this server. " +
	"Register with ephemeral=true: the instance then lives as long as the client that registered it."

// health answers that the connection is well, unless its client was asked to go
// elsewhere: the Go SDK asks before it goes and stays where it is well, and the
// Python SDKs do not know the request to go but leave what is not well. The code
// is none of 300 to 399, which SDKs take for a server that is merely starting.
func (s *Server) health(_ context.Context, c *session, _ *nacospb.Payload) *nacospb.Payload {
	if c.moved.Load() {
		return away
	}
	return healthy
}

// handlers are the requests that both ports answer.
func (s *Server) handlers() map[wire.Kind]handler {
	return map[wire.Kind]handler{
		wire.HealthCheckRequest:        s.health,
		wire.InstanceRequest:           s.instance,
		wire.BatchInstanceRequest:      s.batch,
		wire.PersistentInstanceRequest: s.persistent,
		wire.ServiceQueryRequest:       s.query,
		wire.ServiceListRequest:        s.list,
		wire.SubscribeServiceRequest:   s.subscribe,
		wire.NamingFuzzyWatchRequest:   s.fuzzyWatch,
		wire.ConfigQueryRequest:        s.configQuery,
		wire.ConfigBatchListenRequest:  s.configListen,
		wire.ConfigPublishRequest:      s.configPublish,
		wire.ConfigRemoveRequest:       s.configRemove,
		wire.ConfigFuzzyWatchRequest:   s.configFuzzyWatch,
	}
}

// key returns the service that a request names. Java keeps the namespace "" apart
// from "public", and one cluster must have one answer.
func (s *Server) key(n wire.Names) naming.ServiceKey {
	key := n.Service()
	if key.Namespace == "" && s.cfg.Public && !s.deps.Roster.WithJava() {
		key.Namespace = naming.DefaultNamespace
	}
	return key
}

// faulty answers a request that cannot be read or must be changed; nil when
// there is no fault.
func faulty(kind wire.Kind, names wire.Names, clusters string, err error) *nacospb.Payload {
	if err == nil {
		return nil
	}
	if invalid, is := errors.AsType[*wire.Invalid](err); is {
		return wire.Refuse(kind, names.Service(), clusters, wire.CodeInvalid, "Param check invalid:"+invalid.Error())
	}
	return malformed(err)
}

func (s *Server) instance(ctx context.Context, c *session, in *nacospb.Payload) *nacospb.Payload {
	change, err := wire.DecodeInstanceChange(wire.Body(in))
	key := s.key(change.Names)
	if err == nil {
		err = wire.CheckService(key)
	}
	if refused := faulty(wire.InstanceRequest, change.Names, "", err); refused != nil {
		return refused
	}
	switch change.Type {
	case wire.RegisterInstance:
		return s.register(ctx, c, key, change)
	case wire.DeregisterInstance:
		if err := s.deps.Registrar.Deregister(ctx, c.id, key); err != nil {
			return c.undone(wire.InstanceRequest, key, err)
		}
		return deregistered
	default:
		return unsupported(change.Type)
	}
}

func (s *Server) register(ctx context.Context, c *session, key naming.ServiceKey, change wire.InstanceChange) *nacospb.Payload {
	if change.Instance.Persistent() {
		return wire.Refuse(wire.InstanceRequest, key, "", wire.CodeInvalid, noPersistence)
	}
	instance, err := change.Instance.Publish(key, s.deps.NextID)
	if refused := faulty(wire.InstanceRequest, change.Names, "", err); refused != nil {
		return refused
	}
	if err := s.deps.Registrar.Register(ctx, c.id, key, []naming.Instance{instance}, false); err != nil {
		return c.undone(wire.InstanceRequest, key, err)
	}
	return registered
}

func (s *Server) batch(ctx context.Context, c *session, in *nacospb.Payload) *nacospb.Payload {
	change, err := wire.DecodeBatchChange(wire.Body(in))
	key := s.key(change.Names)
	if err == nil {
		err = wire.CheckService(key)
	}
	if refused := faulty(wire.BatchInstanceRequest, change.Names, "", err); refused != nil {
		return refused
	}
	if change.Type != wire.BatchRegisterInstance {
		return unsupported(change.Type)
	}
	if refused := s.batchFits(key, len(change.Instances)); refused != nil {
		return refused
	}
	list := make([]naming.Instance, len(change.Instances))
	for i := range change.Instances {
		if change.Instances[i].Persistent() {
			return wire.Refuse(wire.BatchInstanceRequest, key, "", wire.CodeInvalid, noPersistence)
		}
		list[i], err = change.Instances[i].Publish(key, s.deps.NextID)
		if refused := faulty(wire.BatchInstanceRequest, change.Names, "", err); refused != nil {
			return refused
		}
	}
	if err := s.deps.Registrar.Register(ctx, c.id, key, list, true); err != nil {
		return c.undone(wire.BatchInstanceRequest, key, err)
	}
	return batched
}

func unsupported(action string) *nacospb.Payload {
	return wire.Error(wire.CodeInvalid, wire.CodeInvalid, "Unsupported request type "+action)
}

func (s *Server) persistent(_ context.Context, _ *session, in *nacospb.Payload) *nacospb.Payload {
	change, err := wire.DecodeInstanceChange(wire.Body(in))
	if refused := faulty(wire.PersistentInstanceRequest, change.Names, "", err); refused != nil {
		return refused
	}
	return wire.Refuse(wire.PersistentInstanceRequest, change.Service(), "", wire.CodeInvalid, noPersistence)
}

func (s *Server) query(_ context.Context, _ *session, in *nacospb.Payload) *nacospb.Payload {
	query, err := wire.DecodeQuery(wire.Body(in))
	key := s.key(query.Names)
	if err == nil {
		err = query.Check(key)
	}
	if refused := faulty(wire.ServiceQueryRequest, query.Names, query.Cluster, err); refused != nil {
		return refused
	}
	filter := naming.Filter{Clusters: query.Cluster, HealthyOnly: query.HealthyOnly}
	return wire.Payload(wire.QueryServiceResponse, wire.QueryAnswer(s.deps.Catalog.View(key), filter))
}

func (s *Server) list(_ context.Context, _ *session, in *nacospb.Payload) *nacospb.Payload {
	listing, err := wire.DecodeListing(wire.Body(in))
	key := s.key(listing.Names)
	if err == nil {
		err = wire.CheckNames(key)
	}
	if refused := faulty(wire.ServiceListRequest, listing.Names, "", err); refused != nil {
		return refused
	}
	names := s.deps.Catalog.Services(key.Namespace, key.Group)
	return wire.Payload(wire.ServiceListResponse, wire.ListResult(len(names), listing.Page(names)))
}

// subscribe enters the subscriber before it reads the view: a change between
// the two is then pushed, never lost.
func (s *Server) subscribe(_ context.Context, c *session, in *nacospb.Payload) *nacospb.Payload {
	request, err := wire.DecodeSubscription(wire.Body(in))
	key := s.key(request.Names)
	if err == nil {
		err = request.Check(key)
	}
	if refused := faulty(wire.SubscribeServiceRequest, request.Names, request.Clusters, err); refused != nil {
		return refused
	}
	if request.Subscribe {
		if refused := s.subscriptionFits(c.id, key, request); refused != nil {
			return refused
		}
		s.deps.Subscriptions.Subscribe(c.id, key, c.deliverer(request.Clusters))
		if c.phase.Load() == gone { // and may have been forgotten before it was entered
			s.deps.Subscriptions.Forget(c.id)
		}
	} else {
		s.deps.Subscriptions.Unsubscribe(c.id, key)
	}
	info := wire.ServiceInfo(s.deps.Catalog.View(key), naming.Filter{Clusters: request.Clusters})
	return wire.Payload(wire.SubscribeServiceResponse, wire.SubscribeResult(info))
}
