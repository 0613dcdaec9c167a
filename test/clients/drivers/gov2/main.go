// Command gov2 drives the official Go client of Nacos 2, nacos-sdk-go/v2.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/nacos-group/nacos-sdk-go/v2/clients"
	"github.com/nacos-group/nacos-sdk-go/v2/clients/naming_client"
	"github.com/nacos-group/nacos-sdk-go/v2/common/constant"
	"github.com/nacos-group/nacos-sdk-go/v2/model"
	"github.com/nacos-group/nacos-sdk-go/v2/vo"

	"github.com/distro-naming/naming-operator/test/clients/drivers/line"
)

func main() {
	if err := line.Serve(&client{watched: map[string]*vo.SubscribeParam{}}, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "gov2:", err)
		os.Exit(1)
	}
}

type client struct {
	naming  naming_client.INamingClient
	watched map[string]*vo.SubscribeParam // the client knows a subscription by its callback
}

func (c *client) Open(r line.Request) (err error) {
	var list []constant.ServerConfig
	for _, address := range r.Servers {
		host, port, err := line.Split(address)
		if err != nil {
			return err
		}
		list = append(list, *constant.NewServerConfig(host, port))
	}
	options := []constant.ClientOption{
		constant.WithNamespaceId("public"), constant.WithNotLoadCacheAtStart(true),
		constant.WithUpdateCacheWhenEmpty(true), // else the removal of the last instance is hidden
		constant.WithLogDir(filepath.Join(r.Dir, "log")), constant.WithCacheDir(filepath.Join(r.Dir, "cache")),
	}
	if r.TLS != nil {
		secure := constant.TLSConfig{Enable: true, CaFile: r.TLS.CA}
		if r.TLS.Mutual {
			secure.CertFile, secure.KeyFile = r.TLS.Cert, r.TLS.Key
		}
		options = append(options, constant.WithTLS(secure))
	}
	if r.User != nil {
		options = append(options, constant.WithUsername(r.User.Name), constant.WithPassword(r.User.Password))
	}
	config := constant.NewClientConfig(options...)
	c.naming, err = clients.NewNamingClient(vo.NacosClientParam{ClientConfig: config, ServerConfigs: list})
	return err
}

func param(service string, i line.Instance) vo.RegisterInstanceParam {
	return vo.RegisterInstanceParam{
		ServiceName: service, Ip: i.IP, Port: uint64(i.Port),
		Weight: i.Weight, ClusterName: i.Cluster, Metadata: i.Metadata,
		Enable: true, Healthy: true, Ephemeral: true,
	}
}

func (c *client) Register(service string, i line.Instance) error {
	return line.Refused(c.naming.RegisterInstance(param(service, i)))
}

func (c *client) RegisterAll(service string, list []line.Instance) error {
	batch := vo.BatchRegisterInstanceParam{ServiceName: service}
	for _, i := range list {
		batch.Instances = append(batch.Instances, param(service, i))
	}
	return line.Refused(c.naming.BatchRegisterInstance(batch))
}

func (c *client) Deregister(service string, i line.Instance) error {
	return line.Refused(c.naming.DeregisterInstance(vo.DeregisterInstanceParam{
		ServiceName: service, Ip: i.IP, Port: uint64(i.Port), Cluster: i.Cluster, Ephemeral: true,
	}))
}

func (c *client) Query(service string, clusters []string, healthy bool) ([]line.Instance, error) {
	var (
		hosts []model.Instance
		err   error
	)
	if healthy {
		hosts, err = c.naming.SelectInstances(vo.SelectInstancesParam{ServiceName: service, Clusters: clusters, HealthyOnly: true})
	} else {
		hosts, err = c.naming.SelectAllInstances(vo.SelectAllInstancesParam{ServiceName: service, Clusters: clusters})
	}
	return instances(hosts), err
}

func (c *client) Subscribe(service string, clusters []string, deliver func([]line.Instance)) error {
	p := &vo.SubscribeParam{
		ServiceName: service, Clusters: clusters,
		SubscribeCallback: func(hosts []model.Instance, _ error) { deliver(instances(hosts)) },
	}
	c.watched[fmt.Sprint(service, clusters)] = p
	return c.naming.Subscribe(p)
}

func (c *client) Unsubscribe(service string, clusters []string) error {
	return c.naming.Unsubscribe(c.watched[fmt.Sprint(service, clusters)])
}

func (c *client) Close() error {
	c.naming.CloseClient()
	return nil
}

func instances(hosts []model.Instance) (out []line.Instance) {
	for _, h := range hosts {
		out = append(out, line.Instance{
			IP: h.Ip, Port: int(h.Port), Weight: h.Weight, Healthy: h.Healthy,
			Cluster: h.ClusterName, Metadata: h.Metadata,
		})
	}
	return out
}
