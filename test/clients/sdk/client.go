package sdk

import (
	"fmt"

	"github.com/nacos-group/nacos-sdk-go/v2/clients/naming_client"
	"github.com/nacos-group/nacos-sdk-go/v2/model"
	"github.com/nacos-group/nacos-sdk-go/v2/vo"
)

// Client is one connection of the SDK to one member.
type Client struct {
	Member string // as given to Open
	naming naming_client.INamingClient
	logs   string // the folder of the SDK's log
}

// Close ends the connection; what the client published is gone with it.
func (c *Client) Close() { c.naming.CloseClient() }

// Register publishes i in service, in place of what this client published there.
func (c *Client) Register(service string, i Instance) error {
	ok, err := c.naming.RegisterInstance(i.param(service))
	return c.outcome("register", service, ok, err)
}

// RegisterAll publishes the whole list by one batch request.
func (c *Client) RegisterAll(service string, list []Instance) error {
	batch := vo.BatchRegisterInstanceParam{ServiceName: service}
	for _, i := range list {
		batch.Instances = append(batch.Instances, i.param(service))
	}
	ok, err := c.naming.BatchRegisterInstance(batch)
	return c.outcome("batch register", service, ok, err)
}

// Deregister withdraws i.
func (c *Client) Deregister(service string, i Instance) error {
	ok, err := c.naming.DeregisterInstance(vo.DeregisterInstanceParam{
		Ip: i.IP, Port: i.Port, ServiceName: service, Ephemeral: true,
	})
	return c.outcome("deregister", service, ok, err)
}

func (c *Client) outcome(verb, service string, ok bool, err error) error {
	if err == nil && !ok {
		err = c.refusal()
	}
	if err != nil {
		return fmt.Errorf("%s %s at %s: %w", verb, service, c.Member, err)
	}
	return nil
}

// List returns the instances of service as the SDK shows them to its user. The
// first call subscribes; later ones answer from what was pushed since.
func (c *Client) List(service string) ([]Instance, error) {
	hosts, err := c.naming.SelectAllInstances(vo.SelectAllInstancesParam{ServiceName: service})
	if err != nil {
		return nil, fmt.Errorf("list %s at %s: %w", service, c.Member, err)
	}
	return fromModel(hosts), nil
}

// Services returns the names of the services of the default group.
func (c *Client) Services() ([]string, error) {
	page, err := c.naming.GetAllServicesInfo(vo.GetAllServiceInfoParam{PageNo: 1, PageSize: 1000})
	if err != nil {
		return nil, fmt.Errorf("list services at %s: %w", c.Member, err)
	}
	return page.Doms, nil
}

// Watch subscribes to service. The channel gets every list that the SDK hands
// to its user, in order, and must be read: the SDK waits for its user.
func (c *Client) Watch(service string) (<-chan []Instance, error) {
	lists := make(chan []Instance, 1024)
	err := c.naming.Subscribe(&vo.SubscribeParam{
		ServiceName: service,
		SubscribeCallback: func(hosts []model.Instance, _ error) { // the SDK never reports an error here
			lists <- fromModel(hosts)
		},
	})
	if err != nil {
		return nil, fmt.Errorf("subscribe to %s at %s: %w", service, c.Member, err)
	}
	return lists, nil
}
